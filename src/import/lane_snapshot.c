/* The lane import-snapshot: one ImportSnapshot an object, and an image registered over what comes of them. */
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/explain.h"
#include "src/import/lane.h"
#include "src/import/register.h"
#include "src/import/snapshot.h"
#include "src/import/task.h"

#include <stdio.h>
#include <string.h>

static int snapshot_check(const struct sw_import_options *options, struct sw_err *err)
{
    if (options->bucket == NULL)
        return sw_fail(err, SW_USAGE, "the lane import-snapshot needs a bucket that the disks go through");
    for (size_t i = 0; i < options->nr_disks; i++) {
        const char *format = options->disks[i].format;

        if (format != NULL && strcmp(format, "OVA") == 0)
            return sw_fail(err, SW_REFUSED,
                           "'%s' is an OVA, which ImportSnapshot does not take: give its disks one by one",
                           options->disks[i].source_path);
        if (format != NULL && strcmp(format, "VHDX") == 0)
            sw_log(
                SW_LOG_WARNING,
                "'%s' is a VHDX, which ImportSnapshot takes by its guide and refuses at times; VHD is safe",
                options->disks[i].source_path);
    }
    return register_check(options, "import-snapshot", err);
}

/* Which snapshot of which bytes, whatever comes of the other disks and of the image: the attempt is not in it. */
static int memory_key(const struct import_flow *flow, size_t disk, char out[SW_SHA256_HEX],
                      struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    const struct import_object *object = &flow->journal.state.objects[disk];
    SW_AUTO_FREE char *text =
        sw_strf(err, "%s %s %s %d %s", object->content, object->format, flow->journal.state.region,
                o->encrypted, o->kms_key != NULL ? o->kms_key : "");

    return text != NULL ? sw_sha256_hex(text, strlen(text), out, err) : -1;
}

