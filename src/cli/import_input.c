/* The images of an import: opened, and each with the format that it goes up in. */
#include "src/cli/import_input.h"

#include "src/base/buf.h"
#include "src/cli/key_opts.h"
#include "src/cli/seal_args.h"

/* The keys that open sealed images; NULL when none is named. */
static int open_ring(const struct import_opts *opts, struct sw_keyring **ring, struct sw_err *err)
{
    *ring = NULL;
    if (opts->keys.n == 0)
        return 0;
    *ring = key_opts_ring(&(struct key_opts){.profile = opts->cloud.profile,
                                             .region = opts->cloud.region,
                                             .endpoint_url = opts->cloud.endpoint_url},
                          SW_KEY_OPEN, &opts->keys, err);
    return *ring != NULL ? 0 : -1;
}

/* A new object is called as what is in it; a resumed one keeps its name. */
static int name_object(struct import_args *args, size_t i, struct sw_err *err)
{
    struct sw_import_disk *disk = &args->disks[i];
    char *key;

    if (args->record != NULL || disk->key == NULL)
        return 0;
    key = import_source_key(disk, disk->key, err);
    if (key == NULL)
        return -1;
    free(args->keys[i]);
    disk->key = args->keys[i] = key;
    return 0;
}

int import_input_open(const struct import_opts *opts, struct import_args *args, struct sw_err *err)
{
    AUTO_RING struct sw_keyring *ring = NULL;
    struct import_source_opts source = {
        .lane = args->options.lane != NULL ? args->options.lane : sw_import_lanes[0], .trust = &opts->trust};

    if (open_ring(opts, &ring, err) < 0)
        return -1;
    source.keys = ring;
    for (size_t i = 0; i < args->options.nr_disks; i++) {
        struct sw_import_disk *disk = &args->disks[i];

        if (disk->sealed && ring == NULL)
            return sw_fail(err, SW_USAGE, "'%s' was opened with a key: name it again (--key)",
                           disk->source_path);
        if (import_source_open(&source, disk, &args->sources[i], err) < 0 || name_object(args, i, err) < 0)
            return -1;
    }
    return 0;
}
