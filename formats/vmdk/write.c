/*
 * Writing streamOptimized as VMware does: header, descriptor, then for each grain table its grains and the table,
 * then directory, footer, end of stream. From front to back, in memory of one table and the directory.
 */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    OVERHEAD_SECTORS = 128,
    DESCRIPTOR_AT = 1,
    STREAM_VERSION = 3,
    STREAM_FLAGS = (int)(VMDK_FLAG_NEWLINES | VMDK_FLAG_COMPRESSED | VMDK_FLAG_MARKERS),
    GT_SECTORS = VMDK_GTES_MAX * 4 / SW_SECTOR_BYTES,
};

#define PER_TABLE_BYTES ((uint64_t)VMDK_GTES_MAX * VMDK_UNIT_BYTES)

static uint64_t directory_sectors(const struct vmdk_image *vmdk)
{
    return sw_div_up((uint64_t)vmdk->nr_gts * 4, SW_SECTOR_BYTES);
}

static void make_header(const struct vmdk_image *vmdk, uint64_t descriptor_sectors, uint64_t gd_offset,
                        struct vmdk_header *header)
{
    *header = (struct vmdk_header){.pad = {0}};
    memcpy(header->magic, VMDK_MAGIC, 4);
    le32_put(header->version, STREAM_VERSION);
    le32_put(header->flags, STREAM_FLAGS);
    le64_put(header->capacity, vmdk->base.size_bytes / SW_SECTOR_BYTES);
    le64_put(header->grain_size, VMDK_UNIT_SECTORS);
    le64_put(header->descriptor_offset, DESCRIPTOR_AT);
    le64_put(header->descriptor_size, descriptor_sectors);
    le32_put(header->gtes_per_gt, VMDK_GTES_MAX);
    le64_put(header->gd_offset, gd_offset);
    le64_put(header->overhead, OVERHEAD_SECTORS);
    memcpy(header->newlines, VMDK_NEWLINES, 4);
    le16_put(header->compress_algorithm, VMDK_COMPRESS_DEFLATE);
}

static int write_front(struct vmdk_image *vmdk, int64_t epoch, struct sw_err *err)
{
    const struct vmdk_shape shape = {vmdk->base.size_bytes, "streamOptimized", "RDONLY",
                                     "generated-stream.vmdk"};
    SW_AUTO_BUF struct sw_buf text = {0};
    struct vmdk_header header;
    struct sw_out *out = vmdk->base.out;

    if (vmdk_describe(&shape, epoch, &text, err) < 0)
        return -1;
    vmdk->descriptor_sectors = sw_div_up(text.len, SW_SECTOR_BYTES);
    make_header(vmdk, vmdk->descriptor_sectors, VMDK_GD_AT_END, &header);
    if (sw_out_write(out, &header, sizeof(header), err) < 0 ||
        sw_out_write(out, text.data, text.len, err) < 0)
        return -1;
    return sw_out_zeros_to(out, (uint64_t)OVERHEAD_SECTORS * SW_SECTOR_BYTES, err);
}

static int check_opts(const struct sw_create_opts *opts, struct sw_err *err)
{
    if (sw_create_check(&sw_format_vmdk, opts, SW_CREATE_LEVEL, err) < 0)
        return -1;
    if (opts->level < 0 || opts->level > VMDK_LEVEL_MAX)
        return sw_fail(err, SW_USAGE, "vmdk has no compression level %d: take 1 to %d", opts->level,
                       VMDK_LEVEL_MAX);
    return 0;
}

static int create_into(struct vmdk_image *vmdk, const struct sw_create_opts *opts, struct sw_err *err)
{
    vmdk->level = opts->level != 0 ? opts->level : VMDK_LEVEL_DEFAULT;
    vmdk->gt_index = VMDK_NO_TABLE;
    vmdk->nr_gts = (uint32_t)sw_div_up(opts->size_bytes, PER_TABLE_BYTES);
    vmdk->gd = sw_calloc((size_t)directory_sectors(vmdk), SW_SECTOR_BYTES, err);
    return vmdk->gd == NULL ? -1 : write_front(vmdk, opts->epoch, err);
}

int vmdk_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                struct sw_err *err)
{
    struct vmdk_image *vmdk;

    if (check_opts(opts, err) < 0)
        return -1;
    vmdk = sw_calloc(1, sizeof(*vmdk), err);
    if (vmdk == NULL)
        return -1;
    vmdk->base = (struct sw_image){
        .format = &sw_format_vmdk,
        .size_bytes = opts->size_bytes,
        .out = out,
        .unit_bytes = VMDK_UNIT_BYTES,
        .subformat = "streamOptimized",
    };
    if (create_into(vmdk, opts, err) < 0) {
        sw_format_vmdk.close(&vmdk->base);
        return -1;
    }
    *img = &vmdk->base;
    return 0;
}

