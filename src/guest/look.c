/* A look at the disks of a session: the runner is put into a root of its own, and what it wrote is fetched. */
#include "src/guest/look.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/guest/session_private.h"
#include "src/runner/embed.h"
#include "src/runner/look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define RUNNER    "/slipway-runner"
#define IN        "/look.in"
#define OUT       "/look.out"
#define BYTES_MAX (LOOK_TOTAL_MAX + (UINT64_C(64) << 20))

static int make_root(struct sw_session *session, struct sw_err *err)
{
    static const char *const folders[] = {"/dev", "/proc", "/run", "/sys", "/tmp"};
    size_t len;
    const unsigned char *program = sw_runner_program(&len);
    guestfs_h *g = session->g;

    if (session->mounted)
        return sw_fail(err, SW_FAILED, "the guest is already in use");
    /* A group that lacks a volume stays as it is. */
    if (session->volumes && guestfs_lvm_scan(g, 1) < 0)
        sw_log(SW_LOG_INFO, "not every logical volume can be seen: %s", guestfs_last_error(g));
    if (guestfs_mount_vfs(g, "mode=0700,nosuid", "tmpfs", "/dev/sda", "/") < 0)
        return session_fail(session, err, "cannot make a root to look from");
    for (size_t i = 0; i < SW_ARRAY_LEN(folders); i++)
        if (guestfs_mkdir(g, folders[i]) < 0)
            return session_fail(session, err, "cannot make a root to look from");
    if (guestfs_write(g, RUNNER, (const char *)program, len) < 0 || guestfs_chmod(g, 0700, RUNNER) < 0)
        return session_fail(session, err, "cannot put the runner into the appliance");
    session->looking = true;
    return 0;
}

static int map_look(int fd, struct sw_look **out, struct sw_err *err)
{
    struct stat st;
    void *bytes;
    int rc;

    if (fstat(fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at what was found");
    if ((uint64_t)st.st_size > BYTES_MAX || st.st_size == 0)
        return sw_fail(err, SW_INTEGRITY, "the look wrote %lld bytes", (long long)st.st_size);
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return sw_fail_errno(err, "cannot map what was found");
    rc = look_read_mapped(bytes, (size_t)st.st_size, out, err);
    if (rc < 0)
        munmap(bytes, (size_t)st.st_size);
    return rc;
}

/* In memory, as it may be of a sealed disk. */
static int fetch(struct sw_session *session, struct sw_look **out, struct sw_err *err)
{
    int64_t bytes = guestfs_filesize(session->g, OUT);
    SW_AUTO_CLOSE int fd = memfd_create("slipway-look", MFD_CLOEXEC);
    char path[32];

    if (fd < 0)
        return sw_fail_errno(err, "cannot make a file in memory");
    if (bytes < 0)
        return session_fail(session, err, "cannot fetch what was found");
    if ((uint64_t)bytes > BYTES_MAX)
        return sw_fail(err, SW_INTEGRITY, "the look wrote %lld bytes", (long long)bytes);
    snprintf(path, sizeof(path), "/dev/fd/%d", fd);
    if (guestfs_download(session->g, OUT, path) < 0)
        return session_fail(session, err, "cannot fetch what was found");
    return map_look(fd, out, err);
}

int sw_session_look(struct sw_session *session, const char *orders, struct sw_look **out, struct sw_err *err)
{
    static const char *const command[] = {RUNNER, "--look", IN, OUT, "/fs", NULL};
    SW_AUTO_FREE char *said = NULL;

    if (session_await(session, err) < 0 || (!session->looking && make_root(session, err) < 0))
        return -1;
    if (guestfs_write(session->g, IN, orders, strlen(orders)) < 0)
        return session_fail(session, err, "cannot say what to look at");
    said = guestfs_command(session->g, (char *const *)(uintptr_t)command);
    if (said == NULL)
        return session_fail(session, err, "cannot look at the disks");
    return fetch(session, out, err);
}

static int run_here(int program, const char *dir, struct sw_err *err)
{
    SW_AUTO_FREE char *in = sw_path_join(dir, "in", err);
    SW_AUTO_FREE char *out = sw_path_join(dir, "out", err);
    SW_AUTO_FREE char *fs = sw_path_join(dir, "fs", err);
    char *const argv[] = {"slipway-runner", "--look", in, out, fs, NULL};
    static char *const env[] = {NULL};
    int status = 0;
    pid_t pid;

    if (in == NULL || out == NULL || fs == NULL)
        return -1;
    pid = fork();
    if (pid < 0)
        return sw_fail_errno(err, "cannot fork");
    if (pid == 0) {
        fexecve(program, argv, env);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? 0
               : sw_fail(err, SW_FAILED, "the look ended with status %d", status);
}

static int look_in(const char *dir, const char *orders, struct sw_look **out, struct sw_err *err)
{
    size_t len;
    const unsigned char *bytes = sw_runner_program(&len);
    SW_AUTO_CLOSE int program = memfd_create("slipway-runner", MFD_CLOEXEC);
    SW_AUTO_CLOSE int told = -1;
    SW_AUTO_FREE char *in = sw_path_join(dir, "in", err);
    SW_AUTO_FREE char *name = sw_path_join(dir, "out", err);

    if (program < 0)
        return sw_fail_errno(err, "cannot make a file in memory");
    if (in == NULL || name == NULL || sw_write_full(program, bytes, len, "the runner", err) < 0 ||
        sw_write_file(in, orders, strlen(orders), 0600, err) < 0 || run_here(program, dir, err) < 0)
        return -1;
    told = open(name, O_RDONLY | O_CLOEXEC);
    return told < 0 ? sw_fail_errno(err, "cannot open '%s'", name) : map_look(told, out, err);
}

int sw_look_here(const char *orders, struct sw_look **out, struct sw_err *err)
{
    char dir[] = "/tmp/slipway-look.XXXXXX";
    struct sw_err ignored = {.code = SW_OK};
    int rc;

    if (mkdtemp(dir) == NULL)
        return sw_fail_errno(err, "cannot make '%s'", dir);
    rc = look_in(dir, orders, out, err);
    (void)!sw_remove_tree(dir, &ignored);
    return rc;
}
