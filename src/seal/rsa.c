/* RSA by OpenSSL's EVP. */
#include "src/seal/rsa.h"

#include "src/base/digest.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

struct seal_rsa {
    EVP_PKEY *key;
};

SW_DEFINE_AUTO(bio, BIO, BIO_vfree)
SW_DEFINE_AUTO(pkey_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)

void seal_rsa_free(struct seal_rsa *rsa)
{
    if (rsa == NULL)
        return;
    EVP_PKEY_free(rsa->key);
    free(rsa);
}

/* libcrypto must not ask for a passphrase on the terminal by itself. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static int check_rsa(const EVP_PKEY *key, struct sw_err *err)
{
    int bits;

    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)
        return sw_fail(err, SW_INTEGRITY, "it holds a key that is not RSA");
    bits = EVP_PKEY_get_bits(key);
    if (bits < SEAL_RSA_BITS_MIN || bits > SEAL_RSA_BITS_MAX)
        return sw_fail(err, SW_INTEGRITY, "its RSA key has %d bits; %d to %d are allowed", bits,
                       SEAL_RSA_BITS_MIN, SEAL_RSA_BITS_MAX);
    return 0;
}

static bool has_text(const void *pem, size_t len, const char *text)
{
    return memmem(pem, len, text, strlen(text)) != NULL;
}

static int why_unreadable(const void *pem, size_t len, bool private_key, struct sw_err *err)
{
    if (has_text(pem, len, "ENCRYPTED"))
        return sw_fail(err, SW_INTEGRITY, "its private key is protected by a passphrase");
    if (!private_key && has_text(pem, len, "PRIVATE KEY"))
        return sw_fail(err, SW_INTEGRITY,
                       "it is a private key; seal to its public half (openssl pkey -in FILE -pubout)");
    if (private_key && has_text(pem, len, "PUBLIC KEY"))
        return sw_fail(err, SW_INTEGRITY, "it is a public key; opening takes the private one");
    return sw_fail(err, SW_INTEGRITY, "it holds no %s key in PEM", private_key ? "private" : "public");
}

struct seal_rsa *seal_rsa_read(const void *pem, size_t len, bool private_key, struct sw_err *err)
{
    SW_AUTO_RSA struct seal_rsa *rsa = sw_calloc(1, sizeof(*rsa), err);
    SW_CLEANUP(bio_auto) BIO *bio = BIO_new_mem_buf(pem, (int)len);

    if (rsa == NULL || bio == NULL)
        return NULL;
    if (private_key)
        rsa->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    else if (!has_text(pem, len, "PRIVATE KEY"))
        rsa->key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    ERR_clear_error();
    if (rsa->key == NULL) {
        why_unreadable(pem, len, private_key, err);
        return NULL;
    }
    return check_rsa(rsa->key, err) < 0 ? NULL : SW_STEAL_PTR(rsa);
}

struct seal_rsa *seal_rsa_generate(struct sw_err *err)
{
    SW_AUTO_RSA struct seal_rsa *rsa = sw_calloc(1, sizeof(*rsa), err);

    if (rsa == NULL)
        return NULL;
    rsa->key = EVP_RSA_gen(SEAL_RSA_BITS_NEW);
    if (rsa->key == NULL) {
        sw_fail(err, SW_FAILED, "libcrypto cannot make an RSA key");
        return NULL;
    }
    return SW_STEAL_PTR(rsa);
}

int seal_rsa_fingerprint(const struct seal_rsa *rsa, uint8_t out[32], struct sw_err *err)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(rsa->key, &der), rc;

    if (len <= 0)
        return sw_fail(err, SW_FAILED, "libcrypto cannot encode the public key");
    rc = sw_sha256(der, (size_t)len, out, err);
    OPENSSL_free(der);
    return rc;
}

static int take_bio(BIO *bio, bool written, struct sw_buf *out, struct sw_err *err)
{
    char *text = NULL;
    long len = written ? BIO_get_mem_data(bio, &text) : 0;

    if (len <= 0)
        return sw_fail(err, SW_FAILED, "libcrypto cannot write the key");
    return sw_buf_append(out, text, (size_t)len, err);
}

int seal_rsa_private_pem(const struct seal_rsa *rsa, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(bio_auto) BIO *bio = BIO_new(BIO_s_secmem()); /* cleanses what it held */
    bool written =
        bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, rsa->key, NULL, NULL, 0, NULL, NULL) == 1;

    /* One reservation: growing would leave pieces of the key behind. */
    if (sw_buf_reserve(out, 16384, err) < 0)
        return -1;
    return take_bio(bio, written, out, err);
}

int seal_rsa_public_pem(const struct seal_rsa *rsa, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(bio_auto) BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, bio != NULL && PEM_write_bio_PUBKEY(bio, rsa->key) == 1, out, err);
}

/* A context with OAEP set up; NULL on failure. */
static EVP_PKEY_CTX *oaep_new(const struct seal_rsa *rsa, const char *hash, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa->key, NULL);
    const EVP_MD *md = EVP_get_digestbyname(hash);

    if (ctx != NULL && md != NULL && init(ctx) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

int seal_rsa_wrap(const struct seal_rsa *rsa, const char *hash, const struct seal_secret *key,
                  struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = oaep_new(rsa, hash, EVP_PKEY_encrypt_init);
    uint8_t wrapped[SEAL_RSA_BYTES_MAX];
    size_t len = sizeof(wrapped);

    if (ctx == NULL || EVP_PKEY_encrypt(ctx, wrapped, &len, key->bytes, key->len) != 1) {
        ERR_clear_error();
        return sw_fail(err, SW_FAILED, "libcrypto cannot wrap a key with RSA-OAEP-%s", hash);
    }
    return sw_buf_append(out, wrapped, len, err);
}

int seal_rsa_unwrap(const struct seal_rsa *rsa, const char *hash, const uint8_t *wrapped, size_t len,
                    struct seal_secret *key)
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = oaep_new(rsa, hash, EVP_PKEY_decrypt_init);
    uint8_t plain[SEAL_RSA_BYTES_MAX];
    size_t plain_len = sizeof(plain);
    int rc = -1;

    if (ctx != NULL && EVP_PKEY_decrypt(ctx, plain, &plain_len, wrapped, len) == 1 &&
        plain_len <= sizeof(key->bytes)) {
        memcpy(key->bytes, plain, plain_len);
        key->len = plain_len;
        rc = 0;
    }
    ERR_clear_error();
    seal_cleanse(plain, sizeof(plain));
    return rc;
}
