/* Running one step: a script or a program, its output as it comes, and an end for everything that it started. */
#include "src/runner/run_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void kill_all(void)
{
    if (is_booted()) {
        booted_kill_all();
        return;
    }
    /* Processes that are about to be forked see the signal too, so once is enough but for those being traced. */
    do {
        if (kill(-1, SIGKILL) < 0 && errno == ESRCH)
            break;
    } while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

void free_words(char **words)
{
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        free(words[i]);
    free(words);
}

char **read_words(struct request *request)
{
    uint32_t n = wire_u32(&request->in);
    char **words = n <= RUNNER_WORDS_MAX ? calloc((size_t)n + 1, sizeof(*words)) : NULL;

    for (uint32_t i = 0; words != NULL && i < n; i++) {
        words[i] = request_text(request, RUNNER_PAYLOAD_MAX);
        if (words[i] == NULL) {
            free_words(words);
            return NULL;
        }
    }
    return words;
}

static int read_step(struct request *request, struct step *step)
{
    *step = (struct step){.flags = wire_u32(&request->in), .ends = {-1, -1, -1, false}};
    step->timeout_ms = wire_u64(&request->in);
    step->cwd = request_text(request, RUNNER_PATH_MAX);
    step->script = wire_text(&request->in);
    step->argv = read_words(request);
    step->env = read_words(request);
    if (step->cwd == NULL || step->argv == NULL || step->env == NULL || request->in.bad)
        return -1;
    return (step->flags & RUNNER_RUN_SCRIPT) != 0 || step->argv[0] != NULL ? 0 : -1;
}

void free_step(struct step *step)
{
    free(step->cwd);
    free_words(step->argv);
    free_words(step->env);
}

void send_exit(const struct channel *channel, enum runner_exit kind, int value, const char *text)
{
    unsigned char payload[12 + 128];
    size_t len = strlen(text) < 128 ? strlen(text) : 128;

    wire_put_u32(payload, (uint32_t)kind);
    wire_put_u32(payload + 4, (uint32_t)value);
    wire_put_u32(payload + 8, (uint32_t)len);
    memcpy(payload + 12, text, len);
    channel_send(channel, RUNNER_EXIT, payload, 12 + len);
}

const char *find_bash(void)
{
    static const char *const shells[] = {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"};

    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
        if (access(shells[i], X_OK) == 0)
            return shells[i];
    return NULL;
}

/* Writes the script and makes argv from it. 0, or an errno with *what set. */
static int prepare_script(struct step *step, const char **what)
{
    static unsigned counter;
    const char *shell = find_bash(), *dir = script_dir();
    ssize_t n;
    int fd;

    *what = "the image has no bash";
    if (shell == NULL)
        return ENOENT;
    *what = "the image has neither /tmp nor /run";
    if (dir == NULL)
        return ENOENT;
    *what = "cannot write the script";
    snprintf(step->script_path, sizeof(step->script_path), "%s/script-%u.sh", dir, ++counter);
    fd = open(step->script_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0700);
    if (fd < 0)
        return errno;
    n = write(fd, step->script.at, step->script.len);
    if (close(fd) < 0 || n != (ssize_t)step->script.len)
        return n < 0 ? errno : ENOSPC;
    free_words(step->argv);
    step->argv = calloc(3, sizeof(*step->argv));
    if (step->argv != NULL && (step->argv[0] = strdup(shell)) != NULL)
        step->argv[1] = strdup(step->script_path);
    return step->argv != NULL && step->argv[0] != NULL && step->argv[1] != NULL ? 0 : ENOMEM;
}

/* UTF-8 where the image has the locale; where it has not, bash and perl would warn in every step. */
static char *locale(void)
{
    static const char *const places[] = {"/usr/lib/locale/C.utf8", "/usr/lib/locale/C.UTF-8"};
    static char utf8[] = "LC_ALL=C.UTF-8", plain[] = "LC_ALL=C";

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], F_OK) == 0)
            return utf8;
    return plain;
}

