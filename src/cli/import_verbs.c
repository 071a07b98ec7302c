/* slipway import list, status and cancel: what the journals know, and how an import is taken back. */
#include "src/cli/import_verbs.h"
#include "src/cli/cloud_args.h"

#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/import_explain.h"
#include "src/cli/import_show.h"

#include <string.h>

SW_DEFINE_AUTO(record, struct sw_import_record, sw_import_record_free)

enum { SHORT_ID = 12 };

/* A member's text, or "" where there is none. */
static const char *text_of(const json_t *doc, const char *member)
{
    const char *text = sw_json_text(doc, member);

    return text != NULL ? text : "";
}

/* " s3://bucket/key", or the file's path where the lane uses no bucket. */
static void print_place(const json_t *doc, const json_t *disk)
{
    const char *key = sw_json_text(disk, "key"), *bucket = sw_json_text(doc, "bucket");

    if (key != NULL && bucket != NULL) {
        fputs("s3://", stdout);
        out_safe(stdout, bucket);
        fputs("/", stdout);
        out_safe(stdout, key);
    } else {
        out_safe(stdout, text_of(disk, "path"));
    }
}

static void print_task(const json_t *task)
{
    out_safe(stdout, text_of(task, "task_id"));
    fputs(" ", stdout);
    out_task_state(stdout, text_of(task, "status"), text_of(task, "progress"), text_of(task, "message"));
}

/* One line an import. */
static void print_line(const json_t *doc)
{
    const json_t *disks = json_object_get(doc, "disks"), *tasks = json_object_get(doc, "tasks");

    printf("%.*s  ", SHORT_ID, text_of(doc, "import"));
    if (sw_json_text(doc, "fault") != NULL) {
        out_safe(stdout, text_of(doc, "fault"));
        putchar('\n');
        return;
    }
    printf("%-10s  %.19s  ", text_of(doc, "stage"), text_of(doc, "updated"));
    print_place(doc, json_array_get(disks, 0));
    if (json_array_size(disks) > 1)
        printf(" and %zu more", json_array_size(disks) - 1);
    if (text_of(doc, "image_id")[0] != '\0') {
        fputs("  ", stdout);
        out_safe(stdout, text_of(doc, "image_id"));
    } else if (json_array_size(tasks) > 0) {
        fputs("  ", stdout);
        print_task(json_array_get(tasks, 0));
    }
    putchar('\n');
}

static int run_list(const struct import_opts *opts, const struct args *args, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = sw_import_list(NULL, err);
    const json_t *doc;
    size_t i;

    (void)args;
    if (list == NULL)
        return -1;
    if (import_wants_json(opts))
        return out_json(json_incref(list), err);
    json_array_foreach (list, i, doc)
        print_line(doc);
    return 0;
}

static void print_uploads(const json_t *uploads)
{
    const json_t *upload;
    size_t i;

    json_array_foreach (uploads, i, upload) {
        printf("  unfinished upload of s3://");
        out_safe(stdout, text_of(upload, "bucket"));
        putchar('/');
        out_safe(stdout, text_of(upload, "key"));
        printf(", begun %.19s: ", text_of(upload, "initiated"));
        out_safe(stdout, text_of(upload, "upload_id"));
        puts(json_is_true(json_object_get(upload, "of_this_import")) ? " (this import's)"
                                                                     : " (not this import's)");
    }
}

static void print_status(const json_t *doc)
{
    const json_t *item;
    size_t i;

    printf("%s  %s, lane %s%s\n", text_of(doc, "import"), text_of(doc, "stage"), text_of(doc, "lane"),
           json_is_true(json_object_get(doc, "busy")) ? ", a slipway is at work on it" : "");
    json_array_foreach (json_object_get(doc, "disks"), i, item) {
        fputs("  ", stdout);
        out_safe(stdout, text_of(item, "path"));
        fputs(" -> ", stdout);
        print_place(doc, item);
        printf("  %s, %s\n", text_of(item, "format"), text_of(item, "stage"));
    }
    json_array_foreach (json_object_get(doc, "tasks"), i, item) {
        fputs("  ", stdout);
        print_task(item);
        putchar('\n');
    }
    if (text_of(doc, "image_id")[0] != '\0') {
        fputs("  image ", stdout);
        out_safe(stdout, text_of(doc, "image_id"));
        putchar('\n');
    }
    print_uploads(json_object_get(doc, "uploads"));
}

