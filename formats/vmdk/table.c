/* Grain directory and grain tables: bounded, and every entry checked against the file. */
#include "formats/drivers.h"
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

static uint64_t file_sectors(const struct vmdk_sparse *sparse)
{
    return sparse->in->size_bytes / SW_SECTOR_BYTES;
}

/* The directory at sector at: the first or the second one. */
static int check_gde(struct vmdk_sparse *sparse, uint64_t at, uint32_t gt, uint32_t gde, struct sw_err *err)
{
    uint64_t sectors = sw_div_up((uint64_t)sparse->gtes_per_gt * 4, SW_SECTOR_BYTES);

    if (gde == 0 || sw_entry_opens(sparse->salvage, gde + sectors, file_sectors(sparse), &sparse->nr_cut))
        return 0;
    return sw_fail(
        err, SW_INTEGRITY,
        "'%s': grain table %u at sector %u (directory entry at %llu) lies after the end of the file: "
        "it is truncated",
        sparse->in->name, gt, gde, (unsigned long long)(at * SW_SECTOR_BYTES + (uint64_t)gt * 4));
}

static int bad_gte(const struct vmdk_sparse *sparse, uint64_t grain, uint32_t gte, const char *why,
                   struct sw_err *err)
{
    uint64_t gt = grain / sparse->gtes_per_gt, i = grain % sparse->gtes_per_gt;

    return sw_fail(err, SW_INTEGRITY, "'%s': grain %llu at sector %u (table entry at %llu) %s",
                   sparse->in->name, (unsigned long long)grain, gte,
                   (unsigned long long)((uint64_t)sparse->gd[gt] * SW_SECTOR_BYTES + i * 4), why);
}

/* A plain grain may be cut after the disk's end; of a compressed one the header must be there. */
static int check_gte(const struct vmdk_sparse *sparse, uint64_t grain, uint32_t gte, struct sw_err *err)
{
    uint64_t off = grain * sparse->grain_bytes, need = sizeof(struct vmdk_grain_header);

    /* For salvage the grain is read as far as it is there. */
    if (sparse->salvage || gte == 0 || (gte == VMDK_GTE_ZERO && (sparse->flags & VMDK_FLAG_ZERO_GRAINS) != 0))
        return 0;
    if (gte < sparse->overhead)
        return bad_gte(sparse, grain, gte, "lies within the tables", err);
    if ((sparse->flags & VMDK_FLAG_COMPRESSED) == 0)
        need = sw_min_u64(sparse->grain_bytes, sparse->size_bytes - off);
    if ((uint64_t)gte * SW_SECTOR_BYTES + need > sparse->in->size_bytes)
        return bad_gte(sparse, grain, gte, "ends after the file: it is truncated", err);
    return 0;
}

static int disagree(const struct vmdk_sparse *sparse, uint32_t gt, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY,
                   "'%s': the directories at sectors %llu and %llu do not agree on %s %u: which of them is "
                   "right is not known",
                   sparse->in->name, (unsigned long long)sparse->gd_offset,
                   (unsigned long long)sparse->rgd_offset, what, gt);
}

/* Both copies of a table must map the disk alike. */
static int check_second(const struct vmdk_sparse *sparse, uint32_t gt, const uint32_t *entries,
                        uint32_t nr_inside, struct sw_err *err)
{
    uint32_t second[VMDK_TABLE_MAX];

    if (sparse->rgd == NULL || sparse->rgd[gt] == sparse->gd[gt])
        return 0;
    if (sw_in_read(sparse->in, second, (size_t)nr_inside * 4, (uint64_t)sparse->rgd[gt] * SW_SECTOR_BYTES,
                   err) < 0)
        return -1;
    return memcmp(entries, second, (size_t)nr_inside * 4) == 0 ? 0 : disagree(sparse, gt, "table", err);
}

static int read_table(const struct vmdk_sparse *sparse, uint32_t gt, uint32_t *entries, struct sw_err *err)
{
    uint64_t grain = (uint64_t)gt * sparse->gtes_per_gt;
    uint64_t left = sw_div_up(sparse->size_bytes, sparse->grain_bytes) - grain;
    uint32_t inside = (uint32_t)sw_min_u64(left, sparse->gtes_per_gt);

    if (sw_in_read(sparse->in, entries, (size_t)sparse->gtes_per_gt * 4,
                   (uint64_t)sparse->gd[gt] * SW_SECTOR_BYTES, err) < 0 ||
        check_second(sparse, gt, entries, inside, err) < 0)
        return -1;
    for (uint32_t i = 0; i < sparse->gtes_per_gt; i++) {
        entries[i] = i < inside ? le32_get(&entries[i]) : 0;
        if (check_gte(sparse, grain + i, entries[i], err) < 0)
            return -1;
    }
    return 0;
}

/* Entries that share a place would make a small file a giant disk; each table and grain has its own. */
static int check_room(const struct vmdk_sparse *sparse, const char *what, uint64_t count, uint64_t each_bytes,
                      struct sw_err *err)
{
    if (count <= sparse->in->size_bytes / each_bytes)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "'%s': %llu %s cannot lie in a file of %llu bytes: some share a place",
                   sparse->in->name, (unsigned long long)count, what,
                   (unsigned long long)sparse->in->size_bytes);
}

