/* VMDKs split over files in tests: a descriptor and its extents in memory, served by name. */
#ifndef TESTS_UNIT_FORMATS_VMDK_SPLIT_H
#define TESTS_UNIT_FORMATS_VMDK_SPLIT_H

#include "tests/unit/formats/vmdk_edit.h"

enum { SPLIT_FILES = 8 };

/* What may be opened. Files are the caller's and freed by split_free. */
struct split {
    struct sw_parent_resolver base;
    struct {
        const char *name;
        struct mem_file file;
    } files[SPLIT_FILES];
    unsigned nr_files;
    unsigned calls; /* how often anything was asked for */
};

static inline const struct mem_file *split_find(struct split *split, const char *name)
{
    split->calls++;
    for (unsigned i = 0; i < split->nr_files; i++)
        if (strcmp(split->files[i].name, name) == 0)
            return &split->files[i].file;
    return NULL;
}

static inline int split_open_file(struct sw_parent_resolver *self, const char *name, struct sw_in **in,
                                  struct sw_err *err)
{
    const struct mem_file *file = split_find((struct split *)self, name);

    if (file == NULL)
        return sw_fail(err, SW_FAILED, "no file '%s' here", name);
    *in = mem_in(file->bytes, file->len);
    return 0;
}

static inline int split_open_parent(struct sw_parent_resolver *self, const char *name, const char *format,
                                    struct sw_image **out, struct sw_err *err)
{
    const struct mem_file *file = split_find((struct split *)self, name);
    struct sw_open_opts opts = {.parents = self};

    if (file == NULL)
        return sw_fail(err, SW_FAILED, "no parent '%s' here", name);
    return sw_image_open(mem_in(file->bytes, file->len), format, &opts, out, err);
}

static inline void split_begin(struct split *split)
{
    *split = (struct split){.base = {.open = split_open_parent, .open_file = split_open_file}};
}

/* An empty file to fill. name must outlive split. */
static inline struct mem_file *split_add(struct split *split, const char *name)
{
    assert_true(split->nr_files < SPLIT_FILES);
    split->files[split->nr_files].name = name;
    split->files[split->nr_files].file = (struct mem_file){.bytes = NULL};
    return &split->files[split->nr_files++].file;
}

/* A file with these bytes after skip bytes of something else. */
static inline void split_add_flat(struct split *split, const char *name, const uint8_t *bytes, size_t len,
                                  size_t skip)
{
    struct mem_file *file = split_add(split, name);

    file->len = skip + len;
    file->bytes = malloc(file->len + 1);
    memset(file->bytes, 0xee, skip);
    memcpy(file->bytes + skip, bytes, len);
}

static inline void split_free(struct split *split)
{
    for (unsigned i = 0; i < split->nr_files; i++)
        free(split->files[i].file.bytes);
}

#define SPLIT_HEAD(type)                                                                       \
    "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=12345678\nparentCID=ffffffff\n" \
    "createType=\"" type "\"\n\n# Extent description\n"

static inline int split_open(struct split *split, const char *text, struct sw_image **img, struct sw_err *err)
{
    struct sw_open_opts opts = {.parents = &split->base};

    return sw_image_open(mem_in(text, strlen(text)), NULL, &opts, img, err);
}

static inline void assert_split_reads(struct split *split, const char *text, const uint8_t *disk,
                                      uint64_t size)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(split_open(split, text, &img, &err), err);
    assert_reads(img, disk, size);
    sw_image_close(img);
}

#define assert_split_refused(split, text, want_code, want_part)                                       \
    do {                                                                                              \
        struct sw_image *refused_ = NULL;                                                             \
        struct sw_err err_ = {0};                                                                     \
        assert_failed(split_open((split), (text), &refused_, &err_), err_, (want_code), (want_part)); \
    } while (0)

#endif
