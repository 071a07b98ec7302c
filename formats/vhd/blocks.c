/* A dynamic VHD's header and block table, every entry checked against the file before a byte is read through it. */
#include "formats/vhd/vhd.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    BLOCK_MAX_BYTES = 256 << 20,
    TABLE_MAX_ENTRIES = 16 << 20, /* 2040 GiB, the format's limit, in blocks of 128 KiB */
};

static int check_block_size(struct vhd_image *vhd, uint32_t block_bytes, struct sw_err *err)
{
    if (!sw_is_pow2(block_bytes) || block_bytes < SW_SECTOR_BYTES || block_bytes > BLOCK_MAX_BYTES)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': block size %u in the header at %llu is not a power of two from 512 to 256 MiB",
                       vhd->base.in->name, block_bytes, (unsigned long long)vhd->header_at);
    vhd->block_bytes = block_bytes;
    vhd->bitmap_bytes = (uint32_t)sw_round_up(sw_div_up(block_bytes / SW_SECTOR_BYTES, 8), SW_SECTOR_BYTES);
    return 0;
}

static int read_header(struct vhd_image *vhd, struct vhd_header *header, struct sw_err *err)
{
    const char *name = vhd->base.in->name;
    uint64_t at = vhd->header_at;
    uint32_t sum;

    if (at < VHD_FOOTER_BYTES || at > vhd->data_end || vhd->data_end - at < sizeof(*header))
        return sw_fail(err, SW_INTEGRITY, "'%s': data offset %llu in the footer is outside of the file", name,
                       (unsigned long long)at);
    if (sw_in_read(vhd->base.in, header, sizeof(*header), at, err) < 0)
        return -1;
    if (memcmp(header->cookie, VHD_HEADER_COOKIE, sizeof(header->cookie)) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': no '%s' header at %llu", name, VHD_HEADER_COOKIE,
                       (unsigned long long)at);
    sum = vhd_checksum(header, sizeof(*header), offsetof(struct vhd_header, checksum));
    if (be32_get(header->checksum) != sum)
        return sw_fail(err, SW_INTEGRITY, "'%s': bad checksum 0x%08x in the header at %llu (computed 0x%08x)",
                       name, be32_get(header->checksum), (unsigned long long)at, sum);
    return check_block_size(vhd, be32_get(header->block_size), err);
}

/* The table as the header claims it must lie in the file, also where the disk needs less of it. */
static int check_table(struct vhd_image *vhd, const struct vhd_header *header, struct sw_err *err)
{
    uint64_t at = be64_get(header->table_offset), entries = be32_get(header->max_table_entries);
    uint64_t need = sw_div_up(vhd->base.size_bytes, vhd->block_bytes);
    const char *name = vhd->base.in->name;

    if (entries < need || need > TABLE_MAX_ENTRIES)
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s': max table entries %llu do not fit: a disk of %llu bytes needs %llu (at most %d)", name,
            (unsigned long long)entries, (unsigned long long)vhd->base.size_bytes, (unsigned long long)need,
            TABLE_MAX_ENTRIES);
    if (at < VHD_FOOTER_BYTES || at > vhd->data_end || (vhd->data_end - at) / 4 < entries)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': block table at %llu with max table entries %llu does not fit into the file",
                       name, (unsigned long long)at, (unsigned long long)entries);
    vhd->nr_blocks = (uint32_t)need;
    vhd->table_at = at;
    return 0;
}

static bool overlap(uint64_t begin, uint64_t end, uint64_t at, uint64_t len)
{
    return begin < at + len && end > at;
}

/* A block may be cut after the disk's end, not before it, and lies clear of header and table. */
static int check_entry(const struct vhd_image *vhd, uint32_t i, uint64_t *cut, struct sw_err *err)
{
    uint64_t begin = (uint64_t)vhd->bat[i] * SW_SECTOR_BYTES;
    uint64_t rest = vhd->base.size_bytes - (uint64_t)i * vhd->block_bytes;
    uint64_t end = begin + vhd->bitmap_bytes + sw_min_u64(rest, vhd->block_bytes);
    const char *fault = NULL;

    if (!sw_entry_opens(vhd->base.salvage, end, vhd->data_end, cut))
        fault = "ends after the file: it is truncated";
    else if (begin < VHD_FOOTER_BYTES || overlap(begin, end, vhd->header_at, VHD_HEADER_BYTES) ||
             overlap(begin, end, vhd->table_at, (uint64_t)vhd->nr_blocks * 4))
        fault = "overlaps the tables";
    if (fault == NULL)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "'%s': block %u at sector %u (table entry at %llu) %s",
                   vhd->base.in->name, i, vhd->bat[i], (unsigned long long)(vhd->table_at + (uint64_t)i * 4),
                   fault);
}

/* Entries that share a block would make a small file a giant disk; the last block may be cut. */
static int check_room(const struct vhd_image *vhd, uint64_t used, struct sw_err *err)
{
    if (used < 2 || used - 1 <= vhd->data_end / ((uint64_t)vhd->bitmap_bytes + vhd->block_bytes))
        return 0;
    return sw_fail(
        err, SW_INTEGRITY, "'%s': %llu blocks cannot lie in a file of %llu bytes: some share a place",
        vhd->base.in->name, (unsigned long long)used, (unsigned long long)vhd->base.in->size_bytes);
}

int vhd_load_blocks(struct vhd_image *vhd, struct vhd_header *header, struct sw_err *err)
{
    uint64_t used = 0, cut = 0;

    if (read_header(vhd, header, err) < 0 || check_table(vhd, header, err) < 0)
        return -1;
    vhd->bat = sw_calloc(vhd->nr_blocks, sizeof(*vhd->bat), err);
    if (vhd->bat == NULL || sw_in_read(vhd->base.in, vhd->bat, (size_t)vhd->nr_blocks * sizeof(*vhd->bat),
                                       vhd->table_at, err) < 0)
        return -1;
    for (uint32_t i = 0; i < vhd->nr_blocks; i++) {
        vhd->bat[i] = be32_get(&vhd->bat[i]);
        if (vhd->bat[i] == VHD_BLOCK_UNUSED)
            continue;
        if (check_entry(vhd, i, &cut, err) < 0)
            return -1;
        used++;
    }
    sw_image_warn_cut(&vhd->base, cut, "blocks");
    return check_room(vhd, used - cut, err);
}
