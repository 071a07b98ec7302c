/* AES-GCM with a 12-byte IV and a 16-byte tag: one context a thread, its key set once. */
#ifndef SW_SEAL_GCM_H
#define SW_SEAL_GCM_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEAL_IV_BYTES = 12, SEAL_TAG_BYTES = 16 };

struct seal_gcm;

/* key_len 16, 24 or 32. A context either encrypts or decrypts. NULL and err on failure. */
SW_MUST_CHECK struct seal_gcm *seal_gcm_new(const uint8_t *key, size_t key_len, bool encrypt,
                                            struct sw_err *err);
void seal_gcm_free(struct seal_gcm *gcm);
SW_DEFINE_AUTO(seal_gcm, struct seal_gcm, seal_gcm_free)
#define SW_AUTO_GCM SW_CLEANUP(seal_gcm_auto)

/* in and out are the same or do not overlap; len is at most SW_SEAL_FRAME_BYTES_MAX. */
struct seal_gcm_op {
    uint8_t iv[SEAL_IV_BYTES];
    const void *aad;
    size_t aad_len;
    const uint8_t *in;
    uint8_t *out;
    size_t len;
};

SW_MUST_CHECK int seal_gcm_encrypt(struct seal_gcm *gcm, const struct seal_gcm_op *op,
                                   uint8_t tag[SEAL_TAG_BYTES], struct sw_err *err);
/* A tag that does not fit is SW_INTEGRITY, and out is cleansed. */
SW_MUST_CHECK int seal_gcm_decrypt(struct seal_gcm *gcm, const struct seal_gcm_op *op,
                                   const uint8_t tag[SEAL_TAG_BYTES], struct sw_err *err);

#endif
