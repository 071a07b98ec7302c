/* Raw disks: the bytes themselves. Never guessed; holes come from the file system. */
#include "formats/drivers.h"
#include "formats/state.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>

/* What one put carries; zeros inside it are left out in finer steps. */
enum { RAW_UNIT_BYTES = 1 << 20 };

struct raw_image {
    struct sw_image base;
    uint64_t file_bytes; /* size_bytes is this, rounded up to a sector */
};

static struct raw_image *raw_of(struct sw_image *img)
{
    return (struct raw_image *)img;
}

static int raw_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out,
                    struct sw_err *err)
{
    struct raw_image *raw;

    if (in->size_bytes == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' is empty: a disk has at least one sector", in->name);
    if (sw_check_virtual_size(in, in->size_bytes, opts, err) < 0)
        return -1;
    raw = sw_calloc(1, sizeof(*raw), err);
    if (raw == NULL)
        return -1;
    raw->file_bytes = in->size_bytes;
    raw->base = (struct sw_image){
        .format = &sw_format_raw,
        .size_bytes = sw_round_up(in->size_bytes, SW_SECTOR_BYTES),
        .in = in,
        .unit_bytes = RAW_UNIT_BYTES,
    };
    if (raw->base.size_bytes != in->size_bytes)
        sw_image_warn(&raw->base, "%llu bytes are not whole sectors: read with %llu zeros after them",
                      (unsigned long long)in->size_bytes,
                      (unsigned long long)(raw->base.size_bytes - in->size_bytes));
    *out = &raw->base;
    return 0;
}

static int raw_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint64_t file_bytes = raw_of(img)->file_bytes;
    size_t there = off < file_bytes ? (size_t)sw_min_u64(len, file_bytes - off) : 0;

    memset((uint8_t *)buf + there, 0, len - there);
    return there == 0 ? 0 : sw_in_read(img->in, buf, there, off, err);
}

static int raw_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    uint64_t whole = raw_of(img)->file_bytes / SW_SECTOR_BYTES * SW_SECTOR_BYTES;

    (void)err;
    if (off < whole)
        sw_file_extent(img->in, off, whole, extent);
    else /* the last sector, of which the file holds a part */
        *extent = (struct sw_extent){.off = off, .len = img->size_bytes - off, .kind = SW_EXTENT_DATA};
    return 0;
}

static int raw_create(struct sw_out *out, const struct sw_create_opts *opts, struct sw_image **img,
                      struct sw_err *err)
{
    struct raw_image *raw;

    if (sw_create_check(&sw_format_raw, opts, 0, err) < 0)
        return -1;
    raw = sw_calloc(1, sizeof(*raw), err);
    if (raw == NULL)
        return -1;
    raw->base = (struct sw_image){
        .format = &sw_format_raw, .size_bytes = opts->size_bytes, .out = out, .unit_bytes = RAW_UNIT_BYTES};
    *img = &raw->base;
    return 0;
}

static int raw_put(struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    if (block->kind == SW_BLOCK_ZERO)
        return 0;
    if (sw_out_seekable(img->out))
        return sw_sparse_pwrite(img->out, block->data, (size_t)block->len, block->off, err);
    if (sw_out_zeros_to(img->out, block->off, err) < 0)
        return -1;
    return sw_out_write(img->out, block->data, (size_t)block->len, err);
}

static int raw_finish(struct sw_image *img, struct sw_err *err)
{
    if (sw_out_seekable(img->out))
        return sw_out_truncate(img->out, img->size_bytes, err);
    return sw_out_zeros_to(img->out, img->size_bytes, err);
}

/* What was put lies where it lies: point says it all. */
static int raw_save(const struct sw_image *img, uint64_t point, struct sw_buf *state, uint64_t *kept_bytes,
                    struct sw_err *err)
{
    (void)state;
    (void)err;
    *kept_bytes = point;
    return sw_out_seekable(img->out) ? 0 : 1;
}

static int raw_restore(struct sw_image *img, uint64_t point, const void *state, size_t len,
                       struct sw_err *err)
{
    (void)img;
    (void)point;
    (void)state;
    return len == 0 ? 0 : sw_state_bad("length", err);
}

static void raw_close(struct sw_image *img)
{
    sw_in_close(img->in);
    free(img);
}

static const char *const raw_extensions[] = {"raw", "img", "bin", NULL};

const struct sw_format sw_format_raw = {
    .name = "raw",
    .extensions = raw_extensions,
    .caps = SW_FORMAT_CAN_READ | SW_FORMAT_CAN_WRITE | SW_FORMAT_STREAM_OUT | SW_FORMAT_PUT_ANY_ORDER,
    .open = raw_open,
    .pread = raw_pread,
    .next_extent = raw_next_extent,
    .create = raw_create,
    .put = raw_put,
    .finish = raw_finish,
    .save = raw_save,
    .restore = raw_restore,
    .close = raw_close,
};
