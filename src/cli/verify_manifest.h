/* slipway verify of a manifest: its signature, then the files that it lists. */
#ifndef SW_CLI_VERIFY_MANIFEST_H
#define SW_CLI_VERIFY_MANIFEST_H

#include "src/cli/trust_args.h"

struct manifest_opts {
    const struct common_opts *common;
    const struct trust_opts *trust;
    const char *range; /* OFFSET[:LENGTH] of each file; NULL: all */
    bool partial;      /* what is not there yet is no fault */
};

/* True for a folder and for what is called .json. */
bool verify_is_manifest(const char *path);

/* Shows what is found, or appends it to list with --json. 0, SW_INTEGRITY when something is not right, or -1. */
SW_MUST_CHECK int verify_manifest(const struct manifest_opts *opts, const char *path, json_t *list,
                                  struct sw_err *err);

#endif
