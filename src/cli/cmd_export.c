/* slipway export: an AMI becomes a disk image on this side. */
#include "slipway/export.h"
#include "slipway/import.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/cmd.h"
#include "src/cli/disk_out.h"
#include "src/cli/export_disk.h"
#include "src/cli/export_plan.h"
#include "src/cli/export_snapshot.h"
#include "src/cli/export_tasks.h"
#include "src/cli/output.h"

#include <string.h>

SW_DEFINE_AUTO(export, struct sw_export, sw_export_close)

static json_t *describe(const struct export_opts *opts, const struct sw_export *export,
                        const struct export_disk *ask, const struct export_outcome *outcome,
                        struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = NULL;
    char digest[DISK_DIGEST_CHARS];

    disk_digest_text(outcome->verity, digest);
    doc = json_pack(
        "{s:o, s:s, s:b, s:o, s:o, s:s, s:I, s:I, s:I, s:b, s:I, s:I, s:s*}", "file",
        json_untrusted(ask->target->path), "format", ask->format->name, "sealed", opts->seal_to.n > 0,
        "bucket", json_untrusted(ask->object.bucket), "key", json_untrusted(ask->object.key), "source_format",
        outcome->source_format, "object_bytes", (json_int_t)outcome->fetch.object_bytes, "fetched_bytes",
        (json_int_t)outcome->fetch.fetched_bytes, "kept_bytes", (json_int_t)outcome->fetch.kept_bytes,
        "checked", outcome->fetch.checked, "virtual_bytes", (json_int_t)outcome->copy.virtual_bytes,
        "stored_bytes", (json_int_t)outcome->copy.stored_bytes, "fsverity", opts->digest ? digest : NULL);
    if (doc == NULL)
        sw_fail(err, SW_FAILED, "cannot make the JSON result");
    if (doc == NULL ||
        (export != NULL &&
         (sw_json_set(doc, "task_id", json_string(sw_export_object(export)->task_id), err) < 0 ||
          sw_json_set(doc, "image_id", json_string(sw_export_object(export)->image_id), err) < 0)))
        return NULL;
    return SW_STEAL_PTR(doc);
}

/* doc: as describe makes it. */
static int show(const struct export_opts *opts, const struct export_disk *ask, json_t *doc,
                struct sw_err *err)
{
    const json_t *fetched_bytes = json_object_get(doc, "fetched_bytes"),
                 *virtual_bytes = json_object_get(doc, "virtual_bytes");
    const char *digest = sw_json_text(doc, "fsverity"), *format = sw_json_text(doc, "format");
    char fetched[32], disk[32];

    if (opts->common.json)
        return out_json(json_incref(doc), err);
    out_size((uint64_t)json_integer_value(fetched_bytes), fetched, sizeof(fetched));
    out_size((uint64_t)json_integer_value(virtual_bytes), disk, sizeof(disk));
    sw_log(SW_LOG_INFO, "'%s': %s, a disk of %s; %s came over the line%s", ask->target->path,
           format != NULL ? format : "", disk, fetched,
           json_is_true(json_object_get(doc, "checked")) ? ", with the digest that S3 has" : "");
    if (digest != NULL)
        printf("digest: fsverity %s\n", digest);
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

static int open_export(const struct export_opts *opts, const struct export_plan *plan, struct sw_cloud *cloud,
                       struct sw_export **export, struct sw_err *err)
{
    struct sw_ec2_tag tags[OPT_LIST_MAX];
    struct teller teller = {.base = {.task = tell_task}, .quiet = opts->common.quiet};
    struct sw_export_options options = {.image_id = plan->image,
                                        .task_id = opts->task,
                                        .bucket = opts->bucket,
                                        .prefix = opts->prefix,
                                        .description = opts->description,
                                        .role_name = opts->role_name,
                                        .tags = tags,
                                        .nr_tags = plan->tags.n,
                                        .poll_ms = (unsigned)opts->poll_ms,
                                        .file = {plan->output, plan->making}};

