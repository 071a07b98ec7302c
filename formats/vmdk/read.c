/* Reading a VMDK: the part that holds a place, and in sparse parts runs of grains, plain or deflated. */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

/* The first look at a compressed grain; often it holds all of it. */
enum { LOOK_BYTES = 4096 };

/* One read's state within a sparse part. The codec is made at its first compressed grain. */
struct reader {
    const struct vmdk_sparse *sparse;
    uint32_t room[VMDK_TABLE_MAX];
    const uint32_t *table; /* of the stretch being read, NULL where none is */
    struct vmdk_inflater *inflater;
    uint8_t *coded; /* coded_cap bytes */
    uint8_t *grain; /* grain_bytes, for grains that are not wanted whole */
};

/* The grains from off on that a table maps alike. */
struct run {
    enum sw_extent_kind kind;
    bool deflated;
    uint64_t len;      /* from off on */
    uint64_t physical; /* of off; plain data only */
};

static void reader_free(struct reader *reader)
{
    vmdk_inflater_free(reader->inflater);
    free(reader->coded);
    free(reader->grain);
}

/* A writer gains nothing from a stream longer than this: stored blocks would be shorter. */
static size_t coded_cap(const struct vmdk_sparse *sparse)
{
    return 2 * (size_t)sparse->grain_bytes + LOOK_BYTES;
}

static int need_codec(struct reader *reader, struct sw_err *err)
{
    if (reader->inflater != NULL)
        return 0;
    reader->inflater = vmdk_inflater_new(err);
    if (reader->inflater == NULL)
        return -1;
    reader->coded = malloc(coded_cap(reader->sparse));
    reader->grain = malloc(reader->sparse->grain_bytes);
    if (reader->coded == NULL || reader->grain == NULL)
        return sw_fail_errno(err, "no memory for a grain of %u bytes", reader->sparse->grain_bytes);
    return 0;
}

static enum sw_extent_kind kind_of(const struct vmdk_sparse *sparse, uint32_t gte)
{
    if (gte == 0)
        return SW_EXTENT_HOLE;
    if (gte == VMDK_GTE_ZERO && (sparse->flags & VMDK_FLAG_ZERO_GRAINS) != 0)
        return SW_EXTENT_ZERO;
    return SW_EXTENT_DATA;
}

static void find_run(const struct vmdk_sparse *sparse, const uint32_t *table, uint64_t off, struct run *run)
{
    uint32_t first = (uint32_t)(off / sparse->grain_bytes % sparse->gtes_per_gt), i = first + 1;
    uint64_t within = off % sparse->grain_bytes, step;

    run->kind = kind_of(sparse, table[first]);
    run->deflated = run->kind == SW_EXTENT_DATA && (sparse->flags & VMDK_FLAG_COMPRESSED) != 0;
    step = run->kind == SW_EXTENT_DATA && !run->deflated ? sparse->grain_bytes / SW_SECTOR_BYTES : 0;
    while (i < sparse->gtes_per_gt && kind_of(sparse, table[i]) == run->kind &&
           (step == 0 || table[i] == table[first] + (i - first) * step))
        i++;
    run->len = (uint64_t)(i - first) * sparse->grain_bytes - within;
    run->len = sw_min_u64(run->len, sparse->size_bytes - off);
    run->physical = (uint64_t)table[first] * SW_SECTOR_BYTES + within;
}

/* Stretches of the disk without a table, as many as follow each other. */
static uint64_t tableless(const struct vmdk_sparse *sparse, uint64_t off)
{
    uint64_t per_table = (uint64_t)sparse->grain_bytes * sparse->gtes_per_gt, gt = off / per_table + 1;

    while (gt < sparse->nr_gts && sparse->gd[gt] == 0)
        gt++;
    return sw_min_u64(gt * per_table, sparse->size_bytes) - off;
}

static int next_run(struct reader *reader, uint64_t off, struct run *run, struct sw_err *err)
{
    const struct vmdk_sparse *sparse = reader->sparse;
    uint32_t gt = (uint32_t)(off / ((uint64_t)sparse->grain_bytes * sparse->gtes_per_gt));

    if (vmdk_table(sparse, gt, reader->room, &reader->table, err) < 0)
        return -1;
    if (reader->table != NULL)
        find_run(sparse, reader->table, off, run);
    else
        *run = (struct run){.kind = SW_EXTENT_HOLE, .len = tableless(sparse, off)};
    return 0;
}

