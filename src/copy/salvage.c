/* Reading around damage: what of a run can be read is, the rest becomes zeros. */
#include "src/base/ckd.h"
#include "src/copy/damage.h"

#include <string.h>

/* One piece of a run: where its bytes are. */
struct piece {
    struct sw_image *holder; /* of the chain */
    struct sw_extent extent;
};

struct salvage {
    struct sw_image *img;
    struct sw_damage *list;
};

/* The piece that holds off, in the image of the chain that has it. */
static int find_piece(struct sw_image *img, uint64_t off, struct piece *piece, struct sw_err *err)
{
    uint64_t len = UINT64_MAX;

    for (;;) {
        if (img->format->next_extent(img, off, &piece->extent, err) < 0)
            return -1;
        len = piece->extent.len = sw_min_u64(len, piece->extent.len);
        piece->holder = img;
        if (piece->extent.kind != SW_EXTENT_HOLE || img->parent == NULL || off >= img->parent->size_bytes)
            return 0;
        img = img->parent;
    }
}

static int lose(const struct salvage *salvage, uint8_t *to, size_t len, uint64_t off, struct sw_err *err)
{
    struct sw_err cause = *err;

    if (!damage_is_cause(&cause))
        return -1;
    memset(to, 0, len);
    *err = (struct sw_err){.code = SW_OK};
    return damage_add(salvage->list, off, len, cause.text, err);
}

/* Reads [off, off + len), halving what cannot be read down to sectors. */
static int read_plain(const struct salvage *salvage, uint8_t *to, size_t len, uint64_t off,
                      struct sw_err *err)
{
    size_t half = (size_t)sw_round_up(len / 2, SW_SECTOR_BYTES);

    if (sw_image_pread(salvage->img, to, len, off, err) == 0)
        return 0;
    if (len <= SW_SECTOR_BYTES || !damage_is_cause(err))
        return lose(salvage, to, len, off, err);
    if (read_plain(salvage, to, half, off, err) < 0)
        return -1;
    return read_plain(salvage, to + half, len - half, off + half, err);
}

/* What lies behind the end of the file need not be tried sector by sector. */
static size_t cut_at(const struct piece *piece, size_t len)
{
    uint64_t file_bytes = piece->holder->in->size_bytes;
    uint64_t there = file_bytes > piece->extent.physical ? file_bytes - piece->extent.physical : 0;

    return (size_t)sw_min_u64(len, there / SW_SECTOR_BYTES * SW_SECTOR_BYTES);
}

static int read_whole(const struct salvage *salvage, uint8_t *to, size_t len, uint64_t off,
                      struct sw_err *err)
{
    if (len == 0 || sw_image_pread(salvage->img, to, len, off, err) == 0)
        return 0;
    return lose(salvage, to, len, off, err);
}

/* Up to where the unit of img that holds off ends. */
static size_t unit_rest(const struct sw_image *img, size_t len, uint64_t off)
{
    uint64_t unit = sw_max_u64(img->unit_bytes, SW_SECTOR_BYTES);

    return (size_t)sw_min_u64(len, unit - off % unit);
}

static int read_units(const struct salvage *salvage, const struct sw_image *holder, uint8_t *to, size_t len,
                      uint64_t off, struct sw_err *err)
{
    while (len > 0) {
        size_t n = unit_rest(holder, len, off);

        if (read_whole(salvage, to, n, off, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}

static int read_piece(const struct salvage *salvage, const struct piece *piece, uint8_t *to, size_t len,
                      uint64_t off, struct sw_err *err)
{
    size_t there;

    if (piece->extent.kind != SW_EXTENT_DATA) {
        memset(to, 0, len);
        return 0;
    }
    if (!piece->extent.plain)
        return read_units(salvage, piece->holder, to, len, off, err);
    there = cut_at(piece, len);
    if (there > 0 && read_plain(salvage, to, there, off, err) < 0)
        return -1;
    return read_whole(salvage, to + there, len - there, off + there, err);
}

int salvage_read(struct sw_image *img, uint8_t *to, size_t len, uint64_t off, struct sw_damage *list,
                 struct sw_err *err)
{
    struct salvage salvage = {.img = img, .list = list};

    while (len > 0) {
        struct piece piece;
        size_t n;
        int rc;

        if (find_piece(img, off, &piece, err) < 0) {
            n = unit_rest(img, len, off);
            rc = lose(&salvage, to, n, off, err);
        } else {
            n = (size_t)sw_min_u64(len, piece.extent.len);
            rc = read_piece(&salvage, &piece, to, n, off, err);
        }
        if (rc < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
