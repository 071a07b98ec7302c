/* Computing known answers with what everything else is computed with. */
#include "src/base/digest.h"
#include "src/seal/gcm.h"
#include "src/seal/kdf.h"
#include "src/seal/known.h"
#include "src/seal/raw_ecdh.h"
#include "src/seal/rsa.h"
#include "src/seal/scheme.h"
#include "src/seal/scrypt.h"
#include "src/seal/sign_key.h"

#include <stdio.h>
#include <string.h>

static int unhex(const char *hex, struct sw_buf *out, struct sw_err *err)
{
    size_t len = strlen(hex) / 2;

    if (sw_buf_reserve(out, len + 1, err) < 0)
        return -1;
    if (sw_unhex(hex, strlen(hex), (uint8_t *)out->data, len) < 0)
        return sw_fail(err, SW_INTEGRITY, "an input is not in hex");
    out->len = len;
    return 0;
}

static struct seal_view view_of(const struct sw_buf *buf)
{
    return (struct seal_view){.bytes = (const uint8_t *)buf->data, .len = buf->len};
}

static int unhex_secret(const char *hex, struct seal_secret *out, struct sw_err *err)
{
    out->len = strlen(hex) / 2;
    if (out->len > sizeof(out->bytes) || sw_unhex(hex, strlen(hex), out->bytes, out->len) < 0)
        return sw_fail(err, SW_INTEGRITY, "an input is no key in hex");
    return 0;
}

static int give(const struct seal_secret *secret, struct sw_buf *out, struct sw_err *err)
{
    return sw_buf_append(out, secret->bytes, secret->len, err);
}

static struct seal_pkey *read_pem(const char *pem, bool private_key, struct sw_err *err)
{
    return seal_pkey_read(pem, strlen(pem), private_key, err);
}

int seal_run_sha256(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {.len = 0};
    uint8_t digest[SW_SHA256_BYTES];

    if (unhex(row->in[0], &text, err) < 0 || sw_sha256(text.data, text.len, digest, err) < 0)
        return -1;
    return sw_buf_append(out, digest, sizeof(digest), err);
}

int seal_run_hmac(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf key = {.len = 0}, text = {.len = 0};
    uint8_t digest[SW_SHA256_BYTES];

    if (unhex(row->in[0], &key, err) < 0 || unhex(row->in[1], &text, err) < 0 ||
        sw_hmac_sha256(key.data, key.len, text.data, text.len, digest, err) < 0)
        return -1;
    return sw_buf_append(out, digest, sizeof(digest), err);
}

/* There, and back again. */
static int gcm_both_ways(const struct seal_secret *key, struct seal_gcm_op *op, struct sw_buf *out,
                         struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *there = seal_gcm_new(key->bytes, key->len, true, err);
    SW_AUTO_GCM struct seal_gcm *back = there != NULL ? seal_gcm_new(key->bytes, key->len, false, err) : NULL;
    SW_AUTO_FREE uint8_t *plain = malloc(op->len + 1);
    const uint8_t *text = op->in;
    uint8_t tag[SEAL_TAG_BYTES];

    if (back == NULL || plain == NULL || sw_buf_reserve(out, op->len + sizeof(tag), err) < 0)
        return -1;
    op->out = (uint8_t *)out->data;
    if (seal_gcm_encrypt(there, op, tag, err) < 0)
        return -1;
    out->len = op->len;
    op->in = op->out;
    op->out = plain;
    if (seal_gcm_decrypt(back, op, tag, err) < 0)
        return -1;
    if (memcmp(plain, text, op->len) != 0)
        return sw_fail(err, SW_INTEGRITY, "decryption is not the inverse of encryption");
    return sw_buf_append(out, tag, sizeof(tag), err);
}

int seal_run_gcm(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret key = {.len = 0};
    SW_AUTO_BUF struct sw_buf aad = {.len = 0}, text = {.len = 0};
    struct seal_gcm_op op = {.aad = NULL};

    if (unhex_secret(row->in[0], &key, err) < 0 || unhex(row->in[2], &aad, err) < 0 ||
        unhex(row->in[3], &text, err) < 0)
        return -1;
    if (sw_unhex(row->in[1], strlen(row->in[1]), op.iv, sizeof(op.iv)) < 0)
        return sw_fail(err, SW_INTEGRITY, "an input is no IV in hex");
    op.aad = aad.data;
    op.aad_len = aad.len;
    op.in = (const uint8_t *)text.data;
    op.len = text.len;
    return gcm_both_ways(&key, &op, out, err);
}

