/* libcrypto's key derivation functions by name, for the files that compute with them. */
#ifndef SW_SEAL_KDF_EVP_H
#define SW_SEAL_KDF_EVP_H

#include "src/base/cleanup.h"

#include <openssl/kdf.h>

SW_DEFINE_AUTO(kdf_ctx, EVP_KDF_CTX, EVP_KDF_CTX_free)
#define AUTO_KDF_CTX SW_CLEANUP(kdf_ctx_auto)

/* NULL when libcrypto has none of this name; what it put on its error queue is left there. */
static inline EVP_KDF_CTX *kdf_ctx_new(const char *name)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, name, NULL);
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;

    EVP_KDF_free(kdf);
    return ctx;
}

#endif
