/* slipway export: an AMI becomes a disk image on this side. */
#include "slipway/export.h"
#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/cloud_args.h"
#include "src/cli/cmd.h"
#include "src/cli/disk_out.h"
#include "src/cli/export_disk.h"
#include "src/cli/export_tasks.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/recipe/doc.h"

#include <string.h>
#include <strings.h>

enum { MAX_POLL_MS = 3600 * 1000 };

SW_DEFINE_AUTO(export, struct sw_export, sw_export_close)

struct export_opts {
    struct common_opts common;
    const char *output, *output_format;
    struct opt_list settings;
    const char *bucket, *prefix, *disk_image_format, *object, *task, *format;
    const char *description, *role_name;
    struct opt_list tags, seal_to;
    const char *sign;
    bool keep_object, digest;
    const char *region, *profile, *endpoint_url;
    uint64_t poll_ms, range_bytes;
};

/* What the words of the command line come to, before anything is sent. */
struct plan {
    struct create_arg create;
    const struct sw_format *format;
    struct sign_args sign;
    struct pair_args tags;
    struct sw_keyring *recipients; /* NULL: FILE is not sealed */
    char *bucket, *key;            /* of --object */
};

static void plan_free(struct plan *plan)
{
    sign_args_close(&plan->sign);
    pair_args_free(&plan->tags);
    sw_keyring_free(plan->recipients);
    free(plan->bucket);
    free(plan->key);
}

static const char *disk_image_format(const char *text, struct sw_err *err)
{
    static const char *const names[] = {"VMDK", "VHD", "RAW"};

    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(text, names[i]) == 0)
            return names[i];
    sw_fail(err, SW_USAGE, "--disk-image-format: EC2 exports VMDK, VHD or RAW, not '%s'", text);
    return NULL;
}

/* Exactly one of an AMI, --task and --object; and what belongs to it. */
static int check_source(const struct export_opts *opts, const struct args *args, struct sw_err *err)
{
    size_t sources = args->n + (opts->task != NULL) + (opts->object != NULL);

    if (sources != 1)
        return sw_fail(err, SW_USAGE,
                       "what is exported is one of AMI, --task ID and --object s3://BUCKET/KEY");
    if (args->n == 1 && strncmp(args->items[0], "ami-", 4) != 0)
        return sw_fail(err, SW_USAGE, "'%s' is no id of an AMI (ami-…)", args->items[0]);
    if (args->n == 1 && opts->bucket == NULL)
        return sw_fail(err, SW_USAGE, "--bucket is needed: the S3 bucket that the image goes through");
    if (args->n == 0 && (opts->bucket != NULL || opts->prefix != NULL || opts->description != NULL ||
                         opts->role_name != NULL || opts->tags.n > 0))
        return sw_fail(
            err, SW_USAGE,
            "--bucket, --prefix, --description, --role-name and --tag are of an export that is begun");
    if (opts->object != NULL && opts->disk_image_format != NULL)
        return sw_fail(err, SW_USAGE, "--disk-image-format: what the format of --object is says -f");
    if (opts->object == NULL && opts->format != NULL)
        return sw_fail(err, SW_USAGE, "-f: it is of --object; what EC2 makes says --disk-image-format");
    return 0;
}

static int check_opts(const struct export_opts *opts, const struct args *args, struct sw_err *err)
{
    if (check_source(opts, args, err) < 0)
        return -1;
    if (opts->output == NULL)
        return sw_fail(err, SW_USAGE, "-o FILE is needed: where the disk goes");
    if (opts->disk_image_format != NULL && disk_image_format(opts->disk_image_format, err) == NULL)
        return -1;
    if (opts->description != NULL &&
        sw_utf8_chars(opts->description, strlen(opts->description)) > SW_EC2_DESCRIPTION_MAX)
        return sw_fail(err, SW_USAGE, "--description has more than %d characters", SW_EC2_DESCRIPTION_MAX);
    if (opts->poll_ms > MAX_POLL_MS)
        return sw_fail(err, SW_USAGE, "--poll-interval must be at most %d", MAX_POLL_MS);
    if (opts->range_bytes > (UINT64_C(512) << 20) ||
        (opts->range_bytes > 0 && opts->range_bytes < (UINT64_C(64) << 10)))
        return sw_fail(err, SW_USAGE, "--range-size must be between 64K and 512M");
    return out_refuse_special(opts->output, err);
}

