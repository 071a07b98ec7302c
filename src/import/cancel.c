/* An import is taken back: tasks, uploads, objects. */
#include "src/base/log.h"
#include "src/import/finish.h"
#include "src/import/lane.h"

#include <string.h>

static int abort_uploads(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];
    struct sw_s3_upload place = object_of(flow, disk);
    unsigned aborted;

    switch (object->stage) {
    case OBJECT_CREATING:
        return sw_s3_abort_all(flow->cloud, &place, &aborted, err);
    case OBJECT_UPLOADING:
    case OBJECT_COMPLETING:
        return sw_s3_abort_upload(flow->cloud, &place, err);
    default:
        return 0;
    }
}

static int take_back(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct import_object *object = &flow->journal.state.objects[disk];

    if (object->stage == OBJECT_NEW || object->stage == OBJECT_DELETED) {
        journal_drop_parts(&flow->journal, disk);
        return 0;
    }
    if (abort_uploads(flow, disk, err) < 0)
        return -1;
    /* An upload that was being completed may be an object by now. */
    if (object->stage == OBJECT_COMPLETING)
        object->stage = OBJECT_UPLOADED;
    if (finish_delete(flow, disk, err) < 0)
        return -1;
    object->stage = OBJECT_DELETED;
    free(object->upload_id);
    object->upload_id = NULL;
    if (flow_save(flow, err) < 0)
        return -1;
    journal_drop_parts(&flow->journal, disk);
    return 0;
}

/*
 * A request for tasks whose answer was not noted is repeated under its token: then they are known, and can be stopped. A
 * refusal of the keys tells nothing of them.
 */
static int learn_tasks(struct import_flow *flow, struct sw_err *err)
{
    if (!flow->journal.state.asked)
        return 0;
    if (flow_ask_tasks(flow, err) == 0)
        return flow_save(flow, err);
    if (err->code != SW_FAILED || err->sys != SW_CLOUD_UNFIT)
        return sw_context(err, "whether a task was begun is not known yet");
    *err = (struct sw_err){.code = SW_OK};
    return 0;
}

/* Back to what it was, for there is an image. Keeps err. */
static int refuse(struct import_flow *flow)
{
    struct sw_err ignored = {.code = SW_OK};

    if (flow_enter(flow, IMPORT_RUNNING, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "%s", ignored.text);
    return -1;
}

static int cancel(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    if (state->image_id[0] != '\0')
        return sw_fail(err, SW_REFUSED, "the import has an image, '%s': there is nothing to cancel",
                       state->image_id);
    if (state->stage == IMPORT_CANCELLED)
        return 0;
    if (flow_enter(flow, IMPORT_CANCELLING, err) < 0 || learn_tasks(flow, err) < 0)
        return -1;
    if (flow->lane->cancel(flow, err) < 0)
        return err->code == SW_REFUSED ? refuse(flow) : -1;
    for (size_t i = 0; i < state->nr_objects && i < flow->options->nr_disks; i++)
        if (flow->lane->transfer == NULL && take_back(flow, i, err) < 0)
            return -1;
    json_decref(SW_STEAL_PTR(state->lane));
    return flow_enter(flow, IMPORT_CANCELLED, err);
}

int sw_import_cancel(const struct sw_import_record *record, struct sw_cloud *cloud,
                     struct sw_import_listener *listener, struct sw_err *err)
{
    SW_CLEANUP(flow_close) struct import_flow flow;

    if (flow_init(&flow, &record->options, cloud, listener, err) < 0 || flow_open_journal(&flow, err) < 0 ||
        cancel(&flow, err) < 0)
        return sw_context(err, "import %s", record->id);
    return 0;
}
