/* Reading a VHDX: runs by block table and sector bitmaps, holes of the file inside of blocks. */
#include "formats/vhdx/vhdx.h"
#include "src/base/ckd.h"

#include <string.h>

/* One look at a bitmap or at the block table is for at most this much, so that each is cheap. */
enum { LOOK_SECTORS = 4096, LOOK_BITMAP_BYTES = LOOK_SECTORS / 8 + 1, LOOK_BLOCKS = 64 << 10 };

/* A run of the disk, and for DATA where it lies in the replayed file. */
struct run {
    enum sw_extent_kind kind;
    uint64_t len, at;
};

/* A block of which some sectors are here: the run of equal bits that holds off. */
static int run_by_bitmap(const struct vhdx_image *vhdx, uint64_t off, struct run *run, struct sw_err *err)
{
    uint8_t bits[LOOK_BITMAP_BYTES];
    uint64_t i = off / vhdx->block_bytes, bitmap;
    uint64_t skip = off % vhdx->sector_bytes, left = vhdx->block_bytes - off % vhdx->block_bytes + skip;
    uint64_t bit =
        (off - i / vhdx->chunk_blocks * vhdx->chunk_blocks * vhdx->block_bytes) / vhdx->sector_bytes;
    uint32_t n = (uint32_t)sw_min_u64(left / vhdx->sector_bytes, LOOK_SECTORS), first = bit % 8;
    bool set;

    if (vhdx_bitmap_at(vhdx, i, &bitmap, err) < 0 ||
        vhdx_read(vhdx, bits, (size_t)sw_div_up(first + n, 8), bitmap + bit / 8, err) < 0)
        return -1;
    n = sw_same_bits(false, bits, first, n, &set);
    run->len = (uint64_t)n * vhdx->sector_bytes - skip;
    run->kind = set ? SW_EXTENT_DATA : SW_EXTENT_HOLE;
    return 0;
}

static enum sw_extent_kind kind_of(const struct vhdx_block *block)
{
    if (block->at != 0)
        return SW_EXTENT_DATA;
    return block->state == VHDX_NOT_PRESENT ? SW_EXTENT_HOLE : SW_EXTENT_ZERO;
}

/* Blocks without bytes, as many as follow each other; not many more than want bytes need. */
static int run_of_absent(const struct vhdx_image *vhdx, uint64_t off, uint64_t want, struct run *run,
                         struct sw_err *err)
{
    uint64_t i = off / vhdx->block_bytes + 1;
    uint64_t end = sw_min_u64(vhdx->nr_blocks, i + sw_min_u64(want / vhdx->block_bytes, LOOK_BLOCKS));

    if (vhdx_absent_until(vhdx, &i, end, run->kind == SW_EXTENT_HOLE, err) < 0)
        return -1;
    run->len = i * vhdx->block_bytes - off;
    return 0;
}

/* The run that holds off; more than want bytes of it are not looked for. */
static int find_run(const struct vhdx_image *vhdx, uint64_t off, uint64_t want, struct run *run,
                    struct sw_err *err)
{
    uint64_t within = off % vhdx->block_bytes;
    struct vhdx_block block;

    if (vhdx_block_at(vhdx, off / vhdx->block_bytes, &block, err) < 0)
        return -1;
    *run = (struct run){kind_of(&block), vhdx->block_bytes - within, block.at + within};
    if (block.state == VHDX_PARTIALLY_PRESENT && run_by_bitmap(vhdx, off, run, err) < 0)
        return -1;
    if (block.at == 0 && run_of_absent(vhdx, off, want, run, err) < 0)
        return -1;
    run->len = sw_min_u64(run->len, vhdx->base.size_bytes - off);
    return 0;
}

/* What of a run of bytes the log writes, the file has, or is a hole there. */
static void look_in_file(const struct vhdx_image *vhdx, const struct run *run, struct sw_extent *extent)
{
    const struct sw_in *in = vhdx->base.in;
    uint64_t len;
    const struct vhdx_write *write = vhdx_overlay_at(vhdx->overlay, run->at, &len);
    struct sw_extent there;

    extent->len = sw_min_u64(run->len, len);
    if (write != NULL) {
        extent->kind = write->data_at != 0 ? SW_EXTENT_DATA : SW_EXTENT_ZERO;
        return;
    }
    extent->kind = SW_EXTENT_ZERO; /* the replay lengthens the file */
    if (run->at >= in->size_bytes)
        return;
    extent->len = sw_min_u64(extent->len, in->size_bytes - run->at);
    sw_file_extent(in, run->at, run->at + extent->len, &there);
    extent->len = there.len;
    if (there.kind != SW_EXTENT_DATA)
        return;
    extent->kind = SW_EXTENT_DATA;
    extent->plain = true;
    extent->physical = run->at;
}

int vhdx_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    struct vhdx_image *vhdx = vhdx_of(img);
    struct run run;

    if (find_run(vhdx, off, UINT64_MAX, &run, err) < 0)
        return -1;
    *extent = (struct sw_extent){.off = off, .len = run.len, .kind = run.kind};
    if (run.kind == SW_EXTENT_DATA)
        look_in_file(vhdx, &run, extent);
    return 0;
}

static int read_run(struct vhdx_image *vhdx, const struct run *run, uint8_t *to, size_t n, uint64_t off,
                    struct sw_err *err)
{
    if (run->kind == SW_EXTENT_DATA)
        return vhdx_read(vhdx, to, n, run->at, err);
    if (run->kind == SW_EXTENT_HOLE)
        return sw_read_parent(&vhdx->base, to, n, off, err);
    memset(to, 0, n);
    return 0;
}

int vhdx_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct vhdx_image *vhdx = vhdx_of(img);
    uint8_t *to = buf;

    while (len > 0) {
        struct run run;
        size_t n;

        if (find_run(vhdx, off, len, &run, err) < 0)
            return -1;
        n = (size_t)sw_min_u64(len, run.len);
        if (read_run(vhdx, &run, to, n, off, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
