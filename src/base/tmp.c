#include "src/base/tmp.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define MARK ".tmp-"

enum { ID_DIGITS = 16 };

static char *new_name(const struct sw_tmp *tmp, struct sw_err *err)
{
    uint64_t id;

    return sw_random(&id, sizeof(id), err) < 0
               ? NULL
               : sw_strf(err, "%s/%s" MARK "%0*" PRIx64, tmp->folder, tmp->stem, ID_DIGITS, id);
}

/* Where files must have names. A sweep may come between the two calls, and takes the file for one that was left. */
static int open_named(struct sw_tmp *tmp, unsigned mode, struct sw_err *err)
{
    for (;;) {
        SW_AUTO_FREE char *name = new_name(tmp, err);
        SW_AUTO_CLOSE int fd = -1;
        struct stat st;

        if (name == NULL)
            return -1;
        fd = openat(tmp->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
            return sw_fail_errno(err, "cannot create '%s'", tmp->what);
        /* A sweep that has the lock gives it back once the file is gone. Where there are no locks, nobody sweeps. */
        while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
            continue;
        if (fstat(fd, &st) < 0)
            return sw_fail_errno(err, "cannot look at '%s'", tmp->what);
        if (st.st_nlink == 0)
            continue;
        tmp->name = SW_STEAL_PTR(name);
        tmp->fd = SW_STEAL_FD(fd);
        return 0;
    }
}

int sw_tmp_open(struct sw_tmp *tmp, unsigned mode, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = openat(tmp->dir_fd, tmp->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);

    tmp->fd = -1;
    tmp->name = NULL;
    /* Naming it later goes through /proc/self/fd, which a bare chroot may lack. */
    if (fd >= 0 && access("/proc/self/fd", X_OK) == 0) {
        (void)flock(fd, LOCK_EX | LOCK_NB);
        tmp->fd = SW_STEAL_FD(fd);
        return 0;
    }
    if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
        return sw_fail_errno(err, "cannot write in the folder of '%s'", tmp->what);
    return open_named(tmp, mode, err);
}

int sw_tmp_link(const struct sw_tmp *tmp, const char *path)
{
    char proc[64];

    if (tmp->name != NULL)
        return linkat(tmp->dir_fd, tmp->name, tmp->dir_fd, path, 0);
    snprintf(proc, sizeof(proc), "/proc/self/fd/%d", tmp->fd);
    return linkat(AT_FDCWD, proc, tmp->dir_fd, path, AT_SYMLINK_FOLLOW);
}

int sw_tmp_give_name(struct sw_tmp *tmp, struct sw_err *err)
{
    SW_AUTO_FREE char *name = NULL;

    if (tmp->name != NULL)
        return 0;
    name = new_name(tmp, err);
    if (name == NULL)
        return -1;
    if (sw_tmp_link(tmp, name) < 0)
        return sw_fail_errno(err, "cannot name '%s'", tmp->what);
    tmp->name = SW_STEAL_PTR(name);
    return 0;
}

void sw_tmp_named(struct sw_tmp *tmp)
{
    free(SW_STEAL_PTR(tmp->name));
}

void sw_tmp_close(struct sw_tmp *tmp)
{
    if (tmp->name != NULL)
        unlinkat(tmp->dir_fd, tmp->name, 0);
    sw_tmp_named(tmp);
    if (tmp->fd >= 0)
        close(tmp->fd);
    tmp->fd = -1;
}

/* Or with a process number for its end, as they were named once. */
static bool is_id(const char *text)
{
    size_t len = strlen(text);

    return strspn(text, "0123456789abcdef") == len &&
           (len == ID_DIGITS || (len > 0 && len <= 10 && strspn(text, "0123456789") == len));
}

static bool is_tmp_name(const char *name, const char *stem)
{
    const char *mark = NULL;

    for (const char *at = name; (at = strstr(at, MARK)) != NULL; at++)
        mark = at;
    return mark != NULL && is_id(mark + sizeof(MARK) - 1) &&
           (stem == NULL
                ? name[0] == '.'
                : strlen(stem) == (size_t)(mark - name) && strncmp(name, stem, (size_t)(mark - name)) == 0);
}

/* For writing where that is allowed: a lock on a network's file may want it. */
static void sweep_one(int dir, const char *name)
{
    static const int how = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    SW_AUTO_CLOSE int fd = openat(dir, name, O_RDWR | how);
    struct stat st;

    if (fd < 0)
        fd = openat(dir, name, O_RDONLY | how);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(dir, name, 0);
}

int sw_tmp_sweep(const char *folder, const char *stem, struct sw_err *err)
{
    SW_AUTO_DIR DIR *dir = opendir(folder);
    const struct dirent *entry;

    if (dir == NULL)
        return sw_fail_errno(err, "cannot open the folder '%s'", folder);
    while ((entry = readdir(dir)) != NULL)
        if (is_tmp_name(entry->d_name, stem))
            sweep_one(dirfd(dir), entry->d_name);
    return 0;
}
