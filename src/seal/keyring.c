/* Keys from texts such as "pem:FILE,ns=…". */
#include "src/seal/keyring.h"

#include "src/base/digest.h"
#include "src/seal/keyfile.h"

#include <string.h>
#include <sys/stat.h>

enum { NAME_MAX_BYTES = 1024 };

static const char default_ns[] = "slipway";

struct key_text {
    char *file;
    const char *ns;
    const char *name;
    const char *padding;
};

struct padding {
    const char *name;
    const char *hash;
};

static const struct padding paddings[] = {
    {"oaep-sha256", "SHA256"},
    {"oaep-sha1", "SHA1"},
    {"oaep-sha384", "SHA384"},
    {"oaep-sha512", "SHA512"},
};

struct sw_keyring *sw_keyring_new(enum sw_key_use use, struct sw_err *err)
{
    struct sw_keyring *ring = sw_calloc(1, sizeof(*ring), err);

    if (ring != NULL)
        ring->use = use;
    return ring;
}

static void key_clear(struct seal_key *key)
{
    seal_secret_cleanse(&key->aes);
    seal_rsa_free(key->rsa);
    free(key->ns);
    free(key->name);
    free(key->label);
    *key = (struct seal_key){.ns = NULL};
}

void sw_keyring_free(struct sw_keyring *ring)
{
    if (ring == NULL)
        return;
    for (size_t i = 0; i < SW_SEAL_KEYS_MAX; i++)
        key_clear(&ring->keys[i]);
    free(ring);
}

size_t sw_keyring_count(const struct sw_keyring *ring)
{
    return ring->n;
}

const char *sw_keyring_name(const struct sw_keyring *ring, size_t i)
{
    return i < ring->n ? ring->keys[i].label : NULL;
}

int sw_keyring_spare_file(const struct sw_keyring *ring, const char *path, struct sw_err *err)
{
    struct stat st;

    if (ring == NULL || stat(path, &st) < 0)
        return 0;
    for (size_t i = 0; i < ring->n; i++)
        if (ring->keys[i].inode == st.st_ino && ring->keys[i].device == st.st_dev)
            return sw_fail(err, SW_USAGE, "'%s' holds the key '%s', which would be lost: take another name",
                           path, ring->keys[i].label);
    return 0;
}

bool seal_keyring_has_ns(const struct sw_keyring *ring, const char *ns)
{
    for (size_t i = 0; i < ring->n; i++)
        if (strcmp(ring->keys[i].ns, ns) == 0)
            return true;
    return false;
}

/* Cuts the next part off *rest: up to a comma, ",," being one comma of the part. */
static char *cut_part(char **rest)
{
    char *part = *rest, *to = part, *from = part;

    if (part == NULL)
        return NULL;
    while (*from != '\0') {
        if (from[0] == ',' && from[1] != ',')
            break;
        if (from[0] == ',')
            from++;
        *to++ = *from++;
    }
    *rest = *from == '\0' ? NULL : from + 1;
    *to = '\0';
    return part;
}

static int take_option(struct key_text *text, const char *part, struct sw_err *err)
{
    const struct {
        const char *prefix;
        const char **to;
    } rows[] = {{"ns=", &text->ns}, {"name=", &text->name}, {"padding=", &text->padding}};

    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].prefix);

        if (strncmp(part, rows[i].prefix, len) != 0)
            continue;
        if (part[len] == '\0' || strlen(part) - len > NAME_MAX_BYTES)
            return sw_fail(err, SW_USAGE, "'%.64s' has no value, or too long a one", part);
        *rows[i].to = part + len;
        return 0;
    }
    return sw_fail(err, SW_USAGE, "'%.64s' is no option of a key (ns=, name=, padding=)", part);
}

static int split_text(char *text, struct key_text *out, struct sw_err *err)
{
    char *rest = text;
    const char *part;

    out->file = cut_part(&rest);
    if (out->file == NULL || out->file[0] == '\0')
        return sw_fail(err, SW_USAGE, "it names no file");
    while ((part = cut_part(&rest)) != NULL)
        if (take_option(out, part, err) < 0)
            return -1;
    if (out->ns != NULL && strncmp(out->ns, "aws-kms", strlen("aws-kms")) == 0)
        return sw_fail(err, SW_USAGE, "the namespace '%s' belongs to AWS KMS", out->ns);
    return 0;
}

/* Names the new key at keys[n] and keeps it; a second key of the same names is refused. */
static int keep(struct sw_keyring *ring, const char *ns, const char *name, struct sw_err *err)
{
    struct seal_key *key = &ring->keys[ring->n];

    key->ns = sw_strdup(ns, err);
    key->name = sw_strdup(name, err);
    key->label = sw_strf(err, "%s/%s", ns, name);
    if (key->ns == NULL || key->name == NULL || key->label == NULL)
        return -1;
    for (size_t i = 0; ring->use == SW_KEY_SEAL && i < ring->n; i++)
        if (strcmp(ring->keys[i].label, key->label) == 0)
            return sw_fail(err, SW_USAGE, "the recipient '%s' is named twice", key->label);
    ring->n++;
    return 0;
}

