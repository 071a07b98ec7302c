/* Passphrases and PINs: from the terminal, a descriptor or a file. */
#ifndef SW_SEAL_PHRASE_H
#define SW_SEAL_PHRASE_H

#include "slipway/error.h"
#include "src/seal/keyring.h"

enum { SEAL_PHRASE_MAX = 1024 };

struct seal_phrase {
    char *bytes; /* of seal_key_new; a NUL follows */
    size_t len;  /* 1 … SEAL_PHRASE_MAX */
    uint64_t device, inode;
};

/* What is asked for. */
struct seal_ask {
    const char *what;   /* "passphrase", for errors and for the prompt … */
    const char *prompt; /* … unless that says more; NULL: it does not */
    bool twice;         /* on a terminal: two times, and both the same */
};

/*
 * source: "prompt" (the controlling terminal, without echo), "fd:N" (one line of that descriptor and no byte more) or
 * "file:PATH" (of one line; the mode rule of key files). Its end of line is no part of it. SW_USAGE for another source,
 * for an empty one and for two that differ; SW_INTEGRITY for what cannot be read.
 */
SW_MUST_CHECK int seal_phrase_get(const char *source, const struct seal_ask *ask, struct seal_phrase *out,
                                  struct sw_err *err);
void seal_phrase_free(struct seal_phrase *phrase);
#define SW_AUTO_PHRASE SW_CLEANUP(seal_phrase_free)

/*
 * One line from the controlling terminal into line (cap bytes, the last one for a NUL). The terminal is as it was
 * before when this returns, and before any signal takes effect. *len: without the end of line.
 */
SW_MUST_CHECK int seal_prompt(const char *prompt, char *line, size_t cap, size_t *len, struct sw_err *err);

#endif
