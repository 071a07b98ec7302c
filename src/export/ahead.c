/* Numbered pieces of what is far away, in a bounded part of memory, read ahead in order by threads of their own. */
#include "src/export/ahead.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <pthread.h>
#include <string.h>

enum slot_state { SLOT_FREE, SLOT_WANTED, SLOT_LOADING, SLOT_READY, SLOT_FAILED };

/* One piece in memory. Whoever reads it, or waits for it, holds a reference; without one it may become another. */
struct slot {
    enum slot_state state;
    uint64_t index, used;
    unsigned refs;
    uint8_t *buf; /* made when it is first needed */
    struct sw_err err;
};

struct ahead {
    struct ahead_opts opts;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *slots;
    pthread_t threads[AHEAD_CONNECTIONS_MAX];
    unsigned nr_threads;
    uint64_t clock;
    bool stop;
};

static struct slot *find_slot(struct ahead *ahead, uint64_t index)
{
    for (size_t i = 0; i < ahead->opts.nr_pieces; i++)
        if (ahead->slots[i].state != SLOT_FREE && ahead->slots[i].index == index)
            return &ahead->slots[i];
    return NULL;
}

/* What is of use to somebody else yet is given up last: it would have to come a second time. */
static bool is_spent(const struct ahead *ahead, const struct slot *slot)
{
    return ahead->opts.spent == NULL || ahead->opts.spent(ahead->opts.arg, slot->index);
}

/* A slot that may become another piece; spent: only one whose piece is behind `before` and of no more use. */
static struct slot *find_victim(struct ahead *ahead, bool spent, uint64_t before)
{
    struct slot *best = NULL;

    for (size_t i = 0; i < ahead->opts.nr_pieces; i++) {
        struct slot *slot = &ahead->slots[i];

        if (slot->state == SLOT_FREE)
            return slot;
        if (slot->state != SLOT_READY || slot->refs > 0 ||
            (spent && (slot->index >= before || !is_spent(ahead, slot))))
            continue;
        if (best == NULL || is_spent(ahead, slot) > is_spent(ahead, best) ||
            (is_spent(ahead, slot) == is_spent(ahead, best) && slot->used < best->used))
            best = slot;
    }
    return best;
}

static void want(struct ahead *ahead, struct slot *slot, uint64_t index)
{
    slot->state = SLOT_WANTED;
    slot->index = index;
    slot->refs = 0;
    slot->used = ++ahead->clock;
    pthread_cond_broadcast(&ahead->changed);
}

static void plan_ahead(struct ahead *ahead, uint64_t index)
{
    uint64_t at = index;

    for (unsigned i = 0; i < ahead->opts.connections; i++) {
        struct slot *slot;

        at = ahead->opts.next(ahead->opts.arg, at);
        if (at == UINT64_MAX)
            return;
        slot = find_slot(ahead, at) == NULL ? find_victim(ahead, true, index) : NULL;
        if (slot != NULL)
            want(ahead, slot, at);
    }
}

static void release(struct ahead *ahead, struct slot *slot)
{
    slot->refs--;
    if (slot->refs == 0 && slot->state == SLOT_FAILED)
        slot->state = SLOT_FREE;
    pthread_cond_broadcast(&ahead->changed);
}

/* The piece's slot, which it may still have to come into; waits until there is one. */
static struct slot *claim(struct ahead *ahead, uint64_t index)
{
    for (;;) {
        struct slot *slot = find_slot(ahead, index);

        if (slot != NULL)
            return slot;
        slot = find_victim(ahead, false, 0);
        if (slot != NULL) {
            want(ahead, slot, index);
            return slot;
        }
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
}

const uint8_t *ahead_get(struct ahead *ahead, uint64_t index, struct sw_err *err)
{
    const uint8_t *bytes = NULL;
    struct slot *slot;

    pthread_mutex_lock(&ahead->lock);
    slot = claim(ahead, index);
    slot->refs++;
    slot->used = ++ahead->clock;
    plan_ahead(ahead, index);
    while (slot->state == SLOT_WANTED || slot->state == SLOT_LOADING)
        pthread_cond_wait(&ahead->changed, &ahead->lock);
    if (slot->state == SLOT_READY) {
        bytes = slot->buf;
    } else {
        *err = slot->err;
        release(ahead, slot);
    }
    pthread_mutex_unlock(&ahead->lock);
    return bytes;
}

const uint8_t *ahead_peek(struct ahead *ahead, uint64_t index)
{
    const uint8_t *bytes = NULL;
    struct slot *slot;

    pthread_mutex_lock(&ahead->lock);
    slot = find_slot(ahead, index);
    if (slot != NULL && slot->state == SLOT_READY) {
        slot->refs++;
        bytes = slot->buf;
    }
    pthread_mutex_unlock(&ahead->lock);
    return bytes;
}

void ahead_put(struct ahead *ahead, uint64_t index)
{
    struct slot *slot;

    pthread_mutex_lock(&ahead->lock);
    slot = find_slot(ahead, index);
    if (slot != NULL)
        release(ahead, slot);
    pthread_mutex_unlock(&ahead->lock);
}

int ahead_read(struct ahead *ahead, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint8_t *to = buf;

    while (len > 0) {
        uint64_t index = off / ahead->opts.piece_bytes, within = off % ahead->opts.piece_bytes;
        size_t part = (size_t)sw_min_u64(len, ahead->opts.piece_bytes - within);
        const uint8_t *bytes = ahead_get(ahead, index, err);

        if (bytes == NULL)
            return -1;
        memcpy(to, bytes + within, part);
        ahead_put(ahead, index);
        to += part;
        off += part;
        len -= part;
    }
    return 0;
}

/* What somebody waits for comes before what is read ahead, and a lower piece before a higher one. */
static struct slot *next_wanted(struct ahead *ahead)
{
    struct slot *best = NULL;

