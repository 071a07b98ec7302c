/* Raw ECDH: a data key under what an ephemeral key and the recipient's agree on. */
#ifndef SW_SEAL_RAW_ECDH_H
#define SW_SEAL_RAW_ECDH_H

#include "src/seal/ec.h"
#include "src/seal/scheme.h"

/* The provider id of all its entries. */
#define SEAL_RAW_ECDH_NS "raw-ecdh"

enum { SEAL_EC_NAME = 3 + 16 + 1 };

/* "ec-" + 16 hex digits of the SHA-256 of a compressed point. */
SW_MUST_CHECK int seal_ec_name(struct seal_view point, char out[SEAL_EC_NAME], struct sw_err *err);

/* The points of an entry's provider info: views into it. */
struct seal_ecdh_info {
    struct seal_view recipient, sender;
};
/* False when info is not of that form. */
bool seal_ecdh_parse(const struct seal_edk *edk, struct seal_ecdh_info *info);

/* One's own half, wherever the private key is. */
struct seal_ecdh_own {
    const struct seal_pkey *public;
    /* As seal_ec_agree; peer is on the curve of public. */
    int (*agree)(void *self, const struct seal_pkey *peer, struct seal_secret *z, struct sw_err *err);
    void *self;
};

/* Wraps under a fresh key and the recipient's public one: for seal_key_ops. */
SW_MUST_CHECK int seal_ecdh_wrap(const struct seal_pkey *recipient, const struct seal_wrap *how,
                                 struct sw_buf *info, struct sw_buf *wrapped, struct sw_err *err);
/* True when the point is one of the entry's two: whoever sent with a key that lasts can open as well. */
bool seal_ecdh_is_for(const struct seal_pkey *own, const struct seal_edk *edk);
/* As unwrap of seal_key_ops. */
SW_MUST_CHECK int seal_ecdh_unwrap(const struct seal_ecdh_own *own, const struct seal_edk *edk,
                                   struct seal_view aad, struct seal_secret *data_key, struct sw_err *err);

#endif
