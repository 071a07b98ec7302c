/* What udev would have made: links to disks and ports, nodes of drivers; and what the disks hold. */
#include "src/appliance/init/init.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

/* linux/fs.h has it, and clashes with sys/mount.h on some. */
#define GET_SIZE_BYTES    _IOR(0x12, 114, size_t)
#define REREAD_PARTITIONS _IO(0x12, 95)

enum { SECTOR_BYTES = 512, UUID_TEXT = 36, DISKS_MAX = 256 };

/* ---- Disks and partitions ------------------------------------------------------------------------------- */

/* What is done with each; name: "sda", "sda1". */
typedef void device_fn(void *arg, const char *name);

static int by_length_and_name(const struct dirent **a, const struct dirent **b)
{
    size_t n = strlen((*a)->d_name), m = strlen((*b)->d_name);

    return n != m ? (n < m ? -1 : 1) : strcmp((*a)->d_name, (*b)->d_name);
}

static int is_scsi_disk(const struct dirent *entry)
{
    return strncmp(entry->d_name, "sd", 2) == 0;
}

/* All that the kernel has, disks and partitions, in the order of their names. */
static void each_device(device_fn *fn, void *arg)
{
    struct dirent **names;
    int n = scandir("/sys/class/block", &names, is_scsi_disk, by_length_and_name);

    for (int i = 0; i < n; i++) {
        fn(arg, names[i]->d_name);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

static bool is_partition(const char *name)
{
    return name[strlen(name) - 1] >= '0' && name[strlen(name) - 1] <= '9';
}

static int open_device(const char *name)
{
    char path[INIT_PATH_MAX];

    snprintf(path, sizeof(path), "/dev/%s", name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static bool has_bytes(int fd, uint64_t off, const void *bytes, size_t len)
{
    unsigned char read[64];

    return len <= sizeof(read) && pread(fd, read, len, (off_t)off) == (ssize_t)len &&
           memcmp(read, bytes, len) == 0;
}

/* ---- The root ------------------------------------------------------------------------------------------- */

struct root_search {
    const char *uuid;
    char *path;
    bool found;
};

static bool parse_uuid(const char *text, unsigned char uuid[16])
{
    size_t n = 0;

    for (const char *at = text; *at != '\0';) {
        char pair[3] = {at[0], at[1], '\0'};
        char *end;

        if (*at == '-') {
            at++;
            continue;
        }
        if (n == 16 || at[1] == '\0')
            return false;
        uuid[n++] = (unsigned char)strtoul(pair, &end, 16);
        if (*end != '\0')
            return false;
        at += 2;
    }
    return n == 16;
}

/* The appliance's own disk comes behind all others: of two with the same UUID it is the later. */
static void compare_root(void *arg, const char *name)
{
    static const unsigned char magic[] = {0x53, 0xef};
    struct root_search *search = arg;
    unsigned char uuid[16];
    int fd = is_partition(name) ? -1 : open_device(name);

    if (fd < 0)
        return;
    if (parse_uuid(search->uuid, uuid) && has_bytes(fd, 1024 + 0x38, magic, sizeof(magic)) &&
        has_bytes(fd, 1024 + 0x68, uuid, sizeof(uuid))) {
        snprintf(search->path, INIT_PATH_MAX, "/dev/%s", name);
        search->found = true;
    }
    close(fd);
}

bool find_root(const char *uuid, char *path)
{
    struct root_search search = {.uuid = uuid, .path = path};

    each_device(compare_root, &search);
    return search.found;
}

/* ---- What the disks hold -------------------------------------------------------------------------------- */

struct disk_search {
    const char *root; /* "sdb" */
    struct wants *wants;
};

static bool is_volume_label(int fd)
{
    /* A label may lie in any of the first four sectors. */
    for (unsigned i = 0; i < 4; i++)
        if (has_bytes(fd, (uint64_t)i * SECTOR_BYTES, "LABELONE", 8) &&
            has_bytes(fd, (uint64_t)i * SECTOR_BYTES + 24, "LVM2 001", 8))
            return true;
    return false;
}

/* Linux' RAID superblocks of all versions: at the start, 4 KiB behind it, and at the end in two ways. */
static bool is_array_member(int fd, uint64_t bytes)
{
    const uint32_t magic = htole32(UINT32_C(0xa92b4efc)), big = htobe32(UINT32_C(0xa92b4efc));
    const uint64_t places[] = {0, 4096,
                               bytes >= 16384 ? (bytes / SECTOR_BYTES - 16) / 8 * 8 * SECTOR_BYTES : 0,
                               bytes >= 131072 ? bytes / 65536 * 65536 - 65536 : 0};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (has_bytes(fd, places[i], &magic, sizeof(magic)) || has_bytes(fd, places[i], &big, sizeof(big)))
            return true;
    return false;
}

/* Windows' dynamic disks: the private header lies in the seventh sector, or in the last of a partition of its own. */
static bool is_dynamic_disk(int fd, uint64_t bytes)
{
    return has_bytes(fd, UINT64_C(6) * SECTOR_BYTES, "PRIVHEAD", 8) ||
           (bytes >= SECTOR_BYTES && has_bytes(fd, bytes - SECTOR_BYTES, "PRIVHEAD", 8));
}

static void look_at(void *arg, const char *name)
{
    const struct disk_search *search = arg;
    uint64_t bytes = 0;
    int fd = strcmp(name, search->root) != 0 ? open_device(name) : -1;

    if (fd < 0)
        return;
    if (ioctl(fd, GET_SIZE_BYTES, &bytes) < 0)
        bytes = 0;
    search->wants->volumes |= is_volume_label(fd);
    search->wants->udev |= is_array_member(fd, bytes) || is_dynamic_disk(fd, bytes);
    close(fd);
}

void look_at_disks(const char *root, struct wants *out)
{
    struct disk_search search = {.root = root + strlen("/dev/"), .wants = out};

    *out = (struct wants){.volumes = false};
    each_device(look_at, &search);
}

/* ---- Links ---------------------------------------------------------------------------------------------- */

/* The SCSI address of a disk: host, channel, target, unit. */
static bool scsi_address(const char *disk, unsigned address[4])
{
    char path[INIT_PATH_MAX], target[INIT_PATH_MAX];
    const char *base;
    ssize_t n;

    snprintf(path, sizeof(path), "/sys/class/block/%s/device", disk);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    base = strrchr(target, '/');
    return sscanf(base != NULL ? base + 1 : target, "%u:%u:%u:%u", &address[0], &address[1], &address[2],
                  &address[3]) == 4;
}

/* guestfsd sorts the names: numbers have zeros before them, so that the tenth disk does not come before the second. */
static void link_disk(void *arg, const char *name)
{
    size_t disk_len = strcspn(name, "0123456789");
    char disk[32], path[INIT_PATH_MAX], target[INIT_PATH_MAX], part[32] = "";
    unsigned address[4];

    (void)arg;
    snprintf(disk, sizeof(disk), "%.*s", (int)(disk_len < 31 ? disk_len : 31), name);
    if (!scsi_address(disk, address))
        return;
    if (is_partition(name))
        snprintf(part, sizeof(part), "-part%.8s", name + disk_len);
    snprintf(path, sizeof(path), "/dev/disk/by-path/virtio-scsi-%03u:%03u:%03u:%03u%s", address[0],
             address[1], address[2], address[3], part);
    snprintf(target, sizeof(target), "../../%.31s", name);
    if (symlink(target, path) < 0 && errno != EEXIST)
        say("cannot make '%s': %s", path, strerror(errno));
}

void make_disk_links(void)
{
    mkdir("/dev/disk", 0755);
    mkdir("/dev/disk/by-path", 0755);
    each_device(link_disk, NULL);
}

/* Takes a port's device and its name, as texts of sysfs: no slash in them. False: go on. */
typedef bool port_fn(void *arg, const char *port, const char *name);

static void each_port(port_fn *fn, void *arg)
{
    DIR *dir = opendir("/sys/class/virtio-ports");
    const struct dirent *entry;
    bool done = false;

    while (dir != NULL && !done && (entry = readdir(dir)) != NULL) {
        char path[INIT_PATH_MAX], name[128] = "";
        FILE *file;

        snprintf(path, sizeof(path), "/sys/class/virtio-ports/%.200s/name", entry->d_name);
        file = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
        if (file == NULL)
            continue;
        if (fgets(name, sizeof(name), file) != NULL)
            name[strcspn(name, "\n")] = '\0';
        fclose(file);
        done = name[0] != '\0' && strchr(name, '/') == NULL && fn(arg, entry->d_name, name);
    }
    if (dir != NULL)
        closedir(dir);
}

static bool link_port(void *arg, const char *port, const char *name)
{
    char path[INIT_PATH_MAX], target[INIT_PATH_MAX];

    (void)arg;
    snprintf(path, sizeof(path), "/dev/virtio-ports/%s", name);
    snprintf(target, sizeof(target), "../%.200s", port);
    if (symlink(target, path) < 0 && errno != EEXIST)
        say("cannot make '%s': %s", path, strerror(errno));
    return false;
}

void make_port_links(void)
{
    mkdir("/dev/virtio-ports", 0755);
    each_port(link_port, NULL);
}

struct port_search {
    const char *name;
    int fd;
};

static bool compare_port(void *arg, const char *port, const char *name)
{
    struct port_search *search = arg;
    char path[INIT_PATH_MAX];

    if (strcmp(name, search->name) != 0)
        return false;
    snprintf(path, sizeof(path), "/dev/%.200s", port);
    search->fd = open(path, O_RDWR | O_CLOEXEC);
    return true;
}

int open_port(const char *name)
{
    struct port_search search = {.name = name, .fd = -1};

    each_port(compare_port, &search);
    return search.fd;
}

/* ---- Disks that are plugged in --------------------------------------------------------------------------- */

static void scan_target(unsigned target)
{
    char text[32];
    int fd = open("/sys/class/scsi_host/host0/scan", O_WRONLY | O_CLOEXEC);

    snprintf(text, sizeof(text), "0 %u 0", target);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        say("cannot look for the disk %u: %s", target, strerror(errno));
    if (fd >= 0)
        close(fd);
}

struct disk_count {
    unsigned n;
};

/* The driver looks at a new disk in a thread of its own; asked to read the partitions again, it has. */
static void count_disk(void *arg, const char *name)
{
    struct disk_count *count = arg;
    int fd = is_partition(name) ? -1 : open_device(name);

    if (fd < 0)
        return;
    if (ioctl(fd, REREAD_PARTITIONS) == 0 || errno == EBUSY || errno == EINVAL)
        count->n++;
    close(fd);
}

void scan_disks(unsigned n)
{
    struct disk_count count = {.n = 0};

    for (unsigned i = 0; i < n; i++)
        scan_target(i);
    for (int tries = 0; tries < 3000; tries++) {
        count.n = 0;
        each_device(count_disk, &count);
        if (count.n >= n + 1) /* and the root */
            return;
        usleep(2000);
    }
    /* One that is missing would give its name to another: a whole start is tried then. */
    stop("not all disks are there");
}

/* ---- Nodes ---------------------------------------------------------------------------------------------- */

static void make_node(const char *name, char kind, unsigned major, unsigned minor)
{
    char path[INIT_PATH_MAX];

    snprintf(path, sizeof(path), "/dev/%s", name);
    for (char *at = strchr(path + strlen("/dev/"), '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
    if (mknod(path, (kind == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(major, minor)) < 0 && errno != EEXIST)
        say("cannot make '%s': %s", path, strerror(errno));
}

void make_static_nodes(void)
{
    char path[INIT_PATH_MAX], line[256], name[128];
    struct utsname kernel;
    unsigned major, minor;
    char kind;
    FILE *file;

    if (uname(&kernel) < 0)
        return;
    snprintf(path, sizeof(path), "/lib/modules/%s/modules.devname", kernel.release);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (line[0] != '#' && sscanf(line, "%*s %127s %c%u:%u", name, &kind, &major, &minor) == 4)
            make_node(name, kind, major, minor);
    if (file != NULL)
        fclose(file);
}
