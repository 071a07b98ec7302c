/* Elliptic curves: points as messages have them, and Diffie-Hellman. */
#ifndef SW_SEAL_EC_H
#define SW_SEAL_EC_H

#include "src/seal/pkey.h"
#include "src/seal/wire.h"

enum { SEAL_POINT_MAX = 1 + 66, SEAL_POINT_WHOLE_MAX = 1 + 2 * 66 };

/* A public point, compressed as SEC 1 has it. */
struct seal_point {
    uint8_t bytes[SEAL_POINT_MAX];
    size_t len;
};

/* pkey is an EC key. */
SW_MUST_CHECK int seal_ec_point(const struct seal_pkey *pkey, struct seal_point *out, struct sw_err *err);
/* The same point uncompressed, as tokens take it. */
SW_MUST_CHECK int seal_ec_whole_point(const struct seal_pkey *pkey, uint8_t out[SEAL_POINT_WHOLE_MAX],
                                      size_t *len, struct sw_err *err);
/* The public key of a compressed point. Of another length or form, or not on the curve: SW_INTEGRITY. */
SW_MUST_CHECK struct seal_pkey *seal_ec_from_point(enum seal_pkey_type curve, struct seal_view point,
                                                   struct sw_err *err);
/* The shared point's x-coordinate, as long as the curve's field. */
SW_MUST_CHECK int seal_ec_agree(const struct seal_pkey *own, const struct seal_pkey *peer,
                                struct seal_secret *z, struct sw_err *err);
/* Bytes of a coordinate. */
size_t seal_ec_field_bytes(enum seal_pkey_type curve);

#endif
