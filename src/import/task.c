/* An import task on AWS's side: watch it to its end, and say what that end means. */
#include "src/import/task.h"

#include <string.h>

/* A task just made may not be visible at once. */
enum { MAX_UNKNOWN = 5 };

bool task_failed(const struct sw_ec2_task *task)
{
    return strcmp(task->status, "deleted") == 0;
}

bool task_ended(const struct sw_ec2_task *task)
{
    return strcmp(task->status, "completed") == 0 || task_failed(task);
}

/* Newer replies put "CLIENT_ERROR : " before what everybody searches for. */
static const char *reason_of(const struct sw_ec2_task *task)
{
    static const char *const families[] = {"ClientError:", "ServerError:", "FirstBootFailure:"};

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const char *found = strstr(task->message, families[i]);

        if (found != NULL)
            return found;
    }
    return task->message[0] != '\0' ? task->message : "no reason was given";
}

/* AWS's own failures may go away by themselves; a ClientError asks for another image. */
static int failed(const struct sw_ec2_task *task, struct sw_err *err)
{
    const char *reason = reason_of(task);
    bool theirs = strncmp(reason, "ServerError:", 12) == 0 || strstr(reason, "InternalError") != NULL;

    return sw_fail(err, theirs ? SW_REMOTE : SW_FAILED, "task '%s' ended as %s: %s", task->id, task->status,
                   reason);
}

static bool same(const struct sw_ec2_task *a, const struct sw_ec2_task *b)
{
    return strcmp(a->status, b->status) == 0 && strcmp(a->progress, b->progress) == 0 &&
           strcmp(a->message, b->message) == 0;
}

int task_wait(struct sw_cloud *cloud, unsigned poll_ms, struct sw_import_listener *listener,
              struct sw_ec2_task *task, bool *ended, struct sw_err *err)
{
    struct sw_transport *transport = sw_cloud_transport(cloud);
    struct sw_ec2_task now, told = {.found = false};
    unsigned unknown = 0;

    *ended = false;
    for (;;) {
        if (sw_ec2_describe_import(cloud, task->id, &now, err) < 0)
            return -1;
        if (now.found) {
            *task = now;
            unknown = 0;
            if (!same(&now, &told) && listener->task != NULL)
                listener->task(listener, &now);
            told = now;
        } else if (++unknown == MAX_UNKNOWN) {
            *ended = true;
            return sw_fail(
                err, SW_FAILED,
                "EC2 does not know task '%s' (any more: it forgets after 7 days); look for its image "
                "before running again, which would import anew",
                task->id);
        }
        if (now.found && task_ended(&now)) {
            *ended = true;
            break;
        }
        if (transport->ops->sleep_ms(transport, poll_ms, err) < 0)
            return -1;
    }
    if (strcmp(task->status, "completed") != 0)
        return failed(task, err);
    if (task->image_id[0] != '\0')
        return 0;
    /* There is an image: a task of its own must not come of asking again. */
    *ended = false;
    return sw_fail(err, SW_REMOTE, "task '%s' completed and names no image yet; run again to ask once more",
                   task->id);
}
