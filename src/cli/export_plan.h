/* What an export is asked for: its options, held against each other before anything is sent. */
#ifndef SW_CLI_EXPORT_PLAN_H
#define SW_CLI_EXPORT_PLAN_H

#include "src/cli/cloud_args.h"
#include "src/cli/create_arg.h"
#include "src/cli/import_online.h"
#include "src/cli/seal_args.h"
#include "src/cli/sign_args.h"

struct export_opts {
    struct common_opts common;
    const char *output, *output_format;
    struct opt_list settings;
    const char *bucket, *prefix, *disk_image_format, *object, *task, *format;
    const char *description, *role_name;
    struct opt_list tags, seal_to;
    const char *sign;
    bool keep_object, digest;
    const char *backing, *backing_format, *parent_snapshot;
    struct import_online_opts online;
    struct sw_cloud_config cloud;
    uint64_t poll_ms, range_bytes;
};

/* What the words of the command line come to, before anything is sent. */
struct export_plan {
    const char *image, *snapshot; /* one of them, or neither */
    const char *output;
    struct create_arg create;
    const struct sw_format *format;
    struct sign_args sign;
    struct pair_args tags;
    struct sw_keyring *recipients; /* NULL: FILE is not sealed */
    char *bucket, *key;            /* of --object */
    const char *disk_image_format; /* as EC2 writes it; NULL: its default */
    char *making;                  /* in which way FILE is made, as a text */
};

/* plan is zeroed; free it also on failure. SW_USAGE names the option that does not fit. */
SW_MUST_CHECK int export_plan_make(const struct export_opts *opts, const struct args *args,
                                   struct export_plan *plan, struct sw_err *err);

void export_plan_free(struct export_plan *plan);
#define SW_AUTO_EXPORT_PLAN SW_CLEANUP(export_plan_free)

#endif
