/* Copies and moves, of one file or of a tree, inside the guest's own root. */
#include "src/runner/runner.h"
#include "src/runner/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { XATTR_NAMES_MAX = 64 << 10, COPIED_BITS = 0777 };

/* Where the copy of the walk's current folder is, and how it goes. */
struct copier {
    int fd;
    struct mark {
        struct stat above; /* of the folder that holds it */
        bool made;
    } * marks;
    size_t depth, cap;
    bool overwrite;
    bool keep; /* owner, mode, times and attributes too: what moves stays what it was */
    bool move;
};

/* ---- One thing ---------------------------------------------------------------------------------------------- */

/* A file system that cannot hold an attribute does without it. */
static void keep_attributes(int from, int to)
{
    char *names = malloc(XATTR_NAMES_MAX), *value = malloc(XATTR_SIZE_MAX);
    ssize_t len = names != NULL && value != NULL ? flistxattr(from, names, XATTR_NAMES_MAX) : 0;

    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t n = fgetxattr(from, names + at, value, XATTR_SIZE_MAX);

        if (n >= 0 && fsetxattr(to, names + at, value, (size_t)n, 0) < 0 && errno == ENOSPC)
            break;
    }
    free(names);
    free(value);
}

/* Owner first: a change of it takes setuid away. */
static int keep_state(int from, int to, const struct stat *st)
{
    const struct timespec times[2] = {st->st_atim, st->st_mtim};

    if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
        return -1;
    keep_attributes(from, to);
    return futimens(to, times);
}

/* Which of the two paths it was; always -1. */
static int source_fault(void)
{
    if (errno == ENOENT)
        fault_because("the source does not exist");
    else if (errno == EISDIR)
        fault_because("the source is a folder");
    else if (errno == ENOTDIR)
        fault_because("the source is no folder");
    else if (errno == EINVAL)
        fault_because("the source is no regular file");
    return -1;
}

/* Both are closed. What is behind the same name twice must not be truncated. */
static int fill(const struct copier *copier, int in, int out, const struct stat *source,
                const struct stat *target)
{
    int rc = -1;

    if (same_file(source, target)) {
        fault_because("source and destination are the same file");
        errno = EEXIST;
    } else if (ftruncate(out, 0) == 0 && copy_rest(in, out) == 0) {
        rc = copier->keep ? keep_state(in, out, source) : 0;
    }
    close_quietly(in);
    if (rc < 0)
        close_quietly(out);
    return rc < 0 ? -1 : close(out);
}

