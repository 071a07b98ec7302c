/* Replaying a VHDX's log without changing the file: the active sequence, and what its entries write. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

/* A larger log that is not empty is refused; those of Windows and qemu have 1 MiB. */
enum { LOG_MAX_BYTES = 256 << 20, SECTOR_DESCRIPTORS = VHDX_LOG_SECTOR / sizeof(struct vhdx_descriptor) };

/* A valid entry, by the sector of the log that it begins at. */
struct entry {
    uint64_t sequence; /* 0: none begins here */
    uint32_t sectors;
    uint32_t tail; /* sector */
};

struct log {
    const struct vhdx_image *vhdx;
    const uint8_t *guid;
    struct entry *entries;
    uint32_t nr_sectors;
    struct vhdx_write *writes;
    size_t nr_writes, cap_writes;
};

/* Entries go around the end of the log. */
static uint32_t around(const struct log *log, uint32_t sector, uint32_t more)
{
    return (uint32_t)(((uint64_t)sector + more) % log->nr_sectors);
}

static uint64_t place_of(const struct log *log, uint32_t sector)
{
    return log->vhdx->log_at + (uint64_t)sector * VHDX_LOG_SECTOR;
}

static int read_sector(const struct log *log, uint32_t sector, uint8_t bytes[VHDX_LOG_SECTOR],
                       struct sw_err *err)
{
    return sw_in_read(log->vhdx->base.in, bytes, VHDX_LOG_SECTOR, place_of(log, sector), err);
}

/* The sectors before the first data sector. */
static uint32_t front_sectors(uint32_t descriptors)
{
    return (uint32_t)sw_div_up((uint64_t)descriptors +
                                   sizeof(struct vhdx_log_entry) / sizeof(struct vhdx_descriptor),
                               SECTOR_DESCRIPTORS);
}

static bool is_data(const struct vhdx_descriptor *descriptor)
{
    return memcmp(descriptor->signature, VHDX_DATA_SIGNATURE, sizeof(descriptor->signature)) == 0;
}

static bool is_descriptor(const struct vhdx_descriptor *descriptor, uint64_t sequence)
{
    return (is_data(descriptor) ||
            memcmp(descriptor->signature, VHDX_ZERO_SIGNATURE, sizeof(descriptor->signature)) == 0) &&
           le64_get(descriptor->sequence) == sequence;
}

/* The descriptors in one of an entry's front sectors, *n of them. */
static const struct vhdx_descriptor *descriptors_in(const uint8_t *bytes, uint32_t sector, uint32_t count,
                                                    uint32_t *n)
{
    uint32_t head = sector == 0 ? sizeof(struct vhdx_log_entry) / sizeof(struct vhdx_descriptor) : 0;
    uint32_t before = sector == 0 ? 0 : sector * SECTOR_DESCRIPTORS - 2;

    *n = (uint32_t)sw_min_u64(count - before, SECTOR_DESCRIPTORS - head);
    return (const struct vhdx_descriptor *)bytes + head;
}

/* What an entry's header says, when it can be one. */
static bool parse_entry(const struct log *log, const struct vhdx_log_entry *head, struct entry *entry)
{
    uint32_t bytes = le32_get(head->entry_length), tail = le32_get(head->tail);

    *entry = (struct entry){.sequence = le64_get(head->sequence),
                            .sectors = bytes / VHDX_LOG_SECTOR,
                            .tail = tail / VHDX_LOG_SECTOR};
    return memcmp(head->signature, VHDX_ENTRY_SIGNATURE, sizeof(head->signature)) == 0 &&
           memcmp(head->log_guid, log->guid, VHDX_GUID_BYTES) == 0 && entry->sequence != 0 &&
           bytes % VHDX_LOG_SECTOR == 0 && tail % VHDX_LOG_SECTOR == 0 && entry->tail < log->nr_sectors &&
           entry->sectors > 0 && entry->sectors <= log->nr_sectors &&
           le32_get(head->count) <= (uint64_t)entry->sectors * SECTOR_DESCRIPTORS &&
           front_sectors(le32_get(head->count)) <= entry->sectors;
}

/*
 * The checks of the sectors behind an entry's header stop at the first one that is another's; so none is looked
 * at for two entries, however long they claim to be.
 */
struct body {
    uint64_t sequence;
    uint32_t count;     /* of descriptors */
    uint32_t data_left; /* data sectors that the descriptors announced */
    uint32_t crc;
};

static bool check_front(struct body *body, const uint8_t *bytes, uint32_t sector)
{
    uint32_t n;
    const struct vhdx_descriptor *at = descriptors_in(bytes, sector, body->count, &n);

    for (uint32_t i = 0; i < n; i++) {
        if (!is_descriptor(&at[i], body->sequence))
            return false;
        body->data_left += is_data(&at[i]);
    }
    return true;
}

