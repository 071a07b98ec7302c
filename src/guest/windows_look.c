/* A Windows that is not running, looked at without a trace: its hives, and what its drive says of itself. */
#include "src/base/fs.h"
#include "src/guest/session_private.h"

#include <string.h>
#include <sys/mman.h>

enum { MAGIC_BYTES = 4 };
#define HIVE_MAX_BYTES (INT64_C(256) << 20)

/* Read without a copy on any disk: SAM has what passwords are guessed from. */
static int fetch(struct sw_session *session, const char *path, struct sw_windows_file *out,
                 struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = memfd_create("slipway-hive", MFD_CLOEXEC);
    int64_t bytes = guestfs_filesize(session->g, path);
    char name[32];
    void *mapped;

    if (fd < 0)
        return sw_fail_errno(err, "cannot make a file in memory");
    if (bytes <= 0 || bytes > HIVE_MAX_BYTES)
        return 0;
    snprintf(name, sizeof(name), "/dev/fd/%d", fd);
    if (guestfs_download(session->g, path, name) < 0 || lseek(fd, 0, SEEK_END) != bytes)
        return 0;
    mapped = mmap(NULL, (size_t)bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED)
        return sw_fail_errno(err, "cannot map a registry hive");
    *out = (struct sw_windows_file){mapped, (size_t)bytes};
    return 0;
}

/* Names on the drive may be in any case. The first of such files counts. */
static int take(struct sw_session *session, const char *path, struct sw_windows_file *out, struct sw_err *err)
{
    SW_AUTO_FREE char *found = guestfs_case_sensitive_path(session->g, path);

    if (out->bytes != NULL || found == NULL || guestfs_is_file(session->g, found) != 1)
        return 0;
    return fetch(session, found, out, err);
}

static bool sleeps(guestfs_h *g)
{
    SW_AUTO_FREE char *path = guestfs_case_sensitive_path(g, "/hiberfil.sys"), *head = NULL;
    size_t len = 0;

    if (path != NULL && guestfs_is_file(g, path) == 1)
        head = guestfs_pread(g, path, MAGIC_BYTES, 0, &len);
    return head != NULL && len == MAGIC_BYTES && strncasecmp(head, "hibr", MAGIC_BYTES) == 0;
}

static uint64_t free_bytes(guestfs_h *g)
{
    struct guestfs_statvfs *fs = guestfs_statvfs(g, "/");
    uint64_t bytes = fs != NULL ? (uint64_t)fs->bavail * (uint64_t)fs->frsize : 0;

    if (fs != NULL)
        guestfs_free_statvfs(fs);
    return bytes;
}

/* The drive that is mounted. */
static int look_at(struct sw_session *session, size_t device, struct sw_windows_look *look,
                   struct sw_err *err)
{
    static const char config[] = "/windows/system32/config";
    const struct {
        const char *path;
        struct sw_windows_file *file;
    } hives[] = {{"/windows/system32/config/SYSTEM", &look->system},
                 {"/windows/system32/config/SOFTWARE", &look->software},
                 {"/windows/system32/config/SAM", &look->sam}};
    static const char *const boot[] = {"/boot/BCD", "/efi/microsoft/boot/BCD"};
    SW_AUTO_FREE char *folder = guestfs_case_sensitive_path(session->g, config);

    for (size_t i = 0; i < SW_ARRAY_LEN(boot); i++)
        if (take(session, boot[i], &look->bcd, err) < 0)
            return -1;
    if (folder == NULL || guestfs_is_dir(session->g, folder) != 1 || look->nr_roots == SW_WINDOWS_ROOTS_MAX)
        return 0;
    look->roots[look->nr_roots++] = device;
    if (look->nr_roots > 1)
        return 0;
    look->free_bytes = free_bytes(session->g);
    look->hibernated = sleeps(session->g);
    for (size_t i = 0; i < SW_ARRAY_LEN(hives); i++)
        if (take(session, hives[i].path, hives[i].file, err) < 0)
            return -1;
    return 0;
}

int sw_session_look_windows(struct sw_session *session, const char *const *devices, size_t n,
                            struct sw_windows_look *out, struct sw_err *err)
{
    static const char *const ntfs[] = {"ntfs3g", NULL};

    *out = (struct sw_windows_look){.nr_roots = 0};
    if (session_await(session, err) < 0)
        return -1;
    if (session->mounted)
        return sw_fail(err, SW_FAILED, "the guest is already in use");
    if (guestfs_feature_available(session->g, (char *const *)(uintptr_t)ntfs) != 1)
        return sw_fail(err, SW_FAILED, "the appliance cannot mount a Windows drive: install ntfs-3g");
    for (size_t i = 0; i < n; i++) {
        int rc = 0;

        if (guestfs_umount_all(session->g) < 0)
            return session_fail(session, err, "cannot unmount a drive");
        session->looking = false;
        /* What cannot be mounted has no Windows that anybody could start. */
        if (guestfs_mount_ro(session->g, devices[i], "/") == 0)
            rc = look_at(session, i, out, err);
        if (rc < 0)
            return -1;
    }
    return guestfs_umount_all(session->g) == 0 ? 0 : session_fail(session, err, "cannot unmount a drive");
}

void sw_windows_look_close(struct sw_windows_look *look)
{
    struct sw_windows_file *const files[] = {&look->system, &look->software, &look->sam, &look->bcd};

    for (size_t i = 0; i < SW_ARRAY_LEN(files); i++)
        if (files[i]->bytes != NULL)
            munmap((void *)(uintptr_t)files[i]->bytes, files[i]->len);
    *look = (struct sw_windows_look){.nr_roots = 0};
}
