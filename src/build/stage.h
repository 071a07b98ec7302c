/* The guest's part of a build: one launch for every layer that is missing. */
#ifndef SW_BUILD_STAGE_H
#define SW_BUILD_STAGE_H

#include "src/build/rig.h"

struct stage {
    struct plan *plan;
    struct sw_store *store;
    const char *log_dir;
    struct sw_runlog *log; /* of the build; NULL where nothing of it runs */
    const struct sw_build_opts *opts;
};

/*
 * Makes the layers from first on (plan_first_missing) in one appliance, commits each as soon as it is whole, then runs the
 * validate phases on top, whose changes are dropped. Layers that were committed stay, whatever comes after. ahead: a launch that
 * began already, or an empty one; it is gone on with where it can be.
 */
SW_MUST_CHECK int stage_run(const struct stage *stage, size_t first, struct rig *ahead, struct sw_err *err);

/* The same where no component from first on has build phases: their layers are the one beneath. */
SW_MUST_CHECK int stage_carry_over(const struct stage *stage, size_t first, struct sw_err *err);

#endif
