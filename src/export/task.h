/* A task of ExportImage on AWS's side: watch it to its end, and say what that end means. */
#ifndef SW_EXPORT_TASK_H
#define SW_EXPORT_TASK_H

#include "slipway/export.h"

enum export_task_end {
    EXPORT_TASK_RUNS, /* it has not ended, as far as is known */
    EXPORT_TASK_COMPLETED,
    EXPORT_TASK_FAILED,
    EXPORT_TASK_FORGOTTEN, /* EC2 does not know it (any more): what it left behind tells */
};

/*
 * Asks every poll_ms until the task has ended and tells the listener (may be NULL) what changes. 0 when it completed or was
 * forgotten. -1 else: with EXPORT_TASK_FAILED SW_FAILED with AWS's reason, or SW_REMOTE for AWS's own failure; with
 * EXPORT_TASK_RUNS only the asking failed. task (its id is given) holds what was heard last.
 */
SW_MUST_CHECK int export_task_watch(struct sw_cloud *cloud, unsigned poll_ms,
                                    struct sw_export_listener *listener, struct sw_ec2_export_task *task,
                                    enum export_task_end *end, struct sw_err *err);

#endif
