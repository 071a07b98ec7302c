/* Reading qcow2: opening it with or without its parent, bytes, extents. */
#include "formats/qcow2/qcow2.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"

#include <string.h>

struct qcow2_reader {
    struct sw_image base;
    struct qcow2_header header;
    struct qcow2_map map;
    struct qcow2_decoders *decoders;
};

static struct qcow2_reader *reader_of(struct sw_image *img)
{
    return (struct qcow2_reader *)img;
}

static void reader_free(struct qcow2_reader *reader)
{
    sw_image_close(reader->base.parent);
    qcow2_decoders_free(reader->decoders);
    qcow2_map_close(&reader->map);
    free(reader);
}
SW_DEFINE_AUTO(reader, struct qcow2_reader, reader_free)

void qcow2_reader_close(struct sw_image *img)
{
    struct sw_in *in = img->in;

    reader_free(reader_of(img));
    sw_in_close(in);
}

static int open_parent(struct qcow2_reader *reader, const struct sw_open_opts *opts, struct sw_err *err)
{
    const struct sw_image *base = &reader->base;

    if (base->parent_name == NULL || opts->top_only)
        return 0;
    if (opts->parents == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' names the parent '%.200s'; a parent is opened only beneath a folder given with "
                       "--allow-parent",
                       base->in->name, base->parent_name);
    if (base->parent_format == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' names the parent '%.200s' without its format: it is not guessed", base->in->name,
                       base->parent_name);
    if (opts->parents->open(opts->parents, base->parent_name, base->parent_format, &reader->base.parent,
                            err) < 0)
        return sw_context(err, "parent of '%s'", base->in->name);
    return 0;
}

static void add_warnings(struct qcow2_reader *reader)
{
    if (reader->header.dirty)
        sw_image_warn(&reader->base,
                      "it was not closed cleanly (dirty bit); its reference counts are not used");
    if (reader->header.nr_snapshots > 0)
        sw_image_warn(&reader->base, "it holds %u internal snapshot%s; the active state is read",
                      reader->header.nr_snapshots, reader->header.nr_snapshots > 1 ? "s" : "");
}

static void fill_image(struct qcow2_reader *reader, struct sw_in *in)
{
    struct qcow2_header *header = &reader->header;

    reader->base.size_bytes = header->size_bytes;
    reader->base.in = in;
    reader->base.unit_bytes = UINT32_C(1) << header->cluster_bits;
    /* Type zlib says nothing: an image without compressed clusters has it as well. */
    reader->base.subformat = header->compression == QCOW2_COMPRESSION_ZSTD ? "zstd" : NULL;
    if (header->backing_name[0] != '\0')
        reader->base.parent_name = header->backing_name;
    if (header->backing_name[0] != '\0' && header->backing_format[0] != '\0')
        reader->base.parent_format = header->backing_format;
    add_warnings(reader);
}

int qcow2_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err)
{
    SW_CLEANUP(reader_auto) struct qcow2_reader *reader = sw_calloc(1, sizeof(*reader), err);

    if (reader == NULL)
        return -1;
    reader->base.format = &sw_format_qcow2;
    if (qcow2_header_read(in, &reader->header, err) < 0 ||
        sw_check_virtual_size(in, reader->header.size_bytes, opts, err) < 0 ||
        qcow2_snapshots_check(in, &reader->header, err) < 0)
        return -1;
    reader->header.salvage = reader->base.salvage = opts->salvage;
    fill_image(reader, in);
    if (qcow2_map_open(&reader->map, in, &reader->header, err) < 0)
        return -1;
    sw_image_warn_cut(&reader->base, reader->map.nr_cut, "L2 tables");
    reader->decoders = qcow2_decoders_new(in, reader->header.compression, reader->header.cluster_bits, err);
    if (reader->decoders == NULL || open_parent(reader, opts, err) < 0)
        return -1;
    *out = &SW_STEAL_PTR(reader)->base;
    return 0;
}

/*
 * How many of the places from unit index on continue the first one: holes, zeros, plain data that lies in one piece,
 * and what is left of a compressed cluster.
 */
static unsigned run_length(const struct qcow2_map *map, uint64_t index, const struct qcow2_place *places,
                           unsigned nr)
{
    uint64_t units = UINT64_C(1) << map->sub_bits;
    unsigned n = 1;

    if (places[0].kind == QCOW2_IS_CODED)
        return (unsigned)sw_min_u64(nr, units - (index & (units - 1)));
    while (n < nr && places[n].kind == places[0].kind &&
           (places[0].kind != QCOW2_IS_PLAIN ||
            places[n].host == places[0].host + ((uint64_t)n << map->unit_bits)))
        n++;
    return n;
}

