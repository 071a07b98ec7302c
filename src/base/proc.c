/* Other programs: run one without a shell and keep what it said. */
#include "src/base/proc.h"

#include "slipway/progress.h"
#include "src/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_MAX = 1 << 20, LOOK_MS = 200 };

static int spawn(const char *const argv[], int out_fd, bool apart, pid_t *pid, struct sw_err *err)
{
    posix_spawn_file_actions_t actions;
    int failed;

    posix_spawn_file_actions_init(&actions);
    if (!apart) {
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, out_fd, STDERR_FILENO);
    }
    posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
    failed = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == 0)
        return 0;
    errno = failed;
    return sw_fail_errno(err, "cannot run '%s'", argv[0]);
}

/* How a program is run and what is kept of it. */
struct run {
    int timeout_ms;
    bool apart; /* stdout only, and too much of it is a failure; stdin and stderr stay the caller's */
    size_t max_bytes;
    struct sw_buf *out; /* NULL: nothing is kept */
};

enum drained { DRAINED_ALL, DRAINED_LATE, DRAINED_TOO_MUCH, DRAINED_STOPPED };

/* Appends what was read as far as there is room for it. */
static int keep(const struct run *run, const char *bytes, size_t n, enum drained *how, struct sw_err *err)
{
    if (run->out == NULL)
        return 0;
    if (run->apart && run->out->len + n > run->max_bytes)
        *how = DRAINED_TOO_MUCH;
    else if (run->out->len < run->max_bytes)
        return sw_buf_append(run->out, bytes, n, err);
    return 0;
}

/* How long to wait for output: who waits for a program that asks somebody looks up now and then. */
static int patience_ms(const struct run *run, int64_t left_ms)
{
    return (int)(run->apart && (left_ms < 0 || left_ms > LOOK_MS) ? LOOK_MS : left_ms);
}

/* Reads until the pipe closes, the time is over, too much came or a signal. */
static int drain(int fd, const struct run *run, enum drained *how, struct sw_err *err)
{
    int64_t deadline_ns = run->timeout_ms > 0 ? sw_monotonic_ns() + (int64_t)run->timeout_ms * 1000000 : 0;
    char chunk[4096];
    int rc = 0;

    *how = DRAINED_ALL;
    while (rc == 0 && *how == DRAINED_ALL) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_ns == 0 ? -1 : (deadline_ns - sw_monotonic_ns()) / 1000000;
        ssize_t n;

        if (deadline_ns != 0 && left_ms <= 0) {
            *how = DRAINED_LATE;
            break;
        }
        if (run->apart && sw_interrupted()) {
            *how = DRAINED_STOPPED;
            break;
        }
        if (poll(&wait, 1, patience_ms(run, left_ms)) <= 0)
            continue;
        n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        rc = keep(run, chunk, (size_t)n, how, err);
    }
    if (run->apart)
        explicit_bzero(chunk, sizeof(chunk));
    return rc;
}

static int run_program(const char *const argv[], const struct run *run, int *status, struct sw_err *err)
{
    SW_AUTO_CLOSE int reader = -1;
    enum drained how = DRAINED_ALL;
    int pipe_fd[2], rc, code = 0;
    pid_t pid;

    if (pipe2(pipe_fd, O_CLOEXEC) < 0)
        return sw_fail_errno(err, "cannot make a pipe");
    reader = pipe_fd[0];
    if (spawn(argv, pipe_fd[1], run->apart, &pid, err) < 0) {
        close(pipe_fd[1]);
        return -1;
    }
    close(pipe_fd[1]);
    rc = drain(reader, run, &how, err);
    if (rc != 0 || how != DRAINED_ALL)
        kill(pid, SIGKILL);
    while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
        continue;
    if (how == DRAINED_STOPPED)
        return sw_check_interrupt(err);
    if (how == DRAINED_LATE)
        return sw_fail(err, SW_FAILED, "'%s' did not end within %d ms", argv[0], run->timeout_ms);
    if (how == DRAINED_TOO_MUCH)
        return sw_fail(err, SW_FAILED, "'%s' prints more than %zu bytes", argv[0], run->max_bytes);
    *status = WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
    return rc;
}

int sw_run_program(const char *const argv[], int timeout_ms, struct sw_buf *out, int *status,
                   struct sw_err *err)
{
    const struct run run = {.timeout_ms = timeout_ms, .max_bytes = OUTPUT_MAX, .out = out};

    return run_program(argv, &run, status, err);
}

int sw_capture_program(const char *const argv[], int timeout_ms, size_t max_bytes, struct sw_buf *out,
                       int *status, struct sw_err *err)
{
    const struct run run = {.timeout_ms = timeout_ms, .apart = true, .max_bytes = max_bytes, .out = out};

    if (sw_buf_reserve(out, max_bytes + 1, err) < 0)
        return -1;
    return run_program(argv, &run, status, err);
}
