/* The counter KDF of NIST SP 800-108. */
#ifndef SW_SEAL_KBKDF_H
#define SW_SEAL_KBKDF_H

#include "src/seal/secret.h"
#include "src/seal/wire.h"

/* With HMAC-SHA384, a 32-bit counter and length, and a zero byte between label and context. out->len says how much. */
SW_MUST_CHECK int seal_kbkdf(const struct seal_secret *key, struct seal_view label, struct seal_view context,
                             struct seal_secret *out, struct sw_err *err);

#endif
