/* A download beside the file that is made of it: parallel ranges, each noted with its digest once it is there. */
#include "src/export/fetch.h"

#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_JOURNAL_BYTES = 32 << 20, DIGEST_HEX = SW_SHA256_HEX - 1 };

struct range {
    uint8_t sha256[SW_SHA256_BYTES];
    bool noted; /* the journal has its digest */
    bool done;  /* its bytes are in the file */
};

struct fetch_disk {
    struct sw_out *out;
    struct range *ranges;
    int journal_fd;
    pthread_mutex_t lock; /* of what follows */
    uint64_t next, done_bytes;
    uint64_t fed; /* ranges that the check has seen; for whoever is feeding */
    bool feeding, stop;
    uint64_t failed_range; /* the lowest */
    struct sw_err err;
};

/* The journal's first line: what its digests are of. */
static char *journal_head(const struct sw_fetch *fetch, struct sw_err *err)
{
    SW_AUTO_FREE char *where = sw_strf(err, "%s\n%s", sw_cloud_s3_url(fetch->opts.cloud), fetch->name);
    char hex[SW_SHA256_HEX];

    if (where == NULL || sw_sha256_hex(where, strlen(where), hex, err) < 0)
        return NULL;
    return sw_strf(err, "slipway-download 1 %s %s %llu %llu\n", hex, fetch->facts.etag,
                   (unsigned long long)fetch->facts.size_bytes, (unsigned long long)fetch->range_bytes);
}

/* "INDEX DIGEST"; whatever is none, such as a line that a kill tore, is passed over. */
static void take_line(struct sw_fetch *fetch, const char *line)
{
    char *end;
    unsigned long long index;
    struct range *range;

    if (line[0] < '0' || line[0] > '9')
        return;
    errno = 0;
    index = strtoull(line, &end, 10);
    if (errno != 0 || *end != ' ' || index >= fetch->nr_ranges || strlen(end + 1) != DIGEST_HEX)
        return;
    range = &fetch->disk->ranges[index];
    range->noted = sw_unhex(end + 1, DIGEST_HEX, range->sha256, SW_SHA256_BYTES) == 0;
}

/* 1: the journal is of this object and was read; 0: there is none of it. */
static int read_journal(struct sw_fetch *fetch, const char *head, struct sw_err *err)
{
    const char *path = sw_partial_journal(fetch->disk->out);
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err why = {.code = SW_OK};
    char *end;
    int rc = sw_read_own_file(path, MAX_JOURNAL_BYTES, &text, &why);

    (void)err;
    if (rc < 0)
        sw_log(SW_LOG_WARNING, "the journal of the download is of no use: %s: it starts over", why.text);
    if (rc <= 0)
        return 0;
    if (text.len < strlen(head) || strncmp(text.data, head, strlen(head)) != 0) {
        sw_log(SW_LOG_INFO, "'%s' is another object than the one whose download was interrupted",
               fetch->name);
        return 0;
    }
    /* By its length: a power cut may leave zeros in the middle. */
    for (size_t at = strlen(head); (end = memchr(text.data + at, '\n', text.len - at)) != NULL;
         at = (size_t)(end - text.data) + 1) {
        *end = '\0';
        take_line(fetch, text.data + at);
    }
    return 1;
}

