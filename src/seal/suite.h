/* The algorithm suites of the Encryption SDK as a table, and the message id, whose length depends on them. */
#ifndef SW_SEAL_SUITE_H
#define SW_SEAL_SUITE_H

#include "slipway/envelope.h"
#include "src/seal/footer.h"

enum {
    SEAL_VERSION_1 = 1,
    SEAL_VERSION_2 = 2, /* the one with key commitment */
    SEAL_ID_BYTES = 32, /* of version 2, the longer one */
    SEAL_ID_BYTES_1 = 16,
    SEAL_COMMITMENT_BYTES = 32,
};

struct seal_suite {
    uint16_t id;
    uint8_t version;       /* of the message format; 2 exactly for those that commit to their key */
    uint8_t key_bytes;     /* of the data key and of the content key */
    const char *kdf_hash;  /* of HKDF; NULL: the data key is the content key */
    enum seal_curve curve; /* SEAL_CURVE_NONE: not signed */
    const char *name;      /* as the SDKs have it */
};

/* NULL when there is no such suite. */
const struct seal_suite *seal_suite_find(uint16_t id);

static inline bool seal_suite_commits(const struct seal_suite *suite)
{
    return suite->version == SEAL_VERSION_2;
}

static inline bool seal_suite_signs(const struct seal_suite *suite)
{
    return suite->curve != SEAL_CURVE_NONE;
}

struct seal_id {
    uint8_t bytes[SEAL_ID_BYTES];
    size_t len; /* SEAL_ID_BYTES or SEAL_ID_BYTES_1 */
};

static inline size_t seal_suite_id_bytes(const struct seal_suite *suite)
{
    return suite->version == SEAL_VERSION_2 ? SEAL_ID_BYTES : SEAL_ID_BYTES_1;
}

#endif
