/* A VHDX's block table: every entry checked once, none of its places taken twice. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

/* A larger table (that of 64 TiB in small blocks has 512 MiB) is read where it is used. */
enum { TABLE_LOAD_BYTES = 32 << 20, CHUNK_ENTRIES = 8192, LOOK_ENTRIES = 512 };

/* Twice the largest disk; one bit of the map of places is a MiB. */
#define FILE_MAX_BYTES (2 * SW_VIRTUAL_MAX_BYTES)

static uint64_t index_of(const struct vhdx_image *vhdx, uint64_t i)
{
    return i + i / vhdx->chunk_blocks;
}

/* Without a parent nothing is behind the last payload entry; with one, every chunk has its bitmap's entry. */
static uint64_t nr_entries(const struct vhdx_image *vhdx)
{
    if ((vhdx->flags & VHDX_HAS_PARENT) == 0)
        return index_of(vhdx, vhdx->nr_blocks - 1) + 1;
    return sw_div_up(vhdx->nr_blocks, vhdx->chunk_blocks) * ((uint64_t)vhdx->chunk_blocks + 1);
}

static int fail_entry(const struct vhdx_image *vhdx, uint64_t index, uint64_t entry, const char *fault,
                      struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': block table entry 0x%016llx at %llu %s", vhdx->base.in->name,
                   (unsigned long long)entry, (unsigned long long)(vhdx->bat_at + index * 8), fault);
}

/* At least need bytes of what the entry points at lie in the file. */
static int check_place(const struct vhdx_image *vhdx, uint64_t index, uint64_t entry, uint64_t need,
                       struct sw_err *err)
{
    uint64_t at = entry & ~(VHDX_MIB - 1);

    if ((entry & VHDX_RESERVED_MASK) != 0)
        return fail_entry(vhdx, index, entry, "has reserved bits set", err);
    if (at < VHDX_MIB)
        return fail_entry(vhdx, index, entry, "points at the headers", err);
    if (at > vhdx->file_end || vhdx->file_end - at < need)
        return fail_entry(vhdx, index, entry, "ends after the file: it is truncated", err);
    return 0;
}

static int parse_block(const struct vhdx_image *vhdx, uint64_t i, uint64_t entry, struct vhdx_block *block,
                       struct sw_err *err)
{
    uint64_t rest = vhdx->base.size_bytes - i * vhdx->block_bytes;

    *block = (struct vhdx_block){.state = (enum vhdx_state)(entry & VHDX_STATE_MASK)};
    switch (block->state) {
    case VHDX_NOT_PRESENT:
    case VHDX_UNDEFINED:
    case VHDX_ZERO:
    case VHDX_UNMAPPED:
    case VHDX_UNMAPPED_OLD:
        return 0;
    case VHDX_PARTIALLY_PRESENT:
        if ((vhdx->flags & VHDX_HAS_PARENT) == 0)
            return fail_entry(vhdx, index_of(vhdx, i), entry, "is partially present, without a parent", err);
        break;
    case VHDX_FULLY_PRESENT:
        break;
    default:
        return fail_entry(vhdx, index_of(vhdx, i), entry, "has a state that is not known", err);
    }
    block->at = entry & ~(VHDX_MIB - 1);
    /* Some writers end the file with the disk's last sector, in the middle of a block. */
    return check_place(vhdx, index_of(vhdx, i), entry, sw_min_u64(rest, vhdx->block_bytes), err);
}

static int parse_bitmap(const struct vhdx_image *vhdx, uint64_t index, uint64_t entry, uint64_t *at,
                        struct sw_err *err)
{
    *at = entry & ~(VHDX_MIB - 1);
    if ((entry & VHDX_STATE_MASK) != VHDX_FULLY_PRESENT)
        return fail_entry(vhdx, index, entry, "has no sector bitmap, though a block needs it", err);
    return check_place(vhdx, index, entry, VHDX_BITMAP_BYTES, err);
}

