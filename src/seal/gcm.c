/* AES-GCM by OpenSSL's EVP. */
#include "src/seal/gcm.h"

#include "src/base/buf.h"
#include "src/seal/secret.h"

#include <openssl/evp.h>

struct seal_gcm {
    EVP_CIPHER_CTX *ctx;
};

static const EVP_CIPHER *cipher_for(size_t key_len)
{
    switch (key_len) {
    case 16:
        return EVP_aes_128_gcm();
    case 24:
        return EVP_aes_192_gcm();
    case 32:
        return EVP_aes_256_gcm();
    default:
        return NULL;
    }
}

struct seal_gcm *seal_gcm_new(const uint8_t *key, size_t key_len, bool encrypt, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = sw_calloc(1, sizeof(*gcm), err);
    const EVP_CIPHER *cipher = cipher_for(key_len);

    if (gcm == NULL)
        return NULL;
    gcm->ctx = EVP_CIPHER_CTX_new();
    if (gcm->ctx == NULL || cipher == NULL ||
        EVP_CipherInit_ex(gcm->ctx, cipher, NULL, key, NULL, encrypt ? 1 : 0) != 1) {
        sw_fail(err, SW_FAILED, "libcrypto cannot set up AES-GCM with a key of %zu bytes", key_len);
        return NULL;
    }
    return SW_STEAL_PTR(gcm);
}

void seal_gcm_free(struct seal_gcm *gcm)
{
    if (gcm == NULL)
        return;
    EVP_CIPHER_CTX_free(gcm->ctx); /* cleanses the key schedule */
    free(gcm);
}

/* Everything but the tag. */
static bool run(struct seal_gcm *gcm, const struct seal_gcm_op *op)
{
    int n = 0;

    if (EVP_CipherInit_ex(gcm->ctx, NULL, NULL, NULL, op->iv, -1) != 1)
        return false;
    if (op->aad_len > 0 && EVP_CipherUpdate(gcm->ctx, NULL, &n, op->aad, (int)op->aad_len) != 1)
        return false;
    return op->len == 0 || EVP_CipherUpdate(gcm->ctx, op->out, &n, op->in, (int)op->len) == 1;
}

int seal_gcm_encrypt(struct seal_gcm *gcm, const struct seal_gcm_op *op, uint8_t tag[SEAL_TAG_BYTES],
                     struct sw_err *err)
{
    uint8_t rest[16];
    int n = 0;

    if (!run(gcm, op) || EVP_CipherFinal_ex(gcm->ctx, rest, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(gcm->ctx, EVP_CTRL_GCM_GET_TAG, SEAL_TAG_BYTES, tag) != 1)
        return sw_fail(err, SW_FAILED, "libcrypto cannot encrypt");
    return 0;
}

int seal_gcm_decrypt(struct seal_gcm *gcm, const struct seal_gcm_op *op, const uint8_t tag[SEAL_TAG_BYTES],
                     struct sw_err *err)
{
    uint8_t rest[16], expected[SEAL_TAG_BYTES];
    int n = 0;

    for (n = 0; n < SEAL_TAG_BYTES; n++)
        expected[n] = tag[n]; /* EVP wants it writable */
    if (run(gcm, op) && EVP_CIPHER_CTX_ctrl(gcm->ctx, EVP_CTRL_GCM_SET_TAG, SEAL_TAG_BYTES, expected) == 1 &&
        EVP_CipherFinal_ex(gcm->ctx, rest, &n) == 1)
        return 0;
    seal_cleanse(op->out, op->len);
    return sw_fail(err, SW_INTEGRITY, "its authentication tag does not fit");
}
