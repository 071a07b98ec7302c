/* Writing a VHD: fixed, or dynamic with 2 MiB blocks whose data lies on pages. */
#include "formats/state.h"
#include "formats/vhd/vhd.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>
#include <strings.h>

/* A block's bitmap is the last sector of a page, so that its data begins the next one. */
enum {
    BITMAP_BYTES = VHD_UNIT_BYTES / SW_SECTOR_BYTES / 8,
    PAGE_BYTES = 4096,
    STRIDE_BYTES = VHD_UNIT_BYTES + PAGE_BYTES, /* from block to block */
    HEADER_AT = VHD_FOOTER_BYTES,
    TABLE_AT = HEADER_AT + VHD_HEADER_BYTES,
};
_Static_assert((int)BITMAP_BYTES == (int)SW_SECTOR_BYTES, "one sector of bits a block");

/* 2040 GiB, what Hyper-V takes. */
#define VHD_MAX_BYTES (UINT64_C(0xff000000) * SW_SECTOR_BYTES)

static uint64_t table_bytes(const struct vhd_image *vhd)
{
    return sw_round_up((uint64_t)vhd->nr_blocks * 4, SW_SECTOR_BYTES);
}

/* Where the first block's bitmap goes. */
static uint64_t first_block(const struct vhd_image *vhd)
{
    return sw_round_up(TABLE_AT + table_bytes(vhd) + BITMAP_BYTES, PAGE_BYTES) - BITMAP_BYTES;
}

static int check_opts(const struct sw_out *out, const struct sw_create_opts *opts, bool fixed,
                      struct sw_err *err)
{
    if (sw_create_check(&sw_format_vhd, opts, 0, err) < 0)
        return -1;
    if (opts->size_bytes > VHD_MAX_BYTES)
        return sw_fail(err, SW_USAGE, "a vhd disk of %llu bytes is larger than 2040 GiB",
                       (unsigned long long)opts->size_bytes);
    if (!fixed && !sw_out_seekable(out))
        return sw_fail(err, SW_USAGE, "a dynamic vhd cannot be written as a stream: take subformat=fixed");
    return 0;
}

static int begin_dynamic(struct vhd_image *vhd, struct sw_err *err)
{
    vhd->nr_blocks = (uint32_t)sw_div_up(vhd->base.size_bytes, VHD_UNIT_BYTES);
    vhd->block_bytes = VHD_UNIT_BYTES;
    vhd->bitmap_bytes = BITMAP_BYTES;
    vhd->next_block = first_block(vhd);
    vhd->bat = sw_calloc((size_t)table_bytes(vhd), 1, err);
    if (vhd->bat == NULL)
        return -1;
    memset(vhd->bat, 0xff, (size_t)table_bytes(vhd));
    return 0;
}

int vhd_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
               struct sw_err *err)
{
    bool fixed = opts->subformat != NULL && strcasecmp(opts->subformat, "fixed") == 0;
    struct vhd_image *vhd;

    if (check_opts(out, opts, fixed, err) < 0)
        return -1;
    vhd = sw_calloc(1, sizeof(*vhd), err);
    if (vhd == NULL)
        return -1;
    vhd->base = (struct sw_image){
        .format = &sw_format_vhd,
        .size_bytes = opts->size_bytes,
        .out = out,
        .unit_bytes = VHD_UNIT_BYTES,
        .subformat = fixed ? "fixed" : "dynamic",
    };
    vhd->type = fixed ? VHD_FIXED : VHD_DYNAMIC;
    vhd->epoch = opts->epoch;
    if (sw_content_begin(&vhd->content, err) < 0 || (!fixed && begin_dynamic(vhd, err) < 0)) {
        sw_image_close(&vhd->base);
        return -1;
    }
    *img = &vhd->base;
    return 0;
}

