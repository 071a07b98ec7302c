/* Raw AES keys, as the Encryption SDK's raw AES keyring has them. */
#include "src/seal/raw_aes.h"

#include "src/base/digest.h"
#include "src/seal/keyfile.h"

#include <string.h>

enum { TAG_BITS = 8 * SEAL_TAG_BYTES };

const uint8_t *seal_raw_aes_tail(const struct seal_edk *edk)
{
    const uint8_t *tail;

    if (edk->info.len < SEAL_RAW_AES_TAIL)
        return NULL;
    tail = edk->info.bytes + edk->info.len - SEAL_RAW_AES_TAIL;
    return be32_get(tail) == TAG_BITS && be32_get(tail + 4) == SEAL_IV_BYTES ? tail : NULL;
}

int seal_raw_aes_info(const char *name, const uint8_t iv[SEAL_IV_BYTES], struct sw_buf *info,
                      struct sw_err *err)
{
    uint8_t tail[SEAL_RAW_AES_TAIL];

    be32_put(tail, TAG_BITS);
    be32_put(tail + 4, SEAL_IV_BYTES);
    memcpy(tail + 8, iv, SEAL_IV_BYTES);
    if (sw_buf_puts(info, name, err) < 0)
        return -1;
    return sw_buf_append(info, tail, sizeof(tail), err);
}

int seal_raw_aes_wrap(const struct seal_secret *key, const char *name, const struct seal_wrap *how,
                      struct sw_buf *info, struct sw_buf *wrapped, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = seal_gcm_new(key->bytes, key->len, true, err);
    size_t len = how->data_key->len;
    uint8_t out[SEAL_SECRET_MAX + SEAL_TAG_BYTES];
    struct seal_gcm_op op = {
        .aad = how->aad.bytes, .aad_len = how->aad.len, .in = how->data_key->bytes, .out = out, .len = len};

    if (gcm == NULL || how->random(op.iv, sizeof(op.iv), err) < 0 ||
        seal_gcm_encrypt(gcm, &op, out + len, err) < 0)
        return -1;
    if (seal_raw_aes_info(name, op.iv, info, err) < 0)
        return -1;
    return sw_buf_append(wrapped, out, len + SEAL_TAG_BYTES, err);
}

int seal_raw_aes_unwrap(const struct seal_secret *key, const struct seal_edk *edk, struct seal_view aad,
                        struct seal_secret *data_key, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = NULL;
    struct seal_gcm_op op = {
        .aad = aad.bytes, .aad_len = aad.len, .in = edk->wrapped.bytes, .out = data_key->bytes};

    if (edk->wrapped.len < SEAL_TAG_BYTES || edk->wrapped.len - SEAL_TAG_BYTES > sizeof(data_key->bytes))
        return seal_no_fit(err);
    op.len = edk->wrapped.len - SEAL_TAG_BYTES;
    memcpy(op.iv, seal_raw_aes_tail(edk) + 8, SEAL_IV_BYTES);
    gcm = seal_gcm_new(key->bytes, key->len, false, err);
    if (gcm == NULL)
        return -1;
    if (seal_gcm_decrypt(gcm, &op, edk->wrapped.bytes + op.len, err) < 0)
        return seal_no_fit(err);
    data_key->len = op.len;
    return 0;
}

bool seal_raw_aes_is_for(const struct seal_key *key, const struct seal_edk *edk)
{
    size_t len = strlen(key->name);

    return seal_raw_aes_tail(edk) != NULL && edk->info.len - SEAL_RAW_AES_TAIL == len &&
           memcmp(edk->info.bytes, key->name, len) == 0;
}

static int wrap(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                struct sw_buf *wrapped, struct sw_err *err)
{
    return seal_raw_aes_wrap(key->priv, key->name, how, info, wrapped, err);
}

static int unwrap(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                  struct seal_secret *data_key, struct sw_err *err)
{
    return seal_raw_aes_unwrap(key->priv, edk, how->aad, data_key, err);
}

static void free_secret(void *priv)
{
    seal_key_free(priv, sizeof(struct seal_secret));
}

static const struct seal_key_ops raw_aes_ops = {
    .wrap = wrap,
    .is_for = seal_raw_aes_is_for,
    .unwrap = unwrap,
    .free = free_secret,
};

int seal_raw_aes_set(struct seal_key *key, const struct seal_secret *secret, struct sw_err *err)
{
    struct seal_secret *copy = seal_key_new(sizeof(*copy));

    if (copy == NULL)
        return sw_fail_errno(err, "cannot get memory for a key");
    *copy = *secret;
    key->ops = &raw_aes_ops;
    key->priv = copy;
    return 0;
}

/* "aes-" + 64 bits of a keyed digest: the same for the same key, and of no use to find it. */
static int name_of(const struct seal_secret *key, char out[SEAL_OWN_NAME], struct sw_err *err)
{
    static const char label[] = "slipway key name";
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_hmac_sha256(key->bytes, key->len, label, sizeof(label) - 1, digest, err) < 0)
        return -1;
    memcpy(out, "aes-", 4);
    sw_hex(digest, 8, out + 4);
    return 0;
}

static int add(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};
    SW_AUTO_SECRET struct seal_secret secret = {.len = 0};

    if (seal_keyfile_read(text->target, true, &file, err) < 0)
        return -1;
    if (seal_keyfile_aes(&file, &secret, err) < 0)
        return sw_context(err, "'%s'", text->target);
    if (ring->use == SW_KEY_SEAL && secret.len != SEAL_KEY_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds a key of %zu bits; sealing takes 256", text->target,
                       8 * secret.len);
    seal_keyfile_note(&file, key);
    if (name_of(&secret, key->own_name, err) < 0 || seal_raw_aes_set(key, &secret, err) < 0)
        return -1;
    return seal_key_set_names(key, seal_key_option(text, "ns", SEAL_DEFAULT_NS),
                              seal_key_option(text, "name", key->own_name), err);
}

static const char *const options[] = {"ns", "name", NULL};

const struct seal_scheme seal_scheme_aes = {
    .prefix = "aes:",
    .form = "aes:FILE",
    .options = options,
    .add = add,
};
