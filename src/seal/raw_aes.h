/* Raw AES: a data key encrypted with AES-GCM under a key that both sides have. */
#ifndef SW_SEAL_RAW_AES_H
#define SW_SEAL_RAW_AES_H

#include "src/seal/gcm.h"
#include "src/seal/scheme.h"

/* Behind the name in provider info: tag length in bits, IV length in bytes, IV. */
enum { SEAL_RAW_AES_TAIL = 4 + 4 + SEAL_IV_BYTES };

/* That part of an entry's info, or NULL when it has none. */
const uint8_t *seal_raw_aes_tail(const struct seal_edk *edk);

/* Wraps and unwraps with a key of 16, 24 or 32 bytes; name: the key's. */
SW_MUST_CHECK int seal_raw_aes_wrap(const struct seal_secret *key, const char *name,
                                    const struct seal_wrap *how, struct sw_buf *info, struct sw_buf *wrapped,
                                    struct sw_err *err);
/* edk has a tail. */
SW_MUST_CHECK int seal_raw_aes_unwrap(const struct seal_secret *key, const struct seal_edk *edk,
                                      struct seal_view aad, struct seal_secret *data_key, struct sw_err *err);
/* The part of provider info that every raw AES entry has: the name, then the tail with this IV. */
SW_MUST_CHECK int seal_raw_aes_info(const char *name, const uint8_t iv[SEAL_IV_BYTES], struct sw_buf *info,
                                    struct sw_err *err);
/* True when the entry has a tail and the name before it is the key's: for seal_key_ops. */
bool seal_raw_aes_is_for(const struct seal_key *key, const struct seal_edk *edk);

/* Makes key one that wraps with a copy of this. */
SW_MUST_CHECK int seal_raw_aes_set(struct seal_key *key, const struct seal_secret *secret,
                                   struct sw_err *err);

#endif
