/* The VHD driver's own parts: opening, reading, writing. */
#ifndef SW_FORMATS_VHD_H
#define SW_FORMATS_VHD_H

#include "formats/drivers.h"
#include "formats/vhd/vhd_ondisk.h"
#include "src/base/digest.h"

enum { VHD_UNIT_BYTES = 2 << 20 };

struct vhd_image {
    struct sw_image base;
    enum vhd_type type;
    uint64_t data_end; /* reading: where the footer begins; nothing of the disk lies beyond */
    uint8_t uuid[16];
    char *parent_name; /* of a differencing disk */

    /* Dynamic and differencing disks. */
    uint64_t header_at;
    uint64_t table_at;
    uint32_t *bat; /* sector of each block's bitmap, host order, or VHD_BLOCK_UNUSED */
    uint32_t nr_blocks;
    uint32_t block_bytes;
    uint32_t bitmap_bytes; /* whole sectors, before each block's data */

    /* Writing. */
    int64_t epoch;
    uint64_t next_block; /* where the next block's bitmap goes */
    struct sw_content content;
};

static inline struct vhd_image *vhd_of(struct sw_image *img)
{
    return (struct vhd_image *)img;
}

/* Ones' complement of the byte sum; the checksum field itself (4 bytes at skip) counts as zero. */
uint32_t vhd_checksum(const void *bytes, size_t len, size_t skip);

/* Drivers' functions; contracts in slipway/image.h. */
int vhd_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err);
int vhd_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err);
int vhd_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err);
int vhd_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
               struct sw_err *err);
int vhd_put(struct sw_image *img, struct sw_block *block, struct sw_err *err);
int vhd_finish(struct sw_image *img, struct sw_err *err);
int vhd_save(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
             struct sw_err *err);
int vhd_restore(struct sw_image *img, uint64_t point, const void *state, size_t len, struct sw_err *err);

/* Reads and checks the dynamic header at header_at, and the whole block table. base and data_end are set. */
SW_MUST_CHECK int vhd_load_blocks(struct vhd_image *vhd, struct vhd_header *header, struct sw_err *err);

/* Tells the parent that a differencing disk names; unless top_only, opens it by opts' resolver and checks its identifier. */
SW_MUST_CHECK int vhd_open_parent(struct vhd_image *vhd, const struct vhd_header *header,
                                  const struct sw_open_opts *opts, struct sw_err *err);

#endif
