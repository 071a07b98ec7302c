/* VHD on disk: footer, dynamic header, parent locators. All big endian (Microsoft's VHD specification 1.0). */
#ifndef SW_FORMATS_VHD_ONDISK_H
#define SW_FORMATS_VHD_ONDISK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define VHD_FOOTER_COOKIE "conectix"
#define VHD_HEADER_COOKIE "cxsparse"

enum {
    VHD_FOOTER_BYTES = 512,
    VHD_OLD_FOOTER_BYTES = 511, /* Virtual PC before 2004 */
    VHD_HEADER_BYTES = 1024,
    VHD_VERSION = 0x00010000,
    VHD_FEATURES = 2,          /* "reserved", always set */
    VHD_EPOCH_2000 = 946684800 /* time stamps count from 2000-01-01 UTC */
};

enum vhd_type { VHD_FIXED = 2, VHD_DYNAMIC = 3, VHD_DIFFERENCING = 4 };

#define VHD_BLOCK_UNUSED UINT32_MAX
#define VHD_NO_OFFSET    UINT64_MAX

struct vhd_footer {
    uint8_t cookie[8];
    uint8_t features[4];
    uint8_t version[4];
    uint8_t data_offset[8]; /* of the dynamic header; all ones in a fixed disk */
    uint8_t time_stamp[4];
    uint8_t creator_app[4];
    uint8_t creator_version[4];
    uint8_t creator_os[4];
    uint8_t original_size[8];
    uint8_t current_size[8];
    uint8_t cylinders[2];
    uint8_t heads[1];
    uint8_t sectors[1];
    uint8_t disk_type[4];
    uint8_t checksum[4]; /* ones' complement of the sum of all other bytes */
    uint8_t uuid[16];
    uint8_t saved_state[1];
    uint8_t reserved[427];
};
static_assert(sizeof(struct vhd_footer) == VHD_FOOTER_BYTES, "the footer is one sector");
static_assert(offsetof(struct vhd_footer, current_size) == 48, "see specification");
static_assert(offsetof(struct vhd_footer, checksum) == 64, "see specification");

struct vhd_locator {
    uint8_t platform[4];
    uint8_t data_space[4];
    uint8_t data_length[4];
    uint8_t reserved[4];
    uint8_t data_offset[8];
};

enum { VHD_LOCATORS = 8, VHD_PARENT_NAME_UNITS = 256 };

struct vhd_header {
    uint8_t cookie[8];
    uint8_t data_offset[8]; /* unused, all ones */
    uint8_t table_offset[8];
    uint8_t version[4];
    uint8_t max_table_entries[4];
    uint8_t block_size[4];
    uint8_t checksum[4];
    uint8_t parent_uuid[16];
    uint8_t parent_time_stamp[4];
    uint8_t reserved1[4];
    uint8_t parent_name[2 * VHD_PARENT_NAME_UNITS]; /* UTF-16, big endian */
    struct vhd_locator locators[VHD_LOCATORS];
    uint8_t reserved2[256];
};
static_assert(sizeof(struct vhd_header) == VHD_HEADER_BYTES, "the header is two sectors");
static_assert(offsetof(struct vhd_header, checksum) == 36, "see specification");
static_assert(offsetof(struct vhd_header, locators) == 576, "see specification");

#endif
