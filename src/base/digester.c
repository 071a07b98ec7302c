/* A file's digest and those of its chunks, in one pass: a ring of blocks that two threads hash beside the caller. */
#include "slipway/digests.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"

#include <errno.h>
#include <string.h>

enum { BLOCK_BYTES = 1 << 20, RING_BLOCKS = 6 };
enum { WHOLE, CHUNKS, NR_LANES };

struct digester;

/* One of the two running digests, and how far it is. */
struct lane {
    struct digester *owner;
    struct sw_digest *digest;
    uint64_t done; /* blocks */
    pthread_t thread;
    bool started, failed;
    struct sw_err err;
};

struct digester {
    struct sw_digests *result;
    struct lane lanes[NR_LANES];
    uint8_t *blocks[RING_BLOCKS];
    size_t nr_blocks;
    size_t len;      /* of the block that is being filled */
    size_t last_len; /* of the last one; all others are full */
    uint64_t filled; /* blocks handed over */
    uint64_t in_chunk;
    bool threads, end;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

void sw_digests_free(struct sw_digests *digests)
{
    free(digests->chunks);
    *digests = (struct sw_digests){.chunks = NULL};
}

uint64_t sw_chunk_bytes_for(uint64_t file_bytes)
{
    uint64_t chunk = SW_CHUNK_BYTES;

    while (sw_div_up(file_bytes, chunk) > SW_CHUNKS_MAX)
        chunk *= 2;
    return chunk;
}

static int end_chunk(struct digester *self, struct sw_err *err)
{
    struct sw_digests *result = self->result;
    size_t n = result->nr_chunks;

    if ((n & (n - 1)) == 0) { /* room for a power of two of them is what there is */
        void *grown = reallocarray(result->chunks, n > 0 ? 2 * n : 1, SW_DIGEST_BYTES);

        if (grown == NULL)
            return sw_fail_errno(err, "cannot keep the digests of %zu chunks", n);
        result->chunks = grown;
    }
    if (sw_digest_final(self->lanes[CHUNKS].digest, result->chunks[n], err) < 0)
        return -1;
    result->nr_chunks = n + 1;
    self->in_chunk = 0;
    return 0;
}

/* Blocks never cross the edge of a chunk: both are powers of two. */
static int hash_block(struct digester *self, unsigned lane, const uint8_t *bytes, size_t len,
                      struct sw_err *err)
{
    if (sw_digest_update(self->lanes[lane].digest, bytes, len, err) < 0)
        return -1;
    if (lane == WHOLE)
        return 0;
    self->in_chunk += len;
    return self->in_chunk == self->result->chunk_bytes ? end_chunk(self, err) : 0;
}

/* The lock is held. True with a block to hash, false when there will be none. */
static bool wait_for_block(struct digester *self, const struct lane *lane)
{
    while (lane->done == self->filled && !self->end)
        pthread_cond_wait(&self->changed, &self->lock);
    return lane->done < self->filled;
}

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    struct digester *self = lane->owner;
    unsigned which = (unsigned)(lane - self->lanes);

