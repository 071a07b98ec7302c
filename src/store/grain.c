/* The cluster size of a layer: small ones where little changed, as each change then carries less that did not. */
#include "src/store/internal.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"

#include <string.h>

enum {
    SMALL = 4096,
    LITTLE = 4096, /* blocks of that size: 16 MiB */
    PIECE = 64 << 10,
};

struct count {
    const struct sw_store_sight *sight;
    uint8_t *now, *before; /* of PIECE bytes */
    uint64_t changed;      /* blocks */
};

/* As an image's end is no boundary of blocks. */
static int read_padded(struct sw_image *img, uint8_t *to, size_t len, uint64_t off, struct sw_err *err)
{
    size_t there = off < img->size_bytes ? (size_t)sw_min_u64(len, img->size_bytes - off) : 0;

    memset(to + there, 0, len - there);
    return there == 0 ? 0 : sw_image_pread(img, to, there, off, err);
}

/* off and len are multiples of SMALL. */
static int count_piece(struct count *count, uint64_t off, size_t len, struct sw_err *err)
{
    if (sw_check_interrupt(err) < 0 || read_padded(count->sight->now, count->now, len, off, err) < 0 ||
        read_padded(count->sight->parent, count->before, len, off, err) < 0)
        return -1;
    for (size_t at = 0; at < len; at += SMALL)
        count->changed += memcmp(count->now + at, count->before + at, SMALL) != 0;
    return 0;
}

/* Where what the extent says is as in the parent ends: zeros over none of its data are the same. At most *end. */
static int end_of_same(const struct count *count, const struct sw_extent *extent, uint64_t off, uint64_t *end,
                       struct sw_err *err)
{
    struct sw_image *parent = count->sight->parent;
    struct sw_extent below;

    if (extent->kind == SW_EXTENT_HOLE || (extent->kind == SW_EXTENT_ZERO && off >= parent->size_bytes))
        return 0;
    if (extent->kind == SW_EXTENT_DATA) {
        *end = off;
        return 0;
    }
    if (sw_image_next_extent(parent, off, &below, err) < 0)
        return -1;
    *end = below.kind == SW_EXTENT_DATA ? off : sw_min_u64(*end, below.off + below.len);
    return 0;
}

/* Blocks that are partly of the extent count as well; *pos: where the next one begins. */
static int count_extent(struct count *count, const struct sw_extent *extent, uint64_t *pos,
                        struct sw_err *err)
{
    uint64_t end = sw_min_u64(extent->off + extent->len, count->sight->top->size_bytes);

    while (*pos < end && count->changed <= LITTLE) {
        uint64_t same = end, to;

        if (end_of_same(count, extent, *pos, &same, err) < 0)
            return -1;
        if (same > *pos) {
            *pos = same;
            continue;
        }
        *pos -= *pos % SMALL;
        to = sw_min_u64(sw_round_up(end, SMALL), *pos + PIECE);
        if (count_piece(count, *pos, (size_t)(to - *pos), err) < 0)
            return -1;
        *pos = to;
    }
    return 0;
}

/* Until it is known to be more than a little. */
static int count_changed(struct count *count, struct sw_err *err)
{
    struct sw_image *top = count->sight->top;
    uint64_t pos = 0;
    struct sw_extent extent;

    while (pos < top->size_bytes && count->changed <= LITTLE)
        if (sw_image_next_extent(top, pos, &extent, err) < 0 || count_extent(count, &extent, &pos, err) < 0)
            return -1;
    return 0;
}

int store_grain(const struct sw_store_sight *sight, uint32_t *unit_bytes, struct sw_err *err)
{
    SW_AUTO_FREE uint8_t *both = sw_calloc(2, PIECE, err);
    struct count count = {.sight = sight, .now = both};

    *unit_bytes = 0;
    if (both == NULL)
        return -1;
    count.before = both + PIECE;
    if (count_changed(&count, err) < 0)
        return -1;
    if (count.changed <= LITTLE)
        *unit_bytes = SMALL;
    return 0;
}
