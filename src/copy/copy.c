/* Copying one image into another: units that matter are read, shrunk to zeros, encoded and put. */
#include "slipway/copy.h"

#include "src/base/ckd.h"
#include "src/copy/cached.h"
#include "src/copy/resume.h"
#include "src/copy/verify.h"
#include "src/copy/walk.h"
#include "src/copy/watch.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

/* In block->user: the target gets nothing for this unit. The other bits are cached.h's. */
enum { LEFT_OUT = 1u << 0 };

/* What goes on beside the copying. */
struct extras {
    struct verify verify;
    struct watch watch;
    struct resume resume;
    struct cached cached;
};

struct copy_source {
    struct sw_source base;
    struct walk walk;
    uint64_t read_bytes;
    struct resume *resume;
    struct cached *cached;
};

static int copy_next(struct sw_source *self, struct sw_block *block, struct sw_err *err)
{
    struct copy_source *source = (struct copy_source *)self;
    int more = walk_next(&source->walk, &block->off, &block->len, err);

    block->kind = SW_BLOCK_DATA;
    if (more <= 0)
        return more;
    source->read_bytes += block->len;
    if (cached_planned(source->cached, block, err) < 0)
        return -1;
    return resume_planned(source->resume, block, err) < 0 ? -1 : 1;
}

struct reader {
    struct sw_transform base;
    struct sw_image *src;
    struct sw_image *under; /* the layer's base, or NULL */
    struct watch *watch;
};

static int reader_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                        struct sw_err *err)
{
    const struct reader *reader = (const struct reader *)self;
    size_t len = (size_t)block->len;

    (void)worker;
    if ((block->user & CACHED_TAKEN) != 0) {
        block->user |= block->kind == SW_BLOCK_ZERO ? LEFT_OUT : 0;
        return 0;
    }
    if (watch_read(reader->watch, reader->src, block, err) < 0)
        return -1;
    if (sw_is_zero(block->data, len))
        block->kind = SW_BLOCK_ZERO;
    if (reader->under == NULL) {
        block->user |= block->kind == SW_BLOCK_ZERO ? LEFT_OUT : 0;
        return 0;
    }
    if (read_padded(reader->under, block->coded, block->len, block->off, err) < 0)
        return sw_context(err, "base '%s'", reader->under->in != NULL ? reader->under->in->name : "image");
    if (memcmp(block->data, block->coded, len) == 0)
        block->user |= LEFT_OUT;
    return 0;
}

struct encoder {
    struct sw_transform base;
    struct sw_image *target;
};

static int encoder_new(const struct sw_transform *self, void **worker, struct sw_err *err)
{
    struct sw_image *target = ((const struct encoder *)self)->target;

    return target->format->worker_new != NULL ? target->format->worker_new(target, worker, err) : 0;
}

static void encoder_free(const struct sw_transform *self, void *worker)
{
    struct sw_image *target = ((const struct encoder *)self)->target;

    if (target->format->worker_free != NULL)
        target->format->worker_free(target, worker);
}

static int encoder_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                         struct sw_err *err)
{
    struct sw_image *target = ((const struct encoder *)self)->target;

    if (block->kind != SW_BLOCK_DATA || (block->user & (LEFT_OUT | CACHED_TAKEN)) != 0)
        return 0;
    return target->format->encode(target, worker, block, err);
}

struct copy_sink {
    struct sw_sink base;
    struct sw_image *target;
    atomic_ullong data_bytes, zero_bytes;
    struct watch *watch;
    bool watch_only; /* the putter has put the block */
    struct resume *resume;
    struct cached *cached;
};

/* What the target gets of a block. */
struct stored {
    uint64_t data_bytes, zero_bytes;
};

static struct stored stored_of(const struct sw_block *block)
{
    uint64_t len = (block->user & LEFT_OUT) != 0 ? 0 : block->len;
    struct stored stored = {0, 0};

    if (block->kind == SW_BLOCK_ZERO)
        stored.zero_bytes = len;
    else
        stored.data_bytes = len;
    return stored;
}

