/* Making keys. */
#include "slipway/envelope.h"
#include "src/base/digest.h"
#include "src/seal/keyfile.h"
#include "src/seal/pkey.h"

#include <string.h>
#include <sys/stat.h>

struct maker {
    struct sw_key_type type;
    int (*make)(const struct maker *self, const char *path, struct sw_err *err);
    enum seal_pkey_type pkey;
    unsigned rsa_bits;
};

static int make_aes(const struct maker *self, const char *path, struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret key = {.len = SEAL_KEY_BYTES};
    char text[2 * SEAL_KEY_BYTES + 2];
    int rc;

    (void)self;
    if (sw_random(key.bytes, key.len, err) < 0)
        return -1;
    sw_hex(key.bytes, key.len, text);
    text[sizeof(text) - 2] = '\n';
    rc = seal_keyfile_create(path, text, sizeof(text) - 1, 0600, err);
    seal_cleanse(text, sizeof(text));
    return rc;
}

/* Six groups of five characters out of 32 that are not taken for one another: 150 bits. */
static int make_passphrase(const struct maker *self, const char *path, struct sw_err *err)
{
    enum { GROUPS = 6, GROUP = 5, CHARS = GROUPS * GROUP };
    static const char alphabet[32] = {"abcdefghijkmnpqrstuvwxyz23456789"};
    SW_AUTO_SECRET struct seal_secret random = {.len = CHARS};
    char text[CHARS + GROUPS]; /* a dash between groups, an end of line at last */
    size_t at = 0;
    int rc;

    (void)self;
    if (sw_random(random.bytes, random.len, err) < 0)
        return -1;
    for (size_t i = 0; i < CHARS; i++) {
        text[at++] = alphabet[random.bytes[i] % sizeof(alphabet)];
        if ((i + 1) % GROUP == 0)
            text[at++] = i + 1 < CHARS ? '-' : '\n';
    }
    rc = seal_keyfile_create(path, text, sizeof(text), 0600, err);
    seal_cleanse(text, sizeof(text));
    return rc;
}

static int create_private(const struct seal_pkey *pkey, const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};
    int rc = seal_pkey_private_pem(pkey, &pem, err);

    if (rc == 0)
        rc = seal_keyfile_create(path, pem.data, pem.len, 0600, err);
    seal_cleanse(pem.data, pem.len);
    return rc;
}

/* Public half first: a private key that is there has its other half beside it. */
static int make_pair(const struct maker *self, const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};
    SW_AUTO_FREE char *public_path = sw_strf(err, "%s.pub", path);
    SW_AUTO_PKEY struct seal_pkey *pkey =
        public_path != NULL ? seal_pkey_generate(self->pkey, self->rsa_bits, err) : NULL;

    if (pkey == NULL || seal_pkey_public_pem(pkey, &pem, err) < 0 ||
        seal_keyfile_create(public_path, pem.data, pem.len, 0644, err) < 0)
        return -1;
    if (create_private(pkey, path, err) < 0) {
        unlink(public_path);
        return -1;
    }
    return 0;
}

static const struct maker makers[] = {
    {{"aes", "aes:", false, false}, make_aes, 0, 0},
    {{"rsa", "pem:", true, false}, make_pair, SEAL_PKEY_RSA, 3072},
    {{"rsa-2048", "pem:", true, false}, make_pair, SEAL_PKEY_RSA, 2048},
    {{"rsa-3072", "pem:", true, false}, make_pair, SEAL_PKEY_RSA, 3072},
    {{"rsa-4096", "pem:", true, false}, make_pair, SEAL_PKEY_RSA, 4096},
    {{"ec", "pem:", true, false}, make_pair, SEAL_PKEY_P384, 0},
    {{"ec-p256", "pem:", true, false}, make_pair, SEAL_PKEY_P256, 0},
    {{"ec-p384", "pem:", true, false}, make_pair, SEAL_PKEY_P384, 0},
    {{"ec-p521", "pem:", true, false}, make_pair, SEAL_PKEY_P521, 0},
    {{"sign-ec", "pem:", true, true}, make_pair, SEAL_PKEY_P256, 0},
    {{"sign-ed25519", "pem:", true, true}, make_pair, SEAL_PKEY_ED25519, 0},
    {{"passphrase", "pass:file:", false, false}, make_passphrase, 0, 0},
};

static const struct maker *find(const char *name)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(makers); i++)
        if (strcmp(name, makers[i].type.name) == 0)
            return &makers[i];
    return NULL;
}

const struct sw_key_type *sw_key_type_find(const char *name)
{
    const struct maker *maker = find(name);

    return maker != NULL ? &maker->type : NULL;
}

int sw_keygen(const char *type, const char *path, struct sw_err *err)
{
    const struct maker *maker = find(type);
    struct stat st;

    if (maker == NULL)
        return sw_fail(err, SW_USAGE,
                       "'%s' is no type of key (aes, rsa, ec, passphrase, sign-ec, sign-ed25519)", type);
    /* Asked beforehand only for the sake of time; creation refuses as well. */
    if (lstat(path, &st) == 0)
        return sw_fail(err, SW_FAILED, "'%s' exists; a key is never overwritten", path);
    return maker->make(maker, path, err);
}
