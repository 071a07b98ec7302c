/* The command line of slipway import, and what it says. */
#include "src/cli/import_args.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <string.h>
#include <strings.h>

enum { MAX_POLL_MS = 3600 * 1000 };

static int one_of(const char *option, const char *value, const char *const *words, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf list = {0};

    if (value == NULL)
        return 0;
    for (const char *const *word = words; *word != NULL; word++) {
        if (strcasecmp(value, *word) == 0)
            return 0;
        if (sw_buf_printf(&list, err, "%s%s", word == words ? "" : ", ", *word) < 0)
            return -1;
    }
    return sw_fail(err, SW_USAGE, "--%s does not know '%s' (it knows %s)", option, value, list.data);
}

int import_args_check(const struct import_opts *opts, struct sw_err *err)
{
    static const char *const outputs[] = {"ami-id", "json", NULL};

    if (one_of("lane", opts->lane, sw_import_lanes, err) < 0 ||
        one_of("output", opts->output, outputs, err) < 0)
        return -1;
    if (opts->package_disk >= SW_DISK_NONE)
        return sw_fail(err, SW_USAGE, "--disk: no file holds %llu disks",
                       (unsigned long long)opts->package_disk);
    if (opts->part_bytes != 0 &&
        (opts->part_bytes < SW_S3_MIN_PART_BYTES || opts->part_bytes > SW_S3_MAX_PART_BYTES))
        return sw_fail(err, SW_USAGE, "--part-size must be between 5M and 5G");
    if (opts->poll_ms > MAX_POLL_MS)
        return sw_fail(err, SW_USAGE, "--poll-interval must be at most %d", MAX_POLL_MS);
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

/* As one text, so that a journal has it. */
static int join_settings(const struct opt_list *settings, char **out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    for (size_t i = 0; i < settings->n; i++)
        if (sw_buf_printf(&text, err, "%s%s", i > 0 ? "," : "", settings->items[i]) < 0)
            return -1;
    if (settings->n > 0)
        *out = sw_buf_steal(&text);
    return 0;
}

static int take_images(const struct import_opts *opts, const struct args *args, struct import_args *out,
                       struct sw_err *err)
{
    if (args->n == 0)
        return sw_fail(err, SW_USAGE, "missing argument (usage: slipway import [OPTION]… IMAGE…)");
    if (args->n > SW_IMPORT_MAX_DISKS)
        return sw_fail(err, SW_USAGE, "%zu images; one machine has at most %d disks", args->n,
                       SW_IMPORT_MAX_DISKS);
    if (opts->devices.n > args->n)
        return sw_fail(err, SW_USAGE, "there are %zu images for %zu --device", args->n, opts->devices.n);
    if (join_settings(&opts->settings, &out->settings, err) < 0)
        return -1;
    for (size_t i = 0; i < args->n; i++) {
        out->keys[i] = object_key(opts, args->items[i], err);
        if (out->keys[i] == NULL)
            return -1;
        out->disks[i] =
            (struct sw_import_disk){.source_path = args->items[i],
                                    .stated = opts->format,
                                    .as = opts->as,
                                    .settings = out->settings,
                                    .allow_parent = opts->allow_parent,
                                    .package_disk = (unsigned)opts->package_disk,
                                    .key = opts->bucket != NULL ? out->keys[i] : NULL,
                                    .device = i < opts->devices.n ? opts->devices.items[i] : NULL};
    }
    out->options.disks = out->disks;
    out->options.nr_disks = args->n;
    return 0;
}

/* KEY=VALUE texts into tags; the texts are kept in the order of their places. */
static int take_tags(const char *option, const struct opt_list *list, struct import_args *out,
                     struct sw_import_tags *tags, struct sw_err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        char *equals;

        out->tag_texts[i] = sw_strdup(list->items[i], err);
        if (out->tag_texts[i] == NULL)
            return -1;
        equals = strchr(out->tag_texts[i], '=');
        if (equals == NULL)
            return sw_fail(err, SW_USAGE, "--%s '%s' is not KEY=VALUE", option, list->items[i]);
        *equals = '\0';
        out->tags[i] = (struct sw_ec2_tag){out->tag_texts[i], equals + 1};
    }
    *tags = (struct sw_import_tags){out->tags, list->n};
    return 0;
}

static int take_options(const struct import_opts *opts, const struct args *args, struct import_args *out,
                        struct sw_err *err)
{
    struct sw_import_options *to = &out->options;