static int put_block(struct copy_sink *sink, struct sw_block *block, struct sw_err *err)
{
    struct stored stored = stored_of(block);

    atomic_fetch_add_explicit(&sink->zero_bytes, stored.zero_bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&sink->data_bytes, stored.data_bytes, memory_order_relaxed);
    if (stored.zero_bytes + stored.data_bytes == 0)
        return 0;
    return sink->target->format->put(sink->target, block, err);
}

static int copy_put(struct sw_sink *self, struct sw_block *block, struct sw_err *err)
{
    struct copy_sink *sink = (struct copy_sink *)self;
    struct stored stored = stored_of(block);

    if (!sink->watch_only && put_block(sink, block, err) < 0)
        return -1;
    cached_put(sink->cached, block);
    if (watch_put(sink->watch, block, err) < 0)
        return -1;
    return resume_put(sink->resume, block, stored.data_bytes, stored.zero_bytes, err);
}

/* Puts in any order, from the workers, what the sink then watches in order. */
struct putter {
    struct sw_transform base;
    struct copy_sink *sink;
};

static int putter_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                        struct sw_err *err)
{
    (void)worker;
    return put_block(((const struct putter *)self)->sink, block, err);
}

static int check_target(const struct sw_copy *copy, const struct sw_create_opts *create, struct sw_err *err)
{
    if (copy->verity != NULL && copy->top != NULL)
        return sw_fail(err, SW_FAILED, "a part of a disk has no digest");
    if ((copy->format->caps & SW_FORMAT_CAN_WRITE) == 0)
        return sw_fail(err, SW_USAGE, "format '%s' can be read, not written", copy->format->name);
    if ((copy->format->caps & SW_FORMAT_STREAM_OUT) == 0 && !sw_out_seekable(copy->out))
        return sw_fail(err, SW_USAGE, "format '%s' is not written from front to back: '%s' must be a file",
                       copy->format->name, copy->out->name);
    if (create->size_bytes < copy->src->size_bytes)
        return sw_fail(err, SW_USAGE, "a target of %llu bytes is smaller than the source's %llu",
                       (unsigned long long)create->size_bytes, (unsigned long long)copy->src->size_bytes);
    return 0;
}

static void fill_stats(const struct sw_copy *copy, const struct copy_source *source, struct copy_sink *sink,
                       struct sw_copy_stats *stats)
{
    struct stat st;

    *stats = (struct sw_copy_stats){
        .virtual_bytes = source->walk.size_bytes,
        .read_bytes = source->read_bytes,
        .data_bytes = atomic_load(&sink->data_bytes),
        .zero_bytes = atomic_load(&sink->zero_bytes),
        .coded_bytes = atomic_load(&sink->cached->bytes),
        .stored_bytes = copy->out->pos,
    };
    if (sw_out_seekable(copy->out) && copy->out->fd >= 0 && fstat(copy->out->fd, &st) == 0)
        stats->stored_bytes = (uint64_t)st.st_size;
}

static size_t coded_cap(const struct sw_copy *copy, const struct sw_image *target)
{
    size_t cap = copy->format->coded_bound != NULL ? copy->format->coded_bound(target) : 0;

    /* The reader compares with the base there before anything is encoded. */
    return copy->base != NULL && cap < target->unit_bytes ? target->unit_bytes : cap;
}

/* The stages of the pipeline: read, hash, encode, and put where the sink only watches. */
static void add_stage(struct sw_pipeline *pipeline, bool wanted, const struct sw_transform *stage)
{
    if (wanted)
        pipeline->stages[pipeline->nr_stages++] = stage;
}

