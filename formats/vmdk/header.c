/* The header of a hosted sparse extent, and the footer that a stream has: every field checked. */
#include "formats/vmdk/vmdk.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>

enum {
    GRAIN_MIN_SECTORS = 8,
    GRAIN_MAX_SECTORS = 32768, /* 16 MiB; all known writers take 128 sectors */
};

int vmdk_bad_field(const struct sw_in *in, const char *field, uint64_t value, uint64_t at, const char *why,
                   struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s': %s %llu (0x%llx) in the header at %llu %s", in->name, field,
                   (unsigned long long)value, (unsigned long long)value, (unsigned long long)at, why);
}

#define FIELD_AT(at, field) ((at) + offsetof(struct vmdk_header, field))

static int check_version(const struct sw_in *in, const struct vmdk_header *h, uint64_t at, struct sw_err *err)
{
    uint32_t version = le32_get(h->version), flags = le32_get(h->flags);
    uint32_t unknown = flags & VMDK_FLAGS_INCOMPATIBLE & ~(VMDK_FLAG_COMPRESSED | VMDK_FLAG_MARKERS);
    uint32_t algorithm = le16_get(h->compress_algorithm);
    bool compressed = (flags & VMDK_FLAG_COMPRESSED) != 0;

    if (version < 1 || version > 3)
        return vmdk_bad_field(in, "version", version, FIELD_AT(at, version), "is not known", err);
    if (unknown != 0 || ((flags & VMDK_FLAG_MARKERS) != 0 && !compressed))
        return vmdk_bad_field(in, "flags", flags, FIELD_AT(at, flags), "are not known", err);
    if (algorithm != (compressed ? VMDK_COMPRESS_DEFLATE : VMDK_COMPRESS_NONE))
        return vmdk_bad_field(in, "compression algorithm", algorithm, FIELD_AT(at, compress_algorithm),
                              "does not fit the flags", err);
    if ((flags & VMDK_FLAG_NEWLINES) != 0 && memcmp(h->newlines, VMDK_NEWLINES, 4) != 0)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': the newline test at %llu fails: the file was transferred in text mode",
                       in->name, (unsigned long long)FIELD_AT(at, newlines));
    return 0;
}

static int check_geometry(const struct sw_in *in, const struct vmdk_header *h, uint64_t at,
                          struct sw_err *err)
{
    uint64_t capacity = le64_get(h->capacity), grain = le64_get(h->grain_size);
    uint32_t gtes = le32_get(h->gtes_per_gt);
    uint64_t overhead = le64_get(h->overhead);

    if (capacity == 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s': capacity 0 in the header: it only contains a descriptor that names other files",
                       in->name);
    if (capacity > SW_VIRTUAL_MAX_BYTES / SW_SECTOR_BYTES)
        return vmdk_bad_field(in, "capacity", capacity, FIELD_AT(at, capacity), "is more than 64 TiB", err);
    if (!sw_is_pow2(grain) || grain < GRAIN_MIN_SECTORS || grain > GRAIN_MAX_SECTORS)
        return vmdk_bad_field(in, "grain size", grain, FIELD_AT(at, grain_size),
                              "is not a power of two from 8 to 32768", err);
    if (!sw_is_pow2(gtes) || gtes < 128 || gtes > VMDK_GTES_MAX)
        return vmdk_bad_field(in, "table entries per table", gtes, FIELD_AT(at, gtes_per_gt),
                              "is not 128, 256 or 512", err);
    if (overhead > in->size_bytes / SW_SECTOR_BYTES)
        return vmdk_bad_field(in, "overhead", overhead, FIELD_AT(at, overhead),
                              "lies after the end of the file: it is truncated", err);
    return 0;
}

static int check_header(const struct sw_in *in, const struct vmdk_header *h, uint64_t at, struct sw_err *err)
{
    if (memcmp(h->magic, VMDK_MAGIC, 4) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': no '%s' header at %llu", in->name, VMDK_MAGIC,
                       (unsigned long long)at);
    return check_version(in, h, at, err) < 0 ? -1 : check_geometry(in, h, at, err);
}

static int bad_footer(const struct sw_in *in, const char *what, uint64_t at, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: %s at %llu", in->name, what,
                   (unsigned long long)at);
}

static bool same_shape(const struct vmdk_header *a, const struct vmdk_header *b)
{
    return memcmp(a, b, offsetof(struct vmdk_header, rgd_offset)) == 0;
}

/* A stream's directory is known only at its end: marker, footer, end of stream. */
static int read_footer(struct sw_in *in, const struct vmdk_header *header, struct vmdk_header *footer,
                       struct sw_err *err)
{
    static const struct vmdk_marker zero;
    struct vmdk_marker marker, eos;
    uint64_t at = in->size_bytes - 3 * SW_SECTOR_BYTES;

    if (in->size_bytes < 4 * SW_SECTOR_BYTES || in->size_bytes % SW_SECTOR_BYTES != 0)
        return bad_footer(in, "no whole sectors", in->size_bytes, err);
    if (sw_in_read(in, &marker, sizeof(marker), at, err) < 0 ||
        sw_in_read(in, footer, sizeof(*footer), at + SW_SECTOR_BYTES, err) < 0 ||
        sw_in_read(in, &eos, sizeof(eos), at + UINT64_C(2) * SW_SECTOR_BYTES, err) < 0)
        return -1;
    if (le32_get(marker.type) != VMDK_MARKER_FOOTER || le32_get(marker.size) != 0)
        return bad_footer(in, "no footer marker", at, err);
    if (memcmp(&eos, &zero, sizeof(eos)) != 0)
        return bad_footer(in, "no end-of-stream marker", at + UINT64_C(2) * SW_SECTOR_BYTES, err);
    if (check_header(in, footer, at + SW_SECTOR_BYTES, err) < 0)
        return sw_context(err, "footer");
    if (!same_shape(header, footer) || le64_get(footer->gd_offset) == VMDK_GD_AT_END)
        return sw_fail(err, SW_INTEGRITY, "'%s': the footer at %llu does not agree with the header", in->name,
                       (unsigned long long)at + SW_SECTOR_BYTES);
    return 0;
}

static void take_header(struct vmdk_sparse *sparse, struct sw_in *in, const struct vmdk_header *header)
{
    *sparse = (struct vmdk_sparse){
        .in = in,
        .size_bytes = le64_get(header->capacity) * SW_SECTOR_BYTES,
        .flags = le32_get(header->flags),
        .grain_bytes = (uint32_t)le64_get(header->grain_size) * SW_SECTOR_BYTES,
        .gtes_per_gt = le32_get(header->gtes_per_gt),
        .gd_offset = le64_get(header->gd_offset),
        .overhead = le64_get(header->overhead),
        .unclean = header->unclean_shutdown[0] != 0,
    };
    if ((sparse->flags & VMDK_FLAG_REDUNDANT_GD) != 0 && sparse->gd_offset != VMDK_GD_AT_END)
        sparse->rgd_offset = le64_get(header->rgd_offset);
}

int vmdk_read_header(struct sw_in *in, struct vmdk_sparse *out, struct vmdk_header *header,
                     struct sw_err *err)
{
    struct vmdk_header footer;

    if (sw_in_read(in, header, sizeof(*header), 0, err) < 0 || check_header(in, header, 0, err) < 0)
        return -1;
    take_header(out, in, header);
    if (out->gd_offset != VMDK_GD_AT_END)
        return 0;
    if (read_footer(in, header, &footer, err) < 0)
        return -1;
    out->gd_offset = le64_get(footer.gd_offset);
    return 0;
}
