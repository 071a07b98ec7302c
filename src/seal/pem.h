/* Keys in PEM, for those who have one without a file. */
#ifndef SW_SEAL_PEM_H
#define SW_SEAL_PEM_H

#include "src/seal/pkey.h"
#include "src/seal/scheme.h"

/*
 * Makes key the one in this PEM text, with the names and the padding that text's options say. SW_USAGE for a padding that is
 * none, SW_INTEGRITY for a key that cannot be used. On failure key is cleared by the caller.
 */
SW_MUST_CHECK int seal_pem_set(struct seal_key *key, const void *pem, size_t len, bool private_key,
                               const struct seal_key_text *text, struct sw_err *err);
/* Of a key that seal_pem_set made: the pair, and for RSA the hash of OAEP ("SHA256" and its kin). */
const struct seal_pkey *seal_pem_pkey(const struct seal_key *key);
const char *seal_pem_hash(const struct seal_key *key);

#endif
