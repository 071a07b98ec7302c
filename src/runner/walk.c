/* Walking through a tree of folders, one descriptor at a time. */
#include "src/runner/walk.h"

#include "src/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif

static int is_real(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int read_names(int fd, struct dirent ***names)
{
    return scandirat(fd, ".", names, is_real, by_bytes);
}

void free_names(struct dirent **names, int n)
{
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

int open_above(int fd, const struct stat *expected)
{
    struct stat st;
    int above = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    close(fd);
    if (above < 0)
        return -1;
    if (fstat(above, &st) == 0 && same_file(&st, expected))
        return above;
    close(above);
    errno = ESTALE;
    return -1;
}

/* A number that differs between mounts, also where two of them show one file system; 0: the kernel does not say. */
static uint64_t mount_of(int fd)
{
    struct statx stx = {.stx_mask = 0};

    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) < 0 || (stx.stx_mask & STATX_MNT_ID) == 0)
        return 0;
    return stx.stx_mnt_id;
}

/* File systems that no image holds. */
static bool is_pseudo(int fd)
{
    static const unsigned long magics[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,        TMPFS_MAGIC,
                                           DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                                           SECURITYFS_MAGIC,   DEBUGFS_MAGIC,      SELINUX_MAGIC};
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return false;
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
        if ((unsigned long)fs.f_type == magics[i])
            return true;
    return false;
}

static int grow(struct walk *walk)
{
    size_t cap = walk->cap != 0 ? walk->cap * 2 : 16;
    struct walk_level *levels = reallocarray(walk->levels, cap, sizeof(*levels));

    if (levels == NULL)
        return -1;
    walk->levels = levels;
    walk->cap = cap;
    return 0;
}

static int lengthen_path(struct walk *walk, size_t at, const char *name)
{
    size_t len = strlen(name), need = at + len + 2;

    if (need > walk->path_cap) {
        char *path = realloc(walk->path, need * 2);

        if (path == NULL)
            return -1;
        walk->path = path;
        walk->path_cap = need * 2;
    }
    memcpy(walk->path + at, name, len);
    if (len > 0)
        walk->path[at + len++] = '/';
    walk->path[at + len] = '\0';
    return 0;
}

/* Goes into the folder fd, named so in the current one. On failure fd is closed. */
static int go_down(struct walk *walk, int fd, const char *name, uint64_t mount)
{
    struct walk_level level = {.mount = mount};
    size_t at = walk->depth > 0 ? walk->levels[walk->depth - 1].path_len : 0;

    if ((walk->depth == walk->cap && grow(walk) < 0) || fstat(fd, &level.st) < 0 ||
        (level.n = read_names(fd, &level.names)) < 0) {
        close_quietly(fd);
        return -1;
    }
    if (lengthen_path(walk, at, name) < 0) {
        free_names(level.names, level.n);
        close_quietly(fd);
        return -1;
    }
    level.path_len = strlen(walk->path);
    walk->levels[walk->depth++] = level;
    if (walk->fd >= 0)
        close(walk->fd);
    walk->fd = fd;
    return 0;
}

static int go_up(struct walk *walk)
{
    struct walk_level *level = &walk->levels[--walk->depth];

    free_names(level->names, level->n);
    if (walk->depth == 0)
        return 0;
    level--;
    walk->path[level->path_len] = '\0';
    walk->fd = open_above(walk->fd, &level->st);
    return walk->fd < 0 ? -1 : 0;
}

/* Opens a folder that was seen as st. Sets *skip for one that is left out. */
static int open_seen(struct walk *walk, const char *name, const struct stat *st, uint64_t *mount, bool *skip)
{
    int fd = openat(walk->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool other_mount;
    struct stat now;

    *skip = false;
    if (fd < 0)
        return -1;
    *mount = mount_of(fd);
    other_mount = *mount != walk->levels[walk->depth - 1].mount;
    if (other_mount && walk->mounts == WALK_CROSS) {
        *skip = is_pseudo(fd);
        return fd;
    }
    if (!other_mount && fstat(fd, &now) == 0 && same_file(&now, st))
        return fd;
    errno = other_mount ? EBUSY : ESTALE;
    close_quietly(fd);
    return -1;
}

static int visit_folder(struct walk *walk, const char *name, const struct stat *st, walk_visit *visit,
                        void *ctx)
{
    uint64_t mount;
    bool skip;
    int fd = open_seen(walk, name, st, &mount, &skip), rc;

    if (fd < 0)
        return -1;
    rc = skip ? 1 : visit(ctx, walk, name, st, WALK_ENTER);
    if (rc == 0)
        return go_down(walk, fd, name, mount);
    close_quietly(fd);
    if (rc > 0)
        walk->levels[walk->depth - 1].at++;
    return rc < 0 ? -1 : 0;
}

static int leave_folder(struct walk *walk, walk_visit *visit, void *ctx)
{
    struct stat st = walk->levels[walk->depth - 1].st;
    struct walk_level *above;

    if (go_up(walk) < 0)
        return -1;
    if (walk->depth == 0)
        return 0;
    above = &walk->levels[walk->depth - 1];
    if (visit(ctx, walk, above->names[above->at]->d_name, &st, WALK_LEAVE) < 0)
        return -1;
    above->at++;
    return 0;
}

static int one_more(struct walk *walk, walk_visit *visit, void *ctx)
{
    struct walk_level *level = &walk->levels[walk->depth - 1];
    const char *name;
    struct stat st;

    if (still_there() < 0)
        return -1;
    if (level->at == level->n)
        return leave_folder(walk, visit, ctx);
    name = level->names[level->at]->d_name;
    if (fstatat(walk->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISDIR(st.st_mode))
        return visit_folder(walk, name, &st, visit, ctx);
    if (visit(ctx, walk, name, &st, WALK_OTHER) < 0)
        return -1;
    level->at++;
    return 0;
}

/* The place where the walk ended too early. */
static void note_place(const struct walk *walk)
{
    const struct walk_level *level;

    if (walk->depth == 0)
        return;
    level = &walk->levels[walk->depth - 1];
    fault_at(walk->path, level->at < level->n ? level->names[level->at]->d_name : "");
}

int walk_tree(int fd, enum walk_mounts mounts, walk_visit *visit, void *ctx)
{
    struct walk walk = {.fd = -1, .mounts = mounts};
    int rc = go_down(&walk, fd, "", mount_of(fd)), error;

    while (rc == 0 && walk.depth > 0)
        rc = one_more(&walk, visit, ctx);
    error = errno;
    if (rc < 0)
        note_place(&walk);
    if (walk.fd >= 0)
        close(walk.fd);
    while (walk.depth > 0) {
        walk.depth--;
        free_names(walk.levels[walk.depth].names, walk.levels[walk.depth].n);
    }
    free(walk.levels);
    free(walk.path);
    errno = error;
    return rc;
}
