/* All of a sealed message into an output, through the pipeline. */
#include "slipway/copy.h"
#include "slipway/pipeline.h"
#include "src/base/ckd.h"
#include "src/seal/seal_in.h"

#include <inttypes.h>

enum { BLOCK_BYTES = 1 << 20, HOLE_BYTES = 64 << 10 };

struct opening {
    struct sw_source source;
    struct sw_transform transform;
    struct sw_sink sink;
    struct sw_in *in;
    struct sw_out *out;
    uint64_t first, next, end; /* of the plaintext */
    size_t block_bytes;
};

#define opening_of(pointer, member) \
    ((struct opening *)((uintptr_t)(pointer)-offsetof(struct opening, member)))

static int plan_block(struct sw_source *source, struct sw_block *block, struct sw_err *err)
{
    struct opening *self = opening_of(source, source);

    (void)err;
    if (self->next == self->end)
        return 0;
    block->kind = SW_BLOCK_DATA;
    block->off = self->next;
    /* Up to a multiple of the block, so that all but the first begin with a frame. */
    block->len = sw_min_u64(self->block_bytes - self->next % self->block_bytes, self->end - self->next);
    self->next += block->len;
    return 1;
}

static int open_block(const struct sw_transform *transform, void *worker, struct sw_block *block,
                      struct sw_err *err)
{
    const struct opening *self = opening_of(transform, transform);

    (void)worker;
    return sw_in_read(self->in, block->data, (size_t)block->len, block->off, err);
}

/* The next run of data at or after *at, in units of holes; 0 at the end. */
static size_t next_run(const struct sw_block *block, size_t *at)
{
    size_t len = (size_t)block->len, end;

    while (*at < len && sw_is_zero(block->data + *at, (size_t)sw_min_u64(HOLE_BYTES, len - *at)))
        *at += HOLE_BYTES;
    end = *at;
    while (end < len && !sw_is_zero(block->data + end, (size_t)sw_min_u64(HOLE_BYTES, len - end)))
        end += HOLE_BYTES;
    return *at < len ? (size_t)sw_min_u64(end, len) - *at : 0;
}

static int put_anywhere(struct sw_sink *sink, struct sw_block *block, struct sw_err *err)
{
    const struct opening *self = opening_of(sink, sink);
    size_t at = 0, n;

    while ((n = next_run(block, &at)) > 0) {
        if (sw_out_pwrite(self->out, block->data + at, n, block->off - self->first + at, err) < 0)
            return -1;
        at += n;
    }
    return 0;
}

static int put_next(struct sw_sink *sink, struct sw_block *block, struct sw_err *err)
{
    const struct opening *self = opening_of(sink, sink);

    return sw_out_write(self->out, block->data, (size_t)block->len, err);
}

int sw_seal_read_range(struct sw_in *in, const struct sw_seal_range *range, struct sw_out *out, unsigned jobs,
                       struct sw_progress *progress, struct sw_err *err)
{
    bool seekable = sw_out_seekable(out);
    uint32_t frame = seal_in_layout(in)->frame_bytes;
    struct opening self = {
        .source = {.next = plan_block},
        .transform = {.apply = open_block},
        .sink = {.any_order = seekable, .put = seekable ? put_anywhere : put_next},
        .in = in,
        .out = out,
        .first = range->off,
        .next = range->off,
        .block_bytes = frame < BLOCK_BYTES ? BLOCK_BYTES / frame * frame : frame,
    };
    struct sw_pipeline pipeline = {
        .source = &self.source,
        .stages = {&self.transform},
        .nr_stages = 1,
        .sink = &self.sink,
        .jobs = jobs > 0 ? jobs : 1,
        .data_cap = self.block_bytes,
        .progress = progress,
        .total_bytes = range->len,
    };

    if (sw_add_ovf(range->off, range->len, &self.end) || self.end > in->size_bytes)
        return sw_fail(err, SW_USAGE,
                       "'%s' holds %" PRIu64 " bytes; %" PRIu64 " at %" PRIu64 " were asked for", in->name,
                       in->size_bytes, range->len, range->off);
    if (sw_pipeline_run(&pipeline, err) < 0)
        return -1;
    return seekable ? sw_out_truncate(out, range->len, err) : 0;
}

int sw_seal_read_all(struct sw_in *in, struct sw_out *out, unsigned jobs, struct sw_progress *progress,
                     struct sw_err *err)
{
    const struct sw_seal_range all = {.off = 0, .len = in->size_bytes};

    return sw_seal_read_range(in, &all, out, jobs, progress, err);
}

static int nothing_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    (void)out;
    (void)buf;
    (void)len;
    (void)err;
    return 0;
}

int sw_seal_check(struct sw_in *in, unsigned jobs, struct sw_err *err)
{
    static const struct sw_out_ops nothing_ops = {.write = nothing_write};
    struct sw_out nothing = {.ops = &nothing_ops, .fd = -1, .name = in->name};

    return sw_seal_read_all(in, &nothing, jobs, NULL, err);
}
