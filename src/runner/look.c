/* Looks at the files of a guest's root that are asked for, without a trace: links lead nowhere out of it. */
#include "src/runner/look.h"
#include "src/runner/look_private.h"
#include "src/runner/protocol.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <linux/openat2.h>

enum { NAMES_MAX = 20000, CHUNK = 1 << 16 };

static void put_u16(unsigned char *at, unsigned value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static void put_number(unsigned char *at, uint64_t value)
{
    for (int i = 0; i < 8; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

int look_emit(struct look *look, const struct look_record *record)
{
    unsigned char head[LOOK_HEAD_BYTES] = {0};
    size_t path = strlen(record->path), link = strlen(record->link);

    put_u16(head, LOOK_MAGIC & 0xffff);
    put_u16(head + 2, LOOK_MAGIC >> 16);
    put_u16(head + 4, record->kind);
    put_u16(head + 6, record->flags);
    wire_put_u32(head + 8, record->mode);
    wire_put_u32(head + 12, record->owner);
    wire_put_u32(head + 16, look->group);
    wire_put_u32(head + 20, (uint32_t)path);
    wire_put_u32(head + 24, (uint32_t)link);
    put_number(head + 28, record->data);
    put_number(head + 36, record->size);
    put_number(head + 44, record->numbers[0]);
    put_number(head + 52, record->numbers[1]);
    look->total += sizeof(head) + path + link + record->data;
    return fwrite(head, 1, sizeof(head), look->out) == sizeof(head) &&
                   fwrite(record->path, 1, path, look->out) == path &&
                   fwrite(record->link, 1, link, look->out) == link
               ? 0
               : -1;
}

/* Exactly that many: what became shorter meanwhile is filled with zeros. */
int look_copy(struct look *look, int fd, uint64_t bytes)
{
    static unsigned char chunk[CHUNK];

    while (bytes > 0) {
        size_t want = bytes < sizeof(chunk) ? (size_t)bytes : sizeof(chunk);
        ssize_t n = read(fd, chunk, want);

        if (n <= 0) {
            memset(chunk, 0, want);
            n = (ssize_t)want;
        }
        if (fwrite(chunk, 1, (size_t)n, look->out) != (size_t)n)
            return -1;
        bytes -= (uint64_t)n;
    }
    return 0;
}

/* A regular file, or what a link to one leads to; -1 when it is not to be read. */
static int open_data(const char *path, const struct stat *st, uint64_t max, struct look_record *record)
{
    struct stat own;
    int fd;

    record->size = (uint64_t)st->st_size;
    if (!S_ISREG(st->st_mode) || max == 0)
        return -1;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &own) < 0 || !S_ISREG(own.st_mode)) {
        record->flags |= LOOK_UNREAD;
        if (fd >= 0)
            close(fd);
        return -1;
    }
    record->size = (uint64_t)own.st_size;
    record->data = record->size < max ? record->size : max;
    if (record->data < record->size)
        record->flags |= LOOK_CUT;
    return fd;
}

static int tell_file(struct look *look, const char *path, uint64_t max)
{
    struct look_record record = {.kind = LOOK_FILE, .path = path, .link = ""};
    char target[PATH_MAX] = "";
    struct stat st, followed;
    int fd = -1, rc;

    if (lstat(path, &st) < 0)
        return 0;
    record.mode = st.st_mode;
    record.owner = st.st_uid;
    if (lgetxattr(path, "security.selinux", NULL, 0) > 0)
        record.flags |= LOOK_LABELLED;
    if (look->total + max > LOOK_TOTAL_MAX && max > CHUNK) {
        record.flags |= LOOK_LEFT_OUT;
        max = 0;
    }
    if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlink(path, target, sizeof(target) - 1);

        target[n > 0 ? n : 0] = '\0';
        record.link = target;
    }
    if (stat(path, &followed) == 0)
        fd = open_data(path, &followed, max, &record);
    else
        record.flags |= LOOK_DANGLING;
    rc = look_emit(look, &record);
    if (fd >= 0) {
        if (rc == 0)
            rc = look_copy(look, fd, record.data);
        close(fd);
    }
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_skipped(const struct look *look, const char *name)
{
    for (size_t i = 0; i < look->nr_skips; i++)
        if (fnmatch(look->skips[i], name, 0) == 0)
            return true;
    return false;
}

/* Sorted, so that the same files give the same bytes. */
static char **matching(struct look *look, const char *folder, const char *glob, size_t *n)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    char **names = NULL;

    *n = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (fnmatch(glob, entry->d_name, FNM_PERIOD) != 0 || is_skipped(look, entry->d_name))
            continue;
        if (*n == NAMES_MAX) {
            look->left_out = true;
            break;
        }
        if ((*n & (*n - 1)) == 0) {
            char **grown = realloc(names, (*n > 0 ? 2 * *n : 1) * sizeof(*names));

            if (grown == NULL)
                break;
            names = grown;
        }
        names[*n] = strdup(entry->d_name);
        if (names[*n] == NULL)
            break;
        (*n)++;
    }
    if (dir != NULL)
        closedir(dir);
    if (*n > 1)
        qsort(names, *n, sizeof(*names), by_name);
    return names;
}

