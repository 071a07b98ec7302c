/* Signatures by a key pair: ECDSA over P-256 with SHA-256, and Ed25519. */
#ifndef SW_SEAL_SIGN_KEY_H
#define SW_SEAL_SIGN_KEY_H

#include "slipway/signature.h"
#include "src/seal/pkey.h"

/* As seal_pkey_read, but one key alone in the text, of a kind that signs. */
SW_MUST_CHECK struct seal_pkey *seal_sign_read(const void *pem, size_t len, bool private_key,
                                               struct sw_err *err);

/* The kind and 64 bits of the public key's fingerprint; the same for both halves. */
SW_MUST_CHECK int seal_sign_name(const struct seal_pkey *key, char out[SW_SIGNER_NAME], struct sw_err *err);

SW_MUST_CHECK int seal_sign(const struct seal_pkey *key, const void *bytes, size_t len,
                            struct sw_signature *out, struct sw_err *err);
/* The DER of an ECDSA signature of which both numbers, of 32 bytes each, are there. */
SW_MUST_CHECK int seal_sign_from_raw(const uint8_t raw[64], struct sw_signature *out, struct sw_err *err);
/* True when this key made it; nothing may precede or follow the signature. */
bool seal_sign_fits(const struct seal_pkey *key, const void *bytes, size_t len,
                    const struct sw_signature *signature);

#endif
