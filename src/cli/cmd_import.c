/* slipway import: an image goes up to S3 in parts that survive a bad line, and becomes an AMI. */
#include "slipway/import.h"
#include "src/cli/cloud_args.h"
#include "src/cli/cmd.h"
#include "src/cli/import_args.h"
#include "src/cli/import_explain.h"
#include "src/cli/import_input.h"
#include "src/cli/import_online.h"
#include "src/cli/import_show.h"
#include "src/cli/import_verbs.h"

#include <stdio.h>

static int dry_run(const struct import_opts *opts, const struct sw_import_options *options,
                   struct sw_cloud *cloud, struct sw_err *err)
{
    static const char not_asked[] =
        "the service role, the bucket and the objects, a KMS key, the image itself";

    if (sw_import_dry_run(options, cloud, err) < 0)
        return -1;
    if (import_wants_json(opts))
        return out_json(json_pack("{s:b, s:s}", "permitted", true, "not_checked", not_asked), err);
    printf("EC2 would let this caller import. It did not look at: %s.\n", not_asked);
    return 0;
}

/* After a signal or a broken line an import can be gone on with: how is said behind the cause. */
static void say_how_to_go_on(const struct sw_import_result *result, struct sw_err *err)
{
    struct sw_err cause = *err;

    if (result->id[0] == '\0' || (err->code != SW_INTERRUPTED && err->code != SW_REMOTE))
        return;
    sw_fail(err, cause.code, "%s; the same command goes on from there, or: slipway import --resume %.12s",
            cause.text, result->id);
}

static int failed(const struct import_opts *opts, const struct sw_import_options *options,
                  struct sw_import_result *result, struct sw_err *err)
{
    struct sw_err printing = {.code = SW_OK};

    if (import_show_failure(opts, result, err, &printing) < 0)
        sw_context(err, "%s", printing.text);
    say_how_to_go_on(result, err);
    json_decref(result->images);
    return sw_context(err, "'%s'", options->disks[0].source_path);
}

static int import(const struct import_opts *opts, const struct sw_import_options *options,
                  struct sw_cloud *cloud, struct sw_err *err)
{
    SW_CLEANUP(import_teller_end) struct import_teller teller = {.events = NULL};
    struct sw_import_result result;
    int rc;

    if (import_teller_begin(&teller, opts, err) < 0)
        return -1;
    rc = sw_import_run(options, cloud, &teller.base, &result, err);
    import_teller_uploaded(&teller);
    if (rc < 0)
        return failed(opts, options, &result, err);
    if (result.known && !opts->common.quiet)
        fprintf(stderr, "imported before by task %s\n", result.task.id);
    rc = import_show_result(opts, options, cloud, &result, err);
    json_decref(result.images);
    return rc;
}

static int run_images(const struct import_opts *opts, const struct args *args, struct sw_err *err)
{
    AUTO_IMPORT_ARGS struct import_args taken = {.record = NULL};
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;
    struct sw_cloud_config config;

    if (import_args_take(opts, args, &taken, err) < 0)
        return -1;
    config = import_args_cloud(opts, &taken.options, taken.record != NULL ? taken.record->region : NULL);
    /* The other regions' sessions are made of these, too. */
    taken.options.cloud = config;
    if (((taken.record == NULL || taken.record->needs_input) && import_input_open(opts, &taken, err) < 0) ||
        sw_cloud_open(&config, NULL, &cloud, err) < 0)
        return -1;
    return opts->dry_run ? dry_run(opts, &taken.options, cloud, err)
                         : import(opts, &taken.options, cloud, err);
}

