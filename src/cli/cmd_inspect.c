/* slipway inspect: what a disk image is, without following anything that it names. */
#include "slipway/diff.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/disk_out.h"
#include "src/cli/guest_show.h"
#include "src/cli/image_arg.h"
#include "src/cli/launch_args.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/sealed_show.h"

#include <stdio.h>

struct inspect_opts {
    struct common_opts common;
    const char *format;
    const char *allow_parent;
    struct opt_list keys;
    struct trust_opts trust;
    uint64_t disk;
    struct launch_args launch;
    bool digest, guest;
};

static const struct opt inspect_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct inspect_opts, format),
     "format of IMAGE (default: by its magic; raw must be named)"},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct inspect_opts, allow_parent),
     "parents and extents that IMAGE names may be opened, beneath DIR only"},
    SEAL_ARGS_KEY_ROW(struct inspect_opts),
    TRUST_ROWS(struct inspect_opts),
    {0, "disk", "N", OPT_UINT, offsetof(struct inspect_opts, disk),
     "look into this disk of an OVA that holds several"},
    {0, "digest", NULL, OPT_FLAG, offsetof(struct inspect_opts, digest),
     "read the disk and print its fs-verity digest"},
    {0, "guest", NULL, OPT_FLAG, offsetof(struct inspect_opts, guest),
     "look into the disk by an appliance: system, kernels, packages, users, units, sizes (--verbose: all of them)"},
    LAUNCH_ROWS(struct inspect_opts),
    OPT_END,
};

/* Bytes of the disk by kind; with parents opened, of the whole chain. */
struct extents {
    uint64_t data, zero, hole;
};

static int sum_extents(struct sw_image *img, struct extents *sum, struct sw_err *err)
{
    struct sw_extent extent;

    *sum = (struct extents){.data = 0};
    for (uint64_t at = 0; at < img->size_bytes; at += extent.len) {
        if (sw_check_interrupt(err) < 0 || sw_image_next_extent(img, at, &extent, err) < 0)
            return -1;
        if (extent.kind == SW_EXTENT_DATA)
            sum->data += extent.len;
        else if (extent.kind == SW_EXTENT_ZERO)
            sum->zero += extent.len;
        else
            sum->hole += extent.len;
    }
    return 0;
}

/* Of all files of the image, its parents not counted. */
static uint64_t file_bytes(const struct sw_image *img)
{
    uint64_t sum = img->in->size_bytes;

    for (size_t i = 0; i < img->nr_others; i++)
        sum += img->others[i]->size_bytes;
    return sum;
}

static void print_size(const char *what, uint64_t bytes)
{
    char text[32];

    out_size(bytes, text, sizeof(text));
    printf("%-14s%s (%llu bytes)\n", what, text, (unsigned long long)bytes);
}

static void print_untrusted(const char *what, const char *text)
{
    printf("%-14s", what);
    out_safe(stdout, text);
    putchar('\n');
}

static void print_parents(const struct sw_image *img)
{
    for (; img != NULL && img->parent_name != NULL; img = img->parent) {
        print_untrusted("parent:", img->parent_name);
        printf("%-14s", "");
        if (img->parent_format == NULL) {
            printf("its format is not stated");
        } else {
            printf("format ");
            out_safe(stdout, img->parent_format);
        }
        printf(", as the file names it; %s\n", img->parent != NULL ? "opened" : "not opened");
    }
}

static void print_package(const struct sw_package *package)
{
    char text[32], head[24];

    if (package == NULL)
        return;
    printf("%-14s%s\n", "digests:", package->digests != NULL ? package->digests : "none");
    for (unsigned i = 0; i < package->nr_disks; i++) {
        const struct sw_package_disk *disk = &package->disks[i];

        snprintf(head, sizeof(head), "disk %u:", i + 1);
        print_untrusted(head, disk->name != NULL ? disk->name : "(empty)");
        out_size(disk->capacity_bytes, text, sizeof(text));
        printf("%-14s%s (%llu bytes)", "", disk->capacity_bytes != 0 ? text : "size not stated",
               (unsigned long long)disk->capacity_bytes);
        if (disk->name != NULL) {
            out_size(disk->file_bytes, text, sizeof(text));
            printf(", a file of %s", text);
        }
        if (disk->stated_format != NULL) {
            printf(", stated as ");
            out_safe(stdout, disk->stated_format);
        }
        putchar('\n');
    }
    if (package->chosen != 0 && package->nr_disks > 1)
        printf("%-14s%u\n", "chosen disk:", package->chosen);
}

static void print_warnings(const struct sw_image *img)
{
    for (; img != NULL; img = img->parent)
        for (unsigned i = 0; i < img->nr_warnings; i++)
            print_untrusted("warning:", img->warnings[i]);
}

static void print_disk(const struct sw_image *img, const struct extents *sum)
{
    if (img->subformat != NULL)
        printf("%-14s%s\n", "subformat:", img->subformat);
    print_size("virtual size:", img->size_bytes);
    print_size("file size:", file_bytes(img));
    print_size("data:", sum->data);
    if (sum->zero > 0)
        print_size("zeros:", sum->zero);
    print_size("holes:", sum->hole);
    if (img->unit_bytes > 0)
        print_size("unit:", img->unit_bytes);
    print_parents(img);
}

