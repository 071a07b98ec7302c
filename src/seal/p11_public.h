/* The public half of a key on a token, as PEM has it. */
#ifndef SW_SEAL_P11_PUBLIC_H
#define SW_SEAL_P11_PUBLIC_H

#include "src/seal/p11_object.h"

/*
 * Appends the SubjectPublicKeyInfo in PEM of a public key (RSA, or EC on P-256, P-384 or P-521), of a certificate, or of
 * an RSA private key, which has its modulus. What the numbers in it are is not checked here.
 */
SW_MUST_CHECK int p11_public_pem(const struct p11_object *object, ck_object_class_t class, struct sw_buf *pem,
                                 struct sw_err *err);

#endif
