/* A task of ExportImage on AWS's side: watch it to its end, and say what that end means. */
#ifndef SW_EXPORT_TASK_H
#define SW_EXPORT_TASK_H

#include "slipway/export.h"

/*
 * Asks every poll_ms until the task has ended and tells the listener (may be NULL) what changes. 0 when it completed. -1
 * else: *ended is true when the task is over (SW_FAILED with AWS's reason, SW_REMOTE for AWS's own failure), false when
 * only the asking failed. task (its id is given) holds what was heard last.
 */
SW_MUST_CHECK int export_task_watch(struct sw_cloud *cloud, unsigned poll_ms,
                                    struct sw_export_listener *listener, struct sw_ec2_export_task *task,
                                    bool *ended, struct sw_err *err);

#endif
