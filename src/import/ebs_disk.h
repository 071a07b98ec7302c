/* One disk of the lane ebs-direct: its snapshot, from the start to the last block. */
#ifndef SW_IMPORT_EBS_DISK_H
#define SW_IMPORT_EBS_DISK_H

#include "src/import/ebs_state.h"
#include "src/import/flow.h"

/* SW_USAGE or SW_REFUSED for a disk that EBS does not take, or not with these options. */
SW_MUST_CHECK int ebs_disk_check(const struct sw_import_options *options, size_t disk, struct sw_err *err);

/* Every disk to EBS_COMPLETED, from wherever it is. */
SW_MUST_CHECK int ebs_disks_send(struct import_flow *flow, struct sw_err *err);

/* The disk's snapshot is of no use: it is deleted, and the next send begins anew. */
SW_MUST_CHECK int ebs_disk_forget(struct import_flow *flow, size_t disk, struct sw_err *err);

/* Deletes the snapshots that no image was made of, and forgets them all. */
SW_MUST_CHECK int ebs_disks_discard(struct import_flow *flow, struct sw_err *err);
/* The same, but SW_REFUSED when an image was made of one. */
SW_MUST_CHECK int ebs_disks_cancel(struct import_flow *flow, struct sw_err *err);

#endif
