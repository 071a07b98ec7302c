/* An image over another one, in which what the pass changed is in its place. */
#include "src/base/ckd.h"
#include "src/ext/ext_private.h"

#include <string.h>

/* The first patch that ends behind off, or NULL. */
static const struct patch *patch_from(const struct ext_view *view, uint64_t off)
{
    for (size_t i = 0; i < view->nr_patches; i++)
        if (view->patches[i].off + view->patches[i].len > off)
            return &view->patches[i];
    return NULL;
}

static int view_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct ext_view *view = (struct ext_view *)img;

    while (len > 0) {
        const struct patch *patch = view->is_top ? NULL : patch_from(view, off);
        size_t piece = len;
        int rc;

        if (patch != NULL && patch->off > off) {
            piece = (size_t)sw_min_u64(len, patch->off - off);
            patch = NULL;
        } else if (patch != NULL) {
            piece = (size_t)sw_min_u64(len, patch->off + patch->len - off);
        }
        rc = patch != NULL ? patch_read(patch, buf, piece, off - patch->off, err)
                           : sw_image_pread(view->under, buf, piece, off, err);
        if (rc < 0)
            return -1;
        buf = (uint8_t *)buf + piece;
        off += piece;
        len -= piece;
    }
    return 0;
}

static void cut(struct sw_extent *extent, uint64_t at)
{
    extent->len = sw_min_u64(extent->len, at - extent->off);
}

static void make(struct sw_extent *extent, enum sw_extent_kind kind, uint64_t end)
{
    extent->kind = kind;
    cut(extent, end);
}

/* extent->off lies in the patch. What the top shows of hidden ranges is what it holds itself, unless they became zeros. */
static void look_at_patch(const struct ext_view *view, const struct patch *patch, struct sw_extent *extent)
{
    uint64_t off = extent->off - patch->off;
    size_t page = patch_page_from(patch, off);

    cut(extent, patch->off + patch->len);
    if (page < patch->nr_pages) {
        uint64_t begin = patch->pages[page]->index * PATCH_PAGE;

        if (begin <= off) {
            make(extent, SW_EXTENT_DATA, patch->off + begin + PATCH_PAGE);
            return;
        }
        cut(extent, patch->off + begin);
    }
    if (extent->kind == SW_EXTENT_DATA)
        return;
    for (size_t i = patch_range_from(patch, off); i < patch->nr_ranges; i++) {
        const struct patch_range *range = &patch->ranges[i];

        if (view->is_top && !range->zero)
            continue;
        if (range->off <= off)
            make(extent, range->zero ? SW_EXTENT_ZERO : SW_EXTENT_DATA, patch->off + range->off + range->len);
        else
            cut(extent, patch->off + range->off);
        return;
    }
}

static int view_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    struct ext_view *view = (struct ext_view *)img;
    const struct patch *patch = patch_from(view, off);

    if (sw_image_next_extent(view->under, off, extent, err) < 0)
        return -1;
    extent->plain = false;
    if (patch != NULL && patch->off <= off)
        look_at_patch(view, patch, extent);
    else if (patch != NULL)
        cut(extent, patch->off);
    return 0;
}

static void view_close(struct sw_image *img)
{
    (void)img;
}

static const struct sw_format view_format = {
    .name = "view",
    .caps = SW_FORMAT_CAN_READ,
    .pread = view_pread,
    .next_extent = view_next_extent,
    .close = view_close,
};

void ext_view_init(struct ext_view *view, struct sw_image *under, bool is_top)
{
    *view = (struct ext_view){.base = {.format = &view_format,
                                       .size_bytes = under->size_bytes,
                                       .in = under->in,
                                       .unit_bytes = under->unit_bytes},
                              .under = under,
                              .is_top = is_top};
}
