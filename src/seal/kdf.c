/* HKDF by OpenSSL's EVP_KDF. */
#include "src/seal/kdf.h"

#include "src/base/endian.h"
#include "src/seal/kdf_evp.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

/* The suite precedes the first one, not the second. */
static const char label_key[] = "DERIVEKEY";
static const char label_commitment[] = "COMMITKEY";

static void hkdf_cleanse(struct seal_hkdf *hkdf)
{
    seal_cleanse(hkdf, sizeof(*hkdf));
}

int seal_hkdf(struct seal_hkdf *hkdf, uint8_t *out, size_t len, struct sw_err *err)
{
    AUTO_KDF_CTX EVP_KDF_CTX *ctx = kdf_ctx_new("HKDF");
    OSSL_PARAM params[5];
    size_t n = 0;

    params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hkdf->hash, 0);
    params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, hkdf->key.bytes, hkdf->key.len);
    if (hkdf->salt_len > 0)
        params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, hkdf->salt, hkdf->salt_len);
    params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, hkdf->info, hkdf->info_len);
    params[n] = OSSL_PARAM_construct_end();
    if (ctx == NULL || EVP_KDF_derive(ctx, out, len, params) != 1)
        return sw_fail(err, SW_FAILED, "libcrypto cannot compute HKDF-%s", hkdf->hash);
    return 0;
}

static void put_info(struct seal_hkdf *hkdf, const void *bytes, size_t len)
{
    memcpy(hkdf->info + hkdf->info_len, bytes, len);
    hkdf->info_len += len;
}

static void put_suite(struct seal_hkdf *hkdf, const struct seal_suite *suite)
{
    uint8_t id[2];

    be16_put(id, suite->id);
    put_info(hkdf, id, sizeof(id));
}

/* Version 2: the message id is the salt. */
static int derive_committing(struct seal_hkdf *hkdf, const struct seal_suite *suite, const struct seal_id *id,
                             struct seal_secret *content_key, uint8_t *commitment, struct sw_err *err)
{
    memcpy(hkdf->salt, id->bytes, id->len);
    hkdf->salt_len = id->len;
    put_suite(hkdf, suite);
    put_info(hkdf, label_key, sizeof(label_key) - 1);
    if (seal_hkdf(hkdf, content_key->bytes, content_key->len, err) < 0)
        return -1;
    hkdf->info_len = 0;
    put_info(hkdf, label_commitment, sizeof(label_commitment) - 1);
    return seal_hkdf(hkdf, commitment, SEAL_COMMITMENT_BYTES, err);
}

int seal_derive(const struct seal_suite *suite, const struct seal_secret *data_key, const struct seal_id *id,
                struct seal_secret *content_key, uint8_t commitment[SEAL_COMMITMENT_BYTES],
                struct sw_err *err)
{
    SW_CLEANUP(hkdf_cleanse) struct seal_hkdf hkdf = {.key = *data_key};

    if (data_key->len != suite->key_bytes || id->len != seal_suite_id_bytes(suite))
        return sw_fail(err, SW_INTEGRITY, "its data key has %zu bytes; suite 0x%04x takes %u", data_key->len,
                       (unsigned)suite->id, (unsigned)suite->key_bytes);
    *content_key = *data_key;
    if (suite->kdf_hash == NULL)
        return 0;
    snprintf(hkdf.hash, sizeof(hkdf.hash), "%s", suite->kdf_hash);
    if (seal_suite_commits(suite))
        return derive_committing(&hkdf, suite, id, content_key, commitment, err);
    put_suite(&hkdf, suite);
    put_info(&hkdf, id->bytes, id->len);
    return seal_hkdf(&hkdf, content_key->bytes, content_key->len, err);
}
