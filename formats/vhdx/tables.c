/* A VHDX's region table and metadata, every field checked against the file. */
#include "formats/vhdx/vhdx.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

/* A locator has a few paths; more is not taken. */
enum { BLOCK_MIN_BYTES = 1 << 20, BLOCK_MAX_BYTES = 256 << 20, LOCATOR_MAX_BYTES = 64 << 10 };

static bool is_guid(const uint8_t guid[VHDX_GUID_BYTES], const uint8_t want[VHDX_GUID_BYTES])
{
    return memcmp(guid, want, VHDX_GUID_BYTES) == 0;
}

static int check_table(const struct vhdx_image *vhdx, const uint8_t *table, uint64_t at, struct sw_err *err)
{
    const struct vhdx_region_table *head = (const struct vhdx_region_table *)table;
    uint32_t sum = vhdx_checksum(table, VHDX_REGIONS_BYTES, offsetof(struct vhdx_region_table, checksum));
    const char *name = vhdx->base.in->name;

    if (memcmp(head->signature, VHDX_REGION_SIGNATURE, sizeof(head->signature)) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': no '%s' table at %llu", name, VHDX_REGION_SIGNATURE,
                       (unsigned long long)at);
    if (le32_get(head->checksum) != sum)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': bad checksum 0x%08x in the region table at %llu (computed 0x%08x)", name,
                       le32_get(head->checksum), (unsigned long long)at, sum);
    if (le32_get(head->count) > VHDX_ENTRIES_MAX)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': %u entries in the region table at %llu; at most %d are possible", name,
                       le32_get(head->count), (unsigned long long)at, VHDX_ENTRIES_MAX);
    return 0;
}

/* The first table, or its copy where the first is damaged. */
static int read_table(const struct vhdx_image *vhdx, uint8_t *table, struct sw_err *err)
{
    struct sw_err first = {.code = SW_OK};

    if (vhdx_read(vhdx, table, VHDX_REGIONS_BYTES, VHDX_REGIONS_AT, err) < 0)
        return -1;
    if (check_table(vhdx, table, VHDX_REGIONS_AT, &first) == 0)
        return 0;
    if (vhdx_read(vhdx, table, VHDX_REGIONS_BYTES, VHDX_REGIONS_AT + VHDX_REGIONS_BYTES, err) < 0)
        return -1;
    if (check_table(vhdx, table, VHDX_REGIONS_AT + VHDX_REGIONS_BYTES, err) == 0)
        return 0;
    *err = first;
    return sw_context(err, "neither region table is valid");
}

static int check_region(const struct vhdx_image *vhdx, const struct vhdx_range *range, uint32_t i,
                        struct sw_err *err)
{
    if (range->at % VHDX_MIB == 0 && range->at >= VHDX_MIB && range->len % VHDX_MIB == 0 && range->len > 0 &&
        range->at <= vhdx->file_end && vhdx->file_end - range->at >= range->len)
        return 0;
    return sw_fail(err, SW_INTEGRITY,
                   "'%s': region %u of %llu bytes at %llu is not whole MiB within the file's %llu bytes",
                   vhdx->base.in->name, i, (unsigned long long)range->len, (unsigned long long)range->at,
                   (unsigned long long)vhdx->file_end);
}

static int take_region(struct vhdx_image *vhdx, const struct vhdx_region *region,
                       const struct vhdx_range *range, uint32_t i, struct sw_err *err)
{
    static const uint8_t bat[] = VHDX_GUID_BAT, metadata[] = VHDX_GUID_METADATA;
    bool is_bat = is_guid(region->guid, bat), is_metadata = is_guid(region->guid, metadata);

    if ((is_bat && vhdx->bat_at != 0) || (is_metadata && vhdx->metadata_at != 0))
        return sw_fail(err, SW_INTEGRITY, "'%s': region %u, the %s, is there twice", vhdx->base.in->name, i,
                       is_bat ? "block table" : "metadata");
    if (is_bat) {
        vhdx->bat_at = range->at;
        vhdx->bat_bytes = range->len;
    } else if (is_metadata) {
        vhdx->metadata_at = range->at;
        vhdx->metadata_bytes = (uint32_t)range->len;
    } else if ((le32_get(region->required) & 1) != 0) {
        return sw_fail(err, SW_REFUSED, "'%s': region %u at %llu is required, and not known",
                       vhdx->base.in->name, i, (unsigned long long)range->at);
    }
    return 0;
}

static int take_regions(struct vhdx_image *vhdx, const uint8_t *table, struct vhdx_range *taken, uint32_t n,
                        struct sw_err *err)
{
    const struct vhdx_region *regions =
        (const struct vhdx_region *)(table + sizeof(struct vhdx_region_table));

    for (uint32_t i = 0; i < n; i++) {
        taken[i] = (struct vhdx_range){le64_get(regions[i].offset), le32_get(regions[i].length)};
        if (check_region(vhdx, &taken[i], i, err) < 0 ||
            take_region(vhdx, &regions[i], &taken[i], i, err) < 0)
            return -1;
    }
    if (vhdx->bat_at == 0 || vhdx->metadata_at == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': the region table has no %s", vhdx->base.in->name,
                       vhdx->bat_at == 0 ? "block table" : "metadata");
    return 0;
}

