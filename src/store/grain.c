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

/* Until it is known to be more than a little. */
static int count_changed(struct count *count, struct sw_err *err)
{
    struct sw_image *top = count->sight->top;
    uint64_t pos = 0, end;
    struct sw_extent extent;

    while (pos < top->size_bytes && count->changed <= LITTLE) {
        if (sw_image_next_extent(top, pos, &extent, err) < 0)
            return -1;
        end = sw_min_u64(extent.off + extent.len, top->size_bytes);
        if (extent.kind == SW_EXTENT_HOLE) {
            pos = end;
            continue;
        }
        pos -= pos % SMALL;
        end = sw_min_u64(sw_round_up(end, SMALL), pos + PIECE);
        if (count_piece(count, pos, (size_t)(end - pos), err) < 0)
            return -1;
        pos = end;
    }
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
