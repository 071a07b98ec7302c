/* What a build's appliance runs on: scratch, an overlay, the disk beneath it; and the appliance. */
#ifndef SW_BUILD_RIG_H
#define SW_BUILD_RIG_H

#include "slipway/guest.h"
#include "src/build/beneath.h"
#include "src/build/plan.h"

/* Zero-initialise it; rig_close. */
struct rig {
    struct sw_scratch *scratch;
    char *overlay; /* what the guest writes; NULL: nothing was made ready */
    struct beneath beneath;
    struct sw_session_opts how;
    struct sw_session *session; /* NULL: there is none, as while the guest is booted */
    bool ahead;                 /* it began before the base was in the store */
    bool trims;                 /* the disk has file systems whose free space is to be given back */
};

/* Scratch, overlay and media for layers from first on, over the one beneath that. Nothing is launched. */
SW_MUST_CHECK int rig_prepare(const struct sw_build_opts *opts, const struct plan *plan,
                              struct sw_store *store, size_t first, struct rig *out, struct sw_err *err);

/*
 * The same over the base's own file, and begins the launch, while nobody knows the base's layer yet: where it is certain
 * that there will be one, and where that file is one that may be read so. Else out stays empty; the log may say why.
 */
void rig_ahead(const struct sw_build_opts *opts, const struct plan *plan, struct sw_store *store,
               struct rig *out);
/* True when it may go on with layers from first on: the file is the base's layer. Else rig_close it. */
bool rig_holds(struct rig *rig, const struct plan *plan, struct sw_store *store, size_t first);

/* As clock_s of struct sw_session_opts, for boundaries that are still to begin. */
void rig_set_clock(struct rig *rig, int64_t clock_s);
/* Begins a session where there is none. */
SW_MUST_CHECK int rig_open(struct rig *rig, struct sw_err *err);
/* Where the guest was unmounted or shut down: sw_session_trim, if the disk is known to want it; begins a session for that. */
SW_MUST_CHECK int rig_trim(struct rig *rig, struct sw_err *err);
/* Ends it; the overlay is then nobody's. */
SW_MUST_CHECK int rig_shut(struct rig *rig, struct sw_err *err);
/* The same without manners. */
void rig_drop(struct rig *rig);

void rig_close(struct rig *rig);
#define AUTO_RIG SW_CLEANUP(rig_close)

#endif
