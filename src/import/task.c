/* Import tasks on AWS's side: watch them to their end, and say what that end means. */
#include "src/import/task.h"

#include "src/base/ckd.h"
#include "src/base/log.h"
#include "src/import/explain.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_UNKNOWN = 5,   /* a task just made may not be visible at once */
    MAX_SLOWNESS = 4,  /* times the interval, while nothing changes */
    MAX_THROTTLED = 8, /* likewise, while EC2 would not answer */
};

bool task_failed(const struct sw_ec2_task *task)
{
    return strcmp(task->status, "deleted") == 0;
}

bool task_ended(const struct sw_ec2_task *task)
{
    return strcmp(task->status, "completed") == 0 || task_failed(task);
}

/* The AMI of ImportImage is named as its task. */
static int recall_image(struct sw_cloud *cloud, struct sw_ec2_task *task, struct sw_err *err)
{
    struct sw_ec2_image image;

    if (sw_ec2_find_image(cloud, task->id, &image, err) < 0)
        return -1;
    if (!image.found)
        return 0;
    task->found = true;
    snprintf(task->status, sizeof(task->status), "completed");
    task->progress[0] = task->message[0] = '\0';
    memcpy(task->image_id, image.id, sizeof(task->image_id));
    task->nr_snapshots = image.nr_snapshots;
    memcpy(task->snapshots, image.snapshots, sizeof(task->snapshots));
    return 0;
}

/* The snapshot of ImportSnapshot: the task had named it, or its description names the task. */
static int recall_snapshot(struct sw_cloud *cloud, struct sw_ec2_task *task, struct sw_err *err)
{
    struct sw_ec2_snapshot snapshot = {.found = false};

    if ((task->nr_snapshots > 0 && sw_ec2_describe_snapshot(cloud, task->snapshots[0], &snapshot, err) < 0) ||
        (!snapshot.found && sw_ec2_find_snapshot(cloud, task->id, &snapshot, err) < 0))
        return -1;
    if (!snapshot.found)
        return 0;
    task->found = true;
    snprintf(task->status, sizeof(task->status), "%s",
             strcmp(snapshot.state, "completed") == 0 ? "completed"
             : strcmp(snapshot.state, "error") == 0   ? "deleted"
                                                      : "active");
    snprintf(task->progress, sizeof(task->progress), "%.*s", (int)strcspn(snapshot.progress, "%"),
             snapshot.progress);
    memcpy(task->message, snapshot.message, sizeof(snapshot.message));
    memcpy(task->snapshots[0], snapshot.id, sizeof(snapshot.id));
    task->nr_snapshots = 1;
    return 0;
}

const struct task_kind task_of_image = {sw_ec2_describe_import, recall_image, true};
const struct task_kind task_of_snapshot = {sw_ec2_describe_import_snapshot, recall_snapshot, false};

/* AWS's own failures may go away by themselves; a ClientError asks for another image. */
static int failed(struct import_flow *flow, const struct sw_ec2_task *task, struct sw_err *err)
{
    struct sw_err ignored = {.code = SW_OK};
    const char *reason = explain_reason(task->message);

    sw_fail(err, explain_is_theirs(reason) ? SW_REMOTE : SW_FAILED, "task '%s' ended as %s: %s", task->id,
            task->status, reason[0] != '\0' ? reason : "no reason was given");
    sw_import_explain_error(reason, err);
    if (flow->result != NULL)
        flow->result->task = *task;
    flow_tell(
        flow, "failed",
        json_pack("{s:s, s:o*}", "task_id", task->id, "explanation", sw_import_explain(reason, &ignored)));
    return -1;
}

static bool same(const struct sw_ec2_task *a, const struct sw_ec2_task *b)
{
    return a->found && strcmp(a->status, b->status) == 0 && strcmp(a->progress, b->progress) == 0 &&
           strcmp(a->message, b->message) == 0;
}

/* What a wait knows beside the tasks themselves. */
struct watch {
    struct import_flow *flow;
    const struct task_kind *kind;
    struct sw_ec2_task told[SW_IMPORT_MAX_DISKS];
    unsigned unknown[SW_IMPORT_MAX_DISKS]; /* answers in a row */
    unsigned slowness;                     /* times poll_ms */
    bool changed, throttled;               /* in this round */
};

static void hear(struct watch *watch, size_t i, const struct sw_ec2_task *now)
{
    struct sw_import_listener *listener = watch->flow->listener;

    watch->flow->journal.state.tasks[i] = *now;
    watch->unknown[i] = 0;
    if (same(&watch->told[i], now))
        return;
    watch->changed = true;
    watch->told[i] = *now;
    if (listener->task != NULL)
        listener->task(listener, now);
}

static int heard(struct watch *watch, size_t i, const struct sw_ec2_task *now, bool *ended,
                 struct sw_err *err)
{
    hear(watch, i, now);
    if (!task_failed(now))
        return 0;
    *ended = true;
    return failed(watch->flow, now, err);
}