int vhdx_read_regions(struct vhdx_image *vhdx, struct vhdx_range **taken, size_t *n, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *table = sw_calloc(1, VHDX_REGIONS_BYTES, err);
    SW_AUTO_FREE struct vhdx_range *ranges = NULL;
    uint32_t count;

    if (table == NULL || read_table(vhdx, table, err) < 0)
        return -1;
    count = le32_get(((const struct vhdx_region_table *)table)->count);
    ranges = sw_calloc((size_t)count + 1, sizeof(*ranges), err);
    if (ranges == NULL || take_regions(vhdx, table, ranges, count, err) < 0)
        return -1;
    *taken = SW_STEAL_PTR(ranges);
    *n = count;
    return 0;
}

/* One metadata item that is known here: all of its value, or its first bytes where it may be longer. */
struct known {
    const char *name;
    uint8_t guid[VHDX_GUID_BYTES];
    uint32_t min_bytes, max_bytes;
    bool optional;
};

enum { PARAMETERS, SIZE, DISK_ID, LOGICAL, PHYSICAL, LOCATOR, NR_KNOWN };

static const struct known known[NR_KNOWN] = {
    [PARAMETERS] = {"file parameters", VHDX_GUID_PARAMETERS, 8, 8, false},
    [SIZE] = {"virtual disk size", VHDX_GUID_SIZE, 8, 8, false},
    [DISK_ID] = {"virtual disk id", VHDX_GUID_DISK_ID, 16, 16, true},
    [LOGICAL] = {"logical sector size", VHDX_GUID_LOGICAL, 4, 4, false},
    [PHYSICAL] = {"physical sector size", VHDX_GUID_PHYSICAL, 4, 4, true},
    [LOCATOR] = {"parent locator", VHDX_GUID_LOCATOR, sizeof(struct vhdx_locator), LOCATOR_MAX_BYTES, true},
};

static int know(const struct vhdx_item *item)
{
    for (int k = 0; k < NR_KNOWN; k++)
        if ((le32_get(item->flags) & VHDX_ITEM_USER) == 0 && is_guid(item->guid, known[k].guid))
            return k;
    return -1;
}

static int check_item(const struct vhdx_image *vhdx, const struct vhdx_item *item, const struct known *as,
                      uint64_t at, struct sw_err *err)
{
    uint32_t offset = le32_get(item->offset), length = le32_get(item->length);

    if (length < as->min_bytes || length > as->max_bytes)
        return sw_fail(
            err, SW_INTEGRITY, "'%s': %s of %u bytes (metadata entry at %llu); %u to %u are possible",
            vhdx->base.in->name, as->name, length, (unsigned long long)at, as->min_bytes, as->max_bytes);
    if (offset < VHDX_METADATA_BYTES || offset > vhdx->metadata_bytes ||
        vhdx->metadata_bytes - offset < length)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': %s at %u (metadata entry at %llu) is not within the region's %u bytes",
                       vhdx->base.in->name, as->name, offset, (unsigned long long)at, vhdx->metadata_bytes);
    return 0;
}

/* Notes where the known items are; an unknown one that is required is refused. */
static int find_items(const struct vhdx_image *vhdx, const uint8_t *table, struct vhdx_item found[NR_KNOWN],
                      struct sw_err *err)
{
    const struct vhdx_metadata_table *head = (const struct vhdx_metadata_table *)table;
    const struct vhdx_item *items = (const struct vhdx_item *)(table + sizeof(*head));

    for (uint32_t i = 0; i < le16_get(head->count); i++) {
        uint64_t at = vhdx->metadata_at + sizeof(*head) + i * sizeof(*items);
        int k = know(&items[i]);

        if (k < 0 && (le32_get(items[i].flags) & VHDX_ITEM_REQUIRED) != 0)
            return sw_fail(err, SW_REFUSED, "'%s': the metadata entry at %llu is required, and not known",
                           vhdx->base.in->name, (unsigned long long)at);
        if (k < 0)
            continue;
        if (le32_get(found[k].length) != 0)
            return sw_fail(err, SW_INTEGRITY, "'%s': %s is there twice (metadata entry at %llu)",
                           vhdx->base.in->name, known[k].name, (unsigned long long)at);
        if (check_item(vhdx, &items[i], &known[k], at, err) < 0)
            return -1;
        found[k] = items[i];
    }
    return 0;
}

