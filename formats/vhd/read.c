/* Reading a VHD: runs of present and absent sectors, by block table and sector bitmaps. */
#include "formats/vhd/vhd.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

/* One look at a bitmap covers at most this much of the disk, so that it fits on the stack. */
enum { LOOK_BYTES = 2 << 20, LOOK_BITMAP_BYTES = LOOK_BYTES / SW_SECTOR_BYTES / 8 + 1 };

/* An allocated block: the run of equal bitmap bits that holds off. */
static int run_in_block(struct vhd_image *vhd, uint64_t off, struct sw_extent *run, struct sw_err *err)
{
    uint8_t bits[LOOK_BITMAP_BYTES];
    uint64_t block = (uint64_t)vhd->bat[off / vhd->block_bytes] * SW_SECTOR_BYTES;
    uint64_t within = off % vhd->block_bytes, skip = off % SW_SECTOR_BYTES;
    uint32_t sector = (uint32_t)(within / SW_SECTOR_BYTES), first = sector % 8;
    uint32_t n = (uint32_t)sw_min_u64((vhd->block_bytes - (within - skip)) / SW_SECTOR_BYTES,
                                      LOOK_BYTES / SW_SECTOR_BYTES);
    bool set;

    if (sw_in_read(vhd->base.in, bits, sw_div_up(first + n, 8), block + sector / 8, err) < 0)
        return -1;
    n = sw_same_bits(true, bits, first, n, &set);
    run->len = (uint64_t)n * SW_SECTOR_BYTES - skip;
    run->kind = set ? SW_EXTENT_DATA : SW_EXTENT_HOLE;
    run->plain = set;
    run->physical = block + vhd->bitmap_bytes + within;
    return 0;
}

/* Blocks that are not there, as many as follow each other. */
static void run_of_unused(const struct vhd_image *vhd, uint64_t off, struct sw_extent *run)
{
    uint32_t i = (uint32_t)(off / vhd->block_bytes) + 1;

    while (i < vhd->nr_blocks && vhd->bat[i] == VHD_BLOCK_UNUSED)
        i++;
    run->len = (uint64_t)i * vhd->block_bytes - off;
    run->kind = SW_EXTENT_HOLE;
}

int vhd_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    struct vhd_image *vhd = vhd_of(img);

    *extent = (struct sw_extent){.off = off};
    if (vhd->type == VHD_FIXED)
        sw_file_extent(img->in, off, img->size_bytes, extent);
    else if (vhd->bat[off / vhd->block_bytes] == VHD_BLOCK_UNUSED)
        run_of_unused(vhd, off, extent);
    else if (run_in_block(vhd, off, extent, err) < 0)
        return -1;
    extent->len = sw_min_u64(extent->len, img->size_bytes - off);
    return 0;
}

int vhd_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint8_t *to = buf;

    while (len > 0) {
        struct sw_extent run;
        size_t n;

        if (vhd_next_extent(img, off, &run, err) < 0)
            return -1;
        n = (size_t)sw_min_u64(len, run.len);
        if (run.kind == SW_EXTENT_DATA ? sw_in_read(img->in, to, n, run.physical, err) < 0
                                       : sw_read_parent(img, to, n, off, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
