/* An exported object on its way into a file: fetched, opened as a disk, converted, sealed, signed. */
#ifndef SW_CLI_EXPORT_DISK_H
#define SW_CLI_EXPORT_DISK_H

#include "slipway/fetch.h"
#include "slipway/verify.h"
#include "src/cli/create_arg.h"
#include "src/cli/disk_target.h"

struct export_disk {
    const struct common_opts *common;
    struct sw_cloud *cloud;
    struct sw_s3_name object;
    const char *source_format; /* what the object is said to be; NULL: by its magic */
    const struct sw_format *format;
    const struct create_arg *create;
    const struct disk_target *target;
    uint64_t range_bytes; /* 0: by the object's size */
    bool digest;
};

struct export_outcome {
    struct sw_fetch_stats fetch;
    struct sw_copy_stats copy;
    const char *source_format; /* static */
    uint8_t verity[SW_VERITY_BYTES];
};

/*
 * Sealed, the object is read in place and nothing of it reaches a disk in clear; else it is downloaded beside the file
 * first. What was downloaded is kept for another run unless its bytes were wrong.
 */
SW_MUST_CHECK int export_disk(const struct export_disk *ask, struct export_outcome *out, struct sw_err *err);

#endif
