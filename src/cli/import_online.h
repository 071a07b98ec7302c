/* slipway import --check and --print-iam: what an import needs of AWS, asked or written down. */
#ifndef SW_CLI_IMPORT_ONLINE_H
#define SW_CLI_IMPORT_ONLINE_H

#include "slipway/online.h"
#include "src/cli/opt.h"

/* What the rows below fill. */
struct import_online_opts {
    bool check;
    bool no_probe;
    bool print_iam;
    const char *account;
    const char *out_dir;
    struct opt_list kms_keys;
};

#define IMPORT_ONLINE_ROWS(type)                                                                              \
    {0,                                                                                                       \
     "check",                                                                                                 \
     NULL,                                                                                                    \
     OPT_FLAG,                                                                                                \
     offsetof(type, online.check),                                                                            \
     "ask AWS whether the import would be let, and import nothing"},                                          \
        {0,                                                                                                   \
         "no-probe",                                                                                          \
         NULL,                                                                                                \
         OPT_FLAG,                                                                                            \
         offsetof(type, online.no_probe),                                                                     \
         "check: begin no upload in the bucket"},                                                             \
        {0,                                                                                                   \
         "print-iam",                                                                                         \
         NULL,                                                                                                \
         OPT_FLAG,                                                                                            \
         offsetof(type, online.print_iam),                                                                    \
         "print the least IAM policies for the operator and the service role"},                               \
        {0, "account", "N", OPT_STRING, offsetof(type, online.account), "print-iam: the account, 12 digits"}, \
        {0,                                                                                                   \
         "kms-key",                                                                                           \
         "ARN",                                                                                               \
         OPT_LIST,                                                                                            \
         offsetof(type, online.kms_keys),                                                                     \
         "print-iam, check: a further key, such as the bucket's"},                                            \
    {                                                                                                         \
        0, "out", "DIR", OPT_STRING, offsetof(type, online.out_dir),                                          \
            "print-iam: write the documents as files"                                                         \
    }

/* A paragraph for --help. */
#define IMPORT_ONLINE_HELP                                                                                              \
    "--check asks AWS, with the options of the import to come: credentials, bucket, keys, service role, who may\n"      \
    "pass it, EC2's dry run. Each line is ok, refused or unknown, with the permission that is missing and the\n"        \
    "remedy; exit code 4 when something is refused. In the bucket an upload is begun and aborted; no object is\n"       \
    "made. --print-iam prints the least policies (with --check also for the check's own questions); --out DIR writes\n" \
    "operator-policy.json, role-policy.json and role-trust.json, as `aws iam` takes them. It needs no network."

/* What a distribution as Image Builder has it (NULL: none) wants beyond the lane. */
unsigned import_online_parts(const json_t *distribution, const struct sw_cloud_config *cloud);

/* Fills plan with the keys and the account of opts, and runs what they ask for. 0, an exit code, or -1 with err. */
SW_MUST_CHECK int import_online_run(const struct import_online_opts *opts, struct sw_online_plan *plan,
                                    const struct sw_cloud_config *cloud, const struct common_opts *common,
                                    struct sw_err *err);

#endif
