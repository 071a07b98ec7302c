/* Asking on the terminal without echo. */
#include "src/base/cleanup.h"
#include "src/seal/phrase.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

/* The terminal while somebody types; undone in reverse order. */
struct quiet_tty {
    int fd;
    int signals; /* readable when a signal waits */
    struct termios before;
    sigset_t mask_before;
};

/* What ends or stops a process that a person talks to. */
static const int held_back[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGALRM, SIGPIPE};

static int hold_signals(struct quiet_tty *tty, struct sw_err *err)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < SW_ARRAY_LEN(held_back); i++)
        sigaddset(&set, held_back[i]);
    tty->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (tty->signals < 0)
        return sw_fail_errno(err, "cannot watch for signals");
    pthread_sigmask(SIG_BLOCK, &set, &tty->mask_before);
    return 0;
}

static int hush(struct quiet_tty *tty, struct sw_err *err)
{
    struct termios quiet;

    if (tcgetattr(tty->fd, &tty->before) < 0)
        return sw_fail_errno(err, "cannot look at the terminal");
    if (hold_signals(tty, err) < 0)
        return -1;
    quiet = tty->before;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    quiet.c_lflag |= ICANON | ISIG;
    quiet.c_iflag |= ICRNL;
    if (tcsetattr(tty->fd, TCSAFLUSH, &quiet) < 0) {
        sw_fail_errno(err, "cannot turn the terminal's echo off");
        pthread_sigmask(SIG_SETMASK, &tty->mask_before, NULL);
        close(tty->signals);
        return -1;
    }
    return 0;
}

/* A signal that waited takes effect in here, after the terminal is itself again. True: it asked for the end. */
static bool unhush(struct quiet_tty *tty)
{
    sigset_t waiting;
    bool ending = false;

    sigpending(&waiting);
    for (size_t i = 0; i < SW_ARRAY_LEN(held_back); i++)
        ending = ending || (held_back[i] != SIGTSTP && sigismember(&waiting, held_back[i]) == 1);
    tcsetattr(tty->fd, TCSAFLUSH, &tty->before);
    close(tty->signals);
    pthread_sigmask(SIG_SETMASK, &tty->mask_before, NULL);
    return ending;
}

/* 1: the line is whole; 0: a signal waits; -1: an error. */
static int read_line(const struct quiet_tty *tty, char *line, size_t cap, size_t *len, struct sw_err *err)
{
    struct pollfd fds[] = {{.fd = tty->fd, .events = POLLIN}, {.fd = tty->signals, .events = POLLIN}};

    for (*len = 0;;) {
        ssize_t n;

        if (poll(fds, SW_ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
            return sw_fail_errno(err, "cannot wait for the terminal");
        if (fds[1].revents != 0)
            return 0;
        n = read(tty->fd, line + *len, cap - *len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return sw_fail_errno(err, "cannot read from the terminal");
        *len += (size_t)n;
        if (n == 0 || line[*len - 1] == '\n')
            return 1;
        if (*len == cap)
            return sw_fail(err, SW_USAGE, "more than %zu bytes were typed", cap - 1);
    }
}

static void show(int fd, const char *text)
{
    while (*text != '\0') {
        ssize_t n = write(fd, text, strlen(text));

        if (n <= 0 && errno != EINTR)
            return;
        text += n > 0 ? n : 0;
    }
}

/* One try: 1, or 0 when the process was stopped and goes on. */
static int ask_once(int fd, const char *prompt, char *line, size_t cap, size_t *len, struct sw_err *err)
{
    struct quiet_tty tty = {.fd = fd};
    int rc;

    if (hush(&tty, err) < 0)
        return -1;
    show(fd, prompt);
    rc = read_line(&tty, line, cap, len, err);
    show(fd, "\n");
    if (unhush(&tty) && rc == 0)
        rc = sw_fail(err, SW_INTERRUPTED, "interrupted while it was asked for");
    return rc;
}

int seal_prompt(const char *prompt, char *line, size_t cap, size_t *len, struct sw_err *err)
{
    SW_AUTO_CLOSE int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    int rc;

    if (fd < 0)
        return sw_fail(err, SW_USAGE,
                       "there is no terminal to ask on: name a file (file:PATH) or a descriptor (fd:N)");
    while ((rc = ask_once(fd, prompt, line, cap, len, err)) == 0)
        ;
    if (rc < 0)
        return -1;
    if (*len > 0 && line[*len - 1] == '\n')
        --*len;
    line[*len] = '\0';
    return 0;
}