static int parse_object(const char *text, struct plan *plan, struct sw_err *err)
{
    const char *bucket = text + 5, *slash;

    if (strncmp(text, "s3://", 5) != 0 || (slash = strchr(bucket, '/')) == NULL || slash == bucket ||
        slash[1] == '\0')
        return sw_fail(err, SW_USAGE, "--object: '%s' is not s3://BUCKET/KEY", text);
    plan->bucket = sw_strf(err, "%.*s", (int)(slash - bucket), bucket);
    plan->key = sw_strdup(slash + 1, err);
    return plan->bucket != NULL && plan->key != NULL ? 0 : -1;
}

/* Keys that cannot be had are no reason to wait for hours first. */
static int find_recipients(const struct export_opts *opts, struct plan *plan, struct sw_err *err)
{
    if (opts->seal_to.n == 0)
        return 0;
    if ((plan->format->caps & SW_FORMAT_STREAM_OUT) == 0)
        return sw_fail(
            err, SW_USAGE,
            "format '%s' is not written from front to back, as what is sealed must be: vmdk, vhd and "
            "raw are",
            plan->format->name);
    plan->recipients = seal_args_ring(SW_KEY_SEAL, &opts->seal_to, err);
    return plan->recipients != NULL ? sw_keyring_spare_file(plan->recipients, opts->output, err) : -1;
}

static int make_plan(const struct export_opts *opts, struct plan *plan, struct sw_err *err)
{
    if (create_arg_parse(&opts->settings, &plan->create, err) < 0 ||
        sw_source_date(0, &plan->create.create.epoch, err) < 0 ||
        create_arg_format(opts->output_format, opts->output, &plan->format, err) < 0 ||
        (opts->object != NULL && parse_object(opts->object, plan, err) < 0) ||
        pair_args_parse(&opts->tags, &plan->tags, err) < 0 || find_recipients(opts, plan, err) < 0)
        return -1;
    return sign_args_open(opts->sign, opts->output, &plan->sign, err);
}

static json_t *describe(const struct export_opts *opts, const struct sw_s3_name *from,
                        const struct export_disk *ask, const struct export_outcome *outcome)
{
    char digest[DISK_DIGEST_CHARS];

    disk_digest_text(outcome->verity, digest);
    return json_pack(
        "{s:o, s:s, s:b, s:o, s:o, s:s, s:I, s:I, s:I, s:b, s:I, s:I, s:s*}", "file",
        json_untrusted(opts->output), "format", ask->format->name, "sealed", opts->seal_to.n > 0, "bucket",
        json_untrusted(from->bucket), "key", json_untrusted(from->key), "source_format",
        outcome->source_format, "object_bytes", (json_int_t)outcome->fetch.object_bytes, "fetched_bytes",
        (json_int_t)outcome->fetch.fetched_bytes, "kept_bytes", (json_int_t)outcome->fetch.kept_bytes,
        "checked", outcome->fetch.checked, "virtual_bytes", (json_int_t)outcome->copy.virtual_bytes,
        "stored_bytes", (json_int_t)outcome->copy.stored_bytes, "fsverity", opts->digest ? digest : NULL);
}

static int show(const struct export_opts *opts, const struct sw_export *export, const struct export_disk *ask,
                const struct export_outcome *outcome, struct sw_err *err)
{
    char fetched[32], disk[32];
    json_t *doc;

    if (opts->common.json) {
        doc = describe(opts, &ask->object, ask, outcome);
        if (doc != NULL && export != NULL &&
            (sw_json_set(doc, "task_id", json_string(sw_export_object(export)->task_id), err) < 0 ||
             sw_json_set(doc, "image_id", json_string(sw_export_object(export)->image_id), err) < 0)) {
            json_decref(doc);
            return -1;
        }
        return out_json(doc, err);
    }
    out_size(outcome->fetch.fetched_bytes, fetched, sizeof(fetched));
    out_size(outcome->copy.virtual_bytes, disk, sizeof(disk));
    sw_log(SW_LOG_INFO, "'%s': %s, a disk of %s; %s came over the line%s", opts->output, ask->format->name,
           disk, fetched, outcome->fetch.checked ? ", with the digest that S3 has" : "");
    if (opts->digest)
        disk_digest_print(outcome->verity);
    return 0;
}

