/* The qcow2 header and its extensions, checked field by field. */
#include "formats/qcow2/qcow2.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"

#include <string.h>

/* A field of the header as it stands in the file, for checks and messages. */
struct field {
    const char *name;
    unsigned off;
    uint64_t value;
};

#define FIELD32(disk, member)                                                         \
    (struct field)                                                                    \
    {                                                                                 \
#member, offsetof(struct qcow2_disk_header, member), be32_get((disk)->member) \
    }
#define FIELD64(disk, member)                                                         \
    (struct field)                                                                    \
    {                                                                                 \
#member, offsetof(struct qcow2_disk_header, member), be64_get((disk)->member) \
    }

static int bad_field(const struct sw_in *in, struct field field, enum sw_code code, const char *why,
                     struct sw_err *err)
{
    return sw_fail(err, code, "'%s': qcow2 field '%s' at offset %u is %llu (0x%llx): %s", in->name,
                   field.name, field.off, (unsigned long long)field.value, (unsigned long long)field.value,
                   why);
}

static int check_incompatible(const struct sw_in *in, struct field field, struct sw_err *err)
{
    const uint64_t known = QCOW2_INCOMPAT_DIRTY | QCOW2_INCOMPAT_DATA_FILE | QCOW2_INCOMPAT_COMPRESSION |
                           QCOW2_INCOMPAT_EXTENDED_L2;

    if ((field.value & QCOW2_INCOMPAT_CORRUPT) != 0)
        return bad_field(in, field, SW_INTEGRITY, "the image is marked as corrupt", err);
    if ((field.value & ~known) != 0)
        return bad_field(in, field, SW_REFUSED, "it asks for features that are not known", err);
    return 0;
}

static int check_base(const struct sw_in *in, const struct qcow2_disk_header *disk,
                      struct qcow2_header *header, struct sw_err *err)
{
    struct field version = FIELD32(disk, version), bits = FIELD32(disk, cluster_bits);
    struct field crypt = FIELD32(disk, crypt), snapshots = FIELD32(disk, nr_snapshots);
    struct field size = FIELD64(disk, size);

    if (version.value != 2 && version.value != 3)
        return bad_field(in, version, SW_REFUSED, "versions 2 and 3 are read", err);
    if (bits.value < QCOW2_CLUSTER_BITS_MIN || bits.value > QCOW2_CLUSTER_BITS_MAX)
        return bad_field(in, bits, SW_INTEGRITY, "it must be 9 to 21", err);
    if (crypt.value != 0)
        return bad_field(in, crypt, SW_REFUSED, "encrypted images are not read", err);
    if (snapshots.value > QCOW2_SNAPSHOTS_MAX)
        return bad_field(in, snapshots, SW_INTEGRITY, "at most 65536 are possible", err);
    if (size.value % SW_SECTOR_BYTES != 0)
        return bad_field(in, size, SW_INTEGRITY, "a disk has whole sectors of 512 bytes", err);
    header->version = (unsigned)version.value;
    header->cluster_bits = (unsigned)bits.value;
    header->nr_snapshots = (uint32_t)snapshots.value;
    header->snapshots_off = be64_get(disk->snapshots_off);
    header->size_bytes = size.value;
    return 0;
}

static int check_v3(const struct sw_in *in, const struct qcow2_disk_header *disk, struct qcow2_header *header,
                    struct sw_err *err)
{
    struct field incompatible = FIELD64(disk, incompatible), length = FIELD32(disk, header_length);
    struct field order = FIELD32(disk, refcount_order), bits = FIELD32(disk, cluster_bits);
    struct field compression = {"compression", offsetof(struct qcow2_disk_header, compression),
                                disk->compression};

