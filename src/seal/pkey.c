/* Key pairs by OpenSSL's EVP. */
#include "src/base/digest.h"
#include "src/seal/pkey_evp.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

SW_DEFINE_AUTO(bio, BIO, BIO_vfree)

static const struct {
    enum seal_pkey_type type;
    const char *group; /* as libcrypto says it */
    const char *name;  /* as NIST does */
} curves[] = {
    {SEAL_PKEY_P256, "prime256v1", "P-256"},
    {SEAL_PKEY_P384, "secp384r1", "P-384"},
    {SEAL_PKEY_P521, "secp521r1", "P-521"},
};

const char *seal_pkey_group(enum seal_pkey_type type)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(curves); i++)
        if (curves[i].type == type)
            return curves[i].name;
    return NULL;
}

void seal_pkey_free(struct seal_pkey *pkey)
{
    if (pkey == NULL)
        return;
    EVP_PKEY_free(pkey->key);
    free(pkey);
}

enum seal_pkey_type seal_pkey_type(const struct seal_pkey *pkey)
{
    return pkey->type;
}

static int check_rsa(struct seal_pkey *pkey, struct sw_err *err)
{
    int bits = EVP_PKEY_get_bits(pkey->key);

    pkey->type = SEAL_PKEY_RSA;
    if (bits < SEAL_RSA_BITS_MIN || bits > SEAL_RSA_BITS_MAX)
        return sw_fail(err, SW_INTEGRITY, "its RSA key has %d bits; %d to %d are allowed", bits,
                       SEAL_RSA_BITS_MIN, SEAL_RSA_BITS_MAX);
    return 0;
}

/* A point that is not on its curve gives away the private key that is multiplied with it. */
static bool point_is_good(EVP_PKEY *key)
{
    SW_CLEANUP(pkey_ctx_auto) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

    return ctx != NULL && EVP_PKEY_public_check(ctx) == 1;
}

static int check_ec(struct seal_pkey *pkey, struct sw_err *err)
{
    char group[64] = "";

    if (EVP_PKEY_get_group_name(pkey->key, group, sizeof(group), NULL) != 1)
        return sw_fail(err, SW_INTEGRITY, "its EC key is on a curve without a name");
    for (size_t i = 0; i < SW_ARRAY_LEN(curves); i++) {
        if (strcmp(group, curves[i].group) != 0)
            continue;
        pkey->type = curves[i].type;
        return point_is_good(pkey->key) ? 0 : sw_fail(err, SW_INTEGRITY, "its point is not on the curve");
    }
    return sw_fail(err, SW_INTEGRITY, "its EC key is on the curve %s; P-256, P-384 and P-521 are allowed",
                   group);
}

static int check_kind(struct seal_pkey *pkey, struct sw_err *err)
{
    switch (EVP_PKEY_get_base_id(pkey->key)) {
    case EVP_PKEY_RSA:
        return check_rsa(pkey, err);
    case EVP_PKEY_EC:
        return check_ec(pkey, err);
    case EVP_PKEY_ED25519:
        pkey->type = SEAL_PKEY_ED25519;
        return 0;
    default:
        return sw_fail(err, SW_INTEGRITY, "it holds a key that is neither RSA nor EC nor Ed25519");
    }
}

struct seal_pkey *seal_pkey_wrap(EVP_PKEY *key, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *pkey = sw_calloc(1, sizeof(*pkey), err);
    int rc;

    if (pkey == NULL) {
        EVP_PKEY_free(key);
        return NULL;
    }
    pkey->key = key;
    rc = check_kind(pkey, err);
    ERR_clear_error();
    return rc < 0 ? NULL : SW_STEAL_PTR(pkey);
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

struct seal_pkey *seal_pkey_read(const void *pem, size_t len, bool private_key, struct sw_err *err)
{
    SW_CLEANUP(bio_auto) BIO *bio = BIO_new_mem_buf(pem, (int)len);
    EVP_PKEY *key = NULL;

    if (bio == NULL) {
        sw_fail(err, SW_FAILED, "libcrypto has no memory for a key");
        return NULL;
    }
    if (private_key)
        key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    else if (!has_text(pem, len, "PRIVATE KEY"))
        key = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
    ERR_clear_error();
    if (key == NULL) {
        why_unreadable(pem, len, private_key, err);
        return NULL;
    }
    return seal_pkey_wrap(key, err);
}

static EVP_PKEY *generate(enum seal_pkey_type type, unsigned rsa_bits)
{
    if (type == SEAL_PKEY_ED25519)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return type == SEAL_PKEY_RSA ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen(seal_pkey_group(type));
}

struct seal_pkey *seal_pkey_generate(enum seal_pkey_type type, unsigned rsa_bits, struct sw_err *err)
{
    EVP_PKEY *key = generate(type, rsa_bits);

    if (key == NULL) {
        ERR_clear_error();
        sw_fail(err, SW_FAILED, "libcrypto cannot make a key");
        return NULL;
    }
    return seal_pkey_wrap(key, err);
}

int seal_pkey_fingerprint(const struct seal_pkey *pkey, uint8_t out[32], struct sw_err *err)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey->key, &der), rc;

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

int seal_pkey_private_pem(const struct seal_pkey *pkey, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(bio_auto) BIO *bio = BIO_new(BIO_s_secmem()); /* cleanses what it held */
    bool written =
        bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, pkey->key, NULL, NULL, 0, NULL, NULL) == 1;

    /* One reservation: growing would leave pieces of the key behind. */
    if (sw_buf_reserve(out, 16384, err) < 0)
        return -1;
    return take_bio(bio, written, out, err);
}

int seal_pkey_public_pem(const struct seal_pkey *pkey, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(bio_auto) BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, bio != NULL && PEM_write_bio_PUBKEY(bio, pkey->key) == 1, out, err);
}
