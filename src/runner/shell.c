/* A program whose input comes while it runs: a shell, on a pseudo-terminal or on pipes. */
#include "src/runner/run_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BROKE_THE_RULES = 3 };

/* ---- Input ------------------------------------------------------------------------------------------------- */

int shell_wants_to_write(const struct run *run)
{
    return run->input != NULL && run->input->len > 0 ? run->in : -1;
}

static void say_taken(const struct run *run, size_t bytes)
{
    unsigned char payload[4];

    wire_put_u32(payload, (uint32_t)bytes);
    channel_send(run->channel, RUNNER_TAKEN, payload, sizeof(payload));
}

/* The program reads no more: what is sent to it goes nowhere. */
static void close_input(struct run *run)
{
    if (run->in >= 0)
        close(run->in);
    run->in = -1;
}

/* Nothing is left to be written, or nobody to read it. A terminal has no end but that of the program. */
static void settle(struct run *run)
{
    struct run_input *input = run->input;

    if (run->in < 0 && input->len > 0) {
        say_taken(run, input->len);
        input->len = 0;
    }
    if (input->len == 0 && input->ended && !run->terminal)
        close_input(run);
}

void shell_write(struct run *run)
{
    struct run_input *input = run->input;
    ssize_t n = write(run->in, input->bytes, input->len);

    if (n > 0) {
        input->len -= (size_t)n;
        memmove(input->bytes, input->bytes + n, input->len);
        say_taken(run, (size_t)n);
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        close_input(run);
    }
    settle(run);
}

static void take_input(struct run *run, const struct wire_in *in)
{
    struct run_input *input = run->input;
    size_t len = (size_t)(in->end - in->at);

    if (len > sizeof(input->bytes) - input->len)
        _exit(BROKE_THE_RULES);
    memcpy(input->bytes + input->len, in->at, len);
    input->len += len;
    if (len == 0)
        input->ended = true;
    settle(run);
}

/* Zeros mean that nobody knows. */
static int set_size(int fd, uint32_t columns, uint32_t rows)
{
    const struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};

    if (columns > RUNNER_SIZE_MAX || rows > RUNNER_SIZE_MAX) {
        errno = EINVAL;
        return -1;
    }
    return ioctl(fd, TIOCSWINSZ, &size);
}

void shell_take(struct run *run, struct request *request)
{
    uint32_t columns, rows;

    if (run->input == NULL)
        return;
    if (request->type == RUNNER_DATA)
        take_input(run, &request->in);
    if (request->type != RUNNER_RESIZE || !run->terminal || run->in < 0)
        return;
    columns = wire_u32(&request->in);
    rows = wire_u32(&request->in);
    /* A program that is about to end need not hear of it. */
    if (!request->in.bad && set_size(run->in, columns, rows) < 0)
        return;
}

/* ---- Streams ----------------------------------------------------------------------------------------------- */

/* A step may have put something else there, which must neither block nor be taken for a terminal. */
static int open_master(void)
{
    static const char *const places[] = {"/dev/pts/ptmx", "/dev/ptmx"};
    static const int unlocked = 0;

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int fd = open(places[i], O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

        if (fd >= 0 && ioctl(fd, TIOCSPTLCK, &unlocked) == 0)
            return fd;
        if (fd >= 0)
            close_quietly(fd);
    }
    return -1;
}

static int open_terminal(struct run *run, struct step *step, uint32_t columns, uint32_t rows)
{
    int slave;

    run->terminal = step->ends.terminal = true;
    run->out = open_master();
    if (run->out < 0 || set_size(run->out, columns, rows) < 0 ||
        (run->in = fcntl(run->out, F_DUPFD_CLOEXEC, 0)) < 0 ||
        (slave = ioctl(run->out, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
        return -1;
    step->ends.in = slave;
    step->ends.out = fcntl(slave, F_DUPFD_CLOEXEC, 0);
    step->ends.err = fcntl(slave, F_DUPFD_CLOEXEC, 0);
    return step->ends.out < 0 || step->ends.err < 0 ? -1 : 0;
}

static int open_pipes(struct run *run, struct step *step)
{
    int in[2];

    if (pipe2(in, O_CLOEXEC) < 0)
        return -1;
    step->ends.in = in[0];
    run->in = in[1];
    return fcntl(run->in, F_SETFL, O_NONBLOCK) < 0 ? -1 : open_outputs(run, step);
}

/* ---- The request ------------------------------------------------------------------------------------------- */

/* The shell that a login would start. 0, or an errno. */
static int choose_login_shell(struct step *step)
{
    static const char plain[] = "/bin/sh";
    const char *shell = find_bash();

    if (shell == NULL && access(plain, X_OK) == 0)
        shell = plain;
    if (shell == NULL)
        return ENOENT;
    free_words(step->argv);
    step->argv = calloc(3, sizeof(*step->argv));
    if (step->argv == NULL || (step->argv[0] = strdup(shell)) == NULL ||
        (step->argv[1] = strdup("-l")) == NULL)
        return ENOMEM;
    return 0;
}

static int read_shell(struct request *request, struct step *step, uint32_t size[2])
{
    *step = (struct step){.flags = wire_u32(&request->in), .ends = {-1, -1, -1, false}};
    size[0] = wire_u32(&request->in);
    size[1] = wire_u32(&request->in);
    step->cwd = request_text(request, RUNNER_PATH_MAX);
    step->argv = read_words(request);
    step->env = read_words(request);
    return step->cwd == NULL || step->argv == NULL || step->env == NULL || request->in.bad ? -1 : 0;
}

static void start_shell(struct run *run, struct request *request, struct step *step, const uint32_t size[2])
{
    bool terminal = (step->flags & RUNNER_RUN_TERMINAL) != 0;

    if ((terminal ? open_terminal(run, step, size[0], size[1]) : open_pipes(run, step)) < 0) {
        send_exit(run->channel, RUNNER_NOT_STARTED, errno,
                  terminal ? "a pseudo-terminal in the guest" : "a pipe");
        return;
    }
    run_prepared(run, request, step);
}

void run_shell(const struct channel *channel, struct request *request)
{
    static struct run_input input;
    struct run run = {.channel = channel, .in = -1, .out = -1, .err = -1, .input = &input};
    struct step step;
    uint32_t size[2];
    int error = 0;

    input.len = 0;
    input.ended = false;
    if (read_shell(request, &step, size) < 0) {
        channel_fail(channel, EINVAL, "a request for a shell that makes no sense");
    } else {
        if (step.argv[0] == NULL)
            error = choose_login_shell(&step);
        if (error == 0)
            start_shell(&run, request, &step, size);
        else
            send_exit(channel, RUNNER_NOT_STARTED, error, "a shell: the image has neither bash nor /bin/sh");
        run_close(&run, &step);
    }
    free_step(&step);
}
