/* Signing on a token, with a key that never leaves it. */
#ifndef SW_SEAL_P11_SIGN_H
#define SW_SEAL_P11_SIGN_H

#include "src/base/digest.h"
#include "src/seal/p11_object.h"

enum { P11_P256_SIGNATURE = 64 };

/* ECDSA over P-256 of a SHA-256: both numbers, of 32 bytes each. */
SW_MUST_CHECK int p11_ecdsa_p256(const struct p11_object *key, const uint8_t digest[SW_SHA256_BYTES],
                                 uint8_t out[P11_P256_SIGNATURE], struct sw_err *err);

#endif
