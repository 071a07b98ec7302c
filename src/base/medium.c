/* What a folder's bytes lie on: memory, an encrypted device, or a plain one. */
#include "src/base/medium.h"

#include "src/base/buf.h"
#include "src/base/fs.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

enum { DEPTH_MAX = 8, SLAVES_MAX = 64, MOUNTINFO_MAX = 4 << 20, SMALL_MAX = 4096 };

static bool read_small(const char *path, struct sw_buf *out)
{
    struct sw_err ignored = {.code = SW_OK};

    return sw_path_exists(path) && sw_read_file(path, SMALL_MAX, out, &ignored) == 0 && out->data != NULL;
}

/* cryptsetup's other kinds, such as VERITY and INTEGRITY, encrypt nothing: they are as what they lie on. */
static bool is_crypt(const char *dir)
{
    static const char *const kinds[] = {"CRYPT-LUKS1-",  "CRYPT-LUKS2-", "CRYPT-PLAIN-",
                                        "CRYPT-TCRYPT-", "CRYPT-BITLK-", "CRYPT-FVAULT2-"};
    SW_AUTO_BUF struct sw_buf uuid = {0};
    char path[4096];

    snprintf(path, sizeof(path), "%.4000s/dm/uuid", dir);
    if (!read_small(path, &uuid))
        return false;
    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++)
        if (strncmp(uuid.data, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

static bool dir_is_encrypted(const char *dir, unsigned depth);

/* All that the device is made of, and it is made of something. */
static bool slaves_are_encrypted(const char *dir, unsigned depth)
{
    char path[4096], slave[4600];
    unsigned n = 0;

    snprintf(path, sizeof(path), "%.4000s/slaves", dir);
    SW_AUTO_DIR DIR *slaves = opendir(path);
    while (slaves != NULL && n <= SLAVES_MAX) {
        const struct dirent *entry = readdir(slaves);

        if (entry == NULL)
            return n > 0;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(slave, sizeof(slave), "%s/%s", path, entry->d_name);
        if (!dir_is_encrypted(slave, depth + 1))
            return false;
        n++;
    }
    return false;
}

static bool dir_is_encrypted(const char *dir, unsigned depth)
{
    char path[4096];

    if (depth > DEPTH_MAX)
        return false;
    if (is_crypt(dir) || slaves_are_encrypted(dir, depth))
        return true;
    /* A partition lies in the folder of its disk. */
    snprintf(path, sizeof(path), "%.4000s/partition", dir);
    if (!sw_path_exists(path))
        return false;
    snprintf(path, sizeof(path), "%.4000s/..", dir);
    return dir_is_encrypted(path, depth + 1);
}

bool sw_device_is_encrypted(const char *sys, unsigned major, unsigned minor)
{
    char path[4096];

    snprintf(path, sizeof(path), "%.4000s/dev/block/%u:%u", sys, major, minor);
    return dir_is_encrypted(path, 0);
}

/* Behind the optional fields and the lone dash: type, source, options. */
static bool take_source(const char *line, size_t len, char *out, size_t size)
{
    const char *dash = memmem(line, len, " - ", 3);
    const char *from, *to, *end = line + len;

    if (dash == NULL)
        return false;
    from = memchr(dash + 3, ' ', (size_t)(end - dash - 3));
    if (from == NULL)
        return false;
    from++;
    to = memchr(from, ' ', (size_t)(end - from));
    if (to == NULL || (size_t)(to - from) >= size)
        return false;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = '\0';
    return true;
}

bool sw_mount_source(const char *mountinfo, uint64_t mount_id, char *out, size_t size)
{
    for (const char *line = mountinfo; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char *end;

        if (strtoull(line, &end, 10) == mount_id && end > line && *end == ' ')
            return take_source(line, len, out, size);
        line += len + (line[len] == '\n');
    }
    return false;
}

/* A file system that spreads over several devices names only one of them in its mount. */
static bool lies_on_one_device(const char *path)
{
    SW_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct btrfs_ioctl_fs_info_args info = {.num_devices = 0};

    return fd >= 0 && ioctl(fd, BTRFS_IOC_FS_INFO, &info) == 0 && info.num_devices == 1;
}

/*
 * File systems such as btrfs have no device of their own, and their subvolumes have other numbers than the mount: what they lie on
 * is the source of the mount, by its id.
 */
static bool source_is_encrypted(const char *path, bool is_btrfs)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err ignored = {.code = SW_OK};
    char source[4096];
    struct statx stx;
    struct stat st;

    if (is_btrfs && !lies_on_one_device(path))
        return false;
    if (statx(AT_FDCWD, path, 0, STATX_MNT_ID, &stx) < 0 || (stx.stx_mask & STATX_MNT_ID) == 0 ||
        sw_read_file("/proc/self/mountinfo", MOUNTINFO_MAX, &text, &ignored) < 0 || text.data == NULL ||
        !sw_mount_source(text.data, stx.stx_mnt_id, source, sizeof(source)))
        return false;
    return source[0] == '/' && stat(source, &st) == 0 && S_ISBLK(st.st_mode) &&
           sw_device_is_encrypted("/sys", major(st.st_rdev), minor(st.st_rdev));
}

int sw_medium_of(const char *path, enum sw_medium *out, struct sw_err *err)
{
    struct statfs fs;
    struct stat st;

    *out = SW_MEDIUM_PLAIN;
    if (stat(path, &st) < 0 || statfs(path, &fs) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", path);
    if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC)
        *out = SW_MEDIUM_MEMORY;
    else if (major(st.st_dev) != 0 ? sw_device_is_encrypted("/sys", major(st.st_dev), minor(st.st_dev))
                                   : source_is_encrypted(path, fs.f_type == BTRFS_SUPER_MAGIC))
        *out = SW_MEDIUM_ENCRYPTED;
    return 0;
}
