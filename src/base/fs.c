/* Files: whole reads and writes, folders, durable replacement, locks. */
#include "src/base/fs.h"

#include "slipway/io.h"
#include "src/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>

int sw_pread_full(int fd, void *buf, size_t len, uint64_t off, const char *what, struct sw_err *err)
{
    uint8_t *to = buf;

    while (len > 0) {
        ssize_t n = pread(fd, to, len, (off_t)off);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fail_errno(err, "cannot read '%s' at %llu", what, (unsigned long long)off);
        if (n == 0)
            return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: %zu bytes missing at %llu", what, len,
                           (unsigned long long)off);
        to += n;
        len -= (size_t)n;
        off += (uint64_t)n;
    }
    return 0;
}

int sw_pwrite_full(int fd, const void *buf, size_t len, uint64_t off, const char *what, struct sw_err *err)
{
    const uint8_t *from = buf;

    while (len > 0) {
        ssize_t n = pwrite(fd, from, len, (off_t)off);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fail_errno(err, "cannot write '%s' at %llu", what, (unsigned long long)off);
        from += n;
        len -= (size_t)n;
        off += (uint64_t)n;
    }
    return 0;
}

int sw_write_full(int fd, const void *buf, size_t len, const char *what, struct sw_err *err)
{
    const uint8_t *from = buf;

    while (len > 0) {
        ssize_t n = write(fd, from, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fail_errno(err, "cannot write '%s'", what);
        from += n;
        len -= (size_t)n;
    }
    return 0;
}

static int read_all(int fd, const char *path, size_t max_bytes, struct sw_buf *out, struct sw_err *err)
{
    enum { CHUNK = 65536 };

    for (;;) {
        ssize_t n;

        if (sw_buf_reserve(out, CHUNK, err) < 0)
            return -1;
        n = read(fd, out->data + out->len, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sw_fail_errno(err, "cannot read '%s'", path);
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        if (n == 0)
            return 0;
        if (out->len > max_bytes)
            return sw_fail(err, SW_FAILED, "'%s' is larger than %zu bytes", path, max_bytes);
    }
}

int sw_read_file(const char *path, size_t max_bytes, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = -1;

    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", max_bytes, out, err);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", path);
    return read_all(fd, path, max_bytes, out, err);
}

int sw_open_own_file(const char *path, int flags, uint64_t max_bytes, int *fd, uint64_t *bytes,
                     struct sw_err *err)
{
    SW_AUTO_CLOSE int own = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (own < 0 && errno == ENOENT)
        return 0;
    if (own < 0 || fstat(own, &st) < 0)
        return sw_fail_errno(err, "cannot open it");
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_size < 0 || (uint64_t)st.st_size > max_bytes)
        return sw_fail(err, SW_INTEGRITY, "it is no file of this user of at most %" PRIu64 " bytes",
                       max_bytes);
    *bytes = (uint64_t)st.st_size;
    *fd = SW_STEAL_FD(own);
    return 1;
}

int sw_read_own_file(const char *path, size_t max_bytes, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = -1;
    uint64_t bytes = 0;
    int found = sw_open_own_file(path, O_RDONLY, max_bytes, &fd, &bytes, err);

    if (found != 1)
        return found;
    if (sw_buf_reserve(out, (size_t)bytes + 1, err) < 0 ||
        sw_pread_full(fd, out->data, (size_t)bytes, 0, path, err) < 0)
        return -1;
    out->len = (size_t)bytes;
    out->data[out->len] = '\0';
    return 1;
}

