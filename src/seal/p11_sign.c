/* Signing on a token, with a key that never leaves it. */
#include "src/seal/p11_sign.h"

#include <string.h>

int p11_ecdsa_p256(const struct p11_object *key, const uint8_t digest[SW_SHA256_BYTES],
                   uint8_t out[P11_P256_SIGNATURE], struct sw_err *err)
{
    struct ck_function_list *module = key->token->module;
    struct ck_mechanism mechanism = {CKM_ECDSA, NULL, 0};
    unsigned char hashed[SW_SHA256_BYTES]; /* PKCS#11 takes no const pointers */
    unsigned long len = P11_P256_SIGNATURE;
    ck_rv_t rv = module->C_SignInit(key->token->session, &mechanism, key->handle);

    memcpy(hashed, digest, sizeof(hashed));
    if (rv != CKR_OK)
        return p11_fail(key->token, "C_SignInit", rv, err);
    if (p11_flag(key, CKA_ALWAYS_AUTHENTICATE) && p11_token_login_again(key->token, err) < 0)
        return -1;
    rv = module->C_Sign(key->token->session, hashed, sizeof(hashed), out, &len);
    if (rv != CKR_OK)
        return p11_fail(key->token, "C_Sign", rv, err);
    if (len != P11_P256_SIGNATURE)
        return sw_fail(err, SW_INTEGRITY, "%s: the signature has %lu bytes, not %d", key->token->name, len,
                       P11_P256_SIGNATURE);
    return 0;
}
