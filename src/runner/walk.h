/* Walking through a tree of folders: no link is followed, and neither depth nor path length is bounded. */
#ifndef SW_RUNNER_WALK_H
#define SW_RUNNER_WALK_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum walk_when {
    WALK_ENTER, /* a folder, before what is in it; 1 instead of 0 leaves it out, and then there is no WALK_LEAVE */
    WALK_LEAVE, /* the same folder, after what is in it */
    WALK_OTHER, /* anything else, links among it */
};

enum walk_mounts {
    WALK_STAY, /* another mount beneath is EBUSY */
    WALK_CROSS, /* the image's own are entered; /proc, /dev, a tmpfs and the like are none of it and left out */
};

struct walk_level {
    struct dirent **names; /* sorted by bytes, so that no folder's own order shows */
    int n, at;
    struct stat st;
    uint64_t mount;
    size_t path_len; /* of walk.path while in this folder */
};

struct walk {
    int fd;     /* the folder that it is in, the only one that is open */
    char *path; /* of that folder beneath the first: "" or "a/b/" */
    size_t path_cap;
    struct walk_level *levels;
    size_t depth, cap;
    enum walk_mounts mounts;
};

/* 0, or -1 with errno, which ends the walk. name lies in walk->fd. */
typedef int walk_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                       enum walk_when when);

/*
 * Visits everything beneath the folder that fd is, which is closed at the end; not the folder itself. -1 with errno, and
 * with the place noted for the answer.
 */
int walk_tree(int fd, enum walk_mounts mounts, walk_visit *visit, void *ctx);

static inline bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The folder above fd, which is closed. ESTALE when it is not the expected one. */
int open_above(int fd, const struct stat *expected);

/* The names in a folder, sorted, without . and ..; their number, or -1 with errno. */
int read_names(int fd, struct dirent ***names);
void free_names(struct dirent **names, int n);

#endif
