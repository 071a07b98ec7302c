/* RSA-OAEP by OpenSSL's EVP. */
#include "src/seal/rsa.h"

#include "src/seal/pkey_evp.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

/* A context with OAEP set up; NULL on failure. */
static EVP_PKEY_CTX *oaep_new(const struct seal_pkey *rsa, const char *hash, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa->key, NULL);
    const EVP_MD *md = EVP_get_digestbyname(hash);

    if (ctx != NULL && md != NULL && init(ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

int seal_rsa_wrap(const struct seal_pkey *rsa, const char *hash, const struct seal_secret *key,
                  struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = oaep_new(rsa, hash, EVP_PKEY_encrypt_init);
    uint8_t wrapped[SEAL_RSA_BYTES_MAX];
    size_t len = sizeof(wrapped);

    if (ctx == NULL || EVP_PKEY_encrypt(ctx, wrapped, &len, key->bytes, key->len) != 1) {
        ERR_clear_error();
        return sw_fail(err, SW_FAILED, "libcrypto cannot wrap a key with RSA-OAEP-%s", hash);
    }
    return sw_buf_append(out, wrapped, len, err);
}

int seal_rsa_unwrap(const struct seal_pkey *rsa, const char *hash, const uint8_t *wrapped, size_t len,
                    struct seal_secret *key)
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = oaep_new(rsa, hash, EVP_PKEY_decrypt_init);
    uint8_t plain[SEAL_RSA_BYTES_MAX];
    size_t plain_len = sizeof(plain);
    int rc = -1;

    if (ctx != NULL && EVP_PKEY_decrypt(ctx, plain, &plain_len, wrapped, len) == 1 &&
        plain_len <= sizeof(key->bytes)) {
        memcpy(key->bytes, plain, plain_len);
        key->len = plain_len;
        rc = 0;
    }
    ERR_clear_error();
    seal_cleanse(plain, sizeof(plain));
    return rc;
}
