/* Finding and mounting the system drive of a Windows guest. */
#include "src/base/log.h"
#include "src/guest/session_private.h"

#include <string.h>
#include <strings.h>

/*
 * ntfs-3g gives new files rights for everyone, unless it knows some user of the guest; then they take those of their folder,
 * as in Windows, and belong to Administrators, as files that SYSTEM makes do. These users own nothing and are nobody.
 */
static const char users[] = "4294967290::S-1-5-21-1-1-1-1000\n:4294967290:S-1-5-21-1-1-1-1001\n";
#define DRIVE_OPTIONS "norecover,windows_names,permissions,inherit,usermapping=/sysroot/users"

/* Case-insensitively, as the names on the disk may be in any case. */
static bool has_folder(guestfs_h *g, const char *path)
{
    SW_AUTO_FREE char *found = guestfs_case_sensitive_path(g, path);

    return found != NULL && guestfs_is_dir(g, found) == 1;
}

/* Looks without a trace. */
static bool holds_windows(guestfs_h *g, const char *device)
{
    bool found = false;

    if (guestfs_mount_ro(g, device, "/") < 0)
        return false;
    found = has_folder(g, "/windows/system32/config");
    return guestfs_umount_all(g) == 0 && found;
}

int windows_find(struct sw_session *session, char *const *pairs, char **device, struct sw_err *err)
{
    *device = NULL;
    for (size_t i = 0; pairs[i] != NULL && pairs[i + 1] != NULL && *device == NULL; i += 2) {
        if (session_is_medium(pairs[i]))
            continue;
        if (strcasecmp(pairs[i + 1], "BitLocker") == 0)
            return sw_fail(err, SW_FAILED,
                           "the image's %s is encrypted with BitLocker: turn it off in the guest", pairs[i]);
        if (strcmp(pairs[i + 1], "ntfs") != 0 || !holds_windows(session->g, pairs[i]))
            continue;
        *device = sw_strdup(pairs[i], err);
        if (*device == NULL)
            return -1;
    }
    return 0;
}

/* A Windows that sleeps keeps its file system in memory: what is changed now would be lost, or destroy it. */
static int check_awake(struct sw_session *session, const char *device, struct sw_err *err)
{
    SW_AUTO_FREE char *sleeper = NULL, *head = NULL;
    size_t len = 0;

    if (guestfs_mount_ro(session->g, device, "/") < 0)
        return session_fail(session, err, "cannot mount the image's Windows drive");
    sleeper = guestfs_case_sensitive_path(session->g, "/hiberfil.sys");
    if (sleeper != NULL && guestfs_is_file(session->g, sleeper) == 1)
        head = guestfs_pread(session->g, sleeper, 4, 0, &len);
    if (guestfs_umount_all(session->g) < 0)
        return session_fail(session, err, "cannot unmount the image's Windows drive");
    if (head != NULL && len == 4 && (memcmp(head, "hibr", 4) == 0 || memcmp(head, "HIBR", 4) == 0))
        return sw_fail(
            err, SW_REFUSED,
            "the image's Windows is hibernated (fast startup is that too): boot it, turn that off with "
            "'powercfg /h off', and shut it down");
    return 0;
}

static int make_root(struct sw_session *session, struct sw_err *err)
{
    guestfs_h *g = session->g;

    if (session_make_root(session, err) < 0)
        return -1;
    if (guestfs_mkdir(g, "/C:") < 0)
        return session_fail(session, err, "cannot make a root for the image's drive");
    /* ntfs-3g shows a junction as a link to where the appliance has the drive. */
    if (guestfs_ln_s(g, "/", "/sysroot") < 0 || guestfs_write(g, "/users", users, sizeof(users) - 1) < 0)
        return session_fail(session, err, "cannot make a root for the image's drive");
    return 0;
}

int windows_mount(struct sw_session *session, const char *device, bool first, struct sw_err *err)
{
    static const char *const ntfs[] = {"ntfs3g", NULL};

    if (first && guestfs_feature_available(session->g, (char *const *)(uintptr_t)ntfs) != 1)
        return sw_fail(err, SW_FAILED, "the appliance cannot mount a Windows drive: install ntfs-3g");
    if (first && check_awake(session, device, err) < 0)
        return -1;
    if (make_root(session, err) < 0)
        return -1;
    if (guestfs_mount_vfs(session->g, DRIVE_OPTIONS, "ntfs-3g", device, "/C:") == 0)
        return 0;
    session_fail(session, err, "cannot mount the image's Windows drive");
    return sw_context(err, "if Windows was not shut down cleanly, boot it and do that (or run chkdsk)");
}