/* What is in the way of a copy, if it may go. A folder never does, and a regular file is written to. */
static int clear_way(const struct copier *copier, const char *name, bool regular)
{
    struct stat st;

    if (fstatat(copier->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -1;
    errno = S_ISDIR(st.st_mode) ? EISDIR : EEXIST;
    if (S_ISDIR(st.st_mode) || !copier->overwrite)
        return -1;
    return regular && S_ISREG(st.st_mode) ? 0 : unlinkat(copier->fd, name, 0);
}

static int copy_regular(const struct copier *copier, int dir, const char *name, const char *as)
{
    struct stat source, target;
    int in = open_regular(dir, name, O_RDONLY | O_NOFOLLOW, 0, &source), out;

    if (in < 0)
        return -1;
    out =
        open_regular(copier->fd, as, O_WRONLY | O_CREAT | O_NOFOLLOW, source.st_mode & COPIED_BITS, &target);
    if (out >= 0)
        return fill(copier, in, out, &source, &target);
    close_quietly(in);
    return -1;
}

static int copy_link(const struct copier *copier, int dir, const char *name, const char *as)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

    if (n < 0)
        return -1;
    target[n] = '\0';
    return symlinkat(target, copier->fd, as);
}

/* No folder. What is `name` in dir, a link too, becomes `as` in copier->fd. */
static int copy_entry(const struct copier *copier, int dir, const char *name, const char *as,
                      const struct stat *st)
{
    const struct timespec times[2] = {st->st_atim, st->st_mtim};
    int rc;

    if (clear_way(copier, as, S_ISREG(st->st_mode)) < 0)
        return -1;
    if (S_ISREG(st->st_mode))
        return copy_regular(copier, dir, name, as);
    rc = S_ISLNK(st->st_mode) ? copy_link(copier, dir, name, as)
                              : mknodat(copier->fd, as, st->st_mode & (S_IFMT | COPIED_BITS), st->st_rdev);
    if (rc < 0 || !copier->keep)
        return rc;
    if (fchownat(copier->fd, as, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
        (!S_ISLNK(st->st_mode) && fchmodat(copier->fd, as, st->st_mode & 07777, 0) < 0))
        return -1;
    return utimensat(copier->fd, as, times, AT_SYMLINK_NOFOLLOW);
}

/* ---- Trees -------------------------------------------------------------------------------------------------- */

static int mark(struct copier *copier, bool made)
{
    if (copier->depth == copier->cap) {
        size_t cap = copier->cap != 0 ? copier->cap * 2 : 16;
        struct mark *marks = reallocarray(copier->marks, cap, sizeof(*marks));

        if (marks == NULL)
            return -1;
        copier->marks = marks;
        copier->cap = cap;
    }
    copier->marks[copier->depth].made = made;
    return fstat(copier->fd, &copier->marks[copier->depth].above);
}

/* The folder's counterpart is made, or is there. */
static int enter(struct copier *copier, const char *name, const struct stat *st)
{
    bool made = mkdirat(copier->fd, name, st->st_mode & COPIED_BITS) == 0;
    int fd;

    if (!made && errno != EEXIST)
        return -1;
    fd = openat(copier->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    if (mark(copier, made) < 0) {
        close_quietly(fd);
        return -1;
    }
    copier->depth++;
    close(copier->fd);
    copier->fd = fd;
    return 0;
}

static int leave(struct copier *copier, const struct walk *walk, const char *name, const struct stat *st)
{
    const struct mark *top = &copier->marks[--copier->depth];
    int from, rc = 0;

    if (copier->keep && top->made) {
        from = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        rc = from >= 0 ? keep_state(from, copier->fd, st) : -1;
        if (from >= 0)
            close_quietly(from);
    }
    if (rc < 0)
        return -1;
    copier->fd = open_above(copier->fd, &top->above);
    if (copier->fd < 0)
        return -1;
    return copier->move ? unlinkat(walk->fd, name, AT_REMOVEDIR) : 0;
}

/* A rename takes a whole folder along, unless there is one already or it would go to another file system. */
static int move_entry(const struct copier *copier, const struct walk *walk, const char *name,
                      const struct stat *st)
{
    if (!S_ISDIR(st->st_mode) && clear_way(copier, name, true) < 0)
        return -1;
    if (renameat(walk->fd, name, copier->fd, name) == 0)
        return 1;
    if (S_ISDIR(st->st_mode))
        return errno == EXDEV || errno == ENOTEMPTY || errno == EEXIST ? 0 : -1;
    if (errno != EXDEV || copy_entry(copier, walk->fd, name, name, st) < 0)
        return -1;
    return unlinkat(walk->fd, name, 0) < 0 ? -1 : 1;
}

static int copy_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                      enum walk_when when)
{
    struct copier *copier = ctx;
    int rc = 0;

    if (when == WALK_LEAVE)
        return leave(copier, walk, name, st);
    if (copier->move)
        rc = move_entry(copier, walk, name, st);
    if (rc != 0)
        return when == WALK_ENTER || rc < 0 ? rc : 0;
    return when == WALK_ENTER ? enter(copier, name, st) : copy_entry(copier, walk->fd, name, name, st);
}

/* The folder, or the nearest above it that is there. */
static int open_nearest(const char *folder)
{
    char *path = strdup(folder);
    int fd = -1;

    while (path != NULL && (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        char *slash = strrchr(path, '/');

        if ((errno != ENOENT && errno != ENOTDIR) || path[1] == '\0')
            break;
        slash[slash == path] = '\0';
    }
    free(path);
    return fd;
}

/* Whether the folder `to`, which need not be there, lies in the folder `from`. 1, 0, or -1 with errno. */
static int lies_in(const struct stat *from, const char *to)
{
    int fd = open_nearest(to), up;
    struct stat st, below = {.st_ino = 0};

    while (fd >= 0 && fstat(fd, &st) == 0) {
        /* Above the root is the root. */
        if (same_file(&st, from) || same_file(&st, &below)) {
            close(fd);
            return same_file(&st, from);
        }
        below = st;
        up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close_quietly(fd);
        fd = up;
    }
    return -1;
}

/* Opens the folder to copy into, made when it is missing. */
static int open_folder(const char *to, const struct stat *like, uint32_t flags, bool *made)
{
    *made = mkdir(to, like->st_mode & COPIED_BITS) == 0;
    if (!*made && errno != EEXIST)
        return -1;
    if (!*made && (flags & RUNNER_PUT_OVERWRITE) == 0) {
        errno = EEXIST;
        return -1;
    }
    return open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Everything in `from`, a folder that is open, into `to`. */
static int carry_tree(int from, const struct stat *st, const char *to, struct copier *copier, uint32_t flags)
{
    bool made;
    int rc, top = fcntl(from, F_DUPFD_CLOEXEC, 0);

    copier->fd = top >= 0 ? open_folder(to, st, flags, &made) : -1;
    if (copier->fd < 0) {
        if (top >= 0)
            close_quietly(top);
        return -1;
    }
    rc = walk_tree(top, WALK_CROSS, copy_visit, copier);
    if (rc == 0 && copier->keep && made)
        rc = keep_state(from, copier->fd, st);
    if (copier->fd >= 0)
        close_quietly(copier->fd);
    free(copier->marks);
    return rc;
}

/* Refuses what would never end. */
static int check_apart(const struct stat *from, const char *to)
{
    int within = lies_in(from, to);

    if (within == 1) {
        fault_because("a folder cannot go into itself");
        errno = EINVAL;
    }
    return within == 0 ? 0 : -1;
}

static int copy_tree(const char *from, const char *to, uint32_t flags)
{
    struct copier copier = {.fd = -1, .overwrite = true};
    int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = -1;
    struct stat st;

    if (fd < 0)
        return source_fault();
    if (fstat(fd, &st) == 0 && check_apart(&st, to) == 0 &&
        ((flags & RUNNER_PUT_PARENTS) == 0 || make_parents(to) == 0))
        rc = carry_tree(fd, &st, to, &copier, flags);
    close_quietly(fd);
    return rc;
}

static int copy_file(const char *from, const char *to, uint32_t flags)
{
    const struct copier copier = {.fd = AT_FDCWD};
    struct stat source, target;
    int in = open_regular(AT_FDCWD, from, O_RDONLY, 0, &source), out;

    if (in < 0)
        return source_fault();
    out = open_target(to, source.st_mode & COPIED_BITS, flags & ~(uint32_t)RUNNER_PUT_APPEND, &target);
    if (out >= 0)
        return fill(&copier, in, out, &source, &target);
    close_quietly(in);
    return -1;
}

int copy_path(const char *from, const char *to, uint32_t flags)
{
    return (flags & RUNNER_PUT_TREE) != 0 ? copy_tree(from, to, flags) : copy_file(from, to, flags);
}

/* ---- Moves -------------------------------------------------------------------------------------------------- */

static int move_file(const char *from, const char *to, const struct stat *st, uint32_t flags)
{
    const struct copier copier = {
        .fd = AT_FDCWD, .overwrite = (flags & RUNNER_PUT_OVERWRITE) != 0, .keep = true, .move = true};
    struct stat there;

    if (S_ISDIR(st->st_mode)) {
        errno = EISDIR;
        return source_fault();
    }
    if (lstat(to, &there) == 0 && same_file(&there, st)) {
        fault_because("source and destination are the same file");
        errno = EEXIST;
        return -1;
    }
    if (clear_way(&copier, to, true) < 0)
        return -1;
    if (rename(from, to) == 0)
        return 0;
    return errno != EXDEV || copy_entry(&copier, AT_FDCWD, from, to, st) < 0 ? -1 : unlink(from);
}

static int move_tree(const char *from, const char *to, const struct stat *st, uint32_t flags)
{
    struct copier copier = {.fd = -1, .overwrite = true, .keep = true, .move = true};
    struct stat there;
    bool taken = lstat(to, &there) == 0;
    int fd, rc;

    if (!S_ISDIR(st->st_mode)) {
        errno = ENOTDIR;
        return source_fault();
    }
    if (taken && (flags & RUNNER_PUT_OVERWRITE) == 0) {
        errno = EEXIST;
        return -1;
    }
    if (!taken || !S_ISLNK(there.st_mode)) {
        if (rename(from, to) == 0)
            return 0;
        if (errno != EXDEV && errno != ENOTEMPTY && errno != EEXIST)
            return -1;
    }
    fd = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    rc = carry_tree(fd, st, to, &copier, flags);
    close_quietly(fd);
    return rc < 0 ? -1 : rmdir(from);
}

int move_path(const char *from, const char *to, uint32_t flags)
{
    struct stat st;

    if (lstat(from, &st) < 0)
        return source_fault();
    if ((S_ISDIR(st.st_mode) && check_apart(&st, to) < 0) ||
        ((flags & RUNNER_PUT_PARENTS) != 0 && make_parents(to) < 0))
        return -1;
    return (flags & RUNNER_PUT_TREE) != 0 ? move_tree(from, to, &st, flags) : move_file(from, to, &st, flags);
}
