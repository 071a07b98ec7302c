/* Signed messages: read whole, from the first byte to the signature, before anything of them is released. */
#ifndef SW_SEAL_SIGNED_H
#define SW_SEAL_SIGNED_H

#include "slipway/progress.h"
#include "src/seal/frame.h"

/*
 * Verifies every frame of a message whose suite signs, then the signature over header and frames by the key in the
 * context, and that nothing follows it. Gives the geometry, which no length tells. header is one that was unlocked.
 * Faults are SW_INTEGRITY.
 */
SW_MUST_CHECK int seal_signed_verify(const struct seal_header *header, const struct seal_secret *content_key,
                                     struct sw_in *sealed, struct sw_progress *progress,
                                     struct seal_layout *layout, struct sw_err *err);

#endif
