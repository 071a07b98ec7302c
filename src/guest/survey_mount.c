/* Mounting every file system of every disk beside each other, read-only and without replaying its log. */
#include "slipway/progress.h"
#include "src/base/buf.h"
#include "src/guest/session_private.h"

#include <string.h>

void sw_guest_filesystems_clear(struct sw_guest_filesystems *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].device);
        free(list->items[i].type);
        free(list->items[i].uuid);
        free(list->items[i].label);
        free(list->items[i].point);
        free(list->items[i].why);
    }
    free(list->items);
    *list = (struct sw_guest_filesystems){.items = NULL};
}

/* How each type is mounted; what is not here is not. */
static const struct way {
    const char *type, *vfs, *options;
} ways[] = {
    {"ext4", "ext4", "ro,noload"},
    {"ext3", "ext4", "ro,noload"},
    {"ext2", "ext4", "ro"},
    {"xfs", "xfs", "ro,norecovery,nouuid"},
    {"btrfs", "btrfs", "ro,subvolid=5,rescue=nologreplay"},
    {"f2fs", "f2fs", "ro,norecovery"},
    {"vfat", "vfat", "ro"},
    {"exfat", "exfat", "ro"},
    {"ntfs", "ntfs-3g", "ro,norecover"},
    {"iso9660", "iso9660", "ro"},
    {"squashfs", "squashfs", "ro"},
};

static const struct way *way_of(const char *type)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(ways); i++)
        if (strcmp(ways[i].type, type) == 0)
            return &ways[i];
    return NULL;
}

static const char *why_not(const char *type)
{
    if (strcmp(type, "swap") == 0)
        return NULL;
    if (strcmp(type, "crypto_LUKS") == 0 || strcmp(type, "BitLocker") == 0)
        return "it is encrypted";
    if (strcmp(type, "unknown") == 0)
        return "it holds no file system that is known";
    return "file systems of its kind are not looked into";
}

/* /dev/sd and a letter is a disk; of anything else (LVM, md) it is known with one disk alone. */
static unsigned disk_of(const struct sw_session *session, const char *device)
{
    if (session->nr_disks == 0)
        return 0;
    if (strncmp(device, "/dev/sd", 7) == 0 && device[7] >= 'a' &&
        (size_t)(device[7] - 'a') <= session->nr_disks &&
        (device[8] == '\0' || (device[8] >= '0' && device[8] <= '9')))
        return (unsigned)(device[7] - 'a');
    return SW_SURVEY_DISK_UNKNOWN;
}

/* libguestfs's answer, or nothing; takes the text. */
static char *or_empty(char *text, struct sw_err *err)
{
    return text != NULL ? text : sw_strdup("", err);
}

static int fill(struct sw_session *session, const char *device, const char *type, struct sw_guest_fs *fs,
                struct sw_err *err)
{
    fs->disk = disk_of(session, device);
    fs->device = sw_strdup(device, err);
    fs->type = sw_strdup(type, err);
    fs->uuid = or_empty(guestfs_vfs_uuid(session->g, device), err);
    fs->label = or_empty(guestfs_vfs_label(session->g, device), err);
    return fs->device != NULL && fs->type != NULL && fs->uuid != NULL && fs->label != NULL ? 0 : -1;
}

static int mount_it(struct sw_session *session, size_t number, struct sw_guest_fs *fs, struct sw_err *err)
{
    const struct way *way = way_of(fs->type);
    const char *why = why_not(fs->type);
    SW_AUTO_FREE char *point = NULL;

    if (way == NULL) {
        fs->why = why != NULL ? sw_strdup(why, err) : NULL;
        return why == NULL || fs->why != NULL ? 0 : -1;
    }
    point = sw_strf(err, "/fs-%zu", number);
    if (point == NULL)
        return -1;
    if (guestfs_mkdir(session->g, point) < 0)
        return session_fail(session, err, "cannot make a folder to mount in");
    if (guestfs_mount_vfs(session->g, way->options, way->vfs, fs->device, point) < 0) {
        const char *text = guestfs_last_error(session->g);

        fs->why = sw_strf(err, "it cannot be mounted: %.300s", text != NULL ? text : "the appliance ended");
        return fs->why != NULL ? 0 : -1;
    }
    fs->point = SW_STEAL_PTR(point);
    return 0;
}

/* pairs: device, type, device, type, … A subvolume is seen in its file system. */
static int mount_all(struct sw_session *session, char *const *pairs, struct sw_guest_filesystems *out,
                     struct sw_err *err)
{
    out->items = sw_calloc(SW_SURVEY_FS_MAX, sizeof(*out->items), err);
    if (out->items == NULL)
        return -1;
    for (size_t i = 0; pairs[i] != NULL && pairs[i + 1] != NULL; i += 2) {
        struct sw_guest_fs *fs = &out->items[out->n];

        if (strncmp(pairs[i], "btrfsvol:", 9) == 0)
            continue;
        if (out->n == SW_SURVEY_FS_MAX)
            return sw_fail(err, SW_REFUSED, "there are more than %d file systems", SW_SURVEY_FS_MAX);
        out->n++;
        if (sw_check_interrupt(err) < 0 || fill(session, pairs[i], pairs[i + 1], fs, err) < 0 ||
            mount_it(session, out->n - 1, fs, err) < 0)
            return -1;
    }
    return 0;
}

static int look(struct sw_session *session, struct sw_guest_filesystems *out, struct sw_err *err)
{
    char **pairs;
    int rc;

    /* Volumes are for a disk that is alone: those of two copies could not be told apart. */
    if (session->nr_disks == 0 && guestfs_lvm_scan(session->g, 1) < 0)
        return session_fail(session, err, "cannot look for logical volumes");
    pairs = guestfs_list_filesystems(session->g);
    if (pairs == NULL)
        return session_fail(session, err, "cannot list the file systems");
    rc = session_make_root(session, err) < 0 ? -1 : mount_all(session, pairs, out, err);
    session_free_list(pairs);
    return rc;
}

int sw_session_survey(struct sw_session *session, struct sw_guest **guest, struct sw_guest_filesystems *out,
                      struct sw_err *err)
{
    *out = (struct sw_guest_filesystems){.items = NULL};
    if (session_await(session, err) < 0)
        return -1;
    if (session->mounted)
        return sw_fail(err, SW_FAILED, "the guest is already in use");
    if (look(session, out, err) < 0 || session_start_runner(session, err) < 0) {
        sw_guest_filesystems_clear(out);
        return -1;
    }
    *guest = &session->client.base;
    return 0;
}
