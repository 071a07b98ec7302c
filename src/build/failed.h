/* What is done with a guest whose step failed, if the caller wants to look into it. */
#ifndef SW_BUILD_FAILED_H
#define SW_BUILD_FAILED_H

#include "slipway/store.h"
#include "src/build/plan.h"

/* Refuses (SW_REFUSED) to keep what a sealed store does not hold in clear. */
SW_MUST_CHECK int failed_check(const struct sw_build_opts *opts, const struct sw_store *store,
                               struct sw_err *err);

/* Opens a shell as the steps of the recipe have it, if that is wanted; the failure was told already. */
void failed_shell(const struct sw_build_opts *opts, const struct sw_recipe *recipe, struct sw_guest *guest);

/* A disk that is to be kept. */
struct failed_disk {
    const char *overlay;
    const char *beneath; /* the layer that the overlay was made over … */
    const char *parent;  /* … and the last one that was made of it: only what changed since is kept */
    const char *log_dir;
    unsigned jobs;
};

/*
 * Ends the session, and makes of what the overlay holds a qcow2 over the layer beneath it, in log_dir; the log says where. What
 * goes wrong is a warning: there is a failure already.
 */
void failed_keep(const struct failed_disk *disk, struct sw_store *store, struct sw_session *session);

/* Removes what an earlier build kept there. */
SW_MUST_CHECK int failed_forget(const char *log_dir, struct sw_err *err);

#endif
