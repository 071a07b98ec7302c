/* From attributes of a token's object to a public key in PEM. */
#include "src/seal/p11_public.h"

#include "src/base/base64.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

enum { DER_INTEGER = 2, DER_BITS = 3, DER_OCTETS = 4, DER_SEQUENCE = 0x30, POINT_UNCOMPRESSED = 4 };

/* AlgorithmIdentifier of rsaEncryption. */
static const uint8_t rsa_algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
/* The object identifier id-ecPublicKey. */
static const uint8_t ec_oid[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};

/* ---- DER ---- */

static int put_head(struct sw_buf *out, uint8_t tag, size_t len, struct sw_err *err)
{
    uint8_t head[4] = {tag};
    size_t n = 2;

    if (len < 0x80) {
        head[1] = (uint8_t)len;
    } else if (len < 0x100) {
        head[1] = 0x81;
        head[n++] = (uint8_t)len;
    } else {
        head[1] = 0x82;
        head[n++] = (uint8_t)(len >> 8);
        head[n++] = (uint8_t)len;
    }
    return sw_buf_append(out, head, n, err);
}

static int put(struct sw_buf *out, uint8_t tag, const struct sw_buf *inner, struct sw_err *err)
{
    return put_head(out, tag, inner->len, err) < 0 ? -1 : sw_buf_append(out, inner->data, inner->len, err);
}

/* An unsigned number as PKCS#11 has it: big-endian, without a sign. */
static int put_integer(struct sw_buf *out, const struct sw_buf *number, struct sw_err *err)
{
    const uint8_t *bytes = (const uint8_t *)number->data;
    size_t len = number->len;
    uint8_t zero = 0;
    bool sign;

    while (len > 1 && *bytes == 0)
        bytes++, len--;
    sign = (*bytes & 0x80) != 0;
    if (put_head(out, DER_INTEGER, len + (sign ? 1 : 0), err) < 0 ||
        (sign && sw_buf_append(out, &zero, 1, err) < 0))
        return -1;
    return sw_buf_append(out, bytes, len, err);
}

/* SEQUENCE { algorithm, BIT STRING { key } } */
static int put_key_info(struct sw_buf *out, const struct sw_buf *algorithm, const struct sw_buf *key,
                        struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf inner = {.len = 0};
    uint8_t unused = 0;

    if (sw_buf_append(&inner, algorithm->data, algorithm->len, err) < 0 ||
        put_head(&inner, DER_BITS, key->len + 1, err) < 0 || sw_buf_append(&inner, &unused, 1, err) < 0 ||
        sw_buf_append(&inner, key->data, key->len, err) < 0)
        return -1;
    return put(out, DER_SEQUENCE, &inner, err);
}

/* ---- RSA ---- */

/* Longer ones are none that could be used. */
enum { RSA_NUMBER_MAX = 4096, EC_PARAMS_MAX = 64, EC_POINT_MAX = 256 };

static int too_long(const struct p11_object *object, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_INTEGRITY, "%s: the key's %s is too long", object->token->name, what);
}

static int rsa_info(const struct p11_object *object, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf modulus = {.len = 0}, exponent = {.len = 0}, numbers = {.len = 0},
                              key = {.len = 0}, algorithm = {.len = 0};

    if (p11_attribute(object, CKA_MODULUS, &modulus, err) < 0 ||
        p11_attribute(object, CKA_PUBLIC_EXPONENT, &exponent, err) < 0)
        return -1;
    if (modulus.len > RSA_NUMBER_MAX || exponent.len > RSA_NUMBER_MAX)
        return too_long(object, "modulus or exponent", err);
    if (put_integer(&numbers, &modulus, err) < 0 || put_integer(&numbers, &exponent, err) < 0 ||
        put(&key, DER_SEQUENCE, &numbers, err) < 0 ||
        sw_buf_append(&algorithm, rsa_algorithm, sizeof(rsa_algorithm), err) < 0)
        return -1;
    return put_key_info(out, &algorithm, &key, err);
}

/* ---- EC ---- */

/* A point should be in an OCTET STRING; some tokens give it bare. */
static void unwrap_point(const struct sw_buf *value, struct sw_buf *point)
{
    const uint8_t *bytes = (const uint8_t *)value->data;
    size_t head = value->len > 2 && bytes[1] == 0x81 ? 3 : 2;

    *point = *value;
    if (value->len <= head || bytes[0] != DER_OCTETS || bytes[head - 1] != value->len - head ||
        bytes[head] != POINT_UNCOMPRESSED)
        return;
    point->data += head;
    point->len -= head;
}

static int ec_info(const struct p11_object *object, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf params = {.len = 0}, value = {.len = 0}, ids = {.len = 0},
                              algorithm = {.len = 0};
    struct sw_buf point;

    if (p11_attribute(object, CKA_EC_PARAMS, &params, err) < 0 ||
        p11_attribute(object, CKA_EC_POINT, &value, err) < 0)
        return -1;
    if (params.len > EC_PARAMS_MAX || value.len > EC_POINT_MAX)
        return too_long(object, "curve or point", err);
    unwrap_point(&value, &point);
    if (sw_buf_append(&ids, ec_oid, sizeof(ec_oid), err) < 0 ||
        sw_buf_append(&ids, params.data, params.len, err) < 0 || put(&algorithm, DER_SEQUENCE, &ids, err) < 0)
        return -1;
    return put_key_info(out, &algorithm, &point, err);
}

/* ---- certificates ---- */

static int cert_info(const struct p11_object *object, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf der = {.len = 0};
    const unsigned char *at;
    unsigned char *info = NULL;
    X509 *cert;
    int len, rc;

    if (p11_attribute(object, CKA_VALUE, &der, err) < 0)
        return -1;
    at = (const unsigned char *)der.data;
    cert = d2i_X509(NULL, &at, (long)der.len);
    len = cert != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &info) : -1;
    ERR_clear_error();
    rc = len > 0 ? sw_buf_append(out, info, (size_t)len, err)
                 : sw_fail(err, SW_INTEGRITY, "%s: it is no X.509 certificate", object->token->name);
    OPENSSL_free(info);
    X509_free(cert);
    return rc;
}

/* ---- PEM ---- */

static int info_of(const struct p11_object *object, ck_object_class_t class, struct sw_buf *out,
                   struct sw_err *err)
{
    if (class == CKO_CERTIFICATE)
        return cert_info(object, out, err);
    switch (p11_number(object, CKA_KEY_TYPE, (unsigned long)-1)) {
    case CKK_RSA:
        return rsa_info(object, out, err);
    case CKK_EC:
        return ec_info(object, out, err);
    default:
        return sw_fail(err, SW_INTEGRITY, "%s: the key is neither RSA nor EC", object->token->name);
    }
}

int p11_public_pem(const struct p11_object *object, ck_object_class_t class, struct sw_buf *pem,
                   struct sw_err *err)
{
    enum { LINE = 64 };
    SW_AUTO_BUF struct sw_buf info = {.len = 0}, text = {.len = 0};

    if (info_of(object, class, &info, err) < 0 || sw_base64_put(&text, info.data, info.len, err) < 0 ||
        sw_buf_puts(pem, "-----BEGIN PUBLIC KEY-----\n", err) < 0)
        return -1;
    for (size_t at = 0; at < text.len; at += LINE) {
        size_t len = text.len - at < LINE ? text.len - at : LINE;

        if (sw_buf_append(pem, text.data + at, len, err) < 0 || sw_buf_puts(pem, "\n", err) < 0)
            return -1;
    }
    return sw_buf_puts(pem, "-----END PUBLIC KEY-----\n", err);
}