    *to = (struct sw_import_options){.lane = opts->lane,
                                     .bucket = opts->bucket,
                                     .cloud = opts->cloud,
                                     .description = opts->description,
                                     .role_name = opts->role_name,
                                     .boot_mode = opts->boot_mode,
                                     .platform = opts->platform,
                                     .license_type = opts->license_type,
                                     .usage_operation = opts->usage_operation,
                                     .architecture = opts->architecture,
                                     .kms_key = opts->kms_key,
                                     .comment = opts->comment,
                                     .license_specifications = opts->licences.items,
                                     .nr_license_specifications = opts->licences.n,
                                     .parent_snapshot = opts->parent_snapshot,
                                     .encrypted = opts->encrypted,
                                     .delete_object = opts->delete_object};
    if (take_images(opts, args, out, err) < 0)
        return -1;
    if (take_tags("tag", &opts->tags, out, &to->task_tags, err) < 0 ||
        after_args_take(&opts->after, &out->after, to, err) < 0)
        return -1;
    /* Without a task they are the image's and its snapshots'. */
    if (to->lane != NULL && strcmp(to->lane, "ebs-direct") == 0)
        to->task_tags = (struct sw_import_tags){.n = 0};
    return 0;
}

/* What an import is was said when it was begun; how it is gone on with is said again. */
static int refuse_said_twice(const struct import_opts *opts, const struct args *args, struct sw_err *err)
{
    const struct {
        const char *name;
        bool given;
    } told[] = {
        {"IMAGE", args->n > 0},
        {"--bucket", opts->bucket != NULL},
        {"--prefix", opts->prefix != NULL},
        {"--lane", opts->lane != NULL},
        {"--format", opts->format != NULL},
        {"--as", opts->as != NULL},
        {"-o", opts->settings.n > 0},
        {"--allow-parent", opts->allow_parent != NULL},
        {"--disk", opts->package_disk != 0},
        {"--description", opts->description != NULL},
        {"--role-name", opts->role_name != NULL},
        {"--boot-mode", opts->boot_mode != NULL},
        {"--parent-snapshot", opts->parent_snapshot != NULL},
        {"--platform", opts->platform != NULL},
        {"--license-type", opts->license_type != NULL},
        {"--usage-operation", opts->usage_operation != NULL},
        {"--architecture", opts->architecture != NULL},
        {"--kms-key-id", opts->kms_key != NULL},
        {"--comment", opts->comment != NULL},
        {"--device", opts->devices.n > 0},
        {"--tag", opts->tags.n > 0},
        {"--license-configuration", opts->licences.n > 0},
        {"--encrypted", opts->encrypted},
        {"--dry-run", opts->dry_run},
    };
    const char *said = after_args_given(&opts->after);

    for (size_t i = 0; i < SW_ARRAY_LEN(told) && said == NULL; i++)
        if (told[i].given)
            said = told[i].name;
    if (said == NULL)
        return 0;
    return sw_fail(err, SW_USAGE, "with --resume, %s is what the journal says; leave it away", said);
}

static int take_record(const struct import_opts *opts, const struct args *args, struct import_args *out,
                       struct sw_err *err)
{
    if (refuse_said_twice(opts, args, err) < 0 || sw_import_recall(NULL, opts->resume, &out->record, err) < 0)
        return -1;
    out->options = out->record->options;
    out->options.delete_object = out->options.delete_object || opts->delete_object;
    memcpy(out->disks, out->options.disks, out->options.nr_disks * sizeof(out->disks[0]));
    out->options.disks = out->disks;
    return 0;
}

int import_args_take(const struct import_opts *opts, const struct args *args, struct import_args *out,
                     struct sw_err *err)
{
    int rc = opts->resume != NULL ? take_record(opts, args, out, err) : take_options(opts, args, out, err);

    out->options.part_bytes = opts->part_bytes;
    out->options.connections = (unsigned)opts->common.jobs;
    out->options.jobs = (unsigned)opts->common.jobs;
    out->options.poll_ms = (unsigned)opts->poll_ms;
    return rc;
}

void import_args_clear(struct import_args *args)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(args->sources); i++)
        import_source_close(&args->sources[i]);
    free(args->settings);
    for (size_t i = 0; i < SW_ARRAY_LEN(args->keys); i++)
        free(args->keys[i]);
    for (size_t i = 0; i < SW_ARRAY_LEN(args->tag_texts); i++)
        free(args->tag_texts[i]);
    sw_import_record_free(args->record);
    after_args_free(&args->after);
}

struct sw_cloud_config import_args_cloud(const struct import_opts *opts,
                                         const struct sw_import_options *options, const char *region)
{
    const struct sw_cloud_config *now = &opts->cloud, *then = &options->cloud;

    return (struct sw_cloud_config){
        .profile = now->profile != NULL ? now->profile : then->profile,
        .region = now->region != NULL                   ? now->region
                  : region != NULL && region[0] != '\0' ? region
                                                        : then->region,
        .endpoint_url = now->endpoint_url != NULL ? now->endpoint_url : then->endpoint_url,
        .use_imds = now->use_imds,
    };
}
