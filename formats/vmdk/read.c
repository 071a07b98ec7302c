/* Reading a VMDK: runs of grains, plain or deflated. */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

/* The first look at a compressed grain; often it holds all of it. */
enum { LOOK_BYTES = 4096 };

/* One read's state. The codec is made at its first compressed grain. */
struct reader {
    struct vmdk_image *vmdk;
    uint32_t room[VMDK_GTES_MAX];
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
static size_t coded_cap(const struct vmdk_image *vmdk)
{
    return 2 * (size_t)vmdk->grain_bytes + LOOK_BYTES;
}

static int need_codec(struct reader *reader, struct sw_err *err)
{
    if (reader->inflater != NULL)
        return 0;
    reader->inflater = vmdk_inflater_new(err);
    if (reader->inflater == NULL)
        return -1;
    reader->coded = malloc(coded_cap(reader->vmdk));
    reader->grain = malloc(reader->vmdk->grain_bytes);
    if (reader->coded == NULL || reader->grain == NULL)
        return sw_fail_errno(err, "no memory for a grain of %u bytes", reader->vmdk->grain_bytes);
    return 0;
}

static enum sw_extent_kind kind_of(const struct vmdk_image *vmdk, uint32_t gte)
{
    if (gte == 0)
        return SW_EXTENT_HOLE;
    if (gte == VMDK_GTE_ZERO && (vmdk->flags & VMDK_FLAG_ZERO_GRAINS) != 0)
        return SW_EXTENT_ZERO;
    return SW_EXTENT_DATA;
}

static void find_run(const struct vmdk_image *vmdk, const uint32_t *table, uint64_t off, struct run *run)
{
    uint32_t first = (uint32_t)(off / vmdk->grain_bytes % vmdk->gtes_per_gt), i = first + 1;
    uint64_t within = off % vmdk->grain_bytes, step;

    run->kind = kind_of(vmdk, table[first]);
    run->deflated = run->kind == SW_EXTENT_DATA && (vmdk->flags & VMDK_FLAG_COMPRESSED) != 0;
    step = run->kind == SW_EXTENT_DATA && !run->deflated ? vmdk->grain_bytes / SW_SECTOR_BYTES : 0;
    while (i < vmdk->gtes_per_gt && kind_of(vmdk, table[i]) == run->kind &&
           (step == 0 || table[i] == table[first] + (i - first) * step))
        i++;
    run->len = (uint64_t)(i - first) * vmdk->grain_bytes - within;
    run->len = sw_min_u64(run->len, vmdk->base.size_bytes - off);
    run->physical = (uint64_t)table[first] * SW_SECTOR_BYTES + within;
}

/* Stretches of the disk without a table, as many as follow each other. */
static uint64_t tableless(const struct vmdk_image *vmdk, uint64_t off)
{
    uint64_t per_table = (uint64_t)vmdk->grain_bytes * vmdk->gtes_per_gt, gt = off / per_table + 1;

    while (gt < vmdk->nr_gts && vmdk->gd[gt] == 0)
        gt++;
    return sw_min_u64(gt * per_table, vmdk->base.size_bytes) - off;
}

static int next_run(struct reader *reader, uint64_t off, struct run *run, struct sw_err *err)
{
    struct vmdk_image *vmdk = reader->vmdk;
    uint32_t gt = (uint32_t)(off / ((uint64_t)vmdk->grain_bytes * vmdk->gtes_per_gt));

    if (vmdk_table(vmdk, gt, reader->room, &reader->table, err) < 0)
        return -1;
    if (reader->table != NULL)
        find_run(vmdk, reader->table, off, run);
    else
        *run = (struct run){.kind = SW_EXTENT_HOLE, .len = tableless(vmdk, off)};
    return 0;
}

int vmdk_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    struct reader reader;
    struct run run;

    reader.vmdk = vmdk_of(img);
    if (next_run(&reader, off, &run, err) < 0)
        return -1;
    *extent = (struct sw_extent){.off = off, .len = run.len, .kind = run.kind};
    if (run.kind == SW_EXTENT_DATA && !run.deflated) {
        extent->plain = true;
        extent->physical = run.physical;
    }
    return 0;
}

