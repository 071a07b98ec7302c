/* Import tasks on AWS's side: watch them to their end, and say what that end means. */
#ifndef SW_IMPORT_TASK_H
#define SW_IMPORT_TASK_H

#include "src/import/flow.h"

/* deleted: it ended without an image. */
bool task_failed(const struct sw_ec2_task *task);
/* completed or deleted: nothing more will come. */
bool task_ended(const struct sw_ec2_task *task);

/* What a lane's tasks are; a const table each. */
struct task_kind {
    int (*describe)(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_task *out, struct sw_err *err);
    /* Fills in a task that EC2 forgot by what it left behind; found stays false when there is nothing. NULL: no way. */
    int (*recall)(struct sw_cloud *cloud, struct sw_ec2_task *task, struct sw_err *err);
    bool makes_image; /* else a snapshot */
};
extern const struct task_kind task_of_image, task_of_snapshot;

/*
 * Asks about all tasks of the state until each ended, less often while nothing changes, and tells the listener what changes.
 * A throttled question is asked again later. 0 when all completed. -1 else: *ended is true when it is over (SW_FAILED with
 * AWS's reason and what is known of it, SW_REMOTE for AWS's own failure), false when only the asking failed. The tasks hold
 * what was heard last.
 */
SW_MUST_CHECK int task_wait(struct import_flow *flow, const struct task_kind *kind, bool *ended,
                            struct sw_err *err);

/* Asks once; a task that EC2 does not know (any more), and that left nothing behind, gets found = false. */
SW_MUST_CHECK int task_ask(struct import_flow *flow, const struct task_kind *kind, struct sw_err *err);

/*
 * Cancels those of state.tasks that still run and waits until all have ended, asking through the lane. *completed: at least
 * one of them did complete, so what it made is there.
 */
SW_MUST_CHECK int task_cancel(struct import_flow *flow, bool *completed, struct sw_err *err);

#endif
