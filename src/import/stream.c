/* An output whose bytes become the parts of an object as they come: nothing of it is ever a file. */
#include "src/import/stream.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

enum slot_state { SLOT_FREE, SLOT_FILLING, SLOT_READY, SLOT_SENDING };

/* One part in memory. */
struct slot {
    uint8_t *buf;
    size_t cap, len;
    unsigned number;
    uint64_t done_bytes; /* of the source: what this part stands for */
    enum slot_state state;
};

struct stream {
    struct sw_out base;
    struct stream_opts opts;
    struct sw_progress progress; /* what the maker says */
    struct slot *current;        /* being filled, or NULL; the maker's alone, as are the next two */
    struct slot *front;          /* the first part, once it is full and kept */
    uint64_t end;                /* bytes so far */

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    struct slot slots[SW_JOBS_MAX + 2];
    unsigned nr_slots;
    unsigned nr_parts;                                           /* begun */
    uint64_t said_bytes, counted_bytes, sent_bytes, total_bytes; /* of the source */
    bool ending;                                                 /* no more parts will come */
    bool stop;
    unsigned failed_part; /* 0: none */
    struct sw_err err;

    pthread_t threads[SW_JOBS_MAX];
    unsigned nr_threads;
};

static struct stream *stream_of(struct sw_out *out)
{
    return (struct stream *)out;
}

/* ---- the threads that send ---- */

static struct slot *first_ready(struct stream *self)
{
    struct slot *found = NULL;

    for (unsigned i = 0; i < self->nr_slots; i++) {
        struct slot *slot = &self->slots[i];

        if (slot->state == SLOT_READY && (found == NULL || slot->number < found->number))
            found = slot;
    }
    return found;
}

/* The next part to send; NULL at the end. The lock is held. */
static struct slot *take_ready(struct stream *self)
{
    for (;;) {
        struct slot *slot = first_ready(self);

        if (self->stop)
            return NULL;
        if (slot != NULL || self->ending)
            return slot;
        pthread_cond_wait(&self->changed, &self->lock);
    }
}

static void end_part(struct stream *self, struct slot *slot, int rc, const struct sw_err *err)
{
    slot->state = SLOT_FREE;
    if (rc < 0) {
        self->stop = true;
        if (self->failed_part == 0 || slot->number < self->failed_part) {
            self->failed_part = slot->number;
            self->err = *err;
        }
    } else {
        self->sent_bytes += slot->done_bytes;
        sw_progress_tick(self->opts.progress, self->sent_bytes, self->total_bytes);
    }
    pthread_cond_broadcast(&self->changed);
}

