/* The header of an Encryption SDK message: parsed and built, not yet believed. */
#ifndef SW_SEAL_HEADER_H
#define SW_SEAL_HEADER_H

#include "slipway/io.h"
#include "src/seal/context.h"
#include "src/seal/edk.h"
#include "src/seal/gcm.h"
#include "src/seal/kdf.h"

enum {
    SEAL_HEADER_MAX = 1 << 20, /* with the tag */
    SEAL_HEADER_TAG = 16,
    SEAL_CONTENT_SINGLE = 1,
    SEAL_CONTENT_FRAMED = 2,
};

/* Zero-initialise it. Views point into bytes. */
struct seal_header {
    uint8_t *bytes;
    size_t body_len; /* what the tag authenticates; in version 1 an IV follows, then the tag */
    size_t len;      /* with them: where the first frame begins */
    const struct seal_suite *suite;
    struct seal_id id;
    struct seal_context context;
    struct seal_edk edks[SW_SEAL_KEYS_MAX];
    size_t nr_edks;
    uint8_t content_type;
    uint32_t frame_bytes;                      /* 0 exactly for a single block */
    uint8_t commitment[SEAL_COMMITMENT_BYTES]; /* of suites that commit */
    uint8_t iv[SEAL_IV_BYTES];                 /* the tag's; zeros in version 2 */
};

/* Parses len bytes that begin with a header; takes a copy. Faults are SW_INTEGRITY with field, value and offset. */
SW_MUST_CHECK int seal_header_parse(struct seal_header *header, const uint8_t *bytes, size_t len,
                                    struct sw_err *err);
/* The same from the beginning of a message. */
SW_MUST_CHECK int seal_header_read(struct seal_header *header, struct sw_in *in, struct sw_err *err);
void seal_header_free(struct seal_header *header);
#define SW_AUTO_HEADER SW_CLEANUP(seal_header_free)

/* What a new header is made of. */
struct seal_header_spec {
    const struct seal_suite *suite; /* one that commits */
    const struct seal_id *id;
    const struct seal_secret *data_key;
    const struct seal_context *context;
    const struct sw_keyring *recipients;
    uint32_t frame_bytes;
    seal_random_fn *random;
};

/* Appends header body and tag, and derives the content key. */
SW_MUST_CHECK int seal_header_build(const struct seal_header_spec *spec, struct sw_buf *out,
                                    struct seal_secret *content_key, struct sw_err *err);

/*
 * Finds the data key with the keys, checks the commitment, if the suite has one, and then the header's tag. required:
 * the pairs that are authenticated but not stored. Every way in which an RSA PKCS#1 v1.5 key fails has one error.
 */
SW_MUST_CHECK int seal_header_unlock(const struct seal_header *header, const struct sw_keyring *keys,
                                     const struct seal_context *required, struct seal_secret *content_key,
                                     struct sw_err *err);
/* The second half of it, for a data key that is known. */
SW_MUST_CHECK int seal_header_verify(const struct seal_header *header, const struct seal_secret *data_key,
                                     const struct seal_context *required, struct seal_secret *content_key,
                                     struct sw_err *err);

#endif
