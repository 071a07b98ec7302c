/* Sends the parts of one object that are missing, several at once, each with its digest, and notes every one that arrived. */
#include "src/import/upload.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/pool.h"
#include "src/import/encode.h"

#include <string.h>

uint64_t sw_import_part_bytes(uint64_t size_bytes)
{
    return sw_max_u64(8ULL << 20, sw_round_up(sw_div_up(size_bytes, 9000), 1ULL << 20));
}

int upload_plan(uint64_t size_bytes, uint64_t part_bytes, struct import_parts *out, struct sw_err *err)
{
    size_t n = sw_div_up(size_bytes, part_bytes);

    *out = (struct import_parts){.items = NULL};
    if (n == 0 || n > SW_S3_MAX_PARTS)
        return sw_fail(err, SW_FAILED, "%llu bytes in parts of %llu are %zu parts; S3 takes 1 to %d",
                       (unsigned long long)size_bytes, (unsigned long long)part_bytes, n, SW_S3_MAX_PARTS);
    out->items = sw_calloc(n, sizeof(*out->items), err);
    if (out->items == NULL)
        return -1;
    out->n = n;
    for (size_t i = 0; i < n; i++) {
        out->items[i].part.number = (unsigned)i + 1;
        out->items[i].part.size_bytes = sw_min_u64(part_bytes, size_bytes - i * part_bytes);
    }
    return 0;
}

void upload_match(struct import_parts *parts, const struct import_parts *log,
                  const struct sw_s3_parts *listed)
{
    for (size_t i = 0; i < log->n && i < parts->n; i++)
        if (log->items[i].part.size_bytes == parts->items[i].part.size_bytes)
            parts->items[i] = log->items[i];
    for (size_t i = 0; i < listed->n; i++) {
        const struct sw_s3_part *there = &listed->items[i];
        struct import_part *ours;

        if (there->number > parts->n)
            continue;
        ours = &parts->items[there->number - 1];
        ours->done = ours->sha256[0] != '\0' && ours->part.size_bytes == there->size_bytes &&
                     strcmp(ours->part.etag, there->etag) == 0;
    }
}

/* Shared by the workers; everything beneath the lock. */
struct run {
    struct import_upload *upload;
    pthread_mutex_t lock;
    size_t next;
    uint64_t done_bytes, total_bytes;
    bool stop;
    size_t failed_part; /* the lowest; n when none */
    struct sw_err err;
};

/* The next part to send, or n when there is none or something failed. */
static size_t take(struct run *run)
{
    struct import_upload *upload = run->upload;
    size_t part;

    pthread_mutex_lock(&run->lock);
    while (run->next < upload->parts.n && upload->parts.items[run->next].done && !upload->recheck)
        run->next++;
    part = run->stop ? upload->parts.n : run->next;
    if (part < upload->parts.n)
        run->next++;
    pthread_mutex_unlock(&run->lock);
    return part;
}

static void fail_run(struct run *run, size_t part, const struct sw_err *err)
{
    pthread_mutex_lock(&run->lock);
    run->stop = true;
    if (part < run->failed_part) {
        run->failed_part = part;
        run->err = *err;
    }
    pthread_mutex_unlock(&run->lock);
}

static void count(struct run *run, const struct import_part *part, uint64_t sent_bytes)
{
    struct import_upload *upload = run->upload;

    pthread_mutex_lock(&run->lock);
    upload->sent_bytes += sent_bytes;
    run->done_bytes += part->part.size_bytes;
    sw_progress_tick(upload->progress, run->done_bytes, run->total_bytes);
    pthread_mutex_unlock(&run->lock);
}

static int note(struct run *run, struct import_part *part, struct sw_err *err)
{
    struct import_upload *upload = run->upload;
    int rc;

    pthread_mutex_lock(&run->lock);
    rc = journal_note_part(upload->journal, upload->object, part, err);
    pthread_mutex_unlock(&run->lock);
    /* Others take parts meanwhile. */
    if (rc < 0 || journal_sync_parts(upload->journal, upload->object, err) < 0)
        return -1;
    part->done = true;
    count(run, part, part->part.size_bytes);
    return 0;
}

