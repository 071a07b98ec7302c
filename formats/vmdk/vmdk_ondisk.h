/* VMDK on disk: sparse extents. All little endian (VMware's Virtual Disk Format 5.0 note, and what VMware writes). */
#ifndef SW_FORMATS_VMDK_ONDISK_H
#define SW_FORMATS_VMDK_ONDISK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define VMDK_MAGIC      "KDMV"
#define VMDK_UNFINISHED "kdmv" /* open-vmdk's mark of a file that it did not finish */
#define VMDK_COWD_MAGIC "COWD"
#define VMDK_SE_MAGIC   "\xbe\xba\xfe\xca\0\0\0\0"
#define VMDK_NEWLINES   "\n \r\n"
#define VMDK_GD_AT_END  UINT64_MAX

enum vmdk_flag {
    VMDK_FLAG_NEWLINES = 1u << 0,     /* the newline test is valid */
    VMDK_FLAG_REDUNDANT_GD = 1u << 1, /* a second directory is there */
    VMDK_FLAG_ZERO_GRAINS = 1u << 2,  /* a table entry of 1 is a grain of zeros */
    VMDK_FLAG_COMPRESSED = 1u << 16,
    VMDK_FLAG_MARKERS = 1u << 17, /* grains carry their address, tables have markers */
    VMDK_FLAGS_INCOMPATIBLE = 0xffffu << 16,
};

enum {
    VMDK_COMPRESS_NONE = 0,
    VMDK_COMPRESS_DEFLATE = 1,
    VMDK_GTE_ZERO = 1, /* with VMDK_FLAG_ZERO_GRAINS */
};

struct vmdk_header {
    uint8_t magic[4];
    uint8_t version[4];
    uint8_t flags[4];
    uint8_t capacity[8];   /* of the disk; this and all below in sectors */
    uint8_t grain_size[8]; /* power of two */
    uint8_t descriptor_offset[8];
    uint8_t descriptor_size[8];
    uint8_t gtes_per_gt[4];
    uint8_t rgd_offset[8];
    uint8_t gd_offset[8];
    uint8_t overhead[8]; /* where grains begin */
    uint8_t unclean_shutdown[1];
    uint8_t newlines[4];
    uint8_t compress_algorithm[2];
    uint8_t pad[433];
};
static_assert(sizeof(struct vmdk_header) == 512, "the header is one sector");
static_assert(offsetof(struct vmdk_header, gd_offset) == 56, "see specification");
static_assert(offsetof(struct vmdk_header, compress_algorithm) == 77, "see specification");

enum vmdk_marker_type { VMDK_MARKER_EOS = 0, VMDK_MARKER_GT = 1, VMDK_MARKER_GD = 2, VMDK_MARKER_FOOTER = 3 };

struct vmdk_marker {
    uint8_t sectors[8]; /* of what follows */
    uint8_t size[4];    /* 0; a grain has its length here */
    uint8_t type[4];
    uint8_t pad[496];
};
static_assert(sizeof(struct vmdk_marker) == 512, "a marker is one sector");

/* Before a compressed grain. Without VMDK_FLAG_MARKERS only the size is there. */
struct vmdk_grain_header {
    uint8_t lba[8];
    uint8_t size[4];
};
static_assert(sizeof(struct vmdk_grain_header) == 12, "see specification");

/* ESX's own sparse extent. What follows the fields below (a root's geometry or a child's parent) is not looked at. */
struct vmdk_cowd_header {
    uint8_t magic[4];
    uint8_t version[4];
    uint8_t flags[4];
    uint8_t capacity[4]; /* this and all below in sectors */
    uint8_t grain_size[4];
    uint8_t gd_offset[4];
    uint8_t nr_gd_entries[4];
    uint8_t free_sector[4];
    uint8_t rest[2016];
};
static_assert(sizeof(struct vmdk_cowd_header) == 2048, "the header is four sectors");

#endif
