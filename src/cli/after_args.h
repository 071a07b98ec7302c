/* Options of slipway import for what an image is registered as and what comes after it. */
#ifndef SW_CLI_AFTER_ARGS_H
#define SW_CLI_AFTER_ARGS_H

#include "slipway/import.h"
#include "src/cli/opt.h"

/* A member of a verb's options, with AFTER_ROWS among its rows. */
struct after_opts {
    const char *name;
    const char *distribution;
    const char *root_device;
    const char *volume_type;
    const char *tpm;
    const char *imds;
    const char *uefi_data;
    uint64_t volume_gib, volume_iops, volume_throughput;
    struct opt_list copies, shares;
    bool no_ena;
};

#define AFTER_ROW_(type, option, argument, kind, member, help)                                       \
    {                                                                                                \
        0, option, argument, kind, offsetof(type, after) + offsetof(struct after_opts, member), help \
    }

/* For a verb's struct with a member `after`. */
#define AFTER_ROWS(type)                                                                                    \
    AFTER_ROW_(type, "name", "NAME", OPT_STRING, name,                                                      \
               "the AMI's name; {{ imagebuilder:buildDate }} is replaced"),                                 \
        AFTER_ROW_(type, "copy-to", "REGION[,kms=KEY][,name=NAME]", OPT_LIST, copies,                       \
                   "copy the AMI there, too"),                                                              \
        AFTER_ROW_(type, "share", "ACCOUNT|ARN", OPT_LIST, shares,                                          \
                   "let this account, organization or unit launch it"),                                     \
        AFTER_ROW_(type, "distribution", "FILE", OPT_STRING, distribution,                                  \
                   "the same from a recipe's distribution: or Image Builder's distribution configuration"), \
        AFTER_ROW_(type, "no-ena", NULL, OPT_FLAG, no_ena,                                                  \
                   "register it without ENA (import-snapshot, ebs-direct)"),                                \
        AFTER_ROW_(type, "root-device", "NAME", OPT_STRING, root_device,                                    \
                   "register it with this (default: /dev/sda1)"),                                           \
        AFTER_ROW_(type, "volume-type", "TYPE", OPT_STRING, volume_type, "of its volumes (default: gp3)"),  \
        AFTER_ROW_(type, "volume-size", "GIB", OPT_UINT, volume_gib,                                        \
                   "of its root volume (default: the disk's)"),                                             \
        AFTER_ROW_(type, "volume-iops", "N", OPT_UINT, volume_iops, "of its root volume"),                  \
        AFTER_ROW_(type, "volume-throughput", "MIB", OPT_UINT, volume_throughput,                           \
                   "of its root volume (gp3)"),                                                             \
        AFTER_ROW_(type, "tpm", "v2.0", OPT_STRING, tpm, "register it with a TPM (boot mode uefi)"),        \
        AFTER_ROW_(type, "imds", "v2.0", OPT_STRING, imds,                                                  \
                   "its instances want version 2 of the metadata service"),                                 \
        AFTER_ROW_(type, "uefi-data", "BASE64", OPT_STRING, uefi_data, "its UEFI variables")

/* What the options need beside themselves; zero-initialise it, free it with after_args_free. */
struct after_args {
    json_t *distribution;
};

/*
 * Into the options of an import, with tags of the image and its snapshots as those of the task. SW_USAGE, or SW_RECIPE with the
 * first fault of a file.
 */
SW_MUST_CHECK int after_args_take(const struct after_opts *opts, struct after_args *args,
                                  struct sw_import_options *out, struct sw_err *err);
/* The first option of these that was given, such as "--name"; NULL: none was. */
const char *after_args_given(const struct after_opts *opts);
void after_args_free(struct after_args *args);
#define AUTO_AFTER_ARGS SW_CLEANUP(after_args_free)

#endif