/* --check and --print-iam look at the options only. */
static int run_online(const struct import_opts *opts, struct sw_err *err)
{
    AUTO_AFTER_ARGS struct after_args after = {.distribution = NULL};
    struct sw_import_options options = {.lane = NULL};
    struct sw_online_plan plan = {.lane = opts->lane,
                                  .bucket = opts->bucket,
                                  .prefix = opts->prefix,
                                  .role_name = opts->role_name,
                                  .kms_keys = &opts->kms_key,
                                  .nr_kms_keys = opts->kms_key != NULL ? 1 : 0};

    if (after_args_take(&opts->after, &after, &options, err) < 0)
        return -1;
    plan.parts = import_online_parts(options.distribution, &opts->cloud) |
                 (opts->tags.n > 0 ? SW_ONLINE_TAGS : 0U) | (options.name != NULL ? SW_ONLINE_NAME : 0U) |
                 (opts->parent_snapshot != NULL ? SW_ONLINE_PARENT : 0U);
    return import_online_run(&opts->online, &plan, &opts->cloud, &opts->common, err);
}

static int run_import(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct import_opts *opts = opts_void;
    const struct import_verb *verb = args->n > 0 ? import_verb_find(args->items[0]) : NULL;

    if (opts->online.check || opts->online.print_iam)
        return run_online(opts, err);
    if (import_args_check(opts, err) < 0)
        return -1;
    return verb != NULL ? import_verb_run(verb, opts, args, err) : run_images(opts, args, err);
}

static const struct opt rows[] = {
    {0, "bucket", "NAME", OPT_STRING, offsetof(struct import_opts, bucket), "the S3 bucket to go through"},
    {0, "prefix", "PREFIX", OPT_STRING, offsetof(struct import_opts, prefix),
     "put the object beneath PREFIX/"},
    {0, "lane", "LANE", OPT_STRING, offsetof(struct import_opts, lane),
     "import-image (the default), import-snapshot or ebs-direct"},
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct import_opts, format),
     "of IMAGE; found by itself but for raw, which must be named"},
    {0, "as", "FORMAT", OPT_STRING, offsetof(struct import_opts, as),
     "encode the disk as vmdk, vhd or raw on its way up"},
    {'o', "option", "KEY=VAL,…", OPT_LIST, offsetof(struct import_opts, settings),
     "of the encoder: subformat=, level="},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct import_opts, allow_parent),
     "parents and extents that IMAGE names may be opened, beneath DIR only"},
    {0, "disk", "N", OPT_UINT, offsetof(struct import_opts, package_disk), "which disk of an OVA to encode"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct import_opts, keys), "opens a sealed IMAGE on its way up"},
    TRUST_ROWS(struct import_opts),
    CLOUD_ROWS(struct import_opts),
    {0, "description", "TEXT", OPT_STRING, offsetof(struct import_opts, description),
     "the task's description"},
    {0, "role-name", "NAME", OPT_STRING, offsetof(struct import_opts, role_name),
     "the service role (AWS's default: vmimport)"},
    {0, "boot-mode", "MODE", OPT_STRING, offsetof(struct import_opts, boot_mode), "legacy-bios or uefi"},
    {0, "platform", "NAME", OPT_STRING, offsetof(struct import_opts, platform), "Windows or Linux"},
    {0, "architecture", "NAME", OPT_STRING, offsetof(struct import_opts, architecture), "x86_64 or i386"},
    {0, "license-type", "TYPE", OPT_STRING, offsetof(struct import_opts, license_type),
     "AWS or BYOL; not with --usage-operation"},
    {0, "usage-operation", "VALUE", OPT_STRING, offsetof(struct import_opts, usage_operation),
     "such as RunInstances:0800 (Windows, own licence)"},
    {0, "license-configuration", "ARN", OPT_LIST, offsetof(struct import_opts, licences),
     "a licence configuration of License Manager"},
    {0, "encrypted", NULL, OPT_FLAG, offsetof(struct import_opts, encrypted), "encrypt the AMI's snapshots"},
    {0, "kms-key-id", "KEY", OPT_STRING, offsetof(struct import_opts, kms_key),
     "with this key instead of EBS's default one"},
    {0, "comment", "TEXT", OPT_STRING, offsetof(struct import_opts, comment),
     "kept with the task as ClientData"},
    {0, "tag", "KEY=VALUE", OPT_LIST, offsetof(struct import_opts, tags),
     "a tag of the import task, the AMI and its snapshots"},
    AFTER_ROWS(struct import_opts),
    {0, "device", "NAME", OPT_LIST, offsetof(struct import_opts, devices),
     "device name of the first IMAGE, the second, …"},
    {0, "delete-object", NULL, OPT_FLAG, offsetof(struct import_opts, delete_object),
     "remove the object from the bucket once the AMI exists"},
    {0, "dry-run", NULL, OPT_FLAG, offsetof(struct import_opts, dry_run),
     "ask EC2 whether this caller may import, and do nothing"},
    IMPORT_ONLINE_ROWS(struct import_opts),
    {0, "resume", "ID", OPT_STRING, offsetof(struct import_opts, resume),
     "go on with an import that `slipway import list` shows"},
    {0, "offline", NULL, OPT_FLAG, offsetof(struct import_opts, offline),
     "status: what the journal knows, and ask nobody"},
    {0, "output", "FORM", OPT_STRING, offsetof(struct import_opts, output), "ami-id (the default) or json"},
    {0, "events", "FILE|fd:N", OPT_STRING, offsetof(struct import_opts, events),
     "every transition as a line of JSON"},
    {0, "parent-snapshot", "ID", OPT_STRING, offsetof(struct import_opts, parent_snapshot),
     "ebs-direct: send only what differs from that snapshot"},
    {0, "part-size", "SIZE", OPT_SIZE, offsetof(struct import_opts, part_bytes),
     "bytes in one part (default: 8M, more from 70 GiB on)"},
    {0, "poll-interval", "MS", OPT_UINT, offsetof(struct import_opts, poll_ms),
     "milliseconds between two questions (default: 15000)"},
    OPT_END,
};