/* "aes-" + 64 bits of a keyed digest: the same for the same key, and of no use to find it. */
static int aes_name(const struct seal_secret *key, char out[32], struct sw_err *err)
{
    static const char label[] = "slipway key name";
    uint8_t digest[SW_SHA256_BYTES];

    if (sw_hmac_sha256(key->bytes, key->len, label, sizeof(label) - 1, digest, err) < 0)
        return -1;
    memcpy(out, "aes-", 4);
    sw_hex(digest, 8, out + 4);
    return 0;
}

static int rsa_name(const struct seal_rsa *rsa, char out[32], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (seal_rsa_fingerprint(rsa, digest, err) < 0)
        return -1;
    memcpy(out, "rsa-", 4);
    sw_hex(digest, 8, out + 4);
    return 0;
}

static void note_file(struct seal_key *key, const struct seal_keyfile *file)
{
    key->device = file->device;
    key->inode = file->inode;
}

static int add_aes(struct sw_keyring *ring, const struct key_text *text, struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};
    struct seal_key *key = &ring->keys[ring->n];
    char name[32];

    if (text->padding != NULL)
        return sw_fail(err, SW_USAGE, "an AES key takes no padding");
    if (seal_keyfile_read(text->file, true, &file, err) < 0)
        return -1;
    if (seal_keyfile_aes(&file, &key->aes, err) < 0)
        return sw_context(err, "'%s'", text->file);
    if (ring->use == SW_KEY_SEAL && key->aes.len != SEAL_KEY_BYTES)
        return sw_fail(err, SW_INTEGRITY, "'%s' holds a key of %zu bits; sealing takes 256", text->file,
                       8 * key->aes.len);
    note_file(key, &file);
    if (aes_name(&key->aes, name, err) < 0)
        return -1;
    return keep(ring, text->ns != NULL ? text->ns : default_ns, text->name != NULL ? text->name : name, err);
}

static const char *hash_for(const char *padding)
{
    if (padding == NULL)
        return paddings[0].hash;
    for (size_t i = 0; i < SW_ARRAY_LEN(paddings); i++)
        if (strcmp(padding, paddings[i].name) == 0)
            return paddings[i].hash;
    return NULL;
}

static int add_pem(struct sw_keyring *ring, const struct key_text *text, struct sw_err *err)
{
    SW_AUTO_KEYFILE struct seal_keyfile file = {.len = 0};
    struct seal_key *key = &ring->keys[ring->n];
    bool private_key = ring->use == SW_KEY_OPEN;
    char name[32];

    key->hash = hash_for(text->padding);
    if (key->hash == NULL)
        return sw_fail(err, SW_USAGE, "'%s' is no padding (oaep-sha256, -sha1, -sha384, -sha512)",
                       text->padding);
    if (seal_keyfile_read(text->file, private_key, &file, err) < 0)
        return -1;
    key->rsa = seal_rsa_read(file.bytes, file.len, private_key, err);
    if (key->rsa == NULL)
        return sw_context(err, "'%s'", text->file);
    note_file(key, &file);
    if (rsa_name(key->rsa, name, err) < 0)
        return -1;
    return keep(ring, text->ns != NULL ? text->ns : default_ns, text->name != NULL ? text->name : name, err);
}

static const struct {
    const char *prefix;
    int (*add)(struct sw_keyring *ring, const struct key_text *text, struct sw_err *err);
} schemes[] = {
    {"aes:", add_aes},
    {"pem:", add_pem},
};

static int add_scheme(struct sw_keyring *ring, const char *text, size_t row, struct sw_err *err)
{
    SW_AUTO_FREE char *copy = sw_strdup(text + strlen(schemes[row].prefix), err);
    struct key_text parts = {.file = NULL};

    if (copy == NULL || split_text(copy, &parts, err) < 0)
        return -1;
    if (ring->use == SW_KEY_SEAL && parts.ns != NULL && strcmp(parts.ns, SEAL_ARTIFACT_NS) == 0)
        return sw_fail(err, SW_USAGE, "the namespace '%s' is for artifact keys", parts.ns);
    return schemes[row].add(ring, &parts, err);
}

int sw_keyring_add(struct sw_keyring *ring, const char *text, struct sw_err *err)
{
    if (ring->n == SW_SEAL_KEYS_MAX)
        return sw_fail(err, SW_USAGE, "more than %d keys", SW_SEAL_KEYS_MAX);
    for (size_t i = 0; i < SW_ARRAY_LEN(schemes); i++) {
        if (strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) != 0)
            continue;
        if (add_scheme(ring, text, i, err) < 0) {
            key_clear(&ring->keys[ring->n]);
            return sw_context(err, "key '%s'", text);
        }
        return 0;
    }
    return sw_fail(err, SW_USAGE, "'%s' is no key (aes:FILE or pem:FILE)", text);
}

int seal_keyring_add_aes(struct sw_keyring *ring, const struct seal_secret *key, const char *ns,
                         const char *name, struct sw_err *err)
{
    if (ring->n == SW_SEAL_KEYS_MAX)
        return sw_fail(err, SW_USAGE, "more than %d keys", SW_SEAL_KEYS_MAX);
    ring->keys[ring->n].aes = *key;
    return keep(ring, ns, name, err);
}
