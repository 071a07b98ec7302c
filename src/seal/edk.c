/* Wrapping and unwrapping data keys: raw AES and raw RSA as the Encryption SDK's raw keyrings do it. */
#include "src/seal/edk.h"

#include "src/seal/gcm.h"

#include <string.h>

enum { TAG_BITS = 8 * SEAL_TAG_BYTES, AES_TAIL = 4 + 4 + SEAL_IV_BYTES };

static int put_aes_info(const struct seal_key *key, const uint8_t iv[SEAL_IV_BYTES], struct sw_buf *out,
                        struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf info = {.len = 0};
    uint8_t tail[AES_TAIL];

    be32_put(tail, TAG_BITS);
    be32_put(tail + 4, SEAL_IV_BYTES);
    memcpy(tail + 8, iv, SEAL_IV_BYTES);
    if (sw_buf_puts(&info, key->name, err) < 0 || sw_buf_append(&info, tail, sizeof(tail), err) < 0)
        return -1;
    return seal_put_field(out, info.data, info.len, err);
}

static int write_aes(const struct seal_key *key, const struct seal_secret *data_key, struct seal_view aad,
                     seal_random_fn *random, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_GCM struct seal_gcm *gcm = seal_gcm_new(key->aes.bytes, key->aes.len, true, err);
    uint8_t wrapped[SEAL_SECRET_MAX + SEAL_TAG_BYTES];
    struct seal_gcm_op op = {
        .aad = aad.bytes, .aad_len = aad.len, .in = data_key->bytes, .out = wrapped, .len = data_key->len};

    if (gcm == NULL || random(op.iv, sizeof(op.iv), err) < 0 ||
        seal_gcm_encrypt(gcm, &op, wrapped + data_key->len, err) < 0)
        return -1;
    if (put_aes_info(key, op.iv, out, err) < 0)
        return -1;
    return seal_put_field(out, wrapped, data_key->len + SEAL_TAG_BYTES, err);
}

static int write_rsa(const struct seal_key *key, const struct seal_secret *data_key, struct sw_buf *out,
                     struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf wrapped = {.len = 0};

    if (seal_put_field(out, key->name, strlen(key->name), err) < 0 ||
        seal_rsa_wrap(key->rsa, key->hash, data_key, &wrapped, err) < 0)
        return -1;
    return seal_put_field(out, wrapped.data, wrapped.len, err);
}

int seal_edk_write(const struct seal_key *key, const struct seal_secret *data_key, struct seal_view aad,
                   seal_random_fn *random, struct sw_buf *out, struct sw_err *err)
{
    if (seal_put_field(out, key->ns, strlen(key->ns), err) < 0)
        return -1;
    return key->rsa != NULL ? write_rsa(key, data_key, out, err)
                            : write_aes(key, data_key, aad, random, out, err);
}

static bool view_is(struct seal_view view, const char *text)
{
    return view.len == strlen(text) && memcmp(view.bytes, text, view.len) == 0;
}

bool seal_edk_has_ns(const struct seal_edk *edk, const char *ns)
{
    return view_is(edk->provider, ns);
}

/* The fixed part behind a raw AES key's name, or NULL. */
static const uint8_t *aes_tail(const struct seal_edk *edk)
{
    const uint8_t *tail;

    if (edk->info.len < AES_TAIL)
        return NULL;
    tail = edk->info.bytes + edk->info.len - AES_TAIL;
    return be32_get(tail) == TAG_BITS && be32_get(tail + 4) == SEAL_IV_BYTES ? tail : NULL;
}

struct seal_view seal_edk_name(const struct seal_edk *edk)
{
    struct seal_view name = edk->info;

    if (aes_tail(edk) != NULL)
        name.len -= AES_TAIL;
    return name;
}

bool seal_edk_is_for(const struct seal_edk *edk, const struct seal_key *key)
{
    struct seal_view name = edk->info;

    if (!seal_edk_has_ns(edk, key->ns))
        return false;
    if (key->rsa == NULL) {
        if (aes_tail(edk) == NULL)
            return false;
        name.len -= AES_TAIL;
    }
    return view_is(name, key->name);
}

static int unwrap_aes(const struct seal_edk *edk, const struct seal_key *key, struct seal_view aad,
                      struct seal_secret *data_key)
{
    struct sw_err ignored = {.code = SW_OK}; /* the caller says it for all causes */
    SW_AUTO_GCM struct seal_gcm *gcm = NULL;
    struct seal_gcm_op op = {.aad = aad.bytes,
                             .aad_len = aad.len,
                             .in = edk->wrapped.bytes,
                             .out = data_key->bytes,
                             .len = edk->wrapped.len - SEAL_TAG_BYTES};

    if (edk->wrapped.len < SEAL_TAG_BYTES || op.len > sizeof(data_key->bytes))
        return -1;
    gcm = seal_gcm_new(key->aes.bytes, key->aes.len, false, &ignored);
    memcpy(op.iv, aes_tail(edk) + 8, SEAL_IV_BYTES);
    if (gcm == NULL || seal_gcm_decrypt(gcm, &op, edk->wrapped.bytes + op.len, &ignored) < 0)
        return -1;
    data_key->len = op.len;
    return 0;
}

int seal_edk_unwrap(const struct seal_edk *edk, const struct seal_key *key, struct seal_view aad,
                    struct seal_secret *data_key)
{
    int rc = key->rsa != NULL
                 ? seal_rsa_unwrap(key->rsa, key->hash, edk->wrapped.bytes, edk->wrapped.len, data_key)
                 : unwrap_aes(edk, key, aad, data_key);

    if (rc == 0 && data_key->len == SEAL_KEY_BYTES)
        return 0;
    seal_secret_cleanse(data_key);
    return -1;
}
