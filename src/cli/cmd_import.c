/* slipway import: an image goes up to S3 in parts that survive a bad line, and becomes an AMI. */
#include "slipway/envelope.h"
#include "slipway/import.h"
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/cli/cmd.h"
#include "src/cli/key_opts.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/trust_args.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct import_opts {
    struct common_opts common;
    const char *bucket;
    const char *prefix;
    const char *lane;
    const char *format;
    const char *region;
    const char *profile;
    const char *endpoint_url;
    const char *description;
    const char *role_name;
    const char *boot_mode;
    struct opt_list keys;
    struct trust_opts trust;
    uint64_t part_bytes;
    uint64_t poll_ms;
};

enum { MAX_POLL_MS = 3600 * 1000 };

SW_DEFINE_AUTO(cloud, struct sw_cloud, sw_cloud_close)

static int one_of(const char *option, const char *value, const char *const *words, struct sw_err *err)
{
    if (value == NULL)
        return 0;
    for (; *words != NULL; words++)
        if (strcasecmp(value, *words) == 0)
            return 0;
    return sw_fail(err, SW_USAGE, "--%s does not know '%s'", option, value);
}

static int check_opts(const struct import_opts *opts, struct sw_err *err)
{
    static const char *const lanes[] = {"import-image", NULL};
    static const char *const formats[] = {"VMDK", "VHD", "VHDX", "OVA", "RAW", NULL};
    static const char *const boot_modes[] = {"legacy-bios", "uefi", NULL};

    if (opts->bucket == NULL)
        return sw_fail(err, SW_USAGE, "--bucket is needed: the S3 bucket that the image goes through");
    if (one_of("lane", opts->lane, lanes, err) < 0 || one_of("format", opts->format, formats, err) < 0 ||
        one_of("boot-mode", opts->boot_mode, boot_modes, err) < 0)
        return -1;
    if (opts->part_bytes != 0 &&
        (opts->part_bytes < SW_S3_MIN_PART_BYTES || opts->part_bytes > SW_S3_MAX_PART_BYTES))
        return sw_fail(err, SW_USAGE, "--part-size must be between 5M and 5G");
    if (opts->poll_ms > MAX_POLL_MS)
        return sw_fail(err, SW_USAGE, "--poll-interval must be at most %d", MAX_POLL_MS);
    return 0;
}

/* The bytes to send. */
struct input {
    struct sw_in *in;
    const char *stated; /* the format, as the user or the sealed file's context has it; NULL: by the magic */
};

static void input_close(struct input *input)
{
    sw_in_close(input->in);
}

/* The file itself, or what a sealed one opens to. */
static int open_input(const struct import_opts *opts, const char *path, struct input *input,
                      struct sw_err *err)
{
    AUTO_RING struct sw_keyring *ring = NULL;
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};

    *input = (struct input){.stated = opts->format};
    if (trust_args_open(&opts->trust, opts->keys.n > 0, &trust, err) < 0)
        return -1;
    if (opts->keys.n > 0) {
        ring = key_opts_ring(&(struct key_opts){.profile = opts->profile,
                                                .region = opts->region,
                                                .endpoint_url = opts->endpoint_url},
                             SW_KEY_OPEN, &opts->keys, err);
        if (ring == NULL)
            return -1;
    }
    return sw_seal_open_image(path, &(struct sw_unseal_opts){.keys = ring, .opener = &trust.how.base},
                              &input->in, &input->stated, err);
}

/* What the magic says, unless it says nothing: then the user must. */
static int find_format(const struct import_opts *opts, const struct input *input, const char **out,
                       struct sw_err *err)
{
    static const char *const names[] = {"VMDK", "VHD", "VHDX", "OVA", "RAW"};
    const char *found, *stated = input->stated;
    struct sw_in *in = input->in;

    if (sw_import_probe(in, &found, err) < 0)
        return -1;
    *out = found;
    for (size_t i = 0; stated != NULL && i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(stated, names[i]) == 0)
            *out = names[i];
    if (*out == NULL)
        return sw_fail(err, SW_USAGE,
                       "'%s' has no format that is recognised: if it is a raw disk, say --format RAW",
                       in->name);
    if (stated != NULL && (found == NULL ? strcmp(*out, "RAW") != 0 : strcmp(*out, found) != 0))
        return sw_fail(err, SW_REFUSED, "%s %s, but '%s' is %s",
                       opts->format != NULL ? "--format" : "its context says image-format", *out, in->name,
                       found != NULL ? found : "none of VMDK, VHD, VHDX and OVA");
    return 0;
}

/* prefix/name; a sealed file's object is named as what is in it. */
static char *object_key(const struct import_opts *opts, const char *path, struct sw_err *err)
{
    const char *prefix = opts->prefix != NULL ? opts->prefix : "", *name = sw_path_base(path);
    size_t len = strlen(name), tail = strlen(".sealed");
    bool slash = prefix[0] != '\0' && prefix[strlen(prefix) - 1] != '/';

    if (opts->keys.n > 0 && len > tail && strcmp(name + len - tail, ".sealed") == 0)
        len -= tail;
    return sw_strf(err, "%s%s%.*s", prefix, slash ? "/" : "", (int)len, name);
}

/* Says what the task says, as it changes. */
struct teller {
    struct sw_import_listener base;
    struct out_progress progress;
    bool quiet, uploading;
};

static void end_upload(struct teller *teller)
{
    if (teller->uploading)
        out_progress_end(&teller->progress);
    teller->uploading = false;
}

