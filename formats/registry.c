/* Every format driver, and opening an image by name or by magic. */
#include "formats/drivers.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>
#include <strings.h>

const struct sw_format *const sw_formats[] = {
    &sw_format_raw, &sw_format_qcow2, &sw_format_vhd, &sw_format_vhdx, &sw_format_vmdk, &sw_format_ova, NULL,
};

const struct sw_format *sw_format_by_name(const char *name)
{
    for (const struct sw_format *const *at = sw_formats; *at != NULL; at++) {
        if (strcasecmp((*at)->name, name) == 0)
            return *at;
        for (const char *const *alias = (*at)->aliases; alias != NULL && *alias != NULL; alias++)
            if (strcasecmp(*alias, name) == 0)
                return *at;
    }
    return NULL;
}

static const char *usual_subformat(const struct sw_format *format)
{
    return format->subformats != NULL ? format->subformats[0] : NULL;
}

/* subformat NULL: of a format that has one kind only. */
static bool is_streamed(const struct sw_format *format, const char *subformat)
{
    return (format->caps & SW_FORMAT_STREAM_OUT) != 0 &&
           (format->streamed == NULL || (subformat != NULL && strcmp(format->streamed, subformat) == 0));
}

/* "raw, vhd (subformat=fixed), vmdk" */
static int list_streamed(struct sw_buf *out, struct sw_err *err)
{
    for (const struct sw_format *const *at = sw_formats; *at != NULL; at++) {
        if (((*at)->caps & SW_FORMAT_STREAM_OUT) == 0)
            continue;
        if (sw_buf_printf(out, err, "%s%s", out->len > 0 ? ", " : "", (*at)->name) < 0)
            return -1;
        if (!is_streamed(*at, usual_subformat(*at)) &&
            sw_buf_printf(out, err, " (subformat=%s)", (*at)->streamed) < 0)
            return -1;
    }
    return 0;
}

int sw_format_check_sealed(const struct sw_format *format, const char *subformat, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf list = {0};

    if (subformat == NULL)
        subformat = usual_subformat(format);
    if (is_streamed(format, subformat))
        return 0;
    if (list_streamed(&list, err) < 0)
        return -1;
    if ((format->caps & SW_FORMAT_STREAM_OUT) == 0)
        subformat = NULL; /* another one could not be either */
    return sw_fail(err, SW_USAGE, "%s%s%s cannot be sealed as it is written; these can: %s", format->name,
                   subformat != NULL ? ", subformat=" : "", subformat != NULL ? subformat : "", list.data);
}

