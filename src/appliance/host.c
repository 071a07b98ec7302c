/* What an appliance needs of this machine: a kernel that can be read, and a place to be kept in. */
#include "slipway/appliance.h"

#include "src/base/fs.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
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
