/* The command line of slipway import, and what it says. */
#ifndef SW_CLI_IMPORT_ARGS_H
#define SW_CLI_IMPORT_ARGS_H

#include "slipway/import.h"
#include "src/cli/after_args.h"
#include "src/cli/import_online.h"
#include "src/cli/import_source.h"
#include "src/cli/opt.h"
#include "src/cli/trust_args.h"

struct import_opts {
    struct common_opts common;
    const char *bucket;
    const char *prefix;
    const char *lane;
    const char *format;
    const char *as;
    const char *allow_parent;
    struct sw_cloud_config cloud;
    const char *description;
    const char *role_name;
    const char *boot_mode;
    const char *parent_snapshot;
    const char *platform;
    const char *license_type;
    const char *usage_operation;
    const char *architecture;
    const char *kms_key;
    const char *comment;
    const char *resume;
    const char *output;
    const char *events;
    struct opt_list keys;
    struct opt_list settings;
    struct opt_list devices;
    struct opt_list tags;
    struct opt_list licences;
    struct trust_opts trust;
    struct import_online_opts online;
    struct after_opts after;
    uint64_t package_disk;
    uint64_t part_bytes;
    uint64_t poll_ms;
    bool encrypted;
    bool delete_object;
    bool dry_run;
    bool offline;
};

/* Words and numbers that need no look at anything. SW_USAGE. */
SW_MUST_CHECK int import_args_check(const struct import_opts *opts, struct sw_err *err);

/* What the options need beside themselves. Zero-initialise it. */
struct import_args {
    struct sw_import_options options;
    struct sw_import_disk disks[SW_IMPORT_MAX_DISKS]; /* opened later, closed by import_args_clear */
    struct import_source sources[SW_IMPORT_MAX_DISKS];
    char *settings;
    char *keys[SW_IMPORT_MAX_DISKS];
    struct sw_ec2_tag tags[OPT_LIST_MAX];
    char *tag_texts[OPT_LIST_MAX];
    struct sw_import_record *record; /* of --resume */
    struct after_args after;
};

/* From the command line's options and images, or with --resume from the journal. SW_USAGE. */
SW_MUST_CHECK int import_args_take(const struct import_opts *opts, const struct args *args,
                                   struct import_args *out, struct sw_err *err);
void import_args_clear(struct import_args *args);
#define AUTO_IMPORT_ARGS __attribute__((cleanup(import_args_clear)))

/* The session that an import of these options wants; what the command line says goes before what the journal says. */
struct sw_cloud_config import_args_cloud(const struct import_opts *opts,
                                         const struct sw_import_options *options, const char *region);

#endif
