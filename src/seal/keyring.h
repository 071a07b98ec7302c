/* The keys of one use. */
#ifndef SW_SEAL_KEYRING_H
#define SW_SEAL_KEYRING_H

#include "slipway/envelope.h"
#include "src/seal/secret.h"

/* The namespace of artifact keys; recipients may not have it. */
#define SEAL_ARTIFACT_NS "slipway-artifact"
/* That of keys that nobody named. */
#define SEAL_DEFAULT_NS "slipway"

enum { SEAL_OWN_NAME = 32 };

struct p11_tokens;
struct seal_key_ops;
struct sw_kms;

struct seal_key {
    const struct seal_key_ops *ops;
    void *priv; /* what ops work with */
    char *ns;
    char *name;
    char *label; /* "ns/name" */
    char own_name
        [SEAL_OWN_NAME];    /* tells the key's bytes, whatever it is called; "" where only its name does */
    bool one_run;           /* made for this run: from the same text another run has another key */
    uint64_t device, inode; /* the file it came from; 0 when there was none */
};

struct sw_keyring {
    enum sw_key_use use;
    size_t n;
    struct seal_key keys[SW_SEAL_KEYS_MAX];
    struct sw_kms *kms;        /* who is asked for "kms:" keys; NULL: they are refused */
    struct p11_tokens *tokens; /* where "pkcs11:" keys lie */
};

/* Adds a copy of an AES key under its names. */
SW_MUST_CHECK int seal_keyring_add_aes(struct sw_keyring *ring, const struct seal_secret *key, const char *ns,
                                       const char *name, struct sw_err *err);
/* Frees and cleanses what a key holds, but not the key; it is as new then. */
void seal_key_clear(struct seal_key *key);
/*
 * How much of a key's text an error may show: nothing behind pin-value=, and of a text whose scheme is not known nothing
 * behind that. What was cut is never shown otherwise.
 */
size_t seal_text_shown(const char *text, bool known);
/* True when a key of this namespace is there. */
bool seal_keyring_has_ns(const struct sw_keyring *ring, const char *ns);

#endif
