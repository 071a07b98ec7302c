/* Finding and mounting the guest's file systems: by os-release and fstab, not by libguestfs's long inspection. */
#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/guest/fstab.h"
#include "src/guest/session_private.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { FSTAB_BYTES_MAX = 64 << 10, SESSION_PARTITIONS_MAX = 256 };

static int remember(struct sw_session *session, const char *device, const char *point, struct sw_err *err)
{
    struct session_mount *mount = &session->mounts[session->nr_mounts];

    if (session->nr_mounts == SESSION_MOUNTS_MAX)
        return sw_fail(err, SW_FAILED, "the image has more than %d file systems", SESSION_MOUNTS_MAX);
    mount->device = sw_strdup(device, err);
    mount->point = sw_strdup(point, err);
    if (mount->device == NULL || mount->point == NULL) {
        free(SW_STEAL_PTR(mount->device));
        free(SW_STEAL_PTR(mount->point));
        return -1;
    }
    session->nr_mounts++;
    return 0;
}

void session_free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

void session_free_mounts(struct sw_session *session)
{
    for (size_t i = 0; i < session->nr_mounts; i++) {
        free(session->mounts[i].device);
        free(session->mounts[i].point);
    }
    session->nr_mounts = 0;
}

bool session_is_medium(const char *device)
{
    return strncmp(device, "/dev/sd", 7) == 0 && device[7] != 'a';
}

