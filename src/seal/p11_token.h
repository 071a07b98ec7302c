/* PKCS#11 modules and tokens: found by a URI, opened once for a keyring, logged in to with one try of the PIN. */
#ifndef SW_SEAL_P11_TOKEN_H
#define SW_SEAL_P11_TOKEN_H

#include "src/seal/p11_uri.h"
#include "src/seal/phrase.h"

enum { P11_TOKENS_MAX = 32, P11_TOKEN_NAME = 96 };

struct p11_token {
    struct ck_function_list *module;
    ck_slot_id_t slot;
    ck_session_handle_t session; /* read-only */
    char name[P11_TOKEN_NAME];   /* "token 'lab' (slot 3)" */
    bool logged_in;
    bool pin_refused;       /* and so never tried again */
    char *pin_source;       /* of the first key that logged in */
    struct seal_phrase pin; /* empty until it was needed */
};

/* The tokens of a keyring, with the modules that they belong to. */
struct p11_tokens;

/* Loads nothing yet. NULL and err on failure. */
SW_MUST_CHECK struct p11_tokens *p11_tokens_new(struct sw_err *err);
/* What a URI that names no module means from now on, instead of every module that p11-kit is configured with. A path, or a
 * name in p11-kit's folder. */
SW_MUST_CHECK int p11_tokens_set_module(struct p11_tokens *tokens, const char *path, struct sw_err *err);
/* Logs out, closes, unloads, cleanses the PINs; NULL is allowed. */
void p11_tokens_free(struct p11_tokens *tokens);

/* The tokens that the URI means, one at least; they live as long as tokens. */
SW_MUST_CHECK int p11_tokens_match(struct p11_tokens *tokens, const struct p11_uri *uri,
                                   struct p11_token *out[P11_TOKENS_MAX], size_t *n, struct sw_err *err);

/*
 * Logs in unless that was done, with the PIN from a source of seal_phrase_get. A PIN is tried once: after a refusal every later call fails without asking the token. SW_INTEGRITY
 * for a PIN that is wrong, locked or not set.
 */
SW_MUST_CHECK int p11_token_login(struct p11_token *token, const char *source, struct sw_err *err);
/* For a key that wants the PIN before each use; an operation has been begun. */
SW_MUST_CHECK int p11_token_login_again(struct p11_token *token, struct sw_err *err);

/* Sets err to "NAME: CALL: CKR_…", SW_INTEGRITY; always -1. */
int p11_fail(const struct p11_token *token, const char *call, ck_rv_t rv, struct sw_err *err);

#endif
