/* An import task on AWS's side: watch it to its end, and say what that end means. */
#ifndef SW_IMPORT_TASK_H
#define SW_IMPORT_TASK_H

#include "src/import/flow.h"

/* deleted: it ended without an image. */
bool task_failed(const struct sw_ec2_task *task);
/* completed or deleted: nothing more will come. */
bool task_ended(const struct sw_ec2_task *task);

/*
 * Asks every poll_ms until the task ends and tells the listener what changes. 0 when it completed. -1 else: *ended is
 * true when the task is over (SW_FAILED with AWS's reason, SW_REMOTE for AWS's own failure), false when only the asking
 * failed. task holds what was heard last.
 */
SW_MUST_CHECK int task_wait(struct sw_cloud *cloud, unsigned poll_ms, struct sw_import_listener *listener,
                            struct sw_ec2_task *task, bool *ended, struct sw_err *err);

/*
 * Cancels those of state.tasks that still run and waits until all have ended, asking through the lane. *completed: at least
 * one of them did complete, so what it made is there.
 */
SW_MUST_CHECK int task_cancel(struct import_flow *flow, bool *completed, struct sw_err *err);

#endif