const struct cmd cmd_import = {
    .name = "import",
    .args = "IMAGE… | list | status [ID] | cancel ID | explain MESSAGE",
    .summary = "upload an image and make an AMI of it",
    .more =
        "IMAGE goes to s3://BUCKET/PREFIX/NAME in parallel parts (-j connections, 4 without it), EC2 imports it\n"
        "from there, and the AMI's id is the result. Run the same command again after a broken line, a kill or\n"
        "expired credentials: it goes on where it stopped, and never imports twice. An import that has been\n"
        "completed answers from its journal in $XDG_STATE_HOME/slipway/import.\n\n"
        "Several IMAGEs are the disks of one machine, the first the one that boots; an OVA is a machine by itself.\n\n"
        "list shows every import, status what became of one (it asks EC2, and names uploads left in the bucket),\n"
        "cancel stops its task and takes everything out of the bucket. --resume ID goes on with one from anywhere;\n"
        "keys are given again. An image that is named like a verb is ./list. An ID may be cut to 4 digits or more.\n\n" IMPORT_ONLINE_HELP
        "\n\n"
        "explain says offline what is known of a message of AWS's; an import that fails says it by itself.\n\n"
        "--lane import-snapshot leaves the disk as it is: one ImportSnapshot a disk, then RegisterImage, always hvm and\n"
        "with ENA. An AMI of the same --name that is not of this import is refused. With another --name (or --no-ena …)\n"
        "the image is registered anew, and nothing is imported again; in the lane import-image it is copied.\n\n"
        "--lane ebs-direct needs no bucket and no service role: the disk's blocks go straight into an EBS snapshot\n"
        "(32 at once, -j for another number), blocks of zeros left out, and an AMI is registered over it.\n\n"
        "A sealed IMAGE is opened in memory with --key.\n\n" IMPORT_SOURCE_HELP "\n\n" CLOUD_HELP
        "\n\n" TRUST_HELP "\n",
    .opts = rows,
    .opts_size = sizeof(struct import_opts),
    .min_args = 0,
    .max_args = OPT_LIST_MAX,
    .run = run_import,
};
