/* Writing a dynamic VHDX: headers, an empty log, metadata, block table, then blocks in the order of their first bytes. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

/* Everything but the blocks has a fixed place. 32 MiB blocks are Hyper-V's own. */
enum {
    BLOCK_BYTES = 32 << 20,
    BLOCK_MIN_BYTES = 1 << 20,
    BLOCK_MAX_BYTES = 256 << 20,
    LOG_AT = 1 << 20,
    METADATA_AT = 2 << 20,
    BAT_AT = 3 << 20,
    ITEMS_AT = VHDX_METADATA_BYTES, /* from the start of the metadata */
    LOGICAL_BYTES = 512,
    PHYSICAL_BYTES = 4096,
};

static const uint8_t guid_bat[] = VHDX_GUID_BAT, guid_metadata[] = VHDX_GUID_METADATA;

static int check_opts(const struct sw_create_opts *opts, const struct sw_out *out, uint32_t block,
                      struct sw_err *err)
{
    if (sw_create_check(&sw_format_vhdx, opts, SW_CREATE_UNIT, err) < 0)
        return -1;
    if (!sw_is_pow2(block) || block < BLOCK_MIN_BYTES || block > BLOCK_MAX_BYTES)
        return sw_fail(err, SW_USAGE,
                       "a vhdx cluster (block) of %u bytes: powers of two from 1 MiB to 256 MiB", block);
    if (!sw_out_seekable(out))
        return sw_fail(err, SW_USAGE, "a vhdx cannot be written as a stream: '%s' must be a file", out->name);
    return 0;
}

static void lay_out(struct vhdx_image *vhdx, uint32_t block)
{
    uint64_t last;

    vhdx->block_bytes = block;
    vhdx->sector_bytes = LOGICAL_BYTES;
    vhdx->chunk_blocks = (uint32_t)((uint64_t)VHDX_CHUNK_SECTORS * LOGICAL_BYTES / block);
    vhdx->nr_blocks = sw_div_up(vhdx->base.size_bytes, block);
    last = vhdx->nr_blocks - 1;
    vhdx->bat_bytes = sw_round_up((last + last / vhdx->chunk_blocks + 1) * 8, VHDX_MIB);
    vhdx->next_block = BAT_AT + vhdx->bat_bytes;
}

int vhdx_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                struct sw_err *err)
{
    uint32_t block = opts->unit_bytes != 0 ? opts->unit_bytes : BLOCK_BYTES;
    struct vhdx_image *vhdx;

    if (check_opts(opts, out, block, err) < 0)
        return -1;
    vhdx = sw_calloc(1, sizeof(*vhdx), err);
    if (vhdx == NULL)
        return -1;
    vhdx->base = (struct sw_image){
        .format = &sw_format_vhdx,
        .size_bytes = opts->size_bytes,
        .out = out,
        .unit_bytes = (uint32_t)sw_min_u64(block, VHDX_UNIT_BYTES),
        .subformat = "dynamic",
    };
    vhdx->epoch = opts->epoch;
    lay_out(vhdx, block);
    if (sw_content_begin(&vhdx->content, err) < 0) {
        vhdx_free(vhdx);
        return -1;
    }
    *img = &vhdx->base;
    return 0;
}

/* Gives the next place to a block that has none yet. Blocks come in order, so only one is ever being filled. */
static int begin_block(struct vhdx_image *vhdx, uint64_t i, struct sw_err *err)
{
    uint8_t entry[8];

    if (vhdx->open_at != 0 && vhdx->open_block == i)
        return 0;
    vhdx->open_block = i;
    vhdx->open_at = vhdx->next_block;
    vhdx->next_block += vhdx->block_bytes;
    le64_put(entry, vhdx->open_at | VHDX_FULLY_PRESENT);
    return sw_out_pwrite(vhdx->base.out, entry, sizeof(entry), BAT_AT + (i + i / vhdx->chunk_blocks) * 8,
                         err);
}

int vhdx_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    struct vhdx_image *vhdx = vhdx_of(img);

    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    if (sw_content_sample(&vhdx->content, block, err) < 0 ||
        begin_block(vhdx, block->off / vhdx->block_bytes, err) < 0)
        return -1;
    return sw_sparse_pwrite(img->out, block->data, (size_t)block->len,
                            vhdx->open_at + block->off % vhdx->block_bytes, err);
}

/* One of several identifiers of the same content: a UUID in the order of the file's GUIDs. */
static int make_guid(const uint8_t digest[SW_SHA256_BYTES], uint8_t which, uint8_t guid[VHDX_GUID_BYTES],
                     struct sw_err *err)
{
    uint8_t seed[SW_SHA256_BYTES + 1], own[SW_SHA256_BYTES], uuid[VHDX_GUID_BYTES];

    memcpy(seed, digest, SW_SHA256_BYTES);
    seed[SW_SHA256_BYTES] = which;
    if (sw_sha256(seed, sizeof(seed), own, err) < 0)
        return -1;
    sw_digest_uuid(own, uuid);
    memcpy(guid, uuid, VHDX_GUID_BYTES);
    le32_put(guid, be32_get(uuid));
    le16_put(guid + 4, be16_get(uuid + 4));
    le16_put(guid + 6, be16_get(uuid + 6));
    return 0;
}

static int write_file_id(struct sw_out *out, struct sw_err *err)
{
    static const char creator[] = "slipway";
    struct vhdx_file_id id = {.signature = {0}};

    memcpy(id.signature, VHDX_SIGNATURE, sizeof(id.signature));
    for (size_t i = 0; i < sizeof(creator) - 1; i++)
        le16_put(id.creator + 2 * i, (uint16_t)creator[i]);
    return sw_out_pwrite(out, &id, sizeof(id), 0, err);
}

