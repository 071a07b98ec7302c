/* From a data key to what suite 0x0478 encrypts and commits with. */
#ifndef SW_SEAL_KDF_H
#define SW_SEAL_KDF_H

#include "slipway/error.h"
#include "src/seal/secret.h"

enum { SEAL_ID_BYTES = 32, SEAL_COMMITMENT_BYTES = 32 };

/* HKDF-SHA512 of the 32-byte data key with the message id as salt: the content key and the commitment. */
SW_MUST_CHECK int seal_derive(const struct seal_secret *data_key, const uint8_t message_id[SEAL_ID_BYTES],
                              struct seal_secret *content_key, uint8_t commitment[SEAL_COMMITMENT_BYTES],
                              struct sw_err *err);

#endif
