/* The signature in a message's footer: ECDSA over all that precedes it, by a key that lives for one message. */
#ifndef SW_SEAL_FOOTER_H
#define SW_SEAL_FOOTER_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stddef.h>
#include <stdint.h>

enum seal_curve {
    SEAL_CURVE_NONE,
    SEAL_CURVE_P256, /* with SHA-256 */
    SEAL_CURVE_P384, /* with SHA-384 */
};

enum {
    SEAL_SIGNATURE_MAX = 104,     /* DER on P-384 */
    SEAL_PUBLIC_TEXT = 4 * 17 + 1 /* base64 of a compressed point on P-384, and the NUL */
};

struct seal_signature;

/* text: base64 of the compressed point; anything else is SW_INTEGRITY. NULL and err on failure. */
SW_MUST_CHECK struct seal_signature *seal_verifier_new(enum seal_curve curve, const char *text,
                                                       struct sw_err *err);
/* With a new key, whose public half goes to text. */
SW_MUST_CHECK struct seal_signature *seal_signer_new(enum seal_curve curve, char text[SEAL_PUBLIC_TEXT],
                                                     struct sw_err *err);
void seal_signature_free(struct seal_signature *signature);
SW_DEFINE_AUTO(seal_signature, struct seal_signature, seal_signature_free)
#define SW_AUTO_SIGNATURE SW_CLEANUP(seal_signature_auto)

/* The longest DER that a signature on this curve has. */
size_t seal_signature_max(enum seal_curve curve);

/* Runs serially over every byte: neither parts nor threads can share it. */
SW_MUST_CHECK int seal_signature_update(struct seal_signature *signature, const void *bytes, size_t len,
                                        struct sw_err *err);
/* A verifier's end; SW_INTEGRITY when the signature is not that of the bytes. */
SW_MUST_CHECK int seal_signature_check(struct seal_signature *signature, const uint8_t *der, size_t len,
                                       struct sw_err *err);
/* A signer's end. */
SW_MUST_CHECK int seal_signature_make(struct seal_signature *signature, uint8_t der[SEAL_SIGNATURE_MAX],
                                      size_t *len, struct sw_err *err);

#endif
