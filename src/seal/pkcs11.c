/* Keys on PKCS#11 tokens: RSA and EC pairs, of which sealing needs the public half alone, and AES keys. */
#include "src/base/digest.h"
#include "src/seal/p11_crypt.h"
#include "src/seal/p11_locate.h"
#include "src/seal/p11_public.h"
#include "src/seal/pem.h"
#include "src/seal/raw_aes.h"
#include "src/seal/raw_ecdh.h"
#include "src/seal/scheme.h"

#include <string.h>
#include <sys/stat.h>

struct token_key {
    struct p11_uri uri;
    struct p11_tokens *tokens; /* the ring's */
    bool found;
    struct p11_located located;
    struct seal_key half; /* of a pair: a key that its public half makes */
};

static void token_key_free(void *priv)
{
    struct token_key *self = priv;

    p11_uri_free(&self->uri);
    seal_key_clear(&self->half);
    free(self);
}

static int locate(struct token_key *self, struct sw_err *err)
{
    if (!self->found && p11_locate(self->tokens, &self->uri, &self->located, err) < 0)
        return -1;
    self->found = true;
    return 0;
}

/* ---- AES ---- */

/* What could be named without a look at the token is looked for when it is used. */
static int find_aes(struct token_key *self, struct sw_err *err)
{
    if (locate(self, err) < 0)
        return -1;
    if (p11_number(&self->located.object, CKA_KEY_TYPE, CKK_AES) != CKK_AES)
        return sw_fail(err, SW_INTEGRITY, "%s: the secret key is not for AES",
                       self->located.object.token->name);
    return p11_token_login(self->located.object.token, self->uri.pin, err);
}

static int wrap_aes(const struct seal_key *key, const struct seal_wrap *how, struct sw_buf *info,
                    struct sw_buf *wrapped, struct sw_err *err)
{
    struct token_key *self = key->priv;
    struct p11_gcm gcm = {.aad = how->aad};

    if (find_aes(self, err) < 0 || how->random(gcm.iv, sizeof(gcm.iv), err) < 0 ||
        p11_gcm_encrypt(&self->located.object, &gcm, how->data_key, wrapped, err) < 0)
        return -1;
    return seal_raw_aes_info(key->name, gcm.iv, info, err);
}

static int unwrap_aes(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                      struct seal_secret *data_key, struct sw_err *err)
{
    struct token_key *self = key->priv;
    struct p11_gcm gcm = {.aad = how->aad};
    const uint8_t *tail = seal_raw_aes_tail(edk);

    if (tail == NULL)
        return seal_no_fit(err);
    memcpy(gcm.iv, tail + SEAL_RAW_AES_TAIL - SEAL_IV_BYTES, SEAL_IV_BYTES);
    if (find_aes(self, err) < 0)
        return -1;
    return p11_gcm_decrypt(&self->located.object, &gcm, edk->wrapped, data_key, err);
}

/*
 * The same key, IV, context and data key give the same bytes. A token that draws its own IV gives others, and so does
 * another key: what it gives then is dropped here.
 */
static int made_aes(const struct seal_key *key, const struct seal_edk *edk, const struct seal_wrap *how,
                    bool *made, struct sw_err *err)
{
    struct token_key *self = key->priv;
    struct p11_gcm gcm = {.aad = how->aad};
    const uint8_t *tail = seal_raw_aes_tail(edk);
    SW_AUTO_BUF struct sw_buf wrapped = {.len = 0};

    *made = false;
    if (tail == NULL)
        return 0;
    memcpy(gcm.iv, tail + SEAL_RAW_AES_TAIL - SEAL_IV_BYTES, SEAL_IV_BYTES);
    if (find_aes(self, err) < 0 ||
        p11_gcm_encrypt(&self->located.object, &gcm, how->data_key, &wrapped, err) < 0)
        return -1;
    *made = wrapped.len == edk->wrapped.len && memcmp(wrapped.data, edk->wrapped.bytes, wrapped.len) == 0;
    return 0;
}

