/* Whose signatures count, as the verbs that read what others made take it. */
#ifndef SW_CLI_TRUST_ARGS_H
#define SW_CLI_TRUST_ARGS_H

#include "slipway/manifest.h"
#include "src/cli/opt.h"

/* What the rows below fill. */
struct trust_opts {
    struct opt_list paths;
    const char *manifest;
    bool allow_unsigned;
};

#define TRUST_PATH_ROW(type)                                                                               \
    {                                                                                                      \
        0, "trust", "DIR|FILE.pub", OPT_LIST, offsetof(type, trust.paths),                                 \
            "keys whose signature counts (default: SLIPWAY_TRUST, else slipway/trust in $XDG_CONFIG_HOME)" \
    }
#define TRUST_UNSIGNED_ROW(type)                                                   \
    {                                                                              \
        0, "allow-unsigned", NULL, OPT_FLAG, offsetof(type, trust.allow_unsigned), \
            "demand no signature, whatever is configured"                          \
    }
#define TRUST_MANIFEST_ROW(type)                                                              \
    {                                                                                         \
        0, "manifest", "FILE", OPT_STRING, offsetof(type, trust.manifest),                    \
            "the signed manifest (default: X.manifest.json or manifest.json beside the file)" \
    }

#define TRUST_ROWS(type) TRUST_PATH_ROW(type), TRUST_MANIFEST_ROW(type), TRUST_UNSIGNED_ROW(type)
#define TRUST_HELP                                                                                              \
    "Where trusted keys are configured, the file must be one that a manifest lists which one of them signed:\n" \
    "its bytes are compared as they are read, and none is used before. --allow-unsigned is the way round."

/* Whether the command line says whose signature counts, or where it is: then it counts for a plain file as well. */
bool trust_opts_named(const struct trust_opts *opts);

/* Zero-initialise it. */
struct trust_args {
    struct sw_trust *trust; /* NULL: no signature is demanded */
    struct sw_vouching how;
};

/* Fills args; how.base is what opens a file as it is demanded. authenticated: as in struct sw_vouching. */
SW_MUST_CHECK int trust_args_open(const struct trust_opts *opts, bool authenticated, struct trust_args *args,
                                  struct sw_err *err);
/* For verbs that open several sealed files, and demand nothing of plain ones: nothing is looked at without a key. */
SW_MUST_CHECK int trust_args_open_sealed(const struct trust_opts *opts, const struct opt_list *keys,
                                         struct trust_args *args, struct sw_err *err);
/* What opens a file as it is demanded; NULL when nothing is. */
const struct sw_opener *trust_args_opener(const struct trust_args *args);
void trust_args_close(struct trust_args *args);
#define AUTO_TRUST_ARGS __attribute__((cleanup(trust_args_close)))

#endif
