/* Opening a VMDK: one file with its descriptor, or a descriptor whose data lies in other files; and the parent. */
#include "formats/vmdk/vmdk.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <string.h>
#include <strings.h>

/* What createType may be. The first two are what a file with grains may say of itself. */
static const char *const known_types[] = {
    "streamOptimized",
    "monolithicSparse",
    "monolithicFlat",
    "twoGbMaxExtentSparse",
    "twoGbMaxExtentFlat",
    "2GbMaxExtentSparse",
    "2GbMaxExtentFlat",
    "vmfs",
    "vmfsThin",
    "vmfsSparse",
    "vmfsPreallocated",
    "vmfsEagerZeroedThick",
    "custom",
};
enum { SINGLE_TYPES = 2 };

/* The static text of a type, NULL when it is none of the first n. */
static const char *find_type(const struct vmdk_descriptor *descriptor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(descriptor->create_type, known_types[i]) == 0)
            return known_types[i];
    return NULL;
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
    if (size == 0 || size > VMDK_DESCRIPTOR_MAX_BYTES / SW_SECTOR_BYTES)
        return vmdk_bad_field(in, "descriptor size", size, offsetof(struct vmdk_header, descriptor_size),
                              "is not 1 to 512 sectors", err);
    if (at > in->size_bytes / SW_SECTOR_BYTES)
        return vmdk_bad_field(in, "descriptor offset", at, offsetof(struct vmdk_header, descriptor_offset),
                              "lies after the end of the file: it is truncated", err);
    text = sw_calloc(1, (size_t)size * SW_SECTOR_BYTES, err);
    if (text == NULL || sw_in_read(in, text, (size_t)size * SW_SECTOR_BYTES, at * SW_SECTOR_BYTES, err) < 0)
        return -1;
    return vmdk_parse_descriptor(text, (size_t)size * SW_SECTOR_BYTES, in->name, out, err);
}

/* A file with grains holds all of its disk, and whatever else its descriptor names is refused. */
static int check_single(struct vmdk_image *vmdk, const struct vmdk_descriptor *d, struct sw_err *err)
{
    const char *name = vmdk->base.in->name;
    const struct vmdk_line *last = d->nr_lines > 0 ? &d->lines[d->nr_lines - 1] : NULL;

    vmdk->base.subformat = find_type(d, SINGLE_TYPES);
    if (vmdk->base.subformat == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is a '%s' VMDK with a header of grains: where its data lies is not certain",
                       name, d->create_type);
    if (d->nr_lines != 1 || strcasecmp(last->type, "SPARSE") != 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s': its descriptor has %zu extents (the last is '%s'), not one SPARSE", name,
                       d->nr_lines, last != NULL ? last->type : "");
    if (last->sectors != vmdk->base.size_bytes / SW_SECTOR_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s': the descriptor says %llu sectors, the header %llu", name,
                       (unsigned long long)last->sectors,
                       (unsigned long long)vmdk->base.size_bytes / SW_SECTOR_BYTES);
    return 0;
}

static int take_parent(struct vmdk_image *vmdk, const struct vmdk_descriptor *d, struct sw_err *err)
{
    vmdk->cid = d->cid;
    vmdk->delta = d->parent_cid != UINT32_MAX;
    if (!vmdk->delta)
        return 0;
    vmdk->parent_hint = sw_strdup(d->parent_hint, err);
    vmdk->base.parent_name = vmdk->parent_hint;
    vmdk->base.parent_format = sw_format_vmdk.name;
    return vmdk->parent_hint != NULL ? 0 : -1;
}

static int open_parent(struct vmdk_image *vmdk, const struct vmdk_descriptor *d,
                       const struct sw_open_opts *opts, struct sw_err *err)
{
    struct sw_image **parent = &vmdk->base.parent;
    const char *name = vmdk->base.in->name;

    if (!vmdk->delta || opts->top_only)
        return 0;
    if (opts->parents == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is a delta over '%s': without its parent its content is not known, and that is "
                       "opened only beneath the folder of --allow-parent",
                       name, d->parent_hint);
    if (opts->parents->open(opts->parents, d->parent_hint, "vmdk", parent, err) < 0)
        return sw_context(err, "parent of '%s'", name);
    if ((*parent)->format != &sw_format_vmdk || vmdk_of(*parent)->cid != d->parent_cid)
        return sw_fail(err, SW_INTEGRITY,
                       "'%s': '%s' is not the parent it was made over: parentCID is %08x, its CID is not",
                       name, d->parent_hint, d->parent_cid);
    return 0;
}

/* The one part of a file with grains. */
static int make_part(struct vmdk_image *vmdk, struct vmdk_sparse **sparse, struct sw_err *err)
{
    vmdk->parts = sw_calloc(1, sizeof(*vmdk->parts), err);
    if (vmdk->parts == NULL)
        return -1;
    *sparse = sw_calloc(1, sizeof(**sparse), err);
    vmdk->parts[0] = (struct vmdk_part){.kind = VMDK_PART_SPARSE, .sparse = *sparse};
    vmdk->nr_parts = 1;
    return *sparse != NULL ? 0 : -1;
}

