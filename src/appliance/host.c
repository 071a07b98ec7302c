/* What an appliance needs of this machine: a kernel that can be read, and a place to be kept in. */
#include "slipway/appliance.h"

#include "src/base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Keeps the newer of what was found so far and this one. */
static void consider(struct sw_host_kernel *best, char *best_version, size_t version_len, const char *path,
                     const char *version)
{
    char modules[320];

    snprintf(modules, sizeof(modules), "/lib/modules/%s/modules.dep", version);
    if (access(modules, F_OK) < 0 || access(path, F_OK) < 0)
        return;
    if (best->path[0] != '\0' && strverscmp(version, best_version) <= 0)
        return;
    snprintf(best->path, sizeof(best->path), "%s", path);
    snprintf(best_version, version_len, "%s", version);
    best->readable = access(path, R_OK) == 0;
}

static void look_in(const char *dir, const char *prefix, const char *suffix, struct sw_host_kernel *best,
                    char *best_version, size_t version_len)
{
    SW_AUTO_DIR DIR *folder = opendir(dir);
    const struct dirent *entry;
    size_t skip = strlen(prefix);

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char path[600];

        if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, skip) != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s%s", dir, entry->d_name, suffix);
        if (strlen(path) < sizeof(best->path))
            consider(best, best_version, version_len, path, entry->d_name + skip);
    }
}

void sw_host_kernel(struct sw_host_kernel *out)
{
    const char *named = getenv("SUPERMIN_KERNEL");
    char version[256] = "";

    *out = (struct sw_host_kernel){.readable = false};
    if (named != NULL && named[0] != '\0') {
        snprintf(out->path, sizeof(out->path), "%s", named);
        out->readable = access(named, R_OK) == 0;
        return;
    }
    look_in("/boot", "vmlinuz-", "", out, version, sizeof(version));
    look_in("/lib/modules", "", "/vmlinuz", out, version, sizeof(version));
}

char *sw_appliance_cache(struct sw_err *err)
{
    const char *named = getenv("LIBGUESTFS_CACHEDIR");
    struct sw_err homeless = {.code = SW_OK};
    char *dir;

    if (named != NULL && named[0] != '\0')
        return sw_strdup(named, err);
    dir = sw_xdg_path("XDG_CACHE_HOME", ".cache", "appliance", &homeless);
    return dir != NULL ? dir : sw_strdup("/var/tmp", err);
}

/* In a folder that others write into too: one that nobody else can put anything into, or put another in the place of. */
static char *own_folder(const char *shared, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_strf(err, "%s/.slipway-%u", shared, (unsigned)geteuid());
    struct stat st;

    if (dir == NULL)
        return NULL;
    if ((mkdir(dir, 0700) < 0 && errno != EEXIST) || lstat(dir, &st) < 0) {
        sw_fail_errno(err, "cannot make '%s'", dir);
        return NULL;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        sw_fail(err, SW_FAILED, "'%s' is not a folder of this user's alone: remove it", dir);
        return NULL;
    }
    return SW_STEAL_PTR(dir);
}

char *sw_appliance_home(const char *cache_dir, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = realpath(cache_dir, NULL);
    uid_t user = geteuid();
    struct stat st;

    if (dir == NULL || stat(dir, &st) < 0) {
        sw_fail_errno(err, "cannot find '%s'", cache_dir);
        return NULL;
    }
    if (st.st_uid != user && st.st_uid != 0)
        sw_fail(err, SW_FAILED, "'%s' belongs to another user, who could put a program there", dir);
    else if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
        sw_fail(err, SW_FAILED, "everybody may rename what lies in '%s': chmod +t it", dir);
    else if (st.st_uid != user || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return own_folder(dir, err);
    else
        return SW_STEAL_PTR(dir);
    return NULL;
}
