/* The extents that a descriptor names: checked, opened through the caller only, and laid one after another. */
#include "formats/vmdk/vmdk.h"
#include "src/base/ckd.h"
#include "src/base/fs.h"

#include <string.h>
#include <strings.h>

/* One opening's state. */
struct opening {
    struct vmdk_image *image;
    const struct vmdk_descriptor *descriptor;
    struct sw_parent_resolver *parents;
    const char **names; /* of base.others */
    size_t *files;      /* for each part, its place in base.others */
    struct vmdk_room room;
};

struct use {
    size_t file;
    uint64_t begin, end; /* bytes of the file */
    unsigned line;
};

static int bad_extent(const struct opening *o, const struct vmdk_line *line, enum sw_code code,
                      const char *what, struct sw_err *err)
{
    return sw_fail(err, code, "'%s': descriptor, line %u: %s", o->image->base.in->name, line->number, what);
}

/* What is on a device, or in a format that is not read, is refused by its name. */
static int kind_of(const struct opening *o, const struct vmdk_line *line, enum vmdk_part_kind *kind,
                   struct sw_err *err)
{
    static const struct {
        const char *type;
        enum vmdk_part_kind kind;
    } types[] = {{"FLAT", VMDK_PART_FLAT},
                 {"VMFS", VMDK_PART_FLAT},
                 {"SPARSE", VMDK_PART_SPARSE},
                 {"VMFSSPARSE", VMDK_PART_SPARSE},
                 {"ZERO", VMDK_PART_ZERO}};

    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++)
        if (strcasecmp(line->type, types[i].type) == 0) {
            *kind = types[i].kind;
            return 0;
        }
    return sw_fail(err, SW_REFUSED,
                   "'%s': descriptor, line %u: an extent of type '%s', which slipway does not read",
                   o->image->base.in->name, line->number, line->type);
}

static int check_line(const struct opening *o, const struct vmdk_line *line, enum vmdk_part_kind kind,
                      struct sw_err *err)
{
    if (kind == VMDK_PART_ZERO)
        return line->name == NULL ? 0 : bad_extent(o, line, SW_INTEGRITY, "a ZERO extent has no file", err);
    if (line->no_access)
        return bad_extent(o, line, SW_REFUSED, "the extent is NOACCESS: its bytes are not to be read", err);
    if (line->name == NULL)
        return bad_extent(o, line, SW_INTEGRITY, "the extent names no file", err);
    if (!sw_is_file_name(line->name))
        return sw_fail(err, SW_REFUSED,
                       "'%s': descriptor, line %u: extent '%s' is not the name of a file beside it",
                       o->image->base.in->name, line->number, line->name);
    if (!line->has_offset && strcasecmp(line->type, "FLAT") == 0)
        return bad_extent(o, line, SW_INTEGRITY, "a FLAT extent without its offset", err);
    if (line->offset != 0 && kind == VMDK_PART_SPARSE)
        return bad_extent(o, line, SW_INTEGRITY, "a sparse extent with an offset", err);
    return 0;
}

/* Before anything is opened. */
static int check_lines(const struct opening *o, uint64_t *total, struct sw_err *err)
{
    *total = 0;
    for (size_t i = 0; i < o->descriptor->nr_lines; i++) {
        const struct vmdk_line *line = &o->descriptor->lines[i];
        enum vmdk_part_kind kind = VMDK_PART_ZERO;

        if (kind_of(o, line, &kind, err) < 0 || check_line(o, line, kind, err) < 0)
            return -1;
        if (sw_add_ovf(*total, line->sectors, total) || *total > SW_VIRTUAL_MAX_BYTES / SW_SECTOR_BYTES)
            return bad_extent(o, line, SW_INTEGRITY, "the extents so far are more than 64 TiB", err);
    }
    if (*total == 0)
        return sw_fail(err, SW_INTEGRITY, "'%s': a descriptor without an extent", o->image->base.in->name);
    *total *= SW_SECTOR_BYTES;
    return 0;
}

/* The file of this name, opened once. */
static int open_file(struct opening *o, const char *name, size_t *place, struct sw_err *err)
{
    struct sw_image *base = &o->image->base;

    for (*place = 0; *place < base->nr_others; ++*place)
        if (strcmp(o->names[*place], name) == 0)
            return 0;
    if (o->parents->open_file(o->parents, name, &base->others[*place], err) < 0)
        return sw_context(err, "extent of '%s'", base->in->name);
    o->names[*place] = name;
    base->nr_others++;
    return 0;
}

static int open_flat(struct vmdk_part *part, const struct vmdk_line *line, struct sw_in *in,
                     struct sw_err *err)
{
    uint64_t end;

    if (sw_mul_ovf(line->offset, (uint64_t)SW_SECTOR_BYTES, &part->in_off) ||
        sw_add_ovf(part->in_off, part->len, &end) || end > in->size_bytes)
        return sw_fail(
            err, SW_INTEGRITY,
            "'%s' is truncated: its extent (descriptor, line %u) has %llu sectors at sector %llu, the "
            "file %llu bytes",
            in->name, line->number, (unsigned long long)line->sectors, (unsigned long long)line->offset,
            (unsigned long long)in->size_bytes);
    part->in = in;
    return 0;
}

/* Capacity may be rounded up to a grain; what the line leaves out is not the disk's. */
static int check_capacity(const struct vmdk_sparse *sparse, const struct vmdk_line *line, struct sw_err *err)
{
    uint64_t sectors = sparse->size_bytes / SW_SECTOR_BYTES;

    if (sectors >= line->sectors && sectors - line->sectors < sparse->grain_bytes / SW_SECTOR_BYTES)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "'%s': the descriptor (line %u) says %llu sectors, the header %llu",
                   sparse->in->name, line->number, (unsigned long long)line->sectors,
                   (unsigned long long)sectors);
}