static const struct seal_key_ops aes_ops = {.wrap = wrap_aes,
                                            .is_for = seal_raw_aes_is_for,
                                            .unwrap = unwrap_aes,
                                            .made = made_aes,
                                            .free = token_key_free};

/* The name that both sides have of it: the label, else the id in hex, of the URI or of the object. */
static char *name_of(const struct ck_attribute *label, const struct ck_attribute *id, struct sw_err *err)
{
    char *hex;

    if (label != NULL)
        return sw_strf(err, "%.*s", (int)label->value_len, (const char *)label->value);
    if (id == NULL)
        return NULL;
    hex = sw_calloc(2, id->value_len + 1, err);
    if (hex != NULL)
        sw_hex(id->value, id->value_len, hex);
    return hex;
}

static char *name_of_object(struct token_key *self, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf label = {.len = 0}, id = {.len = 0};
    struct sw_err ignored = {.code = SW_OK};
    struct ck_attribute views[2];
    char *name;

    if (find_aes(self, err) < 0)
        return NULL;
    (void)(p11_attribute(&self->located.object, CKA_LABEL, &label, &ignored) == 0 ||
           p11_attribute(&self->located.object, CKA_ID, &id, &ignored) == 0);
    views[0] = (struct ck_attribute){CKA_LABEL, label.data, label.len};
    views[1] = (struct ck_attribute){CKA_ID, id.data, id.len};
    name = name_of(label.len > 0 ? &views[0] : NULL, id.len > 0 ? &views[1] : NULL, err);
    if (name == NULL && err->code == SW_OK)
        sw_fail(err, SW_USAGE,
                "%s: the key has neither label nor id; say name=", self->located.object.token->name);
    return name;
}

/* Sealing shows at once whether the key is there and fits. */
static int check_aes(struct token_key *self, struct sw_err *err)
{
    unsigned long len;

    if (find_aes(self, err) < 0)
        return -1;
    len = p11_number(&self->located.object, CKA_VALUE_LEN, SEAL_KEY_BYTES);
    if (len != SEAL_KEY_BYTES)
        return sw_fail(err, SW_INTEGRITY, "%s: the key has %lu bits; sealing takes %d",
                       self->located.object.token->name, 8 * len, 8 * SEAL_KEY_BYTES);
    return 0;
}

static int add_aes(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
                   struct sw_err *err)
{
    struct token_key *self = key->priv;
    const char *given = seal_key_option(text, "name", NULL);
    SW_AUTO_FREE char *name = NULL;

    key->ops = &aes_ops;
    if (seal_key_option(text, "padding", NULL) != NULL)
        return sw_fail(err, SW_USAGE, "an AES key takes no padding");
    if (ring->use == SW_KEY_SEAL && check_aes(self, err) < 0)
        return -1;
    name = given != NULL ? sw_strdup(given, err) : name_of(self->uri.label, self->uri.id, err);
    if (name == NULL && (name = name_of_object(self, err)) == NULL)
        return -1;
    return seal_key_set_names(key, seal_key_option(text, "ns", SEAL_DEFAULT_NS), name, err);
}

/* ---- pairs ---- */

static int unwrap_rsa(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                      struct seal_secret *data_key, struct sw_err *err)
{
    struct token_key *self = key->priv;
    struct p11_object private_key;

    (void)how;
    if (p11_locate_private(&self->uri, &self->located, &private_key, err) < 0)
        return -1;
    return p11_rsa_decrypt(&private_key, seal_pem_hash(&self->half), edk->wrapped, data_key, err);
}

static const struct seal_key_ops rsa_ops = {.unwrap = unwrap_rsa, .free = token_key_free};

