/* The images of an import: opened, and each with the format that it goes up in. */
#include "src/cli/import_input.h"

#include "slipway/envelope.h"
#include "src/base/cleanup.h"
#include "src/cli/key_opts.h"
#include "src/cli/seal_args.h"

#include <string.h>
#include <strings.h>

/* What the magic says, unless it says nothing: then the user (or the sealed file's context, in stated) must. */
static int find_format(struct sw_import_disk *disk, const char *stated, struct sw_err *err)
{
    static const char *const names[] = {"VMDK", "VHD", "VHDX", "OVA", "RAW"};
    const char *found;

    if (sw_import_probe(disk->in, &found, err) < 0)
        return -1;
    disk->format = found;
    for (size_t i = 0; stated != NULL && i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(stated, names[i]) == 0)
            disk->format = names[i];
    if (disk->format == NULL)
        return sw_fail(err, SW_USAGE,
                       "'%s' has no format that is recognised: if it is a raw disk, say --format RAW",
                       disk->in->name);
    if (stated != NULL &&
        (found == NULL ? strcmp(disk->format, "RAW") != 0 : strcmp(disk->format, found) != 0))
        return sw_fail(err, SW_REFUSED, "%s %s, but '%s' is %s",
                       disk->stated != NULL ? "--format" : "its context says image-format", disk->format,
                       disk->in->name, found != NULL ? found : "none of VMDK, VHD, VHDX and OVA");
    return 0;
}

/* For a lane that sends what is on a disk, and not a file: the disk, whatever its file's format. */
static int open_disk(struct sw_import_disk *disk, const char *stated, struct sw_err *err)
{
    const struct sw_open_opts opts = {.parents = NULL};

    disk->format = "RAW";
    return sw_image_open(SW_STEAL_PTR(disk->in), stated, &opts, &disk->image, err);
}

int import_input_open(const struct import_opts *opts, struct import_args *args, struct sw_err *err)
{
    AUTO_RING struct sw_keyring *ring = NULL;
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    bool of_disks = args->options.lane != NULL && strcmp(args->options.lane, "ebs-direct") == 0;

    if (trust_args_open(&opts->trust, opts->keys.n > 0, &trust, err) < 0)
        return -1;
    if (opts->keys.n > 0) {
        ring = key_opts_ring(&(struct key_opts){.profile = opts->cloud.profile,
                                                .region = opts->cloud.region,
                                                .endpoint_url = opts->cloud.endpoint_url},
                             SW_KEY_OPEN, &opts->keys, err);
        if (ring == NULL)
            return -1;
    }
    for (size_t i = 0; i < args->options.nr_disks; i++) {
        struct sw_import_disk *disk = &args->disks[i];
        const char *stated = disk->stated;

        if (disk->sealed && ring == NULL)
            return sw_fail(err, SW_USAGE, "'%s' was opened with a key: name it again (--key)",
                           disk->source_path);
        disk->sealed = ring != NULL;
        if (sw_seal_open_image(disk->source_path,
                               &(struct sw_unseal_opts){.keys = ring, .opener = &trust.how.base}, &disk->in,
                               &stated, err) < 0 ||
            (of_disks ? open_disk(disk, stated, err) : find_format(disk, stated, err)) < 0)
            return -1;
    }
    return 0;
}
