/* What a token does with a key that never leaves it. */
#ifndef SW_SEAL_P11_CRYPT_H
#define SW_SEAL_P11_CRYPT_H

#include "src/seal/gcm.h"
#include "src/seal/p11_object.h"
#include "src/seal/wire.h"

/*
 * RSA-OAEP with this hash ("SHA256" and its kin) for the label and MGF1. A token that cannot do that is asked for the bare RSA
 * operation, and the padding is taken off here, in constant time. What does not decrypt is one SW_INTEGRITY.
 */
SW_MUST_CHECK int p11_rsa_decrypt(const struct p11_object *key, const char *hash, struct seal_view wrapped,
                                  struct seal_secret *out, struct sw_err *err);

/* AES-GCM with a tag of 16 bytes behind the ciphertext. The token may choose another IV when it encrypts. */
struct p11_gcm {
    uint8_t iv[SEAL_IV_BYTES];
    struct seal_view aad;
};
enum { P11_GCM_MAX = SEAL_SECRET_MAX + SEAL_TAG_BYTES };
SW_MUST_CHECK int p11_gcm_encrypt(const struct p11_object *key, struct p11_gcm *how,
                                  const struct seal_secret *plain, struct sw_buf *out, struct sw_err *err);
SW_MUST_CHECK int p11_gcm_decrypt(const struct p11_object *key, const struct p11_gcm *how,
                                  struct seal_view wrapped, struct seal_secret *out, struct sw_err *err);

/* ECDH with an uncompressed point of another: the x-coordinate of the product, of field_bytes. */
SW_MUST_CHECK int p11_ecdh(const struct p11_object *key, struct seal_view point, size_t field_bytes,
                           struct seal_secret *z, struct sw_err *err);

#endif
