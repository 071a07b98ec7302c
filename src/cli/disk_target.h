/* A disk image that a verb writes: under its name once it is whole, resumed, or sealed as it is written, and signed. */
#ifndef SW_CLI_DISK_TARGET_H
#define SW_CLI_DISK_TARGET_H

#include "slipway/copy.h"
#include "slipway/envelope.h"
#include "src/cli/sign_args.h"

struct disk_target {
    const char *path;
    unsigned mode;                       /* permission bits, unless it is sealed; umask applies */
    const struct sw_keyring *recipients; /* whom it is sealed to; NULL: it is not sealed */
    bool sync;                           /* wait until the disk has it */
    bool restart;                        /* begin anew, whatever an interrupted run has left */
    bool one_run; /* neither goes on with an interrupted run nor leaves anything of one */
    struct sign_args *sign;
    /* Before the target gets its name; NULL: there is nothing to look at. */
    int (*check)(void *arg, const struct sw_copy *copy, struct sw_err *err);
    void *arg;
};

/*
 * Copies as plan says, whose out is set here, and commits. Where the copy can be gone on with, the target is resumed from
 * its journal; SLIPWAY_CHECKPOINT_MS says how often it takes check-points.
 */
SW_MUST_CHECK int disk_target_write(const struct disk_target *target, const struct sw_copy *plan,
                                    struct sw_copy_stats *stats, struct sw_err *err);
/* The manifest and its signature, if it is to be signed; plan's verity, if there is one, stands in it. */
SW_MUST_CHECK int disk_target_sign(const struct disk_target *target, const struct sw_copy *plan,
                                   const struct sw_copy_stats *stats, struct sw_err *err);

#endif
