/* Grain directory and grain tables: bounded, and every entry checked against the file. */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

enum {
    GD_MAX_ENTRIES = 4 << 20, /* 128 TiB in the usual shape */
    TABLES_MAX_BYTES = 8 << 20,
};

static uint64_t file_sectors(const struct vmdk_image *vmdk)
{
    return vmdk->base.in->size_bytes / SW_SECTOR_BYTES;
}

static int check_gde(const struct vmdk_image *vmdk, uint32_t gt, struct sw_err *err)
{
    uint64_t sectors = sw_div_up((uint64_t)vmdk->gtes_per_gt * 4, SW_SECTOR_BYTES);

    if (vmdk->gd[gt] + sectors <= file_sectors(vmdk))
        return 0;
    return sw_fail(
        err, SW_INTEGRITY,
        "'%s': grain table %u at sector %u (directory entry at %llu) lies after the end of the file: "
        "it is truncated",
        vmdk->base.in->name, gt, vmdk->gd[gt],
        (unsigned long long)(vmdk->gd_offset * SW_SECTOR_BYTES + (uint64_t)gt * 4));
}

static int bad_gte(const struct vmdk_image *vmdk, uint64_t grain, uint32_t gte, const char *why,
                   struct sw_err *err)
{
    uint64_t gt = grain / vmdk->gtes_per_gt, i = grain % vmdk->gtes_per_gt;

    return sw_fail(err, SW_INTEGRITY, "'%s': grain %llu at sector %u (table entry at %llu) %s",
                   vmdk->base.in->name, (unsigned long long)grain, gte,
                   (unsigned long long)((uint64_t)vmdk->gd[gt] * SW_SECTOR_BYTES + i * 4), why);
}

/* A plain grain may be cut after the disk's end; of a compressed one the header must be there. */
static int check_gte(const struct vmdk_image *vmdk, uint64_t grain, uint32_t gte, struct sw_err *err)
{
    uint64_t off = grain * vmdk->grain_bytes, need = sizeof(struct vmdk_grain_header);

    if (gte == 0 || (gte == VMDK_GTE_ZERO && (vmdk->flags & VMDK_FLAG_ZERO_GRAINS) != 0))
        return 0;
    if (gte < vmdk->overhead)
        return bad_gte(vmdk, grain, gte, "lies within the tables", err);
    if ((vmdk->flags & VMDK_FLAG_COMPRESSED) == 0)
        need = sw_min_u64(vmdk->grain_bytes, vmdk->base.size_bytes - off);
    if ((uint64_t)gte * SW_SECTOR_BYTES + need > vmdk->base.in->size_bytes)
        return bad_gte(vmdk, grain, gte, "ends after the file: it is truncated", err);
    return 0;
}

static int read_table(struct vmdk_image *vmdk, uint32_t gt, uint32_t *entries, struct sw_err *err)
{
    uint64_t grain = (uint64_t)gt * vmdk->gtes_per_gt;

    if (sw_in_read(vmdk->base.in, entries, (size_t)vmdk->gtes_per_gt * 4,
                   (uint64_t)vmdk->gd[gt] * SW_SECTOR_BYTES, err) < 0)
        return -1;
    for (uint32_t i = 0; i < vmdk->gtes_per_gt; i++) {
        bool inside = (grain + i) * vmdk->grain_bytes < vmdk->base.size_bytes;

        entries[i] = inside ? le32_get(&entries[i]) : 0;
        if (check_gte(vmdk, grain + i, entries[i], err) < 0)
            return -1;
    }
    return 0;
}

/* Entries that share a place would make a small file a giant disk; each table and grain has its own. */
static int check_room(const struct vmdk_image *vmdk, const char *what, uint64_t count, uint64_t each_bytes,
                      struct sw_err *err)
{
    if (count <= vmdk->base.in->size_bytes / each_bytes)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "'%s': %llu %s cannot lie in a file of %llu bytes: some share a place",
                   vmdk->base.in->name, (unsigned long long)count, what,
                   (unsigned long long)vmdk->base.in->size_bytes);
}

