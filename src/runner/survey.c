/* A survey of a tree: everything that lstat, extended attributes and the map of a file's blocks tell, in one stream. */
#include "src/runner/runner.h"
#include "src/runner/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Extents whose bytes are not simply where they say. */
enum {
    NOT_PLAIN = FIEMAP_EXTENT_UNKNOWN | FIEMAP_EXTENT_DELALLOC | FIEMAP_EXTENT_ENCODED |
                FIEMAP_EXTENT_DATA_ENCRYPTED | FIEMAP_EXTENT_NOT_ALIGNED | FIEMAP_EXTENT_DATA_INLINE |
                FIEMAP_EXTENT_DATA_TAIL,
    LINK_MAX_BYTES = 1 << 16,
};

struct surveyor {
    const struct channel *channel;
    bool extents;
    unsigned char record[RUNNER_RECORD_MAX];
    size_t len;
    unsigned char chunk[RUNNER_CHUNK_BYTES];
    size_t chunk_len;
};

static void flush(struct surveyor *to)
{
    if (to->chunk_len > 0)
        channel_send(to->channel, RUNNER_DATA, to->chunk, to->chunk_len);
    to->chunk_len = 0;
}

static void say(struct surveyor *to, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        size_t room = sizeof(to->chunk) - to->chunk_len, part = len < room ? len : room;

        memcpy(to->chunk + to->chunk_len, bytes, part);
        to->chunk_len += part;
        bytes += part;
        len -= part;
        if (to->chunk_len == sizeof(to->chunk))
            flush(to);
    }
}

/* Room in the record; NULL when the file has more to tell than fits. */
static unsigned char *room(struct surveyor *to, size_t len)
{
    unsigned char *at = to->record + to->len;

    if (len > sizeof(to->record) - to->len) {
        fault_because("its name and attributes are too long");
        errno = E2BIG;
        return NULL;
    }
    to->len += len;
    return at;
}

static int add_u32(struct surveyor *to, uint32_t value)
{
    unsigned char *at = room(to, 4);

    if (at != NULL)
        wire_put_u32(at, value);
    return at != NULL ? 0 : -1;
}

static int add_u64(struct surveyor *to, uint64_t value)
{
    unsigned char *at = room(to, 8);

    if (at != NULL)
        wire_put_u64(at, value);
    return at != NULL ? 0 : -1;
}

static int add_bytes(struct surveyor *to, const void *bytes, size_t len)
{
    unsigned char *at = room(to, len);

    if (at != NULL && len > 0)
        memcpy(at, bytes, len);
    return at != NULL ? 0 : -1;
}

static int add_text(struct surveyor *to, const void *bytes, size_t len)
{
    return add_u32(to, (uint32_t)len) < 0 ? -1 : add_bytes(to, bytes, len);
}

/* A folder's name and one in it, with a NUL at the end. */
static int add_name(struct surveyor *to, const char *folder, const char *name)
{
    size_t folder_len = strlen(folder), len = strlen(name) + 1;

    if (add_u32(to, (uint32_t)(folder_len + len)) < 0 || add_bytes(to, folder, folder_len) < 0)
        return -1;
    return add_bytes(to, name, len);
}

static int add_stat(struct surveyor *to, const struct stat *st)
{
    if (add_u32(to, st->st_mode) < 0 || add_u32(to, st->st_uid) < 0 || add_u32(to, st->st_gid) < 0 ||
        add_u32(to, (uint32_t)st->st_nlink) < 0 || add_u64(to, st->st_rdev) < 0 ||
        add_u64(to, (uint64_t)st->st_size) < 0 || add_u64(to, st->st_dev) < 0 ||
        add_u64(to, st->st_ino) < 0 || add_u64(to, (uint64_t)st->st_mtim.tv_sec) < 0)
        return -1;
    return add_u32(to, (uint32_t)st->st_mtim.tv_nsec);
}

static int add_link(struct surveyor *to, int dir, const char *name, const struct stat *st)
{
    static char target[LINK_MAX_BYTES];
    ssize_t len = 0;

    if (S_ISLNK(st->st_mode))
        len = readlinkat(dir, name, target, sizeof(target));
    if (len < 0)
        return -1;
    return add_text(to, target, (size_t)len);
}

/* Names that no user of the guest set or sees: what they say is told by other means, or is of this machine. */
static bool is_wanted(const char *name)
{
    return strcmp(name, "system.ntfs_times") != 0 && strcmp(name, "system.ntfs_times_be") != 0;
}

