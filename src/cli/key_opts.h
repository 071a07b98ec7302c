/* Options of the verbs whose keys may be on a token or in a key service. */
#ifndef SW_CLI_KEY_OPTS_H
#define SW_CLI_KEY_OPTS_H

#include "slipway/envelope.h"
#include "src/cli/opt.h"

/* NULL where the command line said nothing. */
struct key_opts {
    const char *pkcs11_module;
    const char *endpoint_url;
    const char *region;
    const char *profile;
};

/* Rows for a struct key_opts that is the member "key" of type. */
#define KEY_OPTS_ROWS(type)                                                                     \
    {0,                                                                                         \
     "pkcs11-module",                                                                           \
     "FILE",                                                                                    \
     OPT_STRING,                                                                                \
     offsetof(type, key.pkcs11_module),                                                         \
     "for pkcs11: keys whose URI names none (default: all that p11-kit knows)"},                \
        {0,                                                                                     \
         "endpoint-url",                                                                        \
         "URL",                                                                                 \
         OPT_STRING,                                                                            \
         offsetof(type, key.endpoint_url),                                                      \
         "of KMS, for kms: keys (default: as the AWS CLI finds it)"},                           \
        {0,                                                                                     \
         "region",                                                                              \
         "NAME",                                                                                \
         OPT_STRING,                                                                            \
         offsetof(type, key.region),                                                            \
         "of KMS, for kms: keys that are no ARN"},                                              \
    {                                                                                           \
        0, "profile", "NAME", OPT_STRING, offsetof(type, key.profile), "of the AWS CLI's files" \
    }

/* A paragraph for --help. */
#define KEY_OPTS_HELP                                                                                                \
    "pkcs11:URI (RFC 7512) is a key on a token: an RSA or EC pair, or with type=secret-key an AES key. The PIN is\n" \
    "asked for, or comes from pin-source=file:/PATH (mode 0600) or pin-source=fd:N in the URI; it is tried once.\n"  \
    "Commas of the URI are doubled. kms:ARN (for sealing also kms:alias/NAME) is a key of AWS KMS; ,endpoint=URL\n"  \
    "behind it says where. These verbs alone ask KMS; build and convert never open a connection."

/* A keyring of all the texts, in which kms: is allowed; NULL and err on failure. */
SW_MUST_CHECK struct sw_keyring *key_opts_ring(const struct key_opts *opts, enum sw_key_use use,
                                               const struct opt_list *texts, struct sw_err *err);

#endif
