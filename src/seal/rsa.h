/* RSA keys: reading, making, wrapping data keys with OAEP. */
#ifndef SW_SEAL_RSA_H
#define SW_SEAL_RSA_H

#include "slipway/error.h"
#include "src/base/buf.h"
#include "src/seal/secret.h"

enum { SEAL_RSA_BITS_MIN = 2048, SEAL_RSA_BITS_MAX = 16384, SEAL_RSA_BITS_NEW = 3072 };
enum { SEAL_RSA_BYTES_MAX = SEAL_RSA_BITS_MAX / 8 };

struct seal_rsa;

/* One PEM block: SubjectPublicKeyInfo, or an unencrypted private key. NULL and err (SW_INTEGRITY) on failure. */
SW_MUST_CHECK struct seal_rsa *seal_rsa_read(const void *pem, size_t len, bool private_key,
                                             struct sw_err *err);
SW_MUST_CHECK struct seal_rsa *seal_rsa_generate(struct sw_err *err);
void seal_rsa_free(struct seal_rsa *rsa);
SW_DEFINE_AUTO(seal_rsa, struct seal_rsa, seal_rsa_free)
#define SW_AUTO_RSA SW_CLEANUP(seal_rsa_auto)

/* SHA-256 of the public key's SubjectPublicKeyInfo in DER; the same for both halves. */
SW_MUST_CHECK int seal_rsa_fingerprint(const struct seal_rsa *rsa, uint8_t out[32], struct sw_err *err);

/* PKCS#8 and SubjectPublicKeyInfo in PEM. The caller cleanses the private text. */
SW_MUST_CHECK int seal_rsa_private_pem(const struct seal_rsa *rsa, struct sw_buf *out, struct sw_err *err);
SW_MUST_CHECK int seal_rsa_public_pem(const struct seal_rsa *rsa, struct sw_buf *out, struct sw_err *err);

/* OAEP with this hash for both the label and MGF1: "SHA256" and its kin. */
SW_MUST_CHECK int seal_rsa_wrap(const struct seal_rsa *rsa, const char *hash, const struct seal_secret *key,
                                struct sw_buf *out, struct sw_err *err);
/* One error for every cause; a key longer than a secret can hold is one of them. */
SW_MUST_CHECK int seal_rsa_unwrap(const struct seal_rsa *rsa, const char *hash, const uint8_t *wrapped,
                                  size_t len, struct seal_secret *key);

#endif
