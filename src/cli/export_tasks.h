/* slipway export list, status and cancel: the tasks themselves. */
#ifndef SW_CLI_EXPORT_TASKS_H
#define SW_CLI_EXPORT_TASKS_H

#include "slipway/cloud.h"
#include "src/cli/opt.h"

#include <stdio.h>

/* True for list, status and cancel. */
bool export_tasks_word(const char *word);
SW_MUST_CHECK int export_tasks(const struct common_opts *common, const struct args *args,
                               const struct sw_cloud_config *config, struct sw_err *err);

/* "ID: STATUS PROGRESS% MESSAGE". */
void export_task_line(FILE *to, const char *id, const char *status, const char *progress,
                      const char *message);

#endif
