/* Sends a disk's blocks into a snapshot: many at once, without those that read as zeros anyway. */
#include "src/import/blocks.h"

#include "slipway/copy.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/log.h"
#include "src/copy/walk.h"
#include "src/import/gate.h"

#include <string.h>

enum { UNKNOWN_FOR_S = 120, UNKNOWN_PAUSE_MS = 1000 };

/* In sw_block.user. */
enum { BLOCK_SEND, BLOCK_THERE };

struct run {
    struct sw_source source;
    struct sw_transform reader;
    struct sw_sink sink;
    struct block_transfer *transfer;
    struct walk walk;
    uint64_t walk_off, parent_at; /* what each of the two sequences of blocks has next */
    int walk_more;
    struct gate gate;
    uint64_t total_blocks;
    _Atomic uint64_t done_blocks, sent_blocks;
    atomic_bool accepted; /* EBS took a block: it knows the snapshot */
    atomic_bool gone;
};

#define OF(member, pointer) ((struct run *)(uintptr_t)((const char *)(pointer)-offsetof(struct run, member)))

static int next_of_walk(struct run *run, struct sw_err *err)
{
    uint64_t len;

    run->walk_more = walk_next(&run->walk, &run->walk_off, &len, err);
    return run->walk_more < 0 ? -1 : 0;
}

static uint64_t next_of_parent(const struct run *run, uint64_t from)
{
    return run->transfer->parent != NULL ? sw_bitset_next(run->transfer->parent, from) : UINT64_MAX;
}

/* The lower one of the disk's own next block with data and the parent's; 0 when both are at their end. */
static int next_index(struct run *run, uint64_t *index, struct sw_err *err)
{
    uint64_t own = run->walk_more > 0 ? run->walk_off / SW_EBS_BLOCK_BYTES : UINT64_MAX;

    *index = sw_min_u64(own, run->parent_at);
    if (*index == UINT64_MAX)
        return 0;
    if (run->parent_at == *index)
        run->parent_at = next_of_parent(run, *index + 1);
    if (own == *index && next_of_walk(run, err) < 0)
        return -1;
    return 1;
}

static int next_block(struct sw_source *self, struct sw_block *block, struct sw_err *err)
{
    struct run *run = OF(source, self);
    uint64_t index;
    bool there;
    int more = next_index(run, &index, err);

    if (more <= 0)
        return more;
    if (block_log_find(run->transfer->log, (uint32_t)index, &there, NULL, err) < 0)
        return -1;
    block->off = index * SW_EBS_BLOCK_BYTES;
    block->len = SW_EBS_BLOCK_BYTES;
    block->kind = there ? SW_BLOCK_ZERO : SW_BLOCK_DATA;
    block->user = there ? BLOCK_THERE : BLOCK_SEND;
    return 1;
}

static int read_block(const struct sw_transform *self, void *worker, struct sw_block *block,
                      struct sw_err *err)
{
    struct run *run = OF(reader, self);

    (void)worker;
    if (block->user == BLOCK_THERE)
        return 0;
    if (read_padded(run->transfer->image, block->data, block->len, block->off, err) < 0)
        return -1;
    if (sw_is_zero(block->data, (size_t)block->len) &&
        !sw_bitset_has(run->transfer->parent, block->off / SW_EBS_BLOCK_BYTES))
        block->kind = SW_BLOCK_ZERO;
    return 0;
}

/* A snapshot that was just begun may not be known everywhere yet. */
static bool may_yet_come(const struct run *run)
{
    const struct block_transfer *transfer = run->transfer;
    struct sw_transport *transport = sw_cloud_transport(transfer->cloud);

    return !atomic_load(&run->accepted) && !atomic_load(&run->gone) &&
           transport->ops->now_s(transport) - transfer->started_s < UNKNOWN_FOR_S;
}

static int send_block(struct run *run, struct sw_ebs_block *block, bool *gone, struct sw_err *err)
{
    struct sw_transport *transport = sw_cloud_transport(run->transfer->cloud);
    uint64_t ticket;
    int rc;

    for (;;) {
        ticket = gate_enter(&run->gate);
        block->slow = false;
        rc = sw_ebs_put_block(run->transfer->cloud, block, gone, err);
        gate_leave(&run->gate, ticket, block->slow);
        if (rc < 0 || !*gone || !may_yet_come(run))
            return rc;
        if (transport->ops->sleep_ms(transport, UNKNOWN_PAUSE_MS, err) < 0)
            return -1;
    }
}

