/* Reading and making key files. */
#include "src/seal/keyfile.h"

#include "src/base/digest.h"
#include "src/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int key_errno(struct sw_err *err, const char *what, const char *path)
{
    sw_fail_errno(err, "%s '%s'", what, path);
    err->code = SW_INTEGRITY;
    return -1;
}

static int look_at(int fd, const char *path, bool secret, struct seal_keyfile *file, struct sw_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return key_errno(err, "cannot look at", path);
    file->device = st.st_dev;
    file->inode = st.st_ino;
    if (secret && (st.st_mode & 077) != 0)
        return sw_fail(err, SW_INTEGRITY, "'%s' may be read or written by others (mode %04o); chmod 600 it",
                       path, (unsigned)st.st_mode & 07777);
    return 0;
}

/* One byte more than allowed is asked for, so that a larger file is seen. */
static int read_all(int fd, const char *path, struct seal_keyfile *file, struct sw_err *err)
{
    ssize_t n;

    while ((n = read(fd, file->bytes + file->len, SEAL_KEYFILE_MAX - file->len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return key_errno(err, "cannot read", path);
        file->len += (size_t)n;
    }
    if (file->len == SEAL_KEYFILE_MAX)
        return sw_fail(err, SW_INTEGRITY, "'%s' is too large for a key", path);
    return 0;
}

int seal_keyfile_read(const char *path, bool secret, struct seal_keyfile *file, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    *file = (struct seal_keyfile){.len = 0};
    if (fd < 0)
        return key_errno(err, "cannot open", path);
    if (look_at(fd, path, secret, file, err) < 0)
        return -1;
    file->bytes = seal_key_new(SEAL_KEYFILE_MAX);
    if (file->bytes == NULL)
        return sw_fail_errno(err, "cannot get memory for '%s'", path);
    return read_all(fd, path, file, err);
}

void seal_keyfile_note(const struct seal_keyfile *file, struct seal_key *key)
{
    key->device = file->device;
    key->inode = file->inode;
}

void seal_keyfile_free(struct seal_keyfile *file)
{
    seal_key_free(file->bytes, SEAL_KEYFILE_MAX);
    *file = (struct seal_keyfile){.len = 0};
}

int seal_keyfile_aes(const struct seal_keyfile *file, struct seal_secret *key, struct sw_err *err)
{
    static const size_t sizes[] = {32, 24, 16};
    const char *text = (const char *)file->bytes;
    size_t text_len = file->len;

    while (text_len > 0 && (text[text_len - 1] == '\n' || text[text_len - 1] == '\r'))
        text_len--;
    for (size_t i = 0; i < SW_ARRAY_LEN(sizes); i++) {
        key->len = sizes[i];
        if (file->len == sizes[i]) {
            memcpy(key->bytes, file->bytes, sizes[i]);
            return 0;
        }
    }
    for (size_t i = 0; i < SW_ARRAY_LEN(sizes); i++) {
        key->len = sizes[i];
        if (sw_unhex(text, text_len, key->bytes, sizes[i]) == 0)
            return 0;
    }
    return sw_fail(err, SW_INTEGRITY,
                   "it is no AES key: 32 bytes (24 or 16 for opening) or as many in hex are wanted, it has "
                   "%zu bytes",
                   file->len);
}

static int sync_parent(const char *path, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_dir(path, err);

    return dir != NULL ? sw_fsync_dir(dir, err) : -1;
}

/* A file without a name that gets one only when it is whole. *fd is -1 where the file system cannot do that. */
static int open_nameless(const char *path, unsigned mode, int *fd, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_dir(path, err);

    if (dir == NULL)
        return -1;
    *fd = access("/proc/self/fd", X_OK) == 0 ? open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, mode) : -1;
    return 0;
}

static int link_new(int fd, const char *path)
{
    char proc[64];

    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, proc, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

static int fill(int fd, const char *path, const void *bytes, size_t len, struct sw_err *err)
{
    if (sw_write_full(fd, bytes, len, path, err) < 0)
        return -1;
    return fsync(fd) < 0 ? sw_fail_errno(err, "cannot sync '%s'", path) : 0;
}

int seal_keyfile_create(const char *path, const void *bytes, size_t len, unsigned mode, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = -1;
    bool nameless;

    if (open_nameless(path, mode, &fd, err) < 0)
        return -1;
    nameless = fd >= 0;
    if (!nameless)
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return sw_fail_errno(err, "cannot create '%s'", path);
    if (fill(fd, path, bytes, len, err) < 0) {
        if (!nameless)
            unlink(path);
        return -1;
    }
    if (nameless && link_new(fd, path) < 0)
        return sw_fail_errno(err, "cannot create '%s'", path);
    return sync_parent(path, err);
}
