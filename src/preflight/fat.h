/* The names in a FAT12, FAT16 or FAT32, and the first bytes of its files. Reads only, and within bounds. */
#ifndef SW_PREFLIGHT_FAT_H
#define SW_PREFLIGHT_FAT_H

#include "src/disk/span.h"

enum {
    FAT_PATH = 512,
    FAT_DEPTH = 6,
    FAT_FILES = 512,             /* files and folders that are told of */
    FAT_FOLDER_BYTES = 16 << 20, /* of folders that a walk reads in all */
    FAT_HEAD = 1024,
};

struct fat {
    struct span span;
    unsigned bits; /* 12, 16 or 32 */
    uint32_t sector_bytes, cluster_bytes, nr_clusters;
    uint64_t fat_at, root_at, data_at; /* bytes; root_at of FAT12 and FAT16 alone */
    uint32_t root_bytes, root_cluster;
};

/* SW_INTEGRITY when it is no FAT, or a damaged one. */
SW_MUST_CHECK int fat_open(const struct span *span, struct fat *fat, struct sw_err *err);

struct fat_file {
    const char
        *path; /* from the root, "/EFI/BOOT/BOOTX64.EFI"; UTF-8 of untrusted names, without control bytes */
    uint32_t bytes;
    uint32_t cluster; /* the first */
};

struct fat_visitor {
    /* A file was met. -1 and err ends the walk. */
    int (*file)(struct fat_visitor *self, const struct fat *fat, const struct fat_file *file,
                struct sw_err *err);
};

/* Every file, folder by folder. SW_INTEGRITY when a chain ends nowhere, or there is more than the bounds above allow. */
SW_MUST_CHECK int fat_walk(const struct fat *fat, struct fat_visitor *visitor, struct sw_err *err);

/* At most len bytes of the file's beginning, from its first cluster alone; the rest of buf is zeros. */
SW_MUST_CHECK int fat_head(const struct fat *fat, const struct fat_file *file, void *buf, size_t len,
                           struct sw_err *err);

#endif
