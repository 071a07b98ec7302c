/* An object that is read in place: ranges in a bounded cache, read ahead by threads of their own; nothing on a disk. */
#include "src/export/fetch.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <pthread.h>
#include <string.h>

enum { PAGES = 16, PAGE_BYTES = 256 << 10, MORE_SLOTS = 4, SPAN_SLOTS_MAX = 32 };
/* All ranges in memory; a reader, the check and one that comes need some in any case. */
enum { SLOTS_BYTES = 160 << 20, SLOTS_MIN = 4 };

enum slot_state { SLOT_FREE, SLOT_WANTED, SLOT_LOADING, SLOT_READY, SLOT_FAILED };

/* One range in memory. Whoever reads it, or waits for it, holds a reference; without one it may become another. */
struct slot {
    enum slot_state state;
    uint64_t index, used;
    unsigned refs;
    uint8_t *buf; /* made when it is first needed */
    struct sw_err err;
};

/* Small pieces, for what looks here and there before the reading in order begins. */
struct page {
    uint64_t off, used;
    size_t len; /* 0: empty */
    uint8_t *buf;
};

struct fetch_place {
    struct sw_fetch *fetch;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct page pages[PAGES];
    struct slot *slots;
    size_t nr_slots;
    pthread_t threads[SW_FETCH_MAX_CONNECTIONS];
    unsigned nr_threads;
    uint64_t clock;
    uint64_t fed; /* ranges that the check has seen */
    bool feeding, stop, ahead;
    struct sw_err feed_err;
};

/* What formats read: a view, so that an image may own it while the fetch lives on. */
struct place_in {
    struct sw_in base;
    struct fetch_place *place;
};

static struct slot *find_slot(struct fetch_place *place, uint64_t index)
{
    for (size_t i = 0; i < place->nr_slots; i++)
        if (place->slots[i].state != SLOT_FREE && place->slots[i].index == index)
            return &place->slots[i];
    return NULL;
}

/* What the check has not seen is given up last: it would have to come a second time. */
static bool is_spent(const struct fetch_place *place, const struct slot *slot)
{
    return place->fetch->check == NULL || slot->index < place->fed;
}

/* A slot that may become another range; spent: only one whose range is behind `before` and of no more use. */
static struct slot *find_victim(struct fetch_place *place, bool spent, uint64_t before)
{
    struct slot *best = NULL;

    for (size_t i = 0; i < place->nr_slots; i++) {
        struct slot *slot = &place->slots[i];

        if (slot->state == SLOT_FREE)
            return slot;
        if (slot->state != SLOT_READY || slot->refs > 0 ||
            (spent && (slot->index >= before || !is_spent(place, slot))))
            continue;
        if (best == NULL || is_spent(place, slot) > is_spent(place, best) ||
            (is_spent(place, slot) == is_spent(place, best) && slot->used < best->used))
            best = slot;
    }
    return best;
}

static void want(struct fetch_place *place, struct slot *slot, uint64_t index)
{
    slot->state = SLOT_WANTED;
    slot->index = index;
    slot->refs = 0;
    slot->used = ++place->clock;
    pthread_cond_broadcast(&place->changed);
}

static void plan_ahead(struct fetch_place *place, uint64_t index)
{
    const struct sw_fetch *fetch = place->fetch;
    uint64_t end = sw_min_u64(index + 1 + fetch->opts.connections, fetch->nr_ranges);

    for (uint64_t at = index + 1; at < end; at++) {
        struct slot *slot = find_slot(place, at) == NULL ? find_victim(place, true, index) : NULL;

        if (slot != NULL)
            want(place, slot, at);
    }
}

static void release(struct fetch_place *place, struct slot *slot)
{
    pthread_mutex_lock(&place->lock);
    slot->refs--;
    if (slot->refs == 0 && slot->state == SLOT_FAILED)
        slot->state = SLOT_FREE;
    pthread_cond_broadcast(&place->changed);
    pthread_mutex_unlock(&place->lock);
}

/* The range's slot, which it may still have to come into; waits until there is one. */
static struct slot *claim(struct fetch_place *place, uint64_t index)
{
    for (;;) {
        struct slot *slot = find_slot(place, index);

        if (slot != NULL)
            return slot;
        slot = find_victim(place, false, 0);
        if (slot != NULL) {
            want(place, slot, index);
            return slot;
        }
        pthread_cond_wait(&place->changed, &place->lock);
    }
}

/* The range in memory, held; NULL and err when it did not come. */
static struct slot *acquire(struct fetch_place *place, uint64_t index, struct sw_err *err)
{
    struct slot *slot;
    bool failed;

    pthread_mutex_lock(&place->lock);
    slot = claim(place, index);
    slot->refs++;
    slot->used = ++place->clock;
    plan_ahead(place, index);
    while (slot->state == SLOT_WANTED || slot->state == SLOT_LOADING)
        pthread_cond_wait(&place->changed, &place->lock);
    failed = slot->state == SLOT_FAILED;
    if (failed)
        *err = slot->err;
    pthread_mutex_unlock(&place->lock);
    if (failed)
        release(place, slot);
    return failed ? NULL : slot;
}