static void print_image(const struct sw_image *img, const struct extents *sum)
{
    print_untrusted("image:", img->in->name);
    printf("%-14s%s\n", "format:", img->format->name);
    print_package(img->package);
    if (img->package == NULL || img->package->chosen != 0)
        print_disk(img, sum);
    else
        print_size("file size:", img->in->size_bytes);
    print_warnings(img);
}

static json_t *optional(const char *text)
{
    return text != NULL ? json_untrusted(text) : json_null();
}

static json_t *list_parents(const struct sw_image *img)
{
    json_t *list = json_array();

    for (; img != NULL && img->parent_name != NULL; img = img->parent)
        if (json_array_append_new(list, json_pack("{s:o, s:o, s:b}", "name", optional(img->parent_name),
                                                  "format", optional(img->parent_format), "opened",
                                                  img->parent != NULL)) < 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *describe_disk(const struct sw_package_disk *disk)
{
    return json_pack("{s:o, s:o, s:I, s:I}", "file", optional(disk->name), "stated_format",
                     optional(disk->stated_format), "capacity_bytes", (json_int_t)disk->capacity_bytes,
                     "file_bytes", (json_int_t)disk->file_bytes);
}

/* null for a file that is a disk itself. */
static json_t *describe_package(const struct sw_package *package)
{
    json_t *disks;

    if (package == NULL)
        return json_null();
    disks = json_array();
    for (unsigned i = 0; i < package->nr_disks; i++)
        if (json_array_append_new(disks, describe_disk(&package->disks[i])) < 0) {
            json_decref(disks);
            return NULL;
        }
    return json_pack("{s:o, s:o, s:i}", "disks", disks, "digests", optional(package->digests), "chosen",
                     (int)package->chosen);
}

/* What is found out about an image. */
struct findings {
    struct image_arg arg;
    struct extents sum;
    uint8_t verity[SW_VERITY_BYTES];
    char digest[DISK_DIGEST_CHARS]; /* empty when it was not asked for */
    json_t *guest;                  /* NULL: likewise */
};

static void findings_close(struct findings *found)
{
    image_arg_close(&found->arg);
    json_decref(found->guest);
}

static json_t *describe(const struct findings *found)
{
    const struct extents *sum = &found->sum;
    const struct image_arg *arg = &found->arg;
    const struct sw_image *img = arg->img;

    return json_pack("{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:s*, s:O*}", "image",
                     json_untrusted(img->in->name), "format", img->format->name, "subformat",
                     optional(img->subformat), "virtual_bytes", (json_int_t)img->size_bytes, "file_bytes",
                     (json_int_t)file_bytes(img), "data_bytes", (json_int_t)sum->data, "zero_bytes",
                     (json_int_t)sum->zero, "hole_bytes", (json_int_t)sum->hole, "unit_bytes",
                     (json_int_t)img->unit_bytes, "parents", list_parents(img), "package",
                     describe_package(img->package), "warnings", image_arg_warnings(arg), "fsverity",
                     found->digest[0] != '\0' ? found->digest : NULL, "guest", found->guest);
}

static struct image_arg_opts arg_opts(const struct inspect_opts *opts, const struct sw_keyring *keys)
{
    return (struct image_arg_opts){.format = opts->format,
                                   .keys = keys,
                                   .trust = &opts->trust,
                                   .allow_parent = opts->allow_parent,
                                   .top_only = !opts->digest && !opts->guest,
                                   .disk = opts->disk,
                                   .package = !opts->digest && !opts->guest};
}

/* Without its parent a disk's bytes are not known. Of a package with one disk that disk; with several, and none chosen, the package alone. */
static int open_arg(const char *path, const struct inspect_opts *opts, const struct sw_keyring *keys,
                    struct image_arg *arg, struct sw_err *err)
{
    struct image_arg_opts open = arg_opts(opts, keys);

    if (image_arg_open(path, &open, arg, err) < 0)
        return -1;
    if (arg->img->package == NULL || arg->img->package->chosen != 0 || arg->img->package->nr_disks > 1)
        return 0;
    image_arg_close(arg);
    open.disk = 1;
    return image_arg_open(path, &open, arg, err);
}

static int digest_image(const struct inspect_opts *opts, struct sw_image *img,
                        uint8_t verity[SW_VERITY_BYTES], struct sw_err *err)
{
    struct out_progress progress;
    struct sw_scan scan = {
        .img = img, .jobs = opt_jobs(&opts->common), .progress = &progress.base, .verity = verity};
    int rc;

    out_progress_begin(&progress, "digest", &opts->common);
    rc = sw_scan_image(&scan, NULL, err);
    out_progress_end(&progress);
    return rc;
}

static int describe_guest(const char *path, const struct inspect_opts *opts, struct findings *found,
                          struct sw_err *err)
{
    struct sw_describe ask = {.disk = {.name = path, .image = found->arg.img}};

    if (launch_args_take(&opts->launch, &ask.accel, &ask.stock_appliance, err) < 0)
        return -1;
    found->guest = sw_describe_disk(&ask, err);
    return found->guest != NULL ? 0 : -1;
}

static int look(const char *path, const struct inspect_opts *opts, const struct sw_keyring *keys,
                struct findings *found, struct sw_err *err)
{
    if (open_arg(path, opts, keys, &found->arg, err) < 0 || sum_extents(found->arg.img, &found->sum, err) < 0)
        return -1;
    if (opts->guest && describe_guest(path, opts, found, err) < 0)
        return -1;
    if (!opts->digest)
        return 0;
    if (digest_image(opts, found->arg.img, found->verity, err) < 0)
        return -1;
    disk_digest_text(found->verity, found->digest);
    return 0;
}

static void show(const struct findings *found, bool verbose)
{
    print_image(found->arg.img, &found->sum);
    if (found->guest != NULL)
        guest_show(found->guest, verbose);
    if (found->digest[0] != '\0')
        disk_digest_print(found->verity);
}

/* Any file may be sealed: one that is no disk image, and was not said to be one, is none of our errors. */
static int look_inside(const char *path, const struct inspect_opts *opts, const struct sw_keyring *keys,
                       struct findings *found, struct sw_err *err)
{
    if (look(path, opts, keys, found, err) == 0)
        return 0;
    if (opts->format != NULL || opts->digest || opts->guest || opts->disk != 0 || found->arg.img != NULL ||
        (err->code != SW_USAGE && err->code != SW_REFUSED))
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    return 0;
}

/* keys NULL: what anybody can see, and no more. */
static int inspect_sealed(const char *path, const struct inspect_opts *opts, const struct sw_keyring *keys,
                          struct sw_err *err)
{
    const struct image_arg_opts open = arg_opts(opts, keys);
    SW_CLEANUP(findings_close) struct findings found = {.digest = ""};
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    struct sw_unseal_opts with = {.keys = keys};
    SW_AUTO_JSON json_t *sealed = NULL;

    if (keys != NULL && image_arg_trust(&open, &trust, err) < 0)
        return -1;
    with.opener = trust_args_opener(&trust);
    sealed = sw_seal_describe(path, NULL, keys != NULL ? &with : NULL, err);
    if (sealed == NULL || (keys != NULL && look_inside(path, opts, keys, &found, err) < 0))
        return -1;
    if (opts->common.json)
        return out_json(json_pack("{s:O, s:o}", "sealed", sealed, "content",
                                  found.arg.img != NULL ? describe(&found) : json_null()),
                        err);
    sealed_show(sealed);
    if (found.arg.img != NULL)
        show(&found, opts->common.verbose);
    return 0;
}

static int run_inspect(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct inspect_opts *opts = raw_opts;
    const char *path = args->items[0];
    SW_CLEANUP(findings_close) struct findings found = {.digest = ""};
    AUTO_RING struct sw_keyring *keys = NULL;
    bool sealed = opts->keys.n > 0;

    if (!sealed && opts->format == NULL && sw_seal_probe_file(path, &sealed, err) < 0)
        return -1;
    if (seal_args_open_ring(&opts->keys, &keys, err) < 0)
        return -1;
    if (sealed && keys == NULL && opts->digest)
        return sw_fail(err, SW_USAGE, "--digest: '%s' is sealed: name the key that opens it with --key",
                       path);
    if (sealed && keys == NULL && opts->guest)
        return sw_fail(err, SW_USAGE, "--guest: '%s' is sealed: name the key that opens it with --key", path);
    if (sealed && keys == NULL && trust_opts_named(&opts->trust))
        return sw_fail(err, SW_USAGE,
                       "--trust, --manifest: '%s' is sealed: name the key that opens it with --key (slipway "
                       "verify checks a manifest without)",
                       path);
    if (sealed)
        return inspect_sealed(path, opts, keys, err);
    if (look(path, opts, NULL, &found, err) < 0)
        return -1;
    if (opts->common.json)
        return out_json(describe(&found), err);
    show(&found, opts->common.verbose);
    return 0;
}

const struct cmd cmd_inspect = {
    .name = "inspect",
    .args = "IMAGE",
    .summary = "tell what a disk image or a sealed file is and holds",
    .more =
        "A parent that the image names is shown, and opened only with --allow-parent. Holes are what the image\n"
        "does not hold: zeros, or its parent's bytes. An OVA's disks are listed; --disk N looks into one of several.\n\n"
        "The digest is that of fs-verity (SHA-256, blocks of 4096 bytes, no salt) over the disk, whatever the\n"
        "format: what 'fsverity digest' prints for the same disk as a raw file.\n\n"
        "--guest launches an appliance, which reads the files without replaying any log and without writing to the disk.\n\n"
        "Of a sealed file, or a sidecar, it tells without any key what it says of itself: suite, frames, context\n"
        "and recipients, and those of its sidecar, which are the ones who can open it. Nothing of that is verified\n"
        "before a key is named. With --key it tells of the image in it, too.",
    .opts = inspect_rows,
    .opts_size = sizeof(struct inspect_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_inspect,
};
