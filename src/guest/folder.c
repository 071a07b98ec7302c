/* A folder as a guest: the runner in a plain chroot of namespaces, with the devices that a step expects. */
#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/guest/client.h"
#include "src/runner/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNNER_FD = 3 };

struct folder {
    struct client client;
    pid_t pid;
};

/* In the child: only calls that fail by errno, and a report of the first that did. */
struct plan {
    const char *dir;
    int program; /* the runner, in memory */
    int stream;
    int report;
    bool as_root;
    const char *const *media; /* absolute */
    size_t nr_media;
    char nonce[2 * RUNNER_NONCE_BYTES + 1];
};

static int write_proc(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;

    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : 0;
}

/* This user becomes root of a namespace of its own. */
static int become_root(void)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();

    if (unshare(CLONE_NEWUSER) < 0)
        return -1;
    snprintf(map, sizeof(map), "0 %u 1", uid);
    if (write_proc("/proc/self/setgroups", "deny") < 0 || write_proc("/proc/self/uid_map", map) < 0)
        return -1;
    snprintf(map, sizeof(map), "0 %u 1", gid);
    return write_proc("/proc/self/gid_map", map);
}

static int bind_device(const char *name)
{
    char from[64], to[64];
    int fd;

    snprintf(from, sizeof(from), "/dev/%s", name);
    snprintf(to, sizeof(to), "dev/%s", name);
    fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    close(fd);
    return mount(from, to, NULL, MS_BIND, NULL);
}