    for (size_t i = 0; i < plan->tags.n; i++)
        tags[i] = (struct sw_ec2_tag){plan->tags.pairs[i].key, plan->tags.pairs[i].value};
    if (plan->disk_image_format != NULL)
        options.format = plan->disk_image_format;
    if (sw_export_open(&options, cloud, &teller.base, export, err) == 0)
        return 0;
    if (err->code == SW_FAILED || err->code == SW_REMOTE)
        sw_import_explain_error(err->text, err);
    return -1;
}

/* The file, and what there is to say of it, which is noted before the object may go. */
static json_t *make(const struct export_opts *opts, struct sw_export *task, const struct export_disk *ask,
                    const struct export_plan *plan, struct sw_err *err)
{
    const struct sw_export_file file = {ask->target->path, plan->making};
    SW_AUTO_JSON json_t *doc = NULL;
    SW_AUTO_FREE char *text = NULL;
    struct export_outcome outcome;

    if (export_disk(ask, &outcome, err) < 0)
        return NULL;
    doc = describe(opts, task, ask, &outcome, err);
    if (doc == NULL || task == NULL)
        return SW_STEAL_PTR(doc);
    text = sw_json_canonical(doc, err);
    if (text == NULL || sw_export_made(task, &file, text, err) < 0)
        return NULL;
    return SW_STEAL_PTR(doc);
}

/* A run before this one made the file, and did not come to say so. */
static json_t *told_before(const struct export_disk *ask, const struct sw_export *task, struct sw_err *err)
{
    const char *told = sw_export_told(task);

    sw_log(SW_LOG_INFO, "'%s' was whole already", ask->target->path);
    return sw_json_parse(told, strlen(told), "what the journal tells", err);
}

static int take_object(const struct export_opts *opts, const struct export_plan *plan,
                       const struct disk_target *target, struct sw_cloud *cloud, struct sw_err *err)
{
    SW_CLEANUP(export_auto) struct sw_export *task = NULL;
    struct export_disk ask = {.common = &opts->common,
                              .cloud = cloud,
                              .object = {plan->bucket, plan->key},
                              .source_format = opts->format,
                              .format = plan->format,
                              .create = &plan->create,
                              .target = target,
                              .range_bytes = opts->range_bytes,
                              .digest = opts->digest};
    SW_AUTO_JSON json_t *doc = NULL;

    if (opts->object == NULL) {
        const struct sw_export_object *object;

        if (open_export(opts, plan, cloud, &task, err) < 0)
            return -1;
        object = sw_export_object(task);
        ask.object = (struct sw_s3_name){object->bucket, object->key};
        ask.source_format = object->format;
    }
    doc = task != NULL && sw_export_told(task) != NULL ? told_before(&ask, task, err)
                                                       : make(opts, task, &ask, plan, err);
    if (doc == NULL)
        return -1;
    if (task != NULL && sw_export_done(task, opts->keep_object, err) < 0)
        return sw_context(err,
                          "'%s' is whole; removing the object that it was made of (--keep-object leaves it)",
                          target->path);
    return show(opts, &ask, doc, err);
}

static int take_snapshot(const struct export_opts *opts, const struct export_plan *plan,
                         const struct disk_target *target, struct sw_cloud *cloud, struct sw_err *err)
{
    const struct export_snapshot ask = {
        .common = &opts->common,
        .cloud = cloud,
        .id = plan->snapshot,
        .parent = opts->parent_snapshot,
        .backing = {.file = opts->backing, .format = opts->backing_format, .dst = plan->output},
        .format = plan->format,
        .create = &plan->create,
        .target = target,
        .digest = opts->digest};

    return export_snapshot(&ask, err);
}

static int export(const struct export_opts *opts, struct export_plan *plan, struct sw_cloud *cloud,
                  struct sw_err *err)
{
    const struct disk_target target = {.path = plan->output,
                                       .mode = 0666,
                                       .recipients = plan->recipients,
                                       .sync = true,
                                       .sign = &plan->sign};

    struct sw_err cause;