static int put_block(struct vhd_image *vhd, const struct sw_block *block, struct sw_err *err)
{
    uint8_t bitmap[BITMAP_BYTES];
    uint64_t data = vhd->next_block + BITMAP_BYTES;

    memset(bitmap, 0xff, sizeof(bitmap));
    if (sw_out_pwrite(vhd->base.out, bitmap, sizeof(bitmap), vhd->next_block, err) < 0 ||
        sw_sparse_pwrite(vhd->base.out, block->data, (size_t)block->len, data, err) < 0)
        return -1;
    be32_put(&vhd->bat[block->off / VHD_UNIT_BYTES], (uint32_t)(vhd->next_block / SW_SECTOR_BYTES));
    vhd->next_block += STRIDE_BYTES;
    return 0;
}

static int put_fixed(struct sw_out *out, const struct sw_block *block, struct sw_err *err)
{
    if (sw_out_seekable(out))
        return sw_sparse_pwrite(out, block->data, (size_t)block->len, block->off, err);
    if (sw_out_zeros_to(out, block->off, err) < 0)
        return -1;
    return sw_out_write(out, block->data, (size_t)block->len, err);
}

int vhd_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    struct vhd_image *vhd = vhd_of(img);

    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    if (sw_content_sample(&vhd->content, block, err) < 0)
        return -1;
    return vhd->type == VHD_FIXED ? put_fixed(img->out, block, err) : put_block(vhd, block, err);
}

static uint32_t stamp_of(int64_t epoch)
{
    int64_t since = epoch - VHD_EPOCH_2000;

    return since < 0 ? 0 : since > UINT32_MAX ? UINT32_MAX : (uint32_t)since;
}

/* The largest geometry, which makes every reader take the current size: the exact one. */
static int make_footer(struct vhd_image *vhd, struct vhd_footer *footer, struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    *footer = (struct vhd_footer){.heads = {16}, .sectors = {255}};
    memcpy(footer->cookie, VHD_FOOTER_COOKIE, sizeof(footer->cookie));
    memcpy(footer->creator_app, "win ", 4);
    memcpy(footer->creator_os, "Wi2k", 4);
    be32_put(footer->features, VHD_FEATURES);
    be32_put(footer->version, VHD_VERSION);
    be64_put(footer->data_offset, vhd->type == VHD_FIXED ? VHD_NO_OFFSET : HEADER_AT);
    be32_put(footer->time_stamp, stamp_of(vhd->epoch));
    be32_put(footer->creator_version, 10 << 16);
    be64_put(footer->original_size, vhd->base.size_bytes);
    be64_put(footer->current_size, vhd->base.size_bytes);
    be16_put(footer->cylinders, 65535);
    be32_put(footer->disk_type, vhd->type);
    if (sw_content_digest(&vhd->content, vhd->base.size_bytes, vhd->epoch, digest, err) < 0)
        return -1;
    sw_digest_uuid(digest, footer->uuid);
    be32_put(footer->checksum, vhd_checksum(footer, sizeof(*footer), offsetof(struct vhd_footer, checksum)));
    return 0;
}

static void make_header(const struct vhd_image *vhd, struct vhd_header *header)
{
    *header = (struct vhd_header){.cookie = {0}};
    memcpy(header->cookie, VHD_HEADER_COOKIE, sizeof(header->cookie));
    be64_put(header->data_offset, VHD_NO_OFFSET);
    be64_put(header->table_offset, TABLE_AT);
    be32_put(header->version, VHD_VERSION);
    be32_put(header->max_table_entries, vhd->nr_blocks);
    be32_put(header->block_size, VHD_UNIT_BYTES);
    be32_put(header->checksum, vhd_checksum(header, sizeof(*header), offsetof(struct vhd_header, checksum)));
}