static int read_items(const struct vhdx_image *vhdx, struct vhdx_item found[NR_KNOWN], struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *table = sw_calloc(1, VHDX_METADATA_BYTES, err);
    const struct vhdx_metadata_table *head = (const struct vhdx_metadata_table *)table;

    if (table == NULL || vhdx_read(vhdx, table, VHDX_METADATA_BYTES, vhdx->metadata_at, err) < 0)
        return -1;
    if (memcmp(head->signature, VHDX_METADATA_SIGNATURE, sizeof(head->signature)) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': no '%s' table at %llu", vhdx->base.in->name,
                       VHDX_METADATA_SIGNATURE, (unsigned long long)vhdx->metadata_at);
    if (le16_get(head->count) > VHDX_ENTRIES_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s': %u entries in the metadata at %llu; at most %d are possible",
                       vhdx->base.in->name, le16_get(head->count), (unsigned long long)vhdx->metadata_at,
                       VHDX_ENTRIES_MAX);
    if (find_items(vhdx, table, found, err) < 0)
        return -1;
    for (int k = 0; k < NR_KNOWN; k++)
        if (!known[k].optional && le32_get(found[k].length) == 0)
            return sw_fail(err, SW_INTEGRITY, "'%s': the metadata at %llu has no %s", vhdx->base.in->name,
                           (unsigned long long)vhdx->metadata_at, known[k].name);
    return 0;
}

static int read_item(const struct vhdx_image *vhdx, const struct vhdx_item *item, void *value,
                     struct sw_err *err)
{
    return vhdx_read(vhdx, value, le32_get(item->length), vhdx->metadata_at + le32_get(item->offset), err);
}

static int take_parameters(struct vhdx_image *vhdx, const struct vhdx_item *item, struct sw_err *err)
{
    struct vhdx_file_parameters parameters;
    uint64_t at = vhdx->metadata_at + le32_get(item->offset);

    if (read_item(vhdx, item, &parameters, err) < 0)
        return -1;
    vhdx->block_bytes = le32_get(parameters.block_size);
    vhdx->flags = le32_get(parameters.flags);
    if (!sw_is_pow2(vhdx->block_bytes) || vhdx->block_bytes < BLOCK_MIN_BYTES ||
        vhdx->block_bytes > BLOCK_MAX_BYTES)
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s': block size %u in the metadata at %llu is not a power of two from 1 MiB to 256 MiB",
            vhdx->base.in->name, vhdx->block_bytes, (unsigned long long)at);
    if ((vhdx->flags & ~(uint32_t)(VHDX_LEAVE_ALLOCATED | VHDX_HAS_PARENT)) != 0)
        return sw_fail(err, SW_REFUSED, "'%s': flags 0x%x of the file parameters at %llu are not known",
                       vhdx->base.in->name, vhdx->flags, (unsigned long long)at);
    return 0;
}

static int take_sizes(struct vhdx_image *vhdx, const struct vhdx_item found[NR_KNOWN], struct sw_err *err)
{
    uint8_t size[8], sector[4];
    const char *name = vhdx->base.in->name;

    if (read_item(vhdx, &found[SIZE], size, err) < 0 || read_item(vhdx, &found[LOGICAL], sector, err) < 0)
        return -1;
    vhdx->base.size_bytes = le64_get(size);
    vhdx->sector_bytes = le32_get(sector);
    if (vhdx->sector_bytes != 512 && vhdx->sector_bytes != 4096)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': logical sector size %u in the metadata at %llu is not 512 or 4096", name,
                       vhdx->sector_bytes,
                       (unsigned long long)(vhdx->metadata_at + le32_get(found[LOGICAL].offset)));
    if (vhdx->base.size_bytes == 0 || vhdx->base.size_bytes % vhdx->sector_bytes != 0 ||
        vhdx->base.size_bytes > SW_VIRTUAL_MAX_BYTES)
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s': virtual disk size %llu in the metadata at %llu is not whole sectors of %u up to 64 TiB",
            name, (unsigned long long)vhdx->base.size_bytes,
            (unsigned long long)(vhdx->metadata_at + le32_get(found[SIZE].offset)), vhdx->sector_bytes);
    if (vhdx->sector_bytes != SW_SECTOR_BYTES)
        sw_image_warn(
            &vhdx->base,
            "its sectors have 4096 bytes, those of a copy have 512: a partition table is not found there");
    return 0;
}

static int take_locator(struct vhdx_image *vhdx, const struct vhdx_item *item, struct sw_err *err)
{
    if ((vhdx->flags & VHDX_HAS_PARENT) == 0)
        return 0;
    vhdx->locator_bytes = le32_get(item->length);
    if (vhdx->locator_bytes == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': a disk with a parent, but the metadata at %llu has no %s",
                       vhdx->base.in->name, (unsigned long long)vhdx->metadata_at, known[LOCATOR].name);
    vhdx->locator = sw_calloc(1, vhdx->locator_bytes, err);
    return vhdx->locator != NULL ? read_item(vhdx, item, vhdx->locator, err) : -1;
}

int vhdx_read_metadata(struct vhdx_image *vhdx, struct sw_err *err)
{
    struct vhdx_item found[NR_KNOWN];

    memset(found, 0, sizeof(found));
    if (read_items(vhdx, found, err) < 0 || take_parameters(vhdx, &found[PARAMETERS], err) < 0 ||
        take_sizes(vhdx, found, err) < 0)
        return -1;
    return take_locator(vhdx, &found[LOCATOR], err);
}