    if (plan->snapshot != NULL)
        return take_snapshot(opts, plan, &target, cloud, err);
    if (take_object(opts, plan, &target, cloud, err) == 0)
        return 0;
    cause = *err;
    return cause.code != SW_INTERRUPTED
               ? -1
               : sw_fail(err, cause.code, "%s; the same command goes on from there", cause.text);
}

/* --check and --print-iam look at the options only. */
static int run_online(const struct export_opts *opts, const struct args *args, struct sw_err *err)
{
    const char *id = args->n > 0 ? args->items[0] : NULL;
    bool blocks = id != NULL ? sw_ebs_is_id(id) : opts->bucket == NULL;
    struct sw_online_plan plan = {.lane = blocks ? "export-snapshot" : "export-image",
                                  .source = id,
                                  .bucket = opts->bucket,
                                  .prefix = opts->prefix,
                                  .role_name = opts->role_name,
                                  .parts = (opts->tags.n > 0 ? SW_ONLINE_TAGS : 0U) |
                                           (opts->parent_snapshot != NULL ? SW_ONLINE_PARENT : 0U)};

    if (id != NULL && !blocks && strncmp(id, "ami-", 4) != 0)
        return sw_fail(err, SW_USAGE, "'%s' is no id of an AMI (ami-…) or a snapshot (snap-…)", id);
    return import_online_run(&opts->online, &plan, &opts->cloud, &opts->common, err);
}

static int run_export(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct export_opts *opts = opts_void;
    SW_AUTO_EXPORT_PLAN struct export_plan plan = {.format = NULL};
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;

    if (args->n > 0 && export_tasks_word(args->items[0]))
        return export_tasks(&opts->common, args, &opts->cloud, err);
    if (opts->online.check || opts->online.print_iam)
        return run_online(opts, args, err);
    if (export_plan_make(opts, args, &plan, err) < 0 || sw_cloud_open(&opts->cloud, NULL, &cloud, err) < 0)
        return -1;
    return export(opts, &plan, cloud, err);
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
    {0, "parent-snapshot", "ID", OPT_STRING, offsetof(struct export_opts, parent_snapshot),
     "of a SNAPSHOT, fetch only what differs from that one; -B names its disk"},
    {'B', "backing", "FILE", OPT_STRING, offsetof(struct export_opts, backing),
     "FILE of a SNAPSHOT (qcow2) holds what differs from this disk, named relative to its folder"},
    {'F', "backing-format", "FORMAT", OPT_STRING, offsetof(struct export_opts, backing_format),
     "format of that disk (default: by its magic; raw must be named)"},
    {0, "check", NULL, OPT_FLAG, offsetof(struct export_opts, online.check),
     "ask AWS whether the export would be let, and export nothing"},
    {0, "print-iam", NULL, OPT_FLAG, offsetof(struct export_opts, online.print_iam),
     "print the least IAM policies for the operator and the service role"},
    {0, "account", "N", OPT_STRING, offsetof(struct export_opts, online.account),
     "print-iam: the account, 12 digits"},
    {0, "kms-key", "ARN", OPT_LIST, offsetof(struct export_opts, online.kms_keys),
     "print-iam: the key of an encrypted snapshot"},
    {0, "out", "DIR", OPT_STRING, offsetof(struct export_opts, online.out_dir),
     "print-iam: write the documents as files"},
    CLOUD_ROWS(struct export_opts),
    {0, "range-size", "SIZE", OPT_SIZE, offsetof(struct export_opts, range_bytes),
     "bytes in one request (default: 8M, more from 1 TiB on)"},
    {0, "poll-interval", "MS", OPT_UINT, offsetof(struct export_opts, poll_ms),
     "milliseconds between two questions (default: 15000)"},
    OPT_END,
};

const struct cmd cmd_export = {
    .name = "export",
    .args = "AMI|SNAPSHOT [FILE] | list | status TASK | cancel TASK",
    .summary = "make a disk image of an AMI or a snapshot, on this side",
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
        "A SNAPSHOT (snap-…) needs neither bucket nor service role: its blocks come through the EBS direct APIs (32\n"
        "at once, -j for another number), each held against its digest, and go straight into FILE; what a snapshot\n"
        "does not hold stays a hole. After a broken line or a kill (once its first ten seconds are over) the same\n"
        "command goes on, as that of convert does, and with the same exceptions. Encrypted snapshots come in clear to\n"
        "whoever may use their key: --seal-to. With --parent-snapshot only blocks that differ from that snapshot are\n"
        "fetched, into a qcow2 on top of -B, a disk of it; some of its blocks are compared first.\n\n"
        "'list' shows the exports that this user began (journals in $XDG_STATE_HOME/slipway/export), 'status' asks\n"
        "EC2 how a task is, 'cancel' ends one.\n\n"
        "--check asks AWS about the export of an AMI or a SNAPSHOT, with its options: credentials, bucket, service\n"
        "role, who may pass it, EC2's dry run; of a snapshot one block is read. Exit code 4 when something is refused.\n"
        "--print-iam prints the least policies: with --bucket and --account for AMIs, without for snapshots.\n\n" CLOUD_HELP
        "\n",
    .opts = rows,
    .opts_size = sizeof(struct export_opts),
    .min_args = 0,
    .max_args = 2,
    .run = run_export,
};