int sw_write_file(const char *path, const void *bytes, size_t len, unsigned mode, struct sw_err *err)
{
    struct sw_out *out = NULL;
    int rc;

    if (sw_out_create_file(path, mode, &out, err) < 0)
        return -1;
    rc = sw_out_write(out, bytes, len, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

char *sw_path_join(const char *dir, const char *name, struct sw_err *err)
{
    size_t n = strlen(dir);

    if (name[0] == '/' || n == 0)
        return sw_strdup(name, err);
    return sw_strf(err, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

char *sw_path_dir(const char *path, struct sw_err *err)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return sw_strdup(".", err);
    if (slash == path)
        return sw_strdup("/", err);
    return sw_strf(err, "%.*s", (int)(slash - path), path);
}

const char *sw_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool sw_is_file_name(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n > NAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f || strchr("/\\:", name[i]) != NULL)
            return false;
    return true;
}

bool sw_is_relative_path(const char *path)
{
    if (strlen(path) >= PATH_MAX)
        return false;
    for (const char *at = path;;) {
        size_t n = strcspn(at, "/");

        if (n == 0 || n > NAME_MAX || (at[0] == '.' && (n == 1 || (n == 2 && at[1] == '.'))))
            return false;
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)at[i] < 0x20 || at[i] == 0x7f)
                return false;
        if (at[n] == '\0')
            return true;
        at += n + 1;
    }
}

int sw_mkdir_p(const char *path, unsigned mode, struct sw_err *err)
{
    SW_AUTO_FREE char *copy = sw_strdup(path, err);
    struct stat st;

    if (copy == NULL)
        return -1;
    for (char *p = copy + 1; *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
            return sw_fail_errno(err, "cannot make the folder '%s'", copy);
        *p = '/';
    }
    if (mkdir(copy, mode) == 0)
        return 0;
    if (errno != EEXIST)
        return sw_fail_errno(err, "cannot make the folder '%s'", path);
    if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
        return sw_fail(err, SW_FAILED, "'%s' is there and is not a folder", path);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

int sw_remove_tree(const char *path, struct sw_err *err)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : sw_fail_errno(err, "cannot look at '%s'", path);
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
        return sw_fail_errno(err, "cannot remove '%s'", path);
    return 0;
}

int sw_fsync_dir(const char *path, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return sw_fail_errno(err, "cannot open the folder '%s'", path);
    if (fsync(fd) < 0 && errno != EINVAL)
        return sw_fail_errno(err, "cannot sync the folder '%s'", path);
    return 0;
}

bool sw_path_exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

bool sw_fd_has_name(int fd, const char *path)
{
    struct stat open_one, named;

    return fstat(fd, &open_one) == 0 && lstat(path, &named) == 0 && open_one.st_dev == named.st_dev &&
           open_one.st_ino == named.st_ino;
}

int sw_lock_file(const char *path, bool wait, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return sw_fail_errno(err, "cannot open the lock '%s'", path);
    while (flock(fd, LOCK_EX | (wait ? 0 : LOCK_NB)) < 0)
        if (errno != EINTR)
            return sw_fail_errno(err, "cannot lock '%s'", path);
    return SW_STEAL_FD(fd);
}

char *sw_xdg_path(const char *name, const char *fallback, const char *leaf, struct sw_err *err)
{
    const char *base = getenv(name);
    const char *home = getenv("HOME");

    if (base != NULL && base[0] == '/')
        return sw_strf(err, "%s/slipway/%s", base, leaf);
    if (home == NULL || home[0] != '/') {
        sw_fail(err, SW_FAILED, "neither %s nor HOME is set to an absolute path", name);
        return NULL;
    }
    return sw_strf(err, "%s/%s/slipway/%s", home, fallback, leaf);
}

int sw_free_bytes(const char *path, uint64_t *out, struct sw_err *err)
{
    SW_AUTO_FREE char *at = sw_strdup(path, err);
    struct statvfs vfs;

    while (at != NULL && statvfs(at, &vfs) < 0) {
        char *up;

        if (errno != ENOENT || strcmp(at, "/") == 0 || strcmp(at, ".") == 0)
            return sw_fail_errno(err, "cannot look at the file system of '%s'", path);
        up = sw_path_dir(at, err);
        free(at);
        at = up;
    }
    if (at == NULL)
        return -1;
    *out = (uint64_t)vfs.f_bavail * vfs.f_frsize;
    return 0;
}
