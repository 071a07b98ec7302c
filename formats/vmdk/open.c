/* Opening a VMDK: header, footer, descriptor. What lies in several files or devices is refused by its name. */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>
#include <strings.h>

enum {
    DESCRIPTOR_MAX_BYTES = 256 << 10,
    GRAIN_MIN_SECTORS = 8,
    GRAIN_MAX_SECTORS = 32768, /* 16 MiB; all known writers take 128 sectors */
};

static int bad_field(const struct sw_in *in, const char *field, uint64_t value, uint64_t at, const char *why,
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
        return bad_field(in, "version", version, FIELD_AT(at, version), "is not known", err);
    if (unknown != 0 || ((flags & VMDK_FLAG_MARKERS) != 0 && !compressed))
        return bad_field(in, "flags", flags, FIELD_AT(at, flags), "are not known", err);
    if (algorithm != (compressed ? VMDK_COMPRESS_DEFLATE : VMDK_COMPRESS_NONE))
        return bad_field(in, "compression algorithm", algorithm, FIELD_AT(at, compress_algorithm),
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
        return bad_field(in, "capacity", capacity, FIELD_AT(at, capacity), "is more than 64 TiB", err);
    if (!sw_is_pow2(grain) || grain < GRAIN_MIN_SECTORS || grain > GRAIN_MAX_SECTORS)
        return bad_field(in, "grain size", grain, FIELD_AT(at, grain_size),
                         "is not a power of two from 8 to 32768", err);
    if (!sw_is_pow2(gtes) || gtes < 128 || gtes > VMDK_GTES_MAX)
        return bad_field(in, "table entries per table", gtes, FIELD_AT(at, gtes_per_gt),
                         "is not 128, 256 or 512", err);
    if (overhead > in->size_bytes / SW_SECTOR_BYTES)
        return bad_field(in, "overhead", overhead, FIELD_AT(at, overhead),
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

static int read_descriptor(struct sw_in *in, const struct vmdk_header *h, struct vmdk_descriptor *out,
                           struct sw_err *err)
{
    uint64_t at = le64_get(h->descriptor_offset), size = le64_get(h->descriptor_size);
    SW_AUTO_FREE char *text = NULL;

    if (at == 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s' has no descriptor: it is one extent of a disk that is split over files",
                       in->name);
    if (size == 0 || size > DESCRIPTOR_MAX_BYTES / SW_SECTOR_BYTES)
        return bad_field(in, "descriptor size", size, FIELD_AT(0, descriptor_size), "is not 1 to 512 sectors",
                         err);
    if (at > in->size_bytes / SW_SECTOR_BYTES)
        return bad_field(in, "descriptor offset", at, FIELD_AT(0, descriptor_offset),
                         "lies after the end of the file: it is truncated", err);
    text = sw_calloc(1, (size_t)size * SW_SECTOR_BYTES, err);
    if (text == NULL || sw_in_read(in, text, (size_t)size * SW_SECTOR_BYTES, at * SW_SECTOR_BYTES, err) < 0)
        return -1;
    return vmdk_parse_descriptor(text, (size_t)size * SW_SECTOR_BYTES, in->name, out, err);
}

/* Which of the two kinds of single files it is. */
static const char *subformat_of(const struct vmdk_descriptor *descriptor)
{
    static const char *const known[] = {"streamOptimized", "monolithicSparse"};

    for (size_t i = 0; i < SW_ARRAY_LEN(known); i++)
        if (strcasecmp(descriptor->create_type, known[i]) == 0)
            return known[i];
    return NULL;
}

static int check_descriptor(struct vmdk_image *vmdk, const struct vmdk_descriptor *d, struct sw_err *err)
{
    const char *name = vmdk->base.in->name;

    vmdk->cid = d->cid;
    vmdk->base.subformat = subformat_of(d);
    if (vmdk->base.subformat == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is a '%s' VMDK: its data lies in other files or devices, which are not followed",
                       name, d->create_type);
    if (d->nr_extents != 1 || strcasecmp(d->extent_type, "SPARSE") != 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s': its descriptor has %u extents (the last is '%s'), not one SPARSE", name,
                       d->nr_extents, d->extent_type);
    if (d->extent_sectors != vmdk->base.size_bytes / SW_SECTOR_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s': the descriptor says %llu sectors, the header %llu", name,
                       (unsigned long long)d->extent_sectors,
                       (unsigned long long)vmdk->base.size_bytes / SW_SECTOR_BYTES);
    return 0;
}

static int open_parent(struct vmdk_image *vmdk, const struct vmdk_descriptor *d,
                       const struct sw_open_opts *opts, struct sw_err *err)
{
    struct sw_image **parent = &vmdk->base.parent;
    const char *name = vmdk->base.in->name;

    if (d->parent_cid == UINT32_MAX || opts->top_only)
        return 0;
    if (opts->parents == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is a delta over '%s': without its parent its content is not known", name,
                       d->parent_hint);
    if (opts->parents->open(opts->parents, d->parent_hint, "vmdk", parent, err) < 0)
        return sw_context(err, "parent of '%s'", name);
    if ((*parent)->format != &sw_format_vmdk || vmdk_of(*parent)->cid != d->parent_cid)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': '%s' is not the parent it was made over: parentCID is %08x, its CID is not",
                       name, d->parent_hint, d->parent_cid);
    return 0;
}

static void take_header(struct vmdk_image *vmdk, struct sw_in *in, const struct vmdk_header *header)
{
    uint64_t grain = le64_get(header->grain_size);

    vmdk->base = (struct sw_image){
        .format = &sw_format_vmdk,
        .size_bytes = le64_get(header->capacity) * SW_SECTOR_BYTES,
        .in = in,
        .unit_bytes = (uint32_t)grain * SW_SECTOR_BYTES,
    };
    vmdk->flags = le32_get(header->flags);
    vmdk->grain_bytes = (uint32_t)grain * SW_SECTOR_BYTES;
    vmdk->gtes_per_gt = le32_get(header->gtes_per_gt);
    vmdk->gd_offset = le64_get(header->gd_offset);
    vmdk->overhead = le64_get(header->overhead);
    if (header->unclean_shutdown[0] != 0)
        sw_image_warn(&vmdk->base, "it was not closed by the virtual machine that wrote it last");
}

static int open_into(struct vmdk_image *vmdk, struct sw_in *in, const struct sw_open_opts *opts,
                     struct sw_err *err)
{
    struct vmdk_header header, footer;
    struct vmdk_descriptor descriptor;

    if (sw_in_read(in, &header, sizeof(header), 0, err) < 0 || check_header(in, &header, 0, err) < 0)
        return -1;
    take_header(vmdk, in, &header);
    if (sw_check_virtual_size(in, vmdk->base.size_bytes, opts, err) < 0)
        return -1;
    if (vmdk->gd_offset == VMDK_GD_AT_END) {
        if (read_footer(in, &header, &footer, err) < 0)
            return -1;
        vmdk->gd_offset = le64_get(footer.gd_offset);
    }
    if (read_descriptor(in, &header, &descriptor, err) < 0 || check_descriptor(vmdk, &descriptor, err) < 0 ||
        vmdk_load_tables(vmdk, err) < 0)
        return -1;
    return open_parent(vmdk, &descriptor, opts, err);
}

/* A text file with the descriptor: its data is elsewhere. */
static int refuse_descriptor(struct sw_in *in, struct sw_err *err)
{
    struct vmdk_descriptor descriptor;
    size_t len = (size_t)sw_min_u64(in->size_bytes, DESCRIPTOR_MAX_BYTES);
    SW_AUTO_FREE char *text = sw_calloc(1, len, err);

    if (text == NULL || sw_in_read(in, text, len, 0, err) < 0 ||
        vmdk_parse_descriptor(text, len, in->name, &descriptor, err) < 0)
        return -1;
    return sw_fail(
        err, SW_REFUSED,
        "'%s' is the descriptor of a '%s' VMDK: its data lies in other files, which are not followed",
        in->name, descriptor.create_type);
}

/* Kinds of VMDK that begin otherwise. */
static int refuse_others(struct sw_in *in, struct sw_err *err)
{
    uint8_t head[64] = {0};

    if (sw_in_read(in, head, (size_t)sw_min_u64(in->size_bytes, sizeof(head)), 0, err) < 0)
        return -1;
    if (memcmp(head, VMDK_UNFINISHED, 4) == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' was left unfinished by the program that wrote it", in->name);
    if (memcmp(head, VMDK_COWD_MAGIC, 4) == 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is an ESX vmfsSparse (COWD) extent, which slipway does not read", in->name);
    if (memcmp(head, VMDK_SE_MAGIC, 8) == 0)
        return sw_fail(err, SW_REFUSED, "'%s' is an ESX seSparse extent, which slipway does not read",
                       in->name);
    return vmdk_is_descriptor(head, sizeof(head)) ? refuse_descriptor(in, err) : 0;
}

int vmdk_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err)
{
    struct vmdk_image *vmdk;

    if (refuse_others(in, err) < 0)
        return -1;
    vmdk = sw_calloc(1, sizeof(*vmdk), err);
    if (vmdk == NULL)
        return -1;
    if (open_into(vmdk, in, opts, err) < 0) {
        vmdk->base.in = NULL; /* the caller's, as opening failed */
        sw_format_vmdk.close(&vmdk->base);
        return -1;
    }
    *out = &vmdk->base;
    return 0;
}