static int check_grains(const struct vmdk_image *vmdk, uint32_t present, struct sw_err *err)
{
    bool deflated = (vmdk->flags & VMDK_FLAG_COMPRESSED) != 0;
    uint64_t grains = 0;

    for (size_t i = 0; i < (size_t)present * vmdk->gtes_per_gt; i++)
        grains += vmdk->tables[i] > VMDK_GTE_ZERO;
    if (grains > 0)
        grains--; /* the last one may be cut */
    return check_room(vmdk, "grains", grains, deflated ? SW_SECTOR_BYTES : vmdk->grain_bytes, err);
}

static int load_directory(struct vmdk_image *vmdk, uint32_t *present, struct sw_err *err)
{
    uint64_t per_table = (uint64_t)vmdk->grain_bytes * vmdk->gtes_per_gt;
    uint64_t entries = sw_div_up(vmdk->base.size_bytes, per_table);
    uint64_t sectors = sw_div_up(entries * 4, SW_SECTOR_BYTES);
    const char *name = vmdk->base.in->name;

    if (entries > GD_MAX_ENTRIES)
        return sw_fail(err, SW_INTEGRITY, "'%s': a grain directory of %llu entries; at most %d are taken",
                       name, (unsigned long long)entries, GD_MAX_ENTRIES);
    if (vmdk->gd_offset == 0 || vmdk->gd_offset > file_sectors(vmdk) ||
        file_sectors(vmdk) - vmdk->gd_offset < sectors)
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s' is truncated: the grain directory of %llu sectors at sector %llu is not in the file", name,
            (unsigned long long)sectors, (unsigned long long)vmdk->gd_offset);
    vmdk->nr_gts = (uint32_t)entries;
    vmdk->gd = sw_calloc(vmdk->nr_gts, sizeof(*vmdk->gd), err);
    if (vmdk->gd == NULL || sw_in_read(vmdk->base.in, vmdk->gd, (size_t)vmdk->nr_gts * sizeof(*vmdk->gd),
                                       vmdk->gd_offset * SW_SECTOR_BYTES, err) < 0)
        return -1;
    for (uint32_t gt = 0; gt < vmdk->nr_gts; gt++) {
        vmdk->gd[gt] = le32_get(&vmdk->gd[gt]);
        if (vmdk->gd[gt] != 0 && check_gde(vmdk, gt, err) < 0)
            return -1;
        *present += vmdk->gd[gt] != 0;
    }
    return check_room(vmdk, "grain tables", *present, (uint64_t)vmdk->gtes_per_gt * 4, err);
}

int vmdk_load_tables(struct vmdk_image *vmdk, struct sw_err *err)
{
    uint32_t present = 0, slot = 0;

    if (load_directory(vmdk, &present, err) < 0)
        return -1;
    if (present == 0 || (uint64_t)present * vmdk->gtes_per_gt * 4 > TABLES_MAX_BYTES)
        return 0;
    vmdk->slots = sw_calloc(vmdk->nr_gts, sizeof(*vmdk->slots), err);
    if (vmdk->slots == NULL)
        return -1;
    vmdk->tables = sw_calloc((size_t)present * vmdk->gtes_per_gt, 4, err);
    if (vmdk->tables == NULL)
        return -1;
    for (uint32_t gt = 0; gt < vmdk->nr_gts; gt++) {
        if (vmdk->gd[gt] == 0)
            continue;
        vmdk->slots[gt] = slot++;
        if (read_table(vmdk, gt, vmdk->tables + (size_t)vmdk->slots[gt] * vmdk->gtes_per_gt, err) < 0)
            return -1;
    }
    return check_grains(vmdk, present, err);
}

int vmdk_table(struct vmdk_image *vmdk, uint32_t gt, uint32_t room[VMDK_GTES_MAX], const uint32_t **table,
               struct sw_err *err)
{
    *table = NULL;
    if (vmdk->gd[gt] == 0)
        return 0;
    if (vmdk->tables != NULL) {
        *table = vmdk->tables + (size_t)vmdk->slots[gt] * vmdk->gtes_per_gt;
        return 0;
    }
    *table = room;
    return read_table(vmdk, gt, room, err);
}