/* As deep as the glob has parts. NOLINTNEXTLINE(misc-no-recursion) */
static int match(struct look *look, const char *done, const char *glob, uint64_t max)
{
    size_t len = strcspn(glob, "/"), n = 0;
    const char *rest = glob + len + strspn(glob + len, "/");
    char part[256], path[LOOK_PATH_MAX + 1];
    char **names;
    int rc = 0;

    if (len >= sizeof(part))
        return 0;
    memcpy(part, glob, len);
    part[len] = '\0';
    if (strpbrk(part, "*?[") == NULL) {
        if (snprintf(path, sizeof(path), "%s/%s", done, part) >= (int)sizeof(path))
            return 0;
        return rest[0] == '\0' ? tell_file(look, path, max) : match(look, path, rest, max);
    }
    names = matching(look, done[0] != '\0' ? done : "/", part, &n);
    for (size_t i = 0; i < n; i++) {
        if (rc == 0 && ++look->entries > LOOK_ENTRIES_MAX)
            look->left_out = true;
        else if (rc == 0 && snprintf(path, sizeof(path), "%s/%s", done, names[i]) < (int)sizeof(path))
            rc = rest[0] == '\0' ? tell_file(look, path, max) : match(look, path, rest, max);
        free(names[i]);
    }
    free(names);
    return rc;
}

static int tell_mount(struct look *look, const char *point)
{
    struct look_record record = {.kind = LOOK_MOUNT, .path = point, .link = ""};
    struct statvfs fs;

    if (statvfs(point, &fs) < 0)
        return 0;
    record.numbers[0] = (uint64_t)fs.f_bavail * fs.f_frsize;
    record.numbers[1] = fs.f_favail;
    record.size = (uint64_t)fs.f_blocks * fs.f_frsize;
    if (fs.f_files == 0)
        record.flags |= LOOK_NO_INODES;
    return look_emit(look, &record);
}

static int look_inside(struct look *look)
{
    if (chroot(look->root) < 0 || chdir("/") < 0)
        return -1;
    if (tell_mount(look, "/") < 0)
        return -1;
    for (size_t i = 0; i < look->nr_points; i++)
        if (tell_mount(look, look->points[i]) < 0)
            return -1;
    for (size_t i = 0; i < look->nr_wants; i++)
        if (match(look, "", look->wants[i].glob + (look->wants[i].glob[0] == '/'), look->wants[i].bytes) < 0)
            return -1;
    if (look->left_out) {
        struct look_record record = {.kind = LOOK_FILE, .path = "", .link = "", .flags = LOOK_LEFT_OUT};

        if (look_emit(look, &record) < 0)
            return -1;
    }
    return fflush(look->out);
}

/* A process of its own, as nobody comes out of a chroot again. */
int look_walk(struct look *look)
{
    int status = 0;
    pid_t pid;

    if (fflush(look->out) != 0)
        return -1;
    pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0)
        _exit(look_inside(look) == 0 ? 0 : 1);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 && fseeko(look->out, 0, SEEK_END) == 0 ? 0 : -1;
}

/* The mount point is looked up inside the root; one that is no folder is left alone. */
int look_bind(struct look *look, const char *folder, const char *point)
{
    struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    char target[64];
    int root = open(look->root, O_PATH | O_DIRECTORY | O_CLOEXEC), at;

    if (root < 0)
        return -1;
    at = (int)syscall(SYS_openat2, root, point, &how, sizeof(how));
    close(root);
    if (at < 0)
        return 0;
    snprintf(target, sizeof(target), "/proc/self/fd/%d", at);
    if (mount(folder, target, NULL, MS_BIND, NULL) == 0 && look->nr_points < LOOK_POINTS_MAX)
        look->points[look->nr_points++] = strdup(point);
    close(at);
    return 0;
}
