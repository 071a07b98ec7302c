/* Hand-made qcow2 files: version 3, 16 KiB clusters; header, L1, one L2 table, then clusters of data. */
#ifndef TESTS_UNIT_FORMATS_QCOW2_EDIT_H
#define TESTS_UNIT_FORMATS_QCOW2_EDIT_H

#include "formats/qcow2/ondisk.h"
#include "src/base/endian.h"
#include "tests/unit/formats/disk.h"

enum {
    Q_BITS = 14,
    Q_CLUSTER = 1 << Q_BITS,
    Q_SUB = Q_CLUSTER / 32,
    Q_CLUSTERS = 8, /* of the disk; the last one is cut by 1536 bytes */
    Q_L1 = 1,       /* where things lie, in clusters of the file */
    Q_L2 = 2,
    Q_DATA = 3,
    Q_FILE_CLUSTERS = 8,
};
#define Q_DISK_BYTES (UINT64_C(1) * Q_CLUSTERS * Q_CLUSTER - 1536)

/* An empty disk in a file whose clusters from Q_DATA on hold the pattern of their offset. */
static inline struct mem_file q_file(uint64_t incompatible)
{
    struct mem_file file = {.len = (size_t)Q_FILE_CLUSTERS * Q_CLUSTER};
    struct qcow2_disk_header *disk;

    file.bytes = calloc(1, file.len);
    assert_non_null(file.bytes);
    disk = (struct qcow2_disk_header *)file.bytes;
    memcpy(disk->magic, "QFI\xfb", 4);
    be32_put(disk->version, 3);
    be32_put(disk->cluster_bits, Q_BITS);
    be64_put(disk->size, Q_DISK_BYTES);
    be32_put(disk->l1_size, 1);
    be64_put(disk->l1_off, Q_L1 * Q_CLUSTER);
    be64_put(disk->incompatible, incompatible);
    be32_put(disk->refcount_order, 4);
    be32_put(disk->header_length, sizeof(*disk));
    be64_put(file.bytes + Q_L1 * Q_CLUSTER, (uint64_t)Q_L2 * Q_CLUSTER | QCOW2_COPIED);
    for (size_t at = (size_t)Q_DATA * Q_CLUSTER; at < file.len; at++)
        file.bytes[at] = pattern_at(at);
    return file;
}

/* Sets the extended entry of a guest cluster. */
static inline void q_entry(struct mem_file *file, unsigned cluster, uint64_t entry, uint32_t allocated,
                           uint32_t zeros)
{
    uint8_t *at = file->bytes + Q_L2 * Q_CLUSTER + cluster * 16;

    be64_put(at, entry);
    be64_put(at + 8, (uint64_t)zeros << 32 | allocated);
}

/* The host place of the nth cluster of data. */
static inline uint64_t q_host(unsigned nth)
{
    return (uint64_t)(Q_DATA + nth) * Q_CLUSTER;
}

static inline int q_open(const struct mem_file *file, const struct sw_open_opts *opts, struct sw_image **img,
                         struct sw_err *err)
{
    *img = NULL;
    return sw_image_open(mem_in(file->bytes, file->len), "qcow2", opts, img, err);
}

#endif
