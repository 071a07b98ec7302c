/* What the disk targets share: open any bytes as an image, walk it, read some of it. */
#ifndef TESTS_FUZZ_DISK_H
#define TESTS_FUZZ_DISK_H

#include "slipway/image.h"
#include "tests/lib/mem_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_READ_BYTES = 1 << 20, FUZZ_EXTENTS = 64 };

static inline void fuzz_read(struct sw_image *img, uint8_t *buf, uint64_t off)
{
    struct sw_err err = {0};
    uint64_t rest = img->size_bytes - off;

    (void)!sw_image_pread(img, buf, rest < FUZZ_READ_BYTES ? (size_t)rest : FUZZ_READ_BYTES, off, &err);
}

/* Extents cover the disk one after another, whatever the bytes; what fails says why. */
static inline void fuzz_walk(struct sw_image *img, uint8_t *buf)
{
    uint64_t off = 0;

    for (unsigned i = 0; i < FUZZ_EXTENTS && off < img->size_bytes; i++) {
        struct sw_extent extent;
        struct sw_err err = {0};

        if (sw_image_next_extent(img, off, &extent, &err) < 0) {
            if (err.text[0] == '\0')
                abort();
            return;
        }
        if (extent.off != off || extent.len == 0 || extent.len > img->size_bytes - off)
            abort();
        if (extent.plain && !img->salvage &&
            (extent.physical > img->in->size_bytes || img->in->size_bytes - extent.physical < extent.len))
            abort();
        if (i < 8)
            fuzz_read(img, buf, off);
        off += extent.len;
    }
    fuzz_read(img, buf, img->size_bytes - 1);
}

static inline void fuzz_open_with(const uint8_t *data, size_t size, const char *format,
                                  const struct sw_open_opts *opts)
{
    static uint8_t buf[FUZZ_READ_BYTES];
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    if (sw_image_open(mem_in(data, size), format, opts, &img, &err) == 0) {
        fuzz_walk(img, buf);
        sw_image_close(img);
    } else if (err.code == SW_OK || err.text[0] == '\0') {
        abort();
    }
}

static inline void fuzz_open(const uint8_t *data, size_t size, const char *format)
{
    static const struct sw_open_opts alone[] = {
        {.top_only = false}, {.top_only = true}, {.top_only = true, .salvage = true}};

    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++)
        fuzz_open_with(data, size, format, &alone[i]);
}

#endif
