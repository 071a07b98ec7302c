#include "src/base/sockets.h"

#include "src/base/buf.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>

#define PLACE     "/tmp"
#define OURS      "slipway."
#define THEIRS    PLACE "/libguestfs"
#define ALSO      "libguestfs"
#define PATH_MOST 64

enum { ID_CHARS = 6 }; /* of mkdtemp */

struct sw_sockets {
    char *dir;
    int lock; /* on the folder that was made; -1: none was */
};

static bool is_id(const char *text)
{
    return strlen(text) == ID_CHARS &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ID_CHARS;
}

static bool is_guestfs_folder(const char *path)
{
    return strncmp(path, THEIRS, sizeof(THEIRS) - 1) == 0 && is_id(path + sizeof(THEIRS) - 1);
}

/* An open folder of this user's, locked; -1: it is somebody else's, or its process lives. */
static int lock_folder(const char *path)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() || flock(fd, LOCK_EX | LOCK_NB) < 0 ||
        !sw_fd_has_name(fd, path))
        return -1;
    return SW_STEAL_FD(fd);
}

static void sweep_one(const char *name)
{
    char path[PATH_MOST], also[PATH_MOST];
    struct sw_err ignored = {0}; /* the next one tries again */
    struct stat st;
    ssize_t n;

    snprintf(path, sizeof(path), PLACE "/%s", name);
    SW_AUTO_CLOSE int lock = lock_folder(path);

    if (lock < 0)
        return;
    n = readlinkat(lock, ALSO, also, sizeof(also) - 1);
    also[n > 0 ? n : 0] = '\0';
    if (is_guestfs_folder(also) && lstat(also, &st) == 0 && st.st_uid == geteuid() &&
        sw_remove_tree(also, &ignored) < 0)
        return;
    (void)!sw_remove_tree(path, &ignored);
}

static void sweep(void)
{
    SW_AUTO_DIR DIR *dir = opendir(PLACE);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, OURS, sizeof(OURS) - 1) == 0 && is_id(entry->d_name + sizeof(OURS) - 1))
            sweep_one(entry->d_name);
}

/* Between the making and the locking a sweep may take it for one that was left. */
static int make(struct sw_sockets *sockets, struct sw_err *err)
{
    sweep();
    while (sockets->lock < 0) {
        char path[] = PLACE "/" OURS "XXXXXX";

        if (mkdtemp(path) == NULL)
            return sw_fail_errno(err, "cannot make a folder for sockets in " PLACE);
        sockets->lock = lock_folder(path);
        if (sockets->lock < 0 && sw_path_exists(path)) {
            rmdir(path);
            return sw_fail(err, SW_FAILED, "cannot lock the folder '%s'", path);
        }
        if (sockets->lock >= 0 && (sockets->dir = sw_strdup(path, err)) == NULL)
            return -1;
    }
    return 0;
}

int sw_sockets_open(const char *dir, size_t name_bytes, struct sw_sockets **out, struct sw_err *err)
{
    struct sw_sockets *sockets = sw_calloc(1, sizeof(*sockets), err);
    int rc;

    if (sockets == NULL)
        return -1;
    sockets->lock = -1;
    if (dir != NULL && strlen(dir) + name_bytes < sizeof(((struct sockaddr_un *)NULL)->sun_path)) {
        sockets->dir = sw_strdup(dir, err);
        rc = sockets->dir != NULL ? 0 : -1;
    } else {
        rc = make(sockets, err);
    }
    if (rc < 0) {
        sw_sockets_close(sockets);
        return -1;
    }
    *out = sockets;
    return 0;
}

const char *sw_sockets_dir(const struct sw_sockets *sockets)
{
    return sockets->dir;
}

char *sw_sockets_path(const struct sw_sockets *sockets, const char *name, struct sw_err *err)
{
    return sw_path_join(sockets->dir, name, err);
}

void sw_sockets_also(const struct sw_sockets *sockets, const char *folder)
{
    if (sockets->lock < 0 || !is_guestfs_folder(folder))
        return;
    unlinkat(sockets->lock, ALSO, 0);
    (void)!symlinkat(folder, sockets->lock, ALSO);
}

void sw_sockets_close(struct sw_sockets *sockets)
{
    struct sw_err ignored = {0};

    if (sockets == NULL)
        return;
    if (sockets->lock >= 0 && sockets->dir != NULL)
        (void)!sw_remove_tree(sockets->dir, &ignored);
    if (sockets->lock >= 0)
        close(sockets->lock);
    free(sockets->dir);
    free(sockets);
}