    if (check_incompatible(in, incompatible, err) < 0)
        return -1;
    if (length.value < QCOW2_V3_HEADER_BYTES || length.value % 8 != 0 ||
        length.value > UINT64_C(1) << header->cluster_bits)
        return bad_field(in, length, SW_INTEGRITY, "it must be 104 or more, by eights, within a cluster",
                         err);
    header->data_file = (incompatible.value & QCOW2_INCOMPAT_DATA_FILE) != 0;
    /* It is refused with the file's name, once that was read. */
    if (header->data_file)
        return 0;
    if (order.value > 6)
        return bad_field(in, order, SW_INTEGRITY, "it must be 0 to 6", err);
    header->dirty = (incompatible.value & QCOW2_INCOMPAT_DIRTY) != 0;
    header->extended = (incompatible.value & QCOW2_INCOMPAT_EXTENDED_L2) != 0;
    if (header->extended && bits.value < QCOW2_EXTENDED_CLUSTER_BITS_MIN)
        return bad_field(in, bits, SW_INTEGRITY, "extended L2 entries need 14 to 21", err);
    header->compression = length.value > QCOW2_V3_HEADER_BYTES ? disk->compression : 0;
    if (header->compression > QCOW2_COMPRESSION_ZSTD)
        return bad_field(in, compression, SW_REFUSED, "zlib (0) and zstd (1) are read", err);
    if ((header->compression != 0) != ((incompatible.value & QCOW2_INCOMPAT_COMPRESSION) != 0))
        return bad_field(in, compression, SW_INTEGRITY, "it does not fit the incompatible bits", err);
    return 0;
}

static int check_l1(const struct sw_in *in, const struct qcow2_disk_header *disk, struct qcow2_header *header,
                    struct sw_err *err)
{
    struct field size = FIELD32(disk, l1_size), off = FIELD64(disk, l1_off);
    uint64_t bytes = size.value * 8, end;
    /* One L1 entry covers a cluster's worth of L2 entries. */
    uint64_t covers =
        UINT64_C(1) << (header->cluster_bits + qcow2_l2_bits(header->cluster_bits, header->extended));

    if (bytes > QCOW2_L1_BYTES_MAX)
        return bad_field(in, size, SW_REFUSED, "the L1 table is larger than 32 MiB", err);
    if (size.value < sw_div_up(header->size_bytes, covers))
        return bad_field(in, size, SW_INTEGRITY, "the L1 table does not cover the disk", err);
    if (off.value % (UINT64_C(1) << header->cluster_bits) != 0)
        return bad_field(in, off, SW_INTEGRITY, "the L1 table does not begin at a cluster", err);
    if (size.value > 0 && (sw_add_ovf(off.value, bytes, &end) || end > in->size_bytes))
        return bad_field(in, off, SW_INTEGRITY, "the L1 table lies beyond the end of the file", err);
    header->l1_off = off.value;
    header->l1_size = (uint32_t)size.value;
    return 0;
}

static int take_extension(const struct sw_in *in, uint32_t type, const uint8_t *bytes, uint32_t len,
                          struct qcow2_header *header, struct sw_err *err)
{
    if (type == QCOW2_EXT_DATA_FILE)
        return sw_fail(err, SW_REFUSED, "'%s': its data lies in another file, '%.*s', which is never opened",
                       in->name, (int)strnlen((const char *)bytes, sw_min_u64(len, 200)),
                       (const char *)bytes);
    if (type == QCOW2_EXT_LUKS)
        return sw_fail(err, SW_REFUSED, "'%s' names a LUKS header: encrypted images are not read", in->name);
    if (type != QCOW2_EXT_BACKING_FORMAT)
        return 0;
    if (len >= sizeof(header->backing_format) || memchr(bytes, 0, len) != NULL)
        return sw_fail(err, SW_INTEGRITY, "'%s': the backing format's name of %u bytes is not valid",
                       in->name, len);
    memcpy(header->backing_format, bytes, len);
    header->backing_format[len] = '\0';
    return 0;
}

