/* All of a sealed message into an output, through the pipeline. */
#include "slipway/copy.h"
#include "slipway/pipeline.h"
#include "src/base/ckd.h"
#include "src/seal/seal_in.h"

enum { BLOCK_BYTES = 1 << 20, HOLE_BYTES = 64 << 10 };

struct opening {
    struct sw_source source;
    struct sw_transform transform;
    struct sw_sink sink;
    struct sw_in *in;
    struct sw_out *out;
    uint64_t next;
    size_t block_bytes;
};

#define opening_of(pointer, member) \
    ((struct opening *)((uintptr_t)(pointer)-offsetof(struct opening, member)))

static int plan_block(struct sw_source *source, struct sw_block *block, struct sw_err *err)
{
    struct opening *self = opening_of(source, source);

    (void)err;
    if (self->next == self->in->size_bytes)
        return 0;
    block->kind = SW_BLOCK_DATA;
    block->off = self->next;
    block->len = sw_min_u64(self->block_bytes, self->in->size_bytes - self->next);
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
        if (sw_out_pwrite(self->out, block->data + at, n, block->off + at, err) < 0)
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

int sw_seal_read_all(struct sw_in *in, struct sw_out *out, unsigned jobs, struct sw_progress *progress,
                     struct sw_err *err)
{
    bool seekable = sw_out_seekable(out);
    uint32_t frame = seal_in_layout(in)->frame_bytes;
    struct opening self = {
        .source = {.next = plan_block},
        .transform = {.apply = open_block},
        .sink = {.any_order = seekable, .put = seekable ? put_anywhere : put_next},
        .in = in,
        .out = out,
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
        .total_bytes = in->size_bytes,
    };

    if (sw_pipeline_run(&pipeline, err) < 0)
        return -1;
    return seekable ? sw_out_truncate(out, in->size_bytes, err) : 0;
}