static int open_single(struct vmdk_image *vmdk, const struct sw_open_opts *opts,
                       struct vmdk_descriptor *descriptor, struct sw_err *err)
{
    struct vmdk_room room = {VMDK_GD_MAX_ENTRIES, VMDK_TABLES_MAX_BYTES};
    struct sw_in *in = vmdk->base.in;
    struct vmdk_sparse *sparse = NULL;
    struct vmdk_header header;

    if (make_part(vmdk, &sparse, err) < 0 || vmdk_read_header(in, sparse, &header, err) < 0)
        return -1;
    vmdk->base.salvage = sparse->salvage = opts->salvage;
    vmdk->base.size_bytes = vmdk->parts[0].len = sparse->size_bytes;
    vmdk->base.unit_bytes = sparse->grain_bytes;
    if (sparse->unclean)
        sw_image_warn(&vmdk->base, "it was not closed by the virtual machine that wrote it last");
    if (sw_check_virtual_size(in, vmdk->base.size_bytes, opts, err) < 0 ||
        read_descriptor(in, &header, descriptor, err) < 0 || check_single(vmdk, descriptor, err) < 0)
        return -1;
    if (vmdk_load_tables(sparse, &room, err) < 0)
        return -1;
    sw_image_warn_cut(&vmdk->base, sparse->nr_cut, "grain tables");
    return 0;
}

/* A text file with the descriptor: its data is elsewhere. */
static int open_split(struct vmdk_image *vmdk, const struct sw_open_opts *opts,
                      struct vmdk_descriptor *descriptor, struct sw_err *err)
{
    struct sw_in *in = vmdk->base.in;
    size_t len = (size_t)sw_min_u64(in->size_bytes, VMDK_DESCRIPTOR_MAX_BYTES);
    SW_AUTO_FREE char *text = NULL;

    if (in->size_bytes > VMDK_DESCRIPTOR_MAX_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s': a descriptor of %llu bytes; at most %d are taken", in->name,
                       (unsigned long long)in->size_bytes, VMDK_DESCRIPTOR_MAX_BYTES);
    text = sw_calloc(1, len, err);
    if (text == NULL || sw_in_read(in, text, len, 0, err) < 0 ||
        vmdk_parse_descriptor(text, len, in->name, descriptor, err) < 0)
        return -1;
    vmdk->base.subformat = find_type(descriptor, SW_ARRAY_LEN(known_types));
    if (vmdk->base.subformat == NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is the descriptor of a '%s' VMDK, a kind that slipway does not read", in->name,
                       descriptor->create_type);
    if (vmdk_open_parts(vmdk, descriptor, opts, err) < 0)
        return -1;
    for (size_t i = 0; i < vmdk->nr_parts && vmdk->base.unit_bytes == 0; i++)
        if (vmdk->parts[i].kind == VMDK_PART_SPARSE)
            vmdk->base.unit_bytes = vmdk->parts[i].sparse->grain_bytes;
    return 0;
}

static int open_into(struct vmdk_image *vmdk, const struct sw_open_opts *opts, bool split, struct sw_err *err)
{
    VMDK_AUTO_DESCRIPTOR struct vmdk_descriptor descriptor = {.nr_lines = 0};

    if ((split ? open_split(vmdk, opts, &descriptor, err) : open_single(vmdk, opts, &descriptor, err)) < 0 ||
        take_parent(vmdk, &descriptor, err) < 0)
        return -1;
    return open_parent(vmdk, &descriptor, opts, err);
}

/* Kinds of VMDK that begin otherwise. *split: it begins as a descriptor. */
static int look_at(struct sw_in *in, bool *split, struct sw_err *err)
{
    uint8_t head[64] = {0};

    if (sw_in_read(in, head, (size_t)sw_min_u64(in->size_bytes, sizeof(head)), 0, err) < 0)
        return -1;
    *split = vmdk_is_descriptor(head, sizeof(head));
    if (memcmp(head, VMDK_UNFINISHED, 4) == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' was left unfinished by the program that wrote it", in->name);
    if (memcmp(head, VMDK_COWD_MAGIC, 4) == 0)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is an ESX vmfsSparse (COWD) extent: the disk is opened by its descriptor",
                       in->name);
    if (memcmp(head, VMDK_SE_MAGIC, 8) == 0)
        return sw_fail(err, SW_REFUSED, "'%s' is an ESX seSparse extent, which slipway does not read",
                       in->name);
    return 0;
}

int vmdk_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err)
{
    struct vmdk_image *vmdk;
    bool split;

    if (look_at(in, &split, err) < 0)
        return -1;
    vmdk = sw_calloc(1, sizeof(*vmdk), err);
    if (vmdk == NULL)
        return -1;
    vmdk->base = (struct sw_image){.format = &sw_format_vmdk, .in = in};
    if (open_into(vmdk, opts, split, err) < 0) {
        vmdk->base.in = NULL; /* the caller's, as opening failed */
        sw_format_vmdk.close(&vmdk->base);
        return -1;
    }
    *out = &vmdk->base;
    return 0;
}
