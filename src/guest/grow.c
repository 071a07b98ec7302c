/* Growing what is on a disk that became larger: the last partition, and the file system or the volume group in it. */
#include "src/base/cleanup.h"
#include "src/base/log.h"
#include "src/guest/session_private.h"

#include <stdio.h>
#include <string.h>

#define DISK            "/dev/sda"
#define ALIGN_BYTES     (INT64_C(1) << 20)
#define GPT_TAIL_BYTES  (INT64_C(16384)) /* the entries before the backup header */
#define MBR_MAX_SECTORS (INT64_C(1) << 32)

SW_DEFINE_AUTO(partitions, struct guestfs_partition_list, guestfs_free_partition_list)
#define AUTO_PARTITIONS SW_CLEANUP(partitions_auto)

enum content { CONTENT_NONE, CONTENT_EXT, CONTENT_XFS, CONTENT_BTRFS, CONTENT_LVM };

/* What a device holds, as far as it can grow. *type is for messages. */
static enum content content_of(guestfs_h *g, const char *device, char *type, size_t size)
{
    static const struct {
        const char *type;
        enum content content;
    } known[] = {{"ext4", CONTENT_EXT},    {"ext3", CONTENT_EXT}, {"ext2", CONTENT_EXT},
                 {"btrfs", CONTENT_BTRFS}, {"xfs", CONTENT_XFS},  {"LVM2_member", CONTENT_LVM}};
    SW_AUTO_FREE char *found = guestfs_vfs_type(g, device);

    snprintf(type, size, "%.30s", found != NULL && found[0] != '\0' ? found : "nothing known");
    for (size_t i = 0; found != NULL && i < SW_ARRAY_LEN(known); i++)
        if (strcmp(found, known[i].type) == 0)
            return known[i].content;
    return CONTENT_NONE;
}

/* Both of these grow while they are mounted only. */
static int grow_mounted(struct sw_session *session, const char *device, enum content content,
                        struct sw_err *err)
{
    static const char *const xfs[] = {"xfs", NULL};
    guestfs_h *g = session->g;
    int rc;

    if (content == CONTENT_XFS && guestfs_feature_available(g, (char *const *)(uintptr_t)xfs) != 1)
        return sw_fail(err, SW_FAILED, "the appliance cannot grow xfs: install libguestfs-xfs");
    if (guestfs_mount(g, device, "/") < 0)
        return session_fail(session, err, "cannot mount the file system that is to grow");
    rc = content == CONTENT_XFS ? guestfs_xfs_growfs(g, "/", GUESTFS_XFS_GROWFS_DATASEC, 1, -1)
                                : guestfs_btrfs_filesystem_resize(g, "/", -1);
    if (rc < 0)
        session_fail(session, err, "cannot grow the file system");
    if (guestfs_umount_all(g) < 0 && rc == 0)
        rc = session_fail(session, err, "cannot unmount the file system that grew");
    return rc < 0 ? -1 : 0;
}

static int grow_volume_group(struct sw_session *session, const char *device, struct sw_err *err);

static int grow_content(struct sw_session *session, const char *device, enum content content,
                        struct sw_err *err)
{
    guestfs_h *g = session->g;

    switch (content) {
    case CONTENT_EXT:
        /* resize2fs wants a check that is newer than the last mount. */
        if (guestfs_e2fsck(g, device, GUESTFS_E2FSCK_CORRECT, 1, -1) < 0)
            return session_fail(session, err, "the file system that is to grow is damaged");
        return guestfs_resize2fs(g, device) < 0 ? session_fail(session, err, "cannot grow the file system")
                                                : 0;
    case CONTENT_XFS:
    case CONTENT_BTRFS:
        return grow_mounted(session, device, content, err);
    case CONTENT_LVM:
        return grow_volume_group(session, device, err);
    case CONTENT_NONE:
        break;
    }
    return 0;
}

/* The logical volume that gets the space: root by its name, else the largest that can grow. NULL: none. */
static const char *choose_volume(guestfs_h *g, char *const *volumes, enum content *content)
{
    const char *best = NULL;
    int64_t best_bytes = 0;
    char type[32];

    for (size_t i = 0; volumes[i] != NULL; i++) {
        enum content found = content_of(g, volumes[i], type, sizeof(type));
        const char *name = strrchr(volumes[i], '/');
        int64_t bytes = guestfs_blockdev_getsize64(g, volumes[i]);

        if (found == CONTENT_NONE || found == CONTENT_LVM)
            continue;
        if (name != NULL && strstr(name, "root") != NULL)
            bytes = INT64_MAX;
        if (bytes > best_bytes) {
            best = volumes[i];
            best_bytes = bytes;
            *content = found;
        }
    }
    return best;
}

