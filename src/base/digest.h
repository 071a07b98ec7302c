/* SHA-2, SHA-1, MD5 and HMAC for everybody outside the sealing room; the one digest file of base. */
#ifndef SW_BASE_DIGEST_H
#define SW_BASE_DIGEST_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SW_SHA256_BYTES = 32, SW_SHA256_HEX = 65 /* with the NUL */ };

/* What foreign files hold digests by; what is made here is SHA-256. */
enum sw_hash { SW_HASH_SHA256, SW_HASH_SHA1, SW_HASH_SHA512, SW_HASH_MD5, SW_HASH_COUNT };
enum { SW_HASH_BYTES_MAX = 64 };
/* "SHA256", and its length. */
const char *sw_hash_name(enum sw_hash hash);
/* The hash of that name in any case; false when there is none. */
bool sw_hash_find(const char *name, size_t len, enum sw_hash *out);
size_t sw_hash_bytes(enum sw_hash hash);

/* A running digest, SHA-256 unless another is named. NULL and err on failure. */
struct sw_digest;
SW_MUST_CHECK struct sw_digest *sw_digest_new(struct sw_err *err);
SW_MUST_CHECK struct sw_digest *sw_digest_new_of(enum sw_hash hash, struct sw_err *err);
SW_MUST_CHECK int sw_digest_update(struct sw_digest *digest, const void *bytes, size_t len,
                                   struct sw_err *err);
/* Ends it and begins a new one; out has room for the hash's length. */
SW_MUST_CHECK int sw_digest_final(struct sw_digest *digest, uint8_t *out, struct sw_err *err);
void sw_digest_free(struct sw_digest *digest);
SW_DEFINE_AUTO(sw_digest, struct sw_digest, sw_digest_free)
#define SW_AUTO_DIGEST SW_CLEANUP(sw_digest_auto)

SW_MUST_CHECK int sw_sha256(const void *bytes, size_t len, uint8_t out[SW_SHA256_BYTES], struct sw_err *err);
/* Of each of n pieces that lie one after the other: 32 bytes each into out. Several at a time where the processor can. */
SW_MUST_CHECK int sw_sha256_each(const uint8_t *bytes, size_t piece_bytes, size_t n, uint8_t *out,
                                 struct sw_err *err);
/* That of len bytes, in hex. */
SW_MUST_CHECK int sw_sha256_hex(const void *bytes, size_t len, char out[SW_SHA256_HEX], struct sw_err *err);
SW_MUST_CHECK int sw_sha256_file(const char *path, uint8_t out[SW_SHA256_BYTES], struct sw_err *err);
SW_MUST_CHECK int sw_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                                 uint8_t out[SW_SHA256_BYTES], struct sw_err *err);

/* PBKDF2 with HMAC-SHA-256: a digest from which a short secret is slow to guess. */
SW_MUST_CHECK int sw_slow_digest(const char *secret, const char *salt, uint8_t out[SW_SHA256_BYTES],
                                 struct sw_err *err);

/* MD5, for Content-MD5 and ETags only. */
SW_MUST_CHECK int sw_md5(const void *bytes, size_t len, uint8_t out[16], struct sw_err *err);

/* Bytes from the system's random source. */
SW_MUST_CHECK int sw_random(void *buf, size_t len, struct sw_err *err);

/* Lower-case hex with a NUL; out has room for 2 * len + 1. */
void sw_hex(const uint8_t *bytes, size_t len, char *out);
/* The value of one digit of either case; -1 for any other character. */
int sw_hex_digit(char c);
/* The reverse: exactly 2 * len digits, either case; -1 otherwise. */
SW_MUST_CHECK int sw_unhex(const char *text, size_t text_len, uint8_t *out, size_t len);

#endif
