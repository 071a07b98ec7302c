/* The encryption context: pairs of UTF-8 texts, sorted and serialised. */
#ifndef SW_SEAL_CONTEXT_H
#define SW_SEAL_CONTEXT_H

#include "slipway/envelope.h"
#include "src/base/buf.h"

/* What slipway puts into the context of what it seals, besides "artifact". */
#define SEAL_FORMAT_KEY   "slipway-format"
#define SEAL_FORMAT_VALUE "1"
#define SEAL_SIZE_KEY     "plaintext-bytes"

/* What a signed message has there besides: the public key, as base64 of the compressed point. */
#define SEAL_PUBLIC_KEY "aws-crypto-public-key"

/* The pairs of a message, sorted by key. Zero-initialise it. */
struct seal_context {
    struct sw_pair *pairs;
    size_t n;
    char *texts; /* what the pairs point into */
};

/* Copies, checks (UTF-8, lengths, duplicates, "aws-crypto-") and sorts. */
SW_MUST_CHECK int seal_context_set(struct seal_context *context, const struct sw_pair *pairs, size_t n,
                                   struct sw_err *err);
/*
 * The same from the bytes of a header, sorted or not, as not every writer did; nothing may follow the last pair, and
 * SEAL_PUBLIC_KEY is allowed. Faults are SW_INTEGRITY.
 */
SW_MUST_CHECK int seal_context_parse(struct seal_context *context, const uint8_t *bytes, size_t len,
                                     struct sw_err *err);
/* Both together, SEAL_PUBLIC_KEY allowed; a key that is in both is SW_INTEGRITY. */
SW_MUST_CHECK int seal_context_join(struct seal_context *out, const struct seal_context *a,
                                    const struct seal_context *b, struct sw_err *err);
/* Appends pair count and pairs, nothing for no pairs; more than 65,535 bytes are SW_USAGE. */
SW_MUST_CHECK int seal_context_write(const struct seal_context *context, struct sw_buf *out,
                                     struct sw_err *err);
/* The value of key among pairs, or NULL. */
const char *seal_pairs_get(const struct sw_pair *pairs, size_t n, const char *key);
void seal_context_free(struct seal_context *context);
#define SW_AUTO_CONTEXT SW_CLEANUP(seal_context_free)

#endif
