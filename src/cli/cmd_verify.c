/* slipway verify: is everything that a disk image holds still readable? */
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/cmd.h"
#include "src/cli/disk_out.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/verify_manifest.h"

#include <stdio.h>

struct verify_opts {
    struct common_opts common;
    const char *format;
    const char *allow_parent;
    struct opt_list keys;
    bool digest;
    struct trust_opts trust;
    const char *range;
    bool partial;
};

static const struct opt verify_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct verify_opts, format),
     "format of each IMAGE (default: by its magic; raw must be named)"},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct verify_opts, allow_parent),
     "a parent that an IMAGE names may be opened, beneath DIR only"},
    SEAL_ARGS_KEY_ROW(struct verify_opts),
    {0, "digest", NULL, OPT_FLAG, offsetof(struct verify_opts, digest),
     "print the fs-verity digest of each disk that is whole"},
    TRUST_PATH_ROW(struct verify_opts),
    TRUST_MANIFEST_ROW(struct verify_opts),
    TRUST_UNSIGNED_ROW(struct verify_opts),
    {0, "range", "OFFSET[:LENGTH]", OPT_STRING, offsetof(struct verify_opts, range),
     "of a manifest's files: only the chunks that hold these bytes"},
    {0, "partial", NULL, OPT_FLAG, offsetof(struct verify_opts, partial),
     "of a manifest's files: what has not arrived yet is no fault"},
    OPT_END,
};

/* What images are verified with. */
struct verify_run {
    const struct verify_opts *opts;
    const struct sw_keyring *keys; /* NULL: the images are plain */
    json_t *list, *manifests;      /* the results, with --json */
};

/* What was found of one image. */
struct image_state {
    struct image_arg arg;
    struct sw_damage damage;
    uint64_t read_bytes;
    uint8_t verity[SW_VERITY_BYTES];
};

static void image_state_close(struct image_state *state)
{
    sw_damage_free(&state->damage);
    image_arg_close(&state->arg);
}
#define AUTO_IMAGE_STATE __attribute__((cleanup(image_state_close)))

static void print_image(const struct verify_opts *opts, const struct image_state *state)
{
    const struct sw_image *img = state->arg.img;
    char disk[32], size[32];

    disk_damage_print(&state->damage);
    out_safe(stdout, img->in->name);
    if (state->damage.nr_ranges > 0) {
        printf(": damaged: %llu bytes of the disk in %llu ranges cannot be read\n",
               (unsigned long long)state->damage.bytes, (unsigned long long)state->damage.nr_ranges);
        return;
    }
    out_size(img->size_bytes, disk, sizeof(disk));
    out_size(state->read_bytes, size, sizeof(size));
    printf(": whole: %s, a disk of %s, %s read\n", img->format->name, disk, size);
    if (opts->digest)
        disk_digest_print(state->verity);
}

static json_t *describe(const struct verify_opts *opts, const struct image_state *state)
{
    const struct sw_image *img = state->arg.img;
    bool whole = state->damage.nr_ranges == 0;
    char digest[DISK_DIGEST_CHARS];

    disk_digest_text(state->verity, digest);
    return disk_damage_json(
        json_pack("{s:o, s:s, s:b, s:I, s:I, s:o, s:s*}", "image", json_untrusted(img->in->name), "format",
                  img->format->name, "whole", whole, "virtual_bytes", (json_int_t)img->size_bytes,
                  "read_bytes", (json_int_t)state->read_bytes, "warnings", image_arg_warnings(&state->arg),
                  "fsverity", opts->digest && whole ? digest : NULL),
        &state->damage);
}

/* disk: of a package; 0: the only one. */
static int verify_image(const struct verify_run *run, const char *path, uint64_t disk,
                        struct image_state *state, struct sw_err *err)
{
    const struct verify_opts *opts = run->opts;
    const struct image_arg_opts open = {.format = opts->format,
                                        .keys = run->keys,
                                        .trust = &opts->trust,
                                        .allow_parent = opts->allow_parent,
                                        .disk = disk};
    struct out_progress progress;
    struct sw_scan scan = {
        .jobs = opt_jobs(&opts->common),
        .progress = &progress.base,
        .verity = opts->digest ? state->verity : NULL,
        .damage = &state->damage,
    };
    int rc;

    if (image_arg_open(path, &open, &state->arg, err) < 0)
        return -1;
    if (!opts->common.json)
        image_arg_warn(&state->arg);
    scan.img = state->arg.img;
    out_progress_begin(&progress, "verify", &opts->common);
    rc = sw_image_verify(state->arg.img, &progress.base, NULL, err);
    if (rc == 0)
        rc = sw_scan_image(&scan, &state->read_bytes, err);
    /* What no disk refers to is verified too: the file is whole, or it is not. */
    if (rc == 0 && state->arg.sealed != NULL && state->damage.nr_ranges == 0)
        rc = sw_seal_check(state->arg.sealed, scan.jobs, err);
    out_progress_end(&progress);
    return rc;
}

/* Verifies one disk and shows it: 0, SW_INTEGRITY when something is damaged, or -1. */
static int verify_disk(const struct verify_run *run, const char *path, uint64_t disk, struct sw_err *err)
{
    const struct verify_opts *opts = run->opts;
    AUTO_IMAGE_STATE struct image_state state = {.read_bytes = 0};

    if (verify_image(run, path, disk, &state, err) < 0)
        return -1;
    if (!opts->common.json)
        print_image(opts, &state);
    else if (sw_json_append(run->list, describe(opts, &state), err) < 0)
        return -1;
    return state.damage.nr_ranges > 0 ? (int)SW_INTEGRITY : 0;
}

