/* X.keys: a message of one frame that carries the artifact key to the recipients. */
#ifndef SW_SEAL_SIDECAR_H
#define SW_SEAL_SIDECAR_H

#include "src/seal/header.h"

enum { SEAL_ARTIFACT_BYTES = 16, SEAL_ARTIFACT_TEXT = SW_SEAL_ARTIFACT_CHARS };

struct seal_artifact {
    char id[SEAL_ARTIFACT_TEXT]; /* hex */
    struct seal_secret key;
};

static inline void seal_artifact_cleanse(struct seal_artifact *artifact)
{
    seal_secret_cleanse(&artifact->key);
}
#define SW_AUTO_ARTIFACT SW_CLEANUP(seal_artifact_cleanse)

/* A message of one frame: whom it is for, and where its keys come from. */
struct seal_small {
    const struct sw_keyring *recipients;
    seal_random_fn *random;
};
/* Appends the whole message that carries plain to out. */
SW_MUST_CHECK int seal_secret_message(const struct seal_context *context, const struct seal_secret *plain,
                                      const struct seal_small *how, struct sw_buf *out, struct sw_err *err);

/* Appends the whole message to out. */
SW_MUST_CHECK int seal_sidecar_write(const struct seal_artifact *artifact,
                                     const struct sw_keyring *recipients, seal_random_fn *random,
                                     struct sw_out *out, struct sw_err *err);

struct seal_pair;
/* The file that the sidecar of path is written to, and the pair; see sw_seal_create_file for what is refused. */
SW_MUST_CHECK int seal_sidecar_create(const struct sw_seal_opts *opts, const char *path, struct sw_out **out,
                                      struct seal_pair **pair, struct sw_err *err);

/* The artifact id that the header of a sidecar names; NULL for any other message. Nobody has verified it. */
const char *seal_sidecar_id(const struct seal_header *header);

/* Takes the artifact out of an opened sidecar (an input of sw_seal_in). */
SW_MUST_CHECK int seal_sidecar_read(struct sw_in *opened, struct seal_artifact *artifact, struct sw_err *err);

/* Opens the message with the keys and takes the artifact out. Takes sidecar over, also on failure. */
SW_MUST_CHECK int seal_sidecar_open(struct sw_in *sidecar, const struct sw_keyring *keys,
                                    struct seal_artifact *artifact, struct sw_err *err);
/* True when one of the header's data keys is wrapped by the artifact key of this id, or (NULL) of any. */
bool seal_wants_artifact(const struct seal_header *header, const char *id);

/* A ring that holds only the artifact key, under its names. */
SW_MUST_CHECK struct sw_keyring *seal_artifact_ring(const struct seal_artifact *artifact, enum sw_key_use use,
                                                    struct sw_err *err);

#endif