/* task->found says whether there was something. */
static int recall(const struct task_kind *kind, struct sw_cloud *cloud, struct sw_ec2_task *task,
                  struct sw_err *err)
{
    task->found = false;
    return kind->recall != NULL ? kind->recall(cloud, task, err) : 0;
}

/* EC2 forgets after 7 days; what it made is there still. */
static int forgotten(struct watch *watch, size_t i, bool *ended, struct sw_err *err)
{
    struct sw_ec2_task *task = &watch->flow->journal.state.tasks[i], now = *task;

    if (recall(watch->kind, watch->flow->cloud, &now, err) < 0)
        return -1;
    if (now.found)
        return heard(watch, i, &now, ended, err);
    *ended = true;
    return sw_fail(err, SW_FAILED,
                   "EC2 does not know task '%s' (any more: it forgets after 7 days), and no %s; running "
                   "again imports anew",
                   task->id,
                   watch->kind->makes_image ? "image of yours has its name"
                                            : "snapshot of yours has its id in the description");
}

static int ask_one(struct watch *watch, size_t i, bool *ended, struct sw_err *err)
{
    struct sw_ec2_task now;

    if (watch->kind->describe(watch->flow->cloud, watch->flow->journal.state.tasks[i].id, &now, err) < 0) {
        if (!now.throttled)
            return -1;
        sw_log(SW_LOG_DEBUG, "%s; asking less often", err->text);
        *err = (struct sw_err){.code = SW_OK};
        watch->throttled = true;
        return 0;
    }
    if (!now.found)
        return ++watch->unknown[i] < MAX_UNKNOWN ? 0 : forgotten(watch, i, ended, err);
    return heard(watch, i, &now, ended, err);
}

/* One round over all tasks that run; 1 when none does any more. */
static int ask_all(struct watch *watch, bool *ended, struct sw_err *err)
{
    struct import_state *state = &watch->flow->journal.state;
    size_t running = 0;

    watch->changed = watch->throttled = false;
    for (size_t i = 0; i < state->nr_tasks; i++) {
        if (task_ended(&state->tasks[i]) && !task_failed(&state->tasks[i]))
            continue;
        if (ask_one(watch, i, ended, err) < 0)
            return -1;
        running += !task_ended(&state->tasks[i]);
    }
    return running == 0;
}

static int pause_between(struct watch *watch, struct sw_err *err)
{
    struct sw_transport *transport = sw_cloud_transport(watch->flow->cloud);
    unsigned most = watch->throttled ? MAX_THROTTLED : MAX_SLOWNESS;

    if (watch->changed)
        watch->slowness = 1;
    else if (watch->slowness < most)
        watch->slowness++;
    return transport->ops->sleep_ms(transport, flow_poll_ms(watch->flow) * watch->slowness, err);
}

static bool names_result(const struct watch *watch, const struct sw_ec2_task *task)
{
    return watch->kind->makes_image ? task->image_id[0] != '\0' : task->nr_snapshots > 0;
}

/* There is an image: a task of its own must not come of asking again. */
static int check_result(const struct watch *watch, struct sw_err *err)
{
    const struct import_state *state = &watch->flow->journal.state;

    for (size_t i = 0; i < state->nr_tasks; i++) {
        const struct sw_ec2_task *task = &state->tasks[i];
        if (!names_result(watch, task))
            return sw_fail(err, SW_REMOTE,
                           "task '%s' completed and names no %s yet; run again to ask once more", task->id,
                           watch->kind->makes_image ? "image" : "snapshot");
    }
    return 0;
}

int task_wait(struct import_flow *flow, const struct task_kind *kind, bool *ended, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct watch watch = {.flow = flow, .kind = kind, .slowness = 1};
    int rc;

    *ended = false;
    /* Completed without what it made: it has to be asked again. */
    for (size_t i = 0; i < state->nr_tasks; i++)
        if (!names_result(&watch, &state->tasks[i]))
            state->tasks[i].status[0] = '\0';
    while ((rc = ask_all(&watch, ended, err)) == 0)
        if (pause_between(&watch, err) < 0)
            return -1;
    return rc < 0 ? -1 : check_result(&watch, err);
}

int task_ask(struct import_flow *flow, const struct task_kind *kind, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;
    struct sw_ec2_task now;

    for (size_t i = 0; i < state->nr_tasks; i++) {
        if (kind->describe(flow->cloud, state->tasks[i].id, &now, err) < 0)
            return -1;
        if (now.found)
            state->tasks[i] = now;
        else if (task_ended(&state->tasks[i]))
            state->tasks[i].found = false;
        else if (recall(kind, flow->cloud, &state->tasks[i], err) < 0)
            return -1;
    }
    return 0;
}