static int begin_journal(struct sw_fetch *fetch, const char *head, bool go_on, struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;
    const char *path = sw_partial_journal(disk->out);
    int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (go_on ? 0 : O_CREAT | O_EXCL);

    if (!go_on && sw_partial_restart(disk->out, err) < 0)
        return -1;
    disk->journal_fd = open(path, flags, 0600);
    if (disk->journal_fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", path);
    /* A kill may have torn the last line: a new one begins after it. */
    return sw_write_full(disk->journal_fd, go_on ? "\n" : head, go_on ? 1 : strlen(head), path, err);
}

static int make_room(struct sw_fetch *fetch, struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;
    uint64_t free_bytes, there;
    struct stat st;

    if (fstat(disk->out->fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at what was downloaded");
    there = (uint64_t)st.st_blocks * 512;
    if (sw_free_bytes(disk->out->name, &free_bytes, err) < 0)
        return -1;
    if (fetch->facts.size_bytes > there && fetch->facts.size_bytes - there > free_bytes)
        return sw_fail(err, SW_FAILED,
                       "'%s' has %llu bytes, of which %llu are still to come, and the disk has room for %llu",
                       fetch->name, (unsigned long long)fetch->facts.size_bytes,
                       (unsigned long long)(fetch->facts.size_bytes - there), (unsigned long long)free_bytes);
    /* Only when it changes: the file's stamps say to a later run whether it did. */
    return (uint64_t)st.st_size != fetch->facts.size_bytes
               ? sw_out_truncate(disk->out, fetch->facts.size_bytes, err)
               : 0;
}

/* The next range that is not done, or nr_ranges when there is none or something failed. */
static uint64_t take(struct sw_fetch *fetch)
{
    struct fetch_disk *disk = fetch->disk;
    uint64_t index;

    pthread_mutex_lock(&disk->lock);
    index = disk->stop || disk->next == fetch->nr_ranges ? fetch->nr_ranges : disk->next++;
    pthread_mutex_unlock(&disk->lock);
    return index;
}

static void fail_run(struct sw_fetch *fetch, uint64_t index, const struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;

    pthread_mutex_lock(&disk->lock);
    disk->stop = true;
    if (index < disk->failed_range) {
        disk->failed_range = index;
        disk->err = *err;
    }
    pthread_mutex_unlock(&disk->lock);
}

/* True when the file still has the bytes that the journal speaks of. */
static bool is_there(const struct sw_fetch *fetch, uint64_t index, uint8_t *buf)
{
    const struct range *range = &fetch->disk->ranges[index];
    size_t len = fetch_range_len(fetch, index);
    struct sw_err ignored = {.code = SW_OK};
    uint8_t digest[SW_SHA256_BYTES];

    return range->noted &&
           sw_pread_full(fetch->disk->out->fd, buf, len, index * fetch->range_bytes, fetch->name, &ignored) ==
               0 &&
           sw_sha256(buf, len, digest, &ignored) == 0 && memcmp(digest, range->sha256, sizeof(digest)) == 0;
}

static int bring(struct sw_fetch *fetch, uint64_t index, uint8_t *buf, char line[], size_t line_len,
                 struct sw_err *err)
{
    size_t len = fetch_range_len(fetch, index);
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (fetch_range(fetch, index, buf, err) < 0 || sw_sha256(buf, len, digest, err) < 0 ||
        sw_out_pwrite(fetch->disk->out, buf, len, index * fetch->range_bytes, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), hex);
    snprintf(line, line_len, "%llu %s\n", (unsigned long long)index, hex);
    return 0;
}

/* line: for the journal; "" when it has the range already. */
static int note(struct sw_fetch *fetch, uint64_t index, const char *line, struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;
    size_t len = fetch_range_len(fetch, index);
    int rc = 0;

    pthread_mutex_lock(&disk->lock);
    if (line[0] != '\0')
        rc = sw_write_full(disk->journal_fd, line, strlen(line), sw_partial_journal(disk->out), err);
    if (rc == 0) {
        *(line[0] != '\0' ? &fetch->stats.fetched_bytes : &fetch->stats.kept_bytes) += len;
        disk->ranges[index].done = true;
        disk->done_bytes += len;
        sw_progress_tick(fetch->opts.progress, disk->done_bytes, fetch->facts.size_bytes);
    }
    pthread_mutex_unlock(&disk->lock);
    return rc;
}

/* One worker at a time feeds the check with what is there from the front; buf may lose its bytes. */
static int feed(struct sw_fetch *fetch, uint8_t *buf, struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;
    int rc = 0;

    if (fetch->check == NULL)
        return 0;
    pthread_mutex_lock(&disk->lock);
    if (disk->feeding) {
        pthread_mutex_unlock(&disk->lock);
        return 0;
    }
    disk->feeding = true;
    while (rc == 0 && !disk->stop && disk->fed < fetch->nr_ranges && disk->ranges[disk->fed].done) {
        size_t len = fetch_range_len(fetch, disk->fed);

        pthread_mutex_unlock(&disk->lock);
        rc = sw_pread_full(disk->out->fd, buf, len, disk->fed * fetch->range_bytes, fetch->name, err);
        if (rc == 0)
            rc = object_check_feed(fetch->check, buf, len, err);
        pthread_mutex_lock(&disk->lock);
        disk->fed++;
    }
    disk->feeding = false;
    pthread_mutex_unlock(&disk->lock);
    return rc;
}

static int one_range(struct sw_fetch *fetch, uint64_t index, uint8_t *buf, struct sw_err *err)
{
    char line[32 + SW_SHA256_HEX] = "";

    if (!is_there(fetch, index, buf) && bring(fetch, index, buf, line, sizeof(line), err) < 0)
        return -1;
    return note(fetch, index, line, err) < 0 ? -1 : feed(fetch, buf, err);
}

static void work(void *arg, unsigned worker)
{
    struct sw_fetch *fetch = arg;
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE uint8_t *buf = NULL;
    uint64_t index;

    (void)worker;
    while ((index = take(fetch)) < fetch->nr_ranges) {
        if (buf == NULL)
            buf = sw_calloc(1, fetch_range_len(fetch, 0), &err);
        if (buf == NULL || one_range(fetch, index, buf, &err) < 0) {
            fail_run(fetch, index, &err);
            return;
        }
    }
}

static int download(struct sw_fetch *fetch, struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;
    SW_AUTO_FREE uint8_t *buf = sw_calloc(1, fetch_range_len(fetch, 0), err);
    int rc = -1;

    sw_progress_tick(fetch->opts.progress, 0, fetch->facts.size_bytes);
    if (buf != NULL)
        rc =
            sw_threads_run((unsigned)sw_min_u64(fetch->opts.connections, fetch->nr_ranges), work, fetch, err);
    if (disk->failed_range < fetch->nr_ranges) {
        *err = disk->err;
        return -1;
    }
    if (rc < 0 || feed(fetch, buf, err) < 0)
        return -1;
    return fetch->check != NULL ? sw_fetch_check(fetch, err) : 0;
}

static int prepare(struct sw_fetch *fetch, struct sw_err *err)
{
    struct fetch_disk *disk = fetch->disk;
    SW_AUTO_FREE char *head = journal_head(fetch, err);
    int go_on;

    disk->ranges = sw_calloc(fetch->nr_ranges, sizeof(*disk->ranges), err);
    if (head == NULL || disk->ranges == NULL)
        return -1;
    go_on = read_journal(fetch, head, err);
    return begin_journal(fetch, head, go_on == 1, err) < 0 ? -1 : make_room(fetch, err);
}

int disk_open(struct sw_fetch *fetch, const char *beside, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_strf(err, "%s.object", beside);
    struct fetch_disk *disk = sw_calloc(1, sizeof(*disk), err);

    if (path == NULL || disk == NULL) {
        free(disk);
        return -1;
    }
    disk->journal_fd = -1;
    disk->failed_range = fetch->nr_ranges;
    pthread_mutex_init(&disk->lock, NULL);
    fetch->disk = disk;
    if (sw_out_open_partial(path, 0600, &disk->out, err) < 0)
        return -1;
    disk->out->lazy = true;
    if (prepare(fetch, err) < 0 || download(fetch, err) < 0) {
        /* Bytes that are wrong, or of an object that is no more, are not worth keeping: the ETag tells the latter. */
        if (err->code != SW_INTEGRITY)
            sw_partial_keep(disk->out);
        return -1;
    }
    return 0;
}

int disk_in(struct sw_fetch *fetch, struct sw_in **out, struct sw_err *err)
{
    int fd = fcntl(fetch->disk->out->fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return sw_fail_errno(err, "cannot read what was downloaded");
    return sw_in_open_fd(fd, fetch->name, out, err);
}

void disk_keep(struct sw_fetch *fetch)
{
    sw_partial_keep(fetch->disk->out);
}

void disk_close(struct sw_fetch *fetch)
{
    struct fetch_disk *disk = fetch->disk;

    if (disk == NULL)
        return;
    sw_out_close(disk->out);
    if (disk->journal_fd >= 0)
        close(disk->journal_fd);
    pthread_mutex_destroy(&disk->lock);
    free(disk->ranges);
    free(disk);
}
