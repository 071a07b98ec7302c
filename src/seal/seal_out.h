/* A sealed output with what the contract hides: its random source, and how another run goes on with it. */
#ifndef SW_SEAL_SEAL_OUT_H
#define SW_SEAL_SEAL_OUT_H

#include "slipway/envelope.h"
#include "src/seal/edk.h"
#include "src/seal/sidecar.h"

/* What a new message is about to be written with. */
struct seal_keeping {
    const struct seal_secret *data_key;
    const struct seal_artifact *artifact; /* its key is of no use for a direct message */
    struct seal_view header;
};

/* The same of a message that an earlier run began. */
struct seal_kept {
    const struct seal_secret *data_key;
    const struct seal_artifact *artifact;
    struct seal_view header;
    uint64_t frames; /* so many lie behind the header, whole and durable */
};

struct seal_out_spec {
    const struct sw_seal_opts *opts;
    struct sw_out *sealed;
    struct sw_out *sidecar;
    struct seal_pair *pair; /* whose names sealed and sidecar have, taken over; NULL where they have none */
    seal_random_fn *random;
    /* Called before the first byte of a new message is written; may be NULL. */
    int (*keep)(void *keeper, const struct seal_keeping *keeping, struct sw_err *err);
    void *keeper;
    /*
     * Goes on with this message instead of a new one; the caller vouches that the plaintext of every frame that may have
     * been written is what it was. Only the sidecar is new. NULL: a new message.
     */
    const struct seal_kept *kept;
};

/* sw_seal_out with all of it said. */
SW_MUST_CHECK struct sw_out *seal_out_new(const struct seal_out_spec *spec, struct sw_err *err);

/* Waits until all that was written lies in the sealed output; pos must be a multiple of the frame length. */
SW_MUST_CHECK int seal_out_flush(struct sw_out *out, struct sw_err *err);

#endif
