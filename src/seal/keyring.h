/* The keys of one use, and which of them fits an encrypted data key. */
#ifndef SW_SEAL_KEYRING_H
#define SW_SEAL_KEYRING_H

#include "slipway/envelope.h"
#include "src/seal/rsa.h"
#include "src/seal/secret.h"

/* The namespace of artifact keys; recipients may not have it. */
#define SEAL_ARTIFACT_NS "slipway-artifact"

struct seal_key {
    char *ns;
    char *name;
    char *label;            /* "ns/name" */
    struct seal_secret aes; /* len 0 for RSA keys */
    struct seal_rsa *rsa;
    const char *hash;       /* of OAEP */
    uint64_t device, inode; /* the file it came from; 0 when there was none */
};

struct sw_keyring {
    enum sw_key_use use;
    size_t n;
    struct seal_key keys[SW_SEAL_KEYS_MAX];
};

SW_DEFINE_AUTO(sw_keyring, struct sw_keyring, sw_keyring_free)
#define SW_AUTO_KEYRING SW_CLEANUP(sw_keyring_auto)

/* Adds a copy of a 256-bit key under its names. */
SW_MUST_CHECK int seal_keyring_add_aes(struct sw_keyring *ring, const struct seal_secret *key, const char *ns,
                                       const char *name, struct sw_err *err);
/* True when a key of this namespace is there. */
bool seal_keyring_has_ns(const struct sw_keyring *ring, const char *ns);

#endif
