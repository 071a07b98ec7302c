/* HKDF-SHA512 by OpenSSL's EVP_KDF. */
#include "src/seal/kdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* Suite id, then the label; the commitment's info has no suite id. */
static const uint8_t info_key[] = "\x04\x78"
                                  "DERIVEKEY";
static const uint8_t info_commitment[] = "COMMITKEY";

static void kdf_ctx_auto(EVP_KDF_CTX **ctx)
{
    EVP_KDF_CTX_free(*ctx);
}

static EVP_KDF_CTX *hkdf_new(void)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;

    EVP_KDF_free(kdf);
    return ctx;
}

struct hkdf_input {
    struct seal_secret key;
    uint8_t salt[SEAL_ID_BYTES];
};

static void hkdf_input_cleanse(struct hkdf_input *input)
{
    seal_cleanse(input, sizeof(*input));
}

static int hkdf(const struct hkdf_input *constant, const uint8_t *info, size_t info_len, uint8_t out[32],
                struct sw_err *err)
{
    /* OSSL_PARAM takes no const pointers. */
    SW_CLEANUP(hkdf_input_cleanse) struct hkdf_input input = *constant;
    SW_CLEANUP(kdf_ctx_auto) EVP_KDF_CTX *ctx = hkdf_new();
    char digest[] = "SHA512";
    uint8_t info_copy[16];
    OSSL_PARAM params[5];

    for (size_t i = 0; i < info_len; i++)
        info_copy[i] = info[i];
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, input.key.bytes, input.key.len);
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, input.salt, sizeof(input.salt));
    params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info_copy, info_len);
    params[4] = OSSL_PARAM_construct_end();
    if (ctx == NULL || EVP_KDF_derive(ctx, out, 32, params) != 1)
        return sw_fail(err, SW_FAILED, "libcrypto cannot compute HKDF-SHA512");
    return 0;
}

int seal_derive(const struct seal_secret *data_key, const uint8_t message_id[SEAL_ID_BYTES],
                struct seal_secret *content_key, uint8_t commitment[SEAL_COMMITMENT_BYTES],
                struct sw_err *err)
{
    SW_CLEANUP(hkdf_input_cleanse) struct hkdf_input input = {.key = *data_key};

    for (size_t i = 0; i < SEAL_ID_BYTES; i++)
        input.salt[i] = message_id[i];
    content_key->len = SEAL_KEY_BYTES;
    if (hkdf(&input, info_key, sizeof(info_key) - 1, content_key->bytes, err) < 0)
        return -1;
    return hkdf(&input, info_commitment, sizeof(info_commitment) - 1, commitment, err);
}