static int send_part(struct run *run, size_t index, uint8_t *buf, struct sw_err *err)
{
    struct import_upload *upload = run->upload;
    struct import_part *part = &upload->parts.items[index];
    uint64_t part_bytes = upload->journal->state.objects[upload->object].part_bytes;
    size_t len = part->part.size_bytes;
    char sha256[SW_SHA256_HEX];

    if (sw_check_interrupt(err) < 0 || sw_in_read(upload->disk->in, buf, len, index * part_bytes, err) < 0 ||
        sw_sha256_hex(buf, len, sha256, err) < 0)
        return -1;
    if (part->done && strcmp(part->sha256, sha256) == 0) {
        count(run, part, 0);
        return 0;
    }
    part->done = false;
    memcpy(part->sha256, sha256, sizeof(sha256));
    if (sw_s3_put_part(upload->cloud, &upload->place, &part->part, buf, part->sha256, err) < 0)
        return -1;
    return note(run, part, err);
}

static void work(void *arg, unsigned index)
{
    struct run *run = arg;
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE uint8_t *buf = NULL;
    size_t part;

    (void)index;
    while ((part = take(run)) < run->upload->parts.n) {
        if (buf == NULL)
            buf = sw_calloc(1, run->upload->parts.items[0].part.size_bytes, &err);
        if (buf == NULL || send_part(run, part, buf, &err) < 0) {
            fail_run(run, part, &err);
            return;
        }
    }
}

/* Each has a part in memory: of large ones there are fewer. */
static uint64_t connections(const struct import_upload *upload)
{
    return sw_max_u64(
        1, sw_min_u64(upload->connections, UPLOAD_MEMORY_BYTES / upload->parts.items[0].part.size_bytes));
}

static int send_missing(struct import_upload *upload, struct sw_err *err)
{
    const struct import_parts *parts = &upload->parts;
    struct run run = {.upload = upload, .failed_part = parts->n, .total_bytes = upload->object_bytes};
    size_t missing = 0;
    int rc = 0;

    for (size_t i = 0; i < parts->n; i++) {
        bool done = parts->items[i].done && !upload->recheck;

        missing += !done;
        run.done_bytes += done ? parts->items[i].part.size_bytes : 0;
    }
    sw_progress_tick(upload->progress, run.done_bytes, run.total_bytes);
    if (missing == 0)
        return 0;
    pthread_mutex_init(&run.lock, NULL);
    rc = sw_threads_run((unsigned)sw_min_u64(connections(upload), missing), work, &run, err);
    pthread_mutex_destroy(&run.lock);
    if (run.failed_part < parts->n) {
        *err = run.err;
        return -1;
    }
    return rc;
}

int upload_send(struct import_upload *upload, struct sw_err *err)
{
    const struct import_object *object = &upload->journal->state.objects[upload->object];
    struct import_parts log;

    if (upload->disk->image != NULL)
        return encode_send(upload, err);
    upload->object_bytes = upload->disk->in->size_bytes;
    if (upload_plan(upload->object_bytes, object->part_bytes, &upload->parts, err) < 0 ||
        journal_read_parts(upload->journal, upload->object, &log, err) < 0)
        return -1;
    upload_match(&upload->parts, &log, upload->listed);
    free(log.items);
    return send_missing(upload, err);
}

int upload_content(const struct import_parts *parts, char out[SW_SHA256_HEX], struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    uint8_t bytes[SW_SHA256_BYTES];

    if (digest == NULL)
        return -1;
    for (size_t i = 0; i < parts->n; i++)
        if (sw_digest_update(digest, parts->items[i].sha256, SW_SHA256_HEX - 1, err) < 0)
            return -1;
    if (sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), out);
    return 0;
}