static void *send_parts(void *arg)
{
    struct stream *self = arg;
    struct slot *slot;

    pthread_mutex_lock(&self->lock);
    while ((slot = take_ready(self)) != NULL) {
        struct part_sender *sender = self->opts.sender;
        struct sw_err err = {.code = SW_OK};
        int rc;

        slot->state = SLOT_SENDING;
        pthread_mutex_unlock(&self->lock);
        rc = sender->send(sender, slot->number, slot->buf, slot->len, &err);
        pthread_mutex_lock(&self->lock);
        end_part(self, slot, rc, &err);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static int start_threads(struct stream *self, struct sw_err *err)
{
    for (; self->nr_threads < self->opts.connections; self->nr_threads++) {
        errno = pthread_create(&self->threads[self->nr_threads], NULL, send_parts, self);
        if (errno != 0)
            return sw_fail_errno(err, "cannot start a thread");
    }
    return 0;
}

static void end_threads(struct stream *self)
{
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    while (self->nr_threads > 0)
        pthread_join(self->threads[--self->nr_threads], NULL);
}

/* ---- the maker's side ---- */

static int failure(const struct stream *self, struct sw_err *err)
{
    *err = self->err;
    return -1;
}

/* How many parts of that size may be in memory; the kept front is one more. */
static unsigned slots_allowed(const struct stream *self, uint64_t part_bytes)
{
    uint64_t fit = sw_max_u64(1, self->opts.memory_bytes / part_bytes);

    return (unsigned)sw_min_u64(fit, self->opts.connections + 1);
}

static unsigned slots_used(const struct stream *self)
{
    unsigned used = 0;

    for (unsigned i = 0; i < self->nr_slots; i++)
        used += self->slots[i].state != SLOT_FREE && &self->slots[i] != self->front;
    return used;
}

/* A free slot, if possible one with memory; what is too small for parts of today is let go. */
static struct slot *free_slot(struct stream *self, uint64_t part_bytes)
{
    struct slot *found = NULL;

    for (unsigned i = 0; i < self->nr_slots; i++) {
        struct slot *slot = &self->slots[i];

        if (slot->state != SLOT_FREE)
            continue;
        if (slot->cap < part_bytes) {
            free(SW_STEAL_PTR(slot->buf));
            slot->cap = 0;
        }
        if (found == NULL || slot->cap > found->cap)
            found = slot;
    }
    return found;
}

static bool is_sending(const struct stream *self)
{
    for (unsigned i = 0; i < self->nr_slots; i++)
        if (self->slots[i].state == SLOT_SENDING)
            return true;
    return false;
}

/* Waits for memory. NULL and err when a part failed meanwhile: those under way may fail too, and be earlier. */
static struct slot *claim_slot(struct stream *self, uint64_t part_bytes, struct sw_err *err)
{
    struct slot *slot = NULL;

    pthread_mutex_lock(&self->lock);
    while (self->stop ? is_sending(self) : slots_used(self) >= slots_allowed(self, part_bytes))
        pthread_cond_wait(&self->changed, &self->lock);
    if (self->stop)
        failure(self, err);
    else
        slot = free_slot(self, part_bytes);
    if (slot != NULL)
        slot->state = SLOT_FILLING;
    pthread_mutex_unlock(&self->lock);
    return slot;
}

static int begin_part(struct stream *self, struct sw_err *err)
{
    uint64_t part_bytes = part_plan_bytes(&self->opts.plan, self->nr_parts + 1);
    struct slot *slot;

    if (self->nr_parts == SW_S3_MAX_PARTS)
        return sw_fail(err, SW_FAILED, "'%s' is longer than was foreseen", self->base.name);
    slot = claim_slot(self, part_bytes, err);
    if (slot == NULL)
        return -1;
    if (slot->buf == NULL) {
        slot->buf = malloc(part_bytes);
        if (slot->buf == NULL)
            return sw_fail(err, SW_FAILED, "out of memory (a part of %llu bytes)",
                           (unsigned long long)part_bytes);
        slot->cap = part_bytes;
    }
    slot->len = 0;
    slot->number = ++self->nr_parts;
    self->current = slot;
    return 0;
}

static void hand_over(struct stream *self, struct slot *slot)
{
    pthread_mutex_lock(&self->lock);
    slot->state = SLOT_READY;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void end_current(struct stream *self)
{
    struct slot *slot = SW_STEAL_PTR(self->current);

    pthread_mutex_lock(&self->lock);
    slot->done_bytes = self->said_bytes - self->counted_bytes;
    self->counted_bytes = self->said_bytes;
    if (self->opts.keep_front && slot->number == 1)
        self->front = slot;
    pthread_mutex_unlock(&self->lock);
    if (self->front != slot)
        hand_over(self, slot);
}

/* Room for up to *len bytes at the end of what is there. */
static uint8_t *room(struct stream *self, size_t *len, struct sw_err *err)
{
    const struct slot *slot;

    if (self->current == NULL && begin_part(self, err) < 0)
        return NULL;
    slot = self->current;
    *len = (size_t)sw_min_u64(*len, part_plan_bytes(&self->opts.plan, slot->number) - slot->len);
    return slot->buf + slot->len;
}

static void filled(struct stream *self, size_t len)
{
    self->current->len += len;
    self->end += len;
    if (self->current->len == part_plan_bytes(&self->opts.plan, self->current->number))
        end_current(self);
}

/* bytes NULL: zeros. */
static int append(struct stream *self, const uint8_t *bytes, uint64_t len, struct sw_err *err)
{
    while (len > 0) {
        size_t some = (size_t)sw_min_u64(len, SIZE_MAX);
        uint8_t *to = room(self, &some, err);

        if (to == NULL)
            return -1;
        if (bytes != NULL)
            memcpy(to, bytes, some);
        else
            memset(to, 0, some);
        filled(self, some);
        bytes = bytes != NULL ? bytes + some : NULL;
        len -= some;
    }
    return 0;
}

static int stream_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return append(stream_of(out), buf, len, err);
}

/* What is kept of the first part, or of the one that is being filled; the rest has gone. */
static int patch(struct stream *self, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const struct slot *slot = self->front != NULL ? self->front : self->current;
    uint64_t end;

    if (slot == NULL || slot->number != 1 || sw_add_ovf(off, (uint64_t)len, &end) || end > slot->len)
        return sw_fail(err, SW_FAILED, "'%s': %zu bytes at %llu are on their way already", self->base.name,
                       len, (unsigned long long)off);
    memcpy(slot->buf + off, buf, len);
    return 0;
}

static int front_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct stream *self = stream_of(out);
    uint64_t behind = off < self->end ? sw_min_u64(len, self->end - off) : 0;

    if (behind > 0 && patch(self, buf, (size_t)behind, off, err) < 0)
        return -1;
    if (behind < len && ((off > self->end && append(self, NULL, off - self->end, err) < 0) ||
                         append(self, (const uint8_t *)buf + behind, len - behind, err) < 0))
        return -1;
    out->pos = self->end;
    return 0;
}

static int front_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    struct stream *self = stream_of(out);

    if (size_bytes < self->end)
        return sw_fail(err, SW_FAILED, "'%s' cannot become shorter", out->name);
    if (append(self, NULL, size_bytes - self->end, err) < 0)
        return -1;
    out->pos = self->end;
    return 0;
}

