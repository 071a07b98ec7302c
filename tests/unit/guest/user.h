/* Somebody at a terminal, for the tests of one program. */
#ifndef TESTS_UNIT_GUEST_USER_H
#define TESTS_UNIT_GUEST_USER_H

#include "slipway/guest.h"
#include "src/base/clock.h"

#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 60000 };

struct user {
    int master, slave;
    struct termios before;
    struct sw_guest *guest;
    struct sw_guest_shell ask;
    struct sw_guest_exit end;
    struct sw_err err;
    int rc;
    pthread_t thread;
    char seen[1 << 16];
    size_t len;
};

static inline void *sit(void *arg)
{
    struct user *user = arg;

    user->rc = user->guest->ops->shell(user->guest, &user->ask, &user->end, &user->err);
    return NULL;
}

static inline void terminal_open(struct user *user)
{
    const struct winsize size = {.ws_col = 101, .ws_row = 37};

    memset(user, 0, sizeof(*user));
    /* A bare root has no terminals to give. */
    if (openpty(&user->master, &user->slave, NULL, NULL, &size) != 0)
        skip();
    assert_int_equal(tcgetattr(user->slave, &user->before), 0);
}

static inline void sit_down(struct user *user, struct sw_guest *guest, const char *const *argv)
{
    terminal_open(user);
    user->guest = guest;
    user->ask = (struct sw_guest_shell){
        .argv = argv, .in = user->slave, .out = user->slave, .err = user->slave, .terminal = true};
    assert_int_equal(pthread_create(&user->thread, NULL, sit, user), 0);
}

static inline bool read_more(struct user *user, int ms)
{
    struct pollfd wait = {.fd = user->master, .events = POLLIN};
    ssize_t n = 0;

    if (poll(&wait, 1, ms) > 0)
        n = read(user->master, user->seen + user->len, sizeof(user->seen) - 1 - user->len);
    user->len += n > 0 ? (size_t)n : 0;
    user->seen[user->len] = '\0';
    return n > 0;
}

/* Until this is on the screen, behind what was waited for before. */
static inline void await_text(struct user *user, const char *text)
{
    int64_t until = sw_monotonic_ns() + (int64_t)PATIENCE_MS * 1000000;
    const char *found;

    while ((found = strstr(user->seen, text)) == NULL) {
        read_more(user, 100);
        if (sw_monotonic_ns() > until)
            fail_msg("'%s' is not in: %s", text, user->seen);
    }
    user->len -= (size_t)(found - user->seen) + strlen(text);
    memmove(user->seen, found + strlen(text), user->len + 1);
}

static inline void type(struct user *user, const char *text)
{
    assert_int_equal(write(user->master, text, strlen(text)), strlen(text));
}

static inline bool is_raw(const struct user *user)
{
    struct termios now;

    assert_int_equal(tcgetattr(user->slave, &now), 0);
    return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

static inline void expect_cooked(const struct user *user)
{
    struct termios now;

    assert_int_equal(tcgetattr(user->slave, &now), 0);
    assert_memory_equal(&now.c_iflag, &user->before.c_iflag, sizeof(now.c_iflag));
    assert_memory_equal(&now.c_lflag, &user->before.c_lflag, sizeof(now.c_lflag));
    assert_memory_equal(&now.c_oflag, &user->before.c_oflag, sizeof(now.c_oflag));
}

static inline void get_up(struct user *user)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    if (pthread_timedjoin_np(user->thread, NULL, &until) != 0) {
        read_more(user, 100);
        fail_msg("the shell goes on, and on the screen is: %s", user->seen);
    }
    expect_cooked(user);
    close(user->master);
    close(user->slave);
}

#endif
