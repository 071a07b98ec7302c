/* Keys in PEM files: raw RSA, as the Encryption SDK's raw RSA keyring has it. */
#include "src/base/digest.h"
#include "src/seal/keyfile.h"
#include "src/seal/rsa.h"
#include "src/seal/scheme.h"

#include <string.h>

struct raw_rsa {
    struct seal_rsa *rsa;
    const char *hash; /* of OAEP */
};

static const struct padding {
    const char *name;
    const char *hash;
} paddings[] = {
    {"oaep-sha256", "SHA256"},
    {"oaep-sha1", "SHA1"},
    {"oaep-sha384", "SHA384"},
    {"oaep-sha512", "SHA512"},
};

static int wrap_rsa(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                    struct sw_buf *wrapped, struct sw_err *err)
{
    const struct raw_rsa *self = key->priv;

    if (sw_buf_puts(info, key->name, err) < 0)
        return -1;
    return seal_rsa_wrap(self->rsa, self->hash, how->data_key, wrapped, err);
}

static int unwrap_rsa(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                      struct seal_secret *data_key, struct sw_err *err)
{
    const struct raw_rsa *self = key->priv;

    (void)how;
    if (seal_rsa_unwrap(self->rsa, self->hash, edk->wrapped.bytes, edk->wrapped.len, data_key) < 0)
        return seal_no_fit(err);
    return 0;
}

static void free_rsa(void *priv)
{
    struct raw_rsa *self = priv;

    seal_rsa_free(self->rsa);
    free(self);
}

static const struct seal_key_ops raw_rsa_ops = {
    .wrap = wrap_rsa,
    .unwrap = unwrap_rsa,
    .free = free_rsa,
};

static int name_rsa(const struct seal_rsa *rsa, char out[32], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (seal_rsa_fingerprint(rsa, digest, err) < 0)
        return -1;
    memcpy(out, "rsa-", 4);
    sw_hex(digest, 8, out + 4);
    return 0;
}

static const char *hash_for(const char *padding)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(paddings); i++)
        if (strcmp(padding, paddings[i].name) == 0)
            return paddings[i].hash;
    return NULL;
}

/* self->rsa is there. */
static int add_rsa(const struct raw_rsa *self, const struct seal_key_text *text, struct seal_key *key,
                   struct sw_err *err)
{
    char name[32];

    if (name_rsa(self->rsa, name, err) < 0)
        return -1;
    return seal_key_set_names(key, seal_key_option(text, "ns", SEAL_DEFAULT_NS),
                              seal_key_option(text, "name", name), err);
}

static int add(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};
    const char *padding = seal_key_option(text, "padding", paddings[0].name);
    bool private_key = ring->use == SW_KEY_OPEN;
    struct raw_rsa *self;

    if (hash_for(padding) == NULL)
        return sw_fail(err, SW_USAGE, "'%s' is no padding (oaep-sha256, -sha1, -sha384, -sha512)", padding);
    if (seal_keyfile_read(text->target, private_key, &file, err) < 0)
        return -1;
    self = sw_calloc(1, sizeof(*self), err);
    if (self == NULL)
        return -1;
    key->ops = &raw_rsa_ops;
    key->priv = self;
    self->hash = hash_for(padding);
    self->rsa = seal_rsa_read(file.bytes, file.len, private_key, err);
    if (self->rsa == NULL)
        return sw_context(err, "'%s'", text->target);
    seal_keyfile_note(&file, key);
    return add_rsa(self, text, key, err);
}

static const char *const options[] = {"ns", "name", "padding", NULL};

const struct seal_scheme seal_scheme_pem = {
    .prefix = "pem:",
    .form = "pem:FILE",
    .options = options,
    .add = add,
};
