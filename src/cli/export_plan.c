/* What an export is asked for: its options, held against each other before anything is sent. */
#include "src/cli/export_plan.h"

#include "slipway/ebs.h"
#include "slipway/export.h"
#include "src/base/buf.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/cli/disk_out.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/recipe/doc.h"

#include <string.h>
#include <strings.h>

enum { MAX_POLL_MS = 3600 * 1000 };

void export_plan_free(struct export_plan *plan)
{
    sign_args_close(&plan->sign);
    pair_args_free(&plan->tags);
    sw_keyring_free(plan->recipients);
    free(plan->bucket);
    free(plan->key);
    free(plan->making);
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

/* ID and the file, in whichever way they are given. */
static int take_args(const struct export_opts *opts, const struct args *args, struct export_plan *plan,
                     struct sw_err *err)
{
    const char *first = args->n > 0 ? args->items[0] : NULL;
    bool by_option = opts->task != NULL || opts->object != NULL;
    bool is_image = first != NULL && strncmp(first, "ami-", 4) == 0;
    bool is_snapshot = first != NULL && !is_image && sw_ebs_is_id(first);
    const char *id = by_option ? NULL : first;
    size_t taken = id != NULL;

    if (by_option ? (opts->task != NULL && opts->object != NULL) || is_image || is_snapshot : id == NULL)
        return sw_fail(err, SW_USAGE,
                       "what is exported is one of AMI, SNAPSHOT, --task ID and --object s3://BUCKET/KEY");
    if (args->n - taken + (opts->output != NULL) != 1)
        return sw_fail(err, SW_USAGE,
                       "one FILE is needed, by -o or behind what is exported: where the disk goes");
    plan->output = opts->output != NULL ? opts->output : args->items[taken];
    if (id == NULL)
        return 0;
    if (is_image)
        plan->image = id;
    else if (is_snapshot)
        plan->snapshot = id;
    else
        return sw_fail(err, SW_USAGE, "'%s' is no id of an AMI (ami-…) or a snapshot (snap-…)", id);
    return 0;
}

/* What belongs to a snapshot, and to nothing else. */
static int check_snapshot(const struct export_opts *opts, const struct export_plan *plan, struct sw_err *err)
{
    if (plan->snapshot == NULL &&
        (opts->backing != NULL || opts->backing_format != NULL || opts->parent_snapshot != NULL))
        return sw_fail(err, SW_USAGE, "-B, -F and --parent-snapshot are for the export of a snapshot");
    if (plan->snapshot != NULL && (opts->format != NULL || opts->disk_image_format != NULL ||
                                   opts->keep_object || opts->range_bytes > 0))
        return sw_fail(err, SW_USAGE,
                       "-f, --disk-image-format, --keep-object and --range-size are for what goes through a "
                       "bucket, and a snapshot does not");
    if (opts->parent_snapshot != NULL && !sw_ebs_is_id(opts->parent_snapshot))
        return sw_fail(err, SW_USAGE, "--parent-snapshot: '%s' is no id of a snapshot (snap-…)",
                       opts->parent_snapshot);
    if (opts->parent_snapshot != NULL && opts->backing == NULL)
        return sw_fail(err, SW_USAGE, "--parent-snapshot needs -B FILE: the disk of that snapshot");
    if (opts->backing_format != NULL && opts->backing == NULL)
        return sw_fail(err, SW_USAGE, "-F: it is the format of -B FILE, which is not given");
    if (opts->backing != NULL && opts->digest)
        return sw_fail(err, SW_USAGE, "-B: what differs from a parent has no digest");
    return 0;
}

/* Exactly one of an AMI, a snapshot, --task and --object; and what belongs to it. */
static int check_source(const struct export_opts *opts, const struct export_plan *plan, struct sw_err *err)
{
    if (plan->image != NULL && opts->bucket == NULL)
        return sw_fail(err, SW_USAGE, "--bucket is needed: the S3 bucket that the image goes through");
    if (plan->image == NULL && (opts->bucket != NULL || opts->prefix != NULL || opts->description != NULL ||
                                opts->role_name != NULL || opts->tags.n > 0))
        return sw_fail(
            err, SW_USAGE,
            "--bucket, --prefix, --description, --role-name and --tag are of an export that is begun");
    if (opts->object != NULL && opts->disk_image_format != NULL)
        return sw_fail(err, SW_USAGE, "--disk-image-format: what the format of --object is says -f");
    if (plan->snapshot == NULL && opts->object == NULL && opts->format != NULL)
        return sw_fail(err, SW_USAGE, "-f: it is of --object; what EC2 makes says --disk-image-format");
    return check_snapshot(opts, plan, err);
}

static int check_opts(const struct export_opts *opts, const struct export_plan *plan, struct sw_err *err)
{
    if (check_source(opts, plan, err) < 0)
        return -1;
    if (opts->description != NULL &&
        sw_utf8_chars(opts->description, strlen(opts->description)) > SW_EC2_DESCRIPTION_MAX)
        return sw_fail(err, SW_USAGE, "--description has more than %d characters", SW_EC2_DESCRIPTION_MAX);
    if (opts->poll_ms > MAX_POLL_MS)
        return sw_fail(err, SW_USAGE, "--poll-interval must be at most %d", MAX_POLL_MS);
    if (opts->range_bytes > (UINT64_C(512) << 20) ||
        (opts->range_bytes > 0 && opts->range_bytes < (UINT64_C(64) << 10)))
        return sw_fail(err, SW_USAGE, "--range-size must be between 64K and 512M");
    return out_check_replaced(plan->output, err);
}

static int parse_object(const char *text, struct export_plan *plan, struct sw_err *err)
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
static int find_recipients(const struct export_opts *opts, struct export_plan *plan, struct sw_err *err)
{
    if (opts->seal_to.n == 0)
        return 0;
    if (sw_format_check_sealed(plan->format, plan->create.create.subformat, err) < 0)
        return -1;
    plan->recipients = seal_args_ring(SW_KEY_SEAL, &opts->seal_to, err);
    return plan->recipients != NULL ? sw_keyring_spare_file(plan->recipients, plan->output, err) : -1;
}

static int add_words(json_t *doc, const char *name, const struct opt_list *list, struct sw_err *err)
{
    SW_AUTO_JSON json_t *words = json_array();

    for (size_t i = 0; i < list->n; i++)
        if (sw_json_append(words, json_untrusted(list->items[i]), err) < 0)
            return -1;
    return sw_json_set(doc, name, SW_STEAL_PTR(words), err);
}

/* All that makes FILE another one. Free it. */
static char *making(const struct export_opts *opts, const struct export_plan *plan, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = json_pack("{s:s, s:b, s:b}", "format", plan->format->name, "digest",
                                         opts->digest, "sign", opts->sign != NULL);

    if (doc == NULL || add_words(doc, "settings", &opts->settings, err) < 0 ||
        add_words(doc, "seal_to", &opts->seal_to, err) < 0)
        return NULL;
    return sw_json_canonical(doc, err);
}

static int fill_plan(const struct export_opts *opts, struct export_plan *plan, struct sw_err *err)
{
    if (opts->disk_image_format != NULL &&
        (plan->disk_image_format = disk_image_format(opts->disk_image_format, err)) == NULL)
        return -1;
    if (create_arg_parse(&opts->settings, &plan->create, err) < 0 ||
        sw_source_date(0, &plan->create.create.epoch, err) < 0 ||
        create_arg_format(opts->output_format, plan->output, &plan->format, err) < 0 ||
        (opts->object != NULL && parse_object(opts->object, plan, err) < 0) ||
        pair_args_parse(&opts->tags, &plan->tags, err) < 0 || find_recipients(opts, plan, err) < 0)
        return -1;
    plan->making = making(opts, plan, err);
    return plan->making != NULL ? sign_args_open(opts->sign, plan->output, &plan->sign, err) : -1;
}

int export_plan_make(const struct export_opts *opts, const struct args *args, struct export_plan *plan,
                     struct sw_err *err)
{
    if (take_args(opts, args, plan, err) < 0 || check_opts(opts, plan, err) < 0)
        return -1;
    return fill_plan(opts, plan, err);
}
