/* The pass: the file systems of a disk, one after the other, each as it is or normalised. */
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/disk/partition.h"
#include "src/ext/ext_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Later than this is no date of a disk that was made: the year 2100. */
#define NEWEST INT64_C(4102444800)

struct sw_ext {
    struct ext_view now, top;
    struct patch patches[PART_MAX]; /* of those that are done */
    size_t nr_patches;
    struct sw_ext_fs reports[PART_MAX];
    size_t nr_reports;
};

/* ---- Where file systems may be ---------------------------------------------------------------------------------- */

struct place {
    uint64_t off, len;
};

struct places {
    struct place items[PART_MAX];
    size_t n;
    struct part_table table;
};

static int by_offset(const void *a, const void *b)
{
    const struct place *left = a, *right = b;

    return left->off < right->off ? -1 : left->off > right->off;
}

/* Partitions in the order in which they lie, none of them within another. */
static int find_places(struct sw_image *disk, struct places *places, struct sw_err *err)
{
    struct span whole = span_disk(disk);
    size_t n = 0;

    if (part_read(&whole, &places->table, err) < 0)
        return -1;
    places->n = 0;
    for (size_t i = 0; i < places->table.nr_parts; i++) {
        struct span part =
            span_part(&whole, places->table.parts[i].start_bytes, places->table.parts[i].size_bytes);

        if (part.len > 0)
            places->items[places->n++] = (struct place){part.off, part.len};
    }
    if (places->n == 0)
        places->items[places->n++] = (struct place){0, disk->size_bytes};
    qsort(places->items, places->n, sizeof(places->items[0]), by_offset);
    for (size_t i = 0; i < places->n; i++)
        if (n == 0 || places->items[i].off >= places->items[n - 1].off + places->items[n - 1].len)
            places->items[n++] = places->items[i];
    places->n = n;
    return 0;
}

/* The superblock of a file system that begins there: 1, or 0 when none does. */
static int read_super(struct sw_image *disk, const struct place *place, uint8_t super[EXT_SUPER_BYTES],
                      struct sw_err *err)
{
    if (place->len < EXT_SUPER_AT + EXT_SUPER_BYTES)
        return 0;
    if (sw_image_pread(disk, super, EXT_SUPER_BYTES, place->off + EXT_SUPER_AT, err) < 0)
        return -1;
    return le16_get(super + SUPER_MAGIC) == EXT_MAGIC;
}

int sw_ext_newest(struct sw_image *disk, int64_t *epoch, struct sw_err *err)
{
    SW_AUTO_FREE struct places *places = sw_calloc(1, sizeof(*places), err);

    *epoch = 0;
    if (places == NULL || find_places(disk, places, err) < 0)
        return -1;
    for (size_t i = 0; i < places->n; i++) {
        uint8_t super[EXT_SUPER_BYTES];
        int found = read_super(disk, &places->items[i], super, err);
        int64_t written;

        if (found < 0)
            return -1;
        if (found == 0)
            continue;
        written = le32_get(super + SUPER_WTIME) | (int64_t)super[SUPER_WTIME_HI] << 32;
        if (written > *epoch && written < NEWEST)
            *epoch = written;
    }
    return 0;
}

/* ---- One file system -------------------------------------------------------------------------------------------- */

static int check_clean(const uint8_t *super, struct sw_err *err)
{
    uint16_t state = le16_get(super + SUPER_STATE);
    uint32_t incompat = le32_get(super + SUPER_INCOMPAT);

    if ((incompat & INCOMPAT_RECOVER) != 0 || (state & STATE_VALID) == 0 ||
        le32_get(super + SUPER_LAST_ORPHAN) != 0 ||
        (le32_get(super + SUPER_RO_COMPAT) & RO_COMPAT_ORPHAN_PRESENT) != 0)
        return sw_fail(err, SW_INTEGRITY, "it was not unmounted cleanly");
    if ((state & STATE_ERROR) != 0 || le32_get(super + SUPER_ERROR_COUNT) != 0)
        return sw_fail(err, SW_INTEGRITY, "it has errors");
    if ((incompat & (INCOMPAT_JOURNAL_DEV | INCOMPAT_MMP)) != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "it is a journal of another, or guarded against being mounted twice");
    return 0;
}

/* Before anything is read or reserved by what it says. */
static int check_size(const struct ext *ext, struct sw_err *err)
{
    enum { LOG_MAX = 6 };
    uint32_t log = le32_get(ext->super + SUPER_LOG_BLOCK);
    uint64_t n = le32_get(ext->super + SUPER_BLOCKS);

    if ((le32_get(ext->super + SUPER_INCOMPAT) & INCOMPAT_64BIT) != 0)
        n |= (uint64_t)le32_get(ext->super + SUPER_BLOCKS_HI) << 32;
    if (log > LOG_MAX)
        return sw_fail(err, SW_INTEGRITY, "its blocks are larger than any");
    if (n > ext->patch->len / ((uint64_t)EXT_SUPER_AT << log))
        return sw_fail(err, SW_INTEGRITY, "it says that it is larger than its place");
    return 0;
}

