/* KBKDF by OpenSSL's EVP_KDF. */
#include "src/seal/kbkdf.h"

#include "src/seal/kdf_evp.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

/* What is only read; the field is not const for the sake of those that are written. */
static OSSL_PARAM input(const char *name, const void *bytes, size_t len)
{
    OSSL_PARAM param = OSSL_PARAM_construct_octet_string(name, NULL, len);

    memcpy(&param.data, &bytes, sizeof(param.data));
    return param;
}

int seal_kbkdf(const struct seal_secret *key, struct seal_view label, struct seal_view context,
               struct seal_secret *out, struct sw_err *err)
{
    AUTO_KDF_CTX EVP_KDF_CTX *ctx = kdf_ctx_new("KBKDF");
    char mac[] = "HMAC", digest[] = "SHA384", mode[] = "counter";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, mac, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, mode, 0),
        input(OSSL_KDF_PARAM_KEY, key->bytes, key->len),
        input(OSSL_KDF_PARAM_SALT, label.bytes, label.len), /* KBKDF's name for the label */
        input(OSSL_KDF_PARAM_INFO, context.bytes, context.len),
        OSSL_PARAM_construct_end(),
    };

    if (ctx != NULL && EVP_KDF_derive(ctx, out->bytes, out->len, params) == 1)
        return 0;
    ERR_clear_error();
    return sw_fail(err, SW_FAILED, "libcrypto cannot compute KBKDF with HMAC-SHA384");
}