/* The part that holds off. */
static const struct vmdk_part *part_at(const struct vmdk_image *vmdk, uint64_t off)
{
    size_t low = 0, high = vmdk->nr_parts;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (vmdk->parts[middle].off <= off)
            low = middle;
        else
            high = middle;
    }
    return &vmdk->parts[low];
}

/* Nothing of a flat file shows a parent through, so that its holes are zeros where there is one. */
static void flat_extent(const struct vmdk_image *vmdk, const struct vmdk_part *part, uint64_t within,
                        struct sw_extent *extent)
{
    sw_file_extent(part->in, part->in_off + within, part->in_off + part->len, extent);
    if (extent->kind == SW_EXTENT_HOLE && vmdk->delta)
        extent->kind = SW_EXTENT_ZERO;
    extent->plain = false; /* in the image's own input, that is */
}

static int sparse_extent(const struct vmdk_image *vmdk, const struct vmdk_part *part, uint64_t within,
                         struct sw_extent *extent, struct sw_err *err)
{
    struct reader reader;
    struct run run;

    reader.sparse = part->sparse;
    if (next_run(&reader, within, &run, err) < 0)
        return -1;
    *extent = (struct sw_extent){.len = run.len, .kind = run.kind};
    if (run.kind == SW_EXTENT_DATA && !run.deflated && part->sparse->in == vmdk->base.in) {
        extent->plain = true;
        extent->physical = run.physical;
    }
    return 0;
}

int vmdk_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    const struct vmdk_image *vmdk = vmdk_of(img);
    const struct vmdk_part *part = part_at(vmdk, off);
    uint64_t within = off - part->off;

    *extent = (struct sw_extent){.len = part->len - within, .kind = SW_EXTENT_ZERO};
    if (part->kind == VMDK_PART_FLAT)
        flat_extent(vmdk, part, within, extent);
    else if (part->kind == VMDK_PART_SPARSE && sparse_extent(vmdk, part, within, extent, err) < 0)
        return -1;
    extent->off = off;
    return 0;
}

static uint64_t grain_at(const struct reader *reader, uint64_t grain)
{
    return (uint64_t)reader->table[grain % reader->sparse->gtes_per_gt] * SW_SECTOR_BYTES;
}

static int bad_grain(const struct reader *reader, uint64_t grain, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': grain %llu at %llu %s", reader->sparse->in->name,
                   (unsigned long long)grain, (unsigned long long)grain_at(reader, grain), what);
}

/* An image that is opened for salvage has tables that were not checked. */
static int check_place(const struct reader *reader, uint64_t grain, struct sw_err *err)
{
    if (grain_at(reader, grain) >= reader->sparse->overhead * SW_SECTOR_BYTES)
        return 0;
    return bad_grain(reader, grain, "lies within the tables", err);
}

/* Reads the stream of a compressed grain into reader->coded; *in points at it. */
static int read_coded(struct reader *reader, uint64_t grain, const uint8_t **in, size_t *in_len,
                      struct sw_err *err)
{
    const struct vmdk_sparse *sparse = reader->sparse;
    bool markers = (sparse->flags & VMDK_FLAG_MARKERS) != 0;
    size_t head = markers ? sizeof(struct vmdk_grain_header) : sizeof(uint32_t);
    uint64_t at = grain_at(reader, grain), file_bytes = sparse->in->size_bytes;
    uint64_t there = at < file_bytes ? file_bytes - at : 0;
    size_t have = (size_t)sw_min_u64(LOOK_BYTES, there);

