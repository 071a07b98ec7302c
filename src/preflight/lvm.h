/* LVM2's own text on a physical volume: which volumes its group is made of. */
#ifndef SW_PREFLIGHT_LVM_H
#define SW_PREFLIGHT_LVM_H

#include "src/disk/span.h"

enum { LVM_VOLUMES_MAX = 256, LVM_NAME = 128, LVM_ID = 33 };

struct lvm {
    char id[LVM_ID]; /* of the volume that was read, without dashes; the only one that is sure to be there */
    char group[LVM_NAME]; /* "" when the volume has no copy of the text, or is in no group */
    bool thin;            /* the group has a thin pool */
    size_t nr_volumes;
    char volumes[LVM_VOLUMES_MAX][LVM_ID]; /* of the group, as its text has them; untrusted */
};

/* -1 and err when it cannot be read; SW_INTEGRITY when it is none, or makes no sense. */
SW_MUST_CHECK int lvm_read(const struct span *span, struct lvm *out, struct sw_err *err);

#endif
