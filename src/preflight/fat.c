/* A FAT's layout, its chains of clusters, and the folders in them. */
#include "src/preflight/fat.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/preflight/fat_name.h"

#include <stdio.h>
#include <string.h>

enum {
    SLOT_BYTES = 32,
    ATTR_VOLUME = 0x08,
    ATTR_FOLDER = 0x10,
    FIRST_CLUSTER = 2,
    CLUSTER_BYTES_MAX = 256 << 10
};

static int broken(struct sw_err *err, const char *what)
{
    return sw_fail(err, SW_INTEGRITY, "the FAT file system's %s", what);
}

/* From the boot sector; the layout that it claims has to lie within the span. */
static int take_layout(const uint8_t *boot, struct fat *fat, struct sw_err *err)
{
    uint32_t reserved = le16_get(boot + 14), fats = boot[16], roots = le16_get(boot + 17);
    uint64_t sectors = le16_get(boot + 19) != 0 ? le16_get(boot + 19) : le32_get(boot + 32);
    uint64_t fat_sectors = le16_get(boot + 22) != 0 ? le16_get(boot + 22) : le32_get(boot + 36);
    uint64_t meta, clusters;

    fat->sector_bytes = le16_get(boot + 11);
    if (!sw_is_pow2(fat->sector_bytes) || fat->sector_bytes < 512 || fat->sector_bytes > 4096)
        return broken(err, "sector size is out of range");
    fat->cluster_bytes = fat->sector_bytes * boot[13];
    if (!sw_is_pow2(boot[13]) || fat->cluster_bytes > CLUSTER_BYTES_MAX)
        return broken(err, "cluster size is out of range");
    if (reserved == 0 || fats == 0 || fats > 4 || fat_sectors == 0 || sectors == 0)
        return broken(err, "boot sector has a field that is 0 or too large");
    fat->root_bytes = roots * SLOT_BYTES;
    fat->fat_at = (uint64_t)reserved * fat->sector_bytes;
    fat->root_at = fat->fat_at + fats * fat_sectors * fat->sector_bytes;
    fat->data_at = fat->root_at + sw_round_up(fat->root_bytes, fat->sector_bytes);
    meta = fat->data_at / fat->sector_bytes;
    if (sectors <= meta || fat->data_at > fat->span.len)
        return broken(err, "tables leave no room for data");
    clusters = (sectors - meta) / boot[13];
    fat->nr_clusters = (uint32_t)sw_min_u64(clusters, 0x0ffffff5);
    /* Small ones are made with wide entries as well: that the old field is 0 says so, as to kernels and firmware. */
    fat->bits = le16_get(boot + 22) == 0 ? 32 : clusters < 4085 ? 12 : 16;
    fat->root_cluster = fat->bits == 32 ? le32_get(boot + 44) : 0;
    if (fat_sectors * fat->sector_bytes * 8 / fat->bits < clusters + FIRST_CLUSTER)
        return broken(err, "table is too short for its clusters");
    return 0;
}

int fat_open(const struct span *span, struct fat *fat, struct sw_err *err)
{
    uint8_t boot[SW_SECTOR_BYTES];

    *fat = (struct fat){.span = *span};
    if (span_read(span, boot, sizeof(boot), 0, err) < 0)
        return -1;
    if (boot[510] != 0x55 || boot[511] != 0xaa)
        return broken(err, "boot sector does not end in 55 AA");
    return take_layout(boot, fat, err);
}

static bool is_cluster(const struct fat *fat, uint32_t cluster)
{
    return cluster >= FIRST_CLUSTER && cluster - FIRST_CLUSTER < fat->nr_clusters;
}

/* What follows in the chain; 0 at its end. */
static int next_cluster(const struct fat *fat, uint32_t cluster, uint32_t *next, struct sw_err *err)
{
    uint64_t at =
        fat->fat_at + (fat->bits == 12 ? cluster + cluster / 2 : (uint64_t)cluster * (fat->bits / 8));
    uint32_t end = fat->bits == 12 ? 0xff8 : fat->bits == 16 ? 0xfff8 : 0x0ffffff8;
    uint8_t raw[4] = {0};

    if (span_read(&fat->span, raw, fat->bits == 32 ? 4 : 2, at, err) < 0)
        return -1;
    *next = fat->bits == 32    ? le32_get(raw) & 0x0fffffff
            : fat->bits == 16  ? le16_get(raw)
            : cluster % 2 != 0 ? le16_get(raw) >> 4
                               : le16_get(raw) & 0xfffU;
    if (*next >= end)
        *next = 0;
    else if (!is_cluster(fat, *next))
        return broken(err, "chain of clusters leads nowhere");
    return 0;
}

