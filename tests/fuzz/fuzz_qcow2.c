/* qcow2 from hostile hands: opened without its parent, its map walked, its bytes read. */
#include "formats/drivers.h"
#include "src/base/ckd.h"
#include "tests/lib/mem_in.h"

enum { DISK_MAX = 4 << 20, STEP = 64 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is no data reads as zeros: there is no parent. */
static void check_zeros(struct sw_image *img, const struct sw_extent *extent)
{
    static uint8_t buf[STEP];
    struct sw_err err = {.code = SW_OK};
    size_t len = (size_t)sw_min_u64(extent->len, STEP);

    if (sw_image_pread(img, buf, len, extent->off, &err) < 0)
        abort();
    for (size_t i = 0; i < len; i++)
        if (buf[i] != 0)
            abort();
}

static void walk(struct sw_image *img)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_extent extent;

    for (uint64_t at = 0; at < img->size_bytes; at += extent.len) {
        if (sw_image_next_extent(img, at, &extent, &err) < 0)
            return;
        if (extent.off != at || extent.len == 0 || extent.len > img->size_bytes - at)
            abort();
        if (extent.plain &&
            (extent.physical > img->in->size_bytes || img->in->size_bytes - extent.physical < extent.len))
            abort();
        if (extent.kind != SW_EXTENT_DATA)
            check_zeros(img, &extent);
    }
}

static void read_all(struct sw_image *img)
{
    static uint8_t buf[STEP];
    struct sw_err err = {.code = SW_OK};

    for (uint64_t at = 0; at < img->size_bytes; at += STEP)
        (void)!sw_image_pread(img, buf, (size_t)sw_min_u64(STEP, img->size_bytes - at), at, &err);
    if (img->size_bytes > 700)
        (void)!sw_image_pread(img, buf, 101, img->size_bytes - 700, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_open_opts opts = {.top_only = true, .max_virtual_bytes = DISK_MAX};
    struct sw_err err = {.code = SW_OK};
    struct sw_image *img = NULL;

    if (size == 0 || sw_image_open(mem_in(data, size), "qcow2", &opts, &img, &err) < 0)
        return 0;
    walk(img);
    read_all(img);
    sw_image_close(img);
    return 0;
}
