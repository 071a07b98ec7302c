/* Giving back what is free in file systems that nothing else here reads: what was deleted is then in no layer. */
#include "src/base/log.h"
#include "src/guest/session_private.h"

#include <string.h>

/* ext on a partition is normalised on its way into the layer (src/ext), by the bitmaps; on a logical volume it is not seen. */
static bool wants_trim(const struct session_mount *mount)
{
    if (!mount->usable)
        return false;
    if (strncmp(mount->type, "ext", 3) == 0)
        return strncmp(mount->device, "/dev/sd", 7) != 0;
    return strcmp(mount->type, "xfs") == 0 || strcmp(mount->type, "btrfs") == 0;
}

/* Whether an earlier mount is of the same device: a subvolume of it, say. */
static bool is_again(const struct sw_session *session, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcmp(session->mounts[k].device, session->mounts[i].device) == 0)
            return true;
    return false;
}

/*
 * What was freed is known to be free since the file systems were unmounted. Read-only, which writes nothing of its own; but
 * Btrfs, mounted so, trims little of what is free (Linux 6.1).
 */
static int trim(struct sw_session *session, const struct session_mount *mount, struct sw_err *err)
{
    guestfs_h *g = session->g;
    int rc = strcmp(mount->type, "btrfs") == 0 ? guestfs_mount(g, mount->device, "/")
                                               : guestfs_mount_ro(g, mount->device, "/");

    if (rc == 0) {
        session->mounted = true;
        rc = guestfs_fstrim(g, "/", -1);
    }
    if (rc < 0)
        sw_log(SW_LOG_INFO,
               "what is free on %s is not given back, so what was deleted there may be in the layer: %s",
               mount->device, guestfs_last_error(g));
    /* QEMU keeps what it knows of the overlay until it is asked for it. */
    if (session->mounted && (guestfs_umount_all(g) < 0 || guestfs_sync(g) < 0))
        return session_fail(session, err, "cannot unmount the image's file systems");
    session->mounted = false;
    return 0;
}

bool sw_session_trims(const struct sw_session *session)
{
    for (size_t i = 0; !session->is_windows && i < session->nr_mounts; i++)
        if (wants_trim(&session->mounts[i]))
            return true;
    return false;
}

int sw_session_trim(struct sw_session *session, struct sw_err *err)
{
    if (session_await(session, err) < 0)
        return -1;
    if (session->nr_mounts == 0 && (session_mount(session, err) < 0 || sw_session_end(session, err) < 0))
        return -1;
    for (size_t i = 0; !session->is_windows && i < session->nr_mounts; i++)
        if (wants_trim(&session->mounts[i]) && !is_again(session, i) &&
            trim(session, &session->mounts[i], err) < 0)
            return -1;
    return 0;
}
