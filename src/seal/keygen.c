/* Making keys. */
#include "slipway/envelope.h"
#include "src/base/digest.h"
#include "src/seal/keyfile.h"
#include "src/seal/rsa.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int make_aes(const char *path, struct sw_err *err)
{
    SW_AUTO_SECRET struct seal_secret key = {.len = SEAL_KEY_BYTES};
    char text[2 * SEAL_KEY_BYTES + 2];
    int rc;

    if (sw_random(key.bytes, key.len, err) < 0)
        return -1;
    sw_hex(key.bytes, key.len, text);
    text[sizeof(text) - 2] = '\n';
    rc = seal_keyfile_create(path, text, sizeof(text) - 1, 0600, err);
    seal_cleanse(text, sizeof(text));
    return rc;
}

static int create_private(const struct seal_rsa *rsa, const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};
    int rc = seal_rsa_private_pem(rsa, &pem, err);

    if (rc == 0)
        rc = seal_keyfile_create(path, pem.data, pem.len, 0600, err);
    seal_cleanse(pem.data, pem.len);
    return rc;
}

/* Public half first: a private key that is there has its other half beside it. */
static int make_rsa(const char *path, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf pem = {.len = 0};
    SW_AUTO_FREE char *public_path = sw_strf(err, "%s.pub", path);
    SW_AUTO_RSA struct seal_rsa *rsa = public_path != NULL ? seal_rsa_generate(err) : NULL;

    if (rsa == NULL || seal_rsa_public_pem(rsa, &pem, err) < 0 ||
        seal_keyfile_create(public_path, pem.data, pem.len, 0644, err) < 0)
        return -1;
    if (create_private(rsa, path, err) < 0) {
        unlink(public_path);
        return -1;
    }
    return 0;
}

static const struct {
    const char *type;
    int (*make)(const char *path, struct sw_err *err);
} makers[] = {
    {"aes", make_aes},
    {"rsa", make_rsa},
};

int sw_keygen(const char *type, const char *path, struct sw_err *err)
{
    struct stat st;

    for (size_t i = 0; i < SW_ARRAY_LEN(makers); i++) {
        if (strcmp(type, makers[i].type) != 0)
            continue;
        /* Asked beforehand only for the sake of time; creation refuses as well. */
        if (lstat(path, &st) == 0)
            return sw_fail(err, SW_FAILED, "'%s' exists; a key is never overwritten", path);
        return makers[i].make(path, err);
    }
    return sw_fail(err, SW_USAGE, "'%s' is no type of key (aes, rsa)", type);
}