    for (size_t i = 0; i < ahead->opts.nr_pieces; i++) {
        struct slot *slot = &ahead->slots[i];

        if (slot->state == SLOT_WANTED &&
            (best == NULL || (slot->refs > 0) > (best->refs > 0) ||
             ((slot->refs > 0) == (best->refs > 0) && slot->index < best->index)))
            best = slot;
    }
    return best;
}

static void load(struct ahead *ahead, struct slot *slot)
{
    struct sw_err err = {.code = SW_OK};
    int rc = 0;

    slot->state = SLOT_LOADING;
    pthread_mutex_unlock(&ahead->lock);
    if (slot->buf == NULL && (slot->buf = sw_calloc(1, ahead->opts.piece_bytes, &err)) == NULL)
        rc = -1;
    if (rc == 0)
        rc = ahead->opts.load(ahead->opts.arg, slot->index, slot->buf, &err);
    pthread_mutex_lock(&ahead->lock);
    slot->err = err;
    slot->state = rc == 0 ? SLOT_READY : slot->refs > 0 ? SLOT_FAILED : SLOT_FREE;
    pthread_cond_broadcast(&ahead->changed);
    if (rc < 0 || ahead->opts.loaded == NULL)
        return;
    pthread_mutex_unlock(&ahead->lock);
    ahead->opts.loaded(ahead->opts.arg);
    pthread_mutex_lock(&ahead->lock);
}

static void *run_thread(void *arg)
{
    struct ahead *ahead = arg;
    struct slot *slot;

    pthread_mutex_lock(&ahead->lock);
    while (!ahead->stop) {
        slot = next_wanted(ahead);
        if (slot != NULL)
            load(ahead, slot);
        else
            pthread_cond_wait(&ahead->changed, &ahead->lock);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

static int start_threads(struct ahead *ahead, struct sw_err *err)
{
    while (ahead->nr_threads < ahead->opts.connections) {
        int rc = pthread_create(&ahead->threads[ahead->nr_threads], NULL, run_thread, ahead);

        if (rc != 0)
            return ahead->nr_threads > 0 ? 0
                                         : sw_fail(err, SW_FAILED, "cannot start a thread: %s", strerror(rc));
        ahead->nr_threads++;
    }
    return 0;
}

int ahead_open(const struct ahead_opts *opts, struct ahead **out, struct sw_err *err)
{
    struct ahead *ahead = sw_calloc(1, sizeof(*ahead), err);

    *out = NULL;
    if (ahead == NULL)
        return -1;
    ahead->opts = *opts;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    ahead->slots = sw_calloc(opts->nr_pieces, sizeof(*ahead->slots), err);
    if (ahead->slots == NULL || start_threads(ahead, err) < 0) {
        ahead_close(ahead);
        return -1;
    }
    *out = ahead;
    return 0;
}

void ahead_close(struct ahead *ahead)
{
    if (ahead == NULL)
        return;
    pthread_mutex_lock(&ahead->lock);
    ahead->stop = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    for (unsigned i = 0; i < ahead->nr_threads; i++)
        pthread_join(ahead->threads[i], NULL);
    for (size_t i = 0; ahead->slots != NULL && i < ahead->opts.nr_pieces; i++)
        free(ahead->slots[i].buf);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead->slots);
    free(ahead);
}