/* Whether the parent has the same file system there: where its structures lie cannot have changed then. */
static int look_at_parent(struct ext *ext, struct sw_err *err)
{
    static const struct {
        unsigned at, len;
    } alike[] = {{0x14, 4 + 4}, {0x20, 3 * 4}, {SUPER_INODE_SIZE, 2}, {SUPER_UUID, 16}, {SUPER_DESC_SIZE, 2}};
    uint8_t old[EXT_SUPER_BYTES];

    if (patch_read_parent(ext->patch, old, sizeof(old), EXT_SUPER_AT, err) < 0)
        return -1;
    ext->same = le16_get(old + SUPER_MAGIC) == EXT_MAGIC &&
                ((le32_get(old + SUPER_INCOMPAT) ^ le32_get(ext->super + SUPER_INCOMPAT)) &
                 ~(uint32_t)INCOMPAT_RECOVER) == 0;
    for (size_t i = 0; i < SW_ARRAY_LEN(alike) && ext->same; i++)
        ext->same = memcmp(old + alike[i].at, ext->super + alike[i].at, alike[i].len) == 0;
    return 0;
}

static int run_pass(struct ext *ext, struct sw_err *err)
{
    if (check_clean(ext->super, err) < 0 || check_size(ext, err) < 0 || look_at_parent(ext, err) < 0 ||
        ext_lib_open(ext, err) < 0 || ext_pass_inodes(ext, err) < 0 || ext_pass_journal(ext, err) < 0 ||
        ext_pass_free(ext, err) < 0)
        return -1;
    return ext_pass_supers(ext, err);
}

/* 1: done; 0: it stays as it is, and the report says why. */
static int pass_one(struct patch *patch, int64_t epoch, struct sw_ext_fs *report, struct sw_err *err)
{
    struct ext ext = {.patch = patch, .epoch = epoch, .report = report};
    struct sw_err why = {.code = SW_OK};
    int rc = sw_image_pread(patch->now, ext.super, EXT_SUPER_BYTES, patch->off + EXT_SUPER_AT, err);

    if (rc < 0)
        return -1;
    rc = run_pass(&ext, &why);
    ext_lib_close(&ext);
    if (rc == 0) {
        patch_seal(patch);
        report->done = true;
        report->nr_changed = patch->nr_pages;
        return 1;
    }
    patch_clear(patch);
    report->nr_inodes = report->hidden_bytes = 0;
    snprintf(report->why, sizeof(report->why), "%.*s", (int)sizeof(report->why) - 1, why.text);
    if (why.code == SW_INTEGRITY)
        return 0;
    *err = why;
    return -1;
}

/* ---- The whole -------------------------------------------------------------------------------------------------- */

static int pass_place(struct sw_ext *ext, const struct sw_ext_ask *ask, const struct place *place,
                      struct sw_err *err)
{
    uint8_t super[EXT_SUPER_BYTES];
    int rc = read_super(ask->now, place, super, err);
    struct sw_ext_fs *report = &ext->reports[ext->nr_reports];
    struct patch *patch = &ext->patches[ext->nr_patches];

    if (rc <= 0)
        return rc;
    report->off_bytes = place->off;
    *patch = (struct patch){
        .now = ask->now, .top = ask->top, .parent = ask->parent, .off = place->off, .len = place->len};
    rc = pass_one(patch, ask->epoch, report, err);
    if (rc < 0)
        return -1;
    ext->nr_reports++;
    ext->nr_patches += (size_t)rc;
    return 0;
}

int sw_ext_open(const struct sw_ext_ask *ask, struct sw_ext **out, struct sw_err *err)
{
    SW_AUTO_FREE struct places *places = sw_calloc(1, sizeof(*places), err);
    struct sw_ext *ext = sw_calloc(1, sizeof(*ext), err);

    if (places == NULL || ext == NULL || find_places(ask->now, places, err) < 0) {
        free(ext);
        return -1;
    }
    ext_view_init(&ext->now, ask->now, false);
    ext_view_init(&ext->top, ask->top, true);
    for (size_t i = 0; i < places->n; i++) {
        if (pass_place(ext, ask, &places->items[i], err) < 0) {
            sw_ext_close(ext);
            return sw_context(err, "the file system at byte %llu", (unsigned long long)places->items[i].off);
        }
    }
    ext->now.patches = ext->top.patches = ext->patches;
    ext->now.nr_patches = ext->top.nr_patches = ext->nr_patches;
    *out = ext;
    return 0;
}

struct sw_image *sw_ext_now(struct sw_ext *ext)
{
    return &ext->now.base;
}

struct sw_image *sw_ext_top(struct sw_ext *ext)
{
    return &ext->top.base;
}

size_t sw_ext_count(const struct sw_ext *ext)
{
    return ext->nr_reports;
}

const struct sw_ext_fs *sw_ext_at(const struct sw_ext *ext, size_t i)
{
    return &ext->reports[i];
}

void sw_ext_close(struct sw_ext *ext)
{
    if (ext == NULL)
        return;
    for (size_t i = 0; i < PART_MAX; i++)
        patch_clear(&ext->patches[i]);
    free(ext);
}
