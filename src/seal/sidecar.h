/* X.keys: a message of one frame that carries the artifact key to the recipients. */
#ifndef SW_SEAL_SIDECAR_H
#define SW_SEAL_SIDECAR_H

#include "src/seal/header.h"

enum { SEAL_ARTIFACT_BYTES = 16, SEAL_ARTIFACT_TEXT = 2 * SEAL_ARTIFACT_BYTES + 1 };

struct seal_artifact {
    char id[SEAL_ARTIFACT_TEXT]; /* hex */
    struct seal_secret key;
};

static inline void seal_artifact_cleanse(struct seal_artifact *artifact)
{
    seal_secret_cleanse(&artifact->key);
}
#define SW_AUTO_ARTIFACT SW_CLEANUP(seal_artifact_cleanse)

/* Appends the whole message to out. */
SW_MUST_CHECK int seal_sidecar_write(const struct seal_artifact *artifact,
                                     const struct sw_keyring *recipients, seal_random_fn *random,
                                     struct sw_out *out, struct sw_err *err);

/* Takes the artifact out of an opened sidecar (an input of sw_seal_in). */
SW_MUST_CHECK int seal_sidecar_read(struct sw_in *opened, struct seal_artifact *artifact, struct sw_err *err);

/* A ring that holds only the artifact key, under its names. */
SW_MUST_CHECK struct sw_keyring *seal_artifact_ring(const struct seal_artifact *artifact, enum sw_key_use use,
                                                    struct sw_err *err);

#endif