/* The devices of this machine that the runner's own /dev may have, where the folder has one. */
static int make_dev(void)
{
    static const char *const names[] = {"null", "zero", "full", "random", "urandom", "tty"};
    struct stat st;

    if (stat("dev", &st) < 0)
        return 0;
    if (mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=0755") < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        if (bind_device(names[i]) < 0)
            return -1;
    return 0;
}

/* Media lie in a tmpfs over the folder's /run, from where the runner takes them. */
static int bind_media(const struct plan *plan)
{
    if (plan->nr_media > 0 && mount("tmpfs", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        return -1;
    for (size_t i = 0; i < plan->nr_media; i++) {
        char to[32];

        snprintf(to, sizeof(to), "run/medium-%zu", i);
        if (mkdir(to, 0755) < 0 || mount(plan->media[i], to, NULL, MS_BIND | MS_REC, NULL) < 0)
            return -1;
    }
    return 0;
}

/* Where the folder is mounted, so that nothing of it is seen outside. A chroot's root may be no mount that could be made
 * private; /proc is one, and what lies over it is needed no more. */
static const char *private_place(const char *dir)
{
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
        return dir;
    return errno == EINVAL && mount(NULL, "/proc", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? "/proc" : NULL;
}

static int enter(const struct plan *plan)
{
    const char *place;

    if (!plan->as_root && become_root() < 0)
        return -1;
    if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) < 0 || (place = private_place(plan->dir)) == NULL)
        return -1;
    if (mount(plan->dir, place, NULL, MS_BIND | MS_REC, NULL) < 0 ||
        mount(NULL, place, NULL, MS_REC | MS_PRIVATE, NULL) < 0 || chdir(place) < 0)
        return -1;
    if (bind_media(plan) < 0 || make_dev() < 0)
        return -1;
    /* Where the kernel does not let this user have a /sys, steps go without. */
    mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    return chroot(".") < 0 || chdir("/") < 0 ? -1 : 0;
}

static void __attribute__((noreturn)) child(const struct plan *plan)
{
    char *argv[4 + SW_MEDIA_MAX + 1] = {(char[]){"slipway-runner"}, (char[]){"--fd"}, (char[]){"3"},
                                        (char *)(uintptr_t)plan->nonce};
    char *const env[] = {NULL};
    char media[SW_MEDIA_MAX][32];
    int error;

    for (size_t i = 0; i < plan->nr_media; i++) {
        snprintf(media[i], sizeof(media[i]), "/run/medium-%zu", i);
        argv[4 + i] = media[i];
    }

    /* The folder's programs must not see what this process has open: all but the stream closes on exec. */
    if (enter(plan) == 0 && dup2(plan->stream, RUNNER_FD) == RUNNER_FD)
        syscall(SYS_execveat, plan->program, "", argv, env, AT_EMPTY_PATH);
    error = errno;
    if (write(plan->report, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

static int make_program(struct sw_err *err)
{
    size_t len;
    const unsigned char *bytes = sw_runner_program(&len);
    /* High above RUNNER_FD, which the child takes for itself. */
    int low = memfd_create("slipway-runner", MFD_CLOEXEC), fd;

    if (low < 0)
        return sw_fail_errno(err, "cannot make a file in memory");
    fd = fcntl(low, F_DUPFD_CLOEXEC, 10);
    close(low);
    if (fd < 0)
        return sw_fail_errno(err, "cannot make a file in memory");
    if (sw_write_full(fd, bytes, len, "the runner", err) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Forks; waits until the runner's program has taken over. */
static int start(struct plan *plan, pid_t *pid, struct sw_err *err)
{
    int report[2], error = 0;

    if (pipe2(report, O_CLOEXEC) < 0)
        return sw_fail_errno(err, "cannot make a pipe");
    plan->report = fcntl(report[1], F_DUPFD_CLOEXEC, 10);
    close(report[1]);
    *pid = fork();
    if (*pid == 0)
        child(plan);
    if (*pid < 0)
        error = errno;
    close(plan->report);
    if (*pid > 0 && read(report[0], &error, sizeof(error)) != (ssize_t)sizeof(error))
        error = 0;
    close(report[0]);
    if (error == 0)
        return 0;
    if (*pid > 0)
        waitpid(*pid, NULL, 0);
    errno = error;
    return sw_fail_errno(err, "cannot enter '%s' as a guest", plan->dir);
}

static int open_folder(struct folder *folder, const char *dir, const char *const *media, size_t n,
                       struct sw_err *err)
{
    uint8_t nonce[RUNNER_NONCE_BYTES];
    SW_AUTO_CLOSE int program = make_program(err);
    SW_AUTO_CLOSE int far_end = -1;
    struct plan plan = {
        .dir = dir, .program = program, .as_root = geteuid() == 0, .media = media, .nr_media = n};
    int pair[2];

    if (program < 0 || sw_random(nonce, sizeof(nonce), err) < 0)
        return -1;
    sw_hex(nonce, sizeof(nonce), plan.nonce);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return sw_fail_errno(err, "cannot make a socket");
    client_init(&folder->client, pair[0]);
    far_end = fcntl(pair[1], F_DUPFD_CLOEXEC, 10);
    close(pair[1]);
    plan.stream = far_end;
    if (start(&plan, &folder->pid, err) < 0) {
        folder->pid = -1;
        return -1;
    }
    close(SW_STEAL_FD(far_end));
    return client_hello(&folder->client, nonce, err);
}

int sw_folder_guest_open(const char *dir, struct sw_guest **out, struct sw_err *err)
{
    return sw_folder_guest_open_media(dir, NULL, 0, out, err);
}

int sw_folder_guest_open_media(const char *dir, const char *const *folders, size_t n, struct sw_guest **out,
                               struct sw_err *err)
{
    struct folder *folder;

    if (n > SW_MEDIA_MAX)
        return sw_fail(err, SW_USAGE, "a guest can have %d media, and these are %zu", SW_MEDIA_MAX, n);
    folder = sw_calloc(1, sizeof(*folder), err);
    if (folder == NULL)
        return -1;
    client_init(&folder->client, -1);
    folder->pid = -1;
    if (open_folder(folder, dir, folders, n, err) < 0) {
        sw_folder_guest_close(&folder->client.base);
        return -1;
    }
    *out = &folder->client.base;
    return 0;
}

void sw_folder_guest_close(struct sw_guest *guest)
{
    struct folder *folder = (struct folder *)guest;
    struct sw_err ignored = {.code = SW_OK};

    if (folder == NULL)
        return;
    if (folder->pid > 0) {
        if (folder->client.broken || client_bye(&folder->client, &ignored) < 0)
            kill(folder->pid, SIGKILL);
        while (waitpid(folder->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (folder->client.fd >= 0)
        close(folder->client.fd);
    free(folder);
}
