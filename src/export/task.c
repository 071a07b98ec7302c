/* A task of ExportImage on AWS's side: watch it to its end, and say what that end means. */
#include "src/export/task.h"

#include <string.h>

/* A task just made may not be visible at once. */
enum { MAX_UNKNOWN = 5 };

static bool is_over(const struct sw_ec2_export_task *task)
{
    static const char *const ends[] = {"completed", "deleted", "cancelled", "failed"};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (strcmp(task->status, ends[i]) == 0)
            return true;
    return false;
}

/* AWS's own failures may go away by themselves. */
static int explain(const struct sw_ec2_export_task *task, struct sw_err *err)
{
    const char *client = strstr(task->message, "ClientError:");
    const char *reason = client != NULL ? client : task->message;
    bool theirs =
        client == NULL && (strstr(reason, "ServerError") != NULL || strstr(reason, "InternalError") != NULL);

    return sw_fail(err, theirs ? SW_REMOTE : SW_FAILED, "task '%s' ended as %s: %s", task->id, task->status,
                   reason[0] != '\0' ? reason : "no reason was given");
}

static bool same(const struct sw_ec2_export_task *a, const struct sw_ec2_export_task *b)
{
    return strcmp(a->status, b->status) == 0 && strcmp(a->progress, b->progress) == 0 &&
           strcmp(a->message, b->message) == 0;
}

int export_task_watch(struct sw_cloud *cloud, unsigned poll_ms, struct sw_export_listener *listener,
                      struct sw_ec2_export_task *task, enum export_task_end *end, struct sw_err *err)
{
    struct sw_transport *transport = sw_cloud_transport(cloud);
    struct sw_ec2_export_task now, told = {.found = false};
    unsigned unknown = 0;

    *end = EXPORT_TASK_RUNS;
    for (;;) {
        if (sw_ec2_describe_export(cloud, task->id, &now, err) < 0)
            return -1;
        if (now.found) {
            *task = now;
            unknown = 0;
            if (listener != NULL && listener->task != NULL && !same(&now, &told))
                listener->task(listener, &now);
            told = now;
        } else if (++unknown == MAX_UNKNOWN) {
            *end = EXPORT_TASK_FORGOTTEN;
            return 0;
        }
        if (now.found && is_over(&now))
            break;
        if (transport->ops->sleep_ms(transport, poll_ms, err) < 0)
            return -1;
    }
    *end = strcmp(task->status, "completed") == 0 ? EXPORT_TASK_COMPLETED : EXPORT_TASK_FAILED;
    return *end == EXPORT_TASK_COMPLETED ? 0 : explain(task, err);
}
