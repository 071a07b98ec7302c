/* The inside of a key pair, for the files that compute with it. */
#ifndef SW_SEAL_PKEY_EVP_H
#define SW_SEAL_PKEY_EVP_H

#include "src/seal/pkey.h"

#include <openssl/evp.h>

struct seal_pkey {
    EVP_PKEY *key;
    enum seal_pkey_type type;
};

SW_DEFINE_AUTO(pkey_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

/* "P-256", libcrypto's name of the curve. */
const char *seal_pkey_group(enum seal_pkey_type type);
/* Checks what kind it is and takes it over, also on failure. NULL and err (SW_INTEGRITY) for other kinds. */
SW_MUST_CHECK struct seal_pkey *seal_pkey_wrap(EVP_PKEY *key, struct sw_err *err);

#endif