#define PROGRAMS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* The fixed environment, then what the step was given. */
static int set_environment(char **env)
{
    static char wrapped[] = "PATH=" RUNNER_WRAPPERS ":" PROGRAMS, plain[] = "PATH=" PROGRAMS;
    static char *const fixed[] = {
        "HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "TERM=dumb", "WORKING_DIRECTORY=/tmp",
    };
    static char apt[] = "APT_CONFIG=" RUNNER_APT_CONF;

    clearenv();
    if (putenv(locale()) != 0 || putenv(access(RUNNER_WRAPPERS, X_OK) == 0 ? wrapped : plain) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (putenv(fixed[i]) != 0)
            return -1;
    if (access(RUNNER_APT_CONF, R_OK) == 0 && putenv(apt) != 0)
        return -1;
    for (size_t i = 0; env[i] != NULL; i++)
        if (strchr(env[i], '=') != NULL && putenv(env[i]) != 0)
            return -1;
    return 0;
}

/* What would change the machine beneath the guest, not the guest. */
static void drop_powers(void)
{
    static const int powers[] = {CAP_SYS_TIME, CAP_SYS_MODULE, CAP_SYS_BOOT};
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    for (size_t i = 0; !is_booted() && i < sizeof(powers) / sizeof(powers[0]); i++)
        prctl(PR_CAPBSET_DROP, powers[i], 0, 0, 0);
    if (fd < 0)
        return;
    if (write(fd, "200", 3) < 0) {
        /* Then it is as likely to be ended as the runner. */
    }
    close(fd);
}

/* Standard input of a step without one is empty; without a /dev/null it gets none at all. */
static bool connect_streams(const struct step_ends *ends)
{
    int in = ends->in >= 0 ? ends->in : open("/dev/null", O_RDWR | O_CLOEXEC);

    if (ends->terminal && ioctl(in, TIOCSCTTY, 0) < 0)
        return false;
    if (in >= 0)
        dup2(in, STDIN_FILENO);
    else
        close(STDIN_FILENO);
    return dup2(ends->out, STDOUT_FILENO) >= 0 && dup2(ends->err, STDERR_FILENO) >= 0;
}

static void __attribute__((noreturn)) child(const struct step *step, int report)
{
    bool inside = runner_enter_root() == 0;
    sigset_t none;
    int error;

    drop_powers();
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    umask(022);
    if (connect_streams(&step->ends) && inside && (chdir(step->cwd) == 0 || chdir("/") == 0) &&
        set_environment(step->env) == 0)
        execvp(step->argv[0], step->argv);
    error = errno;
    if (write(report, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

/* Until the program runs or cannot be started: its start is a call that is watched. */
static int await_start(const struct run *run, int report)
{
    int error = 0;

    for (;;) {
        struct pollfd wait[] = {{.fd = report, .events = POLLIN}, {.fd = watch_fd(), .events = POLLIN}};

        if (poll(wait, 2, -1) < 0)
            continue;
        if (wait[1].revents != 0)
            watch_answer(run->channel);
        if (wait[0].revents != 0)
            return read(report, &error, sizeof(error)) == (ssize_t)sizeof(error) ? error : 0;
    }
}

int open_outputs(struct run *run, struct step *step)
{
    int out[2], err[2];

    if (pipe2(out, O_CLOEXEC) < 0)
        return -1;
    run->out = out[0];
    step->ends.out = out[1];
    if (pipe2(err, O_CLOEXEC) < 0)
        return -1;
    run->err = err[0];
    step->ends.err = err[1];
    return 0;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close_quietly(*fd);
    *fd = -1;
}

/* Forks. 0, or the errno that kept the program from starting. */
static int start(struct step *step, struct run *run)
{
    int report[2], error = 0;

    if (pipe2(report, O_CLOEXEC) < 0)
        return errno;
    run->pid = fork();
    if (run->pid == 0)
        child(step, report[1]);
    if (run->pid < 0)
        error = errno;
    close(report[1]);
    close_end(&step->ends.in);
    close_end(&step->ends.out);
    close_end(&step->ends.err);
    if (run->pid > 0)
        error = await_start(run, report[0]);
    close(report[0]);
    if (error != 0)
        kill_all();
    return error;
}

static void relay(struct run *run, int *fd, uint32_t type)
{
    static unsigned char chunk[RUNNER_CHUNK_BYTES];
    ssize_t n = read(*fd, chunk, sizeof(chunk));

    if (n > 0) {
        channel_send(run->channel, type, chunk, (size_t)n);
    } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
        close(*fd);
        *fd = -1;
    }
}

/* Collects children; those that the step left behind become ours. */
static void reap(struct run *run)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    if (read(run->signals, &info, sizeof(info)) < 0 && errno != EAGAIN)
        return;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == run->pid) {
            run->ended = true;
            run->status = status;
        }
    }
}

