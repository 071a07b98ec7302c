/* Files of the guest: every path is resolved here, inside the guest's own root. */
#include "src/runner/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TREE_FDS = 64 };

/* Where signs of life go during what may take long. */
static const struct channel *listener;

int make_parents(const char *path)
{
    char *copy = strdup(path);
    int rc = copy != NULL ? 0 : -1;

    for (char *at = copy != NULL ? copy + 1 : NULL; at != NULL && rc == 0; at++) {
        at = strchr(at, '/');
        if (at == NULL)
            break;
        *at = '\0';
        if (mkdir(copy, 0777) < 0 && errno != EEXIST)
            rc = -1;
        *at = '/';
    }
    if (copy != NULL) {
        int saved = errno;

        free(copy);
        errno = saved;
    }
    return rc;
}

static void answer(const struct channel *channel, int rc)
{
    if (rc < 0)
        channel_fail(channel, errno, NULL);
    else
        channel_ok(channel);
}

/* A path: absolute, so that no request depends on where the runner is. */
static char *read_path(struct request *request)
{
    char *path = request_text(request, RUNNER_PATH_MAX);

    if (path != NULL && path[0] != '/') {
        free(path);
        path = NULL;
        request->in.bad = true;
    }
    return path;
}

static enum runner_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode))
        return RUNNER_REGULAR;
    if (S_ISDIR(mode))
        return RUNNER_DIR;
    return S_ISLNK(mode) ? RUNNER_LINK : RUNNER_OTHER;
}

static void answer_stat(const struct channel *channel, const char *path, bool follow)
{
    unsigned char payload[32] = {0};
    struct stat st = {0};
    int rc = follow ? stat(path, &st) : lstat(path, &st);

    if (rc < 0 && errno != ENOENT && errno != ENOTDIR) {
        channel_fail(channel, errno, NULL);
        return;
    }
    wire_put_u32(payload, rc < 0 ? (uint32_t)RUNNER_NONE : (uint32_t)kind_of(st.st_mode));
    wire_put_u32(payload + 4, st.st_mode & 07777);
    wire_put_u32(payload + 8, st.st_uid);
    wire_put_u32(payload + 12, st.st_gid);
    wire_put_u64(payload + 16, (uint64_t)st.st_size);
    wire_put_u64(payload + 24, (uint64_t)st.st_mtime);
    channel_send(channel, RUNNER_OK, payload, sizeof(payload));
}

/* Opens a regular file and nothing that could block or be a device. */
static int open_regular(const char *path, int flags, mode_t mode, struct stat *st)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);

    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    close(fd);
    errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
    return -1;
}

/* The file to write to, not yet truncated. */
static int open_target(const char *path, mode_t mode, uint32_t flags, struct stat *st)
{
    if ((flags & RUNNER_PUT_PARENTS) != 0 && make_parents(path) < 0)
        return -1;
    if ((flags & RUNNER_PUT_APPEND) != 0)
        return open_regular(path, O_WRONLY | O_APPEND, 0, st);
    return open_regular(path, O_WRONLY | O_CREAT | ((flags & RUNNER_PUT_OVERWRITE) != 0 ? 0 : O_EXCL), mode,
                        st);
}

