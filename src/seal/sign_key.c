/* Signatures by a key pair, by libcrypto. */
#include "src/seal/sign_key.h"

#include "src/base/digest.h"
#include "src/seal/pkey_evp.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

SW_DEFINE_AUTO(sign_ctx, EVP_MD_CTX, EVP_MD_CTX_free)
SW_DEFINE_AUTO(ecdsa_sig, ECDSA_SIG, ECDSA_SIG_free)

/* OpenSSL may write the curve of an EC key into a block of its own before it. */
static int check_single(const char *pem, size_t len, struct sw_err *err)
{
    static const char begin[] = "-----BEGIN ", end[] = "KEY-----";
    const char *first = memmem(pem, len, end, strlen(end));

    if (first == NULL || memmem(first, len - (size_t)(first - pem), begin, strlen(begin)) == NULL)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "it holds more than one key");
}

struct seal_pkey *seal_sign_read(const void *pem, size_t len, bool private_key, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *key = NULL;

    if (check_single(pem, len, err) < 0 || (key = seal_pkey_read(pem, len, private_key, err)) == NULL)
        return NULL;
    if (key->type != SEAL_PKEY_P256 && key->type != SEAL_PKEY_ED25519) {
        sw_fail(err, SW_INTEGRITY, "it holds a key of another kind; EC keys on P-256 and Ed25519 keys sign");
        return NULL;
    }
    return SW_STEAL_PTR(key);
}

int seal_sign_name(const struct seal_pkey *key, char out[SW_SIGNER_NAME], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];
    char hex[17];

    if (seal_pkey_fingerprint(key, digest, err) < 0)
        return -1;
    sw_hex(digest, 8, hex);
    snprintf(out, SW_SIGNER_NAME, "%s-%s", key->type == SEAL_PKEY_P256 ? "p256" : "ed25519", hex);
    return 0;
}

/* Ed25519 has its hash inside. */
static const EVP_MD *hash_of(const struct seal_pkey *key)
{
    return key->type == SEAL_PKEY_P256 ? EVP_sha256() : NULL;
}

int seal_sign(const struct seal_pkey *key, const void *bytes, size_t len, struct sw_signature *out,
              struct sw_err *err)
{
    SW_CLEANUP(sign_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    out->len = sizeof(out->bytes);
    if (ctx != NULL && EVP_DigestSignInit(ctx, NULL, hash_of(key), NULL, key->key) == 1 &&
        EVP_DigestSign(ctx, out->bytes, &out->len, bytes, len) == 1)
        return 0;
    ERR_clear_error();
    return sw_fail(err, SW_FAILED, "libcrypto cannot sign");
}

int seal_sign_from_raw(const uint8_t raw[64], struct sw_signature *out, struct sw_err *err)
{
    SW_CLEANUP(ecdsa_sig_auto) ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw, 32, NULL), *s = BN_bin2bn(raw + 32, 32, NULL);
    uint8_t *at = out->bytes;
    int len = -1;

    if (sig != NULL && ECDSA_SIG_set0(sig, r, s) == 1)
        len = i2d_ECDSA_SIG(sig, NULL);
    else {
        BN_free(r);
        BN_free(s);
    }
    if (len <= 0 || len > SW_SIGNATURE_MAX)
        return sw_fail(err, SW_FAILED, "libcrypto cannot encode a signature");
    out->len = (size_t)i2d_ECDSA_SIG(sig, &at);
    return 0;
}

bool seal_sign_fits(const struct seal_pkey *key, const void *bytes, size_t len,
                    const struct sw_signature *signature)
{
    SW_CLEANUP(sign_ctx_auto) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool fits = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, hash_of(key), NULL, key->key) == 1 &&
                EVP_DigestVerify(ctx, signature->bytes, signature->len, bytes, len) == 1;

    ERR_clear_error();
    return fits;
}