/* The extensions between the header and the backing name; head is the file's first cluster. */
static int read_extensions(const struct sw_in *in, const uint8_t *head, size_t at, size_t end,
                           struct qcow2_header *header, struct sw_err *err)
{
    while (end - at >= 8) {
        uint32_t type = be32_get(head + at), len = be32_get(head + at + 4);

        if (type == QCOW2_EXT_END)
            return 0;
        at += 8;
        if (len > end - at)
            return sw_fail(
                err, SW_INTEGRITY,
                "'%s': qcow2 header extension 0x%08x at offset %zu is %u bytes long: it leaves the "
                "header",
                in->name, type, at - 8, len);
        if (take_extension(in, type, head + at, len, header, err) < 0)
            return -1;
        at = (size_t)sw_min_u64(end, at + sw_round_up(len, 8));
    }
    return 0;
}

static int read_backing_name(const struct sw_in *in, const struct qcow2_disk_header *disk,
                             const uint8_t *head, size_t head_len, struct qcow2_header *header,
                             struct sw_err *err)
{
    struct field off = FIELD64(disk, backing_off), len = FIELD32(disk, backing_len);

    if (off.value == 0 || len.value == 0)
        return 0;
    if (len.value > QCOW2_BACKING_NAME_MAX)
        return bad_field(in, len, SW_INTEGRITY, "a backing name has at most 1023 bytes", err);
    if (off.value > head_len || len.value > head_len - off.value)
        return bad_field(in, off, SW_INTEGRITY, "the backing name leaves the first cluster", err);
    if (memchr(head + off.value, 0, len.value) != NULL)
        return bad_field(in, off, SW_INTEGRITY, "the backing name has a NUL in it", err);
    memcpy(header->backing_name, head + off.value, len.value);
    header->backing_name[len.value] = '\0';
    return 0;
}

/* What follows the fixed part, which all must lie in the first cluster. */
static int read_rest(struct sw_in *in, const struct qcow2_disk_header *disk, struct qcow2_header *header,
                     struct sw_err *err)
{
    size_t head_len = (size_t)sw_min_u64(in->size_bytes, UINT64_C(1) << header->cluster_bits);
    size_t at = header->version == 2 ? QCOW2_V2_HEADER_BYTES : be32_get(disk->header_length);
    SW_AUTO_FREE uint8_t *head = malloc(head_len);
    uint64_t backing_off = be64_get(disk->backing_off);
    size_t end = head_len;

    if (head == NULL)
        return sw_fail(err, SW_FAILED, "out of memory (a cluster of %zu bytes)", head_len);
    if (at > head_len)
        return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: the header has %zu bytes", in->name, at);
    if (sw_in_read(in, head, head_len, 0, err) < 0 ||
        read_backing_name(in, disk, head, head_len, header, err) < 0)
        return -1;
    if (backing_off >= at && backing_off < end)
        end = (size_t)backing_off;
    if (read_extensions(in, head, at, end, header, err) < 0)
        return -1;
    if (header->data_file)
        return bad_field(in, FIELD64(disk, incompatible), SW_REFUSED,
                         "its data lies in another file, which is never opened and which it does not name",
                         err);
    return 0;
}

int qcow2_header_read(struct sw_in *in, struct qcow2_header *header, struct sw_err *err)
{
    struct qcow2_disk_header disk = {.version = {0}};
    size_t len = (size_t)sw_min_u64(in->size_bytes, sizeof(disk));

    if (len < QCOW2_V2_HEADER_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: a qcow2 header has 72 bytes, the file %zu",
                       in->name, len);
    if (sw_in_read(in, &disk, len, 0, err) < 0)
        return -1;
    memset(header, 0, sizeof(*header));
    if (check_base(in, &disk, header, err) < 0)
        return -1;
    if (header->version == 3) {
        if (len < QCOW2_V3_HEADER_BYTES)
            return sw_fail(err, SW_INTEGRITY,
                           "'%s' is truncated: a version 3 header has 104 bytes, the file %zu", in->name,
                           len);
        if (check_v3(in, &disk, header, err) < 0)
            return -1;
    }
    if (check_l1(in, &disk, header, err) < 0)
        return -1;
    return read_rest(in, &disk, header, err);
}
