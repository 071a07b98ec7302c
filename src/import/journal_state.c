/* An import's state as JSON and back; what comes back is checked, for anybody may have written to it. */
#include "src/base/json.h"
#include "src/import/journal.h"

#include <string.h>

static const char *const stage_names[IMPORT_STAGES] = {
    [IMPORT_NEW] = "new",           [IMPORT_SENDING] = "sending",       [IMPORT_SENT] = "sent",
    [IMPORT_RUNNING] = "importing", [IMPORT_FINISHING] = "finishing",   [IMPORT_COMPLETED] = "completed",
    [IMPORT_FAILED] = "failed",     [IMPORT_CANCELLING] = "cancelling", [IMPORT_CANCELLED] = "cancelled",
};

static const char *const object_names[OBJECT_STAGES] = {
    [OBJECT_NEW] = "new",
    [OBJECT_CREATING] = "creating",
    [OBJECT_UPLOADING] = "uploading",
    [OBJECT_COMPLETING] = "completing",
    [OBJECT_UPLOADED] = "uploaded",
    [OBJECT_DELETED] = "deleted",
};

const char *import_stage_name(enum import_stage stage)
{
    return stage_names[stage];
}

const char *object_stage_name(enum object_stage stage)
{
    return object_names[stage];
}

static int load_identity(const json_t *doc, struct import_identity *out, struct sw_err *err)
{
    const json_t *input = json_object_get(doc, "input");
    uint64_t mtime_ns, ctime_ns = 0;

    if (sw_json_take_number(input, "size_bytes", INT64_MAX, &out->size_bytes, err) < 0 ||
        sw_json_take_number(input, "file_bytes", INT64_MAX, &out->file_bytes, err) < 0 ||
        sw_json_take_number(input, "device", INT64_MAX, &out->device, err) < 0 ||
        sw_json_take_number(input, "inode", INT64_MAX, &out->inode, err) < 0 ||
        sw_json_take_number(input, "mtime_ns", INT64_MAX, &mtime_ns, err) < 0 ||
        (json_object_get(input, "ctime_ns") != NULL &&
         sw_json_take_number(input, "ctime_ns", INT64_MAX, &ctime_ns, err) < 0) ||
        (json_object_get(input, "encoding") != NULL &&
         sw_json_take_text(input, "encoding", out->encoding, sizeof(out->encoding), err) < 0))
        return -1;
    out->mtime_ns = (int64_t)mtime_ns;
    out->ctime_ns = (int64_t)ctime_ns;
    return 0;
}

/* What the next request is made of must be there, and no other object may pass for this import's. */
static int check_object(const struct import_object *object, struct sw_err *err)
{
    bool uploads = object->stage >= OBJECT_CREATING && object->stage <= OBJECT_COMPLETING;

    if (object->part_bytes > SW_S3_MAX_PART_BYTES || (uploads && object->part_bytes == 0))
        return sw_json_damaged("part_bytes", err);
    if (object->stage < OBJECT_UPLOADING || object->stage == OBJECT_DELETED)
        return 0;
    if (strspn(object->mark, "0123456789abcdef") != IMPORT_MARK - 1)
        return sw_json_damaged("mark", err);
    if (uploads && (object->upload_id == NULL || object->upload_id[0] == '\0'))
        return sw_json_damaged("upload_id", err);
    return 0;
}

static int load_object(const json_t *doc, struct import_object *out, struct sw_err *err)
{
    const char *upload_id = sw_json_text(doc, "upload_id");
    unsigned stage;

    if (sw_json_take_name(doc, "stage", object_names, OBJECT_STAGES, &stage, err) < 0 ||
        load_identity(doc, &out->input, err) < 0 ||
        sw_json_take_text(doc, "format", out->format, sizeof(out->format), err) < 0 ||
        sw_json_take_text(doc, "mark", out->mark, sizeof(out->mark), err) < 0 ||
        sw_json_take_text(doc, "content", out->content, sizeof(out->content), err) < 0 ||
        sw_json_take_number(doc, "part_bytes", INT64_MAX, &out->part_bytes, err) < 0 ||
        sw_json_take_number(doc, "object_bytes", INT64_MAX, &out->object_bytes, err) < 0)
        return -1;
    if (json_object_get(doc, "checksum") != NULL &&
        sw_json_take_text(doc, "checksum", out->checksum, sizeof(out->checksum), err) < 0)
        return -1;
    out->stage = stage;
    out->summed = json_is_true(json_object_get(doc, "summed"));
    out->encoded = json_is_true(json_object_get(doc, "encoded"));
    if (upload_id != NULL && (out->upload_id = sw_strdup(upload_id, err)) == NULL)
        return -1;
    return check_object(out, err);
}

