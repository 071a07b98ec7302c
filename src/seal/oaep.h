/* OAEP unpadding, for tokens that give only the bare RSA operation. */
#ifndef SW_SEAL_OAEP_H
#define SW_SEAL_OAEP_H

#include "slipway/error.h"
#include "src/seal/secret.h"

/*
 * Takes the message out of an encoded message of len bytes, the RSA modulus's length (RFC 8017 §7.1.2, empty label, MGF1
 * with the same hash: "SHA256" and its kin). em is overwritten. 0, or -1 for every fault alike: the time depends on hash and
 * len alone. A message that is empty or longer than a secret can hold is a fault, and leaves out empty.
 */
SW_MUST_CHECK int seal_oaep_unpad(const char *hash, uint8_t *em, size_t len, struct seal_secret *out);

#endif
