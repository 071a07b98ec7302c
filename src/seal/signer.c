/* Who signs: a private key from a text such as "pem:FILE". */
#include "src/base/buf.h"
#include "src/seal/keyfile.h"
#include "src/seal/sign_key.h"

#include <string.h>
#include <sys/stat.h>

struct sw_signer {
    struct seal_pkey *key;
    char name[SW_SIGNER_NAME];
    uint64_t device, inode; /* of the file it came from */
};

SW_DEFINE_AUTO(signer, struct sw_signer, sw_signer_free)
#define AUTO_SIGNER SW_CLEANUP(signer_auto)

void sw_signer_free(struct sw_signer *signer)
{
    if (signer == NULL)
        return;
    seal_pkey_free(signer->key);
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

static const struct {
    const char *prefix;
    int (*open)(struct sw_signer *signer, const char *rest, struct sw_err *err);
} schemes[] = {
    {"pem:", open_pem},
};

static int open_text(struct sw_signer *signer, const char *text, struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(schemes); i++) {
        size_t len = strlen(schemes[i].prefix);

        if (strncmp(text, schemes[i].prefix, len) != 0)
            continue;
        if (text[len] == '\0')
            return sw_fail(err, SW_USAGE, "it names no key");
        return schemes[i].open(signer, text + len, err);
    }
    return sw_fail(err, SW_USAGE, "it is not of the form pem:FILE");
}

struct sw_signer *sw_signer_open(const char *text, struct sw_err *err)
{
    AUTO_SIGNER struct sw_signer *signer = sw_calloc(1, sizeof(*signer), err);

    if (signer == NULL)
        return NULL;
    if (open_text(signer, text, err) < 0 || seal_sign_name(signer->key, signer->name, err) < 0) {
        sw_context(err, "the signing key '%.128s'", text);
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
    return seal_sign(signer->key, bytes, len, out, err);
}