static void tell_task(struct sw_import_listener *self, const struct sw_ec2_task *task)
{
    struct teller *teller = (struct teller *)self;

    end_upload(teller);
    if (teller->quiet)
        return;
    fprintf(stderr, "%s: ", task->id);
    out_safe(stderr, task->status);
    if (task->progress[0] != '\0') {
        fputs(" ", stderr);
        out_safe(stderr, task->progress);
        fputs("%", stderr);
    }
    if (task->message[0] != '\0') {
        fputs(" ", stderr);
        out_safe(stderr, task->message);
    }
    fputc('\n', stderr);
}

static int print_result(const struct import_opts *opts, const struct sw_import_options *import,
                        const struct sw_cloud *cloud, const struct sw_import_result *result,
                        struct sw_err *err)
{
    if (!opts->common.json) {
        out_safe(stdout, result->image_id);
        fputc('\n', stdout);
        return 0;
    }
    return out_json(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "import", result->id,
                              "image_id", result->image_id, "task_id", result->task.id, "region",
                              sw_cloud_region(cloud), "bucket", import->bucket, "key", import->disks[0].key,
                              "format", import->disks[0].format, "size_bytes", (json_int_t)result->size_bytes,
                              "sent_bytes", (json_int_t)result->sent_bytes, "already_imported",
                              result->known),
                    err);
}

static int import(const struct import_opts *opts, const char *path, const struct input *input,
                  struct sw_cloud *cloud, struct sw_err *err)
{
    SW_AUTO_FREE char *key = object_key(opts, path, err);
    struct sw_import_disk disk = {.source_path = path, .in = input->in, .stated = opts->format, .key = key};
    struct sw_import_options options = {.lane = opts->lane,
                                        .disks = &disk,
                                        .nr_disks = 1,
                                        .bucket = opts->bucket,
                                        .cloud = {opts->profile, opts->region, opts->endpoint_url},
                                        .description = opts->description,
                                        .role_name = opts->role_name,
                                        .boot_mode = opts->boot_mode,
                                        .part_bytes = opts->part_bytes,
                                        .connections = (unsigned)opts->common.jobs,
                                        .poll_ms = (unsigned)opts->poll_ms};
    struct teller teller = {.base = {.task = tell_task, .upload = &teller.progress.base},
                            .quiet = opts->common.quiet,
                            .uploading = true};
    struct sw_import_result result;
    int rc;

    if (key == NULL || find_format(opts, input, &disk.format, err) < 0)
        return -1;
    out_progress_begin(&teller.progress, "upload", &opts->common);
    rc = sw_import_run(&options, cloud, &teller.base, &result, err);
    end_upload(&teller);
    if (rc < 0)
        return sw_context(err, "'%s'", path);
    if (result.known && !opts->common.quiet)
        fprintf(stderr, "imported before by task %s\n", result.task.id);
    return print_result(opts, &options, cloud, &result, err);
}

static int run_import(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct import_opts *opts = opts_void;
    SW_CLEANUP(input_close) struct input input = {.in = NULL};
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;
    struct sw_cloud_config config = {opts->profile, opts->region, opts->endpoint_url};

    if (check_opts(opts, err) < 0 || open_input(opts, args->items[0], &input, err) < 0 ||
        sw_cloud_open(&config, NULL, &cloud, err) < 0)
        return -1;
    return import(opts, args->items[0], &input, cloud, err);
}

static const struct opt rows[] = {
    {0, "bucket", "NAME", OPT_STRING, offsetof(struct import_opts, bucket), "the S3 bucket to go through"},
    {0, "prefix", "PREFIX", OPT_STRING, offsetof(struct import_opts, prefix),
     "put the object beneath PREFIX/"},
    {0, "lane", "LANE", OPT_STRING, offsetof(struct import_opts, lane), "import-image (the default)"},
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct import_opts, format),
     "VMDK, VHD, VHDX, OVA or RAW; found by itself but for RAW"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct import_opts, keys), "opens a sealed IMAGE on its way up"},
    TRUST_ROWS(struct import_opts),
    {0, "region", "REGION", OPT_STRING, offsetof(struct import_opts, region), "the AWS region"},
    {0, "profile", "NAME", OPT_STRING, offsetof(struct import_opts, profile),
     "profile of the AWS shared files"},
    {0, "endpoint-url", "URL", OPT_STRING, offsetof(struct import_opts, endpoint_url),
     "where S3 and EC2 are reached"},
    {0, "description", "TEXT", OPT_STRING, offsetof(struct import_opts, description),
     "the task's description"},
    {0, "role-name", "NAME", OPT_STRING, offsetof(struct import_opts, role_name),
     "the service role (AWS's default: vmimport)"},
    {0, "boot-mode", "MODE", OPT_STRING, offsetof(struct import_opts, boot_mode), "legacy-bios or uefi"},
    {0, "part-size", "SIZE", OPT_SIZE, offsetof(struct import_opts, part_bytes),
     "bytes in one part (default: 8M, more from 70 GiB on)"},
    {0, "poll-interval", "MS", OPT_UINT, offsetof(struct import_opts, poll_ms),
     "milliseconds between two questions (default: 15000)"},
    OPT_END,
};

const struct cmd cmd_import = {
    .name = "import",
    .args = "IMAGE",
    .summary = "upload an image and make an AMI of it",
    .more =
        "IMAGE goes to s3://BUCKET/PREFIX/NAME in parallel parts (-j connections, 4 without it), EC2 imports it\n"
        "from there, and the AMI's id is the result. Run the same command again after a broken line, a kill or\n"
        "expired credentials: it goes on where it stopped, and never imports twice. An import that has been\n"
        "completed answers from its journal in $XDG_STATE_HOME/slipway/import.\n\n"
        "Credentials, region and endpoints come from AWS_* and the shared files, as the AWS CLI finds them.\n"
        "A sealed IMAGE is opened in memory with --key.\n\n" TRUST_HELP "\n",
    .opts = rows,
    .opts_size = sizeof(struct import_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_import,
};
