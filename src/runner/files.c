/* Files of the guest: every path is resolved here, inside the guest's own root. */
#include "src/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { UMASK = 022 };

/* Where signs of life go during what may take long, and when that is over; 0: never. */
static const struct channel *listener;
static int64_t limit_ms;

/* Of the request being answered. */
static struct {
    const char *why; /* static text; NULL: errno says it */
    char place[512];
} fault;

int still_there(void)
{
    channel_alive(listener);
    if (limit_ms == 0 || now_ms() < limit_ms)
        return 0;
    fault_because("the step's time is over");
    errno = ETIMEDOUT;
    return -1;
}

void file_limit(struct request *request)
{
    uint64_t ms = wire_u64(&request->in);

    limit_ms = ms < INT64_MAX / 2 ? now_ms() + (int64_t)ms : 0;
}

void fault_at(const char *dir, const char *name)
{
    snprintf(fault.place, sizeof(fault.place), "%s%s", dir, name);
}

void fault_beneath(const char *name)
{
    char place[sizeof(fault.place)];
    size_t len = strlen(name);

    memcpy(place, fault.place, sizeof(place));
    if (len + strlen(place) + 2 > sizeof(place))
        place[0] = '\0';
    if (len + 2 > sizeof(place))
        return;
    memcpy(fault.place, name, len + 1);
    if (place[0] != '\0') {
        fault.place[len] = '/';
        memcpy(fault.place + len + 1, place, strlen(place) + 1);
    }
}

void fault_because(const char *why)
{
    fault.why = why;
}

void close_quietly(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
}

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
        channel_fail_at(channel, errno, fault.why, fault.place);
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

int open_regular(int dir, const char *path, int flags, mode_t mode, struct stat *st)
{
    int fd = openat(dir, path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);

    /* A pipe that nobody reads, a socket, a device that is not there. */
    if (fd < 0 && errno == ENXIO)
        fault_because("it is no regular file");
    if (fd < 0)
        return -1;
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    close(fd);
    fault_because(S_ISDIR(st->st_mode) ? "it is a folder" : "it is no regular file");
    errno = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
    return -1;
}

int open_target(const char *path, mode_t mode, uint32_t flags, struct stat *st)
{
    int create = O_CREAT | ((flags & RUNNER_PUT_OVERWRITE) != 0 ? 0 : O_EXCL);

    if ((flags & RUNNER_PUT_PARENTS) != 0 && make_parents(path) < 0)
        return -1;
    if ((flags & RUNNER_PUT_APPEND) != 0)
        return open_regular(AT_FDCWD, path, O_WRONLY | O_APPEND, 0, st);
    return open_regular(AT_FDCWD, path, O_WRONLY | create, mode, st);
}

int write_all(int fd, const void *bytes, size_t len)
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

/* A file that was written to while it was read is neither what it was nor what it is. */
static int check_unchanged(int fd, const struct stat *before)
{
    struct stat now;

    if (fstat(fd, &now) < 0)
        return -1;
    if (now.st_size == before->st_size && now.st_mtim.tv_sec == before->st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == before->st_mtim.tv_nsec && now.st_ctim.tv_sec == before->st_ctim.tv_sec &&
        now.st_ctim.tv_nsec == before->st_ctim.tv_nsec)
        return 0;
    fault_because("it changed while it was read");
    errno = ESTALE;
    return -1;
}

/* Reads to the end, into another file or, where that is -1, into DATA frames. */
static int pass_on(int from, int to, uint64_t max)
{
    static unsigned char chunk[RUNNER_CHUNK_BYTES];
    struct stat before;
    uint64_t done = 0;
    ssize_t n;

    if (fstat(from, &before) < 0)
        return -1;
    while ((n = read(from, chunk, sizeof(chunk))) > 0) {
        done += (uint64_t)n;
        if (done > max) {
            errno = EFBIG;
            return -1;
        }
        if (to < 0)
            channel_send(listener, RUNNER_DATA, chunk, (size_t)n);
        else if (write_all(to, chunk, (size_t)n) < 0)
            return -1;
        if (still_there() < 0)
            return -1;
    }
    return n < 0 ? -1 : check_unchanged(from, &before);
}