/* Says what the task says, as it changes. */
struct teller {
    struct sw_export_listener base;
    bool quiet;
};

static void tell_task(struct sw_export_listener *self, const struct sw_ec2_export_task *task)
{
    if (!((struct teller *)self)->quiet)
        export_task_line(stderr, task->id, task->status, task->progress, task->message);
}

static int open_export(const struct export_opts *opts, const struct args *args, const struct plan *plan,
                       struct sw_cloud *cloud, struct sw_export **export, struct sw_err *err)
{
    struct sw_ec2_tag tags[OPT_LIST_MAX];
    struct teller teller = {.base = {.task = tell_task}, .quiet = opts->common.quiet};
    struct sw_export_options options = {.image_id = args->n == 1 ? args->items[0] : NULL,
                                        .task_id = opts->task,
                                        .bucket = opts->bucket,
                                        .prefix = opts->prefix,
                                        .description = opts->description,
                                        .role_name = opts->role_name,
                                        .tags = tags,
                                        .nr_tags = plan->tags.n,
                                        .poll_ms = (unsigned)opts->poll_ms};

    for (size_t i = 0; i < plan->tags.n; i++)
        tags[i] = (struct sw_ec2_tag){plan->tags.pairs[i].key, plan->tags.pairs[i].value};
    if (opts->disk_image_format != NULL)
        options.format = disk_image_format(opts->disk_image_format, err);
    return sw_export_open(&options, cloud, &teller.base, export, err);
}

static int export(const struct export_opts *opts, const struct args *args, struct plan *plan,
                  struct sw_cloud *cloud, struct sw_err *err)
{
    SW_CLEANUP(export_auto) struct sw_export *task = NULL;
    const struct disk_target target = {.path = opts->output,
                                       .mode = 0666,
                                       .recipients = plan->recipients,
                                       .sync = true,
                                       .sign = &plan->sign};
    struct export_disk ask = {.common = &opts->common,
                              .cloud = cloud,
                              .object = {plan->bucket, plan->key},
                              .source_format = opts->format,
                              .format = plan->format,
                              .create = &plan->create,
                              .target = &target,
                              .range_bytes = opts->range_bytes,
                              .digest = opts->digest};
    struct export_outcome outcome;

    if (opts->object == NULL) {
        const struct sw_export_object *object;

        if (open_export(opts, args, plan, cloud, &task, err) < 0)
            return -1;
        object = sw_export_object(task);
        ask.object = (struct sw_s3_name){object->bucket, object->key};
        ask.source_format = object->format;
    }
    if (export_disk(&ask, &outcome, err) < 0)
        return -1;
    if (task != NULL && sw_export_done(task, opts->keep_object, err) < 0)
        return sw_context(err,
                          "'%s' is whole; removing the object that it was made of (--keep-object leaves it)",
                          opts->output);
    return show(opts, task, &ask, &outcome, err);
}

static struct sw_cloud_config cloud_config(const struct export_opts *opts)
{
    return (struct sw_cloud_config){
        .profile = opts->profile, .region = opts->region, .endpoint_url = opts->endpoint_url};
}

static int run_export(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct export_opts *opts = opts_void;
    SW_CLEANUP(plan_free) struct plan plan = {.format = NULL};
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;
    struct sw_cloud_config config = cloud_config(opts);
    struct sw_err cause;

    if (args->n > 0 && export_tasks_word(args->items[0]))
        return export_tasks(&opts->common, args, &config, err);
    if (check_opts(opts, args, err) < 0 || make_plan(opts, &plan, err) < 0 ||
        sw_cloud_open(&config, NULL, &cloud, err) < 0)
        return -1;
    if (export(opts, args, &plan, cloud, err) == 0)
        return 0;
    cause = *err;
    return cause.code != SW_INTERRUPTED
               ? -1
               : sw_fail(err, cause.code, "%s; the same command goes on from there", cause.text);
}

