/* Whose signatures count: public keys from files and folders. */
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/seal/sign_key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { PUBLIC_KEY_MAX = 16 << 10 };

struct trusted {
    struct seal_pkey *key;
    char *label; /* name and file */
};

struct sw_trust {
    struct trusted keys[SW_TRUSTED_KEYS_MAX];
    size_t n;
};

SW_DEFINE_AUTO(trust, struct sw_trust, sw_trust_free)
#define AUTO_TRUST SW_CLEANUP(trust_auto)

void sw_trust_free(struct sw_trust *trust)
{
    if (trust == NULL)
        return;
    for (size_t i = 0; i < trust->n; i++) {
        seal_pkey_free(trust->keys[i].key);
        free(trust->keys[i].label);
    }
    free(trust);
}

static int trust_errno(struct sw_err *err, const char *what, const char *path)
{
    sw_fail_errno(err, "%s '%s'", what, path);
    err->code = SW_INTEGRITY;
    return -1;
}

/* Whoever may write to it decides whom is trusted. */
static int check_mode(const struct stat *st, const char *path, struct sw_err *err)
{
    if ((st->st_mode & S_IWOTH) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' may be written by everybody (mode %04o); chmod o-w it", path,
                       (unsigned)st->st_mode & 07777);
    return 0;
}

static int keep(struct sw_trust *trust, struct seal_pkey *key, const char *path, struct sw_err *err)
{
    SW_AUTO_PKEY struct seal_pkey *owned = key;
    char name[SW_SIGNER_NAME];
    char *label;

    if (trust->n == SW_TRUSTED_KEYS_MAX)
        return sw_fail(err, SW_INTEGRITY, "more than %d trusted keys", SW_TRUSTED_KEYS_MAX);
    if (seal_sign_name(owned, name, err) < 0 || (label = sw_strf(err, "%s (%s)", name, path)) == NULL)
        return -1;
    trust->keys[trust->n++] = (struct trusted){SW_STEAL_PTR(owned), label};
    return 0;
}

/* What stat said is a regular file. */
static int add_file(struct sw_trust *trust, int fd, const struct stat *st, const char *path,
                    struct sw_err *err)
{
    char pem[PUBLIC_KEY_MAX];
    size_t len = (size_t)st->st_size;
    struct seal_pkey *key;

    if (check_mode(st, path, err) < 0)
        return -1;
    if (st->st_size > PUBLIC_KEY_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s' is too large for a public key", path);
    if (sw_pread_full(fd, pem, len, 0, path, err) < 0)
        return -1;
    key = seal_sign_read(pem, len, false, err);
    if (key == NULL)
        return sw_context(err, "'%s'", path);
    return keep(trust, key, path, err);
}

static bool is_key_name(const char *name)
{
    const char *end = strrchr(name, '.');

    return end != NULL && end != name && strcmp(end, ".pub") == 0;
}

/* O_NONBLOCK: a FIFO must be refused, not waited for. */
static int open_at(int dir, const char *name, const char *path, struct stat *st, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return trust_errno(err, "cannot open", path);
    if (fstat(fd, st) < 0)
        return trust_errno(err, "cannot look at", path);
    if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
        return sw_fail(err, SW_INTEGRITY, "'%s' is neither a file nor a folder", path);
    return SW_STEAL_FD(fd);
}

static int add_entry(struct sw_trust *trust, DIR *dir, const char *name, const char *folder,
                     struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(folder, name, err);
    SW_AUTO_CLOSE int fd = -1;
    struct stat st;

    if (path == NULL || (fd = open_at(dirfd(dir), name, path, &st, err)) < 0)
        return -1;
    if (!S_ISREG(st.st_mode))
        return sw_fail(err, SW_INTEGRITY, "'%s' is no file", path);
    return add_file(trust, fd, &st, path, err);
}

/* Takes over fd. */
static int add_folder(struct sw_trust *trust, int fd, const char *path, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = fdopendir(fd);
    const struct dirent *entry;
    size_t before = trust->n;

    if (dir == NULL) {
        close(fd);
        return trust_errno(err, "cannot read the folder", path);
    }
    while (errno = 0, (entry = readdir(dir)) != NULL)
        if (is_key_name(entry->d_name) && add_entry(trust, dir, entry->d_name, path, err) < 0)
            return -1;
    if (errno != 0)
        return trust_errno(err, "cannot read the folder", path);
    if (trust->n == before)
        return sw_fail(err, SW_INTEGRITY, "the folder '%s' holds no public key (*.pub): nothing is trusted",
                       path);
    return 0;
}

static int add_path(struct sw_trust *trust, const char *path, struct sw_err *err)
{
    struct stat st;
    SW_AUTO_CLOSE int fd = open_at(AT_FDCWD, path, path, &st, err);

    if (fd < 0)
        return -1;
    if (S_ISREG(st.st_mode))
        return add_file(trust, fd, &st, path, err);
    if (check_mode(&st, path, err) < 0)
        return -1;
    return add_folder(trust, SW_STEAL_FD(fd), path, err);
}

/* The configured place, or NULL when there is none. */
static int find_place(char **path, struct sw_err *err)
{
    const char *named = getenv("SLIPWAY_TRUST");
    SW_AUTO_FREE char *usual = NULL;
    struct sw_err homeless = {.code = SW_OK};
    struct stat st;

    *path = NULL;
    if (named != NULL && named[0] != '\0') {
        *path = sw_strdup(named, err);
        return *path != NULL ? 0 : -1;
    }
    usual = sw_xdg_path("XDG_CONFIG_HOME", ".config", "trust", &homeless);
    if (usual == NULL)
        return 0;
    if (stat(usual, &st) == 0)
        *path = SW_STEAL_PTR(usual);
    else if (errno != ENOENT && errno != ENOTDIR)
        return trust_errno(err, "cannot look at", usual);
    return 0;
}

static int add_all(struct sw_trust *trust, const char *const *paths, size_t n, struct sw_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (add_path(trust, paths[i], err) < 0)
            return sw_context(err, "trusted keys");
    return 0;
}

int sw_trust_open(const char *const *paths, size_t n, struct sw_trust **out, struct sw_err *err)
{
    AUTO_TRUST struct sw_trust *trust = NULL;
    SW_AUTO_FREE char *place = NULL;
    int rc;

    *out = NULL;
    if (n == 0 && find_place(&place, err) < 0)
        return -1;
    if (n == 0 && place == NULL)
        return 0;
    trust = sw_calloc(1, sizeof(*trust), err);
    if (trust == NULL)
        return -1;
    rc = n > 0 ? add_all(trust, paths, n, err) : add_all(trust, (const char *const *)&place, 1, err);
    if (rc == 0)
        *out = SW_STEAL_PTR(trust);
    return rc;
}

int sw_trust_check(const struct sw_trust *trust, const void *bytes, size_t len,
                   const struct sw_signature *signature, const char **who, struct sw_err *err)
{
    for (size_t i = 0; i < trust->n; i++) {
        if (seal_sign_fits(trust->keys[i].key, bytes, len, signature)) {
            *who = trust->keys[i].label;
            return 0;
        }
    }
    return sw_fail(err, SW_INTEGRITY, "no trusted key made the signature of these bytes (%zu tried)",
                   trust->n);
}