/* As the service says; where it cannot be asked, as the journal does, with a warning. NULL and err on failure. */
static json_t *status_of(const struct import_opts *opts, const struct sw_import_record *record,
                         struct sw_err *err)
{
    struct sw_cloud_config config = import_args_cloud(opts, &record->options, record->region);
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;
    json_t *doc = NULL;

    if (opts->offline)
        return sw_import_show(record, err);
    if (sw_cloud_open(&config, NULL, &cloud, err) == 0)
        doc = sw_import_ask(record, cloud, err);
    if (doc != NULL || (err->code != SW_FAILED && err->code != SW_REMOTE))
        return doc;
    sw_log(SW_LOG_WARNING, "import %.*s: as the journal has it, for %s", SHORT_ID, record->id, err->text);
    *err = (struct sw_err){.code = SW_OK};
    return sw_import_show(record, err);
}

static int add_status(const struct import_opts *opts, const char *id, json_t *list, struct sw_err *err)
{
    SW_CLEANUP(record_auto) struct sw_import_record *record = NULL;
    json_t *doc;

    if (sw_import_recall(NULL, id, &record, err) < 0 || (doc = status_of(opts, record, err)) == NULL)
        return -1;
    return sw_json_append(list, doc, err);
}

/* Every import that can be read; the others are listed as they are. */
static int add_all(const struct import_opts *opts, json_t *list, struct sw_err *err)
{
    SW_AUTO_JSON json_t *all = sw_import_list(NULL, err);
    json_t *doc;
    size_t i;

    if (all == NULL)
        return -1;
    json_array_foreach (all, i, doc) {
        int rc = sw_json_text(doc, "fault") != NULL ? sw_json_append(list, json_incref(doc), err)
                                                    : add_status(opts, text_of(doc, "import"), list, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int run_status(const struct import_opts *opts, const struct args *args, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();
    const json_t *doc;
    size_t i;
    int rc = args->n > 1 ? add_status(opts, args->items[1], list, err) : add_all(opts, list, err);

    if (rc < 0)
        return -1;
    if (import_wants_json(opts))
        return out_json(json_incref(args->n > 1 ? json_array_get(list, 0) : list), err);
    json_array_foreach (list, i, doc) {
        if (sw_json_text(doc, "fault") != NULL)
            print_line(doc);
        else
            print_status(doc);
    }
    return 0;
}

static int run_cancel(const struct import_opts *opts, const struct args *args, struct sw_err *err)
{
    SW_CLEANUP(record_auto) struct sw_import_record *record = NULL;
    SW_CLEANUP(cloud_auto) struct sw_cloud *cloud = NULL;
    SW_CLEANUP(import_teller_end) struct import_teller teller = {.events = NULL};
    struct sw_cloud_config config;

    if (sw_import_recall(NULL, args->items[1], &record, err) < 0)
        return -1;
    record->options.poll_ms = (unsigned)opts->poll_ms;
    config = import_args_cloud(opts, &record->options, record->region);
    if (sw_cloud_open(&config, NULL, &cloud, err) < 0 || import_teller_begin(&teller, opts, err) < 0 ||
        sw_import_cancel(record, cloud, &teller.base, err) < 0)
        return -1;
    if (!import_wants_json(opts)) {
        if (!opts->common.quiet)
            fprintf(stderr, "import %s is cancelled\n", record->id);
        return 0;
    }
    return out_json(json_pack("{s:s, s:s}", "import", record->id, "stage", "cancelled"), err);
}

static const struct import_verb verbs[] = {
    {"list", 0, 0, "no arguments", run_list},
    {"status", 0, 1, "the id of one import, or none", run_status},
    {"cancel", 1, 1, "the id of one import", run_cancel},
    {"explain", 1, 1, "a message of AWS's", import_explain},
};

const struct import_verb *import_verb_find(const char *word)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(verbs); i++)
        if (strcmp(word, verbs[i].name) == 0)
            return &verbs[i];
    return NULL;
}

int import_verb_run(const struct import_verb *verb, const struct import_opts *opts, const struct args *args,
                    struct sw_err *err)
{
    size_t given = args->n - 1;

    if (given < verb->min_args || given > verb->max_args)
        return sw_fail(err, SW_USAGE, "%s takes %s (an image of that name is ./%s)", verb->name, verb->takes,
                       verb->name);
    return verb->run(opts, args, err);
}