static int load_snapshots(const json_t *list, struct sw_ec2_task *out, struct sw_err *err)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        const char *text = json_string_value(item);

        if (text == NULL || strlen(text) >= SW_EC2_SNAPSHOT_ID || i >= SW_EC2_MAX_SNAPSHOTS)
            return sw_json_damaged("snapshots", err);
        memcpy(out->snapshots[i], text, strlen(text) + 1);
        out->nr_snapshots = (unsigned)i + 1;
    }
    return 0;
}

static int load_task(const json_t *doc, struct sw_ec2_task *out, struct sw_err *err)
{
    out->found = true;
    if (sw_json_take_text(doc, "id", out->id, sizeof(out->id), err) < 0 ||
        sw_json_take_text(doc, "status", out->status, sizeof(out->status), err) < 0 ||
        sw_json_take_text(doc, "progress", out->progress, sizeof(out->progress), err) < 0 ||
        sw_json_take_text(doc, "message", out->message, sizeof(out->message), err) < 0 ||
        sw_json_take_text(doc, "image_id", out->image_id, sizeof(out->image_id), err) < 0)
        return -1;
    if (out->id[0] == '\0')
        return sw_json_damaged("id", err);
    return load_snapshots(json_object_get(doc, "snapshots"), out, err);
}

static int load_lists(const json_t *doc, struct import_state *out, struct sw_err *err)
{
    const json_t *objects = json_object_get(doc, "objects"), *tasks = json_object_get(doc, "tasks"), *item;
    size_t i;

    if (!json_is_array(objects) || json_array_size(objects) > SW_IMPORT_MAX_DISKS)
        return sw_json_damaged("objects", err);
    if (!json_is_array(tasks) || json_array_size(tasks) > SW_IMPORT_MAX_DISKS)
        return sw_json_damaged("tasks", err);
    out->nr_objects = json_array_size(objects);
    json_array_foreach (objects, i, item) {
        if (load_object(item, &out->objects[i], err) < 0)
            return sw_context(err, "object %zu", i + 1);
    }
    out->nr_tasks = json_array_size(tasks);
    json_array_foreach (tasks, i, item) {
        if (load_task(item, &out->tasks[i], err) < 0)
            return sw_context(err, "task %zu", i + 1);
    }
    return 0;
}

static int check_version(const json_t *doc, struct sw_err *err)
{
    const json_t *version = json_object_get(doc, "version");

    if (version == NULL && json_object_get(doc, "stage") != NULL && json_object_get(doc, "input") != NULL)
        return sw_fail(err, SW_FAILED,
                       "an earlier slipway wrote it, in version 1, which this one does not go on with");
    if (!json_is_integer(version))
        return sw_json_damaged("version", err);
    if (json_integer_value(version) != JOURNAL_VERSION)
        return sw_fail(err, SW_FAILED, "it is of version %lld, and this slipway reads %d",
                       (long long)json_integer_value(version), JOURNAL_VERSION);
    return 0;
}

/* A stage stands on what the ones before it left. */
static int check_stage(const struct import_state *state, struct sw_err *err)
{
    if (state->stage == IMPORT_RUNNING && state->nr_tasks == 0)
        return sw_json_damaged("tasks", err);
    if ((state->stage == IMPORT_FINISHING || state->stage == IMPORT_COMPLETED) && state->image_id[0] == '\0')
        return sw_json_damaged("image_id", err);
    return 0;
}

int state_load(const json_t *doc, struct import_state *out, struct sw_err *err)
{
    json_t *options = json_object_get(doc, "options"), *lane = json_object_get(doc, "lane"),
           *release = json_object_get(doc, "release");
    uint64_t attempt, updated;
    unsigned stage;

    if (check_version(doc, err) < 0 ||
        sw_json_take_name(doc, "stage", stage_names, IMPORT_STAGES, &stage, err) < 0 ||
        sw_json_take_number(doc, "attempt", INT64_MAX, &attempt, err) < 0 ||
        sw_json_take_number(doc, "updated", INT64_MAX, &updated, err) < 0 ||
        sw_json_take_text(doc, "request", out->request, sizeof(out->request), err) < 0 ||
        sw_json_take_text(doc, "after", out->after, sizeof(out->after), err) < 0 ||
        sw_json_take_text(doc, "region", out->region, sizeof(out->region), err) < 0 ||
        sw_json_take_text(doc, "image_id", out->image_id, sizeof(out->image_id), err) < 0 ||
        load_lists(doc, out, err) < 0)
        return -1;
    if (attempt == 0 || attempt > 1000000)
        return sw_json_damaged("attempt", err);
    if (!json_is_object(options))
        return sw_json_damaged("options", err);
    if (lane != NULL && !json_is_object(lane))
        return sw_json_damaged("lane", err);
    if (release != NULL && !json_is_object(release))
        return sw_json_damaged("release", err);
    out->stage = stage;
    out->asked = json_is_true(json_object_get(doc, "asked"));
    out->attempt = (unsigned)attempt;
    out->updated_ms = (int64_t)updated;
    out->options = json_incref(options);
    out->lane = json_incref(lane);
    out->release = json_incref(release);
    return check_stage(out, err);
}