static uint64_t grain_at(const struct reader *reader, uint64_t grain)
{
    return (uint64_t)reader->table[grain % reader->vmdk->gtes_per_gt] * SW_SECTOR_BYTES;
}

static int bad_grain(const struct reader *reader, uint64_t grain, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': grain %llu at %llu %s", reader->vmdk->base.in->name,
                   (unsigned long long)grain, (unsigned long long)grain_at(reader, grain), what);
}

/* Reads the stream of a compressed grain into reader->coded; *in points at it. */
static int read_coded(struct reader *reader, uint64_t grain, const uint8_t **in, size_t *in_len,
                      struct sw_err *err)
{
    const struct vmdk_image *vmdk = reader->vmdk;
    bool markers = (vmdk->flags & VMDK_FLAG_MARKERS) != 0;
    size_t head = markers ? sizeof(struct vmdk_grain_header) : sizeof(uint32_t);
    uint64_t at = grain_at(reader, grain), there = vmdk->base.in->size_bytes - at;
    size_t have = (size_t)sw_min_u64(LOOK_BYTES, there);

    if (sw_in_read(vmdk->base.in, reader->coded, have, at, err) < 0)
        return -1;
    if (markers && le64_get(reader->coded) != grain * (vmdk->grain_bytes / SW_SECTOR_BYTES))
        return bad_grain(reader, grain, "carries another grain's address", err);
    *in_len = le32_get(reader->coded + head - sizeof(uint32_t));
    *in = reader->coded + head;
    if (*in_len == 0 || *in_len > coded_cap(vmdk) - head)
        return bad_grain(reader, grain, "has a compressed size that no grain can have", err);
    if (head + *in_len > there)
        return bad_grain(reader, grain, "ends after the file: it is truncated", err);
    if (head + *in_len <= have)
        return 0;
    return sw_in_read(vmdk->base.in, reader->coded + have, head + *in_len - have, at + have, err);
}

/* A grain of which [within, within + n) is wanted. The disk's last one may inflate to what is left, or whole. */
static int read_grain(struct reader *reader, uint64_t grain, size_t within, size_t n, uint8_t *to,
                      struct sw_err *err)
{
    const struct vmdk_image *vmdk = reader->vmdk;
    bool whole = n == vmdk->grain_bytes;
    uint64_t left = vmdk->base.size_bytes - grain * vmdk->grain_bytes;
    const uint8_t *in = NULL;
    size_t in_len = 0, got;

    if (read_coded(reader, grain, &in, &in_len, err) < 0)
        return -1;
    if (vmdk_inflate(reader->inflater, in, in_len, whole ? to : reader->grain, vmdk->grain_bytes, &got) < 0)
        return bad_grain(reader, grain, "does not inflate to a grain", err);
    if (got != vmdk->grain_bytes && got != left)
        return bad_grain(reader, grain, "inflates to less than a grain", err);
    if (!whole)
        memcpy(to, reader->grain + within, n);
    return 0;
}

static int read_deflated(struct reader *reader, uint8_t *to, size_t len, uint64_t off, struct sw_err *err)
{
    uint32_t grain_bytes = reader->vmdk->grain_bytes;

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
    if (run->kind == SW_EXTENT_HOLE)
        return sw_read_parent(&reader->vmdk->base, to, len, off, err);
    if (run->kind == SW_EXTENT_DATA && run->deflated)
        return read_deflated(reader, to, len, off, err);
    if (run->kind == SW_EXTENT_DATA)
        return sw_in_read(reader->vmdk->base.in, to, len, run->physical, err);
    memset(to, 0, len);
    return 0;
}

int vmdk_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    SW_CLEANUP(reader_free) struct reader reader;
    uint8_t *to = buf;

    reader.vmdk = vmdk_of(img);
    reader.inflater = NULL;
    reader.coded = reader.grain = NULL;
    while (len > 0) {
        struct run run;
        size_t n;

        if (next_run(&reader, off, &run, err) < 0)
            return -1;
        n = (size_t)sw_min_u64(len, run.len);
        if (read_run(&reader, &run, to, n, off, err) < 0)
            return -1;
        to += n;
        off += n;
        len -= n;
    }
    return 0;
}
