/* Small disks for the format tests: written by a driver into memory, opened from it, edited in between. */
#ifndef TESTS_UNIT_FORMATS_DISK_H
#define TESTS_UNIT_FORMATS_DISK_H

#include "slipway/image.h"
#include "tests/lib/mem_in.h"
#include "tests/unit/testing.h"

/* A piece of a disk that is not zero. */
struct piece {
    uint64_t off;
    size_t len;
};

/* The byte of the pattern at off; never 0, and different from its neighbours. */
static inline uint8_t pattern_at(uint64_t off)
{
    return (uint8_t)(1 + (off * 31 + off / 512 * 7 + off / 65536) % 255);
}

static inline uint8_t *make_disk(uint64_t size, const struct piece *pieces, size_t n)
{
    uint8_t *disk = calloc(1, (size_t)size);

    assert_non_null(disk);
    for (size_t i = 0; i < n; i++)
        for (uint64_t at = pieces[i].off; at < pieces[i].off + pieces[i].len; at++)
            disk[at] = pattern_at(at);
    return disk;
}

static inline bool all_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

static inline void put_unit(struct sw_image *img, void *worker, uint8_t *bytes, uint64_t len, uint64_t off)
{
    const struct sw_format *format = img->format;
    size_t cap = format->coded_bound != NULL ? format->coded_bound(img) : 0;
    struct sw_block block = {.off = off, .len = len, .data = bytes, .data_cap = (size_t)len};
    struct sw_err err = {0};

    block.coded = malloc(cap + 1);
    block.coded_cap = cap;
    block.kind = all_zero(bytes, (size_t)len) ? SW_BLOCK_ZERO : SW_BLOCK_DATA;
    if (block.kind == SW_BLOCK_DATA && format->encode != NULL)
        assert_ok(format->encode(img, worker, &block, &err), err);
    assert_ok(format->put(img, &block, &err), err);
    free(block.coded);
}

/* The whole disk through a driver, unit by unit, into file. */
static inline void write_disk(struct mem_file *file, const char *format_name,
                              const struct sw_create_opts *opts, uint8_t *disk, bool seekable)
{
    const struct sw_format *format = sw_format_by_name(format_name);
    struct sw_out *out = mem_out(file, seekable);
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    void *worker = NULL;

    assert_non_null(format);
    assert_ok(format->create(out, opts, &img, &err), err);
    if (format->worker_new != NULL)
        assert_ok(format->worker_new(img, &worker, &err), err);
    for (uint64_t off = 0; off < opts->size_bytes; off += img->unit_bytes) {
        uint64_t rest = opts->size_bytes - off;

        put_unit(img, worker, disk + off, rest < img->unit_bytes ? rest : img->unit_bytes, off);
    }
    assert_ok(format->finish(img, &err), err);
    if (format->worker_free != NULL)
        format->worker_free(img, worker);
    sw_image_close(img);
    sw_out_close(out);
}

/* Opens, reads all of it in one call and by its extents, and compares. */
static inline void assert_reads(struct sw_image *img, const uint8_t *disk, uint64_t size)
{
    uint8_t *got = malloc((size_t)size);
    struct sw_extent extent;
    struct sw_err err = {0};

    assert_int_equal(img->size_bytes, size);
    assert_ok(sw_image_pread(img, got, (size_t)size, 0, &err), err);
    assert_memory_equal(got, disk, (size_t)size);
    for (uint64_t off = 0; off < size; off += extent.len) {
        assert_ok(sw_image_next_extent(img, off, &extent, &err), err);
        assert_int_equal(extent.off, off);
        assert_true(extent.len > 0 && extent.len <= size - off);
        if (extent.kind != SW_EXTENT_DATA)
            assert_true(all_zero(disk + off, (size_t)extent.len));
        if (extent.plain) {
            assert_ok(sw_in_read(img->in, got, (size_t)extent.len, extent.physical, &err), err);
            assert_memory_equal(got, disk + off, (size_t)extent.len);
        }
    }
    free(got);
}

static inline void assert_disk_reads(const struct mem_file *file, const char *format, const uint8_t *disk,
                                     uint64_t size)
{
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_ok(sw_image_open(mem_in(file->bytes, file->len), format, NULL, &img, &err), err);
    assert_reads(img, disk, size);
    sw_image_close(img);
}

/* A driver refuses to make a disk of these options and says part. How many bytes were written by then. */
static inline size_t assert_create_refused(const char *format, const struct sw_create_opts *opts,
                                           bool seekable, const char *part)
{
    struct mem_file file = {0};
    struct sw_out *out = mem_out(&file, seekable);
    struct sw_image *img = NULL;
    struct sw_err err = {0};

    assert_failed(sw_format_by_name(format)->create(out, opts, &img, &err), err, SW_USAGE, part);
    sw_out_close(out);
    free(file.bytes);
    return file.len;
}

/* A test's own file as its fixture: dropped at its end. */
static inline int drop_file(void **state)
{
    struct mem_file *file = *state;

    free(file->bytes);
    free(file);
    return 0;
}

/* Opening fails with this code and part of a text. */
#define assert_refused(bytes, len, format, want_code, want_part)                           \
    do {                                                                                   \
        struct sw_image *refused_ = NULL;                                                  \
        struct sw_err err_ = {0};                                                          \
        int rc_ = sw_image_open(mem_in((bytes), (len)), (format), NULL, &refused_, &err_); \
        assert_failed(rc_, err_, (want_code), (want_part));                                \
    } while (0)

#endif