static unsigned percent(const struct run *run)
{
    uint64_t total = sw_max_u64(1, run->total_blocks);

    return (unsigned)(atomic_load(&run->done_blocks) * 100 / total);
}

/* The parent snapshot reads the same there. */
static int is_parents(const struct run *run, const struct sw_ebs_block *block, bool *same, struct sw_err *err)
{
    uint8_t digest[SW_EBS_DIGEST];

    *same = false;
    if (run->transfer->parent_log == NULL || !sw_bitset_has(run->transfer->parent, block->index))
        return 0;
    if (block_log_find(run->transfer->parent_log, block->index, same, digest, err) < 0)
        return -1;
    *same = *same && memcmp(digest, block->digest, sizeof(digest)) == 0;
    return 0;
}

static int put_block(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    struct run *run = OF(sink, self);
    struct sw_ebs_block put = {.snapshot = run->transfer->log->snapshot,
                               .index = (uint32_t)(block->off / SW_EBS_BLOCK_BYTES),
                               .bytes = block->data,
                               .progress = percent(run)};
    bool gone, same;

    atomic_fetch_add(&run->done_blocks, 1);
    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    if (sw_sha256(block->data, SW_EBS_BLOCK_BYTES, put.digest, err) < 0 ||
        is_parents(run, &put, &same, err) < 0)
        return -1;
    if (same)
        return 0;
    if (send_block(run, &put, &gone, err) < 0)
        return -1;
    if (gone) {
        atomic_store(&run->gone, true);
        return sw_fail(err, SW_REMOTE, "snapshot '%s' is gone", put.snapshot);
    }
    atomic_store(&run->accepted, true);
    atomic_fetch_add(&run->sent_blocks, 1);
    return block_log_note(run->transfer->log, put.index, put.digest, err);
}

/* Both sequences at their start, and how long they are at most. */
static int begin(struct run *run, struct sw_err *err)
{
    uint64_t bytes;
    bool any;

    if (walk_total(&run->walk, &bytes, err) < 0 || next_of_walk(run, err) < 0 ||
        block_log_any(run->transfer->log, &any, err) < 0)
        return -1;
    run->total_blocks = sw_div_up(bytes, SW_EBS_BLOCK_BYTES);
    run->parent_at = next_of_parent(run, 0);
    for (uint64_t at = run->parent_at; at != UINT64_MAX; at = next_of_parent(run, at + 1))
        run->total_blocks++;
    atomic_store(&run->accepted, any);
    return 0;
}

int block_transfer_run(struct block_transfer *transfer, struct sw_err *err)
{
    struct run run = {.source = {.next = next_block},
                      .reader = {.apply = read_block},
                      .sink = {.any_order = true, .put = put_block},
                      .transfer = transfer,
                      .walk = {.src = transfer->image,
                               .size_bytes = transfer->image->size_bytes,
                               .unit_bytes = SW_EBS_BLOCK_BYTES}};
    struct sw_pipeline pipeline = {.source = &run.source,
                                   .stages = {&run.reader},
                                   .nr_stages = 1,
                                   .sink = &run.sink,
                                   .jobs = transfer->connections,
                                   .data_cap = SW_EBS_BLOCK_BYTES,
                                   .together_bytes = walk_unit(transfer->image),
                                   .progress = transfer->progress};
    int rc;

    if (begin(&run, err) < 0)
        return -1;
    pipeline.total_bytes = run.total_blocks * SW_EBS_BLOCK_BYTES;
    gate_init(&run.gate, transfer->connections);
    rc = sw_pipeline_run(&pipeline, err);
    gate_destroy(&run.gate);
    transfer->sent_bytes += atomic_load(&run.sent_blocks) * SW_EBS_BLOCK_BYTES;
    transfer->gone = atomic_load(&run.gone);
    if (rc < 0 && transfer->gone) {
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    return rc;
}
