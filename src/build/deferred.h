/* The steps of a build that wait for the guest's first boot. */
#ifndef SW_BUILD_DEFERRED_H
#define SW_BUILD_DEFERRED_H

#include "src/build/plan.h"

/*
 * [{"component", "phase", "step", "queued"}] in the order of running, each also said in the log; queued is the step's number in
 * the queue. Empty for a guest that is done. decref it.
 */
SW_MUST_CHECK json_t *deferred_steps(const struct plan *plan, struct sw_err *err);

#endif
