/* slipway export of an EBS snapshot: its blocks on their way into a file, or what differs from another snapshot. */
#ifndef SW_CLI_EXPORT_SNAPSHOT_H
#define SW_CLI_EXPORT_SNAPSHOT_H

#include "slipway/snapshot.h"
#include "slipway/verify.h"
#include "src/cli/backing.h"
#include "src/cli/create_arg.h"
#include "src/cli/disk_target.h"

struct export_snapshot {
    const struct common_opts *common;
    struct sw_cloud *cloud;
    const char *id;
    const char *parent;          /* only what differs from it is fetched, over backing; NULL: all is */
    struct backing_args backing; /* file NULL: none */
    const struct sw_format *format;
    const struct create_arg *create;
    const struct disk_target *target;
    bool digest;
};

/* Writes the file and says what was done. What an interrupted run left is gone on with where the format can. */
SW_MUST_CHECK int export_snapshot(const struct export_snapshot *ask, struct sw_err *err);

#endif
