/* A shell in a guest, between the runner and this process's own streams. */
#include "slipway/progress.h"
#include "src/base/cleanup.h"
#include "src/base/terminal.h"
#include "src/guest/client.h"
#include "src/guest/stream.h"
#include "src/guest/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SLICE_MS = 250,
    INPUT_READ_BYTES = 16 << 10,
    KILL_MS = 10000, /* how late a runner may be in ending a program, unless the client's grace is shorter */
    ESCAPE = 0x1d,   /* ^] */
    ESCAPES = 3,
    ESCAPE_MS = 1000,
    TERM_MAX = 64,
    ENV_MAX = 64,
    HELD_MAX = 2, /* bytes of a character that may be one that a terminal obeys */
};

/* Where a stream of the guest's goes. */
struct sink {
    int fd;
    bool safe; /* it is a terminal that the guest does not have */
    unsigned char held[HELD_MAX];
    size_t nr_held;
};

struct shell {
    struct client *client;
    const struct sw_guest_shell *ask;
    struct sink out, err_out;
    struct sw_buf queue; /* frames on their way … */
    size_t sent;         /* … of which so much was taken by the stream */
    size_t untaken;      /* bytes of input that the program has not got yet */
    bool input_ended, is_raw;
    int changes;          /* of the terminal; -1: none */
    int64_t spoke_ms;     /* when the runner last said something */
    int64_t killed_until; /* the program was ended and has so long for it; 0: it was not */
    unsigned escapes;     /* ^] in a row */
    int64_t escaped_ms;   /* the first of them */
};

/* ---- Output ------------------------------------------------------------------------------------------------ */

/* Nothing is wrong with the appliance, and nothing more is asked of it. */
static int write_failed(struct shell *shell, int fd, struct sw_err *err)
{
    struct client *client = shell->client;

    sw_fail_errno(err, "cannot write to standard %s", fd == shell->ask->out ? "output" : "error");
    client->broken = true;
    client->because = *err;
    return -1;
}

static int write_out(struct shell *shell, int fd, const void *bytes, size_t len, struct sw_err *err)
{
    const unsigned char *at = bytes;

    while (len > 0) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        ssize_t n = poll(&wait, 1, SLICE_MS) > 0 ? write(fd, at, len) : 0;

        if (sw_interrupted())
            return stream_lost(shell->client, err, SW_INTERRUPTED, "interrupted");
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return write_failed(shell, fd, err);
        at += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* How much at the end may be the begin of a character that a terminal obeys: 0xc2, 0xe2, 0xe2 0x80, 0xe2 0x81. */
static size_t undecided(const unsigned char *bytes, size_t len)
{
    if (len > 0 && (bytes[len - 1] == 0xc2 || bytes[len - 1] == 0xe2))
        return 1;
    return len > 1 && bytes[len - 2] == 0xe2 && (bytes[len - 1] == 0x80 || bytes[len - 1] == 0x81) ? 2 : 0;
}

static int append_safely(struct sw_buf *out, const unsigned char *at, size_t len, struct sw_err *err)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char next[4] = {at[i], i + 1 < len ? at[i + 1] : 0, i + 2 < len ? at[i + 2] : 0, 0};
        size_t n = at[i] == '\n' || at[i] == '\t' ? 0 : sw_obeyed_by_terminals(next);

        if (n == 0 && sw_buf_append(out, &at[i], 1, err) < 0)
            return -1;
        for (size_t k = 0; k < n; k++)
            if (sw_buf_printf(out, err, "\\x%02x", at[i + k]) < 0)
                return -1;
        i += n > 0 ? n - 1 : 0;
    }
    return 0;
}