/* The shared point's x-coordinate leaves the token, the private key does not. */
static int agree(void *priv, const struct seal_pkey *peer, struct seal_secret *z, struct sw_err *err)
{
    struct token_key *self = priv;
    struct p11_object private_key;
    uint8_t point[SEAL_POINT_WHOLE_MAX];
    size_t len;

    if (seal_ec_whole_point(peer, point, &len, err) < 0 ||
        p11_locate_private(&self->uri, &self->located, &private_key, err) < 0)
        return -1;
    return p11_ecdh(&private_key, (struct seal_view){point, len}, seal_ec_field_bytes(seal_pkey_type(peer)),
                    z, err);
}

static bool is_for_ec(const struct seal_key *key, const struct seal_edk *edk)
{
    const struct token_key *self = key->priv;

    return seal_ecdh_is_for(seal_pem_pkey(&self->half), edk);
}

static int unwrap_ec(const struct seal_key *key, const struct seal_edk *edk, struct seal_unwrap *how,
                     struct seal_secret *data_key, struct sw_err *err)
{
    struct token_key *self = key->priv;
    const struct seal_ecdh_own own = {.public = seal_pem_pkey(&self->half), .agree = agree, .self = self};

    return seal_ecdh_unwrap(&own, edk, how->aad, data_key, err);
}

static const struct seal_key_ops ec_ops = {.is_for = is_for_ec, .unwrap = unwrap_ec, .free = token_key_free};

/* The public half as a key of its own; for sealing it is all that is needed. */
static int read_half(const struct token_key *self, const struct seal_key_text *text, struct seal_key *half,
                     struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};

    if (p11_public_pem(&self->located.object, self->located.class, &pem, err) < 0)
        return -1;
    if (seal_pem_set(half, pem.data, pem.len, false, text, err) < 0)
        return sw_context(err, "%s", self->located.object.token->name);
    return 0;
}

static int add_pair(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
                    struct sw_err *err)
{
    struct token_key *self = key->priv;

    if (read_half(self, text, &self->half, err) < 0)
        return -1;
    if (ring->use == SW_KEY_SEAL) {
        self->half.device = key->device;
        self->half.inode = key->inode;
        *key = self->half;
        self->half = (struct seal_key){.ops = NULL};
        token_key_free(self);
        return 0;
    }
    key->ops = seal_pkey_is_ec(seal_pkey_type(seal_pem_pkey(&self->half))) ? &ec_ops : &rsa_ops;
    return seal_key_set_names(key, self->half.ns, self->half.name, err);
}

/* ---- the scheme ---- */

/* An output of that name would destroy the PIN. */
static void note_pin_file(const struct p11_uri *uri, struct seal_key *key)
{
    struct stat st;

    if (strncmp(uri->pin, "file:", 5) == 0 && stat(uri->pin + 5, &st) == 0) {
        key->device = st.st_dev;
        key->inode = st.st_ino;
    }
}

static int add(const struct sw_keyring *ring, const struct seal_key_text *text, struct seal_key *key,
               struct sw_err *err)
{
    SW_AUTO_FREE char *uri = sw_strf(err, P11_KIT_URI_SCHEME ":%s", text->target);
    struct token_key *self = sw_calloc(1, sizeof(*self), err);

    if (uri == NULL || self == NULL) {
        free(self);
        return -1;
    }
    key->ops = &aes_ops;
    key->priv = self;
    self->tokens = ring->tokens;
    if (p11_uri_parse(uri, &self->uri, err) < 0)
        return -1;
    note_pin_file(&self->uri, key);
    if (self->uri.kind == P11_KIND_SECRET)
        return add_aes(ring, text, key, err);
    if (locate(self, err) < 0)
        return -1;
    return self->located.class == CKO_SECRET_KEY ? add_aes(ring, text, key, err)
                                                 : add_pair(ring, text, key, err);
}

static const char *const options[] = {"ns", "name", "padding", NULL};

const struct seal_scheme seal_scheme_pkcs11 = {
    .prefix = "pkcs11:",
    .form = "pkcs11:URI",
    .options = options,
    .add = add,
};