static bool check_data(struct body *body, const uint8_t *bytes)
{
    const struct vhdx_data_sector *sector = (const struct vhdx_data_sector *)bytes;

    return body->data_left-- > 0 && memcmp(sector->signature, VHDX_SECTOR_SIGNATURE, 4) == 0 &&
           le32_get(sector->sequence_high) == body->sequence >> 32 &&
           le32_get(sector->sequence_low) == (uint32_t)body->sequence;
}

/* 1: a whole entry begins at this sector; 0: none; -1: the file cannot be read. */
static int find_entry(const struct log *log, uint32_t first, struct entry *entry, struct sw_err *err)
{
    uint8_t bytes[VHDX_LOG_SECTOR];
    struct vhdx_log_entry head;
    struct body body = {.crc = 0};

    if (read_sector(log, first, bytes, err) < 0)
        return -1;
    memcpy(&head, bytes, sizeof(head));
    if (!parse_entry(log, &head, entry))
        return 0;
    body.sequence = entry->sequence;
    body.count = le32_get(head.count);
    memset(bytes + offsetof(struct vhdx_log_entry, checksum), 0, sizeof(head.checksum));
    for (uint32_t i = 0; i < entry->sectors; i++) {
        if (i > 0 && read_sector(log, around(log, first, i), bytes, err) < 0)
            return -1;
        if (i < front_sectors(body.count) ? !check_front(&body, bytes, i) : !check_data(&body, bytes))
            return 0;
        body.crc = vhdx_crc(body.crc, bytes, sizeof(bytes));
    }
    return body.data_left == 0 && body.crc == le32_get(head.checksum);
}

static int find_entries(struct log *log, struct sw_err *err)
{
    for (uint32_t i = 0; i < log->nr_sectors; i++) {
        struct entry entry;
        int found = find_entry(log, i, &entry, err);

        if (found < 0)
            return -1;
        if (found > 0)
            log->entries[i] = entry;
    }
    return 0;
}

static bool follows(const struct log *log, uint32_t at, uint32_t *next)
{
    *next = around(log, at, log->entries[at].sectors);
    return log->entries[*next].sequence != 0 && log->entries[*next].sequence == log->entries[at].sequence + 1;
}

/* From an entry's tail every one is there, up to itself. */
static bool is_whole(const struct log *log, uint32_t head)
{
    uint32_t at = log->entries[head].tail;

    if (log->entries[at].sequence == 0 || log->entries[at].sequence > log->entries[head].sequence)
        return false;
    while (at != head)
        if (!follows(log, at, &at))
            return false;
    return true;
}

/* The head of the active sequence: of those that nothing follows and that are whole, the newest. */
static bool find_head(const struct log *log, uint32_t *head)
{
    uint64_t best = 0;

    for (uint32_t i = 0; i < log->nr_sectors; i++) {
        uint32_t next;

        if (log->entries[i].sequence <= best || follows(log, i, &next) || !is_whole(log, i))
            continue;
        best = log->entries[i].sequence;
        *head = i;
    }
    return best != 0;
}

static int take_sizes(struct vhdx_image *vhdx, const struct log *log, uint32_t head, struct sw_err *err)
{
    struct vhdx_log_entry entry;
    uint64_t flushed, last;

    if (sw_in_read(vhdx->base.in, &entry, sizeof(entry), place_of(log, head), err) < 0)
        return -1;
    flushed = le64_get(entry.flushed_file_offset);
    last = le64_get(entry.last_file_offset);
    if (vhdx->base.in->size_bytes < flushed)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s' is truncated: %llu bytes, but flushed file offset %llu in the log entry at %llu",
                       vhdx->base.in->name, (unsigned long long)vhdx->base.in->size_bytes,
                       (unsigned long long)flushed, (unsigned long long)place_of(log, head));
    vhdx->file_end = sw_max_u64(vhdx->base.in->size_bytes, last);
    return 0;
}

static int add_write(struct log *log, const struct vhdx_write *write, struct sw_err *err)
{
    if (log->nr_writes == VHDX_WRITES_MAX)
        return sw_fail(err, SW_REFUSED, "'%s': a log of more than %d writes is not replayed",
                       log->vhdx->base.in->name, VHDX_WRITES_MAX);
    if (log->nr_writes == log->cap_writes) {
        size_t cap = log->cap_writes == 0 ? 256 : 2 * log->cap_writes;
        struct vhdx_write *grown = realloc(log->writes, cap * sizeof(*grown));

        if (grown == NULL)
            return sw_fail(err, SW_FAILED, "no memory for %zu writes of a log", cap);
        log->writes = grown;
        log->cap_writes = cap;
    }
    log->writes[log->nr_writes++] = *write;
    return 0;
}