static int open_sparse(struct opening *o, struct vmdk_part *part, const struct vmdk_line *line,
                       struct sw_in *in, struct sw_err *err)
{
    bool cowd = strcasecmp(line->type, "VMFSSPARSE") == 0;
    struct vmdk_sparse *sparse = sw_calloc(1, sizeof(*sparse), err);
    struct vmdk_header header;

    part->sparse = sparse;
    if (sparse == NULL)
        return -1;
    if ((cowd ? vmdk_read_cowd(in, sparse, err) : vmdk_read_header(in, sparse, &header, err)) < 0 ||
        check_capacity(sparse, line, err) < 0)
        return -1;
    sparse->size_bytes = part->len;
    if (sparse->unclean && o->image->base.nr_warnings == 0)
        sw_image_warn(&o->image->base, "extent '%.60s' was not closed by the virtual machine that wrote it",
                      in->name);
    sparse->salvage = o->image->base.salvage;
    if (vmdk_load_tables(sparse, &o->room, err) < 0)
        return -1;
    sw_image_warn_cut(&o->image->base, sparse->nr_cut, "grain tables");
    return 0;
}

static int open_part(struct opening *o, size_t i, uint64_t off, struct sw_err *err)
{
    const struct vmdk_line *line = &o->descriptor->lines[i];
    struct vmdk_part *part = &o->image->parts[i];
    struct sw_in *in;

    part->off = off;
    part->len = line->sectors * SW_SECTOR_BYTES;
    o->image->nr_parts++;
    if (kind_of(o, line, &part->kind, err) < 0)
        return -1;
    if (part->kind == VMDK_PART_ZERO)
        return 0;
    if (open_file(o, line->name, &o->files[i], err) < 0)
        return -1;
    in = o->image->base.others[o->files[i]];
    return part->kind == VMDK_PART_FLAT ? open_flat(part, line, in, err)
                                        : open_sparse(o, part, line, in, err);
}

static int by_place(const void *left, const void *right)
{
    const struct use *a = left, *b = right;

    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return 0;
}

/* No byte of a file is twice in the disk: else a small file could be a giant one. A sparse extent is a whole file. */
static int check_overlap(const struct opening *o, struct sw_err *err)
{
    const struct vmdk_image *image = o->image;
    SW_AUTO_FREE struct use *uses = sw_calloc(image->nr_parts, sizeof(*uses), err);
    size_t n = 0;

    if (uses == NULL)
        return -1;
    for (size_t i = 0; i < image->nr_parts; i++) {
        const struct vmdk_part *part = &image->parts[i];
        bool flat = part->kind == VMDK_PART_FLAT;

        if (part->kind != VMDK_PART_ZERO)
            uses[n++] = (struct use){.file = o->files[i],
                                     .begin = flat ? part->in_off : 0,
                                     .end = flat ? part->in_off + part->len : UINT64_MAX,
                                     .line = o->descriptor->lines[i].number};
    }
    qsort(uses, n, sizeof(*uses), by_place);
    for (size_t i = 1; i < n; i++)
        if (uses[i].file == uses[i - 1].file && uses[i].begin < uses[i - 1].end)
            return sw_fail(err, SW_INTEGRITY, "'%s': the extents of lines %u and %u overlap in '%s'",
                           image->base.in->name, uses[i - 1].line, uses[i].line, o->names[uses[i].file]);
    return 0;
}

static int open_all(struct opening *o, struct sw_err *err)
{
    uint64_t off = 0;

    for (size_t i = 0; i < o->descriptor->nr_lines; i++) {
        if (open_part(o, i, off, err) < 0)
            return -1;
        off += o->image->parts[i].len;
    }
    return check_overlap(o, err);
}

int vmdk_open_parts(struct vmdk_image *image, const struct vmdk_descriptor *descriptor,
                    const struct sw_open_opts *opts, struct sw_err *err)
{
    struct opening o = {.image = image,
                        .descriptor = descriptor,
                        .parents = opts->parents,
                        .room = {VMDK_GD_MAX_ENTRIES, VMDK_TABLES_MAX_BYTES}};
    SW_AUTO_FREE const char **names = NULL;
    SW_AUTO_FREE size_t *files = NULL;
    size_t n = descriptor->nr_lines;

    image->base.salvage = opts->salvage;
    if (check_lines(&o, &image->base.size_bytes, err) < 0 ||
        sw_check_virtual_size(image->base.in, image->base.size_bytes, opts, err) < 0)
        return -1;
    if (o.parents == NULL || o.parents->open_file == NULL)
        return sw_fail(
            err, SW_REFUSED,
            "'%s' is the descriptor of a '%s' VMDK: its data lies in other files, which are opened "
            "only beneath the folder of --allow-parent",
            image->base.in->name, descriptor->create_type);
    o.names = names = sw_calloc(n, sizeof(*names), err);
    o.files = files = names != NULL ? sw_calloc(n, sizeof(*files), err) : NULL;
    image->parts = files != NULL ? sw_calloc(n, sizeof(*image->parts), err) : NULL;
    image->base.others = image->parts != NULL ? sw_calloc(n, sizeof(*image->base.others), err) : NULL;
    return image->base.others != NULL ? open_all(&o, err) : -1;
}

void vmdk_parts_free(struct vmdk_image *image)
{
    for (size_t i = 0; i < image->nr_parts; i++)
        vmdk_sparse_free(image->parts[i].sparse);
    free(image->parts);
    for (size_t i = 0; i < image->base.nr_others; i++)
        sw_in_close(image->base.others[i]);
    free(image->base.others);
}
