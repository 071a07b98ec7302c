/* What an import sends of one IMAGE: its file as it is, or its disk, encoded anew on the way. */
#include "src/cli/import_source.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/clock.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/cli/output.h"

#include <string.h>
#include <strings.h>

/* The API's words for formats, by the driver's name. */
static const char *const words[][2] = {
    {"vmdk", "VMDK"}, {"vhd", "VHD"}, {"vhdx", "VHDX"}, {"ova", "OVA"}, {"raw", "RAW"},
};

static const char *word_of(const struct sw_format *format)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++)
        if (strcmp(words[i][0], format->name) == 0)
            return words[i][1];
    return format->name;
}

/* What --as says; where it says nothing VMDK, or what a lane of blocks takes. */
static int find_target(const char *lane, const char *as, const struct sw_format **out, struct sw_err *err)
{
    bool blocks = strcmp(lane, "ebs-direct") == 0;

    if (blocks && as != NULL && strcasecmp(as, "raw") != 0)
        return sw_fail(err, SW_USAGE, "--as %s: the lane ebs-direct sends a disk's blocks", as);
    *out = sw_format_by_name(as != NULL ? as : blocks ? "raw" : "vmdk");
    if (*out == NULL || (strcmp((*out)->name, "vmdk") != 0 && strcmp((*out)->name, "vhd") != 0 &&
                         strcmp((*out)->name, "raw") != 0))
        return sw_fail(err, SW_USAGE, "--as does not know '%s': it is vmdk, vhd or raw", as);
    return 0;
}

/* Named raw, another format's file would become a disk without partitions. */
static int refuse_false_raw(const struct sw_image *img, struct sw_err *err)
{
    uint8_t head[SW_PROBE_BYTES], tail[SW_PROBE_BYTES];
    struct sw_in *in = img->in;
    size_t len = (size_t)sw_min_u64(in->size_bytes, SW_PROBE_BYTES);
    const struct sw_probe probe = {head, len, tail, len, in->size_bytes};

    if (strcmp(img->format->name, "raw") != 0)
        return 0;
    if (sw_in_read(in, head, len, 0, err) < 0 || sw_in_read(in, tail, len, in->size_bytes - len, err) < 0)
        return -1;
    for (const struct sw_format *const *at = sw_formats; *at != NULL; at++)
        if ((*at)->probe != NULL && (*at)->probe(&probe))
            return sw_fail(err, SW_REFUSED, "'%s' is no raw disk: it carries the magic of %s", in->name,
                           (*at)->name);
    return 0;
}

static int check_settings(const struct sw_format *target, const struct create_arg *create, bool as_it_is,
                          struct sw_err *err)
{
    const char *subformat = create->create.subformat;

    if (as_it_is && (create->create.level != 0 || subformat != NULL))
        return sw_fail(err, SW_USAGE, "-o is for what is encoded anew: say --as, too");
    if (subformat != NULL && strcmp(target->name, "vmdk") == 0 &&
        strcasecmp(subformat, "streamOptimized") != 0)
        return sw_fail(err, SW_USAGE, "-o subformat: VM Import takes no VMDK but streamOptimized");
    return 0;
}

static void say(const struct sw_import_disk *disk, const struct sw_image *img, const char *why)
{
    const char *path = disk->source_path;
    char size[32];

    out_size(img->size_bytes, size, sizeof(size));
    if (disk->image != NULL)
        sw_log(SW_LOG_INFO, "'%s' (%s, a disk of %s) is encoded as %s on its way up: %s", path,
               img->format->name, size, disk->format, disk->as != NULL ? "as --as says" : why);
    else if (strcmp(disk->format, "RAW") == 0)
        sw_log(SW_LOG_INFO,
               "'%s' goes up as it is: RAW, all %s with its zeros; --as vmdk would send its data alone", path,
               size);
    else
        sw_log(SW_LOG_INFO, "'%s' goes up as it is: the lane takes this %s", path, disk->format);
}

static int decide(const char *lane, struct sw_import_disk *disk, struct import_source *source,
                  struct sw_err *err)
{
    struct sw_image *img = source->image.img;
    const struct sw_format *target = NULL;
    const char *why;
    bool as_it_is;

    if (refuse_false_raw(img, err) < 0 || find_target(lane, disk->as, &target, err) < 0 ||
        sw_import_why_encode(lane, img, &why, err) < 0)
        return -1;
    if (why == NULL && img->package != NULL && disk->package_disk != 0)
        why = "--disk names one of its disks";
    as_it_is = why == NULL && (disk->as == NULL || (target == img->format && disk->settings == NULL));
    if (check_settings(target, &source->create, as_it_is, err) < 0)
        return -1;
    disk->in = img->in;
    disk->image = as_it_is ? NULL : img;
    disk->format = word_of(as_it_is ? img->format : target);
    disk->create = &source->create.create;
    say(disk, img, why);
    return 0;
}

int import_source_open(const struct import_source_opts *opts, struct sw_import_disk *disk,
                       struct import_source *source, struct sw_err *err)
{
    const struct opt_list settings = {.items = {disk->settings}, .n = disk->settings != NULL};
    const struct image_arg_opts open = {.format = disk->stated,
                                        .keys = opts->keys,
                                        .trust = opts->trust,
                                        .plain_vouched = true,
                                        .allow_parent = disk->allow_parent,
                                        /* An OVA goes up whole where that is possible. */
                                        .package =
                                            disk->as == NULL && strcmp(opts->lane, "import-image") == 0,
                                        .disk = disk->package_disk};

    *source = (struct import_source){.image = {.img = NULL}};
    disk->sealed = opts->keys != NULL;
    if (create_arg_parse(&settings, &source->create, err) < 0 ||
        sw_source_date(0, &source->create.create.epoch, err) < 0 ||
        image_arg_open(disk->source_path, &open, &source->image, err) < 0)
        return -1;
    image_arg_warn(&source->image);
    return decide(opts->lane, disk, source, err);
}

void import_source_close(struct import_source *source)
{
    image_arg_close(&source->image);
}

char *import_source_key(const struct sw_import_disk *disk, const char *key, struct sw_err *err)
{
    const char *name = sw_path_base(key), *dot = strrchr(name, '.');
    size_t len = dot != NULL && dot > name ? (size_t)(dot - key) : strlen(key);

    if (disk->image == NULL)
        return sw_strdup(key, err);
    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++)
        if (strcmp(words[i][1], disk->format) == 0)
            return sw_strf(err, "%.*s.%s", (int)len, key, words[i][0]);
    return sw_strdup(key, err);
}