/* Both valid, the second one newer, as after any update. */
static int write_headers(struct sw_out *out, const uint8_t digest[SW_SHA256_BYTES], struct sw_err *err)
{
    for (uint64_t i = 1; i <= 2; i++) {
        uint8_t bytes[VHDX_HEADER_BYTES] = {0};
        struct vhdx_header *header = (struct vhdx_header *)bytes;

        memcpy(header->signature, VHDX_HEADER_SIGNATURE, sizeof(header->signature));
        le64_put(header->sequence, i);
        if (make_guid(digest, 0, header->file_write_guid, err) < 0 ||
            make_guid(digest, 1, header->data_write_guid, err) < 0)
            return -1;
        le16_put(header->version, VHDX_VERSION);
        le32_put(header->log_length, VHDX_MIB);
        le64_put(header->log_offset, LOG_AT);
        le32_put(header->checksum,
                 vhdx_checksum(bytes, sizeof(bytes), offsetof(struct vhdx_header, checksum)));
        if (sw_out_pwrite(out, bytes, sizeof(bytes), i * VHDX_HEADER_AT, err) < 0)
            return -1;
    }
    return 0;
}

static void make_region(struct vhdx_region *region, const uint8_t guid[VHDX_GUID_BYTES], uint64_t at,
                        uint64_t bytes)
{
    memcpy(region->guid, guid, VHDX_GUID_BYTES);
    le64_put(region->offset, at);
    le32_put(region->length, (uint32_t)bytes);
    le32_put(region->required, 1);
}

static int write_regions(const struct vhdx_image *vhdx, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *bytes = sw_calloc(1, VHDX_REGIONS_BYTES, err);
    struct vhdx_region_table *table = (struct vhdx_region_table *)bytes;
    struct vhdx_region *regions;

    if (bytes == NULL)
        return -1;
    regions = (struct vhdx_region *)(bytes + sizeof(*table));
    memcpy(table->signature, VHDX_REGION_SIGNATURE, sizeof(table->signature));
    le32_put(table->count, 2);
    make_region(&regions[0], guid_bat, BAT_AT, vhdx->bat_bytes);
    make_region(&regions[1], guid_metadata, METADATA_AT, VHDX_MIB);
    le32_put(table->checksum,
             vhdx_checksum(bytes, VHDX_REGIONS_BYTES, offsetof(struct vhdx_region_table, checksum)));
    for (int i = 0; i < 2; i++)
        if (sw_out_pwrite(vhdx->base.out, bytes, VHDX_REGIONS_BYTES, VHDX_REGIONS_AT + i * VHDX_REGIONS_BYTES,
                          err) < 0)
            return -1;
    return 0;
}

/* The items' values follow each other in the order of their entries. */
static int write_metadata(const struct vhdx_image *vhdx, const uint8_t digest[SW_SHA256_BYTES],
                          struct sw_err *err)
{
    static const struct {
        uint8_t guid[VHDX_GUID_BYTES];
        uint32_t flags, bytes;
    } kinds[] = {
        {VHDX_GUID_PARAMETERS, VHDX_ITEM_REQUIRED, 8},
        {VHDX_GUID_SIZE, VHDX_ITEM_REQUIRED | VHDX_ITEM_VIRTUAL_DISK, 8},
        {VHDX_GUID_LOGICAL, VHDX_ITEM_REQUIRED | VHDX_ITEM_VIRTUAL_DISK, 4},
        {VHDX_GUID_PHYSICAL, VHDX_ITEM_REQUIRED | VHDX_ITEM_VIRTUAL_DISK, 4},
        {VHDX_GUID_DISK_ID, VHDX_ITEM_REQUIRED | VHDX_ITEM_VIRTUAL_DISK, VHDX_GUID_BYTES},
    };
    struct {
        struct vhdx_metadata_table table;
        struct vhdx_item items[SW_ARRAY_LEN(kinds)];
    } front = {.table = {.signature = {0}}};
    uint8_t values[40] = {0};
    uint32_t at = ITEMS_AT;

    memcpy(front.table.signature, VHDX_METADATA_SIGNATURE, sizeof(front.table.signature));
    le16_put(front.table.count, SW_ARRAY_LEN(kinds));
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++) {
        memcpy(front.items[i].guid, kinds[i].guid, VHDX_GUID_BYTES);
        le32_put(front.items[i].offset, at);
        le32_put(front.items[i].length, kinds[i].bytes);
        le32_put(front.items[i].flags, kinds[i].flags);
        at += kinds[i].bytes;
    }
    le32_put(values, vhdx->block_bytes);
    le64_put(values + 8, vhdx->base.size_bytes);
    le32_put(values + 16, LOGICAL_BYTES);
    le32_put(values + 20, PHYSICAL_BYTES);
    if (make_guid(digest, 2, values + 24, err) < 0 ||
        sw_out_pwrite(vhdx->base.out, &front, sizeof(front), METADATA_AT, err) < 0)
        return -1;
    return sw_out_pwrite(vhdx->base.out, values, sizeof(values), METADATA_AT + ITEMS_AT, err);
}

int vhdx_finish(struct sw_image *img, struct sw_err *err)
{
    struct vhdx_image *vhdx = vhdx_of(img);
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_content_digest(&vhdx->content, img->size_bytes, vhdx->epoch, digest, err) < 0 ||
        write_file_id(img->out, err) < 0 || write_headers(img->out, digest, err) < 0 ||
        write_regions(vhdx, err) < 0 || write_metadata(vhdx, digest, err) < 0)
        return -1;
    return sw_out_truncate(img->out, vhdx->next_block, err);
}
