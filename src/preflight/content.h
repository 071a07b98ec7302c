/* What a partition, or a disk without partitions, holds: told by magic bytes. */
#ifndef SW_PREFLIGHT_CONTENT_H
#define SW_PREFLIGHT_CONTENT_H

#include "src/disk/span.h"

enum content_state {
    CONTENT_STATE_UNKNOWN, /* the first bytes do not say it */
    CONTENT_CLEAN,
    CONTENT_DIRTY,
};

struct content {
    const char
        *kind; /* "ext4", "xfs", "LVM2", …; "empty" when the first bytes are zeros, "unknown" else. Static. */
    enum content_state state;
    char uuid[40];  /* as blkid has it; "" where it is not read */
    char label[65]; /* untrusted; likewise */
};

/* -1 and err only when it cannot be read. */
SW_MUST_CHECK int content_read(const struct span *span, struct content *out, struct sw_err *err);

#endif