/* Feeds the check with what is there from the front; one thread at a time, the lock held but for the feeding. */
static void feed(struct fetch_place *place)
{
    struct sw_fetch *fetch = place->fetch;
    struct slot *slot;

    if (fetch->check == NULL || place->feeding)
        return;
    place->feeding = true;
    while (place->feed_err.code == SW_OK && place->fed < fetch->nr_ranges &&
           (slot = find_slot(place, place->fed)) != NULL && slot->state == SLOT_READY) {
        struct sw_err err = {.code = SW_OK};
        int rc;

        slot->refs++;
        pthread_mutex_unlock(&place->lock);
        rc = object_check_feed(fetch->check, slot->buf, fetch_range_len(fetch, slot->index), &err);
        pthread_mutex_lock(&place->lock);
        slot->refs--;
        if (rc < 0)
            place->feed_err = err;
        else
            place->fed++;
        pthread_cond_broadcast(&place->changed);
    }
    place->feeding = false;
    pthread_cond_broadcast(&place->changed);
}

/* What somebody waits for comes before what is read ahead, and a lower range before a higher one. */
static struct slot *next_wanted(struct fetch_place *place)
{
    struct slot *best = NULL;

    for (size_t i = 0; i < place->nr_slots; i++) {
        struct slot *slot = &place->slots[i];

        if (slot->state == SLOT_WANTED &&
            (best == NULL || (slot->refs > 0) > (best->refs > 0) ||
             ((slot->refs > 0) == (best->refs > 0) && slot->index < best->index)))
            best = slot;
    }
    return best;
}

static void load(struct fetch_place *place, struct slot *slot)
{
    struct sw_fetch *fetch = place->fetch;
    struct sw_err err = {.code = SW_OK};
    int rc = 0;

    slot->state = SLOT_LOADING;
    pthread_mutex_unlock(&place->lock);
    if (slot->buf == NULL && (slot->buf = sw_calloc(1, fetch_range_len(fetch, 0), &err)) == NULL)
        rc = -1;
    if (rc == 0)
        rc = fetch_range(fetch, slot->index, slot->buf, &err);
    pthread_mutex_lock(&place->lock);
    slot->err = err;
    slot->state = rc == 0 ? SLOT_READY : slot->refs > 0 ? SLOT_FAILED : SLOT_FREE;
    if (rc == 0)
        fetch->stats.fetched_bytes += fetch_range_len(fetch, slot->index);
    pthread_cond_broadcast(&place->changed);
    feed(place);
}

static void *run_thread(void *arg)
{
    struct fetch_place *place = arg;
    struct slot *slot;

    pthread_mutex_lock(&place->lock);
    while (!place->stop) {
        slot = next_wanted(place);
        if (slot != NULL)
            load(place, slot);
        else
            pthread_cond_wait(&place->changed, &place->lock);
    }
    pthread_mutex_unlock(&place->lock);
    return NULL;
}

/* The page that holds off, the lock held throughout: before the reading ahead there is one reader. */
static struct page *find_page(struct fetch_place *place, uint64_t off, struct sw_err *err)
{
    const struct sw_fetch *fetch = place->fetch;
    struct page *page = &place->pages[0];
    uint64_t begin = off - off % PAGE_BYTES;
    size_t len = (size_t)sw_min_u64(PAGE_BYTES, fetch->facts.size_bytes - begin);

    for (size_t i = 0; i < PAGES; i++) {
        if (place->pages[i].len > 0 && place->pages[i].off == begin)
            return &place->pages[i];
        if (place->pages[i].used < page->used)
            page = &place->pages[i];
    }
    page->len = 0;
    if (page->buf == NULL && (page->buf = sw_calloc(1, PAGE_BYTES, err)) == NULL)
        return NULL;
    if (sw_s3_get_range(fetch->opts.cloud, &fetch->opts.object, &fetch->facts,
                        (struct sw_s3_range){begin, len}, page->buf, err) < 0)
        return NULL;
    place->fetch->stats.fetched_bytes += len;
    page->off = begin;
    page->len = len;
    return page;
}

static int read_pages(struct fetch_place *place, uint8_t *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const struct sw_fetch *fetch = place->fetch;

    if (len > PAGE_BYTES) {
        place->fetch->stats.fetched_bytes += len;
        return sw_s3_get_range(fetch->opts.cloud, &fetch->opts.object, &fetch->facts,
                               (struct sw_s3_range){off, len}, buf, err);
    }
    while (len > 0) {
        struct page *page = find_page(place, off, err);
        size_t piece;

        if (page == NULL)
            return -1;
        page->used = ++place->clock;
        piece = (size_t)sw_min_u64(len, page->off + page->len - off);
        memcpy(buf, page->buf + (off - page->off), piece);
        buf += piece;
        off += piece;
        len -= piece;
    }
    return 0;
}

