/* Choosing a disk of the package and reading it in place, through the driver of its own format. */
#include "formats/ova/ova.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>
#include <strings.h>

struct part_in {
    struct sw_in base;
    struct sw_in *whole;
    uint64_t off;
    char *name;
};

static int part_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const struct part_in *part = (const struct part_in *)in;

    return sw_in_read(part->whole, buf, len, part->off + off, err);
}

static void part_close(struct sw_in *in)
{
    struct part_in *part = (struct part_in *)in;

    free(part->name);
    free(part);
}

int ova_part_open(struct sw_in *whole, uint64_t off, uint64_t len, const char *name, struct sw_in **out,
                  struct sw_err *err)
{
    static const struct sw_in_ops ops = {.pread = part_pread, .close = part_close};
    SW_AUTO_FREE struct part_in *part = sw_calloc(1, sizeof(*part), err);

    if (part == NULL)
        return -1;
    part->name = sw_strdup(name, err);
    if (part->name == NULL)
        return -1;
    part->whole = whole;
    part->off = off;
    part->base = (struct sw_in){.ops = &ops, .size_bytes = len, .fd = -1, .name = part->name};
    *out = &SW_STEAL_PTR(part)->base;
    return 0;
}

/* "8 GiB", or bytes where it is no whole number of a unit. */
static int say_size(struct sw_buf *text, uint64_t bytes, struct sw_err *err)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;

    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < SW_ARRAY_LEN(units)) {
        bytes /= 1024;
        unit++;
    }
    return sw_buf_printf(text, err, " %llu %s", (unsigned long long)bytes, units[unit]);
}

/* The refusal that lists what there is to choose from; a long list is cut. */
static int refuse_choice(const struct ova_image *ova, struct sw_err *err)
{
    enum { LISTED = 12 };
    const struct sw_package *package = &ova->package;
    SW_AUTO_BUF struct sw_buf list = {0};

    for (unsigned i = 0; i < package->nr_disks && i < LISTED; i++) {
        const struct sw_package_disk *disk = &package->disks[i];

        if (sw_buf_printf(&list, err, "%s%u ", i > 0 ? ", " : "", i + 1) < 0 ||
            (disk->name != NULL ? sw_buf_printf(&list, err, "'%.40s'", disk->name)
                                : sw_buf_puts(&list, "empty", err)) < 0 ||
            (disk->capacity_bytes != 0 && say_size(&list, disk->capacity_bytes, err) < 0))
            return -1;
    }
    return sw_fail(err, SW_USAGE, "'%s' has %u disks: choose one with --disk N (%s%s)", ova->base.in->name,
                   package->nr_disks, list.data, package->nr_disks > LISTED ? ", …" : "");
}

static int choose(struct ova_image *ova, unsigned wanted, struct sw_err *err)
{
    struct sw_package *package = &ova->package;

    if (wanted == 0 && package->nr_disks > 1)
        return refuse_choice(ova, err);
    if (wanted > package->nr_disks)
        return sw_fail(err, SW_USAGE, "'%s' has %u disk%s: there is no disk %u", ova->base.in->name,
                       package->nr_disks, package->nr_disks == 1 ? "" : "s", wanted);
    package->chosen = wanted == 0 ? 1 : wanted;
    return 0;
}

/* The two ways in which writers say it: RHV's, and a fragment as VMware's formats have one. */
static bool is_stated_raw(const char *format)
{
    size_t n = format != NULL ? strlen(format) : 0;

    return n >= 5 && (strcasecmp(format + n - 5, "/byte") == 0 || strcasecmp(format + n - 4, "#raw") == 0);
}

/* A package in a package would go on for ever. */
static int refuse_nested(const struct ova_image *ova, struct sw_err *err)
{
    uint8_t head[TAR_BLOCK_BYTES];
    size_t len = (size_t)sw_min_u64(ova->member->size_bytes, sizeof(head));

    if (sw_in_read(ova->base.in, head, len, ova->member->data, err) < 0)
        return -1;
    if (tar_is_header(head, len))
        return sw_fail(err, SW_REFUSED, "'%s': disk %u, '%s', is a tar itself", ova->base.in->name,
                       ova->package.chosen, ova->member->name);
    return 0;
}

