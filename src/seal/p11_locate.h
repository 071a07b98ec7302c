/* The one object that a URI means, and the private half of a pair. */
#ifndef SW_SEAL_P11_LOCATE_H
#define SW_SEAL_P11_LOCATE_H

#include "src/seal/p11_object.h"

struct p11_located {
    struct p11_object object;
    ck_object_class_t class;
};

/*
 * Looks for public keys, certificates, private and secret keys, as the URI's kind allows, in this order; first for what can
 * be seen without the PIN, then, on the one token that matches, with it. None, or more than one of a class, is SW_INTEGRITY.
 */
SW_MUST_CHECK int p11_locate(struct p11_tokens *tokens, const struct p11_uri *uri, struct p11_located *out,
                             struct sw_err *err);

/* The private key that belongs to a public half or certificate that was located; logs in. */
SW_MUST_CHECK int p11_locate_private(const struct p11_uri *uri, const struct p11_located *half,
                                     struct p11_object *out, struct sw_err *err);

#endif