    if (check_place(reader, grain, err) < 0)
        return -1;
    if (there < head)
        return bad_grain(reader, grain, "begins after the file: it is truncated", err);
    if (sw_in_read(sparse->in, reader->coded, have, at, err) < 0)
        return -1;
    if (markers && le64_get(reader->coded) != grain * (sparse->grain_bytes / SW_SECTOR_BYTES))
        return bad_grain(reader, grain, "carries another grain's address", err);
    *in_len = le32_get(reader->coded + head - sizeof(uint32_t));
    *in = reader->coded + head;
    if (*in_len == 0 || *in_len > coded_cap(sparse) - head)
        return bad_grain(reader, grain, "has a compressed size that no grain can have", err);
    if (head + *in_len > there)
        return bad_grain(reader, grain, "ends after the file: it is truncated", err);
    if (head + *in_len <= have)
        return 0;
    return sw_in_read(sparse->in, reader->coded + have, head + *in_len - have, at + have, err);
}

/* A grain of which [within, within + n) is wanted. The disk's last one may inflate to what is left, or whole. */
static int read_grain(struct reader *reader, uint64_t grain, size_t within, size_t n, uint8_t *to,
                      struct sw_err *err)
{
    const struct vmdk_sparse *sparse = reader->sparse;
    bool whole = n == sparse->grain_bytes;
    uint64_t left = sparse->size_bytes - grain * sparse->grain_bytes;
    const uint8_t *in = NULL;
    size_t in_len = 0, got;

    if (read_coded(reader, grain, &in, &in_len, err) < 0)
        return -1;
    if (vmdk_inflate(reader->inflater, in, in_len, whole ? to : reader->grain, sparse->grain_bytes, &got) < 0)
        return bad_grain(reader, grain, "does not inflate to a grain", err);
    if (got != sparse->grain_bytes && got != left)
        return bad_grain(reader, grain, "inflates to less than a grain", err);
    if (!whole)
        memcpy(to, reader->grain + within, n);
    return 0;
}

static int read_deflated(struct reader *reader, uint8_t *to, size_t len, uint64_t off, struct sw_err *err)
{
    uint32_t grain_bytes = reader->sparse->grain_bytes;

    if (need_codec(reader, err) < 0)
        return -1;
    while (len > 0) {
        size_t within = (size_t)(off % grain_bytes), n = (size_t)sw_min_u64(len, grain_bytes - within);

        if (read_grain(reader, off / grain_bytes, within, n, to, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}

static int read_run(struct reader *reader, const struct run *run, uint8_t *to, size_t len, uint64_t off,
                    struct sw_err *err)
{
    if (run->deflated)
        return read_deflated(reader, to, len, off, err);
    if (run->kind == SW_EXTENT_DATA && check_place(reader, off / reader->sparse->grain_bytes, err) < 0)
        return -1;
    if (run->kind == SW_EXTENT_DATA)
        return sw_in_read(reader->sparse->in, to, len, run->physical, err);
    memset(to, 0, len);
    return 0;
}

static int read_sparse(struct vmdk_image *vmdk, const struct vmdk_part *part, uint8_t *to, size_t len,
                       uint64_t within, struct sw_err *err)
{
    SW_CLEANUP(reader_free) struct reader reader;

    reader.sparse = part->sparse;
    reader.inflater = NULL;
    reader.coded = reader.grain = NULL;
    while (len > 0) {
        struct run run;
        size_t n;
        int rc;

        if (next_run(&reader, within, &run, err) < 0)
            return -1;
        n = (size_t)sw_min_u64(len, run.len);
        rc = run.kind == SW_EXTENT_HOLE ? sw_read_parent(&vmdk->base, to, n, part->off + within, err)
                                        : read_run(&reader, &run, to, n, within, err);
        if (rc < 0)
            return -1;
        to += n;
        within += n;
        len -= n;
    }
    return 0;
}

static int read_part(struct vmdk_image *vmdk, const struct vmdk_part *part, uint8_t *to, size_t len,
                     uint64_t within, struct sw_err *err)
{
    if (part->kind == VMDK_PART_SPARSE)
        return read_sparse(vmdk, part, to, len, within, err);
    if (part->kind == VMDK_PART_FLAT)
        return sw_in_read(part->in, to, len, part->in_off + within, err);
    memset(to, 0, len);
    return 0;
}

int vmdk_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct vmdk_image *vmdk = vmdk_of(img);
    uint8_t *to = buf;

    while (len > 0) {
        const struct vmdk_part *part = part_at(vmdk, off);
        size_t n = (size_t)sw_min_u64(len, part->off + part->len - off);

        if (read_part(vmdk, part, to, n, off - part->off, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
