/* slipway-runner: the static program inside a guest's root that runs steps and handles files for slipway. */
#include "src/runner/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INHERITED_FDS_MAX = 256, PORT_TRIES = 100, PORT_PAUSE_US = 20000 };

static const char *scripts_in;

const char *script_dir(void)
{
    return scripts_in;
}

static int complain(const char *what)
{
    fprintf(stderr, "slipway-runner: %s: %s\n", what, strerror(errno));
    return 1;
}

/* Reads one line of a file in sysfs. */
static bool file_says(const char *path, const char *wanted)
{
    char line[64] = "";
    FILE *file = fopen(path, "re");
    bool same;

    if (file == NULL)
        return false;
    same = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return same && strcmp(line, wanted) == 0;
}

/* The port's device by its name; without udev there are no links in /dev/virtio-ports. */
static int find_port(const char *name)
{
    static const char ports[] = "/sys/class/virtio-ports";
    DIR *dir = opendir(ports);
    const struct dirent *entry;
    int fd = -1;

    while (dir != NULL && fd < 0 && (entry = readdir(dir)) != NULL) {
        char path[320];

        snprintf(path, sizeof(path), "%s/%s/name", ports, entry->d_name);
        if (entry->d_name[0] == '.' || !file_says(path, name))
            continue;
        snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
        fd = open(path, O_RDWR | O_CLOEXEC);
    }
    if (dir != NULL)
        closedir(dir);
    return fd;
}

static int open_port(const char *name)
{
    int fd = -1;

    /* A port that the last runner held is free a moment after its end. */
    for (int i = 0; i < PORT_TRIES && fd < 0; i++) {
        fd = find_port(name);
        if (fd < 0)
            usleep(PORT_PAUSE_US);
    }
    return fd;
}

/* Nothing that this program was started with reaches a step. */
static void seal_descriptors(void)
{
    for (int fd = STDERR_FILENO + 1; fd < INHERITED_FDS_MAX; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static bool fresh_tmpfs(const char *path, const char *options)
{
    return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

/* What a step may dirty without a trace in the image, and a /proc that shows this namespace. */
static int make_mounts(void)
{
    struct stat st;

    /* Fails where / is no mount point; then whoever made the root has seen to it. */
    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
    if (stat("/proc", &st) == 0 && mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return complain("cannot mount /proc");
    if (fresh_tmpfs("/run", "mode=0755")) {
        scripts_in = "/run";
        if (mkdir("/run/lock", 01777) == 0)
            chmod("/run/lock", 01777);
    }
    fresh_tmpfs("/dev/shm", "mode=1777"); /* where there is none, steps go without */
    if (fresh_tmpfs("/tmp", "mode=1777"))
        scripts_in = "/tmp";
    return 0;
}

static void say_hello(const struct channel *channel, const unsigned char *nonce)
{
    unsigned char hello[8 + RUNNER_NONCE_BYTES];

    wire_put_u32(hello, RUNNER_MAGIC);
    wire_put_u32(hello + 4, RUNNER_VERSION);
    memcpy(hello + 8, nonce, RUNNER_NONCE_BYTES);
    channel_send(channel, RUNNER_HELLO, hello, sizeof(hello));
}

static int serve(const struct channel *channel)
{
    static struct request request;

    for (;;) {
        channel_read(channel, &request);
        switch (request.type) {
        case RUNNER_RUN:
            run_step(channel, &request);
            break;
        case RUNNER_KILL:
            break;
        case RUNNER_BYE:
            kill_all();
            channel_ok(channel);
            return 0;
        default:
            file_request(channel, &request);
            break;
        }
    }
}

/* The first process of the namespace: when it ends, the kernel ends all others. */
static int be_first(const struct channel *channel, const unsigned char *nonce)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    signal(SIGPIPE, SIG_IGN);
    if (getpid() != 1) {
        errno = EPERM;
        return complain("cannot be the first of a process namespace");
    }
    if (make_mounts() != 0)
        return 1;
    say_hello(channel, nonce);
    return serve(channel);
}

static int supervise(const struct channel *channel, const unsigned char *nonce)
{
    int status = 0;
    pid_t pid;

    if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
        return complain("cannot make namespaces");
    pid = fork();
    if (pid < 0)
        return complain("cannot fork");
    if (pid == 0)
        _exit(be_first(channel, nonce));
    close(channel->fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int parse_nonce(const char *hex, unsigned char *nonce)
{
    if (strlen(hex) != 2 * RUNNER_NONCE_BYTES)
        return -1;
    for (size_t i = 0; i < RUNNER_NONCE_BYTES; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end;

        nonce[i] = (unsigned char)strtoul(pair, &end, 16);
        if (*end != '\0')
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned char nonce[RUNNER_NONCE_BYTES];
    struct channel channel = {.fd = -1};

    if (argc != 4 || parse_nonce(argv[3], nonce) < 0) {
        fprintf(stderr, "usage: slipway-runner --port NAME|--fd N NONCE\n");
        return 2;
    }
    umask(022);
    channel.fd = strcmp(argv[1], "--fd") == 0 ? atoi(argv[2]) : open_port(argv[2]);
    if (channel.fd < 0)
        return complain("cannot open the port");
    seal_descriptors();
    return supervise(&channel, nonce);
}