/* How long to wait at most: until the step's time is over, or a sign of life is due. */
static int wait_ms(const struct run *run)
{
    int64_t left = channel_alive(run->channel);

    if (run->deadline_ms != 0 && run->deadline_ms - now_ms() < left)
        left = run->deadline_ms - now_ms();
    return left < 0 ? 0 : (int)left;
}

/* Until the step itself ends, its time is over, or slipway wants it to end. */
static void follow(struct run *run, struct request *request)
{
    while (!run->ended) {
        struct pollfd wait[] = {
            {.fd = run->channel->fd, .events = POLLIN}, {.fd = run->signals, .events = POLLIN},
            {.fd = run->out, .events = POLLIN},         {.fd = run->err, .events = POLLIN},
            {.fd = watch_fd(), .events = POLLIN},       {.fd = shell_wants_to_write(run), .events = POLLOUT}};
        int n = poll(wait, sizeof(wait) / sizeof(wait[0]), wait_ms(run));

        if (run->deadline_ms != 0 && now_ms() >= run->deadline_ms) {
            run->timed_out = true;
            return;
        }
        if (n <= 0)
            continue;
        if (wait[2].revents != 0)
            relay(run, &run->out, RUNNER_STDOUT);
        if (wait[3].revents != 0)
            relay(run, &run->err, RUNNER_STDERR);
        if (wait[4].revents != 0)
            watch_answer(run->channel);
        if (wait[5].revents != 0)
            shell_write(run);
        if (wait[1].revents != 0)
            reap(run);
        if (wait[0].revents != 0) {
            channel_read(run->channel, request);
            if (request->type == RUNNER_KILL)
                return;
            shell_take(run, request);
        }
    }
}

/* With everybody dead the pipes end; what they still hold is part of the output. */
static void drain(struct run *run)
{
    while (run->out >= 0)
        relay(run, &run->out, RUNNER_STDOUT);
    while (run->err >= 0)
        relay(run, &run->err, RUNNER_STDERR);
}

static void report_end(const struct run *run)
{
    if (run->timed_out)
        send_exit(run->channel, RUNNER_TIMED_OUT, 0, "");
    else if (!run->ended)
        send_exit(run->channel, RUNNER_SIGNALED, SIGKILL, "");
    else if (WIFSIGNALED(run->status))
        send_exit(run->channel, RUNNER_SIGNALED, WTERMSIG(run->status), "");
    else
        send_exit(run->channel, RUNNER_EXITED, WEXITSTATUS(run->status), "");
}

void run_prepared(struct run *run, struct request *request, struct step *step)
{
    sigset_t child_signal;
    int error;

    sigemptyset(&child_signal);
    sigaddset(&child_signal, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_signal, NULL);
    run->signals = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
    if (step->timeout_ms > 0 && step->timeout_ms < INT64_MAX / 2)
        run->deadline_ms = now_ms() + (int64_t)step->timeout_ms;
    watch_skip_starts((step->flags & RUNNER_RUN_SKIP_STARTS) != 0);
    error = run->signals < 0 || runner_leave_root() < 0 ? errno : start(step, run);
    if (error == 0) {
        follow(run, request);
        kill_all();
        drain(run);
        report_end(run);
    } else {
        send_exit(run->channel, RUNNER_NOT_STARTED, error, step->argv[0]);
    }
    if (run->signals >= 0)
        close(run->signals);
    /* Without the guest's root nothing more can be done for it. */
    if (runner_enter_root() < 0)
        _exit(1);
}

void run_close(struct run *run, struct step *step)
{
    int *const ends[] = {&run->in, &run->out, &run->err, &step->ends.in, &step->ends.out, &step->ends.err};

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        close_end(ends[i]);
}

void run_step(const struct channel *channel, struct request *request)
{
    struct run run = {.channel = channel, .in = -1, .out = -1, .err = -1};
    struct step step;
    const char *what = "";
    int error = 0;

    if (read_step(request, &step) < 0) {
        free_step(&step);
        channel_fail(channel, EINVAL, "a run request that makes no sense");
        return;
    }
    if ((step.flags & RUNNER_RUN_SCRIPT) != 0)
        error = prepare_script(&step, &what);
    if (error == 0) {
        what = step.argv[0];
        error = open_outputs(&run, &step) < 0 ? errno : 0;
    }
    if (error == 0)
        run_prepared(&run, request, &step);
    else
        send_exit(channel, RUNNER_NOT_STARTED, error, what);
    run_close(&run, &step);
    if (step.script_path[0] != '\0')
        unlink(step.script_path);
    free_step(&step);
}
