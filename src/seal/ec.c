/* Elliptic curves by OpenSSL's EVP. */
#include "src/seal/ec.h"

#include "src/seal/pkey_evp.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

size_t seal_ec_field_bytes(enum seal_pkey_type curve)
{
    switch (curve) {
    case SEAL_PKEY_P256:
        return 32;
    case SEAL_PKEY_P384:
        return 48;
    default:
        return 66;
    }
}

/* A key that was read from a compressed point gives it back so. */
int seal_ec_point(const struct seal_pkey *pkey, struct seal_point *out, struct sw_err *err)
{
    size_t field = seal_ec_field_bytes(pkey->type), len;
    uint8_t *encoded = NULL;

    len = EVP_PKEY_get1_encoded_public_key(pkey->key, &encoded);
    if (len != 1 + field && len != 1 + 2 * field) {
        OPENSSL_free(encoded);
        ERR_clear_error();
        return sw_fail(err, SW_FAILED, "libcrypto cannot encode the public point");
    }
    out->len = 1 + field;
    memcpy(out->bytes, encoded, out->len);
    if (len == 1 + 2 * field)
        out->bytes[0] = (uint8_t)(2 + (encoded[2 * field] & 1));
    OPENSSL_free(encoded);
    return 0;
}

int seal_ec_whole_point(const struct seal_pkey *pkey, uint8_t out[SEAL_POINT_WHOLE_MAX], size_t *len,
                        struct sw_err *err)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_EC_PUB_X, OSSL_PKEY_PARAM_EC_PUB_Y};
    size_t field = seal_ec_field_bytes(pkey->type);
    int rc = 0;

    out[0] = 4;
    *len = 1 + 2 * field;
    for (size_t i = 0; rc == 0 && i < SW_ARRAY_LEN(names); i++) {
        BIGNUM *number = NULL;

        if (EVP_PKEY_get_bn_param(pkey->key, names[i], &number) != 1 ||
            BN_bn2binpad(number, out + 1 + i * field, (int)field) != (int)field)
            rc = sw_fail(err, SW_FAILED, "libcrypto cannot encode the public point");
        BN_free(number);
    }
    ERR_clear_error();
    return rc;
}

static EVP_PKEY *import_point(const char *group, const struct seal_point *point)
{
    /* OSSL_PARAM takes no const pointers. */
    struct seal_point copy = *point;
    char name[16];
    OSSL_PARAM params[3];
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    strncpy(name, group, sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy.bytes, copy.len);
    params[2] = OSSL_PARAM_construct_end();
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return NULL;
    return key;
}

struct seal_pkey *seal_ec_from_point(enum seal_pkey_type curve, struct seal_view point, struct sw_err *err)
{
    struct seal_point copy = {.len = point.len};
    EVP_PKEY *key = NULL;

    if (point.len == 1 + seal_ec_field_bytes(curve) && (point.bytes[0] == 2 || point.bytes[0] == 3)) {
        memcpy(copy.bytes, point.bytes, point.len);
        key = import_point(seal_pkey_group(curve), &copy);
        ERR_clear_error();
    }
    if (key == NULL) {
        sw_fail(err, SW_INTEGRITY, "its point is not on the curve %s", seal_pkey_group(curve));
        return NULL;
    }
    return seal_pkey_wrap(key, err);
}

int seal_ec_agree(const struct seal_pkey *own, const struct seal_pkey *peer, struct seal_secret *z,
                  struct sw_err *err)
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own->key, NULL);

    z->len = sizeof(z->bytes);
    if (ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer->key) == 1 &&
        EVP_PKEY_derive(ctx, z->bytes, &z->len) == 1 && z->len == seal_ec_field_bytes(own->type))
        return 0;
    ERR_clear_error();
    seal_secret_cleanse(z);
    return sw_fail(err, SW_FAILED, "libcrypto cannot agree on a key by ECDH");
}
