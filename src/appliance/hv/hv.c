/*
 * slipway-hv: what libguestfs starts instead of qemu. Where a start with the same arguments was saved, qemu goes on from there
 * and the disks are plugged in; else qemu is run as it was asked for, and the arguments are left for whoever saves a start.
 */
#include "src/appliance/hv/hv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, QMP_MS = 60000, POLL_US = 2000, RESTORE_TRIES = 30000 };

static const char plug_word[] = "--plug";

static int complain(const char *what)
{
    fprintf(stderr, "slipway-hv: %s: %s\n", what, strerror(errno));
    return 1;
}

/* ---- Beside qemu: disks into the restored machine, and the word to go on ----------------------------------- */

static bool is_restored(struct qmp *qmp)
{
    char answer[1024];

    for (int i = 0; i < RESTORE_TRIES; i++) {
        if (!qmp_ask(qmp, "{\"execute\": \"query-status\"}", answer, sizeof(answer), QMP_MS))
            return false;
        if (strstr(answer, "\"inmigrate\"") == NULL)
            return strstr(answer, "\"paused\"") != NULL || strstr(answer, "\"prelaunch\"") != NULL ||
                   strstr(answer, "\"postmigrate\"") != NULL;
        usleep(POLL_US);
    }
    return false;
}

/* The target's number is the disk's place: init asks for those from 0 on. */
static bool plug_disks(struct qmp *qmp, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char command[256];

        snprintf(
            command, sizeof(command),
            "{\"execute\": \"device_add\", \"arguments\": {\"driver\": \"scsi-hd\", \"drive\": \"hd%u\", "
            "\"bus\": \"scsi.0\", \"scsi-id\": %u}}",
            i, i);
        if (!qmp_ask(qmp, command, NULL, 0, QMP_MS))
            return false;
    }
    return true;
}

/* "GO disks seconds nanoseconds random": the clock, and bytes for the guest's random pool. */
static bool say_go(int fd, unsigned disks)
{
    unsigned char random[HV_RANDOM_BYTES];
    char line[128 + 2 * HV_RANDOM_BYTES];
    struct timespec now;
    int n;

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return false;
    clock_gettime(CLOCK_REALTIME, &now);
    n = snprintf(line, sizeof(line), "GO %u %lld %ld ", disks, (long long)now.tv_sec, now.tv_nsec);
    for (size_t i = 0; i < sizeof(random); i++)
        n += snprintf(line + n, sizeof(line) - (size_t)n, "%02x", random[i]);
    line[n++] = '\n';
    return send(fd, line, (size_t)n, MSG_NOSIGNAL) == n;
}

/* argv: --plug QEMU MONITOR PORT DISKS. An appliance that cannot be gone on with is ended, which libguestfs sees. */
static int plug(char *const *argv)
{
    pid_t qemu = (pid_t)atoi(argv[2]);
    struct qmp qmp = {.fd = atoi(argv[3])};
    int port = atoi(argv[4]);
    unsigned disks = (unsigned)atoi(argv[5]);
    char byte;

    if (!qmp_begin(&qmp, QMP_MS) || !is_restored(&qmp) || !plug_disks(&qmp, disks) || !say_go(port, disks) ||
        !qmp_ask(&qmp, "{\"execute\": \"cont\"}", NULL, 0, QMP_MS)) {
        complain("cannot go on from the saved start");
        /* At its end its number may be another's. */
        if (recv(port, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0)
            kill(qemu, SIGKILL);
        return 1;
    }
    /*
     * qemu takes a monitor that is gone for no harm, and would keep what it has to say to one that reads nothing; but the port's
     * other end is to stay until the line was read.
     */
    close(qmp.fd);
    while (read(port, &byte, 1) > 0)
        continue;
    return 0;
}

/* The console is qemu's alone. */
static void quiet(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
}

/* Twice away: what stays is not qemu's child. Its arguments are its own, and none of qemu's. */
static int start_plug(const char *self, const struct hv_plan *plan, int monitor, int port,
                      const int theirs[3])
{
    char qemu[24], fds[2][24], disks[24];
    pid_t pid;

    snprintf(qemu, sizeof(qemu), "%d", (int)getpid());
    snprintf(fds[0], sizeof(fds[0]), "%d", monitor);
    snprintf(fds[1], sizeof(fds[1]), "%d", port);
    snprintf(disks, sizeof(disks), "%u", plan->nr_disks);
    pid = fork();
    if (pid != 0) {
        /* qemu will not collect it. */
        while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            continue;
        return pid;
    }
    if (fork() != 0)
        _exit(0);
    setsid();
    for (int i = 0; i < 3; i++)
        close(theirs[i]);
    quiet();
    execl(self, self, plug_word, qemu, fds[0], fds[1], disks, (char *)NULL);
    _exit(127);
}

/* ---- Instead of qemu ------------------------------------------------------------------------------------ */

/* The arguments for going on: those that were given but for the user's devices, and three things more. */
static bool make_args(char *const *args, const struct hv_plan *plan, const int fds[3], const char **out)
{
    static char incoming[32], monitor[64], port[64], root[HV_VALUE_MAX];
    size_t n = 1, disk = 0;

    for (size_t i = 0; args[i] != NULL; i++) {
        if (n + 16 > HV_ARGS_MAX)
            return false;
        if (strcmp(args[i], "-device") == 0 && disk < plan->nr_disks && args[i + 1] == plan->disks[disk]) {
            disk++;
            i++;
            continue;
        }
        out[n++] = args[i];
        if (strcmp(args[i], "-device") == 0 && strstr(args[i + 1], "drive=appliance") != NULL) {
            snprintf(root, sizeof(root), "%.4000s,scsi-id=%d", args[++i], HV_ROOT_TARGET);
            out[n++] = root;
        }
    }
    snprintf(incoming, sizeof(incoming), "fd:%d", fds[0]);
    snprintf(monitor, sizeof(monitor), "socket,id=slipwayqmp,fd=%d", fds[1]);
    snprintf(port, sizeof(port), "socket,id=slipwaygo,fd=%d", fds[2]);
    const char *const more[] = {"-chardev", port,        "-device", HV_GO_DEVICE,
                                "-chardev", monitor,     "-mon",    "chardev=slipwayqmp,mode=control",
                                "-S",       "-incoming", incoming,  NULL};

    for (size_t i = 0; more[i] != NULL; i++)
        out[n++] = more[i];
    out[n] = NULL;
    return true;
}

static bool read_whole(const char *path, char *out, size_t len, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, out, len) : -1;

    if (fd >= 0)
        close(fd);
    *n = got > 0 ? (size_t)got : 0;
    return got >= 0;
}

