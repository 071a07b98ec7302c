/* Kinds of keys: from a text to a key, and from a key to a wrapped data key and back. */
#ifndef SW_SEAL_SCHEME_H
#define SW_SEAL_SCHEME_H

#include "src/seal/context.h"
#include "src/seal/edk.h"
#include "src/seal/keyring.h"

enum { SEAL_KEY_OPTIONS_MAX = 8 };

/* What followed "scheme:", taken apart at its commas. Lives as long as the call it is handed to. */
struct seal_key_text {
    const char *target; /* a file, a URI, an ARN …: never empty */
    struct seal_key_option {
        const char *name; /* without the '=' */
        const char *value;
    } options[SEAL_KEY_OPTIONS_MAX];
    size_t nr_options;
};

/* The value of an option, or otherwise. */
const char *seal_key_option(const struct seal_key_text *text, const char *name, const char *otherwise);

/* A row of keyring.c's table. */
struct seal_scheme {
    const char *prefix;         /* "aes:" */
    const char *form;           /* "aes:FILE", for messages */
    const char *const *options; /* the names allowed behind a comma, NULL at the end */
    bool guarded;               /* somebody may write a secret into the text: no error shows any of it */
    /*
     * Makes the key: key->ops, key->priv, and both names by seal_key_set_names. ring says whom it is for, and holds
     * what the caller handed in; key is not among its keys yet. On failure key is cleared by the caller.
     */
    int (*add)(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err);
};

/* What is wrapped, and what goes with it. */
struct seal_wrap {
    const struct seal_secret *data_key;
    const struct seal_context *context;
    struct seal_view aad; /* the context, serialised */
    seal_random_fn *random;
};

/*
 * N r p of all passphrases of one message: what a reader does at most, for each passphrase that was given, for a header that
 * is not authenticated yet, and so what a writer may ask for. Eight passphrases of the usual cost.
 */
#define SEAL_PASS_WORK_MAX (UINT64_C(1) << 23)

/* What an unwrapping goes by. */
struct seal_unwrap {
    const struct seal_context *context; /* with the required pairs */
    struct seal_view aad;               /* the same, serialised */
    size_t data_key_bytes;              /* what the suite takes */
    uint64_t work_left;                 /* of this key; begins as SEAL_PASS_WORK_MAX */
    bool blind; /* set by a key that gives some data key whether it fits or not (PKCS#1 v1.5) */
};

/* What a key can do. */
struct seal_key_ops {
    /* Appends provider info and wrapped key (at most 65,535 bytes each); the provider id is the key's namespace. */
    int (*wrap)(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                struct sw_buf *wrapped, struct sw_err *err);
    /* The provider id is the key's namespace: is the rest exactly this key's? NULL: provider info is its name. */
    bool (*is_for)(const struct seal_key *key, const struct seal_edk *edk);
    /*
     * 0 and the data key, of any length that a secret holds, or -1 and a reason that a user can do something about
     * (a token that is not there, a wrong PIN), or that of seal_no_fit. Other keys are tried nevertheless.
     */
    int (*unwrap)(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                  struct seal_secret *data_key, struct sw_err *err);
    /*
     * Of keys that nothing but their name tells (own_name is ""): did this very key make edk, from the data key and the
     * context of how? NULL: own_name tells.
     */
    int (*made)(const struct seal_key *key, const struct seal_edk *edk, const struct seal_wrap *how,
                bool *made, struct sw_err *err);
    /* Cleanses and frees key->priv, which is not NULL. */
    void (*free)(void *priv);
};

/* Copies of both. SW_FAILED without memory. */
SW_MUST_CHECK int seal_key_set_names(struct seal_key *key, const char *ns, const char *name,
                                     struct sw_err *err);
/* One reason for all that does not decrypt: SW_INTEGRITY, -1. */
int seal_no_fit(struct sw_err *err);

/* The schemes, each at the foot of its file. */
extern const struct seal_scheme seal_scheme_aes;  /* raw_aes.c */
extern const struct seal_scheme seal_scheme_pem;  /* pem.c */
extern const struct seal_scheme seal_scheme_pass; /* pass.c */
extern const struct seal_scheme seal_scheme_pkcs11;
extern const struct seal_scheme seal_scheme_kms;

#endif