    pthread_mutex_lock(&self->lock);
    while (wait_for_block(self, lane)) {
        const uint8_t *bytes = self->blocks[lane->done % self->nr_blocks];
        size_t len = self->end && lane->done + 1 == self->filled ? self->last_len : BLOCK_BYTES;

        pthread_mutex_unlock(&self->lock);
        if (!lane->failed && hash_block(self, which, bytes, len, &lane->err) < 0)
            lane->failed = true;
        pthread_mutex_lock(&self->lock);
        lane->done++;
        pthread_cond_broadcast(&self->changed);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

static void join_lanes(struct digester *self)
{
    pthread_mutex_lock(&self->lock);
    self->end = true;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    for (unsigned i = 0; i < NR_LANES; i++) {
        if (self->lanes[i].started)
            pthread_join(self->lanes[i].thread, NULL);
        self->lanes[i].started = false;
    }
}

static void digester_free(struct digester *self)
{
    if (self == NULL)
        return;
    join_lanes(self);
    for (unsigned i = 0; i < NR_LANES; i++)
        sw_digest_free(self->lanes[i].digest);
    for (size_t i = 0; i < RING_BLOCKS; i++)
        free(self->blocks[i]);
    pthread_mutex_destroy(&self->lock);
    pthread_cond_destroy(&self->changed);
    free(self);
}
SW_DEFINE_AUTO(digester, struct digester, digester_free)
#define AUTO_DIGESTER SW_CLEANUP(digester_auto)

static int start_lanes(struct digester *self, struct sw_err *err)
{
    for (unsigned i = 0; i < NR_LANES; i++) {
        int failed = pthread_create(&self->lanes[i].thread, NULL, run_lane, &self->lanes[i]);

        if (failed != 0) {
            errno = failed;
            return sw_fail_errno(err, "cannot start a thread");
        }
        self->lanes[i].started = true;
    }
    return 0;
}

static struct digester *digester_new(uint64_t expected_bytes, unsigned jobs, struct sw_digests *result,
                                     struct sw_err *err)
{
    AUTO_DIGESTER struct digester *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return NULL;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
    self->threads = jobs > 1;
    self->nr_blocks = self->threads ? RING_BLOCKS : 1;
    self->result = result;
    sw_digests_free(result);
    result->chunk_bytes = sw_chunk_bytes_for(expected_bytes);
    for (unsigned i = 0; i < NR_LANES; i++) {
        self->lanes[i].owner = self;
        self->lanes[i].digest = sw_digest_new(err);
        if (self->lanes[i].digest == NULL)
            return NULL;
    }
    for (size_t i = 0; i < self->nr_blocks; i++)
        if ((self->blocks[i] = sw_calloc(1, BLOCK_BYTES, err)) == NULL)
            return NULL;
    if (self->threads && start_lanes(self, err) < 0)
        return NULL;
    return SW_STEAL_PTR(self);
}

/* Where the next bytes go; *len: how many fit there. Waits until both lanes have left that block. */
static uint8_t *digester_room(struct digester *self, size_t *len)
{
    if (self->len == 0 && self->threads) {
        pthread_mutex_lock(&self->lock);
        for (unsigned i = 0; i < NR_LANES; i++)
            while (self->filled - self->lanes[i].done >= self->nr_blocks)
                pthread_cond_wait(&self->changed, &self->lock);
        pthread_mutex_unlock(&self->lock);
    }
    *len = BLOCK_BYTES - self->len;
    return self->blocks[self->filled % self->nr_blocks] + self->len;
}

static int hash_here(struct digester *self, struct sw_err *err)
{
    for (unsigned i = 0; i < NR_LANES; i++)
        if (hash_block(self, i, self->blocks[0], self->len, err) < 0)
            return -1;
    return 0;
}

/* The next len bytes of the room are there. */
static int digester_filled(struct digester *self, size_t len, struct sw_err *err)
{
    self->result->bytes += len;
    self->len += len;
    if (self->len < BLOCK_BYTES)
        return 0;
    if (!self->threads && hash_here(self, err) < 0)
        return -1;
    pthread_mutex_lock(&self->lock);
    self->filled += self->threads;
    self->len = 0;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
    return 0;
}

static void hand_over_rest(struct digester *self)
{
    pthread_mutex_lock(&self->lock);
    self->last_len = self->len > 0 ? self->len : BLOCK_BYTES;
    self->filled += self->len > 0;
    self->end = true;
    self->len = 0;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static int digester_finish(struct digester *self, struct sw_err *err)
{
    if (self->threads)
        hand_over_rest(self);
    else if (self->len > 0 && hash_here(self, err) < 0)
        return -1;
    join_lanes(self);
    for (unsigned i = 0; i < NR_LANES; i++) {
        if (self->lanes[i].failed) {
            *err = self->lanes[i].err;
            return -1;
        }
    }
    if (self->in_chunk > 0 && end_chunk(self, err) < 0)
        return -1;
    return sw_digest_final(self->lanes[WHOLE].digest, self->result->sha256, err);
}

struct digest_out {
    struct sw_out base;
    struct sw_out *inner;
    struct digester *digester;
};

static int digest_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    struct digest_out *self = (struct digest_out *)out;
    const uint8_t *from = buf;

    for (size_t at = 0; at < len;) {
        size_t n = 0;
        uint8_t *room = digester_room(self->digester, &n);

        n = n < len - at ? n : len - at;
        memcpy(room, from + at, n);
        if (digester_filled(self->digester, n, err) < 0)
            return -1;
        at += n;
    }
    return sw_out_write(self->inner, buf, len, err);
}

static int digest_out_commit(struct sw_out *out, struct sw_err *err)
{
    struct digest_out *self = (struct digest_out *)out;

    self->inner->lazy = out->lazy;
    return digester_finish(self->digester, err) < 0 ? -1 : sw_out_commit(self->inner, err);
}

static void digest_out_close(struct sw_out *out)
{
    struct digest_out *self = (struct digest_out *)out;

    digester_free(self->digester);
    sw_out_close(self->inner);
    free(self);
}

static const struct sw_out_ops digest_out_ops = {
    .write = digest_out_write,
    .commit = digest_out_commit,
    .close = digest_out_close,
};

struct sw_out *sw_digest_out(struct sw_out *out, uint64_t expected_bytes, unsigned jobs,
                             struct sw_digests *digests, struct sw_err *err)
{
    struct digest_out *self = sw_calloc(1, sizeof(*self), err);

    if (self != NULL)
        self->digester = digester_new(expected_bytes, jobs, digests, err);
    if (self == NULL || self->digester == NULL) {
        free(self);
        sw_out_close(out);
        return NULL;
    }
    self->base = (struct sw_out){.ops = &digest_out_ops, .fd = out->fd, .name = out->name, .lazy = out->lazy};
    self->inner = out;
    return &self->base;
}

int sw_digest_in(struct sw_in *in, unsigned jobs, struct sw_progress *progress, struct sw_digests *digests,
                 struct sw_err *err)
{
    AUTO_DIGESTER struct digester *digester = digester_new(in->size_bytes, jobs, digests, err);
    uint64_t at = 0;

    if (digester == NULL)
        return -1;
    while (at < in->size_bytes) {
        size_t n = 0;
        uint8_t *room = digester_room(digester, &n);

        n = (size_t)sw_min_u64(n, in->size_bytes - at);
        if (sw_check_interrupt(err) < 0 || sw_in_read(in, room, n, at, err) < 0 ||
            digester_filled(digester, n, err) < 0)
            return -1;
        at += n;
        sw_progress_tick(progress, at, in->size_bytes);
    }
    return digester_finish(digester, err);
}