static int add_attribute(struct surveyor *to, const char *path, const char *name)
{
    static unsigned char value[XATTR_SIZE_MAX];
    ssize_t len = lgetxattr(path, name, value, sizeof(value));

    /* Some are listed and have no value. */
    if (len < 0 && (errno == ENODATA || errno == EOPNOTSUPP))
        len = 0;
    if (len < 0)
        return -1;
    return add_text(to, name, strlen(name)) < 0 ? -1 : add_text(to, value, (size_t)len);
}

/* count u32, and of each its name and its value. The last part of the path is not followed. */
static int add_attributes(struct surveyor *to, const char *path)
{
    static char names[XATTR_LIST_MAX];
    ssize_t len = llistxattr(path, names, sizeof(names));
    size_t count_at = to->len;
    uint32_t count = 0;

    if (len < 0 && errno != EOPNOTSUPP)
        return -1;
    if (add_u32(to, 0) < 0)
        return -1;
    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        if (!is_wanted(names + at))
            continue;
        if (add_attribute(to, path, names + at) < 0)
            return -1;
        count++;
    }
    wire_put_u32(to->record + count_at, count);
    return 0;
}

/* Where a regular file's bytes lie, when the file system can say that simply. */
static bool map_blocks(int fd, struct fiemap *map)
{
    *map = (struct fiemap){.fm_length = FIEMAP_MAX_OFFSET, .fm_extent_count = RUNNER_EXTENTS_MAX};
    if (ioctl(fd, FS_IOC_FIEMAP, map) < 0 || map->fm_mapped_extents > RUNNER_EXTENTS_MAX)
        return false;
    for (uint32_t i = 0; i < map->fm_mapped_extents; i++)
        if ((map->fm_extents[i].fe_flags & (uint32_t)NOT_PLAIN) != 0)
            return false;
    if (map->fm_mapped_extents == 0)
        return true;
    return (map->fm_extents[map->fm_mapped_extents - 1].fe_flags & FIEMAP_EXTENT_LAST) != 0;
}

/* known u32, count u32, and of each place in the file, place on the device and length, all u64. */
static int add_extents(struct surveyor *to, int dir, const char *name, const struct stat *st)
{
    static union {
        struct fiemap map;
        unsigned char bytes[sizeof(struct fiemap) + RUNNER_EXTENTS_MAX * sizeof(struct fiemap_extent)];
    } all;
    struct fiemap *map = &all.map;
    bool known = false;

    if (to->extents && S_ISREG(st->st_mode) && st->st_size > 0) {
        int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        known = fd >= 0 && map_blocks(fd, map);
        if (fd >= 0)
            close(fd);
    }
    if (add_u32(to, known) < 0 || add_u32(to, known ? map->fm_mapped_extents : 0) < 0)
        return -1;
    for (uint32_t i = 0; known && i < map->fm_mapped_extents; i++) {
        const struct fiemap_extent *extent = &map->fm_extents[i];
        /* What was reserved and never written reads as zeros, wherever it lies. */
        bool unwritten = (extent->fe_flags & FIEMAP_EXTENT_UNWRITTEN) != 0;

        if (add_u64(to, extent->fe_logical) < 0 ||
            add_u64(to, unwritten ? UINT64_MAX : extent->fe_physical) < 0 ||
            add_u64(to, extent->fe_length) < 0)
            return -1;
    }
    return 0;
}

static int survey_visit(void *ctx, const struct walk *walk, const char *name, const struct stat *st,
                        enum walk_when when)
{
    struct surveyor *to = ctx;
    char path[32 + NAME_MAX + 1];

    if (when == WALK_LEAVE)
        return 0;
    to->len = 4;
    snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", walk->fd, name);
    if (add_name(to, walk->path, name) < 0 || add_stat(to, st) < 0 || add_link(to, walk->fd, name, st) < 0 ||
        add_attributes(to, path) < 0 || add_extents(to, walk->fd, name, st) < 0)
        return -1;
    wire_put_u32(to->record, (uint32_t)(to->len - 4));
    say(to, to->record, to->len);
    return 0;
}

/* The folder itself, as ".". */
static int survey_top(struct surveyor *to, int fd)
{
    const struct walk top = {.fd = fd, .path = (char[]){""}};
    struct stat st;

    return fstat(fd, &st) < 0 ? -1 : survey_visit(to, &top, ".", &st, WALK_ENTER);
}

int survey_tree(const struct channel *channel, const char *dir, bool extents)
{
    static struct surveyor to;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    to.channel = channel;
    to.extents = extents;
    to.chunk_len = 0;
    if (fd < 0)
        return -1;
    if (survey_top(&to, fd) < 0) {
        close_quietly(fd);
        return -1;
    }
    if (walk_tree(fd, WALK_STAY, survey_visit, &to) < 0)
        return -1;
    flush(&to);
    return 0;
}
