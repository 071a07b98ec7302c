/* ECDSA by OpenSSL's EVP. */
#include "src/seal/footer.h"

#include "src/base/base64.h"
#include "src/seal/ec.h"
#include "src/seal/pkey_evp.h"

#include <openssl/err.h>
#include <string.h>

struct seal_signature {
    struct seal_pkey *pkey;
    EVP_MD_CTX *ctx;
};

static const struct {
    enum seal_pkey_type type;
    const char *hash;
    size_t signature_max;
} curves[] = {
    [SEAL_CURVE_P256] = {SEAL_PKEY_P256, "SHA256", 72},
    [SEAL_CURVE_P384] = {SEAL_PKEY_P384, "SHA384", SEAL_SIGNATURE_MAX},
};

void seal_signature_free(struct seal_signature *signature)
{
    if (signature == NULL)
        return;
    EVP_MD_CTX_free(signature->ctx);
    seal_pkey_free(signature->pkey); /* cleanses a private half */
    free(signature);
}

size_t seal_signature_max(enum seal_curve curve)
{
    return curves[curve].signature_max;
}

/* Takes pkey over; NULL is allowed. */
static struct seal_signature *signature_new(struct seal_pkey *pkey, struct sw_err *err)
{
    SW_AUTO_SIGNATURE struct seal_signature *signature =
        pkey != NULL ? sw_calloc(1, sizeof(*signature), err) : NULL;

    if (signature == NULL) {
        seal_pkey_free(pkey);
        return NULL;
    }
    signature->pkey = pkey;
    signature->ctx = EVP_MD_CTX_new();
    return signature->ctx != NULL ? SW_STEAL_PTR(signature) : NULL;
}

struct seal_signature *seal_verifier_new(enum seal_curve curve, const char *text, struct sw_err *err)
{
    SW_AUTO_SIGNATURE struct seal_signature *signature = NULL;
    struct seal_pkey *pkey = NULL;
    uint8_t point[SEAL_POINT_MAX];
    size_t len = 0;

    if (sw_base64_get(text, strlen(text), point, sizeof(point), &len) == 0)
        pkey = seal_ec_from_point(curves[curve].type, (struct seal_view){.bytes = point, .len = len}, err);
    if (pkey == NULL) {
        sw_fail(err, SW_INTEGRITY, "its signing key '%.72s' is no point on %s", text,
                seal_pkey_group(curves[curve].type));
        return NULL;
    }
    signature = signature_new(pkey, err);
    if (signature == NULL)
        return NULL;
    if (EVP_DigestVerifyInit_ex(signature->ctx, NULL, curves[curve].hash, NULL, NULL, pkey->key, NULL) != 1) {
        sw_fail(err, SW_FAILED, "libcrypto cannot verify ECDSA");
        return NULL;
    }
    return SW_STEAL_PTR(signature);
}

struct seal_signature *seal_signer_new(enum seal_curve curve, char text[SEAL_PUBLIC_TEXT], struct sw_err *err)
{
    SW_AUTO_SIGNATURE struct seal_signature *signature =
        signature_new(seal_pkey_generate(curves[curve].type, 0, err), err);
    SW_AUTO_BUF struct sw_buf encoded = {.len = 0};
    struct seal_point point;

    if (signature == NULL || seal_ec_point(signature->pkey, &point, err) < 0 ||
        sw_base64_put(&encoded, point.bytes, point.len, err) < 0)
        return NULL;
    snprintf(text, SEAL_PUBLIC_TEXT, "%s", encoded.data);
    if (EVP_DigestSignInit_ex(signature->ctx, NULL, curves[curve].hash, NULL, NULL, signature->pkey->key,
                              NULL) != 1) {
        sw_fail(err, SW_FAILED, "libcrypto cannot sign with ECDSA");
        return NULL;
    }
    return SW_STEAL_PTR(signature);
}

int seal_signature_update(struct seal_signature *signature, const void *bytes, size_t len, struct sw_err *err)
{
    /* The same for signing and verifying: both hash. */
    if (EVP_DigestUpdate(signature->ctx, bytes, len) != 1)
        return sw_fail(err, SW_FAILED, "libcrypto cannot hash");
    return 0;
}

int seal_signature_check(struct seal_signature *signature, const uint8_t *der, size_t len, struct sw_err *err)
{
    int rc = EVP_DigestVerifyFinal(signature->ctx, der, len);

    ERR_clear_error();
    return rc == 1 ? 0 : sw_fail(err, SW_INTEGRITY, "its signature does not fit");
}

int seal_signature_make(struct seal_signature *signature, uint8_t der[SEAL_SIGNATURE_MAX], size_t *len,
                        struct sw_err *err)
{
    *len = SEAL_SIGNATURE_MAX;
    if (EVP_DigestSignFinal(signature->ctx, der, len) != 1)
        return sw_fail(err, SW_FAILED, "libcrypto cannot sign");
    return 0;
}
