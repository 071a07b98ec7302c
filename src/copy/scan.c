/* Reading a whole disk through its driver: its digest, and what cannot be read. */
#include "src/base/ckd.h"
#include "src/copy/walk.h"
#include "src/copy/watch.h"

/* Blocks are whole nodes of the hash tree, and whole units of the image so that none is decoded twice. */
enum { BLOCK_MIN_BYTES = 1 << 20, BLOCK_MAX_BYTES = 4 << 20 };
_Static_assert((int)BLOCK_MIN_BYTES % (int)VERITY_NODE_BYTES == 0, "whole nodes");

struct scan_run {
    struct sw_source source;
    struct sw_transform reader;
    struct sw_sink sink;
    struct walk walk;
    struct watch watch;
    uint64_t read_bytes;
};

#define OF(member, pointer) \
    ((struct scan_run *)(uintptr_t)((const char *)(pointer)-offsetof(struct scan_run, member)))

static int scan_next(struct sw_source *self, struct sw_block *block, struct sw_err *err)
{
    struct scan_run *run = OF(source, self);
    int more = walk_next(&run->walk, &block->off, &block->len, err);

    block->kind = SW_BLOCK_DATA;
    if (more > 0)
        run->read_bytes += block->len;
    return more;
}

static int scan_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                      struct sw_err *err)
{
    struct scan_run *run = OF(reader, self);

    (void)worker;
    if (watch_read(&run->watch, run->walk.src, block, err) < 0)
        return -1;
    if (run->watch.verity != NULL && sw_is_zero(block->data, (size_t)block->len))
        block->kind = SW_BLOCK_ZERO;
    return 0;
}

static int scan_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    return watch_put(&OF(sink, self)->watch, block, err);
}

static int run_scan(const struct sw_scan *scan, struct scan_run *run, struct sw_err *err)
{
    struct sw_pipeline pipeline = {
        .source = &run->source,
        .stages = {&run->reader, &run->watch.hasher.base},
        .nr_stages = scan->verity != NULL ? 2 : 1,
        .sink = &run->sink,
        .jobs = scan->jobs,
        .data_cap = (size_t)run->walk.unit_bytes + run->watch.room,
        .progress = scan->progress,
    };

    if (scan->progress != NULL && walk_total(&run->walk, &pipeline.total_bytes, err) < 0)
        return -1;
    if (sw_pipeline_run(&pipeline, err) < 0)
        return -1;
    return watch_finish(&run->watch, err);
}

int sw_scan_image(const struct sw_scan *scan, uint64_t *read_bytes, struct sw_err *err)
{
    uint32_t block_bytes =
        (uint32_t)sw_min_u64(BLOCK_MAX_BYTES, sw_max_u64(BLOCK_MIN_BYTES, scan->img->unit_bytes));
    struct scan_run run = {
        .source = {.next = scan_next},
        .reader = {.apply = scan_apply},
        .sink = {.put = scan_put},
        .walk = {.src = scan->img,
                 .size_bytes = scan->img->size_bytes,
                 .unit_bytes = block_bytes,
                 .past_damage = scan->damage != NULL},
        .watch = {.verity = scan->verity, .damage = scan->damage},
    };
    int rc = watch_open(&run.watch, scan->img->size_bytes, block_bytes, err);

    if (rc == 0)
        rc = run_scan(scan, &run, err);
    watch_close(&run.watch);
    if (rc == 0 && read_bytes != NULL)
        *read_bytes = run.read_bytes;
    return rc;
}
