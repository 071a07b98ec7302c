/*
 * Writing monolithicSparse as VMware lays it out: header, descriptor, both directories with all of their tables, then
 * the grains in ascending order. The places of the tables are known from the start; those without a grain stay holes.
 */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    DESCRIPTOR_AT = 1,
    DESCRIPTOR_SECTORS = 20,
    RGD_AT = DESCRIPTOR_AT + DESCRIPTOR_SECTORS,
    GT_SECTORS = VMDK_GTES_MAX * 4 / SW_SECTOR_BYTES,
    UNIT_GRAINS = 16, /* put at once: fewer calls than one for each grain */
    GDES_AT_ONCE = 4096,
};

#define PER_TABLE_BYTES ((uint64_t)VMDK_GTES_MAX * VMDK_UNIT_BYTES)

static int check_opts(const struct sw_out *out, const struct sw_create_opts *opts, struct sw_err *err)
{
    if (opts->level != 0)
        return sw_fail(err, SW_USAGE, "a monolithicSparse vmdk is not compressed: it takes no level");
    if (sw_create_check(&sw_format_vmdk, opts, 0, err) < 0)
        return -1;
    if (!sw_out_seekable(out))
        return sw_fail(
            err, SW_USAGE,
            "a monolithicSparse vmdk cannot be written as a stream: take subformat=streamOptimized");
    return 0;
}

/* Of one directory; its tables follow it. */
static uint64_t directory_sectors(const struct vmdk_image *vmdk)
{
    return sw_div_up((uint64_t)vmdk->nr_gts * 4, SW_SECTOR_BYTES);
}

static uint64_t gd_at(const struct vmdk_image *vmdk)
{
    return RGD_AT + directory_sectors(vmdk) + (uint64_t)vmdk->nr_gts * GT_SECTORS;
}

static uint64_t overhead(const struct vmdk_image *vmdk)
{
    return sw_round_up(2 * gd_at(vmdk) - RGD_AT, VMDK_UNIT_SECTORS);
}

static int write_header(struct vmdk_image *vmdk, struct sw_err *err)
{
    struct vmdk_header header = {.pad = {0}};

    memcpy(header.magic, VMDK_MAGIC, 4);
    le32_put(header.version, 1);
    le32_put(header.flags, VMDK_FLAG_NEWLINES | VMDK_FLAG_REDUNDANT_GD);
    le64_put(header.capacity, vmdk->base.size_bytes / SW_SECTOR_BYTES);
    le64_put(header.grain_size, VMDK_UNIT_SECTORS);
    le64_put(header.descriptor_offset, DESCRIPTOR_AT);
    le64_put(header.descriptor_size, DESCRIPTOR_SECTORS);
    le32_put(header.gtes_per_gt, VMDK_GTES_MAX);
    le64_put(header.rgd_offset, RGD_AT);
    le64_put(header.gd_offset, gd_at(vmdk));
    le64_put(header.overhead, overhead(vmdk));
    memcpy(header.newlines, VMDK_NEWLINES, 4);
    return sw_out_pwrite(vmdk->base.out, &header, sizeof(header), 0, err);
}

/* The file's own name is not in it: readers take an embedded descriptor's file for the one it is in. */
static int write_descriptor(const struct vmdk_image *vmdk, int64_t epoch, struct sw_err *err)
{
    const struct vmdk_shape shape = {vmdk->base.size_bytes, "monolithicSparse", "RW", "disk.vmdk"};
    SW_AUTO_BUF struct sw_buf text = {0};

    if (vmdk_describe(&shape, epoch, &text, err) < 0)
        return -1;
    return sw_out_pwrite(vmdk->base.out, text.data, text.len, (uint64_t)DESCRIPTOR_AT * SW_SECTOR_BYTES, err);
}

/* Entries of the directory at this sector, in pieces. */
static int write_directory(const struct vmdk_image *vmdk, uint64_t at, struct sw_err *err)
{
    uint8_t gdes[GDES_AT_ONCE * 4];
    uint64_t first_gt = at + directory_sectors(vmdk);

    for (uint32_t gt = 0; gt < vmdk->nr_gts; gt += GDES_AT_ONCE) {
        uint32_t n = (uint32_t)sw_min_u64(vmdk->nr_gts - gt, GDES_AT_ONCE);

        for (uint32_t i = 0; i < n; i++)
            le32_put(gdes + (size_t)i * 4, (uint32_t)(first_gt + (uint64_t)(gt + i) * GT_SECTORS));
        if (sw_out_pwrite(vmdk->base.out, gdes, (size_t)n * 4, at * SW_SECTOR_BYTES + (uint64_t)gt * 4, err) <
            0)
            return -1;
    }
    return 0;
}

