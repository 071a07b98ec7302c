/* The table of internal snapshots: not read, but one that leaves the file tells of damage. */
#include "formats/qcow2/qcow2.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

/* A field of a record, for messages. */
struct record {
    struct sw_in *in;
    uint32_t number;
    uint64_t off;
};

static int bad_record(const struct record *record, const char *field, size_t field_off, uint64_t value,
                      const char *why, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY,
                   "'%s': qcow2 field '%s' of snapshot %u at offset %llu is %llu (0x%llx): %s",
                   record->in->name, field, record->number, (unsigned long long)(record->off + field_off),
                   (unsigned long long)value, (unsigned long long)value, why);
}

static int check_snapshot_l1(const struct record *record, const struct qcow2_disk_snapshot *disk,
                             unsigned cluster_bits, struct sw_err *err)
{
    uint64_t off = be64_get(disk->l1_off), bytes = (uint64_t)be32_get(disk->l1_size) * 8, end;
    const size_t size_at = offsetof(struct qcow2_disk_snapshot, l1_size);

    if (bytes > QCOW2_L1_BYTES_MAX)
        return bad_record(record, "l1_size", size_at, bytes / 8, "the L1 table is larger than 32 MiB", err);
    if (off % (UINT64_C(1) << cluster_bits) != 0)
        return bad_record(record, "l1_off", 0, off, "the L1 table does not begin at a cluster", err);
    if (bytes > 0 && (sw_add_ovf(off, bytes, &end) || end > record->in->size_bytes))
        return bad_record(record, "l1_off", 0, off, "the L1 table lies beyond the end of the file", err);
    return 0;
}

/* Checks the record and moves to the next one. */
static int check_record(struct record *record, unsigned cluster_bits, struct sw_err *err)
{
    const size_t extra_at = offsetof(struct qcow2_disk_snapshot, extra_size);
    uint64_t left = record->in->size_bytes - record->off, len = sizeof(struct qcow2_disk_snapshot);
    struct qcow2_disk_snapshot disk = {.l1_off = {0}};
    uint32_t extra;

    if (left >= len) {
        if (sw_in_read(record->in, &disk, sizeof(disk), record->off, err) < 0)
            return -1;
        extra = be32_get(disk.extra_size);
        if (extra > QCOW2_SNAPSHOT_EXTRA_MAX)
            return bad_record(record, "extra_size", extra_at, extra, "at most 1024 bytes are known", err);
        len += extra + be16_get(disk.id_len) + be16_get(disk.name_len);
    }
    if (left < len)
        return sw_fail(
            err, SW_INTEGRITY, "'%s' is truncated: snapshot %u at offset %llu has %llu bytes or more",
            record->in->name, record->number, (unsigned long long)record->off, (unsigned long long)len);
    if (check_snapshot_l1(record, &disk, cluster_bits, err) < 0)
        return -1;
    record->off = sw_min_u64(record->off + sw_round_up(len, 8), record->in->size_bytes);
    record->number++;
    return 0;
}

/* Where the table begins, and that so many of the shortest records could lie behind it. */
static int check_begin(const struct sw_in *in, const struct qcow2_header *header, struct sw_err *err)
{
    const unsigned off_at = offsetof(struct qcow2_disk_header, snapshots_off);
    const unsigned nr_at = offsetof(struct qcow2_disk_header, nr_snapshots);
    uint64_t begin = header->snapshots_off;

    if (begin == 0 || begin % (UINT64_C(1) << header->cluster_bits) != 0 || begin > in->size_bytes)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': qcow2 field 'snapshots_off' at offset %u is %llu (0x%llx): the table must lie "
                       "in the file, at a cluster",
                       in->name, off_at, (unsigned long long)begin, (unsigned long long)begin);
    if (header->nr_snapshots > (in->size_bytes - begin) / sizeof(struct qcow2_disk_snapshot))
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': qcow2 field 'nr_snapshots' at offset %u is %u: the table at %llu leaves a file "
                       "of %llu bytes",
                       in->name, nr_at, header->nr_snapshots, (unsigned long long)begin,
                       (unsigned long long)in->size_bytes);
    return 0;
}

int qcow2_snapshots_check(struct sw_in *in, const struct qcow2_header *header, struct sw_err *err)
{
    struct record record = {.in = in, .off = header->snapshots_off};

    if (header->nr_snapshots == 0)
        return 0;
    if (check_begin(in, header, err) < 0)
        return -1;
    while (record.number < header->nr_snapshots) {
        if (check_record(&record, header->cluster_bits, err) < 0)
            return -1;
        if (record.off - header->snapshots_off > QCOW2_SNAPSHOT_TABLE_MAX)
            return sw_fail(err, SW_REFUSED, "'%s': the table of %u snapshots is larger than 64 MiB", in->name,
                           header->nr_snapshots);
    }
    return 0;
}
