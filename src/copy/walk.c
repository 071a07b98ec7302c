/* Walking over what of an image has to be looked at, in whole units. */
#include "src/copy/walk.h"

#include "src/base/ckd.h"
#include "src/copy/damage.h"

#include <string.h>

/* Damage in a table hides no more than a unit: the next one is asked for anew. */
static int past_damage(const struct sw_image *img, uint64_t off, uint64_t *len, bool *data,
                       const struct sw_err *err)
{
    uint64_t unit = sw_max_u64(img->unit_bytes, SW_SECTOR_BYTES);

    if (!damage_is_cause(err))
        return -1;
    *len = sw_min_u64(*len, unit - off % unit);
    *data = true;
    return 0;
}

/* Shortens *len to the run of img that begins at off; *data when bytes must be read. */
static int narrow(const struct walk *walk, struct sw_image *img, uint64_t off, uint64_t *len, bool *data,
                  struct sw_err *err)
{
    struct sw_extent extent;

    if (off >= img->size_bytes)
        return 0;
    if (sw_image_next_extent(img, off, &extent, err) < 0)
        return walk->past_damage ? past_damage(img, off, len, data, err) : -1;
    *len = sw_min_u64(*len, extent.len);
    if (extent.kind == SW_EXTENT_DATA)
        *data = true;
    return 0;
}

/* Zeros over none of the data beneath change nothing: what a guest has trimmed is most of a disk. */
static int narrow_to_top(const struct walk *walk, uint64_t off, uint64_t *len, bool *look, struct sw_err *err)
{
    struct sw_image *top = walk->top;
    struct sw_extent extent;

    if (off >= top->size_bytes)
        return 0;
    if (top->format->next_extent(top, off, &extent, err) < 0)
        return -1;
    *len = sw_min_u64(*len, extent.len);
    if (extent.kind == SW_EXTENT_ZERO && walk->under != NULL)
        return narrow(walk, walk->under, off, len, look, err);
    *look = extent.kind != SW_EXTENT_HOLE;
    return 0;
}

static int run_at(const struct walk *walk, uint64_t off, uint64_t *len, bool *look, struct sw_err *err)
{
    *len = walk->size_bytes - off;
    *look = false;
    if (walk->top != NULL)
        return narrow_to_top(walk, off, len, look, err);
    if (narrow(walk, walk->src, off, len, look, err) < 0)
        return -1;
    return walk->other != NULL ? narrow(walk, walk->other, off, len, look, err) : 0;
}

/* The run at pos; runs without data of different kinds (holes, zeros) are one. */
static int find_run(struct walk *walk, struct sw_err *err)
{
    uint64_t len;
    bool look;

    if (run_at(walk, walk->pos, &len, &walk->run_look, err) < 0)
        return -1;
    walk->run_end = walk->pos + len;
    while (!walk->run_look && walk->run_end < walk->size_bytes) {
        if (run_at(walk, walk->run_end, &len, &look, err) < 0)
            return -1;
        if (look)
            break;
        walk->run_end += len;
    }
    return 0;
}

/* Where whole units that need no look end; pos when the unit at pos is a mixed one. */
static uint64_t end_of_skip(const struct walk *walk)
{
    if (walk->run_end == walk->size_bytes)
        return walk->size_bytes;
    return sw_max_u64(walk->pos, walk->run_end / walk->unit_bytes * walk->unit_bytes);
}

int walk_next(struct walk *walk, uint64_t *off, uint64_t *len, struct sw_err *err)
{
    while (walk->pos < walk->size_bytes) {
        if (walk->pos >= walk->run_end && find_run(walk, err) < 0)
            return -1;
        if (!walk->run_look && end_of_skip(walk) > walk->pos) {
            walk->pos = end_of_skip(walk);
            continue;
        }
        *off = walk->pos;
        *len = sw_min_u64(walk->unit_bytes, walk->size_bytes - walk->pos);
        walk->pos += *len;
        return 1;
    }
    return 0;
}

int walk_total(const struct walk *walk, uint64_t *total, struct sw_err *err)
{
    struct walk ahead = *walk;
    uint64_t off, len;
    int more;

    ahead.pos = ahead.run_end = 0;
    *total = 0;
    while ((more = walk_next(&ahead, &off, &len, err)) > 0)
        *total += len;
    return more;
}

uint64_t walk_unit(const struct sw_image *img)
{
    uint64_t unit = 0;

    for (; img != NULL; img = img->parent)
        if ((img->format->caps & SW_FORMAT_WHOLE_UNITS) != 0)
            unit = sw_max_u64(unit, img->unit_bytes);
    return unit;
}

int read_padded(struct sw_image *img, uint8_t *to, uint64_t len, uint64_t off, struct sw_err *err)
{
    uint64_t there = off < img->size_bytes ? sw_min_u64(len, img->size_bytes - off) : 0;

    memset(to + there, 0, (size_t)(len - there));
    return there == 0 ? 0 : sw_image_pread(img, to, (size_t)there, off, err);
}