int vmdk_worker_new(const struct sw_image *img, void **worker, struct sw_err *err)
{
    *worker = vmdk_deflater_new(((const struct vmdk_image *)img)->level, err);
    return *worker != NULL ? 0 : -1;
}

void vmdk_worker_free(const struct sw_image *img, void *worker)
{
    (void)img;
    vmdk_deflater_free(worker);
}

size_t vmdk_coded_bound(const struct sw_image *img)
{
    (void)img;
    return sw_round_up(sizeof(struct vmdk_grain_header) + vmdk_deflate_bound(), SW_SECTOR_BYTES);
}

const char *vmdk_coding(const struct sw_image *img)
{
    return vmdk_deflate_name(((const struct vmdk_image *)img)->level);
}

/* Makes the grain as it lies in the file: header, stream, zeros up to a sector. */
int vmdk_encode(const struct sw_image *img, void *worker, struct sw_block *block, struct sw_err *err)
{
    const size_t head = sizeof(struct vmdk_grain_header);
    struct vmdk_grain_header header;
    size_t len, total;

    (void)img;
    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    len = vmdk_deflate(worker, block->data, (size_t)block->len, block->coded + head);
    if (len == 0)
        return sw_fail(err, SW_FAILED, "cannot deflate the grain at %llu", (unsigned long long)block->off);
    le64_put(header.lba, block->off / SW_SECTOR_BYTES);
    le32_put(header.size, (uint32_t)len);
    memcpy(block->coded, &header, head);
    total = sw_round_up(head + len, SW_SECTOR_BYTES);
    memset(block->coded + head + len, 0, total - head - len);
    block->coded_len = total;
    return 0;
}

static int write_marker(struct sw_out *out, enum vmdk_marker_type type, uint64_t sectors, struct sw_err *err)
{
    struct vmdk_marker marker = {.pad = {0}};

    le64_put(marker.sectors, sectors);
    le32_put(marker.type, type);
    return sw_out_write(out, &marker, sizeof(marker), err);
}

/* The next byte's sector. Tables hold 32 bits of it. */
static int sector_here(const struct sw_out *out, uint32_t *sector, struct sw_err *err)
{
    uint64_t here = out->pos / SW_SECTOR_BYTES;

    if (here > UINT32_MAX)
        return sw_fail(err, SW_FAILED, "'%s' would be larger than 2 TiB, which no vmdk can be", out->name);
    *sector = (uint32_t)here;
    return 0;
}

static int end_table(struct vmdk_image *vmdk, struct sw_err *err)
{
    struct sw_out *out = vmdk->base.out;
    uint32_t here = 0;

    if (vmdk->gt_index == VMDK_NO_TABLE)
        return 0;
    if (write_marker(out, VMDK_MARKER_GT, GT_SECTORS, err) < 0 || sector_here(out, &here, err) < 0)
        return -1;
    le32_put(&vmdk->gd[vmdk->gt_index], here);
    return sw_out_write(out, vmdk->gt, sizeof(vmdk->gt), err);
}

int vmdk_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    struct vmdk_image *vmdk = vmdk_of(img);
    uint32_t gt = (uint32_t)(block->off / PER_TABLE_BYTES), here = 0;

    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    if (gt != vmdk->gt_index) {
        if (end_table(vmdk, err) < 0)
            return -1;
        memset(vmdk->gt, 0, sizeof(vmdk->gt));
        vmdk->gt_index = gt;
    }
    if (sector_here(img->out, &here, err) < 0)
        return -1;
    le32_put(&vmdk->gt[block->off / VMDK_UNIT_BYTES % VMDK_GTES_MAX], here);
    return sw_out_write(img->out, block->coded, block->coded_len, err);
}

int vmdk_finish(struct sw_image *img, struct sw_err *err)
{
    struct vmdk_image *vmdk = vmdk_of(img);
    uint64_t sectors = directory_sectors(vmdk);
    struct vmdk_header footer;
    uint32_t here = 0;

    if (end_table(vmdk, err) < 0 || write_marker(img->out, VMDK_MARKER_GD, sectors, err) < 0 ||
        sector_here(img->out, &here, err) < 0 ||
        sw_out_write(img->out, vmdk->gd, (size_t)sectors * SW_SECTOR_BYTES, err) < 0)
        return -1;
    make_header(vmdk, vmdk->descriptor_sectors, here, &footer);
    if (write_marker(img->out, VMDK_MARKER_FOOTER, 1, err) < 0 ||
        sw_out_write(img->out, &footer, sizeof(footer), err) < 0)
        return -1;
    return write_marker(img->out, VMDK_MARKER_EOS, 0, err);
}
