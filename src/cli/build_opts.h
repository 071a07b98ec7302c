/* The options that build and plan share. */
#ifndef SW_CLI_BUILD_OPTS_H
#define SW_CLI_BUILD_OPTS_H

#include "src/build/build.h"
#include "src/cli/launch_args.h"
#include "src/cli/opt.h"
#include "src/cli/seal_args.h"
#include "src/cli/trust_args.h"

struct build_opts {
    struct common_opts common;
    const char *base, *base_format;
    struct opt_list components, parameters, secrets, catalogues, outputs, seal_to, bundles, keys;
    const char *out, *store, *service_starts, *sign, *scratch, *on_error;
    bool no_cache, no_output, no_test, dry_run, refetch, plain_scratch, twice;
    struct launch_args launch;
    struct trust_opts trust;
};

/* Rows for both; build has more behind them. */
#define BUILD_OPT_ROWS                                                                                       \
    {'a',                                                                                                    \
     "base",                                                                                                 \
     "IMAGE",                                                                                                \
     OPT_STRING,                                                                                             \
     offsetof(struct build_opts, base),                                                                      \
     "the base image, instead of parentImage"},                                                              \
        {'f',                                                                                                \
         "format",                                                                                           \
         "FORMAT",                                                                                           \
         OPT_STRING,                                                                                         \
         offsetof(struct build_opts, base_format),                                                           \
         "the base image's format"},                                                                         \
        {0,                                                                                                  \
         "component",                                                                                        \
         "FILE",                                                                                             \
         OPT_LIST,                                                                                           \
         offsetof(struct build_opts, components),                                                            \
         "one more component, after the recipe's"},                                                          \
        {'p',                                                                                                \
         "parameter",                                                                                        \
         "NAME=VALUE",                                                                                       \
         OPT_LIST,                                                                                           \
         offsetof(struct build_opts, parameters),                                                            \
         "a parameter; COMPONENT.NAME=VALUE for one component only"},                                        \
        {0,                                                                                                  \
         "secret",                                                                                           \
         "NAME=FILE",                                                                                        \
         OPT_LIST,                                                                                           \
         offsetof(struct build_opts, secrets),                                                               \
         "a parameter whose value is what FILE holds, and is shown nowhere"},                                \
        {0,                                                                                                  \
         "bundle",                                                                                           \
         "PATH",                                                                                             \
         OPT_LIST,                                                                                           \
         offsetof(struct build_opts, bundles),                                                               \
         "files that `slipway bundle` fetched, for the steps that download them"},                           \
        {0,                                                                                                  \
         "refetch",                                                                                          \
         NULL,                                                                                               \
         OPT_FLAG,                                                                                           \
         offsetof(struct build_opts, refetch),                                                               \
         "ask servers again for what was fetched before"},                                                   \
        {0,                                                                                                  \
         "catalogue",                                                                                        \
         "FILE|DIR",                                                                                         \
         OPT_LIST,                                                                                           \
         offsetof(struct build_opts, catalogues),                                                            \
         "local files for ARNs and names at AWS"},                                                           \
        {0,                                                                                                  \
         "service-starts",                                                                                   \
         "fail|skip",                                                                                        \
         OPT_STRING,                                                                                         \
         offsetof(struct build_opts, service_starts),                                                        \
         "what a script's start of a service does (default: the recipe's, else fail)"},                      \
        {0, "store", "DIR", OPT_STRING, offsetof(struct build_opts, store), "the layer store"},              \
        {'k',                                                                                                \
         "key",                                                                                              \
         "KEY",                                                                                              \
         OPT_LIST,                                                                                           \
         offsetof(struct build_opts, keys),                                                                  \
         "opens a sealed base, sealed components and a sealed store"},                                       \
        TRUST_PATH_ROW(struct build_opts), TRUST_UNSIGNED_ROW(struct build_opts),                            \
        {0, "no-cache", NULL, OPT_FLAG, offsetof(struct build_opts, no_cache), "run every component again"}, \
    {                                                                                                        \
        0, "no-test", NULL, OPT_FLAG, offsetof(struct build_opts, no_test), "leave the test phases out"      \
    }

#define BUILD_TRUST_HELP                                                                                           \
    "Where trusted keys are configured (--trust), a sealed base, every sealed component and a sealed store must\n" \
    "be signed: each by a manifest beside it, as --sign leaves it. Of what is not sealed nothing is demanded."

/* What the flow's options borrow besides. Zero-initialise it. */
struct build_with {
    struct sw_keyring *ring;
    struct trust_args trust;
};
void build_with_close(struct build_with *with);
#define AUTO_BUILD_WITH __attribute__((cleanup(build_with_close)))

/* Into the flow's own options, which borrow from opts, args and with. */
SW_MUST_CHECK int build_opts_convert(const struct build_opts *opts, const struct args *args,
                                     struct build_with *with, struct sw_build_opts *out, struct sw_err *err);

/* Prints every fault of the recipe to stderr and frees them; err then only counts them. */
void build_print_diags(struct sw_diags *diags, const char *recipe, struct sw_err *err);

/* The plan as a table, or as JSON. Takes the reference. */
SW_MUST_CHECK int build_print_plan(json_t *plan, bool json, struct sw_err *err);

#endif