static int open_inner(struct ova_image *ova, const struct sw_open_opts *opts, struct sw_err *err)
{
    const struct sw_open_opts own = {.max_virtual_bytes = opts->max_virtual_bytes};
    const char *stated = ova->package.disks[ova->package.chosen - 1].stated_format;
    bool raw = is_stated_raw(stated);
    SW_AUTO_FREE char *name = sw_strf(err, "%s:%s", ova->base.in->name, ova->member->name);
    struct sw_in *part = NULL;

    if (name == NULL || (!raw && refuse_nested(ova, err) < 0) ||
        ova_part_open(ova->base.in, ova->member->data, ova->member->size_bytes, name, &part, err) < 0)
        return -1;
    if (sw_image_open(part, raw ? "raw" : NULL, &own, &ova->inner, err) == 0)
        return 0;
    if (err->code == SW_USAGE) /* the hint to name a format is of no use here */
        return sw_fail(
            err, SW_REFUSED, "'%s': disk %u, '%s', is of no format that is known here; the OVF states %s%s%s",
            ova->base.in->name, ova->package.chosen, ova->member->name, stated != NULL ? "'" : "none",
            stated != NULL ? stated : "", stated != NULL ? "'" : "");
    return -1;
}

/* What the inner disk says of itself is what this image says. */
static void take_inner(struct ova_image *ova)
{
    const struct sw_package_disk *disk = &ova->package.disks[ova->package.chosen - 1];
    const struct sw_image *inner = ova->inner;

    ova->base.size_bytes = inner->size_bytes;
    ova->base.unit_bytes = inner->unit_bytes;
    ova->base.subformat = inner->format->name;
    if (disk->capacity_bytes != 0 && disk->capacity_bytes != inner->size_bytes)
        sw_image_warn(&ova->base, "the OVF says that '%.40s' is a disk of %llu bytes; it is one of %llu",
                      disk->name, (unsigned long long)disk->capacity_bytes,
                      (unsigned long long)inner->size_bytes);
    for (unsigned i = 0; i < inner->nr_warnings; i++)
        sw_image_warn(&ova->base, "'%.40s': %s", disk->name, inner->warnings[i]);
}

static int open_chosen(struct ova_image *ova, const struct sw_open_opts *opts, struct sw_err *err)
{
    const struct ovf_disk *disk = &ova->ovf.disks[ova->package.chosen - 1];
    uint64_t capacity = ova->package.disks[ova->package.chosen - 1].capacity_bytes;

    if (disk->parent_ref != NULL)
        return sw_fail(err, SW_REFUSED,
                       "'%s': disk %u is a delta over the disk '%s' (parentRef), which is not read",
                       ova->base.in->name, ova->package.chosen, disk->parent_ref);
    if (disk->file_ref == NULL) {
        ova->base.size_bytes = sw_round_up(capacity, SW_SECTOR_BYTES);
        ova->base.subformat = "empty";
        return sw_check_virtual_size(ova->base.in, capacity, opts, err);
    }
    ova->member = ova_member(ova, ovf_file(&ova->ovf, disk->file_ref));
    if (open_inner(ova, opts, err) < 0)
        return -1;
    take_inner(ova);
    return 0;
}

static int open_into(struct ova_image *ova, const struct sw_open_opts *opts, struct sw_err *err)
{
    if (ova_load(ova, err) < 0)
        return -1;
    ova->base.package = &ova->package;
    if (opts->disk == SW_DISK_NONE)
        return 0;
    return choose(ova, opts->disk, err) < 0 ? -1 : open_chosen(ova, opts, err);
}

int ova_open(struct sw_in *in, const struct sw_open_opts *opts, struct sw_image **out, struct sw_err *err)
{
    struct ova_image *ova = sw_calloc(1, sizeof(*ova), err);

    if (ova == NULL)
        return -1;
    ova->base = (struct sw_image){.format = &sw_format_ova, .in = in};
    if (open_into(ova, opts, err) < 0) {
        ova->base.in = NULL; /* the caller's, as opening failed */
        sw_format_ova.close(&ova->base);
        return -1;
    }
    *out = &ova->base;
    return 0;
}

int ova_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct sw_image *inner = ova_of(img)->inner;

    if (inner != NULL)
        return sw_image_pread(inner, buf, len, off, err);
    memset(buf, 0, len);
    return 0;
}

int ova_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    struct ova_image *ova = ova_of(img);

    if (ova->inner == NULL) {
        *extent = (struct sw_extent){.off = off, .len = img->size_bytes - off, .kind = SW_EXTENT_HOLE};
        return 0;
    }
    if (sw_image_next_extent(ova->inner, off, extent, err) < 0)
        return -1;
    if (extent->plain)
        extent->physical += ova->member->data;
    return 0;
}
