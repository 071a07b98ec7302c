/* Which blocks of a snapshot EBS has, with their digests: a sparse file with one fixed record a block. */
#include "src/import/block_log.h"

#include "src/base/digest.h"
#include "src/base/endian.h"
#include "src/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { CHECK_BYTES = 8, SYNC_EVERY = 128, CHUNK_RECORDS = 4096 };

struct record {
    uint8_t digest[SW_EBS_DIGEST];
    uint8_t check[CHECK_BYTES];
};
_Static_assert(sizeof(struct record) == 40, "no padding");

static int check_of(const struct block_log *log, uint32_t index, const uint8_t *digest,
                    uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    uint8_t bytes[SW_EBS_ID + 4 + SW_EBS_DIGEST] = {0};

    memcpy(bytes, log->snapshot, strlen(log->snapshot));
    le32_put(bytes + SW_EBS_ID, index);
    memcpy(bytes + SW_EBS_ID + 4, digest, SW_EBS_DIGEST);
    return sw_sha256(bytes, sizeof(bytes), out, err);
}

static int is_sound(const struct block_log *log, uint32_t index, const struct record *record, bool *sound,
                    struct sw_err *err)
{
    static const struct record empty;
    uint8_t check[SW_SHA256_BYTES];

    *sound = false;
    if (memcmp(record, &empty, sizeof(empty)) == 0)
        return 0;
    if (check_of(log, index, record->digest, check, err) < 0)
        return -1;
    *sound = memcmp(check, record->check, CHECK_BYTES) == 0;
    return 0;
}

int block_log_open(struct block_log *log, const char *path, const char *snapshot, struct sw_err *err)
{
    if (!sw_ebs_is_id(snapshot))
        return sw_fail(err, SW_INTEGRITY, "'%.80s' is no id of a snapshot", snapshot);
    memcpy(log->snapshot, snapshot, strlen(snapshot) + 1);
    log->path = sw_strdup(path, err);
    if (log->path == NULL)
        return -1;
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return log->fd >= 0 ? 0 : sw_fail_errno(err, "cannot open '%s'", path);
}

void block_log_close(struct block_log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    free(log->path);
    *log = (struct block_log){.fd = -1};
}

int block_log_note(struct block_log *log, uint32_t index, const uint8_t digest[SW_EBS_DIGEST],
                   struct sw_err *err)
{
    uint8_t check[SW_SHA256_BYTES];
    struct record record;

    if (check_of(log, index, digest, check, err) < 0)
        return -1;
    memcpy(record.digest, digest, sizeof(record.digest));
    memcpy(record.check, check, sizeof(record.check));
    if (sw_pwrite_full(log->fd, &record, sizeof(record), (uint64_t)index * sizeof(record), log->path, err) <
        0)
        return -1;
    if ((atomic_fetch_add(&log->noted, 1) + 1) % SYNC_EVERY == 0 && fdatasync(log->fd) < 0)
        return sw_fail_errno(err, "cannot write '%s'", log->path);
    return 0;
}

/* Whole records from that index on, as many as fit and are there. */
static int read_records(const struct block_log *log, uint64_t index, struct record *records, size_t most,
                        size_t *n, struct sw_err *err)
{
    ssize_t got;

    do
        got = pread(log->fd, records, most * sizeof(*records), (off_t)(index * sizeof(*records)));
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return sw_fail_errno(err, "cannot read '%s'", log->path);
    *n = (size_t)got / sizeof(*records);
    return 0;
}

int block_log_find(const struct block_log *log, uint32_t index, bool *found, uint8_t *digest,
                   struct sw_err *err)
{
    struct record record;
    size_t n;

    *found = false;
    if (read_records(log, index, &record, 1, &n, err) < 0 ||
        (n == 1 && is_sound(log, index, &record, found, err) < 0))
        return -1;
    if (*found && digest != NULL)
        memcpy(digest, record.digest, sizeof(record.digest));
    return 0;
}

/* The first record at or after index that is not all in a hole; index itself where the file cannot tell. */
static uint64_t skip_hole(const struct block_log *log, uint64_t index)
{
    off_t at = (off_t)(index * sizeof(struct record)), data = lseek(log->fd, at, SEEK_DATA);

    return data > at ? (uint64_t)data / sizeof(struct record) : index;
}

/* Visits every sound record, ascending, until a visit returns anything but 0; returns that. */
static int each_record(const struct block_log *log,
                       int (*visit)(const struct record *, void *, struct sw_err *), void *arg,
                       struct sw_err *err)
{
    SW_AUTO_FREE struct record *records = sw_calloc(CHUNK_RECORDS, sizeof(*records), err);
    uint64_t index = 0;
    size_t n = CHUNK_RECORDS;

    if (records == NULL)
        return -1;
    while (n == CHUNK_RECORDS) {
        index = skip_hole(log, index);
        if (read_records(log, index, records, CHUNK_RECORDS, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++) {
            bool sound;
            int rc = is_sound(log, (uint32_t)(index + i), &records[i], &sound, err);

            if (rc == 0 && sound)
                rc = visit(&records[i], arg, err);
            if (rc != 0)
                return rc;
        }
        index += n;
    }
    return 0;
}

static int stop_at_once(const struct record *record, void *arg, struct sw_err *err)
{
    (void)record;
    (void)arg;
    (void)err;
    return 1;
}

int block_log_any(const struct block_log *log, bool *any, struct sw_err *err)
{
    int rc = each_record(log, stop_at_once, NULL, err);

    *any = rc > 0;
    return rc < 0 ? -1 : 0;
}

/* Over the records that were read so far. */
struct sum {
    struct sw_digest *digest;
    uint64_t blocks;
};

static int sum_record(const struct record *record, void *arg, struct sw_err *err)
{
    struct sum *sum = arg;

    sum->blocks++;
    return sw_digest_update(sum->digest, record->digest, SW_EBS_DIGEST, err);
}

int block_log_sum(const struct block_log *log, uint64_t *blocks, uint8_t linear[SW_EBS_DIGEST],
                  struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    struct sum sum = {.digest = digest};

    if (digest == NULL || each_record(log, sum_record, &sum, err) < 0)
        return -1;
    *blocks = sum.blocks;
    return sw_digest_final(digest, linear, err);
}