static int remember(struct import_flow *flow, size_t disk, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    const struct sw_ec2_task *task = &state->tasks[disk];
    char key[SW_SHA256_HEX];

    if (task->nr_snapshots == 0 || strcmp(task->status, "completed") != 0)
        return 0;
    if (state->lane == NULL && (state->lane = json_object()) == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    return memory_key(flow, disk, key, err) < 0
               ? -1
               : sw_json_set(state->lane, key, json_pack("[s, s]", task->id, task->snapshots[0]), err);
}

/* A snapshot that an attempt before this one made of the same bytes, and that is still there. */
static int recall(struct import_flow *flow, size_t disk, bool *done, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    char key[SW_SHA256_HEX];
    const char *task, *id;
    const json_t *kept;
    struct sw_ec2_snapshot snapshot;

    *done = false;
    if (memory_key(flow, disk, key, err) < 0)
        return -1;
    kept = json_object_get(state->lane, key);
    task = json_string_value(json_array_get(kept, 0));
    id = json_string_value(json_array_get(kept, 1));
    if (task == NULL || id == NULL)
        return 0;
    if (sw_ec2_describe_snapshot(flow->cloud, id, &snapshot, err) < 0)
        return -1;
    if (!snapshot.found || strcmp(snapshot.state, "completed") != 0)
        return 0;
    state->tasks[disk] = (struct sw_ec2_task){.found = true, .status = "completed", .nr_snapshots = 1};
    snprintf(state->tasks[disk].id, sizeof(state->tasks[disk].id), "%s", task);
    memcpy(state->tasks[disk].snapshots[0], snapshot.id, sizeof(snapshot.id));
    *done = true;
    return 0;
}

static int ask_for(struct import_flow *flow, size_t disk, bool dry_run, struct sw_ec2_task *out,
                   struct sw_err *err)
{
    const struct sw_import_options *o = flow->options;
    char purpose[32], token[IMPORT_TOKEN];
    const struct sw_ec2_import_snapshot request = {.client_token = token,
                                                   .container = {.format = o->disks[disk].format,
                                                                 .bucket = o->bucket,
                                                                 .key = o->disks[disk].key,
                                                                 .description = o->disks[disk].description},
                                                   .description = o->description,
                                                   .role_name = o->role_name,
                                                   .kms_key = o->kms_key,
                                                   .comment = o->comment,
                                                   .upload_bytes =
                                                       flow->journal.state.objects[disk].object_bytes,
                                                   .tags = o->task_tags.items,
                                                   .nr_tags = o->task_tags.n,
                                                   .encrypted = o->encrypted,
                                                   .dry_run = dry_run};

    snprintf(purpose, sizeof(purpose), "disk %zu", disk + 1);
    if (flow_token(flow, purpose, token, err) < 0 ||
        sw_ec2_import_snapshot(flow->cloud, &request, out, err) < 0)
        return -1;
    return 0;
}

static int snapshot_start(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    for (size_t i = 0; i < flow->options->nr_disks; i++) {
        bool done;

        if (recall(flow, i, &done, err) < 0 || (!done && ask_for(flow, i, false, &state->tasks[i], err) < 0))
            return -1;
        state->nr_tasks = i + 1;
    }
    return 0;
}

/* One disk failed: the others' tasks are of no use by themselves. */
static void stop_others(struct import_flow *flow)
{
    struct import_state *state = &flow->journal.state;
    struct sw_err ignored = {.code = SW_OK};

    for (size_t i = 0; i < state->nr_tasks; i++)
        if (!task_ended(&state->tasks[i]) &&
            sw_ec2_cancel_import(flow->cloud, state->tasks[i].id, "another disk of the machine failed",
                                 &ignored) < 0)
            sw_log(SW_LOG_WARNING, "%s", ignored.text);
}

static int snapshot_watch(struct import_flow *flow, bool *ended, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    char snapshots[SW_IMPORT_MAX_DISKS][SW_EC2_SNAPSHOT_ID];
    struct sw_err ignored = {.code = SW_OK};
    int rc;

    *ended = false;
    if (state->nr_tasks != flow->options->nr_disks)
        return sw_json_damaged("tasks", err);
    rc = task_wait(flow, &task_of_snapshot, ended, err);
    /* What is done is done, also when another disk failed. */
    for (size_t i = 0; i < state->nr_tasks; i++)
        if (remember(flow, i, rc < 0 ? &ignored : err) < 0 && rc == 0)
            return -1;
    if (rc < 0) {
        if (*ended)
            stop_others(flow);
        return -1;
    }
    for (size_t i = 0; i < state->nr_tasks; i++)
        memcpy(snapshots[i], state->tasks[i].snapshots[0], SW_EC2_SNAPSHOT_ID);
    if (flow_save(flow, err) < 0)
        return -1;
    return register_image(flow, (const char(*)[SW_EC2_SNAPSHOT_ID])snapshots, err);
}

static int snapshot_ask(struct import_flow *flow, struct sw_err *err)
{
    return task_ask(flow, &task_of_snapshot, err);
}

/* An image of before, of the same bytes, may stand on it: then it stays. */
static int take_back(struct import_flow *flow, const char *id, struct sw_err *err)
{
    bool in_use;

    if (snapshot_delete(flow->cloud, id, &in_use, err) < 0)
        return -1;
    if (in_use)
        sw_log(SW_LOG_INFO, "snapshot '%s' stays: an image was made of it", id);
    return 0;
}

/* What was made of disks in attempts that came to no image. */
static int take_back_remembered(struct import_flow *flow, struct sw_err *err)
{
    const char *key;
    json_t *kept;

    json_object_foreach (flow->journal.state.lane, key, kept) {
        const char *id = json_string_value(json_array_get(kept, 1));

        if (id != NULL && take_back(flow, id, err) < 0)
            return -1;
    }
    return 0;
}

/* The disks are others now: snapshots that are part of no image are of no use. What cannot be deleted is told. */
static int snapshot_discard(struct import_flow *flow, struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;
    struct sw_err why = {.code = SW_OK};
    int rc = 0;

    if (state->image_id[0] != '\0')
        return 0;
    for (size_t i = 0; rc == 0 && i < state->nr_tasks; i++)
        if (state->tasks[i].nr_snapshots > 0)
            rc = take_back(flow, state->tasks[i].snapshots[0], &why);
    if (rc == 0)
        rc = take_back_remembered(flow, &why);
    if (rc < 0 && why.code != SW_FAILED) {
        *err = why;
        return -1;
    }
    if (rc < 0)
        sw_log(SW_LOG_WARNING, "%s; it is left behind", why.text);
    return 0;
}

/* Tasks that run are ended, and what came of them is removed: an image nobody noted first. */
static int snapshot_cancel(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    char snapshots[SW_IMPORT_MAX_DISKS][SW_EC2_SNAPSHOT_ID];
    bool completed;
    size_t n = 0;

    if (task_cancel(flow, &completed, err) < 0)
        return -1;
    for (size_t i = 0; i < state->nr_tasks; i++)
        if (state->tasks[i].nr_snapshots > 0)
            memcpy(snapshots[n++], state->tasks[i].snapshots[0], SW_EC2_SNAPSHOT_ID);
    if (n > 0 && n == flow->options->nr_disks &&
        register_take_back(flow, (const char(*)[SW_EC2_SNAPSHOT_ID])snapshots, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (take_back(flow, snapshots[i], err) < 0)
            return -1;
    return take_back_remembered(flow, err);
}

static int snapshot_dry_run(struct import_flow *flow, struct sw_err *err)
{
    struct sw_ec2_task none;

    for (size_t i = 0; i < flow->options->nr_disks; i++)
        if (ask_for(flow, i, true, &none, err) < 0)
            return -1;
    return 0;
}

const struct import_lane lane_import_snapshot = {
    .name = "import-snapshot",
    .check = snapshot_check,
    .discard = snapshot_discard,
    .start = snapshot_start,
    .watch = snapshot_watch,
    .ask = snapshot_ask,
    .cancel = snapshot_cancel,
    .dry_run = snapshot_dry_run,
};
