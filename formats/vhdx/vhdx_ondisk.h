/* VHDX on disk: headers, region table, metadata, block table, log. All little endian (MS-VHDX). */
#ifndef SW_FORMATS_VHDX_ONDISK_H
#define SW_FORMATS_VHDX_ONDISK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define VHDX_SIGNATURE          "vhdxfile"
#define VHDX_HEADER_SIGNATURE   "head"
#define VHDX_REGION_SIGNATURE   "regi"
#define VHDX_METADATA_SIGNATURE "metadata"
#define VHDX_ENTRY_SIGNATURE    "loge"
#define VHDX_DATA_SIGNATURE     "desc"
#define VHDX_ZERO_SIGNATURE     "zero"
#define VHDX_SECTOR_SIGNATURE   "data"

/* Every place and length of a region or block is a multiple of this. */
#define VHDX_MIB (UINT64_C(1) << 20)

enum {
    VHDX_GUID_BYTES = 16,
    VHDX_FILE_ID_BYTES = 64 << 10,
    VHDX_HEADER_AT = 64 << 10, /* the second one follows at twice that */
    VHDX_HEADER_BYTES = 4096,
    VHDX_VERSION = 1,
    VHDX_REGIONS_AT = 192 << 10, /* the second table follows 64 KiB behind */
    VHDX_REGIONS_BYTES = 64 << 10,
    VHDX_METADATA_BYTES = 64 << 10, /* of the table; its items lie behind */
    VHDX_ENTRIES_MAX = 2047,        /* of a region or metadata table */
    VHDX_ITEM_MAX_BYTES = 1 << 20,
    VHDX_LOG_SECTOR = 4096,
    VHDX_BITMAP_BYTES = 1 << 20,
    VHDX_CHUNK_SECTORS = 8 << 20, /* sectors that one sector bitmap block has bits for */
};

struct vhdx_file_id {
    uint8_t signature[8];
    uint8_t creator[512]; /* UTF-16 */
};

struct vhdx_header {
    uint8_t signature[4];
    uint8_t checksum[4]; /* CRC-32C over 4096 bytes, this field counting as zero */
    uint8_t sequence[8];
    uint8_t file_write_guid[16];
    uint8_t data_write_guid[16];
    uint8_t log_guid[16]; /* all zero: the log is empty */
    uint8_t log_version[2];
    uint8_t version[2];
    uint8_t log_length[4];
    uint8_t log_offset[8];
};
static_assert(offsetof(struct vhdx_header, log_guid) == 48, "see specification");
static_assert(sizeof(struct vhdx_header) == 80, "see specification");

/* At the start of the region table; entries follow. */
struct vhdx_region_table {
    uint8_t signature[4];
    uint8_t checksum[4]; /* CRC-32C over 64 KiB */
    uint8_t count[4];
    uint8_t reserved[4];
};

struct vhdx_region {
    uint8_t guid[16];
    uint8_t offset[8];
    uint8_t length[4];
    uint8_t required[4]; /* bit 0 */
};
static_assert(sizeof(struct vhdx_region) == 32, "see specification");

/* At the start of the metadata region; entries follow. */
struct vhdx_metadata_table {
    uint8_t signature[8];
    uint8_t reserved[2];
    uint8_t count[2];
    uint8_t reserved2[20];
};

enum { VHDX_ITEM_USER = 1, VHDX_ITEM_VIRTUAL_DISK = 2, VHDX_ITEM_REQUIRED = 4 };

struct vhdx_item {
    uint8_t guid[16];
    uint8_t offset[4]; /* from the start of the region */
    uint8_t length[4];
    uint8_t flags[4];
    uint8_t reserved[4];
};
static_assert(sizeof(struct vhdx_metadata_table) == 32 && sizeof(struct vhdx_item) == 32,
              "see specification");

enum { VHDX_LEAVE_ALLOCATED = 1, VHDX_HAS_PARENT = 2 };

struct vhdx_file_parameters {
    uint8_t block_size[4];
    uint8_t flags[4];
};

struct vhdx_locator {
    uint8_t type[16];
    uint8_t reserved[2];
    uint8_t count[2];
};

struct vhdx_locator_entry {
    uint8_t key_offset[4]; /* from the start of the item */
    uint8_t value_offset[4];
    uint8_t key_length[2]; /* bytes of UTF-16, without a NUL */
    uint8_t value_length[2];
};
static_assert(sizeof(struct vhdx_locator) == 20 && sizeof(struct vhdx_locator_entry) == 12,
              "see specification");