static int read_run(struct qcow2_reader *reader, const struct qcow2_place *place, uint8_t *buf, size_t len,
                    uint64_t off, struct sw_err *err)
{
    uint64_t in_unit = off & ((UINT64_C(1) << reader->map.unit_bits) - 1);
    uint64_t in_cluster = off & ((UINT64_C(1) << reader->map.cluster_bits) - 1);

    switch (place->kind) {
    case QCOW2_IS_HOLE:
        return sw_read_parent(&reader->base, buf, len, off, err);
    case QCOW2_IS_ZERO:
        memset(buf, 0, len);
        return 0;
    case QCOW2_IS_PLAIN:
        return sw_in_read(reader->base.in, buf, len, place->host + in_unit, err);
    case QCOW2_IS_CODED:
        return qcow2_decode(reader->decoders, place, buf, len, (size_t)in_cluster, err);
    }
    return sw_fail(err, SW_FAILED, "unknown kind of cluster");
}

int qcow2_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    enum { BATCH = 32 };
    struct qcow2_reader *reader = reader_of(img);
    unsigned bits = reader->map.unit_bits;
    uint8_t *to = buf;

    while (len > 0) {
        struct qcow2_place places[BATCH];
        uint64_t first = off >> bits, last = (off + len - 1) >> bits;
        unsigned nr;

        if (qcow2_map_get(&reader->map, first, (unsigned)sw_min_u64(last - first + 1, BATCH), places, &nr,
                          err) < 0)
            return -1;
        for (unsigned at = 0; at < nr;) {
            unsigned run = run_length(&reader->map, first + at, places + at, nr - at);
            uint64_t end = (first + at + run) << bits;
            size_t n = (size_t)sw_min_u64(len, end - off);

            if (read_run(reader, &places[at], to, n, off, err) < 0)
                return -1;
            to += n;
            off += n;
            len -= n;
            at += run;
        }
    }
    return 0;
}

static enum sw_extent_kind extent_kind(const struct qcow2_place *place)
{
    switch (place->kind) {
    case QCOW2_IS_HOLE:
        return SW_EXTENT_HOLE;
    case QCOW2_IS_ZERO:
        return SW_EXTENT_ZERO;
    case QCOW2_IS_PLAIN:
    case QCOW2_IS_CODED:
        break;
    }
    return SW_EXTENT_DATA;
}

/* Does the place carry the extent on, whose last unit ends at host_end? */
static bool continues(const struct sw_extent *extent, const struct qcow2_place *place, uint64_t host_end)
{
    bool plain = place->kind == QCOW2_IS_PLAIN;

    return extent_kind(place) == extent->kind && plain == extent->plain &&
           (!plain || place->host == host_end);
}

/* Lengthens the extent, which holds units up to index, within the L2 table of its last one. */
static void lengthen(struct qcow2_reader *reader, uint64_t index, struct sw_extent *extent)
{
    enum { BATCH = 64 };
    const struct qcow2_map *map = &reader->map;
    uint64_t disk = sw_div_up(map->size_bytes, UINT64_C(1) << map->unit_bits);
    uint64_t end = sw_min_u64(disk, (((index - 1) >> map->table_bits) + 1) << map->table_bits);

    while (index < end) {
        struct qcow2_place places[BATCH];
        struct sw_err err = {.code = SW_OK};
        uint64_t empty = 0;
        unsigned nr;

        /* Whoever asks for the unit itself hears of its damage; what is before it can still be had. */
        if (extent->kind == SW_EXTENT_HOLE && qcow2_map_empty(&reader->map, index, &empty, &err) < 0)
            return;
        index += empty;
        extent->len = (index << map->unit_bits) - extent->off;
        if (index >= end || qcow2_map_get(&reader->map, index, BATCH, places, &nr, &err) < 0)
            return;
        for (unsigned i = 0; i < nr; i++, index++) {
            uint64_t begin = index << map->unit_bits;

            if (!continues(extent, &places[i], extent->physical + (begin - extent->off)))
                return;
            extent->len = ((index + 1) << map->unit_bits) - extent->off;
        }
    }
}

int qcow2_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    struct qcow2_reader *reader = reader_of(img);
    unsigned bits = reader->map.unit_bits, nr;
    uint64_t index = off >> bits, inside = off - (index << bits);
    uint64_t unmapped = qcow2_map_unmapped(&reader->map, index);
    struct qcow2_place place;

    *extent = (struct sw_extent){.off = off, .kind = SW_EXTENT_HOLE};
    if (unmapped > 0) {
        extent->len = sw_min_u64((unmapped << bits) - inside, img->size_bytes - off);
        return 0;
    }
    if (qcow2_map_get(&reader->map, index, 1, &place, &nr, err) < 0)
        return -1;
    extent->kind = extent_kind(&place);
    extent->plain = place.kind == QCOW2_IS_PLAIN;
    extent->physical = extent->plain ? place.host + inside : 0;
    extent->len = ((index + 1) << bits) - off;
    lengthen(reader, index + 1, extent);
    extent->len = sw_min_u64(extent->len, img->size_bytes - off);
    return 0;
}
