/* scrypt: a key from a passphrase, at a price. */
#ifndef SW_SEAL_SCRYPT_H
#define SW_SEAL_SCRYPT_H

#include "slipway/error.h"
#include "src/seal/secret.h"
#include "src/seal/wire.h"

/* N = 2^log_n; 128 N r bytes of memory, and about N r p blocks of work. */
struct seal_scrypt {
    unsigned log_n, r, p;
};

/* out->len says how much. Fails beyond 1 GiB of memory. */
SW_MUST_CHECK int seal_scrypt(const struct seal_scrypt *cost, struct seal_view phrase, struct seal_view salt,
                              struct seal_secret *out, struct sw_err *err);

#endif