static const struct opt rows[] = {
    {'o', "output", "FILE", OPT_STRING, offsetof(struct export_opts, output), "where the disk goes"},
    {'O', "output-format", "FORMAT", OPT_STRING, offsetof(struct export_opts, output_format),
     "format of FILE (default: by its name's ending)"},
    {0, "option", "KEY=VAL,…", OPT_LIST, offsetof(struct export_opts, settings),
     "of FILE's format, as -o of convert: " CREATE_ARG_HELP},
    {0, "bucket", "NAME", OPT_STRING, offsetof(struct export_opts, bucket),
     "the S3 bucket to go through, in the image's region"},
    {0, "prefix", "PREFIX", OPT_STRING, offsetof(struct export_opts, prefix),
     "stands before the object's name as it is, such as exports/"},
    {0, "disk-image-format", "FORMAT", OPT_STRING, offsetof(struct export_opts, disk_image_format),
     "what EC2 makes on the way: VMDK (the default), VHD or RAW"},
    {0, "task", "ID", OPT_STRING, offsetof(struct export_opts, task),
     "goes on with this task of ExportImage, whoever began it"},
    {0, "object", "s3://BUCKET/KEY", OPT_STRING, offsetof(struct export_opts, object),
     "exports nothing: takes this object, which stays where it is"},
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct export_opts, format),
     "format of that object (default: by its magic; raw must be named)"},
    {0, "keep-object", NULL, OPT_FLAG, offsetof(struct export_opts, keep_object),
     "leave the exported object in the bucket; without it, it is removed once FILE is whole"},
    {0, "seal-to", "RECIPIENT", OPT_LIST, offsetof(struct export_opts, seal_to),
     "encrypt FILE for it as it comes (see seal): nothing reaches a disk in clear"},
    SIGN_ROW(struct export_opts),
    {0, "digest", NULL, OPT_FLAG, offsetof(struct export_opts, digest),
     "print the fs-verity digest of the disk, taken in the same pass"},
    {0, "description", "TEXT", OPT_STRING, offsetof(struct export_opts, description),
     "the task's description, at most 255 characters"},
    {0, "role-name", "NAME", OPT_STRING, offsetof(struct export_opts, role_name),
     "the service role (AWS's default: vmimport)"},
    {0, "tag", "KEY=VALUE", OPT_LIST, offsetof(struct export_opts, tags), "a tag of the task"},
    {0, "region", "REGION", OPT_STRING, offsetof(struct export_opts, region), "the AWS region"},
    {0, "profile", "NAME", OPT_STRING, offsetof(struct export_opts, profile),
     "profile of the AWS shared files"},
    {0, "endpoint-url", "URL", OPT_STRING, offsetof(struct export_opts, endpoint_url),
     "where S3 and EC2 are reached"},
    {0, "range-size", "SIZE", OPT_SIZE, offsetof(struct export_opts, range_bytes),
     "bytes in one request (default: 8M, more from 1 TiB on)"},
    {0, "poll-interval", "MS", OPT_UINT, offsetof(struct export_opts, poll_ms),
     "milliseconds between two questions (default: 15000)"},
    OPT_END,
};

const struct cmd cmd_export = {
    .name = "export",
    .args = "AMI | list | status TASK | cancel TASK",
    .summary = "make a disk image of an AMI, on this side",
    .more =
        "EC2 exports AMI into the bucket, the object comes down in parallel ranges (-j connections, 4 without it)\n"
        "and becomes FILE in any format. Run the same command again after a broken line, a kill or expired\n"
        "credentials: it goes on where it stopped, asks for no second export, and fetches no range twice. Until\n"
        "FILE is whole, .FILE.object.partial and .FILE.object.journal lie beside it. An object that is replaced\n"
        "meanwhile is noticed, and the whole is held against the ETag or checksum that S3 keeps of it.\n\n"
        "With --seal-to the object is read in place, through memory only; then a killed run reads it again.\n\n"
        "What EC2 does not export: images with encrypted snapshots, with volumes above 1 TiB, shared by another\n"
        "account, from the Marketplace or with software that AWS licenses; not into a bucket with keys of KMS, nor\n"
        "one of another region; one task at a time for an image, 5 for an account and region. The service role\n"
        "must be allowed to write to the bucket.\n\n"
        "'list' shows the exports that this user began (journals in $XDG_STATE_HOME/slipway/export), 'status' asks\n"
        "EC2 how a task is, 'cancel' ends one.\n",
    .opts = rows,
    .opts_size = sizeof(struct export_opts),
    .min_args = 0,
    .max_args = 2,
    .run = run_export,
};