static int stream_commit(struct sw_out *out, struct sw_err *err)
{
    struct stream *self = stream_of(out);
    bool whole;

    if (self->current != NULL)
        end_current(self);
    if (self->front != NULL)
        hand_over(self, SW_STEAL_PTR(self->front));
    pthread_mutex_lock(&self->lock);
    self->ending = true;
    pthread_cond_broadcast(&self->changed);
    while (!self->stop && slots_used(self) > 0)
        pthread_cond_wait(&self->changed, &self->lock);
    whole = !self->stop;
    pthread_mutex_unlock(&self->lock);
    end_threads(self);
    return whole ? 0 : failure(self, err);
}

static void stream_close(struct sw_out *out)
{
    struct stream *self = stream_of(out);

    end_threads(self);
    for (unsigned i = 0; i < self->nr_slots; i++)
        free(self->slots[i].buf);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    free(self);
}

static const struct sw_out_ops stream_ops = {
    .write = stream_write,
    .commit = stream_commit,
    .close = stream_close,
};

static const struct sw_out_ops front_ops = {
    .write = stream_write,
    .pwrite = front_pwrite,
    .truncate = front_truncate,
    .commit = stream_commit,
    .close = stream_close,
};

static void note_said(struct sw_progress *progress, uint64_t done_bytes, uint64_t total_bytes)
{
    struct stream *self = (struct stream *)((char *)progress - offsetof(struct stream, progress));

    pthread_mutex_lock(&self->lock);
    self->said_bytes = done_bytes;
    self->total_bytes = total_bytes;
    pthread_mutex_unlock(&self->lock);
}

struct sw_progress *stream_progress(struct sw_out *out)
{
    return &stream_of(out)->progress;
}

unsigned stream_parts(const struct sw_out *out)
{
    return ((const struct stream *)out)->nr_parts;
}

int stream_open(const struct stream_opts *opts, struct sw_out **out, struct sw_err *err)
{
    struct stream *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return -1;
    self->opts = *opts;
    self->opts.connections = (unsigned)sw_max_u64(1, sw_min_u64(opts->connections, SW_JOBS_MAX));
    self->base =
        (struct sw_out){.ops = opts->keep_front ? &front_ops : &stream_ops, .fd = -1, .name = opts->name};
    self->progress.tick = note_said;
    self->nr_slots = self->opts.connections + 1 + opts->keep_front;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    if (start_threads(self, err) < 0) {
        stream_close(&self->base);
        return -1;
    }
    *out = &self->base;
    return 0;
}
