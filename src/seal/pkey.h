/* Key pairs: read from PEM, made, named and written. */
#ifndef SW_SEAL_PKEY_H
#define SW_SEAL_PKEY_H

#include "slipway/error.h"
#include "src/base/buf.h"
#include "src/seal/secret.h"

enum { SEAL_RSA_BITS_MIN = 2048, SEAL_RSA_BITS_MAX = 16384 };

enum seal_pkey_type { SEAL_PKEY_RSA, SEAL_PKEY_P256, SEAL_PKEY_P384, SEAL_PKEY_P521, SEAL_PKEY_ED25519 };
static inline bool seal_pkey_is_ec(enum seal_pkey_type type)
{
    return type != SEAL_PKEY_RSA && type != SEAL_PKEY_ED25519;
}

struct seal_pkey;

/* One PEM block: SubjectPublicKeyInfo, or an unencrypted private key. NULL and err (SW_INTEGRITY) on failure. */
SW_MUST_CHECK struct seal_pkey *seal_pkey_read(const void *pem, size_t len, bool private_key,
                                               struct sw_err *err);
/* rsa_bits: for SEAL_PKEY_RSA. */
SW_MUST_CHECK struct seal_pkey *seal_pkey_generate(enum seal_pkey_type type, unsigned rsa_bits,
                                                   struct sw_err *err);
void seal_pkey_free(struct seal_pkey *pkey);
SW_DEFINE_AUTO(seal_pkey, struct seal_pkey, seal_pkey_free)
#define SW_AUTO_PKEY SW_CLEANUP(seal_pkey_auto)

enum seal_pkey_type seal_pkey_type(const struct seal_pkey *pkey);

/* SHA-256 of the public key's SubjectPublicKeyInfo in DER; the same for both halves. */
SW_MUST_CHECK int seal_pkey_fingerprint(const struct seal_pkey *pkey, uint8_t out[32], struct sw_err *err);

/* PKCS#8 and SubjectPublicKeyInfo in PEM. The caller cleanses the private text. */
SW_MUST_CHECK int seal_pkey_private_pem(const struct seal_pkey *pkey, struct sw_buf *out, struct sw_err *err);
SW_MUST_CHECK int seal_pkey_public_pem(const struct seal_pkey *pkey, struct sw_buf *out, struct sw_err *err);

#endif
