/* An object that is read in place: ranges in a bounded cache, read ahead by threads of their own; nothing on a disk. */
#include "src/export/ahead.h"
#include "src/export/fetch.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { PAGES = 16, PAGE_BYTES = 256 << 10, SPAN_RANGES_MAX = 32 };
/* All ranges in memory; a reader, the check and one that comes need some in any case. */
enum { RANGES_BYTES = 160 << 20, RANGES_MIN = 4 };

/* Small pieces, for what looks here and there before the reading in order begins. */
struct page {
    uint64_t off, used;
    size_t len; /* 0: empty */
    uint8_t *buf;
};

struct fetch_place {
    struct sw_fetch *fetch;
    struct ahead *ahead;
    atomic_bool reads_ahead; /* ahead is there */
    pthread_mutex_t lock;    /* of what follows */
    pthread_cond_t changed;
    struct page pages[PAGES];
    uint64_t clock;
    atomic_ullong fed; /* ranges that the check has seen; to be read without the lock */
    bool feeding;
    struct sw_err feed_err;
};

/* What formats read: a view, so that an image may own it while the fetch lives on. */
struct place_in {
    struct sw_in base;
    struct fetch_place *place;
};

static int load_range(void *arg, uint64_t index, uint8_t *buf, struct sw_err *err)
{
    struct fetch_place *place = arg;
    struct sw_fetch *fetch = place->fetch;

    if (fetch_range(fetch, index, buf, err) < 0)
        return -1;
    pthread_mutex_lock(&place->lock);
    fetch->stats.fetched_bytes += fetch_range_len(fetch, index);
    pthread_mutex_unlock(&place->lock);
    return 0;
}

static uint64_t next_range(void *arg, uint64_t index)
{
    const struct fetch_place *place = arg;

    return index + 1 < place->fetch->nr_ranges ? index + 1 : UINT64_MAX;
}

/* What the check has not seen would have to come a second time. */
static bool is_spent(void *arg, uint64_t index)
{
    const struct fetch_place *place = arg;

    return place->fetch->check == NULL || index < atomic_load(&place->fed);
}

/* The lock is held but for the feeding; where it is given up for good, nothing was there to be fed. */
static void feed_all(struct fetch_place *place)
{
    struct sw_fetch *fetch = place->fetch;
    const uint8_t *bytes;
    uint64_t index;

    while (place->feed_err.code == SW_OK && (index = atomic_load(&place->fed)) < fetch->nr_ranges &&
           (bytes = ahead_peek(place->ahead, index)) != NULL) {
        struct sw_err err = {.code = SW_OK};
        int rc;

        pthread_mutex_unlock(&place->lock);
        rc = object_check_feed(fetch->check, bytes, fetch_range_len(fetch, index), &err);
        ahead_put(place->ahead, index);
        pthread_mutex_lock(&place->lock);
        if (rc < 0)
            place->feed_err = err;
        else
            atomic_store(&place->fed, index + 1);
        pthread_cond_broadcast(&place->changed);
    }
}

/* Feeds the check with what is there from the front; one thread at a time. */
static void feed(void *arg)
{
    struct fetch_place *place = arg;

    if (place->fetch->check == NULL)
        return;
    pthread_mutex_lock(&place->lock);
    if (!place->feeding) {
        place->feeding = true;
        feed_all(place);
        place->feeding = false;
        pthread_cond_broadcast(&place->changed);
    }
    pthread_mutex_unlock(&place->lock);
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

static int place_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct fetch_place *place = ((struct place_in *)in)->place;
    int rc;

    if (atomic_load(&place->reads_ahead))
        return ahead_read(place->ahead, buf, len, off, err);
    pthread_mutex_lock(&place->lock);
    rc = read_pages(place, buf, len, off, err);
    pthread_mutex_unlock(&place->lock);
    return rc;
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
    struct ahead_opts opts = {.arg = place,
                              .load = load_range,
                              .next = next_range,
                              .spent = is_spent,
                              .loaded = feed,
                              .piece_bytes = fetch->range_bytes,
                              .connections = fetch->opts.connections};

    if (place->ahead != NULL)
        return 0;
    if (fetch->nr_ranges == 1)
        opts.piece_bytes = fetch_range_len(fetch, 0);
    opts.nr_pieces = 2 * (size_t)opts.connections + AHEAD_MORE_PIECES +
                     (size_t)sw_min_u64(sw_div_up(span_bytes, fetch->range_bytes), SPAN_RANGES_MAX);
    opts.nr_pieces = sw_min_u64(opts.nr_pieces, sw_max_u64(RANGES_BYTES / opts.piece_bytes, RANGES_MIN));
    if (ahead_open(&opts, &place->ahead, err) < 0)
        return -1;
    atomic_store(&place->reads_ahead, true);
    return 0;
}

/* Waits until the check has seen the range, which is held meanwhile, or will not see it. */
static int wait_fed(struct fetch_place *place, uint64_t index, struct sw_err *err)
{
    feed(place);
    pthread_mutex_lock(&place->lock);
    while (atomic_load(&place->fed) <= index && place->feeding)
        pthread_cond_wait(&place->changed, &place->lock);
    *err = place->feed_err;
    pthread_mutex_unlock(&place->lock);
    return err->code == SW_OK ? 0 : -1;
}

/* Range after range, each held until the check has seen it. */
int place_read_rest(struct sw_fetch *fetch, struct sw_err *err)
{
    struct fetch_place *place = fetch->place;
    uint64_t index;

    if (place_read_ahead(fetch, 0, err) < 0)
        return -1;
    while ((index = atomic_load(&place->fed)) < fetch->nr_ranges) {
        int rc;

        if (ahead_get(place->ahead, index, err) == NULL)
            return -1;
        rc = wait_fed(place, index, err);
        ahead_put(place->ahead, index);
        if (rc < 0)
            return -1;
    }
    return 0;
}

void place_close(struct sw_fetch *fetch)
{
    struct fetch_place *place = fetch->place;

    if (place == NULL)
        return;
    ahead_close(place->ahead);
    for (size_t i = 0; i < PAGES; i++)
        free(place->pages[i].buf);
    pthread_cond_destroy(&place->changed);
    pthread_mutex_destroy(&place->lock);
    free(place);
}
