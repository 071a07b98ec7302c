/* The lane ebs-direct: a disk's blocks straight into a snapshot, and an image over it; no bucket, no service role. */
#include "src/base/buf.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/import/ebs_disk.h"
#include "src/import/lane.h"
#include "src/import/register.h"
#include "src/import/task.h"

#include <stdio.h>
#include <string.h>

/* What goes through a bucket and a service role in the other lanes. */
static int refuse_foreign(const struct sw_import_options *o, struct sw_err *err)
{
    const struct {
        const char *option;
        bool given;
    } rows[] = {
        {"a bucket", o->bucket != NULL},
        {"a service role", o->role_name != NULL},
        {"a comment", o->comment != NULL},
        {"tags of a task", o->task_tags.n > 0},
        {"the deletion of an object", o->delete_object},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (rows[i].given)
            return sw_fail(err, SW_USAGE, "%s is not for the lane ebs-direct: there is no task of VM Import",
                           rows[i].option);
    return 0;
}

static int ebs_check(const struct sw_import_options *options, struct sw_err *err)
{
    if (refuse_foreign(options, err) < 0)
        return -1;
    for (size_t i = 0; i < options->nr_disks; i++)
        if (ebs_disk_check(options, i, err) < 0)
            return -1;
    return register_check(options, "ebs-direct", err);
}

/* Where it comes from and what it becomes: there is no place on AWS's side before the snapshot is there. */
static char *ebs_destination(const struct sw_import_options *options, struct sw_cloud *cloud,
                             struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (sw_buf_printf(&text, err, "ebs %s %s %s", sw_cloud_s3_url(cloud), sw_cloud_region(cloud),
                      options->name != NULL ? options->name : "") < 0)
        return NULL;
    for (size_t i = 0; i < options->nr_disks; i++) {
        SW_AUTO_FREE char *path = realpath(options->disks[i].source_path, NULL);

        if (path == NULL) {
            sw_fail_errno(err, "cannot look at '%s'", options->disks[i].source_path);
            return NULL;
        }
        if (sw_buf_printf(&text, err, "%s%s", i > 0 ? "\n" : " ", path) < 0)
            return NULL;
    }
    return sw_buf_steal(&text);
}

static int ebs_start(struct import_flow *flow, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct ebs_disk disks[SW_IMPORT_MAX_DISKS];

    /* After a failure or other options there is something left to send; else this does nothing. */
    if (ebs_disks_send(flow, err) < 0 || ebs_state_load(state->lane, disks, err) < 0)
        return -1;
    for (size_t i = 0; i < flow->options->nr_disks; i++) {
        struct sw_ec2_task *task = &state->tasks[i];

        *task = (struct sw_ec2_task){.found = true, .status = "pending", .nr_snapshots = 1};
        snprintf(task->id, sizeof(task->id), "%s", disks[i].snapshot);
        snprintf(task->snapshots[0], sizeof(task->snapshots[0]), "%s", disks[i].snapshot);
    }
    state->nr_tasks = flow->options->nr_disks;
    return 0;
}

/* A snapshot as the task that it is to whoever watches. */
static int describe(struct sw_cloud *cloud, const char *id, struct sw_ec2_task *out, struct sw_err *err)
{
    struct sw_ec2_snapshot now;

    *out = (struct sw_ec2_task){.found = false};
    if (sw_ec2_describe_snapshot(cloud, id, &now, err) < 0)
        return -1;
    out->found = now.found;
    out->nr_snapshots = 1;
    snprintf(out->id, sizeof(out->id), "%s", id);
    snprintf(out->snapshots[0], sizeof(out->snapshots[0]), "%s", id);
    if (strcmp(now.state, "error") == 0) {
        snprintf(out->status, sizeof(out->status), "deleted");
        snprintf(out->message, sizeof(out->message),
                 "the snapshot ended as error%s%s; run again to send it anew",
                 now.message[0] != '\0' ? ": " : "", now.message);
        return 0;
    }
    snprintf(out->status, sizeof(out->status), "%s", now.state);
    snprintf(out->progress, sizeof(out->progress), "%.*s", (int)strcspn(now.progress, "%"), now.progress);
    return 0;
}

/* EC2 forgets no snapshot: one that it does not show for long is none any more. */
static int recall(struct sw_cloud *cloud, struct sw_ec2_task *task, struct sw_err *err)
{
    (void)cloud;
    (void)err;
    task->found = true;
    snprintf(task->status, sizeof(task->status), "deleted");
    snprintf(task->message, sizeof(task->message), "the snapshot is not there; run again to send it anew");
    return 0;
}

static const struct task_kind task_of_blocks = {.describe = describe, .recall = recall};

static int ebs_ask(struct import_flow *flow, struct sw_err *err)
{
    return task_ask(flow, &task_of_blocks, err);
}

static int forget_failed(struct import_flow *flow, struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;

    for (size_t i = 0; i < state->nr_tasks; i++)
        if (task_failed(&state->tasks[i]) && ebs_disk_forget(flow, i, err) < 0)
            return -1;
    return 0;
}

static int ebs_watch(struct import_flow *flow, bool *ended, struct sw_err *err)
{
    const struct import_state *state = &flow->journal.state;
    char snapshots[SW_IMPORT_MAX_DISKS][SW_EC2_SNAPSHOT_ID];

    *ended = false;
    if (state->nr_tasks != flow->options->nr_disks)
        return sw_json_damaged("tasks", err);
    if (task_wait(flow, &task_of_blocks, ended, err) < 0) {
        struct sw_err cause = {.code = SW_OK};

        if (*ended && forget_failed(flow, &cause) < 0)
            sw_log(SW_LOG_WARNING, "%s", cause.text);
        return -1;
    }
    for (size_t i = 0; i < state->nr_tasks; i++)
        memcpy(snapshots[i], state->tasks[i].snapshots[0], SW_EC2_SNAPSHOT_ID);
    return register_image(flow, (const char(*)[SW_EC2_SNAPSHOT_ID])snapshots, err);
}

const struct import_lane lane_ebs_direct = {
    .name = "ebs-direct",
    .check = ebs_check,
    .destination = ebs_destination,
    .transfer = ebs_disks_send,
    .discard = ebs_disks_discard,
    .start = ebs_start,
    .watch = ebs_watch,
    .ask = ebs_ask,
    .cancel = ebs_disks_cancel,
};
