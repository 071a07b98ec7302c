/* Which image of a chain alone holds a unit. */
#include "src/copy/owner.h"

void owner_begin(struct owner *owner, struct sw_image *top)
{
    owner->nr_levels = 0;
    for (struct sw_image *img = top; img != NULL && owner->nr_levels < SW_CODED_LEVELS_MAX;
         img = img->parent) {
        owner->levels[owner->nr_levels].img = img;
        owner->levels[owner->nr_levels++].seen = (struct sw_extent){.len = 0};
    }
}

/* The image's own extent at off. */
static int look(struct owner *owner, unsigned level, uint64_t off, struct sw_extent *extent,
                struct sw_err *err)
{
    struct sw_image *img = owner->levels[level].img;
    struct sw_extent *seen = &owner->levels[level].seen;

    if ((off < seen->off || off - seen->off >= seen->len) &&
        img->format->next_extent(img, off, seen, err) < 0)
        return -1;
    *extent = *seen;
    return 0;
}

enum holds { HOLDS_NONE, HOLDS_ALL, HOLDS_SOME };

static int holds(struct owner *owner, unsigned level, uint64_t off, uint64_t end, enum holds *out,
                 struct sw_err *err)
{
    bool any = false, gap = false;

    *out = HOLDS_SOME;
    if (end > owner->levels[level].img->size_bytes)
        return 0;
    while (off < end && !(any && gap)) {
        struct sw_extent extent;

        if (look(owner, level, off, &extent, err) < 0)
            return -1;
        if (extent.kind == SW_EXTENT_HOLE)
            gap = true;
        else
            any = true;
        off = extent.off + extent.len;
    }
    if (!(any && gap))
        *out = any ? HOLDS_ALL : HOLDS_NONE;
    return 0;
}

int owner_find(struct owner *owner, uint64_t off, uint64_t len, unsigned *level, struct sw_err *err)
{
    for (unsigned i = 0; i < owner->nr_levels; i++) {
        enum holds what;

        if (holds(owner, i, off, off + len, &what, err) < 0)
            return -1;
        *level = i;
        if (what != HOLDS_NONE)
            return what == HOLDS_ALL ? 1 : 0;
    }
    return 0;
}
