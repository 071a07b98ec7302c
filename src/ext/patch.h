/* What the pass changes of one file system: pages in memory, and ranges that read as the parent does or as zeros. */
#ifndef SW_EXT_PATCH_H
#define SW_EXT_PATCH_H

#include "slipway/image.h"

#include <stdbool.h>

enum {
    PATCH_PAGE = 4096,
    PATCH_PAGES_MAX = 32768,   /* 128 MiB */
    PATCH_RANGES_MAX = 1 << 21 /* of 24 bytes each */
};

struct patch_page {
    uint64_t index; /* in pages, from the file system's begin */
    uint8_t bytes[PATCH_PAGE];
};

struct patch_range {
    uint64_t off, len; /* bytes, from the file system's begin */
    bool zero;         /* else it reads as the parent */
};

struct patch {
    struct sw_image *now, *top, *parent; /* not owned */
    uint64_t off, len;                   /* of the file system on the disk, bytes */
    struct patch_page **pages;           /* ascending */
    size_t nr_pages, cap_pages;
    struct patch_range *ranges; /* ascending and apart once patch_seal was called */
    size_t nr_ranges, cap_ranges;
    bool sealed; /* only then reading heeds the ranges */
};

/* Exactly len bytes at off of the file system; beyond its end is SW_INTEGRITY. */
SW_MUST_CHECK int patch_read(const struct patch *patch, void *buf, size_t len, uint64_t off,
                             struct sw_err *err);
SW_MUST_CHECK int patch_write(struct patch *patch, const void *buf, size_t len, uint64_t off,
                              struct sw_err *err);
/* The parent's bytes there, zeros where its disk is shorter. */
SW_MUST_CHECK int patch_read_parent(const struct patch *patch, void *buf, size_t len, uint64_t off,
                                    struct sw_err *err);
/* Shortens *len to the run from off on that the top holds, or does not hold (*holds). */
SW_MUST_CHECK int patch_run(const struct patch *patch, uint64_t off, uint64_t *len, bool *holds,
                            struct sw_err *err);
SW_MUST_CHECK int patch_hide(struct patch *patch, const struct patch_range *range, struct sw_err *err);
/* Puts the ranges in order; what lies in two of them belongs to the first. Nothing is written or hidden afterwards. */
void patch_seal(struct patch *patch);
/* The first page that ends behind off; patch->nr_pages when there is none. */
size_t patch_page_from(const struct patch *patch, uint64_t off);
/* The same of the ranges of a sealed one. */
size_t patch_range_from(const struct patch *patch, uint64_t off);
/* Forgets all of it. */
void patch_clear(struct patch *patch);

#endif
