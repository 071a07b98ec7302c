/* A sealed output with its random source laid open, for tests that want the same bytes twice. */
#ifndef SW_SEAL_SEAL_OUT_H
#define SW_SEAL_SEAL_OUT_H

#include "slipway/envelope.h"
#include "src/seal/edk.h"

struct seal_out_spec {
    const struct sw_seal_opts *opts;
    struct sw_out *sealed;
    struct sw_out *sidecar;
    seal_random_fn *random;
};

/* sw_seal_out with all of it said. */
SW_MUST_CHECK struct sw_out *seal_out_new(const struct seal_out_spec *spec, struct sw_err *err);

#endif