static bool may_be_root(const char *type)
{
    static const char *const types[] = {"ext4", "xfs", "btrfs", "ext3", "ext2", "f2fs"};

    for (size_t i = 0; i < SW_ARRAY_LEN(types); i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

/* Looks without a trace: a rw mount would stamp the superblock of a file system that is none of ours. */
static bool holds_root(guestfs_h *g, const char *device)
{
    static const char *const marks[] = {"/etc/os-release", "/usr/lib/os-release", "/etc/fstab",
                                        "/etc/passwd"};
    bool found = false;

    if (guestfs_mount_ro(g, device, "/") < 0)
        return false;
    for (size_t i = 0; i < SW_ARRAY_LEN(marks) && !found; i++)
        found = guestfs_is_file_opts(g, marks[i], GUESTFS_IS_FILE_OPTS_FOLLOWSYMLINKS, 1, -1) == 1 ||
                guestfs_is_symlink(g, marks[i]) == 1;
    return guestfs_umount_all(g) == 0 && found;
}

/* Devices and their types, borrowed from one of libguestfs's lists. */
struct candidate {
    const char *device;
    char *type;
};

/* The first that holds a root; *seen counts those of a fitting type. */
static const char *choose_root(guestfs_h *g, const struct candidate *list, size_t n, size_t *seen)
{
    const char *last = NULL;
    bool plain = true;

    *seen = 0;
    for (size_t i = 0; i < n; i++) {
        if (may_be_root(list[i].type)) {
            last = list[i].device;
            (*seen)++;
        } else if (strstr(list[i].type, "_") != NULL) {
            plain = false; /* LVM2_member, crypto_LUKS, linux_raid_member: the root may be in there */
        }
    }
    /* The only one is it, or the mount shows that it is not; looking into it first would cost a second. */
    if (*seen == 1 && plain)
        return last;
    for (size_t i = 0; i < n; i++)
        if (may_be_root(list[i].type) && holds_root(g, list[i].device))
            return list[i].device;
    return NULL;
}

/* guestfs_list_filesystems: device, type, device, type, … */
static const char *choose_filesystem(guestfs_h *g, char *const *pairs, size_t *seen)
{
    struct candidate list[SESSION_PARTITIONS_MAX] = {{.device = NULL}};
    size_t n = 0;

    for (size_t i = 0; pairs[i] != NULL && pairs[i + 1] != NULL && n < SESSION_PARTITIONS_MAX; i += 2)
        if (!session_is_medium(pairs[i]))
            list[n++] = (struct candidate){.device = pairs[i], .type = pairs[i + 1]};
    return choose_root(g, list, n, seen);
}

/* The partitions with their types, as guestfs_list_filesystems has them; NULL when there are none. */
static char **list_plain(guestfs_h *g)
{
    char **devices = guestfs_list_partitions(g), **pairs;
    size_t n = 0, at = 0;

    while (devices != NULL && devices[n] != NULL)
        n++;
    pairs = calloc(2 * n + 1, sizeof(*pairs));
    for (size_t i = 0; i < n; i++) {
        bool ours = pairs != NULL && !session_is_medium(devices[i]);
        char *type = ours ? guestfs_vfs_type(g, devices[i]) : NULL;

        if (type == NULL) {
            free(devices[i]);
            continue;
        }
        pairs[at++] = devices[i];
        pairs[at++] = type;
    }
    free(devices);
    return pairs;
}

/* Remembers the root, of Linux or of Windows, when it is among them. */
static int choose(struct sw_session *session, char *const *pairs, size_t *seen, struct sw_err *err)
{
    const char *root = choose_filesystem(session->g, pairs, seen);
    SW_AUTO_FREE char *drive = NULL;

    if (root != NULL)
        return remember(session, root, "/", err);
    if (windows_find(session, pairs, &drive, err) < 0)
        return -1;
    session->is_windows = drive != NULL;
    return drive != NULL ? remember(session, drive, "/", err) : 0;
}

/* Plain partitions are asked first: listing what LVM, RAID and others make of them takes seconds. */
static int find_root(struct sw_session *session, struct sw_err *err)
{
    char **(*const lists[])(guestfs_h *) = {list_plain, guestfs_list_filesystems};
    size_t seen = 0;

    for (size_t i = 0; i < SW_ARRAY_LEN(lists); i++) {
        char **pairs = lists[i](session->g); /* cppcheck-suppress uninitvar */
        int rc = pairs != NULL ? choose(session, pairs, &seen, err) : 0;

        session_free_list(pairs);
        if (rc < 0 || session->nr_mounts > 0)
            return rc;
    }
    return sw_fail(err, SW_FAILED,
                   seen > 0
                       ? "none of the image's file systems has an /etc/os-release"
                       : "the image holds no file system of Linux or Windows (is it encrypted, or empty?)");
}

/* True when blkid, asked about the device, gives this value for the key. */
static bool device_has(guestfs_h *g, const char *device, const char *key, const char *value)
{
    char **pairs = guestfs_blkid(g, device);
    bool found = false;

    for (size_t i = 0; pairs != NULL && pairs[i] != NULL && !found; i += 2)
        found = strcmp(pairs[i], key) == 0 && strcasecmp(pairs[i + 1], value) == 0;
    session_free_list(pairs);
    return found;
}

/* By what the partition table says of a partition. NULL when there is none. */
static char *find_partition(guestfs_h *g, const char *key, const char *value)
{
    char **devices = guestfs_list_partitions(g), *found = NULL;

    for (size_t i = 0; devices != NULL && devices[i] != NULL && found == NULL; i++)
        if (!session_is_medium(devices[i]) && device_has(g, devices[i], key, value))
            found = strdup(devices[i]);
    session_free_list(devices);
    return found;
}

/* What the guest calls its first disk is the appliance's /dev/sda. */
static char *find_numbered(const char *spec)
{
    static const char *const disks[] = {"/dev/sda", "/dev/vda", "/dev/xvda", "/dev/hda", "/dev/nvme0n1p"};
    char *device = NULL;

    for (size_t i = 0; i < SW_ARRAY_LEN(disks); i++) {
        const char *number = spec + strlen(disks[i]);

        if (strncmp(spec, disks[i], strlen(disks[i])) != 0 || number[strspn(number, "0123456789")] != '\0')
            continue;
        return asprintf(&device, "/dev/sda%s", number) < 0 ? NULL : device;
    }
    return NULL;
}

/* The device of a line of fstab; NULL when there is none. Free it. */
static char *find_device(guestfs_h *g, const char *spec)
{
    if (strncmp(spec, "UUID=", 5) == 0)
        return guestfs_findfs_uuid(g, spec + 5);
    if (strncmp(spec, "LABEL=", 6) == 0)
        return guestfs_findfs_label(g, spec + 6);
    if (strncmp(spec, "PARTUUID=", 9) == 0)
        return find_partition(g, "PART_ENTRY_UUID", spec + 9);
    if (strncmp(spec, "PARTLABEL=", 10) == 0)
        return find_partition(g, "PART_ENTRY_NAME", spec + 10);
    /* LVM's names are the same here and there. */
    if (strncmp(spec, "/dev/mapper/", 12) == 0)
        return strdup(spec);
    return find_numbered(spec);
}

static int read_fstab(struct sw_session *session, struct sw_err *err)
{
    struct fstab fstab;
    size_t len = 0;
    char *text;

    if (guestfs_is_file(session->g, "/etc/fstab") != 1 ||
        guestfs_filesize(session->g, "/etc/fstab") > FSTAB_BYTES_MAX)
        return 0;
    text = guestfs_read_file(session->g, "/etc/fstab", &len);
    if (text == NULL)
        return session_fail(session, err, "cannot read the image's fstab");
    fstab_parse(text, len, &fstab);
    free(text);
    for (size_t i = 0; i < fstab.n; i++) {
        SW_AUTO_FREE char *device = find_device(session->g, fstab.lines[i].spec);

        if (device == NULL)
            sw_log(SW_LOG_INFO, "the image's fstab names '%s' for %s, which is not on this disk",
                   fstab.lines[i].spec, fstab.lines[i].point);
        else if (remember(session, device, fstab.lines[i].point, err) < 0)
            return -1;
    }
    return 0;
}

/*
 * Where the same build is to lay its files out the same way, nothing may depend on when the kernel gets round to it: what was
 * freed comes back by the writers' own syncs and not every five seconds, and no thread fills inode tables meanwhile
 * (Documentation/filesystems/ext4: commit, init_itable). Blocks are taken late, as is the default: those that are taken at once
 * begin at a place that the writer's process number decides. Groups are looked at in their order, not as their bitmaps happen
 * to be read (mb_optimize_scan, prefetch_block_bitmaps). That no flush comes by the clock is the runner's part.
 */
static const char *options_of(const struct sw_session *session, const struct session_mount *mount)
{
    return session->clock_s != 0 && strcmp(mount->type, "ext4") == 0
               ? "noinit_itable,commit=86400,mb_optimize_scan=0,no_prefetch_block_bitmaps"
               : "";
}

static void look_at(struct sw_session *session, struct session_mount *mount)
{
    SW_AUTO_FREE char *type = guestfs_vfs_type(session->g, mount->device);

    snprintf(mount->type, sizeof(mount->type), "%s", type != NULL ? type : "");
    mount->options = options_of(session, mount);
}

static int mount_one(struct sw_session *session, struct session_mount *mount, struct sw_err *err)
{
    bool is_root = strcmp(mount->point, "/") == 0;

    /* A mount point that is no folder is left alone, as the guest itself could not mount there. */
    if (!is_root && guestfs_is_dir(session->g, mount->point) != 1)
        return 0;
    if (mount->options == NULL)
        look_at(session, mount);
    mount->usable = guestfs_mount_options(session->g, mount->options, mount->device, mount->point) == 0;
    /* A kernel that does not know one of them. */
    if (!mount->usable && mount->options[0] != '\0' &&
        guestfs_mount(session->g, mount->device, mount->point) == 0) {
        mount->options = "";
        mount->usable = true;
    }
    if (mount->usable)
        return 0;
    if (is_root)
        return session_fail(session, err, "cannot mount the image's root file system");
    sw_log(SW_LOG_WARNING, "cannot mount %s at %s: %s", mount->device, mount->point,
           guestfs_last_error(session->g));
    return 0;
}

int session_make_root(struct sw_session *session, struct sw_err *err)
{
    static const char *const folders[] = {"/dev", "/proc", "/run", "/sys", "/tmp"};
    guestfs_h *g = session->g;

    if (guestfs_mount_vfs(g, "mode=0755,nosuid", "tmpfs", "/dev/sda", "/") < 0)
        return session_fail(session, err, "cannot make a root for the image's drives");
    session->mounted = true;
    for (size_t i = 0; i < SW_ARRAY_LEN(folders); i++)
        if (guestfs_mkdir(g, folders[i]) < 0)
            return session_fail(session, err, "cannot make a root for the image's drives");
    return 0;
}

int session_mount(struct sw_session *session, struct sw_err *err)
{
    bool first = session->nr_mounts == 0;

    if (first && find_root(session, err) < 0)
        return -1;
    if (session->is_windows)
        return windows_mount(session, session->mounts[0].device, first, err);
    session->mounted = true;
    if (mount_one(session, &session->mounts[0], err) < 0 || (first && read_fstab(session, err) < 0))
        return -1;
    for (size_t i = 1; i < session->nr_mounts; i++)
        if (mount_one(session, &session->mounts[i], err) < 0)
            return -1;
    return 0;
}
