/* A start that is saved: what is done before, and what after it was gone on with. */
#include "src/appliance/hv/hv.h"
#include "src/appliance/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 256 };

static void set_clock(long long seconds, long nanoseconds)
{
    const struct timespec now = {.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds};

    if (clock_settime(CLOCK_REALTIME, &now) < 0)
        say("cannot set the clock: %s", strerror(errno));
}

/* A program's first pages, its libraries and what they read come into memory by running it. */
static void warm(const char *program, const char *argument)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        dup2(null, STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execlp(program, program, argument, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && wait(&status) != pid)
        if (errno != EINTR)
            break;
}

static void warm_all(void)
{
    static const char *const programs[][2] = {
        {"guestfsd", "--help"}, {"udevadm", "--version"}, {"lvm", "version"},     {"ls", "/"},
        {"mount", "--version"}, {"umount", "--version"},  {"blkid", "--version"}, {"tar", "--version"},
        {"sync", "--version"},  {"e2fsck", "-V"},         {"bash", "--version"}};

    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        warm(programs[i][0], programs[i][1]);
}

/* A line; while nobody holds the other end, a port reads as if it had ended. */
static bool read_line(int fd, char *line, size_t len)
{
    size_t n = 0;

    while (n + 1 < len) {
        ssize_t got = read(fd, line + n, 1);

        if (got < 0 && errno != EINTR)
            return false;
        if (got <= 0) {
            usleep(1000);
            continue;
        }
        if (line[n] == '\n')
            break;
        n++;
    }
    line[n] = '\0';
    return true;
}

static bool parse_hex(const char *hex, unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end;

        bytes[i] = (unsigned char)strtoul(pair, &end, 16);
        if (*end != '\0' || end == pair)
            return false;
    }
    return true;
}

/* Two machines that go on from one state would draw the same numbers. */
static bool reseed(const char *hex)
{
    const struct rand_pool_info info = {.entropy_count = HV_RANDOM_BYTES * 8, .buf_size = HV_RANDOM_BYTES};
    unsigned char pool[sizeof(info) + HV_RANDOM_BYTES]; /* the bytes stand behind the structure */
    int fd;
    bool done;

    memcpy(pool, &info, sizeof(info));
    if (!parse_hex(hex, pool + sizeof(info), HV_RANDOM_BYTES))
        return false;
    fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
    done = fd >= 0 && ioctl(fd, RNDADDENTROPY, pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

struct go wait_for_go(void)
{
    int fd = open_port(HV_GO_PORT), hex = 0;
    struct go go = {.set = false};
    char line[LINE_BYTES];
    long long seconds = 0;
    long nanoseconds = 0;

    if (fd < 0)
        return go;
    warm_all();
    say("this start can be saved");
    if (write(fd, "READY\n", 6) != 6 || !read_line(fd, line, sizeof(line)) ||
        sscanf(line, "GO %u %lld %ld %n", &go.disks, &seconds, &nanoseconds, &hex) != 3 || hex == 0 ||
        strlen(line + hex) != 2 * (size_t)HV_RANDOM_BYTES || !reseed(line + hex)) {
        say("cannot go on from a saved start");
        _exit(1); /* the kernel panics, and qemu ends */
    }
    close(fd);
    set_clock(seconds, nanoseconds);
    go.set = true;
    return go;
}
