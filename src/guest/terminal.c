/* The user's terminal while a guest's program has it. */
#include "src/guest/terminal.h"

#include "src/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Those that end a process, or stop it. */
static const int endings[] = {SIGHUP, SIGINT,  SIGQUIT, SIGTERM, SIGILL,  SIGABRT, SIGBUS,
                              SIGFPE, SIGSEGV, SIGSYS,  SIGALRM, SIGUSR1, SIGUSR2, SIGTSTP};
static const int changes_of_size[] = {SIGWINCH, SIGCONT};

/* Signal handlers reach nothing else. */
static struct {
    int fd; /* -1: not taken */
    struct termios cooked, raw;
    int wake[2];
    struct sigaction before_ending[SW_ARRAY_LEN(endings)], before_change[SW_ARRAY_LEN(changes_of_size)];
} taken = {.fd = -1};

static void hand_on(const struct sigaction *before, int number, siginfo_t *info, void *context)
{
    if ((before->sa_flags & SA_SIGINFO) != 0) {
        before->sa_sigaction(number, info, context);
    } else if (number == SIGTSTP) {
        raise(SIGSTOP);
    } else if (before->sa_handler != SIG_DFL) {
        before->sa_handler(number);
    } else {
        /* Comes once this handler has returned. */
        sigaction(number, before, NULL);
        raise(number);
    }
}

static void on_ending(int number, siginfo_t *info, void *context)
{
    int error = errno;

    tcsetattr(taken.fd, TCSANOW, &taken.cooked);
    for (size_t i = 0; i < SW_ARRAY_LEN(endings); i++)
        if (endings[i] == number)
            hand_on(&taken.before_ending[i], number, info, context);
    errno = error;
}

static void on_change(int number)
{
    int error = errno;

    (void)number;
    if (write(taken.wake[1], "", 1) < 0) {
        /* It is full: then it is readable. */
    }
    errno = error;
}

static bool is_ignored(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler == SIG_IGN;
}

/* What is ignored stays so, under nohup for instance. */
static void catch (const int *numbers, size_t n, const struct sigaction *action, struct sigaction *before)
{
    for (size_t i = 0; i < n; i++)
        if (sigaction(numbers[i], NULL, &before[i]) == 0 && !is_ignored(&before[i]))
            sigaction(numbers[i], action, NULL);
}

static void let_go(const int *numbers, size_t n, const struct sigaction *before)
{
    for (size_t i = 0; i < n; i++)
        sigaction(numbers[i], &before[i], NULL);
}

static void catch_all(void)
{
    struct sigaction ending, change;

    memset(&ending, 0, sizeof(ending));
    memset(&change, 0, sizeof(change));
    /* With all of them blocked, SIGTTOU too, the terminal is given back also from the background. */
    sigfillset(&ending.sa_mask);
    ending.sa_sigaction = on_ending;
    ending.sa_flags = SA_SIGINFO;
    change.sa_handler = on_change;
    change.sa_flags = SA_RESTART;
    catch (endings, SW_ARRAY_LEN(endings), &ending, taken.before_ending);
    catch (changes_of_size, SW_ARRAY_LEN(changes_of_size), &change, taken.before_change);
}

int terminal_take(int fd, int *changes, struct sw_err *err)
{
    if (taken.fd >= 0)
        return sw_fail(err, SW_FAILED, "another guest has the terminal");
    if (tcgetattr(fd, &taken.cooked) < 0)
        return sw_fail_errno(err, "the terminal");
    if (pipe2(taken.wake, O_CLOEXEC | O_NONBLOCK) < 0)
        return sw_fail_errno(err, "cannot make a pipe");
    taken.raw = taken.cooked;
    cfmakeraw(&taken.raw);
    taken.fd = fd;
    catch_all();
    if (tcsetattr(fd, TCSANOW, &taken.raw) < 0) {
        sw_fail_errno(err, "the terminal");
        terminal_give_back();
        return -1;
    }
    *changes = taken.wake[0];
    return 0;
}

void terminal_changed(void)
{
    char bytes[64];

    while (read(taken.wake[0], bytes, sizeof(bytes)) > 0)
        continue;
    tcsetattr(taken.fd, TCSANOW, &taken.raw);
}

void terminal_give_back(void)
{
    if (taken.fd < 0)
        return;
    tcsetattr(taken.fd, TCSANOW, &taken.cooked);
    let_go(endings, SW_ARRAY_LEN(endings), taken.before_ending);
    let_go(changes_of_size, SW_ARRAY_LEN(changes_of_size), taken.before_change);
    taken.fd = -1;
    close(taken.wake[0]);
    close(taken.wake[1]);
}

void terminal_size(int fd, uint32_t *columns, uint32_t *rows)
{
    struct winsize size = {.ws_col = 0};

    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){.ws_col = 0};
    *columns = size.ws_col;
    *rows = size.ws_row;
}