/* The saved start of this name is of these very arguments. */
static bool is_same(const char *path, const struct hv_plan *plan)
{
    static char key[HV_KEY_MAX + 1];
    size_t n;

    return read_whole(path, key, sizeof(key), &n) && n == plan->key_len && memcmp(key, plan->key, n) == 0;
}

/* For whoever saves a start. It is written aside and renamed: nobody reads half of it. */
static void leave_key(const char *path, const struct hv_plan *plan)
{
    char aside[PATH_BYTES + 128];
    int fd;

    snprintf(aside, sizeof(aside), "%s.%d", path, (int)getpid());
    fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    if (write(fd, plan->key, plan->key_len) != (ssize_t)plan->key_len || rename(aside, path) < 0)
        unlink(aside);
    close(fd);
}

static void go_on(const char *self, const char *qemu, char *const *args, const struct hv_plan *plan,
                  const char *state)
{
    static const char *out[HV_ARGS_MAX];
    int fds[3], monitor[2], port[2];

    fds[0] = open(state, O_RDONLY); /* inherited */
    if (fds[0] < 0)
        return;
    /* Nobody goes on with it: another one can be saved. */
    if (!hv_is_whole(fds[0], state + strlen(state) - HV_NAME_HEX)) {
        printf("slipway: the saved start is damaged\n");
        fflush(stdout);
        unlink(state);
        close(fds[0]);
        return;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, monitor) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, port) < 0)
        return;
    futimens(fds[0], NULL); /* of many starts those go that nobody goes on with */
    fds[1] = monitor[0];
    fds[2] = port[0];
    if (!make_args(args, plan, fds, out) || start_plug(self, plan, monitor[1], port[1], fds) < 0)
        return;
    close(monitor[1]);
    close(port[1]);
    printf("slipway: going on from a saved start\n");
    fflush(stdout);
    out[0] = qemu;
    execv(qemu, (char *const *)(uintptr_t)out);
    complain(qemu);
    _exit(1);
}

int main(int argc, char **argv)
{
    static char self[PATH_BYTES], folder[PATH_BYTES], path[PATH_BYTES + 64], qemu[PATH_BYTES], name[17];
    struct hv_plan plan;
    size_t n;
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (argc == 6 && strcmp(argv[1], plug_word) == 0)
        return plug(argv);
    if (len <= 0)
        return complain("cannot find itself");
    snprintf(folder, sizeof(folder), "%s", self);
    *strrchr(folder, '/') = '\0';
    snprintf(path, sizeof(path), "%s/" HV_HYPERVISOR, folder);
    if (!read_whole(path, qemu, sizeof(qemu) - 1, &n) || n == 0)
        return complain(path);
    qemu[strcspn(qemu, "\n")] = '\0';
    if (hv_plan(argv + 1, folder, &plan) && !plan.plain) {
        hv_name(&plan, name);
        snprintf(path, sizeof(path), "%s/start-%s.key", folder, name);
        if (!is_same(path, &plan)) {
            leave_key(path, &plan);
        } else {
            snprintf(path, sizeof(path), "%s/start-%s", folder, name);
            go_on(self, qemu, argv + 1, &plan, path);
        }
    }
    argv[0] = qemu;
    execv(qemu, argv);
    return complain(qemu);
}
