/* Keys in PEM files: raw RSA and raw ECDH. */
#include "src/seal/pem.h"
#include "src/base/digest.h"
#include "src/seal/keyfile.h"
#include "src/seal/raw_ecdh.h"
#include "src/seal/rsa.h"
#include "src/seal/scheme.h"

#include <string.h>

struct pem_key {
    struct seal_pkey *pkey;
    const char *hash; /* of OAEP; NULL: PKCS#1 v1.5, for opening only */
};

static const struct {
    const char *name;
    const char *hash;
} paddings[] = {
    {"oaep-sha256", "SHA256"}, {"oaep-sha1", "SHA1"}, {"oaep-sha384", "SHA384"},
    {"oaep-sha512", "SHA512"}, {"pkcs1", NULL},
};

static void free_pem(void *priv)
{
    struct pem_key *self = priv;

    seal_pkey_free(self->pkey);
    free(self);
}

/* ---- RSA, as the Encryption SDK's raw RSA keyring has it ---- */

static int wrap_rsa(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                    struct sw_buf *wrapped, struct sw_err *err)
{
    const struct pem_key *self = key->priv;

    if (sw_buf_puts(info, key->name, err) < 0)
        return -1;
    return seal_rsa_wrap(self->pkey, self->hash, how->data_key, wrapped, err);
}

static int unwrap_rsa(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                      struct seal_secret *data_key, struct sw_err *err)
{
    const struct pem_key *self = key->priv;

    if (self->hash == NULL) {
        how->blind = true;
        data_key->len = how->data_key_bytes;
        return seal_rsa_unwrap_pkcs1(self->pkey, edk->wrapped.bytes, edk->wrapped.len, data_key, err);
    }
    if (seal_rsa_unwrap(self->pkey, self->hash, edk->wrapped.bytes, edk->wrapped.len, data_key) < 0)
        return seal_no_fit(err);
    return 0;
}

static const struct seal_key_ops raw_rsa_ops = {
    .wrap = wrap_rsa,
    .unwrap = unwrap_rsa,
    .free = free_pem,
};

static int set_padding(struct pem_key *self, const char *padding, bool private_key, struct sw_err *err)
{
    size_t i = 0;

    while (i < SW_ARRAY_LEN(paddings) && strcmp(padding, paddings[i].name) != 0)
        i++;
    if (i == SW_ARRAY_LEN(paddings))
        return sw_fail(err, SW_USAGE,
                       "'%s' is no padding (oaep-sha256, -sha1, -sha384, -sha512; pkcs1 for opening)",
                       padding);
    self->hash = paddings[i].hash;
    if (self->hash == NULL && !private_key)
        return sw_fail(err, SW_USAGE,
                       "padding=pkcs1 is for opening what others wrapped, with a private key in a file");
    return 0;
}

static int add_rsa(struct pem_key *self, bool private_key, const struct seal_key_text *text,
                   struct seal_key *key, struct sw_err *err)
{
    const char *padding = seal_key_option(text, "padding", paddings[0].name);
    uint8_t digest[SW_SHA256_BYTES];

    if (set_padding(self, padding, private_key, err) < 0)
        return -1;
    key->ops = &raw_rsa_ops;
    if (seal_pkey_fingerprint(self->pkey, digest, err) < 0)
        return -1;
    memcpy(key->own_name, "rsa-", 4);
    sw_hex(digest, 8, key->own_name + 4);
    return seal_key_set_names(key, seal_key_option(text, "ns", SEAL_DEFAULT_NS),
                              seal_key_option(text, "name", key->own_name), err);
}

/* ---- EC ---- */

static int wrap_ec(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                   struct sw_buf *wrapped, struct sw_err *err)
{
    const struct pem_key *self = key->priv;

    return seal_ecdh_wrap(self->pkey, how, info, wrapped, err);
}

static bool is_for_ec(const struct seal_key *key, const struct seal_edk *edk)
{
    const struct pem_key *self = key->priv;

    return seal_ecdh_is_for(self->pkey, edk);
}

static int agree(void *priv, const struct seal_pkey *peer, struct seal_secret *z, struct sw_err *err)
{
    const struct pem_key *self = priv;

    return seal_ec_agree(self->pkey, peer, z, err);
}

static int unwrap_ec(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                     struct seal_secret *data_key, struct sw_err *err)
{
    struct pem_key *self = key->priv;
    const struct seal_ecdh_own own = {.public = self->pkey, .agree = agree, .self = self};

    return seal_ecdh_unwrap(&own, edk, how->aad, data_key, err);
}

static const struct seal_key_ops raw_ecdh_ops = {
    .wrap = wrap_ec,
    .is_for = is_for_ec,
    .unwrap = unwrap_ec,
    .free = free_pem,
};

/* Messages hold the point itself: there are no names to choose. */
static int add_ec(struct pem_key *self, const struct seal_key_text *text, struct seal_key *key,
                  struct sw_err *err)
{
    struct seal_point point;
    char name[SEAL_EC_NAME];

    if (text->nr_options > 0)
        return sw_fail(err, SW_USAGE, "'%s' holds an EC key, which takes no '%s='", text->target,
                       text->options[0].name);
    key->ops = &raw_ecdh_ops;
    if (seal_ec_point(self->pkey, &point, err) < 0 ||
        seal_ec_name((struct seal_view){.bytes = point.bytes, .len = point.len}, name, err) < 0)
        return -1;
    return seal_key_set_names(key, SEAL_RAW_ECDH_NS, name, err);
}

/* ---- Both ---- */

int seal_pem_set(struct seal_key *key, const void *pem, size_t len, bool private_key,
                 const struct seal_key_text *text, struct sw_err *err)
{
    struct pem_key *self = sw_calloc(1, sizeof(*self), err);

    if (self == NULL)
        return -1;
    key->ops = &raw_rsa_ops;
    key->priv = self;
    self->pkey = seal_pkey_read(pem, len, private_key, err);
    if (self->pkey == NULL)
        return sw_context(err, "'%s'", text->target);
    if (seal_pkey_type(self->pkey) == SEAL_PKEY_ED25519)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds an Ed25519 key, which signs; it is neither RSA nor EC",
                       text->target);
    return seal_pkey_is_ec(seal_pkey_type(self->pkey)) ? add_ec(self, text, key, err)
                                                       : add_rsa(self, private_key, text, key, err);
}

const struct seal_pkey *seal_pem_pkey(const struct seal_key *key)
{
    return ((const struct pem_key *)key->priv)->pkey;
}

const char *seal_pem_hash(const struct seal_key *key)
{
    return ((const struct pem_key *)key->priv)->hash;
}

static int add(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};
    bool private_key = ring->use == SW_KEY_OPEN;

    if (seal_keyfile_read(text->target, private_key, &file, err) < 0)
        return -1;
    seal_keyfile_note(&file, key);
    return seal_pem_set(key, file.bytes, file.len, private_key, text, err);
}

static const char *const options[] = {"ns", "name", "padding", NULL};

const struct seal_scheme seal_scheme_pem = {
    .prefix = "pem:",
    .form = "pem:FILE",
    .options = options,
    .add = add,
};
