/* scrypt by OpenSSL's EVP_KDF. */
#include "src/seal/scrypt.h"

#include "src/seal/kdf_evp.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

int seal_scrypt(const struct seal_scrypt *cost, struct seal_view phrase, struct seal_view salt,
                struct seal_secret *out, struct sw_err *err)
{
    AUTO_KDF_CTX EVP_KDF_CTX *ctx = kdf_ctx_new("SCRYPT");
    uint64_t n = UINT64_C(1) << cost->log_n, memory = UINT64_C(1100) << 20;
    uint32_t r = cost->r, p = cost->p;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, NULL, phrase.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, NULL, salt.len),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
        OSSL_PARAM_construct_end(),
    };

    /* It is only read; the field is not const for those that are written. */
    memcpy(&params[0].data, &phrase.bytes, sizeof(params[0].data));
    memcpy(&params[1].data, &salt.bytes, sizeof(params[1].data));
    if (ctx != NULL && EVP_KDF_derive(ctx, out->bytes, out->len, params) == 1)
        return 0;
    ERR_clear_error();
    return sw_fail(err, SW_FAILED, "libcrypto cannot compute scrypt with %llu MiB of memory",
                   (unsigned long long)(128 * n * cost->r >> 20));
}