static int say_safely(struct shell *shell, struct sink *sink, const void *bytes, size_t len,
                      struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf all = {0}, shown = {0};
    size_t keep;

    if (sw_buf_append(&all, sink->held, sink->nr_held, err) < 0 || sw_buf_append(&all, bytes, len, err) < 0)
        return -1;
    keep = len > 0 ? undecided((const unsigned char *)all.data, all.len) : 0;
    if (append_safely(&shown, (const unsigned char *)all.data, all.len - keep, err) < 0)
        return -1;
    memcpy(sink->held, all.data + all.len - keep, keep);
    sink->nr_held = keep;
    return shown.len > 0 ? write_out(shell, sink->fd, shown.data, shown.len, err) : 0;
}

static int say(struct shell *shell, struct sink *sink, const struct frame *frame, struct sw_err *err)
{
    size_t len = (size_t)(frame->in.end - frame->in.at);

    if (sink->safe)
        return say_safely(shell, sink, frame->in.at, len, err);
    return write_out(shell, sink->fd, frame->in.at, len, err);
}

/* On a raw terminal a line ends with a return. */
static int say_raw(struct shell *shell, const struct frame *frame, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    for (const unsigned char *at = frame->in.at; at < frame->in.end; at++)
        if ((*at == '\n' && sw_buf_append(&text, "\r", 1, err) < 0) || sw_buf_append(&text, at, 1, err) < 0)
            return -1;
    return text.len > 0 ? write_out(shell, shell->ask->err, text.data, text.len, err) : 0;
}

/* ---- Frames ------------------------------------------------------------------------------------------------ */

/* Puts a frame behind those that are on their way. */
static int queue(struct shell *shell, struct request_out *request, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf frames = {0};

    if (request_take(request, &frames, err) < 0)
        return -1;
    if (shell->sent == shell->queue.len)
        shell->sent = shell->queue.len = 0;
    return sw_buf_append(&shell->queue, frames.data, frames.len, err);
}

static int queue_input(struct shell *shell, const void *bytes, size_t len, struct sw_err *err)
{
    struct request_out request;

    request_begin(&request, RUNNER_DATA, err);
    request_bytes(&request, bytes, len);
    shell->untaken += len;
    return queue(shell, &request, err);
}

static int queue_size(struct shell *shell, struct sw_err *err)
{
    struct request_out request;
    uint32_t columns, rows;

    terminal_changed();
    terminal_size(shell->ask->in, &columns, &rows);
    request_begin(&request, RUNNER_RESIZE, err);
    request_u32(&request, columns);
    request_u32(&request, rows);
    return queue(shell, &request, err);
}

static int queue_kill(struct shell *shell, struct sw_err *err)
{
    struct request_out request;

    if (shell->killed_until != 0)
        return 0;
    shell->killed_until =
        stream_now_ms() + (shell->client->grace_ms < KILL_MS ? shell->client->grace_ms : KILL_MS);
    request_begin(&request, RUNNER_KILL, err);
    return queue(shell, &request, err);
}

