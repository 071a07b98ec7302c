/* Other programs: status, output, the clock that ends them. */
#include "tests/unit/testing.h"

#include "slipway/progress.h"
#include "src/base/proc.h"

#include <signal.h>
#include <sys/wait.h>

static void the_status_and_both_streams_are_kept(void **state)
{
    const char *const argv[] = {"sh", "-c", "echo out; echo err >&2; exit 7", NULL};
    struct sw_err err = {0};
    struct sw_buf out = {0};
    int status = 0;

    (void)state;
    assert_ok(sw_run_program(argv, 10000, &out, &status, &err), err);
    assert_int_equal(status, 7);
    assert_string_equal(out.data, "out\nerr\n");
    sw_buf_free(&out);
}

static void a_program_that_never_ends_is_killed(void **state)
{
    const char *const argv[] = {"sleep", "60", NULL};
    struct sw_err err = {0};
    int status = 0;

    (void)state;
    assert_failed(sw_run_program(argv, 100, NULL, &status, &err), err, SW_FAILED,
                  "did not end within 100 ms");
}

static void a_program_that_is_missing_is_named(void **state)
{
    const char *const argv[] = {"no-such-program-here", NULL};
    struct sw_err err = {0};
    int status = 0;

    (void)state;
    assert_failed(sw_run_program(argv, 100, NULL, &status, &err), err, SW_FAILED, "no-such-program-here");
}

static void death_by_a_signal_is_told_as_128_and_more(void **state)
{
    const char *const argv[] = {"sh", "-c", "kill -9 $$", NULL};
    struct sw_err err = {0};
    int status = 0;

    (void)state;
    assert_ok(sw_run_program(argv, 10000, NULL, &status, &err), err);
    assert_int_equal(status, 137);
}

static void a_secret_output_is_kept_apart_from_what_is_said(void **state)
{
    const char *const argv[] = {"sh", "-c", "cat; echo secret; echo talk >&2", NULL};
    struct sw_err err = {0};
    struct sw_buf out = {0};
    int status = 7;

    (void)state;
    /* stdin is the caller's own: here it is at its end. */
    assert_non_null(freopen("/dev/null", "r", stdin));
    assert_ok(sw_capture_program(argv, 10000, 64, &out, &status, &err), err);
    assert_int_equal(status, 0);
    assert_string_equal(out.data, "secret\n");
    sw_buf_wipe(&out);
    assert_null(out.data);
}

static void more_secret_output_than_asked_for_is_a_failure(void **state)
{
    const char *const exact[] = {"printf", "12345678", NULL};
    const char *const more[] = {"sh", "-c", "printf 123456789; exec sleep 60", NULL};
    struct sw_err err = {0};
    struct sw_buf out = {0};
    int status = 0;

    (void)state;
    assert_ok(sw_capture_program(exact, 10000, 8, &out, &status, &err), err);
    assert_int_equal(out.len, 8);
    out.len = 0;
    assert_failed(sw_capture_program(more, 10000, 8, &out, &status, &err), err, SW_FAILED,
                  "'sh' prints more than 8 bytes");
    sw_buf_wipe(&out);
}

static int interrupt_a_program(void)
{
    const char *const argv[] = {"sleep", "300", NULL};
    struct sw_err err = {0};
    struct sw_buf out = {0};
    int status = 0, rc;

    sw_catch_signals();
    raise(SIGTERM);
    rc = sw_capture_program(argv, 300000, 64, &out, &status, &err);
    sw_buf_wipe(&out);
    return rc < 0 && err.code == SW_INTERRUPTED ? 0 : 1;
}

/* In a process of its own: the signal is remembered. */
static void a_signal_does_not_wait_for_a_program_that_asks(void **state)
{
    pid_t pid = fork();
    int status = 1;

    (void)state;
    if (pid == 0)
        _exit(interrupt_a_program());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_and_both_streams_are_kept),
        cmocka_unit_test(a_program_that_never_ends_is_killed),
        cmocka_unit_test(a_program_that_is_missing_is_named),
        cmocka_unit_test(death_by_a_signal_is_told_as_128_and_more),
        cmocka_unit_test(a_secret_output_is_kept_apart_from_what_is_said),
        cmocka_unit_test(more_secret_output_than_asked_for_is_a_failure),
        cmocka_unit_test(a_signal_does_not_wait_for_a_program_that_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
