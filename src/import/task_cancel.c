/* Tasks on AWS's side are stopped. */
#include "src/import/lane.h"
#include "src/import/task.h"

#include <string.h>

/* A task just made may not be visible at once. */
enum { MAX_UNKNOWN = 5 };

/* Those that run still, and (*unknown) those that EC2 does not know; what just completed is noted. */
static unsigned count_running(const struct import_state *state, bool *completed, bool *unknown)
{
    unsigned running = 0;

    *unknown = false;
    for (size_t i = 0; i < state->nr_tasks; i++) {
        const struct sw_ec2_task *task = &state->tasks[i];

        running += task->found && !task_ended(task);
        *unknown = *unknown || (!task->found && !task_ended(task));
        *completed = *completed || strcmp(task->status, "completed") == 0;
    }
    return running;
}

/* A refusal may mean that the task has just ended: the next question tells, and then *refused does not count. */
static int ask_to_stop(struct import_flow *flow, struct sw_err *refused, struct sw_err *err)
{
    struct import_state *state = &flow->journal.state;

    for (size_t i = 0; i < state->nr_tasks; i++) {
        const struct sw_ec2_task *task = &state->tasks[i];

        if (!task->found || task_ended(task) || strcmp(task->status, "deleting") == 0)
            continue;
        if (sw_ec2_cancel_import(flow->cloud, task->id, "cancelled by slipway", err) < 0) {
            if (err->code != SW_FAILED)
                return -1;
            *refused = *err;
        }
    }
    return 0;
}

int task_cancel(struct import_flow *flow, bool *completed, struct sw_err *err)
{
    struct sw_transport *transport = sw_cloud_transport(flow->cloud);
    struct sw_err refused = {.code = SW_OK};
    bool asked = false, unknown;
    unsigned running;

    *completed = false;
    for (unsigned rounds = 1;; rounds++) {
        if (flow->lane->ask(flow, err) < 0)
            return -1;
        running = count_running(&flow->journal.state, completed, &unknown);
        /* One that EC2 has forgotten does nothing any more. */
        if (running == 0 && (!unknown || rounds >= MAX_UNKNOWN))
            return 0;
        if (refused.code != SW_OK) {
            *err = refused;
            return -1;
        }
        if (running > 0 && !asked && ask_to_stop(flow, &refused, err) < 0)
            return -1;
        if ((running == 0 || asked) && transport->ops->sleep_ms(transport, flow_poll_ms(flow), err) < 0)
            return -1;
        asked = asked || running > 0;
    }
}