static int finish_dynamic(struct vhd_image *vhd, const struct vhd_footer *footer, struct sw_err *err)
{
    struct sw_out *out = vhd->base.out;
    uint64_t end = TABLE_AT + table_bytes(vhd);
    struct vhd_header header;

    if (vhd->next_block !=
        first_block(vhd)) /* right after the last block: where others look for the next one's place */
        end = vhd->next_block - (PAGE_BYTES - BITMAP_BYTES);
    make_header(vhd, &header);
    if (sw_out_pwrite(out, footer, sizeof(*footer), 0, err) < 0 ||
        sw_out_pwrite(out, &header, sizeof(header), HEADER_AT, err) < 0 ||
        sw_out_pwrite(out, vhd->bat, (size_t)table_bytes(vhd), TABLE_AT, err) < 0)
        return -1;
    return sw_out_pwrite(out, footer, sizeof(*footer), end, err);
}

static int finish_fixed(struct vhd_image *vhd, const struct vhd_footer *footer, struct sw_err *err)
{
    struct sw_out *out = vhd->base.out;

    if (sw_out_seekable(out))
        return sw_out_pwrite(out, footer, sizeof(*footer), vhd->base.size_bytes, err);
    if (sw_out_zeros_to(out, vhd->base.size_bytes, err) < 0)
        return -1;
    return sw_out_write(out, footer, sizeof(*footer), err);
}

int vhd_finish(struct sw_image *img, struct sw_err *err)
{
    struct vhd_image *vhd = vhd_of(img);
    struct vhd_footer footer;

    if (make_footer(vhd, &footer, err) < 0)
        return -1;
    return vhd->type == VHD_FIXED ? finish_fixed(vhd, &footer, err) : finish_dynamic(vhd, &footer, err);
}

int vhd_save(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
             struct sw_err *err)
{
    const struct vhd_image *vhd = (const struct vhd_image *)img;

    if (!sw_out_seekable(img->out))
        return 1;
    *kept_bytes = vhd->type == VHD_FIXED ? point : vhd->next_block;
    if (sw_buf_append(state, vhd->content.chain, sizeof(vhd->content.chain), err) < 0)
        return -1;
    if (vhd->type == VHD_FIXED)
        return 0;
    if (sw_state_put_u64(state, vhd->next_block, err) < 0)
        return -1;
    return sw_buf_append(state, vhd->bat, (size_t)table_bytes(vhd), err);
}

/* Each block that the table has lies in a place that was given out, and no more were given out. */
static int check_table(const struct vhd_image *vhd, uint64_t point, struct sw_err *err)
{
    uint64_t first = first_block(vhd), used = 0;

    for (uint32_t i = 0; i < vhd->nr_blocks; i++) {
        uint32_t sector = be32_get(&vhd->bat[i]);
        uint64_t at = (uint64_t)sector * SW_SECTOR_BYTES;

        if (sector == VHD_BLOCK_UNUSED)
            continue;
        if ((uint64_t)i * VHD_UNIT_BYTES >= point || at < first || at >= vhd->next_block ||
            (at - first) % STRIDE_BYTES != 0)
            return sw_state_bad("block table", err);
        used++;
    }
    return vhd->next_block == first + used * STRIDE_BYTES ? 0 : sw_state_bad("place of the next block", err);
}

int vhd_restore(struct sw_image *img, uint64_t point, const void *state, size_t len, struct sw_err *err)
{
    struct vhd_image *vhd = vhd_of(img);
    struct sw_state rest = {state, len};
    const uint8_t *content = sw_state_take(&rest, sizeof(vhd->content.chain)), *table;

    if (content == NULL)
        return sw_state_bad("digest of the content", err);
    memcpy(vhd->content.chain, content, sizeof(vhd->content.chain));
    if (vhd->type == VHD_FIXED)
        return rest.left == 0 ? 0 : sw_state_bad("length", err);
    if (!sw_state_take_u64(&rest, &vhd->next_block))
        return sw_state_bad("place of the next block", err);
    table = sw_state_take(&rest, (size_t)table_bytes(vhd));
    if (table == NULL || rest.left != 0)
        return sw_state_bad("block table", err);
    memcpy(vhd->bat, table, (size_t)table_bytes(vhd));
    return check_table(vhd, point, err);
}
