/* Known answers, and what computes them. */
#ifndef SW_SEAL_KNOWN_H
#define SW_SEAL_KNOWN_H

#include "slipway/error.h"
#include "src/base/buf.h"

enum { SEAL_KNOWN_INPUTS = 4 };

struct seal_known {
    const char *name;   /* of the primitive */
    const char *source; /* who published it, and where */
    /* Appends what the inputs give. */
    int (*run)(const struct seal_known *row, struct sw_buf *out, struct sw_err *err);
    const char *in[SEAL_KNOWN_INPUTS]; /* in hex, PEM or words, as run takes them */
    const char *answer;                /* in hex */
};

extern const struct seal_known seal_known_answers[];
extern const size_t seal_nr_known_answers;

/* SW_INTEGRITY when the answer is another one, or none. */
SW_MUST_CHECK int seal_known_check(const struct seal_known *row, struct sw_err *err);

int seal_run_sha256(const struct seal_known *row, struct sw_buf *out, struct sw_err *err); /* text */
int seal_run_hmac(const struct seal_known *row, struct sw_buf *out, struct sw_err *err);   /* key, text */
int seal_run_gcm(const struct seal_known *row, struct sw_buf *out,
                 struct sw_err *err); /* key, IV, AAD, text */
int seal_run_hkdf(const struct seal_known *row, struct sw_buf *out,
                  struct sw_err *err); /* hash, key, salt, info */
int seal_run_scrypt(const struct seal_known *row, struct sw_buf *out,
                    struct sw_err *err); /* phrase, salt, log N r p */
int seal_run_oaep(const struct seal_known *row, struct sw_buf *out, struct sw_err *err);  /* PEM, wrapped */
int seal_run_pkcs1(const struct seal_known *row, struct sw_buf *out, struct sw_err *err); /* PEM, wrapped */
int seal_run_ecdh(const struct seal_known *row, struct sw_buf *out, struct sw_err *err);  /* PEM, point */
int seal_run_raw_ecdh(const struct seal_known *row, struct sw_buf *out,
                      struct sw_err *err); /* PEM, info, wrapped */
int seal_run_verify(const struct seal_known *row, struct sw_buf *out,
                    struct sw_err *err); /* PEM, text, signature */
int seal_run_message(const struct seal_known *row, struct sw_buf *out,
                     struct sw_err *err); /* message, data key, provider */

#endif