void state_clear(struct import_state *state)
{
    for (size_t i = 0; i < SW_IMPORT_MAX_DISKS; i++)
        free(state->objects[i].upload_id);
    json_decref(state->options);
    json_decref(state->lane);
    json_decref(state->release);
    *state = (struct import_state){.stage = IMPORT_NEW};
}

static json_t *store_object(const struct import_object *object)
{
    const struct import_identity *input = &object->input;

    return json_pack(
        "{s:s, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:s}, s:s, s:b, s:s, s:s, s:I, s:I, s:b, s:s, s:s*}", "stage",
        object_names[object->stage], "input", "size_bytes", (json_int_t)input->size_bytes, "file_bytes",
        (json_int_t)input->file_bytes, "device", (json_int_t)input->device, "inode", (json_int_t)input->inode,
        "mtime_ns", (json_int_t)input->mtime_ns, "ctime_ns", (json_int_t)input->ctime_ns, "encoding",
        input->encoding, "format", object->format, "encoded", object->encoded, "mark", object->mark,
        "content", object->content, "part_bytes", (json_int_t)object->part_bytes, "object_bytes",
        (json_int_t)object->object_bytes, "summed", object->summed, "checksum", object->checksum, "upload_id",
        object->upload_id);
}

json_t *state_snapshots(const char ids[][SW_EC2_SNAPSHOT_ID], unsigned n, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (unsigned i = 0; i < n; i++)
        if (sw_json_append(list, json_string(ids[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

static json_t *store_task(const struct sw_ec2_task *task, struct sw_err *err)
{
    json_t *snapshots = state_snapshots(task->snapshots, task->nr_snapshots, err);

    if (snapshots == NULL)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "id", task->id, "status", task->status, "progress",
                     task->progress, "message", task->message, "image_id", task->image_id, "snapshots",
                     snapshots);
}

static int store_lists(const struct import_state *state, json_t *doc, struct sw_err *err)
{
    SW_AUTO_JSON json_t *objects = json_array();
    SW_AUTO_JSON json_t *tasks = json_array();

    for (size_t i = 0; i < state->nr_objects; i++)
        if (sw_json_append(objects, store_object(&state->objects[i]), err) < 0)
            return -1;
    for (size_t i = 0; i < state->nr_tasks; i++)
        if (sw_json_append(tasks, store_task(&state->tasks[i], err), err) < 0)
            return -1;
    if (sw_json_set(doc, "objects", SW_STEAL_PTR(objects), err) < 0)
        return -1;
    return sw_json_set(doc, "tasks", SW_STEAL_PTR(tasks), err);
}

json_t *state_store(const struct import_state *state, struct sw_err *err)
{
    SW_AUTO_JSON json_t *doc = json_pack(
        "{s:i, s:s, s:I, s:s, s:i, s:b, s:s, s:s, s:s, s:O}", "version", JOURNAL_VERSION, "stage",
        stage_names[state->stage], "updated", (json_int_t)state->updated_ms, "region", state->region,
        "attempt", (int)state->attempt, "asked", state->asked, "request", state->request, "after",
        state->after, "image_id", state->image_id, "options", state->options);

    if (doc == NULL) {
        sw_fail(err, SW_FAILED, "the import's state is no valid JSON");
        return NULL;
    }
    if (store_lists(state, doc, err) < 0)
        return NULL;
    if (state->release != NULL && sw_json_set(doc, "release", json_incref(state->release), err) < 0)
        return NULL;
    if (state->lane != NULL && sw_json_set(doc, "lane", json_incref(state->lane), err) < 0)
        return NULL;
    return SW_STEAL_PTR(doc);
}
