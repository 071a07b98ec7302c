/* The devices of the machine's disks: partitions, logical volumes and arrays, by what sysfs says of them. */
#include "src/runner/look_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/btrfs.h>
#include <linux/fs.h>

#define SYS "/sys/class/block/"
enum { NAME_BYTES = 64, NEST_MAX = 8, BTRFS_FIRST_OBJECTID = 256 };

/* A device that cannot be written to refuses to mount an XFS whose log has to be replayed: so that is told. */
static const struct {
    const char *type, *options;
    bool dirty;
} types[] = {{"ext4", "noload", false},          {"xfs", "nouuid", false},
             {"xfs", "norecovery,nouuid", true}, {"btrfs", "rescue=nologreplay", false},
             {"btrfs", "nologreplay", false},    {"vfat", "", false}};

/* The first line of a file beneath the device's folder; false when there is none. */
static bool attribute(const char *name, const char *file, char *out, size_t len)
{
    char path[512];
    FILE *in;
    bool got;

    snprintf(path, sizeof(path), SYS "%s/%s", name, file);
    in = fopen(path, "re");
    if (in == NULL)
        return false;
    got = fgets(out, (int)len, in) != NULL;
    fclose(in);
    if (got)
        out[strcspn(out, "\n")] = '\0';
    return got;
}

/*
 * Which disk of the appliance it is, from 0: the kernel's names follow the order in which it found them, but the
 * target on the bus is the place in which a disk was added. -1: none.
 */
static int disk_of(const char *name)
{
    char path[512], target[PATH_MAX];
    unsigned host, channel, id, lun;
    const char *at;
    ssize_t n;

    snprintf(path, sizeof(path), SYS "%s/device", name);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return -1;
    target[n] = '\0';
    at = strrchr(target, '/');
    return sscanf(at != NULL ? at + 1 : target, "%u:%u:%u:%u", &host, &channel, &id, &lun) == 4 && id < 64
               ? (int)id
               : -1;
}

/* The disks beneath it as bits: a partition's own, or those of all that it is made of. NOLINTNEXTLINE(misc-no-recursion) */
static uint64_t disks_of(const char *name, unsigned depth)
{
    char path[512], whole[NAME_BYTES], number[16];
    uint64_t bits = 0;
    int disk = disk_of(name);
    const struct dirent *entry;
    DIR *dir;

    if (disk >= 0)
        return UINT64_C(1) << disk;
    if (attribute(name, "partition", number, sizeof(number))) {
        /* The folder that a partition's own lies in is its disk's. */
        char target[PATH_MAX];

        snprintf(path, sizeof(path), SYS "%s/..", name);
        if (realpath(path, target) == NULL || strrchr(target, '/') == NULL)
            return 0;
        snprintf(whole, sizeof(whole), "%.63s", strrchr(target, '/') + 1);
        return depth < NEST_MAX ? disks_of(whole, depth + 1) : 0;
    }
    snprintf(path, sizeof(path), SYS "%s/slaves", name);
    dir = opendir(path);
    while (dir != NULL && depth < NEST_MAX && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.')
            bits |= disks_of(entry->d_name, depth + 1);
    if (dir != NULL)
        closedir(dir);
    return bits;
}

/* Nothing is written, whatever a driver has in mind. */
static void protect(const char *device)
{
    int fd = open(device, O_RDONLY | O_CLOEXEC), yes = 1;

    if (fd < 0)
        return;
    (void)!ioctl(fd, BLKROSET, &yes);
    close(fd);
}

static int mount_as(struct look *look, const char *name, const char *type, const char *options)
{
    char device[512], point[PATH_MAX + NAME_BYTES + 2];

    snprintf(device, sizeof(device), "/dev/%s", name);
    protect(device);
    snprintf(point, sizeof(point), "%s/%s", look->dir, name);
    if (mkdir(point, 0700) < 0 && errno != EEXIST)
        return -1;
    return mount(device, point, type, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, options);
}

int look_mount(struct look *look, const char *name, const char *type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].type, type) == 0 && mount_as(look, name, type, types[i].options) == 0)
            return 0;
    return -1;
}

static const char *mount_any(struct look *look, const char *name, bool *dirty)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        *dirty = types[i].dirty;
        if (mount_as(look, name, types[i].type, types[i].options) == 0)
            return types[i].type;
    }
    *dirty = false;
    return "";
}

/* The tree of a btrfs that is mounted when nobody names one: 5 is the whole. */
static uint64_t btrfs_tree(const char *folder)
{
    struct btrfs_ioctl_ino_lookup_args args = {.objectid = BTRFS_FIRST_OBJECTID};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint64_t tree = 0;

    if (fd >= 0 && ioctl(fd, BTRFS_IOC_INO_LOOKUP, &args) == 0)
        tree = args.treeid;
    if (fd >= 0)
        close(fd);
    return tree;
}

static int tell_device(struct look *look, const char *name, uint64_t disks)
{
    struct look_record record = {.kind = LOOK_DEVICE, .path = name, .numbers = {disks}};
    char path[512], size[32] = "0", part[16] = "", dm[256] = "", uuid[256] = "", link[1024];
    bool dirty;
    const char *type = mount_any(look, name, &dirty);
    int fd, rc;

    attribute(name, "size", size, sizeof(size));
    attribute(name, "partition", part, sizeof(part));
    attribute(name, "dm/name", dm, sizeof(dm));
    attribute(name, "dm/uuid", uuid, sizeof(uuid));
    snprintf(look->root, sizeof(look->root), "%.4000s/%.63s", look->dir, name);
    record.size = strtoull(size, NULL, 10) * 512;
    record.numbers[1] = strcmp(type, "btrfs") == 0 ? btrfs_tree(look->root) : 0;
    snprintf(link, sizeof(link), "type=%s\npart=%s\nname=%s\nuuid=%s\ndirty=%d\n", type, part, dm, uuid,
             dirty ? 1 : 0);
    record.link = link;
    record.data = record.size < LOOK_DEVICE_HEAD ? record.size : LOOK_DEVICE_HEAD;
    snprintf(path, sizeof(path), "/dev/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        record.data = 0;
    rc = look_emit(look, &record);
    if (rc == 0 && fd >= 0)
        rc = look_copy(look, fd, record.data);
    if (fd >= 0)
        close(fd);
    return rc < 0 || type[0] == '\0' ? rc : look_walk(look);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* In the order of names, each once. */
int look_devices(struct look *look, unsigned nr_disks)
{
    static char names[LOOK_DEVICES_MAX][NAME_BYTES];
    uint64_t ours = nr_disks >= 64 ? UINT64_MAX : (UINT64_C(1) << nr_disks) - 1;
    const struct dirent *entry;
    DIR *dir = opendir(SYS);
    size_t n = 0;

    if (dir == NULL)
        return -1;
    while ((entry = readdir(dir)) != NULL) {
        uint64_t disks = entry->d_name[0] != '.' ? disks_of(entry->d_name, 0) : 0;

        if ((disks & ours) == 0 || (disks & ~ours) != 0 || strlen(entry->d_name) >= NAME_BYTES)
            continue;
        if (n == LOOK_DEVICES_MAX) {
            look->left_out = true;
            break;
        }
        memcpy(names[n++], entry->d_name, strlen(entry->d_name) + 1);
    }
    closedir(dir);
    qsort(names, n, sizeof(names[0]), by_name);
    for (size_t i = 0; i < n; i++) {
        look->group = (uint32_t)i;
        if (tell_device(look, names[i], disks_of(names[i], 0)) < 0)
            return -1;
    }
    return 0;
}