static uint64_t cluster_at(const struct fat *fat, uint32_t cluster)
{
    return fat->data_at + (uint64_t)(cluster - FIRST_CLUSTER) * fat->cluster_bytes;
}

/* A walk: what was met so far bounds it. */
struct walk {
    const struct fat *fat;
    struct fat_visitor *visitor;
    unsigned files;
    uint64_t bytes;
};

/* One folder of a walk. path ends in its name. */
struct folder {
    struct walk *walk;
    unsigned depth;
    char path[FAT_PATH];
    struct fat_long_name pending;
    bool ended;
};

static int read_folder(struct folder *folder, uint32_t cluster, struct sw_err *err);

static int enter(struct folder *parent, const char *path, uint32_t cluster, struct sw_err *err)
{
    struct folder folder = {.walk = parent->walk, .depth = parent->depth + 1};

    if (folder.depth >= FAT_DEPTH || !is_cluster(parent->walk->fat, cluster))
        return 0;
    snprintf(folder.path, sizeof(folder.path), "%s", path);
    return read_folder(&folder, cluster, err);
}

static int take_slot(struct folder *folder, const uint8_t *slot, struct sw_err *err)
{
    const struct fat *fat = folder->walk->fat;
    uint32_t cluster = le16_get(slot + 26) | (fat->bits == 32 ? (uint32_t)le16_get(slot + 20) << 16 : 0);
    struct fat_file file = {.bytes = le32_get(slot + 28), .cluster = cluster};
    char name[FAT_NAME], path[FAT_PATH];
    int n;

    if (fat_name_take(&folder->pending, slot, name) == 0 || (slot[11] & ATTR_VOLUME) != 0 ||
        name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    n = snprintf(path, sizeof(path), "%s/%s", folder->path, name);
    if (n < 0 || (size_t)n >= sizeof(path))
        return 0;
    if (++folder->walk->files > FAT_FILES)
        return sw_fail(err, SW_INTEGRITY, "the FAT file system has more than %d files", FAT_FILES);
    if ((slot[11] & ATTR_FOLDER) != 0)
        return enter(folder, path, cluster, err);
    file.path = path;
    return folder->walk->visitor->file(folder->walk->visitor, fat, &file, err);
}

static int read_slots(struct folder *folder, uint64_t at, uint32_t len, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *slots = sw_calloc(1, len > 0 ? len : 1, err);

    if (slots == NULL || span_read(&folder->walk->fat->span, slots, len, at, err) < 0)
        return -1;
    for (uint32_t i = 0; i + SLOT_BYTES <= len && !folder->ended; i += SLOT_BYTES) {
        if (slots[i] == 0)
            folder->ended = true;
        else if (take_slot(folder, slots + i, err) < 0)
            return -1;
    }
    return 0;
}

static int read_folder(struct folder *folder, uint32_t cluster, struct sw_err *err)
{
    const struct fat *fat = folder->walk->fat;

    while (cluster != 0 && !folder->ended) {
        if (!is_cluster(fat, cluster))
            return broken(err, "folder lies nowhere");
        folder->walk->bytes += fat->cluster_bytes;
        if (folder->walk->bytes > FAT_FOLDER_BYTES)
            return broken(err, "folders have no end");
        if (read_slots(folder, cluster_at(fat, cluster), fat->cluster_bytes, err) < 0 ||
            next_cluster(fat, cluster, &cluster, err) < 0)
            return -1;
    }
    return 0;
}

int fat_walk(const struct fat *fat, struct fat_visitor *visitor, struct sw_err *err)
{
    struct walk walk = {.fat = fat, .visitor = visitor};
    struct folder root = {.walk = &walk};

    if (fat->bits != 32)
        return read_slots(&root, fat->root_at, fat->root_bytes, err);
    return read_folder(&root, fat->root_cluster, err);
}

int fat_head(const struct fat *fat, const struct fat_file *file, void *buf, size_t len, struct sw_err *err)
{
    size_t there = (size_t)sw_min_u64(len, sw_min_u64(file->bytes, fat->cluster_bytes));

    memset(buf, 0, len);
    if (there == 0)
        return 0;
    if (!is_cluster(fat, file->cluster))
        return broken(err, "file lies nowhere");
    return span_read(&fat->span, buf, there, cluster_at(fat, file->cluster), err);
}