int copy_rest(int from, int to)
{
    return pass_on(from, to, UINT64_MAX);
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
    if (error == 0 && (flags & RUNNER_PUT_MODE) != 0 && fchmod(fd, mode & ~(mode_t)UMASK) < 0)
        error = errno;
    /* The bytes come in any case, so that the stream stays in step. */
    for (;;) {
        channel_read(channel, request);
        if (request->type != RUNNER_DATA)
            error = EPROTO;
        if (request->type != RUNNER_DATA || request->in.at == request->in.end)
            break;
        if (error == 0 && (still_there() < 0 ||
                           write_all(fd, request->in.at, (size_t)(request->in.end - request->in.at)) < 0))
            error = errno;
    }
    if (fd >= 0 && close(fd) < 0 && error == 0)
        error = errno;
    free(path);
    errno = error;
    answer(channel, error == 0 ? 0 : -1);
}

static int get(const char *path, uint64_t max)
{
    struct stat st;
    int fd = open_regular(AT_FDCWD, path, O_RDONLY, 0, &st), rc;

    if (fd < 0)
        return -1;
    rc = pass_on(fd, -1, max);
    close_quietly(fd);
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

static void set_owner(const struct channel *channel, struct request *request, const char *path)
{
    char *owner = request_text(request, 256), *group = request_text(request, 256);
    bool tree = wire_u32(&request->in) != 0;
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if (owner == NULL || group == NULL)
        channel_fail(channel, EINVAL, NULL);
    else if (owner[0] != '\0' && find_user(owner, &uid, &gid) < 0)
        channel_fail(channel, 0, "the image has no such user");
    else if (group[0] != '\0' && find_group(group, &gid) < 0)
        channel_fail(channel, 0, "the image has no such group");
    else
        answer(channel, change_owner(path, uid, gid, tree));
    free(owner);
    free(group);
}

static void list(const struct channel *channel, struct request *request, const char *dir)
{
    char *pattern = request_text(request, RUNNER_PATH_MAX);
    uint32_t what = wire_u32(&request->in);

    if (pattern == NULL)
        channel_fail(channel, EINVAL, NULL);
    else
        answer(channel, list_names(channel, dir, pattern, what));
    free(pattern);
}

static void two_paths(const struct channel *channel, struct request *request, const char *first)
{
    char *second = read_path(request);
    uint32_t flags = wire_u32(&request->in);

    if (second == NULL)
        channel_fail(channel, EINVAL, NULL);
    else if (request->type == RUNNER_CARRY)
        answer(channel, carry_names(first, second, flags, request));
    else if (request->type == RUNNER_MOVE)
        answer(channel, move_path(first, second, flags));
    else
        answer(channel, copy_path(first, second, flags));
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
        answer(channel, get(path, wire_u64(in)));
        break;
    case RUNNER_MKDIR:
        word = wire_u32(in) & 07777;
        answer(channel, make_dir(path, word, wire_u32(in) != 0));
        break;
    case RUNNER_REMOVE:
        answer(channel, remove_path(path, wire_u32(in)));
        break;
    case RUNNER_CHMOD:
        word = wire_u32(in) & 07777;
        answer(channel, change_mode(path, word, wire_u32(in) != 0));
        break;
    case RUNNER_CHOWN:
        set_owner(channel, request, path);
        break;
    case RUNNER_COPY:
    case RUNNER_MOVE:
    case RUNNER_CARRY:
        two_paths(channel, request, path);
        break;
    case RUNNER_LIST:
        list(channel, request, path);
        break;
    case RUNNER_SURVEY:
        answer(channel, survey_tree(channel, path, wire_u32(in) != 0));
        break;
    default:
        channel_fail(channel, ENOSYS, NULL);
        break;
    }
}

static void do_request(const struct channel *channel, struct request *request)
{
    char *path;

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

void file_request(const struct channel *channel, struct request *request)
{
    listener = channel;
    fault.why = NULL;
    fault.place[0] = '\0';
    do_request(channel, request);
    limit_ms = 0;
}
