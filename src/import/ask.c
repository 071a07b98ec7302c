/* How an import is now: its tasks are asked, and the bucket for what was left in it. */
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/lane.h"
#include "src/import/records.h"
#include "src/import/task.h"

#include <string.h>

/*
 * What the journal has. The lock is given back at once, so that nobody is refused while EC2 is asked; *busy: a slipway is at work
 * on it.
 */
static int peek(struct import_flow *flow, bool *busy, struct sw_err *err)
{
    struct import_journal *journal = &flow->journal;

    *busy = false;
    if (journal_open(flow->options->state_dir, flow->options->id, flow->options->id, journal, err) == 0) {
        close(journal->lock_fd);
        journal->lock_fd = -1;
        return 0;
    }
    if (journal->lock_fd >= 0 || journal->path == NULL)
        return -1;
    *err = (struct sw_err){.code = SW_OK};
    *busy = true;
    return journal_peek(journal->path, &journal->state, err);
}

/* Nobody went on with the import since it was read. */
static bool is_unchanged(const struct import_flow *flow, struct import_journal *now)
{
    struct sw_err ignored = {.code = SW_OK};

    return journal_open(flow->options->state_dir, flow->options->id, flow->options->id, now, &ignored) == 0 &&
           now->state.updated_ms == flow->journal.state.updated_ms;
}

/* What is over stays over; the image of a task that completed is taken by whoever goes on with the import. */
static int keep_outcome(struct import_flow *flow, struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;
    JOURNAL_AUTO struct import_journal now;
    bool failed = false, running = false;

    if (!is_unchanged(flow, &now))
        return 0;
    for (size_t i = 0; i < state->nr_tasks; i++) {
        failed = failed || (state->tasks[i].found && task_failed(&state->tasks[i]));
        running = running || !task_ended(&state->tasks[i]);
    }
    /* Tasks of other disks that run on are ended by whoever goes on with the import, or cancels it. */
    return failed && !running ? flow_enter(flow, IMPORT_FAILED, err) : flow_save(flow, err);
}

static int ask_tasks(struct import_flow *flow, bool busy, struct sw_err *err)
{
    if (flow->journal.state.stage != IMPORT_RUNNING && flow->journal.state.stage != IMPORT_CANCELLING)
        return 0;
    if (flow->lane->ask(flow, err) < 0)
        return -1;
    return busy || flow->journal.state.stage != IMPORT_RUNNING ? 0 : keep_outcome(flow, err);
}

static int show_uploads(struct import_flow *flow, size_t disk, json_t *list, struct sw_err *err)
{
    SW_CLEANUP(sw_s3_uploads_free) struct sw_s3_uploads uploads;
    struct sw_s3_upload place = object_of(flow, disk);

    if (sw_s3_list_uploads(flow->cloud, &place, &uploads, err) < 0)
        return -1;
    for (size_t i = 0; i < uploads.n; i++) {
        const struct sw_s3_open_upload *upload = &uploads.items[i];
        bool ours = place.upload_id != NULL && strcmp(place.upload_id, upload->upload_id) == 0;

        if (sw_json_append(list,
                           json_pack("{s:s, s:s, s:s, s:s, s:b}", "bucket", place.bucket, "key", place.key,
                                     "upload_id", upload->upload_id, "initiated", upload->initiated,
                                     "of_this_import", ours),
                           err) < 0)
            return -1;
    }
    return 0;
}

/* That the uploads may not be listed is worth a warning, and hides nothing else. */
static int find_uploads(struct import_flow *flow, json_t *doc, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; flow->lane->transfer == NULL && i < flow->options->nr_disks; i++) {
        if (show_uploads(flow, i, list, err) == 0)
            continue;
        if (err->code != SW_FAILED)
            return -1;
        sw_log(SW_LOG_WARNING, "%s", err->text);
        *err = (struct sw_err){.code = SW_OK};
    }
    return sw_json_set(doc, "uploads", json_incref(list), err);
}

json_t *sw_import_ask(const struct sw_import_record *record, struct sw_cloud *cloud, struct sw_err *err)
{
    struct sw_import_listener nobody = {.task = NULL};
    SW_CLEANUP(flow_close) struct import_flow flow;
    SW_AUTO_JSON json_t *doc = NULL;
    bool busy;

    if (flow_init(&flow, &record->options, cloud, &nobody, err) < 0 || peek(&flow, &busy, err) < 0 ||
        ask_tasks(&flow, busy, err) < 0)
        return NULL;
    doc = record_show(record->id, &flow.journal.state, &record->options, err);
    if (doc == NULL || sw_json_set(doc, "busy", json_boolean(busy), err) < 0 ||
        find_uploads(&flow, doc, err) < 0)
        return NULL;
    return SW_STEAL_PTR(doc);
}
