/* slipway-runner: the static program inside a guest's root that runs steps and handles files for slipway. */
#include "src/runner/look_private.h"
#include "src/runner/mounts.h"
#include "src/runner/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the program was started with. */
struct start {
    struct channel channel;
    unsigned char nonce[RUNNER_NONCE_BYTES];
    char *const *media;
    size_t nr_media;
};

enum { INHERITED_FDS_MAX = 256, PORT_TRIES = 100, BOOTED_TRIES = 6000, PORT_PAUSE_US = 20000 };

/* The guest's root. While a step runs the runner's own root is another one. */
static int root_fd = -1, away_fd = -1;

int runner_leave_root(void)
{
    return away_fd >= 0 && (fchdir(away_fd) < 0 || chroot(".") < 0) ? -1 : 0;
}

int runner_enter_root(void)
{
    return fchdir(root_fd) < 0 || chroot(".") < 0 ? -1 : 0;
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

/* The clock of the machine that the guest is mounted in; only a port is a sign that it is nobody else's. */
static int set_clock(const char *seconds)
{
    struct timespec now = {.tv_sec = strtoll(seconds, NULL, 10)};

    return now.tv_sec > 0 ? clock_settime(CLOCK_REALTIME, &now) : 0;
}

static void write_setting(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, value, strlen(value)) < 0) {
        /* Then files may lie at other places in another build, and that is all. */
    }
    close(fd);
}

/*
 * Files get their blocks when they are flushed: at the writers' own syncs, in the same order each time, and at the end; not
 * after so many seconds, nor before much of the memory is full.
 */
static void flush_only_when_asked(void)
{
    glob_t found;

    /* And nothing is read ahead of what is wanted: which groups are known decides where a file goes. */
    if (glob("/sys/fs/ext4/*/mb_prefetch*", 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++)
            write_setting(found.gl_pathv[i], "0");
        globfree(&found);
    }
    write_setting("/proc/sys/vm/dirty_writeback_centisecs", "0");
    write_setting("/proc/sys/vm/dirty_expire_centisecs", "8640000");
    write_setting("/proc/sys/vm/dirty_ratio", "70");
    write_setting("/proc/sys/vm/dirty_background_ratio", "60");
}

/* "NAME" or "NAME,clock=SECONDS". */
static int open_port(char *name, int tries)
{
    char *clock = strstr(name, ",clock=");
    int fd = -1;

    if (clock != NULL) {
        *clock = '\0';
        if (set_clock(clock + strlen(",clock=")) < 0)
            return -1;
        flush_only_when_asked();
    }
    /* A port that the last runner held is free a moment after its end; in a booted system its driver has to be loaded. */
    for (int i = 0; i < tries && fd < 0; i++) {
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
        case RUNNER_SHELL:
            run_shell(channel, &request);
            break;
        case RUNNER_KILL:
        case RUNNER_DATA:
        case RUNNER_RESIZE: /* slipway learns of a shell's end after it */
            break;
        case RUNNER_LIMIT:
            file_limit(&request);
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

/* An accident of the guest's memory is to hit the step, not what it is run by. */
static void prefer_steps_when_memory_ends(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (write(fd, "-900", 4) < 0) {
        /* Only root of the machine may. */
    }
    close(fd);
}

/* The first process of the namespace: when it ends, the kernel ends all others. */
static int be_first(const struct start *start)
{
    struct guest_kernel kernel;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setsid();
    signal(SIGPIPE, SIG_IGN);
    if (getpid() != 1) {
        errno = EPERM;
        return complain("cannot be the first of a process namespace");
    }
    kernel_find(&kernel);
    if (mounts_make(start->media, start->nr_media, &kernel) < 0)
        return 1;
    root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return complain("cannot open the root");
    /* Any folder of another file system does; without /run there is none, and no harm but that programs do not see
     * that they are in a chroot. */
    away_fd = script_dir() != NULL ? open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    prefer_steps_when_memory_ends();
    watch_begin(&kernel);
    say_hello(&start->channel, start->nonce);
    return serve(&start->channel);
}

/* A service of the system that runs: no namespace, nothing is mounted, no call is watched. */
static int be_service(const struct start *start)
{
    signal(SIGPIPE, SIG_IGN);
    root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0 || booted_begin() < 0)
        return complain("cannot begin");
    prefer_steps_when_memory_ends();
    say_hello(&start->channel, start->nonce);
    return serve(&start->channel);
}

static int supervise(const struct start *start)
{
    int status = 0;
    pid_t pid;

    if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS) < 0)
        return complain("cannot make namespaces");
    pid = fork();
    if (pid < 0)
        return complain("cannot fork");
    if (pid == 0)
        _exit(be_first(start));
    close(start->channel.fd);
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
    struct start start = {
        .channel = {.fd = -1}, .media = argv + 4, .nr_media = (size_t)(argc > 4 ? argc - 4 : 0)};
    bool service = argc == 4 && strncmp(argv[1], "--booted", 8) == 0, by_fd;

    if (argc == 5 && strcmp(argv[1], "--look") == 0)
        return look_main(argv[2], argv[3], argv[4]);
    if (argc < 4 || start.nr_media > MEDIA_MAX || parse_nonce(argv[3], start.nonce) < 0) {
        fprintf(stderr, "usage: slipway-runner --port NAME[,clock=SECONDS]|--fd N NONCE [MEDIUM…]\n"
                        "       slipway-runner --booted NAME|--booted-fd N NONCE\n"
                        "       slipway-runner --look IN OUT FOLDER\n");
        return 2;
    }
    umask(022);
    by_fd = strcmp(argv[1], "--fd") == 0 || strcmp(argv[1], "--booted-fd") == 0;
    start.channel.fd = by_fd ? atoi(argv[2]) : open_port(argv[2], service ? BOOTED_TRIES : PORT_TRIES);
    if (start.channel.fd < 0)
        return complain("cannot open the port");
    seal_descriptors();
    return service ? be_service(&start) : supervise(&start);
}
