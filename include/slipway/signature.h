/* Detached signatures over small texts: making them, and the public keys that are trusted to have made them. */
#ifndef SLIPWAY_SIGNATURE_H
#define SLIPWAY_SIGNATURE_H

#include "slipway/cleanup.h"
#include "slipway/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * ECDSA over P-256 with SHA-256, DER-encoded, which `openssl dgst -sha256 -verify` checks; or Ed25519, 64 bytes, which
 * `openssl pkeyutl -verify -rawin` checks. No other key signs.
 */
enum { SW_SIGNATURE_MAX = 128, SW_SIGNER_NAME = 32, SW_TRUSTED_KEYS_MAX = 256 };

struct sw_signature {
    uint8_t bytes[SW_SIGNATURE_MAX];
    size_t len;
};

struct sw_signer;

/*
 * text: "pem:FILE", an unencrypted private key that nobody else may read, or "pkcs11:URI", a P-256 pair on a token, which
 * is logged in to here; a comma is doubled. SW_USAGE for a text of another form, SW_INTEGRITY
 * for a key that cannot be used. NULL and err on failure.
 */
SW_MUST_CHECK struct sw_signer *sw_signer_open(const char *text, struct sw_err *err);
/* "p256-" or "ed25519-" and 16 hex digits of the SHA-256 of the public key's DER. */
const char *sw_signer_name(const struct sw_signer *signer);
/* SW_USAGE when path is the file that the key was read from: an output of that name would destroy it. */
SW_MUST_CHECK int sw_signer_spare_file(const struct sw_signer *signer, const char *path, struct sw_err *err);
SW_MUST_CHECK int sw_signer_sign(const struct sw_signer *signer, const void *bytes, size_t len,
                                 struct sw_signature *out, struct sw_err *err);
/* Cleanses and frees; NULL is allowed. */
void sw_signer_free(struct sw_signer *signer);
SW_DEFINE_AUTO(sw_signer, struct sw_signer, sw_signer_free)
#define SW_AUTO_SIGNER SW_CLEANUP(sw_signer_auto)

/* Public keys whose signatures count. */
struct sw_trust;

/*
 * From the n paths that were named; else from SLIPWAY_TRUST when it is set and not empty; else from
 * $XDG_CONFIG_HOME/slipway/trust when that folder is there. *trust is NULL when it is neither: then nothing is demanded.
 * A path is a file with one public key in PEM, or a folder: each *.pub in it. A folder without one, a file that others
 * may write, another kind of key: SW_INTEGRITY.
 */
SW_MUST_CHECK int sw_trust_open(const char *const *paths, size_t n, struct sw_trust **trust,
                                struct sw_err *err);
/*
 * Which key made the signature: *who is its name and file, for people; it lives as long as trust. SW_INTEGRITY when none
 * of them did.
 */
SW_MUST_CHECK int sw_trust_check(const struct sw_trust *trust, const void *bytes, size_t len,
                                 const struct sw_signature *signature, const char **who, struct sw_err *err);
void sw_trust_free(struct sw_trust *trust);

#endif