static int write_all(int fd, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static void put(const struct channel *channel, struct request *request)
{
    char *path = read_path(request);
    mode_t mode = wire_u32(&request->in) & 07777;
    uint32_t flags = wire_u32(&request->in);
    struct stat st;
    int fd = path != NULL ? open_target(path, mode, flags, &st) : -1;
    int error = path == NULL ? EINVAL : fd < 0 ? errno : 0;

    if (error == 0 && (flags & RUNNER_PUT_APPEND) == 0 && ftruncate(fd, 0) < 0)
        error = errno;
    /* The bytes come in any case, so that the stream stays in step. */
    for (;;) {
        channel_read(channel, request);
        if (request->type != RUNNER_DATA)
            error = EPROTO;
        if (request->type != RUNNER_DATA || request->in.at == request->in.end)
            break;
        if (error == 0 && write_all(fd, request->in.at, (size_t)(request->in.end - request->in.at)) < 0)
            error = errno;
    }
    if (fd >= 0 && close(fd) < 0 && error == 0)
        error = errno;
    free(path);
    if (error != 0)
        channel_fail(channel, error, NULL);
    else
        channel_ok(channel);
}

static void get(const struct channel *channel, const char *path, uint64_t max)
{
    static unsigned char chunk[RUNNER_CHUNK_BYTES];
    struct stat st = {0};
    uint64_t sent = 0;
    ssize_t n = 0;
    int fd = open_regular(path, O_RDONLY, 0, &st);

    while (fd >= 0 && (n = read(fd, chunk, sizeof(chunk))) > 0 && sent + (uint64_t)n <= max) {
        channel_send(channel, RUNNER_DATA, chunk, (size_t)n);
        sent += (uint64_t)n;
    }
    if (fd < 0 || n < 0)
        channel_fail(channel, errno, NULL);
    else if (n > 0)
        channel_fail(channel, EFBIG, NULL);
    else
        channel_ok(channel);
    if (fd >= 0)
        close(fd);
}

static int copy_bytes(int from, int to)
{
    static unsigned char chunk[RUNNER_CHUNK_BYTES];
    ssize_t n;

    while ((n = read(from, chunk, sizeof(chunk))) > 0) {
        if (write_all(to, chunk, (size_t)n) < 0)
            return -1;
        channel_alive(listener);
    }
    return n < 0 ? -1 : 0;
}

static int copy_file(const char *from, const char *to, uint32_t flags)
{
    struct stat source = {0}, target = {0};
    int in = open_regular(from, O_RDONLY, 0, &source), out, rc = -1, error;

    if (in < 0)
        return -1;
    out = open_target(to, source.st_mode & 07777, flags & ~(uint32_t)RUNNER_PUT_APPEND, &target);
    if (out >= 0 && source.st_dev == target.st_dev && source.st_ino == target.st_ino)
        errno = EEXIST;
    else if (out >= 0 && ftruncate(out, 0) == 0)
        rc = copy_bytes(in, out);
    error = errno;
    if (out >= 0 && close(out) < 0 && rc == 0) {
        error = errno;
        rc = -1;
    }
    close(in);
    errno = error;
    return rc;
}

static int make_dir(const char *path, mode_t mode, bool parents)
{
    struct stat st;

    if (parents && make_parents(path) < 0)
        return -1;
    if (mkdir(path, mode) == 0)
        return 0;
    if (errno != EEXIST || !parents)
        return -1;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    channel_alive(listener);
    return kind == FTW_DP || kind == FTW_D || kind == FTW_DNR ? rmdir(path) : unlink(path);
}

static int remove_path(const char *path, uint32_t how)
{
    struct stat st;

    if (how == RUNNER_REMOVE_FILE)
        return unlink(path);
    if (lstat(path, &st) < 0)
        return -1;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    if (how == RUNNER_REMOVE_DIR)
        return rmdir(path);
    return nftw(path, remove_one, TREE_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 ? 0 : -1;
}

static void change_owner(const struct channel *channel, struct request *request, const char *path)
{
    char *owner = request_text(request, 256), *group = request_text(request, 256);
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if (owner == NULL || group == NULL)
        channel_fail(channel, EINVAL, NULL);
    else if (owner[0] != '\0' && find_user(owner, &uid, &gid) < 0)
        channel_fail(channel, 0, "the image has no such user");
    else if (group[0] != '\0' && find_group(group, &gid) < 0)
        channel_fail(channel, 0, "the image has no such group");
    else
        answer(channel, chown(path, uid, gid));
    free(owner);
    free(group);
}

/* A star matches anything, everything else itself. */
static bool matches(const char *name, const char *pattern)
{
    const char *star = NULL, *retry = NULL;

    while (*name != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            retry = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static void list(const struct channel *channel, struct request *request, const char *dir)
{
    char *pattern = request_text(request, RUNNER_PATH_MAX);
    struct dirent **entries = NULL;
    int n = pattern != NULL ? scandir(dir, &entries, NULL, NULL) : -1, error = errno;

    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && matches(name, pattern))
            channel_send(channel, RUNNER_DATA, name, strlen(name) + 1);
        free(entries[i]);
    }
    free(entries);
    free(pattern);
    if (n < 0)
        channel_fail(channel, error, NULL);
    else
        channel_ok(channel);
}

static void two_paths(const struct channel *channel, struct request *request, const char *first)
{
    char *second = read_path(request);

    if (second == NULL)
        channel_fail(channel, EINVAL, NULL);
    else
        answer(channel, copy_file(first, second, wire_u32(&request->in)));
    free(second);
}

/* The target of a link is text: it need not be absolute, nor be there. */
static void make_link(const struct channel *channel, struct request *request)
{
    char *target = request_text(request, RUNNER_PATH_MAX), *path = read_path(request);

    if (target == NULL || path == NULL)
        channel_fail(channel, EINVAL, NULL);
    else
        answer(channel, make_parents(path) < 0 ? -1 : symlink(target, path));
    free(target);
    free(path);
}

static void one_path(const struct channel *channel, struct request *request, const char *path)
{
    struct wire_in *in = &request->in;
    uint32_t word;

    switch (request->type) {
    case RUNNER_STAT:
        answer_stat(channel, path, wire_u32(in) != 0);
        break;
    case RUNNER_GET:
        get(channel, path, wire_u64(in));
        break;
    case RUNNER_MKDIR:
        word = wire_u32(in) & 07777;
        answer(channel, make_dir(path, word, wire_u32(in) != 0));
        break;
    case RUNNER_REMOVE:
        answer(channel, remove_path(path, wire_u32(in)));
        break;
    case RUNNER_CHMOD:
        answer(channel, chmod(path, wire_u32(in) & 07777));
        break;
    case RUNNER_CHOWN:
        change_owner(channel, request, path);
        break;
    case RUNNER_COPY:
        two_paths(channel, request, path);
        break;
    case RUNNER_LIST:
        list(channel, request, path);
        break;
    default:
        channel_fail(channel, ENOSYS, NULL);
        break;
    }
}

void file_request(const struct channel *channel, struct request *request)
{
    char *path;

    listener = channel;
    if (request->type == RUNNER_PUT) {
        put(channel, request);
        return;
    }
    if (request->type == RUNNER_SYMLINK) {
        make_link(channel, request);
        return;
    }
    path = read_path(request);
    if (path == NULL)
        channel_fail(channel, EINVAL, NULL);
    else
        one_path(channel, request, path);
    free(path);
}