int seal_run_hkdf(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf salt = {.len = 0}, info = {.len = 0};
    SW_AUTO_SECRET struct seal_secret key = {.len = strlen(row->answer) / 2};
    struct seal_hkdf hkdf = {.salt_len = 0};

    if (unhex_secret(row->in[1], &hkdf.key, err) < 0 || unhex(row->in[2], &salt, err) < 0 ||
        unhex(row->in[3], &info, err) < 0)
        return -1;
    if (salt.len > sizeof(hkdf.salt) || info.len > sizeof(hkdf.info) || key.len > sizeof(key.bytes))
        return sw_fail(err, SW_INTEGRITY, "an input is too long");
    snprintf(hkdf.hash, sizeof(hkdf.hash), "%s", row->in[0]);
    memcpy(hkdf.salt, salt.data, hkdf.salt_len = salt.len);
    memcpy(hkdf.info, info.data, hkdf.info_len = info.len);
    if (seal_hkdf(&hkdf, key.bytes, key.len, err) < 0)
        return -1;
    return give(&key, out, err);
}

int seal_run_scrypt(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf phrase = {.len = 0}, salt = {.len = 0};
    SW_AUTO_SECRET struct seal_secret key = {.len = strlen(row->answer) / 2};
    struct seal_scrypt cost;
    uint8_t numbers[3];

    if (unhex(row->in[0], &phrase, err) < 0 || unhex(row->in[1], &salt, err) < 0)
        return -1;
    if (sw_unhex(row->in[2], strlen(row->in[2]), numbers, sizeof(numbers)) < 0 || numbers[0] > 14)
        return sw_fail(err, SW_INTEGRITY, "an input is no cost");
    cost = (struct seal_scrypt){.log_n = numbers[0], .r = numbers[1], .p = numbers[2]};
    if (seal_scrypt(&cost, view_of(&phrase), view_of(&salt), &key, err) < 0)
        return -1;
    return give(&key, out, err);
}

int seal_run_oaep(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *rsa = read_pem(row->in[0], true, err);
    SW_AUTO_SECRET struct seal_secret key = {.len = 0};
    SW_AUTO_BUF struct sw_buf wrapped = {.len = 0};

    if (rsa == NULL || unhex(row->in[1], &wrapped, err) < 0)
        return -1;
    if (seal_rsa_unwrap(rsa, "SHA256", (const uint8_t *)wrapped.data, wrapped.len, &key) < 0)
        return sw_fail(err, SW_INTEGRITY, "it does not unwrap");
    return give(&key, out, err);
}

int seal_run_pkcs1(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *rsa = read_pem(row->in[0], true, err);
    SW_AUTO_SECRET struct seal_secret key = {.len = SEAL_KEY_BYTES};
    SW_AUTO_BUF struct sw_buf wrapped = {.len = 0};

    if (rsa == NULL || unhex(row->in[1], &wrapped, err) < 0 ||
        seal_rsa_unwrap_pkcs1(rsa, (const uint8_t *)wrapped.data, wrapped.len, &key, err) < 0)
        return -1;
    return give(&key, out, err);
}

int seal_run_ecdh(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *own = read_pem(row->in[0], true, err), *peer = NULL;
    SW_AUTO_SECRET struct seal_secret z = {.len = 0};
    SW_AUTO_BUF struct sw_buf point = {.len = 0};

    if (own == NULL || unhex(row->in[1], &point, err) < 0)
        return -1;
    peer = seal_ec_from_point(seal_pkey_type(own), view_of(&point), err);
    if (peer == NULL || seal_ec_agree(own, peer, &z, err) < 0)
        return -1;
    return give(&z, out, err);
}

static int agree(void *self, const struct seal_pkey *peer, struct seal_secret *z, struct sw_err *err)
{
    return seal_ec_agree(self, peer, z, err);
}

int seal_run_raw_ecdh(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *own = read_pem(row->in[0], true, err);
    const struct seal_ecdh_own key = {.public = own, .agree = agree, .self = own};
    SW_AUTO_SECRET struct seal_secret data_key = {.len = 0};
    SW_AUTO_BUF struct sw_buf info = {.len = 0}, wrapped = {.len = 0};
    struct seal_edk edk;

    if (own == NULL || unhex(row->in[1], &info, err) < 0 || unhex(row->in[2], &wrapped, err) < 0)
        return -1;
    edk = (struct seal_edk){.info = view_of(&info), .wrapped = view_of(&wrapped)};
    if (seal_ecdh_unwrap(&key, &edk, (struct seal_view){.len = 0}, &data_key, err) < 0)
        return -1;
    return give(&data_key, out, err);
}