static int create_into(struct vmdk_image *vmdk, const struct sw_create_opts *opts, struct sw_err *err)
{
    vmdk->gt_index = VMDK_NO_TABLE;
    vmdk->nr_gts = (uint32_t)sw_div_up(opts->size_bytes, PER_TABLE_BYTES);
    vmdk->next_sector = overhead(vmdk);
    if (write_header(vmdk, err) < 0 || write_descriptor(vmdk, opts->epoch, err) < 0)
        return -1;
    return write_directory(vmdk, RGD_AT, err) < 0 ? -1 : write_directory(vmdk, gd_at(vmdk), err);
}

int vmdk_sparse_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                       struct sw_err *err)
{
    struct vmdk_image *vmdk;

    if (check_opts(out, opts, err) < 0)
        return -1;
    vmdk = sw_calloc(1, sizeof(*vmdk), err);
    if (vmdk == NULL)
        return -1;
    vmdk->base = (struct sw_image){
        .format = &sw_format_vmdk,
        .size_bytes = opts->size_bytes,
        .out = out,
        .unit_bytes = UNIT_GRAINS * VMDK_UNIT_BYTES,
        .subformat = "monolithicSparse",
    };
    if (create_into(vmdk, opts, err) < 0) {
        sw_format_vmdk.close(&vmdk->base);
        return -1;
    }
    *img = &vmdk->base;
    return 0;
}

/* Into both places. */
static int end_table(const struct vmdk_image *vmdk, struct sw_err *err)
{
    uint64_t first_gt = RGD_AT + directory_sectors(vmdk), within;

    if (vmdk->gt_index == VMDK_NO_TABLE)
        return 0;
    within = (uint64_t)vmdk->gt_index * GT_SECTORS;
    if (sw_out_pwrite(vmdk->base.out, vmdk->gt, sizeof(vmdk->gt), (first_gt + within) * SW_SECTOR_BYTES,
                      err) < 0)
        return -1;
    first_gt = gd_at(vmdk) + directory_sectors(vmdk);
    return sw_out_pwrite(vmdk->base.out, vmdk->gt, sizeof(vmdk->gt), (first_gt + within) * SW_SECTOR_BYTES,
                         err);
}

static int begin_table(struct vmdk_image *vmdk, uint32_t gt, struct sw_err *err)
{
    if (gt == vmdk->gt_index)
        return 0;
    if (end_table(vmdk, err) < 0)
        return -1;
    memset(vmdk->gt, 0, sizeof(vmdk->gt));
    vmdk->gt_index = gt;
    return 0;
}

/* Grains that follow one another in the disk do so in the file. */
static int put_run(struct vmdk_image *vmdk, const uint8_t *bytes, uint64_t len, uint64_t off,
                   struct sw_err *err)
{
    uint64_t grains = sw_div_up(len, VMDK_UNIT_BYTES), first = off / VMDK_UNIT_BYTES;
    uint64_t at = vmdk->next_sector;

    if (len == 0)
        return 0;
    if (at + grains * VMDK_UNIT_SECTORS > UINT32_MAX)
        return sw_fail(err, SW_FAILED, "'%s' would be larger than 2 TiB, which no vmdk can be",
                       vmdk->base.out->name);
    for (uint64_t i = 0; i < grains; i++)
        le32_put(&vmdk->gt[(first + i) % VMDK_GTES_MAX], (uint32_t)(at + i * VMDK_UNIT_SECTORS));
    vmdk->next_sector = at + grains * VMDK_UNIT_SECTORS;
    return sw_out_pwrite(vmdk->base.out, bytes, (size_t)len, at * SW_SECTOR_BYTES, err);
}

int vmdk_sparse_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    struct vmdk_image *vmdk = vmdk_of(img);
    uint64_t begin = 0; /* of the run that is not written yet */

    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    if (begin_table(vmdk, (uint32_t)(block->off / PER_TABLE_BYTES), err) < 0)
        return -1;
    for (uint64_t at = 0; at < block->len;) {
        uint64_t n = sw_min_u64(VMDK_UNIT_BYTES, block->len - at);

        if (sw_all_zero(block->data + at, (size_t)n)) {
            if (put_run(vmdk, block->data + begin, at - begin, block->off + begin, err) < 0)
                return -1;
            begin = at + n;
        }
        at += n;
    }
    return put_run(vmdk, block->data + begin, block->len - begin, block->off + begin, err);
}

/* The last grain is whole in the file, though the disk may end within it. */
int vmdk_sparse_finish(struct sw_image *img, struct sw_err *err)
{
    const struct vmdk_image *vmdk = vmdk_of(img);

    if (end_table(vmdk, err) < 0)
        return -1;
    return sw_out_truncate(img->out, vmdk->next_sector * SW_SECTOR_BYTES, err);
}