static int entries_at(const struct vhdx_image *vhdx, uint64_t index, uint64_t *entries, size_t n,
                      struct sw_err *err)
{
    if (vhdx->bat != NULL) {
        memcpy(entries, vhdx->bat + index, n * sizeof(*entries));
        return 0;
    }
    if (vhdx_read(vhdx, entries, n * sizeof(*entries), vhdx->bat_at + index * 8, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        entries[i] = le64_get(&entries[i]);
    return 0;
}

int vhdx_block_at(const struct vhdx_image *vhdx, uint64_t i, struct vhdx_block *block, struct sw_err *err)
{
    uint64_t entry;

    if (entries_at(vhdx, index_of(vhdx, i), &entry, 1, err) < 0)
        return -1;
    return parse_block(vhdx, i, entry, block, err);
}

static bool is_bitmap(const struct vhdx_image *vhdx, uint64_t index)
{
    return index % ((uint64_t)vhdx->chunk_blocks + 1) == vhdx->chunk_blocks;
}

/* Moves *i on while blocks are absent in this way: 1 when all of the n entries are, 0 when one is not. */
static int pass_absent(const struct vhdx_image *vhdx, uint64_t *i, const uint64_t *entries, size_t n,
                       bool hole, struct sw_err *err)
{
    uint64_t first = index_of(vhdx, *i);
    struct vhdx_block block;

    for (size_t k = 0; k < n; k++) {
        if (is_bitmap(vhdx, first + k))
            continue;
        if (parse_block(vhdx, *i, entries[k], &block, err) < 0)
            return -1;
        if (block.at != 0 || (block.state == VHDX_NOT_PRESENT) != hole)
            return 0;
        ++*i;
    }
    return 1;
}

int vhdx_absent_until(const struct vhdx_image *vhdx, uint64_t *i, uint64_t end, bool hole, struct sw_err *err)
{
    uint64_t entries[LOOK_ENTRIES];
    int all = 1;

    while (all > 0 && *i < end) {
        uint64_t index = index_of(vhdx, *i);
        size_t n = (size_t)sw_min_u64(index_of(vhdx, end - 1) + 1 - index, LOOK_ENTRIES);

        if (entries_at(vhdx, index, entries, n, err) < 0)
            return -1;
        all = pass_absent(vhdx, i, entries, n, hole, err);
    }
    return all < 0 ? -1 : 0;
}

static uint64_t bitmap_index(const struct vhdx_image *vhdx, uint64_t i)
{
    return i / vhdx->chunk_blocks * ((uint64_t)vhdx->chunk_blocks + 1) + vhdx->chunk_blocks;
}

int vhdx_bitmap_at(const struct vhdx_image *vhdx, uint64_t i, uint64_t *at, struct sw_err *err)
{
    uint64_t index = bitmap_index(vhdx, i), entry;

    if (entries_at(vhdx, index, &entry, 1, err) < 0)
        return -1;
    return parse_bitmap(vhdx, index, entry, at, err);
}

/* Which MiB of the file are in use. */
struct places {
    uint8_t *bits;
    uint64_t nr;
};

/* False when one of them is taken already. What lies behind the file's end is nobody's. */
static bool take(struct places *places, uint64_t at, uint64_t len)
{
    uint64_t end = sw_min_u64(places->nr, at / VHDX_MIB + len / VHDX_MIB);

    for (uint64_t i = at / VHDX_MIB; i < end; i++) {
        if ((places->bits[i / 8] >> (i % 8) & 1) != 0)
            return false;
        places->bits[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    return true;
}

static int take_tables(const struct vhdx_image *vhdx, struct places *places, const struct vhdx_range *taken,
                       size_t n, struct sw_err *err)
{
    if (!take(places, 0, VHDX_MIB) || !take(places, vhdx->log_at, vhdx->log_bytes))
        return sw_fail(err, SW_INTEGRITY, "'%s': the log at %llu overlaps the headers", vhdx->base.in->name,
                       (unsigned long long)vhdx->log_at);
    for (size_t i = 0; i < n; i++)
        if (!take(places, taken[i].at, taken[i].len))
            return sw_fail(err, SW_INTEGRITY, "'%s': region %zu at %llu overlaps the log or another region",
                           vhdx->base.in->name, i, (unsigned long long)taken[i].at);
    return 0;
}

static int check_entry(const struct vhdx_image *vhdx, struct places *places, uint64_t index, uint64_t entry,
                       struct sw_err *err)
{
    uint64_t i = index - index / ((uint64_t)vhdx->chunk_blocks + 1), len = vhdx->block_bytes;
    struct vhdx_block block = {.at = 0};

    if (is_bitmap(vhdx, index)) {
        /* A bitmap that no block needs may be absent; without a parent the entry means nothing. */
        if ((vhdx->flags & VHDX_HAS_PARENT) == 0 || (entry & VHDX_STATE_MASK) == VHDX_NOT_PRESENT)
            return 0;
        if (parse_bitmap(vhdx, index, entry, &block.at, err) < 0)
            return -1;
        len = VHDX_BITMAP_BYTES;
    } else if (i < vhdx->nr_blocks && parse_block(vhdx, i, entry, &block, err) < 0) {
        return -1;
    }
    if (block.at != 0 && !take(places, block.at, len))
        return fail_entry(vhdx, index, entry, "lies over a table or another block", err);
    return 0;
}

/* The whole table in pieces, kept where it is small. */
static int check_entries(struct vhdx_image *vhdx, struct places *places, struct sw_err *err)
{
    SW_AUTO_FREE uint64_t *chunk = sw_calloc(CHUNK_ENTRIES, sizeof(*chunk), err);
    uint64_t n = nr_entries(vhdx);

    if (chunk == NULL)
        return -1;
    for (uint64_t first = 0; first < n; first += CHUNK_ENTRIES) {
        size_t some = (size_t)sw_min_u64(CHUNK_ENTRIES, n - first);

        if (vhdx_read(vhdx, chunk, some * sizeof(*chunk), vhdx->bat_at + first * 8, err) < 0)
            return -1;
        for (size_t i = 0; i < some; i++) {
            uint64_t entry = le64_get(&chunk[i]);

            if (entry != 0 && check_entry(vhdx, places, first + i, entry, err) < 0)
                return -1;
            if (vhdx->bat != NULL)
                vhdx->bat[first + i] = entry;
        }
    }
    return 0;
}

static int check_room(struct vhdx_image *vhdx, struct sw_err *err)
{
    vhdx->nr_blocks = sw_div_up(vhdx->base.size_bytes, vhdx->block_bytes);
    vhdx->chunk_blocks = (uint32_t)((uint64_t)VHDX_CHUNK_SECTORS * vhdx->sector_bytes / vhdx->block_bytes);
    if (vhdx->bat_bytes / 8 < nr_entries(vhdx))
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s': block table of %llu bytes at %llu; a disk of %llu bytes needs %llu entries of 8",
            vhdx->base.in->name, (unsigned long long)vhdx->bat_bytes, (unsigned long long)vhdx->bat_at,
            (unsigned long long)vhdx->base.size_bytes, (unsigned long long)nr_entries(vhdx));
    if (vhdx->file_end > FILE_MAX_BYTES)
        return sw_fail(err, SW_REFUSED, "'%s': a file of %llu bytes; at most %llu are read",
                       vhdx->base.in->name, (unsigned long long)vhdx->file_end,
                       (unsigned long long)FILE_MAX_BYTES);
    return 0;
}

int vhdx_check_blocks(struct vhdx_image *vhdx, const struct vhdx_range *taken, size_t n, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *bits = NULL;
    struct places places = {.nr = sw_div_up(vhdx->file_end, VHDX_MIB)};

    if (check_room(vhdx, err) < 0)
        return -1;
    bits = sw_calloc((size_t)places.nr / 8 + 1, 1, err);
    places.bits = bits;
    if (bits == NULL || take_tables(vhdx, &places, taken, n, err) < 0)
        return -1;
    if (nr_entries(vhdx) * 8 <= TABLE_LOAD_BYTES) {
        vhdx->bat = sw_calloc((size_t)nr_entries(vhdx), sizeof(*vhdx->bat), err);
        if (vhdx->bat == NULL)
            return -1;
    }
    return check_entries(vhdx, &places, err);
}
