/* The appliances of a comparison, or of one disk that is described: read-only, over our own readers. */
#ifndef SW_DIFF_LAUNCH_H
#define SW_DIFF_LAUNCH_H

#include "slipway/nbd.h"
#include "slipway/store.h"
#include "src/diff/diff_private.h"

/* Set nr_disks, 1 or 2, accel and stock_appliance; the rest zeros. */
struct launch {
    size_t nr_disks;
    enum sw_accel accel;
    bool stock_appliance;
    struct sw_scratch *scratch;
    struct sw_served disks[2];
    struct sw_session *sessions[2]; /* the second is NULL when one has both */
    struct sw_guest_filesystems lists[2];
    struct sw_guest *guests[2];
};

/* Serves the disks; nothing is launched yet. disks: nr_disks of them. */
SW_MUST_CHECK int launch_open(struct launch *launch, const struct sw_diff_side *disks, struct sw_err *err);
/*
 * Launches, and surveys the file systems. together: both disks in one appliance, unless that cannot tell them apart; else
 * one each. The second disk's file systems are those of lists[1], disk 0, or of lists[0], disk 1.
 */
SW_MUST_CHECK int launch_survey(struct launch *launch, bool together, struct sw_err *err);
bool launch_is_shared(const struct launch *launch);
/* Where a reader failed, that is the cause of whatever failed behind it. */
void launch_blame(const struct launch *launch, struct sw_err *err);
void launch_close(struct launch *launch);

/* Preflight's evidence of the disk. A new reference. */
SW_MUST_CHECK json_t *launch_evidence(const struct sw_diff_side *side, struct sw_err *err);
/*
 * Whether a copy of the disk beside it could be told apart by one kernel: two volume groups, arrays or btrfs file systems of
 * one name cannot. Everything else is known by its device.
 */
bool launch_may_share(const json_t *evidence);

#endif