static int fill(const struct sw_copy *copy, struct sw_image *target, struct extras *extras,
                struct sw_copy_stats *stats, struct sw_err *err)
{
    struct watch *watch = &extras->watch;
    struct copy_source source = {.base = {.next = copy_next},
                                 .walk = {.src = copy->src,
                                          .other = copy->base,
                                          .top = copy->base != NULL ? copy->top : NULL,
                                          .under = copy->base,
                                          .size_bytes = target->size_bytes,
                                          .unit_bytes = target->unit_bytes,
                                          .past_damage = copy->damage != NULL,
                                          .pos = extras->resume.from.point},
                                 .read_bytes = extras->resume.from.read_bytes,
                                 .resume = &extras->resume,
                                 .cached = &extras->cached};
    struct reader reader = {{.apply = reader_apply}, copy->src, copy->base, watch};
    struct encoder encoder = {.base = {encoder_new, encoder_free, encoder_apply}, .target = target};
    bool any_order = (copy->format->caps & SW_FORMAT_PUT_ANY_ORDER) != 0 && sw_out_seekable(copy->out);
    struct copy_sink sink = {.base = {.any_order = any_order && !watch_wants(watch), .put = copy_put},
                             .target = target,
                             .data_bytes = extras->resume.from.data_bytes,
                             .zero_bytes = extras->resume.from.zero_bytes,
                             .watch = watch,
                             .resume = &extras->resume,
                             .cached = &extras->cached,
                             .watch_only = any_order && watch_wants(watch)};
    struct putter putter = {{.apply = putter_apply}, &sink};
    struct sw_pipeline pipeline = {
        .source = &source.base,
        .sink = &sink.base,
        .jobs = copy->jobs,
        .data_cap = target->unit_bytes + watch->room,
        .coded_cap = coded_cap(copy, target),
        .together_bytes = sw_max_u64(walk_unit(copy->src), walk_unit(copy->base)),
        .progress = copy->progress != NULL ? &extras->resume.progress : NULL,
    };

    add_stage(&pipeline, cached_on(&extras->cached), &extras->cached.base);
    add_stage(&pipeline, true, &reader.base);
    add_stage(&pipeline, copy->verity != NULL, &watch->hasher.base);
    add_stage(&pipeline, copy->format->encode != NULL, &encoder.base);
    add_stage(&pipeline, sink.watch_only, &putter.base);
    if ((copy->progress != NULL || copy->resume != NULL) &&
        walk_total(&source.walk, &pipeline.total_bytes, err) < 0)
        return -1;
    resume_say(&extras->resume, pipeline.total_bytes);
    if (sw_pipeline_run(&pipeline, err) < 0 || watch_finish(watch, err) < 0 ||
        target->format->finish(target, err) < 0)
        return -1;
    if (stats != NULL)
        fill_stats(copy, &source, &sink, stats);
    return 0;
}

static int fill_watched(const struct sw_copy *copy, struct sw_image *target, struct extras *extras,
                        struct sw_copy_stats *stats, struct sw_err *err)
{
    int rc = watch_open(&extras->watch, target->size_bytes, target->unit_bytes, err);

    cached_begin(&extras->cached, copy, target);
    if (rc == 0)
        rc = verify_begin(&extras->verify, copy->src, copy->jobs, err);
    if (rc == 0)
        rc = verify_end(&extras->verify, fill(copy, target, extras, stats, err), err);
    cached_end(&extras->cached, rc == 0);
    watch_close(&extras->watch);
    return rc;
}

int sw_copy_image(const struct sw_copy *copy, struct sw_copy_stats *stats, struct sw_err *err)
{
    struct sw_create_opts create = copy->create;
    struct sw_image *target = NULL;
    struct extras extras = {.watch = {.verity = copy->verity, .damage = copy->damage}};
    int rc;

    if (create.size_bytes == 0)
        create.size_bytes = sw_round_up(copy->src->size_bytes, SW_SECTOR_BYTES);
    if (check_target(copy, &create, err) < 0)
        return -1;
    rc = resume_begin(&extras.resume, copy, &create, &target, err);
    if (rc == 0)
        rc = fill_watched(copy, target, &extras, stats, err);
    if (rc < 0)
        rc = resume_failed(&extras.resume, err);
    resume_end(&extras.resume);
    sw_image_close(target);
    return rc;
}