int sw_overlay_create(const char *path, const struct sw_create_opts *create, struct sw_err *err)
{
    struct sw_create_opts whole = *create;
    struct sw_image *image = NULL;
    struct sw_out *out = NULL;
    int rc = -1;

    whole.size_bytes = sw_round_up(create->size_bytes, SW_SECTOR_BYTES);
    if (sw_out_create_file(path, 0600, &out, err) < 0)
        return -1;
    if (sw_format_qcow2.create(out, &whole, &image, err) == 0) {
        rc = sw_format_qcow2.finish(image, err);
        sw_image_close(image);
    }
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

/* Whatever the overlay calls it, what lies beneath is this one. */
struct one_parent {
    struct sw_parent_resolver base;
    struct sw_image *image; /* NULL once the overlay has it */
};

static int open_parent(struct sw_parent_resolver *self, const char *name, const char *format,
                       struct sw_image **out, struct sw_err *err)
{
    struct one_parent *parent = (struct one_parent *)self;

    (void)name;
    (void)format;
    if (parent->image == NULL)
        return sw_fail(err, SW_INTEGRITY, "it names two images beneath it");
    *out = parent->image;
    parent->image = NULL;
    return 0;
}

int sw_overlay_open(const char *path, struct sw_image **below, struct sw_image **out, struct sw_err *err)
{
    struct one_parent parent = {.base = {.open = open_parent}, .image = *below};
    const struct sw_open_opts opts = {.parents = &parent.base};
    struct sw_image *image = NULL;
    struct sw_in *in = NULL;
    int rc = sw_in_open_file(path, &in, err);

    *below = NULL;
    if (rc == 0)
        rc = sw_image_open(in, "qcow2", &opts, &image, err);
    if (rc == 0 && parent.image != NULL)
        rc = sw_fail(err, SW_INTEGRITY, "it has no backing file");
    sw_image_close(parent.image);
    if (rc < 0)
        sw_image_close(image);
    else
        *out = image;
    return rc;
}

static bool carries(const struct sw_format *format, const struct sw_probe *probe)
{
    return format->probe != NULL && format->probe(probe);
}

/* The first two drivers that know the magic; two mean that a guest may have written one of them. */
static unsigned find_magic(const struct sw_probe *probe, const struct sw_format *found[2])
{
    unsigned n = 0;

    for (const struct sw_format *const *at = sw_formats; *at != NULL && n < 2; at++)
        if (carries(*at, probe))
            found[n++] = *at;
    return n;
}

static int guess(const struct sw_in *in, const struct sw_probe *probe, const struct sw_format **out,
                 struct sw_err *err)
{
    const struct sw_format *found[2];
    unsigned n = find_magic(probe, found);
    const char *foreign = sw_foreign_format(probe);

    if (n == 2)
        return sw_fail(err, SW_USAGE, "'%s' could be %s or %s: name its format with -f", in->name,
                       found[0]->name, found[1]->name);
    if (n == 1) {
        *out = found[0];
        return 0;
    }
    if (foreign != NULL)
        return sw_fail(err, SW_REFUSED, "'%s' is %s, which slipway does not read", in->name, foreign);
    return sw_fail(err, SW_USAGE, "format of '%s' is not known: name it with -f raw", in->name);
}

static int check_named(const struct sw_in *in, const struct sw_probe *probe, const struct sw_format *named,
                       struct sw_err *err)
{
    const struct sw_format *found[2];

    if (named->probe == NULL || carries(named, probe))
        return 0;
    if (find_magic(probe, found) > 0)
        return sw_fail(err, SW_USAGE, "'%s' is not %s: it carries the magic of %s", in->name, named->name,
                       found[0]->name);
    return sw_fail(err, SW_INTEGRITY,
                   "'%s' is not %s: no magic of that format at its start (or, for vhd, at its end)", in->name,
                   named->name);
}

static int choose(const struct sw_in *in, const char *format, const struct sw_probe *probe,
                  const struct sw_format **out, struct sw_err *err)
{
    if (format == NULL)
        return guess(in, probe, out, err);
    *out = sw_format_by_name(format);
    if (*out == NULL)
        return sw_fail(err, SW_USAGE, "format '%s' is not known", format);
    if (((*out)->caps & SW_FORMAT_CAN_READ) == 0)
        return sw_fail(err, SW_USAGE, "format '%s' can be written, not read", format);
    return check_named(in, probe, *out, err);
}

static void warn_of_magic(struct sw_image *img, const struct sw_probe *probe)
{
    const struct sw_format *found[2];
    unsigned n = find_magic(probe, found);

    for (unsigned i = 0; i < n; i++)
        if (found[i] != img->format)
            sw_image_warn(img, "read as %s, as named, but it also carries the magic of %s", img->format->name,
                          found[i]->name);
}

/* Of a file that is a disk itself there is disk 1. */
static int check_disk(const struct sw_in *in, const struct sw_format *driver, const struct sw_open_opts *opts,
                      struct sw_err *err)
{
    if (opts->disk <= 1 || opts->disk == SW_DISK_NONE || (driver->caps & SW_FORMAT_PACKAGE) != 0)
        return 0;
    return sw_fail(err, SW_USAGE, "'%s' is one %s disk: there is no disk %u", in->name, driver->name,
                   opts->disk);
}

static int open_probed(struct sw_in *in, const char *format, const struct sw_open_opts *opts,
                       struct sw_image **out, struct sw_err *err)
{
    static const struct sw_open_opts defaults;
    size_t len = (size_t)sw_min_u64(in->size_bytes, SW_PROBE_BYTES);
    uint8_t head[SW_PROBE_BYTES], tail[SW_PROBE_BYTES];
    struct sw_probe probe = {head, len, tail, len, in->size_bytes};
    const struct sw_format *driver = NULL;

    if (sw_in_read(in, head, len, 0, err) < 0 || sw_in_read(in, tail, len, in->size_bytes - len, err) < 0)
        return -1;
    if (opts == NULL)
        opts = &defaults;
    if (choose(in, format, &probe, &driver, err) < 0 || check_disk(in, driver, opts, err) < 0 ||
        driver->open(in, opts, out, err) < 0)
        return -1;
    warn_of_magic(*out, &probe);
    return 0;
}

int sw_image_open(struct sw_in *in, const char *format, const struct sw_open_opts *opts,
                  struct sw_image **out, struct sw_err *err)
{
    if (open_probed(in, format, opts, out, err) < 0) {
        sw_in_close(in);
        return -1;
    }
    return 0;
}

int sw_image_pread(struct sw_image *img, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint64_t end;

    if (sw_add_ovf(off, (uint64_t)len, &end) || end > img->size_bytes)
        return sw_fail(err, SW_FAILED, "%zu bytes at %llu are outside of a disk of %llu", len,
                       (unsigned long long)off, (unsigned long long)img->size_bytes);
    return len == 0 ? 0 : img->format->pread(img, buf, len, off, err);
}

/* Puts what the parent has in place of a hole; its physical place is in another file, so it is dropped. */
static int look_through(struct sw_image *parent, struct sw_extent *extent, struct sw_err *err)
{
    struct sw_extent under;

    if (extent->off >= parent->size_bytes)
        return 0;
    if (sw_image_next_extent(parent, extent->off, &under, err) < 0)
        return -1;
    extent->len = sw_min_u64(extent->len, under.len);
    extent->kind = under.kind;
    return 0;
}

int sw_image_next_extent(struct sw_image *img, uint64_t off, struct sw_extent *extent, struct sw_err *err)
{
    if (off >= img->size_bytes)
        return sw_fail(err, SW_FAILED, "no extent at %llu: the disk has %llu bytes", (unsigned long long)off,
                       (unsigned long long)img->size_bytes);
    if (img->format->next_extent(img, off, extent, err) < 0)
        return -1;
    if (extent->kind != SW_EXTENT_DATA)
        extent->plain = false;
    if (extent->kind == SW_EXTENT_HOLE && img->parent != NULL)
        return look_through(img->parent, extent, err);
    return 0;
}

int sw_image_verify(struct sw_image *img, struct sw_progress *progress, const atomic_bool *stop,
                    struct sw_err *err)
{
    return img->format->verify != NULL ? img->format->verify(img, progress, stop, err) : 0;
}

void sw_image_close(struct sw_image *img)
{
    if (img != NULL)
        img->format->close(img);
}
