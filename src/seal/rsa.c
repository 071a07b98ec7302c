/* RSA-OAEP by OpenSSL's EVP. */
#include "src/seal/rsa.h"

#include "src/seal/pkey_evp.h"

#include "src/base/digest.h"

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

/* 0xff when x is 0, else 0, without a branch. */
static uint8_t mask_zero(uint8_t x)
{
    return (uint8_t)(((uint32_t)x - 1) >> 24);
}

/* 0xff when em is 00 02, no zero among what follows, a zero, and then key_len bytes; without a branch on em. */
static uint8_t mask_pkcs1(const uint8_t *em, size_t em_len, size_t key_len)
{
    size_t zero_at = em_len - key_len - 1;
    uint8_t good = mask_zero(em[0]) & mask_zero(em[1] ^ 2) & mask_zero(em[zero_at]);

    for (size_t i = 2; i < zero_at; i++)
        good &= (uint8_t)~mask_zero(em[i]);
    return good;
}

/* The padded block, or zeros; how it failed depends on public things only. */
static size_t decrypt_raw(const struct seal_pkey *rsa, const uint8_t *wrapped, size_t len,
                          uint8_t em[SEAL_RSA_BYTES_MAX])
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa->key, NULL);
    size_t size = (size_t)EVP_PKEY_get_size(rsa->key), em_len = SEAL_RSA_BYTES_MAX;

    if (len != size || ctx == NULL || EVP_PKEY_decrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) != 1 ||
        EVP_PKEY_decrypt(ctx, em, &em_len, wrapped, len) != 1 || em_len != size)
        memset(em, 0, SEAL_RSA_BYTES_MAX);
    ERR_clear_error();
    return size;
}

int seal_rsa_unwrap_pkcs1(const struct seal_pkey *rsa, const uint8_t *wrapped, size_t len,
                          struct seal_secret *key, struct sw_err *err)
{
    uint8_t em[SEAL_RSA_BYTES_MAX], good;
    size_t em_len;

    if (sw_random(key->bytes, key->len, err) < 0)
        return -1;
    em_len = decrypt_raw(rsa, wrapped, len, em);
    good = mask_pkcs1(em, em_len, key->len);
    for (size_t i = 0; i < key->len; i++)
        key->bytes[i] = (uint8_t)((em[em_len - key->len + i] & good) | (key->bytes[i] & (uint8_t)~good));
    seal_cleanse(em, sizeof(em));
    return 0;
}