static int read_slots(struct fetch_place *place, uint8_t *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const struct sw_fetch *fetch = place->fetch;

    while (len > 0) {
        uint64_t index = off / fetch->range_bytes, within = off % fetch->range_bytes;
        size_t piece = (size_t)sw_min_u64(len, fetch_range_len(fetch, index) - within);
        struct slot *slot = acquire(place, index, err);

        if (slot == NULL)
            return -1;
        memcpy(buf, slot->buf + within, piece);
        release(place, slot);
        buf += piece;
        off += piece;
        len -= piece;
    }
    return 0;
}

static int place_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct fetch_place *place = ((struct place_in *)in)->place;
    bool ahead;
    int rc = 0;

    pthread_mutex_lock(&place->lock);
    ahead = place->ahead;
    if (!ahead)
        rc = read_pages(place, buf, len, off, err);
    pthread_mutex_unlock(&place->lock);
    return ahead ? read_slots(place, buf, len, off, err) : rc;
}

static void view_close(struct sw_in *in)
{
    free(in);
}

static const struct sw_in_ops view_ops = {.pread = place_pread, .close = view_close};

int place_open(struct sw_fetch *fetch, struct sw_err *err)
{
    struct fetch_place *place = sw_calloc(1, sizeof(*place), err);

    if (place == NULL)
        return -1;
    place->fetch = fetch;
    pthread_mutex_init(&place->lock, NULL);
    pthread_cond_init(&place->changed, NULL);
    fetch->place = place;
    return 0;
}

int place_in(struct sw_fetch *fetch, struct sw_in **out, struct sw_err *err)
{
    struct place_in *in = sw_calloc(1, sizeof(*in), err);

    if (in == NULL)
        return -1;
    in->base = (struct sw_in){
        .ops = &view_ops, .size_bytes = fetch->facts.size_bytes, .fd = -1, .name = fetch->name};
    in->place = fetch->place;
    *out = &in->base;
    return 0;
}

int place_read_ahead(struct sw_fetch *fetch, uint64_t span_bytes, struct sw_err *err)
{
    struct fetch_place *place = fetch->place;

    if (place->ahead)
        return 0;
    place->nr_slots = 2 * fetch->opts.connections + MORE_SLOTS +
                      (size_t)sw_min_u64(sw_div_up(span_bytes, fetch->range_bytes), SPAN_SLOTS_MAX);
    place->nr_slots =
        sw_min_u64(place->nr_slots, sw_max_u64(SLOTS_BYTES / fetch_range_len(fetch, 0), SLOTS_MIN));
    place->slots = sw_calloc(place->nr_slots, sizeof(*place->slots), err);
    if (place->slots == NULL)
        return -1;
    while (place->nr_threads < fetch->opts.connections) {
        int rc = pthread_create(&place->threads[place->nr_threads], NULL, run_thread, place);

        if (rc != 0) {
            if (place->nr_threads > 0)
                break;
            return sw_fail(err, SW_FAILED, "cannot start a thread: %s", strerror(rc));
        }
        place->nr_threads++;
    }
    pthread_mutex_lock(&place->lock);
    place->ahead = true;
    pthread_mutex_unlock(&place->lock);
    return 0;
}

/* Range after range, each held until the check has seen it. */
int place_read_rest(struct sw_fetch *fetch, struct sw_err *err)
{
    struct fetch_place *place = fetch->place;
    uint64_t index;

    if (place_read_ahead(fetch, 0, err) < 0)
        return -1;
    for (;;) {
        struct slot *slot;

        pthread_mutex_lock(&place->lock);
        index = place->fed;
        pthread_mutex_unlock(&place->lock);
        if (index >= fetch->nr_ranges)
            return 0;
        slot = acquire(place, index, err);
        if (slot == NULL)
            return -1;
        pthread_mutex_lock(&place->lock);
        feed(place);
        while (place->fed <= index && place->feeding)
            pthread_cond_wait(&place->changed, &place->lock);
        *err = place->feed_err;
        pthread_mutex_unlock(&place->lock);
        release(place, slot);
        if (err->code != SW_OK)
            return -1;
    }
}

void place_close(struct sw_fetch *fetch)
{
    struct fetch_place *place = fetch->place;

    if (place == NULL)
        return;
    pthread_mutex_lock(&place->lock);
    place->stop = true;
    pthread_cond_broadcast(&place->changed);
    pthread_mutex_unlock(&place->lock);
    for (unsigned i = 0; i < place->nr_threads; i++)
        pthread_join(place->threads[i], NULL);
    for (size_t i = 0; place->slots != NULL && i < place->nr_slots; i++)
        free(place->slots[i].buf);
    for (size_t i = 0; i < PAGES; i++)
        free(place->pages[i].buf);
    pthread_cond_destroy(&place->changed);
    pthread_mutex_destroy(&place->lock);
    free(place->slots);
    free(place);
}
