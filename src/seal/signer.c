/* Who signs: a private key in a file or on a token, from a text such as "pem:FILE". */
#include "src/base/buf.h"
#include "src/seal/keyfile.h"
#include "src/seal/p11_locate.h"
#include "src/seal/p11_public.h"
#include "src/seal/p11_sign.h"
#include "src/seal/sign_key.h"

#include <string.h>
#include <sys/stat.h>

struct sw_signer {
    struct seal_pkey *key; /* of a token: its public half */
    char name[SW_SIGNER_NAME];
    uint64_t device, inode;    /* of the file that it, or its PIN, came from */
    struct p11_tokens *tokens; /* NULL: the key is here */
    struct p11_uri uri;
    struct p11_object on_token;
};

void sw_signer_free(struct sw_signer *signer)
{
    if (signer == NULL)
        return;
    seal_pkey_free(signer->key);
    p11_uri_free(&signer->uri);
    p11_tokens_free(signer->tokens);
    free(signer);
}

const char *sw_signer_name(const struct sw_signer *signer)
{
    return signer->name;
}

static int open_pem(struct sw_signer *signer, const char *path, struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};

    if (seal_keyfile_read(path, true, &file, err) < 0)
        return -1;
    signer->device = file.device;
    signer->inode = file.inode;
    signer->key = seal_sign_read(file.bytes, file.len, true, err);
    return signer->key != NULL ? 0 : sw_context(err, "'%s'", path);
}

static int read_public(struct sw_signer *signer, const struct p11_located *half, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};

    if (p11_public_pem(&half->object, half->class, &pem, err) < 0)
        return -1;
    signer->key = seal_sign_read(pem.data, pem.len, false, err);
    return signer->key != NULL ? 0 : sw_context(err, "%s", half->object.token->name);
}

static void note_pin_file(struct sw_signer *signer)
{
    struct stat st;

    if (strncmp(signer->uri.pin, "file:", 5) != 0 || stat(signer->uri.pin + 5, &st) < 0)
        return;
    signer->device = st.st_dev;
    signer->inode = st.st_ino;
}

/* Logs in at once: a wrong PIN shall show before the work, not after it. */
static int open_token(struct sw_signer *signer, const char *rest, struct sw_err *err)
{
    SW_AUTO_FREE char *text = sw_strf(err, P11_KIT_URI_SCHEME ":%s", rest);
    struct p11_located half;

    if (text == NULL || p11_uri_parse(text, &signer->uri, err) < 0)
        return -1;
    if (signer->uri.kind == P11_KIND_SECRET)
        return sw_fail(err, SW_USAGE, "a secret key does not sign for others");
    note_pin_file(signer);
    signer->tokens = p11_tokens_new(err);
    if (signer->tokens == NULL || p11_locate(signer->tokens, &signer->uri, &half, err) < 0 ||
        read_public(signer, &half, err) < 0)
        return -1;
    return p11_locate_private(&signer->uri, &half, &signer->on_token, err);
}

static int sign_on_token(const struct sw_signer *signer, const void *bytes, size_t len,
                         struct sw_signature *out, struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES], raw[P11_P256_SIGNATURE];

    if (sw_sha256(bytes, len, digest, err) < 0 || p11_ecdsa_p256(&signer->on_token, digest, raw, err) < 0 ||
        seal_sign_from_raw(raw, out, err) < 0)
        return -1;
    return seal_sign_fits(signer->key, bytes, len, out)
               ? 0
               : sw_fail(err, SW_INTEGRITY, "%s: its signature does not fit its public key",
                         signer->on_token.token->name);
}

static const struct {
    const char *prefix;
    int (*open)(struct sw_signer *signer, const char *rest, struct sw_err *err);
} schemes[] = {
    {"pem:", open_pem},
    {"pkcs11:", open_token},
};

/* The texts of keys have options behind a comma, of which a signing key has none; ",," is a comma. */
static char *read_target(const char *text, struct sw_err *err)
{
    SW_AUTO_FREE char *target = sw_strdup(text, err);
    char *to = target;

    if (target == NULL)
        return NULL;
    for (const char *from = text; *from != '\0'; from++) {
        if (from[0] == ',' && *++from != ',') {
            sw_fail(err, SW_USAGE, "a signing key takes no options; a comma of its name is doubled");
            return NULL;
        }
        *to++ = *from;
    }
    *to = '\0';
    return SW_STEAL_PTR(target);
}

static bool has_scheme(const char *text)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(schemes); i++)
        if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) == 0)
            return true;
    return false;
}

static int open_text(struct sw_signer *signer, const char *text, struct sw_err *err)
{
    SW_AUTO_FREE char *target = NULL;

    for (size_t i = 0; i < SW_ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i].prefix);

        if (strncmp(text, schemes[i].prefix, len) != 0)
            continue;
        if (text[len] == '\0')
            return sw_fail(err, SW_USAGE, "it names no key");
        target = read_target(text + len, err);
        return target != NULL ? schemes[i].open(signer, target, err) : -1;
    }
    return sw_fail(err, SW_USAGE, "it is not of the form pem:FILE or pkcs11:URI");
}

struct sw_signer *sw_signer_open(const char *text, struct sw_err *err)
{
    SW_AUTO_SIGNER struct sw_signer *signer = sw_calloc(1, sizeof(*signer), err);

    if (signer == NULL)
        return NULL;
    if (open_text(signer, text, err) < 0 || seal_sign_name(signer->key, signer->name, err) < 0) {
        size_t shown = seal_text_shown(text, has_scheme(text));

        sw_context(err, "the signing key '%.*s%s'", (int)shown, text, text[shown] != '\0' ? "…" : "");
        return NULL;
    }
    return SW_STEAL_PTR(signer);
}

int sw_signer_spare_file(const struct sw_signer *signer, const char *path, struct sw_err *err)
{
    struct stat st;

    if (signer == NULL || signer->inode == 0 || stat(path, &st) < 0)
        return 0;
    if (signer->inode == st.st_ino && signer->device == st.st_dev)
        return sw_fail(err, SW_USAGE, "'%s' holds the signing key, which would be lost: take another name",
                       path);
    return 0;
}

int sw_signer_sign(const struct sw_signer *signer, const void *bytes, size_t len, struct sw_signature *out,
                   struct sw_err *err)
{
    return signer->tokens != NULL ? sign_on_token(signer, bytes, len, out, err)
                                  : seal_sign(signer->key, bytes, len, out, err);
}
