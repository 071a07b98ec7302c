/* The runner in a system that was booted: a service among others, which changes nothing beneath the steps. */
#include "src/runner/runner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool booted;

bool is_booted(void)
{
    return booted;
}

int booted_begin(void)
{
    booted = true;
    /* What a step leaves behind becomes ours, and ends with it. */
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* proc(5): the name may hold anything, so what counts stands behind its last parenthesis. */
static pid_t parent_of(const char *pid)
{
    char path[64], text[512], state;
    const char *at;
    ssize_t n = -1;
    int fd, parent;

    snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    at = strrchr(text, ')');
    return at != NULL && sscanf(at + 1, " %c %d", &state, &parent) == 2 ? parent : -1;
}

static void kill_children(void)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && parent_of(entry->d_name) == getpid())
            kill((pid_t)atoi(entry->d_name), SIGKILL);
    if (dir != NULL)
        closedir(dir);
}

void booted_kill_all(void)
{
    /* The children of one that ends come to us, and are killed in the next turn. */
    do {
        kill_children();
    } while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}