/* As much as the stream takes now. */
static int send_some(struct shell *shell, struct sw_err *err)
{
    ssize_t n = send(shell->client->fd, shell->queue.data + shell->sent, shell->queue.len - shell->sent,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return stream_lost(shell->client, err, SW_FAILED, "the connection to the guest's runner broke");
    shell->sent += n > 0 ? (size_t)n : 0;
    return 0;
}

static int take_taken(struct shell *shell, struct frame *frame, struct sw_err *err)
{
    uint32_t bytes = wire_u32(&frame->in);

    if (frame->in.bad || bytes > shell->untaken)
        return stream_lost(shell->client, err, SW_FAILED,
                           "the guest's runner took more input than there was");
    shell->untaken -= bytes;
    return 0;
}

/* 1: the program has ended. */
static int take_frame(struct shell *shell, struct sw_guest_exit *out, struct sw_err *err)
{
    struct frame frame;

    if (frame_read_any(shell->client, shell->killed_until, &frame, err) < 0)
        return -1;
    shell->spoke_ms = stream_now_ms();
    switch (frame.type) {
    case RUNNER_ALIVE:
    case RUNNER_NOTICE: /* what is refused is also said on the program's stderr */
    case RUNNER_NO_START:
    case RUNNER_LEFT_OUT:
        return 0;
    case RUNNER_STDOUT:
        return say(shell, &shell->out, &frame, err);
    case RUNNER_STDERR:
        return shell->is_raw ? say_raw(shell, &frame, err) : say(shell, &shell->err_out, &frame, err);
    case RUNNER_TAKEN:
        return take_taken(shell, &frame, err);
    case RUNNER_EXIT:
        return client_read_exit(shell->client, &frame, out, err) < 0 ? -1 : 1;
    default:
        return client_refused(shell->client, &frame, "shell", err);
    }
}

/* ---- Input ------------------------------------------------------------------------------------------------- */

/* Whether these bytes hold the last of three ^] in a row within a second. */
static bool is_escape(struct shell *shell, const char *bytes, size_t len)
{
    int64_t now = stream_now_ms();

    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != ESCAPE) {
            shell->escapes = 0;
            continue;
        }
        if (shell->escapes == 0 || now - shell->escaped_ms > ESCAPE_MS) {
            shell->escapes = 0;
            shell->escaped_ms = now;
        }
        if (++shell->escapes == ESCAPES)
            return true;
    }
    return false;
}

/* Pipes have an end of input; a terminal that is gone needs no program. */
static int end_input(struct shell *shell, struct sw_err *err)
{
    shell->input_ended = true;
    return shell->is_raw ? queue_kill(shell, err) : queue_input(shell, NULL, 0, err);
}

static int take_input(struct shell *shell, struct sw_err *err)
{
    char bytes[INPUT_READ_BYTES];
    size_t room = RUNNER_INPUT_BYTES - shell->untaken;
    ssize_t n = read(shell->ask->in, bytes, room < sizeof(bytes) ? room : sizeof(bytes));

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n <= 0)
        return end_input(shell, err);
    if (shell->is_raw && is_escape(shell, bytes, (size_t)n))
        return queue_kill(shell, err);
    return queue_input(shell, bytes, (size_t)n, err);
}

/* ---- The whole --------------------------------------------------------------------------------------------- */

static int check(struct shell *shell, struct sw_err *err)
{
    int64_t now = stream_now_ms();

    if (sw_interrupted())
        return stream_lost(shell->client, err, SW_INTERRUPTED, "interrupted");
    if (shell->killed_until != 0 && now >= shell->killed_until)
        return stream_lost(shell->client, err, SW_FAILED, "the runner in the guest did not end the shell");
    if (now - shell->spoke_ms >= shell->client->silence_ms)
        return stream_lost(shell->client, err, SW_FAILED, "the runner in the guest said nothing for %d s",
                           shell->client->silence_ms / 1000);
    return 0;
}

/* 1: the program has ended. */
static int turn(struct shell *shell, struct sw_guest_exit *out, struct sw_err *err)
{
    bool wants_input = !shell->input_ended && shell->untaken < RUNNER_INPUT_BYTES;
    short out_too = shell->sent < shell->queue.len ? POLLOUT : 0;
    struct pollfd wait[] = {{.fd = shell->client->fd, .events = (short)(POLLIN | out_too)},
                            {.fd = wants_input ? shell->ask->in : -1, .events = POLLIN},
                            {.fd = shell->changes, .events = POLLIN},
                            {.fd = shell->client->ended_fd, .events = POLLIN}};
    int n = poll(wait, SW_ARRAY_LEN(wait), SLICE_MS);

    if (check(shell, err) < 0)
        return -1;
    if (n <= 0)
        return 0;
    if ((wait[2].revents != 0 && queue_size(shell, err) < 0) ||
        (wait[1].revents != 0 && take_input(shell, err) < 0) ||
        ((wait[0].revents & POLLOUT) != 0 && send_some(shell, err) < 0))
        return -1;
    if ((wait[0].revents & ~POLLOUT) != 0)
        return take_frame(shell, out, err);
    if (wait[3].revents != 0)
        return stream_lost(shell->client, err, SW_FAILED, "the runner in the guest ended too early");
    return 0;
}

