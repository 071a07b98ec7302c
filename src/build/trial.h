/* The test phases: the result, booted as a clone. */
#ifndef SW_BUILD_TRIAL_H
#define SW_BUILD_TRIAL_H

#include "src/build/stage.h"

/*
 * Boots a copy-on-write clone of the last layer, runs the test phases of all components in it, drops it, and remembers that they
 * passed. The serial console goes to boot-console.log in the log's folder, on failure the screen to boot-screen.png. A phase
 * that fails and a clone that does not boot are SW_GUEST. Of a Windows they are left out, with a warning.
 */
SW_MUST_CHECK int trial_run(const struct stage *stage, struct sw_err *err);

#endif