int seal_run_verify(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *key = seal_sign_read(row->in[0], strlen(row->in[0]), false, err);
    SW_AUTO_BUF struct sw_buf text = {.len = 0}, bytes = {.len = 0};
    struct sw_signature signature;

    if (key == NULL || unhex(row->in[1], &text, err) < 0 || unhex(row->in[2], &bytes, err) < 0)
        return -1;
    signature.len = bytes.len;
    if (bytes.len > sizeof(signature.bytes))
        return sw_fail(err, SW_INTEGRITY, "an input is no signature");
    memcpy(signature.bytes, bytes.data, bytes.len);
    return sw_buf_append(out, seal_sign_fits(key, text.data, text.len, &signature) ? "\1" : "\0", 1, err);
}

/* ---- A whole message, its data key given ---- */

struct known_in {
    struct sw_in base;
    struct sw_buf bytes;
};

static int known_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    const struct known_in *self = (const struct known_in *)in;

    (void)err; /* sw_in_read keeps to size_bytes */
    memcpy(buf, self->bytes.data + off, len);
    return 0;
}

static void known_close(struct sw_in *in)
{
    struct known_in *self = (struct known_in *)in;

    sw_buf_free(&self->bytes);
    free(self);
}

static const struct sw_in_ops known_in_ops = {.pread = known_pread, .close = known_close};

static bool is_for_all(const struct seal_key *key, const struct seal_edk *edk)
{
    (void)key;
    (void)edk;
    return true;
}

static int unwrap_known(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                        struct seal_secret *data_key, struct sw_err *err)
{
    (void)edk;
    (void)how;
    return unhex_secret(key->priv, data_key, err);
}

static void free_nothing(void *priv)
{
    (void)priv;
}

static const struct seal_key_ops known_key_ops = {
    .is_for = is_for_all, .unwrap = unwrap_known, .free = free_nothing};

static struct sw_in *open_known(const struct seal_known *row, const struct sw_keyring *ring,
                                struct sw_err *err)
{
    const struct sw_unseal_opts opts = {.keys = ring};
    struct known_in *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return NULL;
    self->base = (struct sw_in){.ops = &known_in_ops, .fd = -1, .name = "known message"};
    if (unhex(row->in[0], &self->bytes, err) < 0) {
        known_close(&self->base);
        return NULL;
    }
    self->base.size_bytes = self->bytes.len;
    return sw_seal_in(&self->base, NULL, &opts, err);
}

static int read_all(struct sw_in *in, struct sw_buf *out, struct sw_err *err)
{
    size_t len = (size_t)in->size_bytes;

    if (sw_buf_reserve(out, len + 1, err) < 0 || sw_in_read(in, out->data, len, 0, err) < 0)
        return -1;
    out->len = len;
    return 0;
}

int seal_run_message(const struct seal_known *row, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(SW_KEY_OPEN, err);
    SW_AUTO_FREE char *data_key = sw_strdup(row->in[1], err);
    struct sw_in *in = NULL;
    int rc = -1;

    if (ring == NULL || data_key == NULL)
        return -1;
    ring->keys[0].ops = &known_key_ops;
    ring->keys[0].priv = data_key;
    ring->n = 1;
    if (seal_key_set_names(&ring->keys[0], row->in[2], "known", err) == 0)
        in = open_known(row, ring, err);
    if (in != NULL)
        rc = read_all(in, out, err);
    sw_in_close(in);
    return rc;
}

/* ---- All of them ---- */

int seal_known_check(const struct seal_known *row, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf got = {.len = 0}, want = {.len = 0};
    struct sw_err why = {.code = SW_OK};

    if (row->run(row, &got, &why) < 0)
        return sw_fail(err, SW_INTEGRITY, "%s gives no answer (%.400s): %s", row->name, row->source,
                       why.text);
    if (unhex(row->answer, &want, err) < 0)
        return -1;
    if (got.len == want.len && memcmp(got.data, want.data, want.len) == 0)
        return 0;
    return sw_fail(err, SW_INTEGRITY, "%s gives another answer than is known (%s)", row->name, row->source);
}

int sw_seal_self_test(sw_self_test_fn *tell, void *arg, struct sw_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < seal_nr_known_answers; i++) {
        const struct seal_known *row = &seal_known_answers[i];
        struct sw_err wrong = {.code = SW_OK};
        bool right = seal_known_check(row, &wrong) == 0;

        tell(arg, row->name, row->source, right);
        if (!right && rc == 0)
            *err = wrong;
        rc = right ? rc : -1;
    }
    return rc;
}
