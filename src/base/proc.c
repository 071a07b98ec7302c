/* Other programs: run one without a shell and keep what it said. */
#include "src/base/proc.h"

#include "src/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 20 };

static int spawn(const char *const argv[], int out_fd, pid_t *pid, struct sw_err *err)
{
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
    failed = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == 0)
        return 0;
    errno = failed;
    return sw_fail_errno(err, "cannot run '%s'", argv[0]);
}

/* Reads until the pipe closes. Returns 1 when the time is over. */
static int drain(int fd, int64_t deadline_ns, struct sw_buf *out, struct sw_err *err)
{
    char chunk[4096];

    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_ns == 0 ? -1 : (deadline_ns - sw_monotonic_ns()) / 1000000;
        ssize_t n;

        if (deadline_ns != 0 && left_ms <= 0)
            return 1;
        if (poll(&wait, 1, (int)left_ms) <= 0)
            continue;
        n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return 0;
        if (out != NULL && out->len < OUTPUT_MAX && sw_buf_append(out, chunk, (size_t)n, err) < 0)
            return -1;
    }
}

int sw_run_program(const char *const argv[], int timeout_ms, struct sw_buf *out, int *status,
                   struct sw_err *err)
{
    SW_AUTO_CLOSE int reader = -1;
    int64_t deadline = timeout_ms > 0 ? sw_monotonic_ns() + (int64_t)timeout_ms * 1000000 : 0;
    int pipe_fd[2], drained, code = 0;
    pid_t pid;

    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return sw_fail_errno(err, "cannot make a pipe");
    reader = pipe_fd[0];
    if (spawn(argv, pipe_fd[1], &pid, err) < 0) {
        close(pipe_fd[1]);
        return -1;
    }
    close(pipe_fd[1]);
    drained = drain(reader, deadline, out, err);
    if (drained != 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
        continue;
    if (drained > 0)
        return sw_fail(err, SW_FAILED, "'%s' did not end within %d ms", argv[0], timeout_ms);
    *status = WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
    return drained;
}