/* An entry of the block table: state in bits 0 to 2, place in bits 20 and up. */
enum vhdx_state {
    VHDX_NOT_PRESENT = 0, /* zeros, or the parent's */
    VHDX_UNDEFINED = 1,
    VHDX_ZERO = 2,
    VHDX_UNMAPPED = 3,
    VHDX_UNMAPPED_OLD = 5, /* before version 1.0 */
    VHDX_FULLY_PRESENT = 6,
    VHDX_PARTIALLY_PRESENT = 7, /* by the sector bitmap; only over a parent */
};
#define VHDX_STATE_MASK    UINT64_C(7)
#define VHDX_RESERVED_MASK UINT64_C(0xffff8)

struct vhdx_log_entry {
    uint8_t signature[4];
    uint8_t checksum[4]; /* CRC-32C over entry_length bytes */
    uint8_t entry_length[4];
    uint8_t tail[4]; /* where in the log the oldest entry lies that must be replayed */
    uint8_t sequence[8];
    uint8_t count[4];
    uint8_t reserved[4];
    uint8_t log_guid[16];
    uint8_t flushed_file_offset[8]; /* the file is at least this long, else it is truncated */
    uint8_t last_file_offset[8];    /* and this long after the replay */
};
static_assert(sizeof(struct vhdx_log_entry) == 64, "see specification");

/* A data descriptor carries the first 8 and last 4 bytes of its sector, where the log has signature and sequence. */
struct vhdx_descriptor {
    uint8_t signature[4];
    uint8_t trailing[4]; /* zero descriptor: reserved */
    uint8_t leading[8];  /* zero descriptor: the length */
    uint8_t file_offset[8];
    uint8_t sequence[8];
};
static_assert(sizeof(struct vhdx_descriptor) == 32, "see specification");

struct vhdx_data_sector {
    uint8_t signature[4];
    uint8_t sequence_high[4];
    uint8_t data[4084];
    uint8_t sequence_low[4];
};
static_assert(sizeof(struct vhdx_data_sector) == VHDX_LOG_SECTOR, "see specification");

/* GUIDs as they lie in the file: the first three groups little endian. */
#define VHDX_GUID(a, b, c, ...)                                                                        \
    {                                                                                                  \
        (a) & 0xff, (a) >> 8 & 0xff, (a) >> 16 & 0xff, (a) >> 24 & 0xff, (b)&0xff, (b) >> 8, (c)&0xff, \
            (c) >> 8, __VA_ARGS__                                                                      \
    }
#define VHDX_GUID_BAT VHDX_GUID(0x2DC27766u, 0xF623, 0x4200, 0x9D, 0x64, 0x11, 0x5E, 0x9B, 0xFD, 0x4A, 0x08)
#define VHDX_GUID_METADATA \
    VHDX_GUID(0x8B7CA206u, 0x4790, 0x4B9A, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E)
#define VHDX_GUID_PARAMETERS \
    VHDX_GUID(0xCAA16737u, 0xFA36, 0x4D43, 0xB3, 0xB6, 0x33, 0xF0, 0xAA, 0x44, 0xE7, 0x6B)
#define VHDX_GUID_SIZE VHDX_GUID(0x2FA54224u, 0xCD1B, 0x4876, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8)
#define VHDX_GUID_DISK_ID \
    VHDX_GUID(0xBECA12ABu, 0xB2E6, 0x4523, 0x93, 0xEF, 0xC3, 0x09, 0xE0, 0x00, 0xC7, 0x46)
#define VHDX_GUID_LOGICAL \
    VHDX_GUID(0x8141BF1Du, 0xA96F, 0x4709, 0xBA, 0x47, 0xF2, 0x33, 0xA8, 0xFA, 0xAB, 0x5F)
#define VHDX_GUID_PHYSICAL \
    VHDX_GUID(0xCDA348C7u, 0x445D, 0x4471, 0x9C, 0xC9, 0xE9, 0x88, 0x52, 0x51, 0xC5, 0x56)
#define VHDX_GUID_LOCATOR \
    VHDX_GUID(0xA8D35F2Du, 0xB30B, 0x454D, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C)
#define VHDX_GUID_PARENT_VHDX \
    VHDX_GUID(0xB04AEFB7u, 0xD19E, 0x4A81, 0xB7, 0x89, 0x25, 0xB8, 0xE9, 0x44, 0x59, 0x13)

#endif
