/* Disks and overlays for the store's tests. */
#ifndef TESTS_UNIT_STORE_LAYER_CASE_H
#define TESTS_UNIT_STORE_LAYER_CASE_H

#include "tests/unit/store/store_case.h"

enum { DISK_BYTES = 4 << 20, UNIT_BYTES = 64 << 10, SMALL_BYTES = 4096 /* where little changed */ };

/* A raw disk: data that compresses a little at the front, a hole in the middle, one block at the end. */
static inline void write_disk(const char *path, unsigned seed)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    uint32_t state = seed * 2654435761u + 1;
    static uint8_t bytes[1 << 20];

    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(state >> 28);
    }
    assert_int_equal(ftruncate(fd, DISK_BYTES), 0);
    assert_int_equal(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(pwrite(fd, bytes, 4096, DISK_BYTES - 4096), 4096);
    assert_int_equal(close(fd), 0);
}

static inline void patch_disk(const char *path, off_t off, const char *text)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), off), strlen(text));
    assert_int_equal(close(fd), 0);
}

static inline struct sw_store_made ingest(struct sw_store *store, const char *path, unsigned jobs)
{
    const struct sw_store_ingest ask = {.path = path, .format = "raw", .jobs = jobs};
    struct sw_err err = {0};
    struct sw_store_made made;

    assert_ok(sw_store_ingest(store, &ask, &made, &err), err);
    return made;
}

static inline struct sw_image *open_raw(const char *path)
{
    const struct sw_open_opts opts = {.parents = NULL};
    struct sw_err err = {0};
    struct sw_in *in = NULL;
    struct sw_image *image = NULL;

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, "raw", &opts, &image, &err), err);
    return image;
}

/* A qcow2 over the layer, by this name, that reads as the raw disk does. */
static inline void write_overlay_named(struct sw_store *store, const char *path, const char *over,
                                       const char *disk, const char *backing, const char *format)
{
    struct sw_err err = {0};
    struct sw_image *base = NULL;
    struct sw_copy copy = {.format = sw_format_by_name("qcow2"), .jobs = 1};

    assert_ok(sw_store_open_chain(store, over, &base, &err), err);
    copy.src = open_raw(disk);
    copy.base = base;
    copy.create.backing_name = backing;
    copy.create.backing_format = format;
    assert_ok(sw_out_create_file(path, 0644, &copy.out, &err), err);
    assert_ok(sw_copy_image(&copy, NULL, &err), err);
    assert_ok(sw_out_commit(copy.out, &err), err);
    sw_out_close(copy.out);
    sw_image_close(copy.src);
    sw_image_close(base);
}

/* The same by the name that QEMU would be given. */
static inline void write_overlay(struct sw_store *store, const char *path, const char *over, const char *disk)
{
    struct sw_err err = {0};
    char *backing = sw_store_blob_path(store, over, &err);

    assert_non_null(backing);
    write_overlay_named(store, path, over, disk, backing, "qcow2");
    free(backing);
}

/* The same for a sealed store. */
static inline void write_served_overlay(struct sw_store *store, const char *path, const char *over,
                                        const char *disk)
{
    char backing[160];

    snprintf(backing, sizeof(backing), "nbd+unix:///%s?socket=/run/base.sock", over);
    write_overlay_named(store, path, over, disk, backing, "raw");
}

static inline struct sw_store_made commit_over(struct sw_store *store, const char *parent,
                                               const char *beneath, const char *overlay)
{
    const struct sw_store_commit ask = {
        .parent = parent, .overlay_path = overlay, .beneath = beneath, .jobs = 2};
    struct sw_err err = {0};
    struct sw_store_made made;

    assert_ok(sw_store_commit_layer(store, &ask, &made, &err), err);
    return made;
}

/* An overlay over the layer that the new one lies on. */
static inline struct sw_store_made commit(struct sw_store *store, const char *parent, const char *overlay)
{
    return commit_over(store, parent, parent, overlay);
}

static inline void assert_reads_as(struct sw_store *store, const char *digest, const char *disk)
{
    struct sw_err err = {0};
    struct sw_image *a = NULL, *b = open_raw(disk);
    uint64_t differs_at = 0;

    assert_ok(sw_store_open_chain(store, digest, &a, &err), err);
    assert_int_equal(a->size_bytes, b->size_bytes);
    assert_ok(sw_compare_images(a, b, 1, &differs_at, &err), err);
    assert_true(differs_at == UINT64_MAX);
    sw_image_close(a);
    sw_image_close(b);
}

#endif