static int check_grains(const struct vmdk_sparse *sparse, uint32_t present, struct sw_err *err)
{
    bool deflated = (sparse->flags & VMDK_FLAG_COMPRESSED) != 0;
    uint64_t grains = 0;

    for (size_t i = 0; i < (size_t)present * sparse->gtes_per_gt; i++)
        grains += sparse->tables[i] > VMDK_GTE_ZERO;
    if (grains > 0)
        grains--; /* the last one may be cut */
    return check_room(sparse, "grains", grains, deflated ? SW_SECTOR_BYTES : sparse->grain_bytes, err);
}

/* The directory at sector at, its entries in host order and checked. NULL on failure. */
static uint32_t *read_directory(struct vmdk_sparse *sparse, uint64_t at, struct sw_err *err)
{
    uint64_t sectors = sw_div_up((uint64_t)sparse->nr_gts * 4, SW_SECTOR_BYTES);
    SW_AUTO_FREE uint32_t *gd = NULL;

    if (at == 0 || at > file_sectors(sparse) || file_sectors(sparse) - at < sectors) {
        sw_fail(err, SW_INTEGRITY,
                "'%s' is truncated: the grain directory of %llu sectors at sector %llu is not in the file",
                sparse->in->name, (unsigned long long)sectors, (unsigned long long)at);
        return NULL;
    }
    gd = sw_calloc(sparse->nr_gts, sizeof(*gd), err);
    if (gd == NULL ||
        sw_in_read(sparse->in, gd, (size_t)sparse->nr_gts * sizeof(*gd), at * SW_SECTOR_BYTES, err) < 0)
        return NULL;
    for (uint32_t gt = 0; gt < sparse->nr_gts; gt++) {
        gd[gt] = le32_get(&gd[gt]);
        if (check_gde(sparse, at, gt, gd[gt], err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(gd);
}

static int load_second(struct vmdk_sparse *sparse, struct sw_err *err)
{
    /* For salvage the first one is believed. */
    if (sparse->rgd_offset == 0 || sparse->salvage)
        return 0;
    sparse->rgd = read_directory(sparse, sparse->rgd_offset, err);
    if (sparse->rgd == NULL)
        return sw_context(err, "second directory");
    for (uint32_t gt = 0; gt < sparse->nr_gts; gt++)
        if ((sparse->gd[gt] == 0) != (sparse->rgd[gt] == 0))
            return disagree(sparse, gt, "entry", err);
    return 0;
}

static int load_directory(struct vmdk_sparse *sparse, struct vmdk_room *room, uint32_t *present,
                          struct sw_err *err)
{
    uint64_t per_table = (uint64_t)sparse->grain_bytes * sparse->gtes_per_gt;
    uint64_t entries = sw_div_up(sparse->size_bytes, per_table);

    if (entries > room->gd_entries)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': a grain directory of %llu entries; at most %d are taken over all extents",
                       sparse->in->name, (unsigned long long)entries, VMDK_GD_MAX_ENTRIES);
    room->gd_entries -= entries;
    sparse->nr_gts = (uint32_t)entries;
    sparse->gd = read_directory(sparse, sparse->gd_offset, err);
    if (sparse->gd == NULL || load_second(sparse, err) < 0)
        return -1;
    for (uint32_t gt = 0; gt < sparse->nr_gts; gt++)
        *present += sparse->gd[gt] != 0;
    return check_room(sparse, "grain tables", *present - sparse->nr_cut, (uint64_t)sparse->gtes_per_gt * 4,
                      err);
}

static int keep_tables(struct vmdk_sparse *sparse, uint32_t present, struct sw_err *err)
{
    uint32_t slot = 0;

    sparse->slots = sw_calloc(sparse->nr_gts, sizeof(*sparse->slots), err);
    if (sparse->slots == NULL)
        return -1;
    sparse->tables = sw_calloc((size_t)present * sparse->gtes_per_gt, 4, err);
    if (sparse->tables == NULL)
        return -1;
    for (uint32_t gt = 0; gt < sparse->nr_gts; gt++) {
        if (sparse->gd[gt] == 0)
            continue;
        sparse->slots[gt] = slot++;
        if (read_table(sparse, gt, sparse->tables + (size_t)sparse->slots[gt] * sparse->gtes_per_gt, err) < 0)
            return -1;
    }
    return check_grains(sparse, present, err);
}

int vmdk_load_tables(struct vmdk_sparse *sparse, struct vmdk_room *room, struct sw_err *err)
{
    uint32_t present = 0;
    uint64_t bytes;

    if (load_directory(sparse, room, &present, err) < 0)
        return -1;
    bytes = (uint64_t)present * sparse->gtes_per_gt * 4;
    /* For salvage a table that cannot be read is damage where it is used. */
    if (sparse->salvage || present == 0 || bytes > room->table_bytes)
        return 0;
    room->table_bytes -= bytes;
    return keep_tables(sparse, present, err);
}

void vmdk_sparse_free(struct vmdk_sparse *sparse)
{
    if (sparse == NULL)
        return;
    free(sparse->gd);
    free(sparse->rgd);
    free(sparse->tables);
    free(sparse->slots);
    free(sparse);
}

int vmdk_table(const struct vmdk_sparse *sparse, uint32_t gt, uint32_t room[VMDK_TABLE_MAX],
               const uint32_t **table, struct sw_err *err)
{
    *table = NULL;
    if (sparse->gd[gt] == 0)
        return 0;
    if (sparse->tables != NULL) {
        *table = sparse->tables + (size_t)sparse->slots[gt] * sparse->gtes_per_gt;
        return 0;
    }
    *table = room;
    return read_table(sparse, gt, room, err);
}