/* Replays go to whole pages of the file behind the headers, and not into the log itself. */
static int check_write(const struct vhdx_image *vhdx, const struct vhdx_write *write, uint64_t at,
                       struct sw_err *err)
{
    uint64_t end;
    bool ends = !sw_add_ovf(write->off, write->len, &end) && end <= vhdx->file_end;

    if (ends && write->off % VHDX_LOG_SECTOR == 0 && write->len % VHDX_LOG_SECTOR == 0 &&
        write->off >= VHDX_REGIONS_AT &&
        (end <= vhdx->log_at || write->off >= vhdx->log_at + vhdx->log_bytes))
        return 0;
    return sw_fail(
        err, SW_INTEGRITY,
        "'%s': a descriptor in the log at %llu writes %llu bytes at %llu, where no replay may write",
        vhdx->base.in->name, (unsigned long long)at, (unsigned long long)write->len,
        (unsigned long long)write->off);
}

static int replay_descriptor(struct log *log, const struct vhdx_descriptor *descriptor, uint64_t at,
                             uint32_t *data, struct sw_err *err)
{
    struct vhdx_write write = {.off = le64_get(descriptor->file_offset)};

    if (is_data(descriptor)) {
        write.len = VHDX_LOG_SECTOR;
        write.data_at = place_of(log, *data);
        memcpy(write.ends, descriptor->leading, 8);
        memcpy(write.ends + 8, descriptor->trailing, 4);
        *data = around(log, *data, 1);
    } else {
        write.len = le64_get(descriptor->leading);
    }
    if (check_write(log->vhdx, &write, at, err) < 0)
        return -1;
    return write.len > 0 ? add_write(log, &write, err) : 0;
}

static int replay_entry(struct log *log, uint32_t first, struct sw_err *err)
{
    uint8_t bytes[VHDX_LOG_SECTOR];
    uint32_t count = 0, front = 1, data = 0;

    for (uint32_t i = 0; i < front; i++) {
        uint32_t n, sector = around(log, first, i);
        const struct vhdx_descriptor *at;

        if (read_sector(log, sector, bytes, err) < 0)
            return -1;
        if (i == 0) {
            count = le32_get(((const struct vhdx_log_entry *)bytes)->count);
            front = front_sectors(count);
            data = around(log, first, front);
        }
        at = descriptors_in(bytes, i, count, &n);
        for (uint32_t d = 0; d < n; d++)
            if (replay_descriptor(log, &at[d], place_of(log, sector), &data, err) < 0)
                return -1;
    }
    return 0;
}

static int replay_sequence(struct vhdx_image *vhdx, struct log *log, uint32_t head, struct sw_err *err)
{
    uint32_t at = log->entries[head].tail;

    if (take_sizes(vhdx, log, head, err) < 0)
        return -1;
    for (;;) {
        if (replay_entry(log, at, err) < 0)
            return -1;
        if (at == head)
            break;
        at = around(log, at, log->entries[at].sectors);
    }
    vhdx->overlay = vhdx_overlay_new(SW_STEAL_PTR(log->writes), log->nr_writes, err);
    return vhdx->overlay != NULL ? 0 : -1;
}

static int replay_log(struct vhdx_image *vhdx, struct log *log, struct sw_err *err)
{
    uint32_t head = 0;

    if (find_entries(log, err) < 0)
        return -1;
    if (!find_head(log, &head))
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s': its log of %u bytes at %llu is not empty, and holds no sequence of entries that is "
            "whole: the disk's content is not known",
            vhdx->base.in->name, vhdx->log_bytes, (unsigned long long)vhdx->log_at);
    return replay_sequence(vhdx, log, head, err);
}

int vhdx_replay(struct vhdx_image *vhdx, const uint8_t log_guid[VHDX_GUID_BYTES], struct sw_err *err)
{
    struct log log = {.vhdx = vhdx, .guid = log_guid, .nr_sectors = vhdx->log_bytes / VHDX_LOG_SECTOR};
    int rc;

    if (vhdx->log_bytes == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': log length 0, but its log is not empty",
                       vhdx->base.in->name);
    if (vhdx->log_bytes > LOG_MAX_BYTES)
        return sw_fail(err, SW_REFUSED, "'%s': a log of %u bytes that is not empty; at most %d are replayed",
                       vhdx->base.in->name, vhdx->log_bytes, LOG_MAX_BYTES);
    log.entries = sw_calloc(log.nr_sectors, sizeof(*log.entries), err);
    if (log.entries == NULL)
        return -1;
    rc = replay_log(vhdx, &log, err);
    free(log.entries);
    free(log.writes);
    return rc;
}
