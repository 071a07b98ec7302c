/* Comparing two images, whatever their formats. */
#include "slipway/copy.h"

#include "slipway/progress.h"
#include "src/base/ckd.h"
#include "src/copy/walk.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { COMPARE_UNIT_BYTES = 1 << 20, SECTORS = COMPARE_UNIT_BYTES / SW_SECTOR_BYTES };

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
    struct sw_ranges *ranges; /* gets all differences; NULL: only the first is wanted */
    size_t cap;
    struct sw_progress *progress;
    uint64_t total_bytes, done_bytes;
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

/* One byte a sector, where the other image's bytes were. */
static void mark_sectors(struct sw_block *block)
{
    uint8_t marks[SECTORS] = {0};

    for (uint64_t at = 0; at < block->len; at += SW_SECTOR_BYTES)
        marks[at / SW_SECTOR_BYTES] = memcmp(block->data + at, block->coded + at,
                                             (size_t)sw_min_u64(SW_SECTOR_BYTES, block->len - at)) != 0;
    memcpy(block->coded, marks, sizeof(marks));
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
    if (block->user != SAME && compare->ranges != NULL)
        mark_sectors(block);
    return 0;
}

static int add_range(struct compare *compare, uint64_t off, uint64_t len, struct sw_err *err)
{
    struct sw_ranges *ranges = compare->ranges;
    struct sw_range *last = ranges->n > 0 ? &ranges->items[ranges->n - 1] : NULL;

    if (last != NULL && (last->off + last->len == off || ranges->n == SW_RANGES_MAX)) {
        last->len = off + len - last->off;
        return 0;
    }
    if (ranges->items == NULL || ranges->n == compare->cap) {
        size_t cap = compare->cap > 0 ? 2 * compare->cap : 64;
        struct sw_range *grown = realloc(ranges->items, cap * sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "out of memory");
        ranges->items = grown;
        compare->cap = cap;
    }
    ranges->items[ranges->n++] = (struct sw_range){.off = off, .len = len};
    return 0;
}

static int add_marked(struct compare *compare, const struct sw_block *block, struct sw_err *err)
{
    for (uint64_t at = 0; at < block->len; at += SW_SECTOR_BYTES) {
        uint64_t len = sw_min_u64(SW_SECTOR_BYTES, block->len - at);

        if (block->coded[at / SW_SECTOR_BYTES] != 0 && add_range(compare, block->off + at, len, err) < 0)
            return -1;
    }
    return 0;
}

/* In order: the first difference that arrives is the lowest. */
static int compare_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    struct compare *compare = OF(sink, self);

    compare->done_bytes += block->len;
    sw_progress_tick(compare->progress, compare->done_bytes, compare->total_bytes);
    if (block->user == SAME)
        return 0;
    if (compare->ranges != NULL)
        return add_marked(compare, block, err);
    if (compare->differs_at == UINT64_MAX) {
        compare->differs_at = block->off + block->user - 1;
        atomic_store_explicit(&compare->found, true, memory_order_relaxed);
    }
    return 0;
}

static struct compare compare_of(struct sw_image *a, struct sw_image *b)
{
    return (struct compare){
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
}

static int run(struct compare *compare, unsigned jobs, struct sw_err *err)
{
    struct sw_pipeline pipeline = {
        .source = &compare->source,
        .stages = {&compare->stage},
        .nr_stages = 1,
        .sink = &compare->sink,
        .jobs = jobs,
        .data_cap = COMPARE_UNIT_BYTES,
        .coded_cap = COMPARE_UNIT_BYTES,
    };

    return sw_pipeline_run(&pipeline, err);
}

int sw_compare_images(struct sw_image *a, struct sw_image *b, unsigned jobs, uint64_t *differs_at,
                      struct sw_err *err)
{
    struct compare compare = compare_of(a, b);

    if (run(&compare, jobs, err) < 0)
        return -1;
    *differs_at = compare.differs_at;
    return 0;
}

int sw_compare_ranges(const struct sw_compare *ask, struct sw_ranges *out, struct sw_err *err)
{
    struct compare compare = compare_of(ask->a, ask->b);

    *out = (struct sw_ranges){.items = NULL};
    compare.walk.top = ask->top;
    compare.walk.under = ask->a;
    compare.ranges = out;
    compare.progress = ask->progress;
    if ((ask->progress != NULL && walk_total(&compare.walk, &compare.total_bytes, err) < 0) ||
        run(&compare, ask->jobs, err) < 0) {
        sw_ranges_clear(out);
        return -1;
    }
    return 0;
}

void sw_ranges_clear(struct sw_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct sw_ranges){.items = NULL};
}

bool sw_ranges_touch(const struct sw_ranges *ranges, uint64_t off, uint64_t len)
{
    size_t low = 0, high = ranges->n;

    /* The first that ends behind off. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (ranges->items[middle].off + ranges->items[middle].len <= off)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ranges->n && len > 0 &&
           (ranges->items[low].off <= off || ranges->items[low].off - off < len);
}
