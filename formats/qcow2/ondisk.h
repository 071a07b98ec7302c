/* qcow2 as it lies on the disk: QEMU's docs/interop/qcow2.txt. All integers are big endian. */
#ifndef SW_FORMATS_QCOW2_ONDISK_H
#define SW_FORMATS_QCOW2_ONDISK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qcow2_disk_header {
    uint8_t magic[4]; /* "QFI\xfb" */
    uint8_t version[4];
    uint8_t backing_off[8];
    uint8_t backing_len[4];
    uint8_t cluster_bits[4];
    uint8_t size[8];
    uint8_t crypt[4];
    uint8_t l1_size[4]; /* entries */
    uint8_t l1_off[8];
    uint8_t reftable_off[8];
    uint8_t reftable_clusters[4];
    uint8_t nr_snapshots[4];
    uint8_t snapshots_off[8];
    /* version 3 goes on: */
    uint8_t incompatible[8];
    uint8_t compatible[8];
    uint8_t autoclear[8];
    uint8_t refcount_order[4];
    uint8_t header_length[4];
    uint8_t compression; /* when header_length is over 104 */
    uint8_t pad[7];
};
static_assert(sizeof(struct qcow2_disk_header) == 112, "qcow2 header");
static_assert(offsetof(struct qcow2_disk_header, cluster_bits) == 20, "qcow2 header");
static_assert(offsetof(struct qcow2_disk_header, l1_off) == 40, "qcow2 header");
static_assert(offsetof(struct qcow2_disk_header, incompatible) == 72, "qcow2 header");
static_assert(offsetof(struct qcow2_disk_header, compression) == 104, "qcow2 header");

/* In the snapshot table; extra data, an id and a name follow, and padding to 8. */
struct qcow2_disk_snapshot {
    uint8_t l1_off[8];
    uint8_t l1_size[4]; /* entries */
    uint8_t id_len[2];
    uint8_t name_len[2];
    uint8_t seconds[4];
    uint8_t nanoseconds[4];
    uint8_t vm_clock[8];
    uint8_t vm_state_size[4];
    uint8_t extra_size[4];
};
static_assert(sizeof(struct qcow2_disk_snapshot) == 40, "qcow2 snapshot");
static_assert(offsetof(struct qcow2_disk_snapshot, extra_size) == 36, "qcow2 snapshot");

enum {
    QCOW2_V2_HEADER_BYTES = 72,
    QCOW2_V3_HEADER_BYTES = 104,
    QCOW2_CLUSTER_BITS_MIN = 9,
    QCOW2_CLUSTER_BITS_MAX = 21,
    QCOW2_BACKING_NAME_MAX = 1023,
    QCOW2_SNAPSHOTS_MAX = 65536,   /* QEMU's own limits, … */
    QCOW2_L1_BYTES_MAX = 32 << 20, /* … also for these tables */
    QCOW2_REFTABLE_BYTES_MAX = 8 << 20,
    QCOW2_SNAPSHOT_EXTRA_MAX = 1024,
    QCOW2_SNAPSHOT_TABLE_MAX = 64 << 20,
    QCOW2_SUBCLUSTER_BITS = 5,            /* with extended L2 entries a cluster has 32 parts, … */
    QCOW2_EXTENDED_CLUSTER_BITS_MIN = 14, /* … each a sector or more */
};

/* Bits of incompatible. */
enum {
    QCOW2_INCOMPAT_DIRTY = 1u << 0,
    QCOW2_INCOMPAT_CORRUPT = 1u << 1,
    QCOW2_INCOMPAT_DATA_FILE = 1u << 2,
    QCOW2_INCOMPAT_COMPRESSION = 1u << 3,
    QCOW2_INCOMPAT_EXTENDED_L2 = 1u << 4,
};

enum { QCOW2_COMPRESSION_ZLIB = 0, QCOW2_COMPRESSION_ZSTD = 1 };

/* Header extensions: {u32 type, u32 length, bytes padded to 8}. */
#define QCOW2_EXT_END            UINT32_C(0)
#define QCOW2_EXT_BACKING_FORMAT UINT32_C(0xe2792aca)
#define QCOW2_EXT_LUKS           UINT32_C(0x0537be77)
#define QCOW2_EXT_DATA_FILE      UINT32_C(0x44415441)

/* L1 and L2 entries. */
#define QCOW2_COPIED     (UINT64_C(1) << 63) /* exactly one reference */
#define QCOW2_COMPRESSED (UINT64_C(1) << 62)
#define QCOW2_ZERO       UINT64_C(1)                  /* L2, version 3 */
#define QCOW2_HOST_MASK  UINT64_C(0x00fffffffffffe00) /* bits 9 to 55 */

/*
 * An extended entry has a second word: for each subcluster a bit that says it is allocated, 32 bits further one that
 * says it reads as zeros. The first word has no QCOW2_ZERO then.
 */

/* In a compressed entry the host offset takes this many bits; the count of further sectors follows up to bit 61. */
static inline unsigned qcow2_coded_bits(unsigned cluster_bits)
{
    return 62 - (cluster_bits - 8);
}

/* An L2 table, which fills a cluster, has 1 << this many entries. */
static inline unsigned qcow2_l2_bits(unsigned cluster_bits, bool extended)
{
    return cluster_bits - (extended ? 4 : 3);
}

#endif