static int grow_volume_group(struct sw_session *session, const char *device, struct sw_err *err)
{
    guestfs_h *g = session->g;
    static const char *const lvm[] = {"lvm2", NULL};
    enum content content = CONTENT_NONE;
    const char *volume;
    char **volumes;
    int rc = 0;

    if (guestfs_feature_available(g, (char *const *)(uintptr_t)lvm) != 1) {
        sw_log(SW_LOG_WARNING, "the appliance has no LVM: the new space of the disk stays free");
        return 0;
    }
    if (guestfs_pvresize(g, device) < 0)
        return session_fail(session, err, "cannot grow the physical volume");
    volumes = guestfs_lvs(g);
    volume = volumes != NULL ? choose_volume(g, volumes, &content) : NULL;
    if (volume == NULL)
        sw_log(SW_LOG_WARNING, "no logical volume can grow: the new space of the volume group stays free");
    else if (guestfs_lvresize_free(g, volume, 100) < 0)
        rc = session_fail(session, err, "cannot grow the logical volume");
    else
        rc = grow_content(session, volume, content, err);
    session_free_list(volumes);
    return rc;
}

/* The partition that lies last, without the extended one around logical ones; NULL when there is none. */
static const struct guestfs_partition *last_partition(guestfs_h *g, bool mbr,
                                                      const struct guestfs_partition_list *list,
                                                      int *extended)
{
    const struct guestfs_partition *last = NULL;

    *extended = 0;
    for (uint32_t i = 0; i < list->len; i++) {
        const struct guestfs_partition *part = &list->val[i];
        SW_AUTO_FREE char *kind = mbr ? guestfs_part_get_mbr_part_type(g, DISK, part->part_num) : NULL;

        if (kind != NULL && strcmp(kind, "extended") == 0)
            *extended = part->part_num;
        else if (last == NULL || part->part_start > last->part_start)
            last = part;
    }
    /* Logical partitions have the numbers from 5 on. */
    if (last != NULL && last->part_num < 5)
        *extended = 0;
    return last;
}

/* The last sector that a partition may have; -1 when the disk cannot be asked. */
static int64_t last_sector(guestfs_h *g, bool mbr, int *sector_bytes)
{
    int64_t disk_bytes = guestfs_blockdev_getsize64(g, DISK), sectors, align;

    *sector_bytes = guestfs_blockdev_getss(g, DISK);
    if (disk_bytes <= 0 || *sector_bytes < 512 || *sector_bytes > 4096)
        return -1;
    sectors = disk_bytes / *sector_bytes;
    if (mbr) {
        if (sectors > MBR_MAX_SECTORS)
            sw_log(SW_LOG_WARNING, "a partition table of the kind MBR reaches no farther than 2 TiB");
        return (sectors < MBR_MAX_SECTORS ? sectors : MBR_MAX_SECTORS) - 1;
    }
    align = ALIGN_BYTES / *sector_bytes;
    sectors -= GPT_TAIL_BYTES / *sector_bytes + 1;
    return sectors / align * align - 1;
}

static int resize_partition(struct sw_session *session, const struct guestfs_partition *last, int extended,
                            int64_t end)
{
    guestfs_h *g = session->g;

    if (extended > 0 && guestfs_part_resize(g, DISK, extended, end) < 0)
        return -1;
    return guestfs_part_resize(g, DISK, last->part_num, end);
}

static int grow_last(struct sw_session *session, bool mbr, struct sw_err *err)
{
    guestfs_h *g = session->g;
    AUTO_PARTITIONS struct guestfs_partition_list *list = NULL;
    const struct guestfs_partition *last;
    enum content content;
    int extended, sector_bytes;
    int64_t end;
    char device[32], type[32];

    if (!mbr && guestfs_part_expand_gpt(g, DISK) < 0)
        return session_fail(session, err, "cannot move the partition table's copy to the disk's new end");
    list = guestfs_part_list(g, DISK);
    end = last_sector(g, mbr, &sector_bytes);
    if (list == NULL || end < 0)
        return session_fail(session, err, "cannot read the image's partition table");
    last = last_partition(g, mbr, list, &extended);
    if (last == NULL) {
        sw_log(SW_LOG_WARNING, "the image has no partition: the new space of the disk stays free");
        return 0;
    }
    snprintf(device, sizeof(device), DISK "%d", (int)last->part_num);
    content = content_of(g, device, type, sizeof(type));
    if (content == CONTENT_NONE) {
        sw_log(SW_LOG_WARNING,
               "the last partition (%d) holds %s, which does not grow: the new space stays free",
               (int)last->part_num, type);
        return 0;
    }
    if ((uint64_t)end > last->part_end / (uint64_t)sector_bytes &&
        resize_partition(session, last, extended, end) < 0)
        return session_fail(session, err, "cannot grow the last partition");
    return grow_content(session, device, content, err);
}

static int grow(struct sw_session *session, struct sw_err *err)
{
    SW_AUTO_FREE char *table = guestfs_part_get_parttype(session->g, DISK);
    char type[32];

    if (table != NULL && strcmp(table, "gpt") == 0)
        return grow_last(session, false, err);
    if (table != NULL && strcmp(table, "msdos") == 0)
        return grow_last(session, true, err);
    /* No table that we know: maybe a file system on the whole disk. */
    return grow_content(session, DISK, content_of(session->g, DISK, type, sizeof(type)), err);
}

int sw_session_grow(struct sw_session *session, struct sw_err *err)
{
    if (session_await(session, err) < 0)
        return -1;
    if (session->mounted)
        return sw_fail(err, SW_FAILED, "the guest is in use: its disk cannot grow now");
    if (grow(session, err) < 0)
        return -1;
    return guestfs_sync(session->g) < 0 ? session_fail(session, err, "cannot write the grown disk") : 0;
}