/* How many disks a package holds; 0 for a file that is a disk itself, or cannot be opened: that is told later. */
static unsigned count_disks(const struct verify_run *run, const char *path)
{
    const struct image_arg_opts open = {.format = run->opts->format,
                                        .keys = run->keys,
                                        .trust = &run->opts->trust,
                                        .allow_parent = run->opts->allow_parent,
                                        .package = true};
    AUTO_IMAGE_ARG struct image_arg arg = {.img = NULL};
    struct sw_err why = {.code = SW_OK};

    if (image_arg_open(path, &open, &arg, &why) < 0 || arg.img->package == NULL)
        return 0;
    return arg.img->package->nr_disks;
}

/* All disks of a package, the first failure's result. */
static int verify_one(const struct verify_run *run, const char *path, struct sw_err *err)
{
    unsigned nr = count_disks(run, path);
    int status = 0;

    if (nr < 2)
        return verify_disk(run, path, 0, err);
    for (unsigned disk = 1; disk <= nr; disk++) {
        int rc = verify_disk(run, path, disk, err);

        if (rc < 0)
            return -1;
        status = status != 0 ? status : rc;
    }
    return status;
}

/* An image that cannot be opened does not keep the others from being looked at. */
static int note_failure(const struct verify_run *run, const char *path, struct sw_err *err)
{
    struct sw_err cause = *err;

    *err = (struct sw_err){.code = SW_OK};
    if (!run->opts->common.json) {
        sw_log(SW_LOG_WARNING, "%s", cause.text);
        return 0;
    }
    return sw_json_append(run->list,
                          json_pack("{s:o, s:b, s:o, s:i}", "image", json_untrusted(path), "whole", 0,
                                    "error", json_untrusted(cause.text), "code", (int)cause.code),
                          err);
}

static bool is_manifest(const struct verify_opts *opts, const char *path)
{
    return opts->format == NULL && opts->keys.n == 0 && verify_is_manifest(path);
}

static int verify_arg(const struct verify_run *run, const char *path, struct sw_err *err)
{
    const struct verify_opts *opts = run->opts;
    const struct manifest_opts of_manifest = {
        .common = &opts->common, .trust = &opts->trust, .range = opts->range, .partial = opts->partial};

    if (is_manifest(opts, path))
        return verify_manifest(&of_manifest, path, run->manifests, err);
    if (opts->range != NULL || opts->partial)
        return sw_fail(err, SW_USAGE, "--range and --partial are of a manifest, which '%s' is not", path);
    return verify_one(run, path, err);
}

static int verify_all(const struct verify_run *run, const struct args *args, struct sw_err *err)
{
    int status = 0;

    for (size_t i = 0; i < args->n; i++) {
        int rc = verify_arg(run, args->items[i], err);

        if (rc < 0) {
            rc = err->code != SW_OK ? (int)err->code : (int)SW_FAILED;
            if (args->n == 1 || rc == SW_INTERRUPTED)
                return -1;
            if (note_failure(run, args->items[i], err) < 0)
                return -1;
        }
        if (status == 0)
            status = rc;
    }
    return status;
}

static int print_json(json_t *list, json_t *manifests, struct sw_err *err)
{
    return out_json(json_pack("{s:O, s:O*}", "images", list, "manifests",
                              json_array_size(manifests) > 0 ? manifests : NULL),
                    err);
}

static int run_verify(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct verify_opts *opts = raw_opts;
    SW_AUTO_JSON json_t *list = json_array();
    SW_AUTO_JSON json_t *manifests = json_array();
    AUTO_RING struct sw_keyring *ring = NULL;
    struct verify_run run = {.opts = opts, .list = list, .manifests = manifests};
    int status;

    if (list == NULL || manifests == NULL)
        return sw_fail(err, SW_FAILED, "cannot make the JSON result");
    if (seal_args_open_ring(&opts->keys, &ring, err) < 0)
        return -1;
    run.keys = ring;
    status = verify_all(&run, args, err);
    if (status >= 0 && opts->common.json && print_json(list, manifests, err) < 0)
        return -1;
    return status;
}

const struct cmd cmd_verify = {
    .name = "verify",
    .args = "IMAGE|MANIFEST.json|FOLDER…",
    .summary = "read all that disk images hold, or a manifest lists, and say what is damaged",
    .more =
        "Every unit that holds data is read and, where it is compressed, decoded. What cannot be read is listed\n"
        "with its cause: the first 100 ranges of each image, and how many more there are.\n\n"
        "With --key each IMAGE must be sealed: it is opened in place, and all of its frames are verified.\n\n"
        "Exit status 0: all images are whole. 5: something is damaged. An image that cannot be opened gives the\n"
        "status of that error; of several images that are not whole the first one's counts.\n\n"
        "Of a manifest (or a folder with manifest.json) the signature is checked, then every file that it lists\n"
        "against its digests: no key that opens a sealed file is needed, and no network. What is missing, changed\n"
        "(and where), or listed nowhere is named. .keys files have no digest, as rewrapping replaces them.",
    .opts = verify_rows,
    .opts_size = sizeof(struct verify_opts),
    .min_args = 1,
    .max_args = OPT_LIST_MAX,
    .run = run_verify,
};
