/* Wrapping data keys with RSA-OAEP. */
#ifndef SW_SEAL_RSA_H
#define SW_SEAL_RSA_H

#include "src/seal/pkey.h"

enum { SEAL_RSA_BYTES_MAX = SEAL_RSA_BITS_MAX / 8 };

/* OAEP with this hash for both the label and MGF1: "SHA256" and its kin. */
SW_MUST_CHECK int seal_rsa_wrap(const struct seal_pkey *rsa, const char *hash, const struct seal_secret *key,
                                struct sw_buf *out, struct sw_err *err);
/* One error for every cause; a key longer than a secret can hold is one of them. */
SW_MUST_CHECK int seal_rsa_unwrap(const struct seal_pkey *rsa, const char *hash, const uint8_t *wrapped,
                                  size_t len, struct seal_secret *key);
/*
 * PKCS#1 v1.5, to read what others wrote: key->len says how long the key must be. Whatever is wrong with wrapped, and
 * in the same time, key becomes a random one, so that nobody learns which paddings are right. -1 and err only
 * without a random source.
 */
SW_MUST_CHECK int seal_rsa_unwrap_pkcs1(const struct seal_pkey *rsa, const uint8_t *wrapped, size_t len,
                                        struct seal_secret *key, struct sw_err *err);

#endif
