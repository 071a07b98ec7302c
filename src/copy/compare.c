/* Comparing two images, whatever their formats. */
#include "slipway/copy.h"

#include "src/base/ckd.h"
#include "src/copy/walk.h"

#include <stdatomic.h>
#include <string.h>

enum { COMPARE_UNIT_BYTES = 1 << 20 };

/* In block->user, else the place of the difference within the block, plus one. */
enum { SAME = 0 };

struct compare {
    struct sw_source source;
    struct sw_transform stage;
    struct sw_sink sink;
    struct walk walk;
    struct sw_image *a, *b;
    atomic_bool found; /* ends the source */
    uint64_t differs_at;
};

#define OF(member, pointer) ((struct compare *)((char *)(pointer)-offsetof(struct compare, member)))

static int compare_next(struct sw_source *self, struct sw_block *block, struct sw_err *err)
{
    struct compare *compare = OF(source, self);

    if (atomic_load_explicit(&compare->found, memory_order_relaxed))
        return 0;
    block->kind = SW_BLOCK_DATA;
    return walk_next(&compare->walk, &block->off, &block->len, err);
}

static uint64_t first_difference(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t at = 0;

    if (memcmp(a, b, len) == 0)
        return SAME;
    while (a[at] == b[at])
        at++;
    return at + 1;
}

static int compare_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                         struct sw_err *err)
{
    const struct compare *compare =
        (const struct compare *)((const char *)self - offsetof(struct compare, stage));

    (void)worker;
    if (read_padded(compare->a, block->data, block->len, block->off, err) < 0 ||
        read_padded(compare->b, block->coded, block->len, block->off, err) < 0)
        return -1;
    block->user = first_difference(block->data, block->coded, (size_t)block->len);
    return 0;
}

/* In order: the first difference that arrives is the lowest. */
static int compare_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    struct compare *compare = OF(sink, self);

    (void)err;
    if (block->user != SAME && compare->differs_at == UINT64_MAX) {
        compare->differs_at = block->off + block->user - 1;
        atomic_store_explicit(&compare->found, true, memory_order_relaxed);
    }
    return 0;
}

int sw_compare_images(struct sw_image *a, struct sw_image *b, unsigned jobs, uint64_t *differs_at,
                      struct sw_err *err)
{
    struct compare compare = {
        .source = {.next = compare_next},
        .stage = {.apply = compare_apply},
        .sink = {.put = compare_put},
        .walk = {.src = a,
                 .other = b,
                 .size_bytes = sw_max_u64(a->size_bytes, b->size_bytes),
                 .unit_bytes = COMPARE_UNIT_BYTES},
        .a = a,
        .b = b,
        .differs_at = UINT64_MAX,
    };
    struct sw_pipeline pipeline = {
        .source = &compare.source,
        .stages = {&compare.stage},
        .nr_stages = 1,
        .sink = &compare.sink,
        .jobs = jobs,
        .data_cap = COMPARE_UNIT_BYTES,
        .coded_cap = COMPARE_UNIT_BYTES,
    };

    if (sw_pipeline_run(&pipeline, err) < 0)
        return -1;
    *differs_at = compare.differs_at;
    return 0;
}
