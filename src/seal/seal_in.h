/* The geometry behind an input of sw_seal_in. */
#ifndef SW_SEAL_SEAL_IN_H
#define SW_SEAL_SEAL_IN_H

#include "src/seal/frame.h"
#include "src/seal/gcm.h"

/* The geometry of an input of sw_seal_in. */
const struct seal_layout *seal_in_layout(const struct sw_in *in);

/* Its header, whose tag fits. */
const struct seal_header *seal_in_header(const struct sw_in *in);

/* What decrypts its frames; one for each thread. */
SW_MUST_CHECK struct seal_gcm *seal_in_gcm(const struct sw_in *in, struct sw_err *err);

/* n frames from sequence number seq on; a message's first is 1. */
struct seal_frames {
    uint32_t seq, n;
};

/* Bytes of them, as they lie in the message. */
size_t seal_in_stored(const struct sw_in *in, struct seal_frames frames);

/* Reads them. */
SW_MUST_CHECK int seal_in_read_stored(struct sw_in *in, struct seal_frames frames, uint8_t *stored,
                                      struct sw_err *err);

/* Decrypts them to plain, one behind the other; any thread. */
SW_MUST_CHECK int seal_in_decrypt(const struct sw_in *in, struct seal_gcm *gcm, struct seal_frames frames,
                                  const uint8_t *stored, uint8_t *plain, struct sw_err *err);

#endif
