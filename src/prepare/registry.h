/* What SetRegistry changed, out of a run's log. */
#ifndef SW_PREPARE_REGISTRY_H
#define SW_PREPARE_REGISTRY_H

#include "slipway/error.h"

#include <jansson.h>

/*
 * An array of {"key", "name", "change": "added" | "changed", "before", "after"} of detailedoutput.json in that folder, where a value
 * is another than before. A new reference.
 */
SW_MUST_CHECK json_t *registry_changes(const char *log_dir, struct sw_err *err);

#endif
