/* From a data key to what a suite encrypts and commits with. */
#ifndef SW_SEAL_KDF_H
#define SW_SEAL_KDF_H

#include "slipway/error.h"
#include "src/seal/secret.h"
#include "src/seal/suite.h"

/*
 * The content key: the data key itself, or HKDF of it with the suite and the message id in salt or info. commitment is
 * written only for suites that commit. A data key whose length is not the suite's is SW_INTEGRITY.
 */
SW_MUST_CHECK int seal_derive(const struct seal_suite *suite, const struct seal_secret *data_key,
                              const struct seal_id *id, struct seal_secret *content_key,
                              uint8_t commitment[SEAL_COMMITMENT_BYTES], struct sw_err *err);

#endif
