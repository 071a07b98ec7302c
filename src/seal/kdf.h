/* From a data key to what a suite encrypts and commits with. */
#ifndef SW_SEAL_KDF_H
#define SW_SEAL_KDF_H

#include "slipway/error.h"
#include "src/seal/secret.h"
#include "src/seal/suite.h"

enum { SEAL_HKDF_INFO_MAX = 2 + SEAL_ID_BYTES_1 };

/* HKDF's inputs. */
struct seal_hkdf {
    char hash[8]; /* "SHA512" and its kin */
    struct seal_secret key;
    uint8_t salt[SEAL_ID_BYTES];
    size_t salt_len; /* 0: as many zeros as the hash has bytes */
    uint8_t info[SEAL_HKDF_INFO_MAX];
    size_t info_len;
};
/* Extract and expand to len bytes. It changes nothing of hkdf; libcrypto takes no const. */
SW_MUST_CHECK int seal_hkdf(struct seal_hkdf *hkdf, uint8_t *out, size_t len, struct sw_err *err);

/*
 * The content key: the data key itself, or HKDF of it with the suite and the message id in salt or info. commitment is
 * written only for suites that commit. A data key whose length is not the suite's is SW_INTEGRITY.
 */
SW_MUST_CHECK int seal_derive(const struct seal_suite *suite, const struct seal_secret *data_key,
                              const struct seal_id *id, struct seal_secret *content_key,
                              uint8_t commitment[SEAL_COMMITMENT_BYTES], struct sw_err *err);

#endif
