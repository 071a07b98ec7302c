/* What is done to a whole tree: removal, permissions, owners, lists of names. */
#include "src/runner/runner.h"
#include "src/runner/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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

struct sweep {
    const char *pattern;
    bool any;
};

static int sweep_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                       enum walk_when when)
{
    struct sweep *sweep = ctx;

    (void)st;
    if (when != WALK_OTHER || !matches(name, sweep->pattern))
        return when == WALK_ENTER;
    sweep->any = true;
    return unlinkat(walk->fd, name, 0);
}

static int remove_matches(const char *path)
{
    const char *last = strrchr(path, '/');
    char *dir = last == path ? strdup("/") : strndup(path, (size_t)(last - path));
    struct sweep sweep = {.pattern = last + 1};
    int fd = dir != NULL ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    free(dir);
    if (fd < 0 || walk_tree(fd, WALK_CROSS, sweep_visit, &sweep) < 0)
        return -1;
    if (sweep.any)
        return 0;
    fault_because("no file matches");
    errno = ENOENT;
    return -1;
}

static int remove_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                        enum walk_when when)
{
    (void)ctx, (void)st;
    if (when == WALK_ENTER)
        return 0;
    return unlinkat(walk->fd, name, when == WALK_LEAVE ? AT_REMOVEDIR : 0);
}

int remove_path(const char *path, uint32_t how)
{
    struct stat st, root;
    int fd;

    if (how == RUNNER_REMOVE_FILE)
        return unlink(path);
    if (how == RUNNER_REMOVE_MATCHES)
        return remove_matches(path);
    if (lstat(path, &st) < 0)
        return -1;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return -1;
    }
    if (stat("/", &root) == 0 && same_file(&root, &st)) {
        fault_because("it is the guest's root");
        errno = EBUSY;
        return -1;
    }
    if (how == RUNNER_REMOVE_TREE) {
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || walk_tree(fd, WALK_STAY, remove_visit, NULL) < 0)
            return -1;
    }
    return rmdir(path);
}

/* ---- Permissions and owners ---------------------------------------------------------------------------------- */

static int mode_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                      enum walk_when when)
{
    /* A link has no mode of its own, and what it leads to may lie anywhere. */
    if (when == WALK_ENTER || S_ISLNK(st->st_mode))
        return 0;
    return fchmodat(walk->fd, name, *(const mode_t *)ctx, 0);
}

int change_mode(const char *path, mode_t mode, bool tree)
{
    int fd = tree ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (tree && (fd < 0 || walk_tree(fd, WALK_CROSS, mode_visit, &mode) < 0))
        return -1;
    return chmod(path, mode);
}

struct ids {
    uid_t uid;
    gid_t gid;
};

static int owner_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                       enum walk_when when)
{
    const struct ids *ids = ctx;

    (void)st;
    if (when == WALK_ENTER)
        return 0;
    return fchownat(walk->fd, name, ids->uid, ids->gid, AT_SYMLINK_NOFOLLOW);
}

int change_owner(const char *path, uid_t uid, gid_t gid, bool tree)
{
    struct ids ids = {uid, gid};
    int fd = tree ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (tree && (fd < 0 || walk_tree(fd, WALK_CROSS, owner_visit, &ids) < 0))
        return -1;
    return chown(path, uid, gid);
}

/* ---- Lists --------------------------------------------------------------------------------------------------- */

struct lister {
    const struct channel *channel;
    const char *pattern;
    uint32_t what;
    unsigned char *bytes; /* a chunk being filled */
    size_t len;
};

static void say(struct lister *lister, const char *text, size_t len)
{
    while (len > 0) {
        size_t room = RUNNER_CHUNK_BYTES - lister->len, part = len < room ? len : room;

        memcpy(lister->bytes + lister->len, text, part);
        lister->len += part;
        text += part;
        len -= part;
        if (lister->len == RUNNER_CHUNK_BYTES) {
            channel_send(lister->channel, RUNNER_DATA, lister->bytes, lister->len);
            lister->len = 0;
        }
    }
}

static bool is_wanted(const struct lister *lister, const struct walk *walk, const char *name,
                      const struct stat *st)
{
    struct stat aim;

    if (S_ISDIR(st->st_mode))
        return (lister->what & RUNNER_LIST_FOLDERS) != 0;
    if ((lister->what & RUNNER_LIST_FILES) == 0)
        return false;
    return !S_ISLNK(st->st_mode) || (lister->what & RUNNER_LIST_LINKS) != 0 ||
           fstatat(walk->fd, name, &aim, 0) < 0 || !S_ISDIR(aim.st_mode);
}

static int list_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                      enum walk_when when)
{
    struct lister *lister = ctx;

    if (when != WALK_LEAVE && matches(name, lister->pattern) && is_wanted(lister, walk, name, st)) {
        say(lister, walk->path, strlen(walk->path));
        say(lister, name, strlen(name) + 1);
    }
    return when == WALK_ENTER && (lister->what & RUNNER_LIST_TREE) == 0;
}

int list_names(const struct channel *channel, const char *dir, const char *pattern, uint32_t what)
{
    static unsigned char chunk[RUNNER_CHUNK_BYTES];
    struct lister lister = {.channel = channel, .pattern = pattern, .what = what, .bytes = chunk};
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || walk_tree(fd, WALK_CROSS, list_visit, &lister) < 0)
        return -1;
    if (lister.len > 0)
        channel_send(channel, RUNNER_DATA, lister.bytes, lister.len);
    return 0;
}
