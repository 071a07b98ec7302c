/* What the pass changes of one file system: pages in memory, and ranges that read as the parent does or as zeros. */
#include "src/ext/patch.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"

#include <stdlib.h>
#include <string.h>

static int check(const struct patch *patch, size_t len, uint64_t off, struct sw_err *err)
{
    if (off > patch->len || len > patch->len - off)
        return sw_fail(err, SW_INTEGRITY, "it points at byte %llu, beyond its end", (unsigned long long)off);
    return 0;
}

size_t patch_page_from(const struct patch *patch, uint64_t off)
{
    uint64_t index = off / PATCH_PAGE;
    size_t low = 0, high = patch->nr_pages;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (patch->pages[middle]->index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t patch_range_from(const struct patch *patch, uint64_t off)
{
    size_t low = 0, high = patch->nr_ranges;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (patch->ranges[middle].off + patch->ranges[middle].len <= off)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int patch_read_parent(const struct patch *patch, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint64_t at = patch->off + off, size = patch->parent->size_bytes;
    size_t there = at < size ? (size_t)sw_min_u64(len, size - at) : 0;

    memset((uint8_t *)buf + there, 0, len - there);
    return there > 0 ? sw_image_pread(patch->parent, buf, there, at, err) : 0;
}

/* The piece of a run from off on that lies in [at, at + piece). */
struct cut {
    uint64_t from, len; /* len 0: nothing */
};

static struct cut cut_out(uint64_t off, size_t len, uint64_t at, uint64_t piece)
{
    uint64_t from = sw_max_u64(off, at), to = sw_min_u64(off + len, at + piece);

    return (struct cut){from, to > from ? to - from : 0};
}

static int read_ranges(const struct patch *patch, uint8_t *buf, size_t len, uint64_t off, struct sw_err *err)
{
    for (size_t i = patch_range_from(patch, off); i < patch->nr_ranges && patch->ranges[i].off < off + len;
         i++) {
        struct cut cut = cut_out(off, len, patch->ranges[i].off, patch->ranges[i].len);

        if (patch->ranges[i].zero)
            memset(buf + (cut.from - off), 0, (size_t)cut.len);
        else if (patch_read_parent(patch, buf + (cut.from - off), (size_t)cut.len, cut.from, err) < 0)
            return -1;
    }
    return 0;
}

int patch_read(const struct patch *patch, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    if (check(patch, len, off, err) < 0 || sw_image_pread(patch->now, buf, len, patch->off + off, err) < 0)
        return -1;
    for (size_t i = patch_page_from(patch, off);
         i < patch->nr_pages && patch->pages[i]->index * PATCH_PAGE < off + len; i++) {
        uint64_t at = patch->pages[i]->index * PATCH_PAGE;
        struct cut cut = cut_out(off, len, at, PATCH_PAGE);

        memcpy((uint8_t *)buf + (cut.from - off), patch->pages[i]->bytes + (cut.from - at), (size_t)cut.len);
    }
    /* A page may be larger than a block, and hold what is hidden beside what was written. */
    return patch->sealed ? read_ranges(patch, buf, len, off, err) : 0;
}

/* items with room for one more than n, grown by doubling; NULL when memory is out, and items is as it was. */
static void *with_room(void *items, size_t n, size_t *cap, size_t item_bytes, struct sw_err *err)
{
    size_t more = *cap == 0 ? 64 : *cap * 2;

    if (items != NULL && n < *cap)
        return items;
    items = reallocarray(items, more, item_bytes);
    if (items == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    else
        *cap = more;
    return items;
}

/* The page of that index, made of what is there now. */
static struct patch_page *page_at(struct patch *patch, uint64_t index, struct sw_err *err)
{
    SW_AUTO_FREE struct patch_page *page = NULL;
    struct patch_page **pages;
    size_t at = patch_page_from(patch, index * PATCH_PAGE);
    uint64_t there = sw_min_u64(PATCH_PAGE, patch->len - index * PATCH_PAGE);

    if (at < patch->nr_pages && patch->pages[at]->index == index)
        return patch->pages[at];
    if (patch->nr_pages == PATCH_PAGES_MAX) {
        sw_fail(err, SW_INTEGRITY, "more than %d blocks of it would have to be changed", PATCH_PAGES_MAX);
        return NULL;
    }
    page = sw_calloc(1, sizeof(*page), err);
    pages = with_room(patch->pages, patch->nr_pages, &patch->cap_pages, sizeof(struct patch_page *), err);
    if (pages != NULL)
        patch->pages = pages;
    if (page == NULL || pages == NULL)
        return NULL;
    page->index = index;
    if (patch_read(patch, page->bytes, (size_t)there, index * PATCH_PAGE, err) < 0)
        return NULL;
    memmove(patch->pages + at + 1, patch->pages + at, (patch->nr_pages - at) * sizeof(struct patch_page *));
    patch->pages[at] = page;
    patch->nr_pages++;
    return SW_STEAL_PTR(page);
}

int patch_write(struct patch *patch, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    if (check(patch, len, off, err) < 0)
        return -1;
    while (len > 0) {
        size_t within = (size_t)(off % PATCH_PAGE), piece = PATCH_PAGE - within;
        struct patch_page *page = page_at(patch, off / PATCH_PAGE, err);

        if (page == NULL)
            return -1;
        if (piece > len)
            piece = len;
        memcpy(page->bytes + within, buf, piece);
        buf = (const uint8_t *)buf + piece;
        off += piece;
        len -= piece;
    }
    return 0;
}

int patch_run(const struct patch *patch, uint64_t off, uint64_t *len, bool *holds, struct sw_err *err)
{
    struct sw_extent extent;

    *holds = false;
    if (patch->off + off >= patch->top->size_bytes)
        return 0;
    if (sw_image_next_extent(patch->top, patch->off + off, &extent, err) < 0)
        return -1;
    *len = sw_min_u64(*len, extent.len);
    *holds = extent.kind != SW_EXTENT_HOLE;
    return 0;
}

int patch_hide(struct patch *patch, const struct patch_range *range, struct sw_err *err)
{
    struct patch_range *last = patch->nr_ranges > 0 ? &patch->ranges[patch->nr_ranges - 1] : NULL;
    struct patch_range *ranges;

    if (range->off > patch->len || range->len > patch->len - range->off)
        return sw_fail(err, SW_INTEGRITY, "it has blocks beyond its end");
    if (range->len == 0)
        return 0;
    if (last != NULL && last->zero == range->zero && last->off + last->len == range->off) {
        last->len += range->len;
        return 0;
    }
    if (patch->nr_ranges == PATCH_RANGES_MAX)
        return sw_fail(err, SW_INTEGRITY, "its free blocks lie in more than %d pieces", PATCH_RANGES_MAX);
    ranges = with_room(patch->ranges, patch->nr_ranges, &patch->cap_ranges, sizeof(*range), err);
    if (ranges == NULL)
        return -1;
    patch->ranges = ranges;
    patch->ranges[patch->nr_ranges++] = *range;
    return 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct patch_range *left = a, *right = b;

    if (left->off != right->off)
        return left->off < right->off ? -1 : 1;
    if (left->len != right->len)
        return left->len < right->len ? -1 : 1;
    return (int)left->zero - (int)right->zero;
}

void patch_seal(struct patch *patch)
{
    uint64_t end = 0;
    size_t n = 0;

    if (patch->nr_ranges > 0)
        qsort(patch->ranges, patch->nr_ranges, sizeof(patch->ranges[0]), by_offset);
    for (size_t i = 0; i < patch->nr_ranges; i++) {
        struct patch_range range = patch->ranges[i];
        uint64_t to = range.off + range.len;

        range.off = sw_max_u64(range.off, end);
        if (to <= range.off)
            continue;
        range.len = to - range.off;
        end = to;
        patch->ranges[n++] = range;
    }
    patch->nr_ranges = n;
    patch->sealed = true;
}

void patch_clear(struct patch *patch)
{
    for (size_t i = 0; i < patch->nr_pages; i++)
        free(patch->pages[i]);
    free(patch->pages);
    free(patch->ranges);
    patch->pages = NULL;
    patch->ranges = NULL;
    patch->nr_pages = patch->cap_pages = patch->nr_ranges = patch->cap_ranges = 0;
    patch->sealed = false;
}
