/* SHA-2, SHA-1, HMAC and MD5 by OpenSSL's EVP. */
#include "src/base/digest.h"

#include "src/base/fs.h"
#include "src/base/sha256_many.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

struct sw_digest {
    EVP_MD_CTX *ctx;
    enum sw_hash hash;
};

static const struct {
    const char *name;
    size_t bytes;
    const EVP_MD *(*md)(void);
} hashes[SW_HASH_COUNT] = {
    [SW_HASH_SHA256] = {"SHA256", SW_SHA256_BYTES, EVP_sha256},
    [SW_HASH_SHA1] = {"SHA1", 20, EVP_sha1},
    [SW_HASH_SHA512] = {"SHA512", SW_HASH_BYTES_MAX, EVP_sha512},
    [SW_HASH_MD5] = {"MD5", 16, EVP_md5},
};

static int crypto_failed(const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_FAILED, "libcrypto cannot compute %s", what);
}

const char *sw_hash_name(enum sw_hash hash)
{
    return hashes[hash].name;
}

bool sw_hash_find(const char *name, size_t len, enum sw_hash *out)
{
    for (int i = 0; i < SW_HASH_COUNT; i++) {
        if (strlen(hashes[i].name) == len && strncasecmp(hashes[i].name, name, len) == 0) {
            *out = (enum sw_hash)i;
            return true;
        }
    }
    return false;
}

size_t sw_hash_bytes(enum sw_hash hash)
{
    return hashes[hash].bytes;
}

struct sw_digest *sw_digest_new(struct sw_err *err)
{
    return sw_digest_new_of(SW_HASH_SHA256, err);
}

struct sw_digest *sw_digest_new_of(enum sw_hash hash, struct sw_err *err)
{
    struct sw_digest *digest = sw_calloc(1, sizeof(*digest), err);

    if (digest == NULL)
        return NULL;
    digest->hash = hash;
    digest->ctx = EVP_MD_CTX_new();
    if (digest->ctx == NULL || EVP_DigestInit_ex(digest->ctx, hashes[hash].md(), NULL) != 1) {
        sw_digest_free(digest);
        crypto_failed(hashes[hash].name, err);
        return NULL;
    }
    return digest;
}

int sw_digest_update(struct sw_digest *digest, const void *bytes, size_t len, struct sw_err *err)
{
    return EVP_DigestUpdate(digest->ctx, bytes, len) == 1 ? 0 : crypto_failed(hashes[digest->hash].name, err);
}

int sw_digest_final(struct sw_digest *digest, uint8_t *out, struct sw_err *err)
{
    /* Without naming it again: looking it up costs as much as a few hundred bytes. */
    if (EVP_DigestFinal_ex(digest->ctx, out, NULL) != 1 || EVP_DigestInit_ex(digest->ctx, NULL, NULL) != 1)
        return crypto_failed(hashes[digest->hash].name, err);
    return 0;
}

void sw_digest_free(struct sw_digest *digest)
{
    if (digest == NULL)
        return;
    EVP_MD_CTX_free(digest->ctx);
    free(digest);
}

int sw_sha256(const void *bytes, size_t len, uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    return EVP_Digest(bytes, len, out, NULL, EVP_sha256(), NULL) == 1 ? 0 : crypto_failed("SHA-256", err);
}

int sw_sha256_each(const uint8_t *bytes, size_t piece_bytes, size_t n, uint8_t *out, struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = NULL;
    size_t done = sha256_many(bytes, piece_bytes, n, out);

    if (done < n && (digest = sw_digest_new(err)) == NULL)
        return -1;
    for (; done < n; done++)
        if (sw_digest_update(digest, bytes + done * piece_bytes, piece_bytes, err) < 0 ||
            sw_digest_final(digest, out + done * SW_SHA256_BYTES, err) < 0)
            return -1;
    return 0;
}

int sw_sha256_hex(const void *bytes, size_t len, char out[SW_SHA256_HEX], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_sha256(bytes, len, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), out);
    return 0;
}

int sw_sha256_file(const char *path, uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    enum { CHUNK = 1 << 20 };
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);
    SW_AUTO_FREE uint8_t *chunk = sw_calloc(1, CHUNK, err);
    ssize_t n;

    if (digest == NULL || chunk == NULL)
        return -1;
    if (fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", path);
    while ((n = read(fd, chunk, CHUNK)) > 0)
        if (sw_digest_update(digest, chunk, (size_t)n, err) < 0)
            return -1;
    if (n < 0)
        return sw_fail_errno(err, "cannot read '%s'", path);
    return sw_digest_final(digest, out, err);
}

int sw_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                   uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    unsigned out_len = 0;

    if (key_len > INT_MAX || HMAC(EVP_sha256(), key, (int)key_len, bytes, len, out, &out_len) == NULL)
        return crypto_failed("HMAC-SHA-256", err);
    return 0;
}

int sw_slow_digest(const char *secret, const char *salt, uint8_t out[SW_SHA256_BYTES], struct sw_err *err)
{
    enum { ROUNDS = 200000 };

    if (PKCS5_PBKDF2_HMAC(secret, (int)strlen(secret), (const unsigned char *)salt, (int)strlen(salt), ROUNDS,
                          EVP_sha256(), SW_SHA256_BYTES, out) != 1)
        return crypto_failed("PBKDF2", err);
    return 0;
}

int sw_md5(const void *bytes, size_t len, uint8_t out[16], struct sw_err *err)
{
    return EVP_Digest(bytes, len, out, NULL, EVP_md5(), NULL) == 1 ? 0 : crypto_failed("MD5", err);
}

int sw_random(void *buf, size_t len, struct sw_err *err)
{
    uint8_t *to = buf;

    while (len > 0) {
        ssize_t n = getrandom(to, len, 0);

        if (n < 0)
            return sw_fail_errno(err, "cannot get random bytes");
        to += n;
        len -= (size_t)n;
    }
    return 0;
}

void sw_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

int sw_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int sw_unhex(const char *text, size_t text_len, uint8_t *out, size_t len)
{
    if (text_len != 2 * len)
        return -1;
    for (size_t i = 0; i < len; i++) {
        int high = sw_hex_digit(text[2 * i]), low = sw_hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}
