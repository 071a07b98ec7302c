/* Disks in files for the cases over every driver: patterned sources, copies, comparison. */
#ifndef TESTS_FORMATS_DISKS_H
#define TESTS_FORMATS_DISKS_H

#include "slipway/copy.h"
#include "src/base/cleanup.h"
#include "tests/unit/testing.h"

#include <fcntl.h>

struct span {
    uint64_t off, len;
};

/* A sparse raw file; the bytes of each span are never 0 and differ from place to place. */
static inline void make_raw(const char *path, uint64_t size, const struct span *spans, size_t n)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    uint8_t block[4096];

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    for (size_t s = 0; s < n; s++)
        for (uint64_t at = spans[s].off, end = at + spans[s].len; at < end;) {
            size_t len = end - at < sizeof(block) ? (size_t)(end - at) : sizeof(block);

            for (size_t i = 0; i < len; i++)
                block[i] = (uint8_t)(1 + ((at + i) * 37 + (at + i) / 4096 * 11 + ((at + i) >> 16)) % 255);
            assert_int_equal(pwrite(fd, block, len, (off_t)at), len);
            at += len;
        }
    close(fd);
}

static inline struct sw_image *open_image(const char *path, const char *format)
{
    struct sw_in *in = NULL;
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(sw_in_open_file(path, &in, &err), err);
    assert_ok(sw_image_open(in, format, NULL, &img, &err), err);
    return img;
}

static inline void copy_to(const char *src, const char *src_format, const char *dst,
                           const struct sw_format *format, const char *subformat, unsigned jobs)
{
    struct sw_copy copy = {.format = format, .jobs = jobs};
    struct sw_err err = {0};

    copy.create.subformat = subformat;
    copy.create.epoch = 1700000000;
    copy.src = open_image(src, src_format);
    assert_ok(sw_out_create_file(dst, 0600, &copy.out, &err), err);
    assert_ok(sw_copy_image(&copy, NULL, &err), err);
    assert_ok(sw_out_commit(copy.out, &err), err);
    sw_out_close(copy.out);
    sw_image_close(copy.src);
}

static inline void assert_same_disk(const char *a, const char *a_format, const char *b, const char *b_format)
{
    struct sw_image *left = open_image(a, a_format), *right = open_image(b, b_format);
    struct sw_err err = {0};
    uint64_t at = 0;

    assert_int_equal(left->size_bytes, right->size_bytes);
    assert_ok(sw_compare_images(left, right, 2, &at, &err), err);
    if (at != UINT64_MAX)
        fail_msg("'%s' and '%s' differ at %llu", a, b, (unsigned long long)at);
    sw_image_close(left);
    sw_image_close(right);
}

/* Every way to write: a driver and one of its subformats (NULL when it has none). Returns false after the last. */
struct target {
    const struct sw_format *format;
    const char *subformat;
    size_t format_index, subformat_index; /* for next_target */
};

static inline bool next_target(struct target *target)
{
    for (; sw_formats[target->format_index] != NULL; target->format_index++, target->subformat_index = 0) {
        const struct sw_format *format = sw_formats[target->format_index];
        bool none = format->subformats == NULL || format->subformats[0] == NULL;

        if ((format->caps & SW_FORMAT_CAN_WRITE) == 0)
            continue;
        if (none ? target->subformat_index > 0 : format->subformats[target->subformat_index] == NULL)
            continue;
        target->format = format;
        target->subformat = none ? NULL : format->subformats[target->subformat_index];
        target->subformat_index++;
        return true;
    }
    return false;
}

#endif
