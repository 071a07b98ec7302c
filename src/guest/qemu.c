/* The appliance's qemu, found from outside. */
#include "src/guest/qemu.h"

#include "src/base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CMDLINE_BYTES = 64 << 10, STAT_BYTES = 1024 };

/* Reads a file of /proc/PID; -1 when it cannot be read. */
static ssize_t read_of(const char *pid, const char *name, char *text, size_t size)
{
    char path[64];
    SW_AUTO_CLOSE int fd = -1;

    snprintf(path, sizeof(path), "/proc/%.20s/%.20s", pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? read(fd, text, size) : -1;
}

bool qemu_guestfs_folder(pid_t qemu, char folder[QEMU_GUESTFS_FOLDER])
{
    static const char name[] = "/guestfsd.sock";
    SW_AUTO_FREE char *text = qemu > 0 ? malloc(CMDLINE_BYTES) : NULL;
    const char *end;
    char pid[24];
    ssize_t n;

    snprintf(pid, sizeof(pid), "%d", (int)qemu);
    n = text != NULL ? read_of(pid, "cmdline", text, CMDLINE_BYTES) : -1;
    end = n > 0 ? memmem(text, (size_t)n, name, sizeof(name) - 1) : NULL;
    if (end == NULL || end - text < QEMU_GUESTFS_FOLDER - 1)
        return false;
    snprintf(folder, QEMU_GUESTFS_FOLDER, "%s", end - (QEMU_GUESTFS_FOLDER - 1));
    return true;
}

static bool has_argument(const char *pid, const char *part)
{
    SW_AUTO_FREE char *text = malloc(CMDLINE_BYTES);
    /* The process between fork and exec still has our own arguments, which do not hold it. */
    ssize_t n = text != NULL ? read_of(pid, "cmdline", text, CMDLINE_BYTES) : -1;

    return n > 0 && memmem(text, (size_t)n, part, strlen(part)) != NULL;
}

pid_t qemu_of_socket(const char *socket_path)
{
    SW_AUTO_DIR DIR *proc = opendir("/proc");
    const struct dirent *entry;

    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        if (isdigit((unsigned char)entry->d_name[0]) && atol(entry->d_name) != getpid() &&
            has_argument(entry->d_name, socket_path))
            return (pid_t)atol(entry->d_name);
    }
    return -1;
}

int64_t qemu_cpu_ns(pid_t qemu)
{
    char pid[24], text[STAT_BYTES], *at;
    uint64_t user = 0, kernel = 0;
    ssize_t n;

    snprintf(pid, sizeof(pid), "%d", (int)qemu);
    n = qemu > 0 ? read_of(pid, "stat", text, sizeof(text) - 1) : -1;
    if (n <= 0)
        return 0;
    text[n] = '\0';
    at = strrchr(text, ')'); /* the name before it may hold anything */
    /* proc(5): fields 14 and 15, in clock ticks */
    if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
                             &user, &kernel) != 2)
        return 0;
    return (int64_t)((user + kernel) * UINT64_C(1000000000) / (uint64_t)sysconf(_SC_CLK_TCK));
}

bool qemu_hangs(int64_t silent_ns, int64_t used_ns, int64_t limit_ns)
{
    if (silent_ns < limit_ns)
        return false;
    return silent_ns >= 10 * limit_ns || used_ns < limit_ns / 30 || used_ns >= limit_ns / 2;
}
