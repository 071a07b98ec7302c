/* The user's terminal: raw while it is taken, and given back whatever comes. */
#include "src/guest/terminal.h"

#include "src/base/cleanup.h"
#include "tests/unit/guest/user.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* A process that has the terminal and does nothing. */
static pid_t hold_terminal(const struct user *user)
{
    struct sw_err err = {.code = SW_OK};
    pid_t pid = fork();
    int changes;

    assert_true(pid >= 0);
    if (pid == 0) {
        /* The test's own handlers of what ends it would go on with the next test. */
        for (int number = 1; number < SIGRTMIN; number++)
            signal(number, SIG_DFL);
        if (terminal_take(user->slave, &changes, &err) < 0)
            _exit(1);
        for (;;) {
            struct pollfd wait = {.fd = changes, .events = POLLIN};

            if (poll(&wait, 1, 1000) > 0)
                terminal_changed();
        }
    }
    for (int i = 0; i < 600 && !is_raw(user); i++)
        usleep(50000);
    assert_true(is_raw(user));
    return pid;
}

static void a_terminal_is_given_back_after_any_signal_that_ends_a_process(void **state)
{
    static const int numbers[] = {SIGTERM, SIGHUP, SIGINT,  SIGQUIT, SIGABRT,
                                  SIGSEGV, SIGBUS, SIGUSR1, SIGALRM};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(numbers); i++) {
        struct user user;
        int status;
        pid_t pid;

        terminal_open(&user);
        pid = hold_terminal(&user);
        assert_int_equal(kill(pid, numbers[i]), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), numbers[i]);
        expect_cooked(&user);
        close(user.master);
        close(user.slave);
    }
}

static void a_process_that_stops_has_given_it_back_and_takes_it_again(void **state)
{
    struct user user;
    int status;
    pid_t pid;

    (void)state;
    terminal_open(&user);
    pid = hold_terminal(&user);
    assert_int_equal(kill(pid, SIGTSTP), 0);
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    assert_true(WIFSTOPPED(status));
    expect_cooked(&user);
    assert_int_equal(kill(pid, SIGCONT), 0);
    for (int i = 0; i < 600 && !is_raw(&user); i++)
        usleep(50000);
    assert_true(is_raw(&user));
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    expect_cooked(&user);
    close(user.master);
    close(user.slave);
}

static void what_is_no_terminal_cannot_be_taken(void **state)
{
    struct sw_err err = {.code = SW_OK};
    int fd = open("/dev/null", O_RDWR), changes;

    (void)state;
    assert_int_equal(terminal_take(fd, &changes, &err), -1);
    assert_non_null(strstr(err.text, "the terminal"));
    terminal_give_back();
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_terminal_is_given_back_after_any_signal_that_ends_a_process),
        cmocka_unit_test(a_process_that_stops_has_given_it_back_and_takes_it_again),
        cmocka_unit_test(what_is_no_terminal_cannot_be_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
