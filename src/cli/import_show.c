/* What slipway import says while it runs, and what comes of it. */
#include "src/cli/import_show.h"

#include "src/base/json.h"

#include <string.h>
#include <strings.h>

bool import_wants_json(const struct import_opts *opts)
{
    return opts->common.json || (opts->output != NULL && strcasecmp(opts->output, "json") == 0);
}

void import_teller_uploaded(struct import_teller *teller)
{
    if (teller->uploading)
        out_progress_end(&teller->progress);
    teller->uploading = false;
}

static void tell_task(struct sw_import_listener *self, const struct sw_ec2_task *task)
{
    struct import_teller *teller = (struct import_teller *)self;

    import_teller_uploaded(teller);
    if (teller->quiet)
        return;
    fprintf(stderr, "%s: ", task->id);
    out_task_state(stderr, task->status, task->progress, task->message);
    fputc('\n', stderr);
}

static void write_event(struct sw_import_listener *self, json_t *event)
{
    sw_events_write(((struct import_teller *)self)->events, event);
}

int import_teller_begin(struct import_teller *teller, const struct import_opts *opts, struct sw_err *err)
{
    *teller = (struct import_teller){.base = {.task = tell_task}, .quiet = opts->common.quiet};
    if (opts->events != NULL) {
        teller->events = sw_events_open(opts->events, err);
        if (teller->events == NULL)
            return sw_context(err, "--events");
        teller->base.event = write_event;
    }
    teller->base.upload = &teller->progress.base;
    teller->uploading = true;
    out_progress_begin(&teller->progress, "upload", &opts->common);
    return 0;
}

void import_teller_end(struct import_teller *teller)
{
    import_teller_uploaded(teller);
    if (teller->events != NULL)
        sw_events_close(teller->events);
    teller->events = NULL;
}

static json_t *disks_json(const struct sw_import_options *options, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < options->nr_disks; i++)
        if (sw_json_append(list,
                           json_pack("{s:s*, s:s, s:s*}", "key", options->disks[i].key, "format",
                                     options->disks[i].format, "device", options->disks[i].device),
                           err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

int import_show_result(const struct import_opts *opts, const struct sw_import_options *options,
                       const struct sw_cloud *cloud, const struct sw_import_result *result,
                       struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = NULL;

    if (!import_wants_json(opts)) {
        out_safe(stdout, result->image_id);
        fputc('\n', stdout);
        return 0;
    }
    doc = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:s*, s:s, s:I, s:I, s:b}", "import", result->id, "image_id",
                    result->image_id, "task_id", result->task.id, "region", sw_cloud_region(cloud), "bucket",
                    options->bucket, "key", options->disks[0].key, "format", options->disks[0].format,
                    "size_bytes", (json_int_t)result->size_bytes, "sent_bytes",
                    (json_int_t)result->sent_bytes, "already_imported", result->known);
    if (doc == NULL ||
        (result->images != NULL && sw_json_set(doc, "images", json_incref(result->images), err) < 0) ||
        sw_json_set(doc, "disks", disks_json(options, err), err) < 0)
        return sw_fail(err, SW_FAILED, "cannot make the JSON result");
    return out_json(json_incref(doc), err);
}