/* A frame that is cut in two would put the stream out of step. */
static int send_rest(struct shell *shell, struct sw_err *err)
{
    if (shell->sent == shell->queue.len)
        return 0;
    return stream_send(shell->client, shell->queue.data + shell->sent, shell->queue.len - shell->sent, err);
}

/* What was held back of a character. */
static int say_rest(struct shell *shell, struct sink *sink, struct sw_err *err)
{
    return sink->nr_held > 0 ? say_safely(shell, sink, "", 0, err) : 0;
}

/* Until the program's end. */
static int pump(struct shell *shell, struct sw_guest_exit *out, struct sw_err *err)
{
    int rc = 0;

    shell->spoke_ms = stream_now_ms();
    while (rc == 0)
        rc = turn(shell, out, err);
    if (rc < 0 || send_rest(shell, err) < 0 || say_rest(shell, &shell->out, err) < 0)
        return -1;
    return say_rest(shell, &shell->err_out, err);
}

/* "TERM=…" of the user's, unless it is none that a guest should see. */
static void user_term(char text[static 8 + TERM_MAX])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+.";
    const char *term = getenv("TERM");
    size_t len = term != NULL ? strlen(term) : 0;

    if (len == 0 || len > TERM_MAX || strspn(term, letters) != len)
        term = "dumb";
    snprintf(text, 8 + TERM_MAX, "TERM=%s", term);
}

static int send_request(struct shell *shell, struct sw_err *err)
{
    const struct sw_guest_shell *ask = shell->ask;
    const char *cwd = ask->cwd != NULL ? ask->cwd : "/root", *env[ENV_MAX + 3];
    char term[8 + TERM_MAX];
    struct request_out request;
    uint32_t columns = 0, rows = 0;
    size_t n = 0;

    if (ask->terminal) {
        user_term(term);
        env[n++] = term;
        terminal_size(ask->in, &columns, &rows);
    }
    if (ask->argv == NULL)
        env[n++] = "HISTFILE=";
    for (size_t i = 0; ask->env != NULL && ask->env[i] != NULL; i++) {
        if (i == ENV_MAX)
            return sw_fail(err, SW_USAGE, "more than %d variables for a shell", ENV_MAX);
        env[n++] = ask->env[i];
    }
    env[n] = NULL;
    request_begin(&request, RUNNER_SHELL, err);
    request_u32(&request, (ask->terminal ? (uint32_t)RUNNER_RUN_TERMINAL : 0) |
                              (ask->skip_starts ? (uint32_t)RUNNER_RUN_SKIP_STARTS : 0));
    request_u32(&request, columns);
    request_u32(&request, rows);
    request_text(&request, cwd, strlen(cwd));
    client_add_words(&request, ask->argv);
    client_add_words(&request, env);
    return request_send(&request, shell->client, err);
}

int client_shell(struct sw_guest *guest, const struct sw_guest_shell *ask, struct sw_guest_exit *out,
                 struct sw_err *err)
{
    struct shell shell = {
        .client = (struct client *)guest,
        .ask = ask,
        .out = {.fd = ask->out, .safe = !ask->terminal && isatty(ask->out)},
        .err_out = {.fd = ask->err, .safe = !ask->terminal && isatty(ask->err)},
        .is_raw = ask->terminal,
        .changes = -1,
    };
    int rc = -1;

    if (ask->terminal && terminal_take(ask->in, &shell.changes, err) < 0)
        return -1;
    if (send_request(&shell, err) == 0)
        rc = pump(&shell, out, err);
    if (ask->terminal)
        terminal_give_back();
    sw_buf_free(&shell.queue);
    return rc;
}
