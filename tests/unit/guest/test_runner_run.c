/* The runner in a plain chroot: what a step may do, and what is left of it afterwards. */
#include "src/base/clock.h"
#include "tests/unit/guest/folder.h"

#include <signal.h>

static void the_exit_status_is_kept(void **state)
{
    (void)state;
    expect_script("exit 0", 0, "");
    expect_script("exit 7", 7, "");
    expect_script("exit 255", 255, "");
    expect_script("false\ntrue", 0, "");
    expect_script("false; echo on", 0, "on\n");
}

static void a_signal_is_told_from_a_status(void **state)
{
    struct ran ran = run_script("kill -SEGV $$");

    (void)state;
    assert_int_equal(ran.end.kind, SW_EXIT_SIGNAL);
    assert_int_equal(ran.end.value, SIGSEGV);
    ran_free(&ran);
}

static void stdout_and_stderr_come_apart(void **state)
{
    struct ran ran = run_script("echo to-out; echo to-err >&2");

    (void)state;
    assert_string_equal(ran.out.data, "to-out\n");
    assert_string_equal(ran.err.data, "to-err\n");
    ran_free(&ran);
}

static void the_environment_is_the_fixed_one(void **state)
{
    (void)state;
    setenv("SLIPWAY_TEST_LEAK", "1", 1);
    expect_script("env | grep -v -E '^(_|SHLVL|PWD)=' | sort", 0,
                  "HOME=/root\nLC_ALL=C\nLOGNAME=root\n"
                  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                  "SHELL=/bin/bash\nTERM=dumb\nUSER=root\nWORKING_DIRECTORY=/tmp\n");
    expect_script("umask; pwd; id -u; ls /proc/self/fd | wc -l", 0, "0022\n/\n0\n4\n");
}

static void what_a_step_is_given_wins(void **state)
{
    const char *const env[] = {"HOME=/srv", "COLOUR=blue", NULL};
    const char *const argv[] = {"/usr/bin/busybox", "sh", "-c", "echo $HOME; echo $COLOUR", NULL};
    struct ran ran = {.out_bytes = 0};
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_run run = {.argv = argv, .env = env, .output = ran_output, .ctx = &ran};

    (void)state;
    assert_int_equal(folder_guest->ops->run(folder_guest, &run, &ran.end, &err), 0);
    assert_string_equal(ran.out.data, "/srv\nblue\n");
    ran_free(&ran);
}

static void standard_input_is_empty(void **state)
{
    (void)state;
    expect_script("cat; echo read $?", 0, "read 0\n");
}

static void a_program_that_is_not_there_says_so(void **state)
{
    const char *const argv[] = {"/opt/none", NULL};
    struct ran ran = {.out_bytes = 0};
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_run run = {.argv = argv};

    (void)state;
    assert_int_equal(folder_guest->ops->run(folder_guest, &run, &ran.end, &err), 0);
    assert_int_equal(ran.end.kind, SW_EXIT_NOEXEC);
    assert_int_equal(ran.end.value, ENOENT);
    assert_string_equal(ran.end.text, "/opt/none");
}

static void an_image_without_bash_says_so(void **state)
{
    struct ran ran;

    (void)state;
    expect_script("mv /usr/bin/bash /usr/bin/hidden", 0, "");
    ran = run_script("true");
    assert_int_equal(ran.end.kind, SW_EXIT_NOEXEC);
    assert_string_equal(ran.end.text, "the image has no bash");
    const char *const argv[] = {"/usr/bin/mv", "/usr/bin/hidden", "/usr/bin/bash", NULL};
    struct sw_guest_run back = {.argv = argv};
    struct sw_err err = {.code = SW_OK};
    assert_int_equal(folder_guest->ops->run(folder_guest, &back, &ran.end, &err), 0);
    expect_script("true", 0, "");
}

static void a_step_ends_when_its_time_is_over(void **state)
{
    int64_t began = sw_monotonic_ns();
    struct ran ran = run_script_for("trap '' TERM INT HUP; echo on; while :; do sleep 1; done", 300);

    (void)state;
    assert_int_equal(ran.end.kind, SW_EXIT_TIMEOUT);
    assert_string_equal(ran.out.data, "on\n");
    assert_true(sw_monotonic_ns() - began < INT64_C(5000000000));
    ran_free(&ran);
}

static void daemons_do_not_outlive_their_step(void **state)
{
    struct ran ran =
        run_script_for("setsid sleep 1000 & (setsid setsid sleep 1001 >/dev/null 2>&1 &) & sleep 1002", 300);

    (void)state;
    assert_int_equal(ran.end.kind, SW_EXIT_TIMEOUT);
    ran_free(&ran);
    expect_script("setsid sleep 1003 & exit 4", 4, "");
    expect_script("grep -al 's[l]eep' /proc/[0-9]*/cmdline | wc -l", 0, "0\n");
}

static void a_daemon_that_holds_stdout_does_not_hold_the_step(void **state)
{
    int64_t began = sw_monotonic_ns();

    (void)state;
    expect_script("echo start; setsid sleep 60 & echo end", 0, "start\nend\n");
    assert_true(sw_monotonic_ns() - began < INT64_C(10000000000));
}

static void a_script_may_close_its_output(void **state)
{
    (void)state;
    expect_script("exec >&- 2>&- <&-; sleep 0.2; exit 3", 3, "");
}

static void a_script_cannot_kill_the_runner(void **state)
{
    (void)state;
    expect_script("kill -9 $PPID; kill -TERM $PPID; kill -STOP $PPID; kill -9 1; echo still", 0, "still\n");
    expect_script("echo there", 0, "there\n");
}

static void a_script_may_kill_everybody(void **state)
{
    struct ran ran = run_script("kill -9 -1; kill -9 $$");

    (void)state;
    assert_int_equal(ran.end.kind, SW_EXIT_SIGNAL);
    ran_free(&ran);
    expect_script("echo there", 0, "there\n");
}

static void a_fork_bomb_ends_with_its_time(void **state)
{
    struct ran ran =
        run_script_for("f() { for i in 1 2 3 4 5 6 7 8; do setsid sleep 100 & done; }; ulimit -u 200; "
                       "while :; do f; sleep 0.05; done",
                       500);

    (void)state;
    assert_int_equal(ran.end.kind, SW_EXIT_TIMEOUT);
    ran_free(&ran);
    expect_script("set -- /proc/[0-9]*; echo $#", 0, "2\n"); /* the runner and this shell */
}

static void ten_mebibytes_of_output_arrive(void **state)
{
    struct ran ran = {.keep_nothing = true};
    struct sw_err err = {.code = SW_OK};
    const char script[] = "dd if=/dev/zero bs=65536 count=160 2>/dev/null";
    struct sw_guest_run run = {
        .script = script, .script_len = strlen(script), .output = ran_output, .ctx = &ran};

    (void)state;
    assert_int_equal(folder_guest->ops->run(folder_guest, &run, &ran.end, &err), 0);
    assert_int_equal(ran.end.value, 0);
    assert_int_equal(ran.out_bytes, 10 << 20);
}

static void binary_output_arrives_as_it_is(void **state)
{
    struct ran ran = run_script("printf '\\000\\377\\033[31m\\200x'");

    (void)state;
    assert_int_equal(ran.out.len, 9);
    assert_memory_equal(ran.out.data, "\0\377\033[31m\200x", 9);
    ran_free(&ran);
}

static void output_comes_while_the_step_runs(void **state)
{
    struct ran ran = run_script_for("echo early; sleep 100", 500);

    (void)state;
    assert_string_equal(ran.out.data, "early\n");
    ran_free(&ran);
}

static void tmp_and_run_never_reach_the_image(void **state)
{
    char path[128];

    (void)state;
    expect_script("echo x >/tmp/x; echo y >/run/y; ls -ld /tmp | cut -c1-10", 0, "drwxrwxrwt\n");
    expect_script("cat /tmp/x /run/y", 0, "x\ny\n");
    snprintf(path, sizeof(path), "%s/tmp/x", folder_path);
    assert_int_equal(access(path, F_OK), -1);
    snprintf(path, sizeof(path), "%s/run/y", folder_path);
    assert_int_equal(access(path, F_OK), -1);
    expect_script("ls /tmp | grep -c script || true", 0, "1\n");
}

static void a_thousand_tiny_steps_are_quick(void **state)
{
    int64_t began = sw_monotonic_ns();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct ran ran = run_script("exit 0");

        assert_int_equal(ran.end.value, 0);
        ran_free(&ran);
    }
    print_message("1000 steps: %d ms\n", (int)((sw_monotonic_ns() - began) / 1000000));
    assert_true(sw_monotonic_ns() - began < INT64_C(60000000000));
}

static void a_script_may_be_half_a_mebibyte(void **state)
{
    size_t len = 512 << 10;
    char *script = malloc(len + 8);
    struct ran ran;

    (void)state;
    memset(script, ' ', len);
    snprintf(script + len, 8, "exit 9");
    ran = run_script(script);
    assert_int_equal(ran.end.value, 9);
    ran_free(&ran);
    free(script);
}

static void a_script_beyond_the_bound_is_refused(void **state)
{
    size_t len = 2 << 20;
    char *script = calloc(1, len + 1);
    struct sw_guest_run run = {.script = script, .script_len = len};
    struct sw_guest_exit end;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    memset(script, ' ', len);
    assert_int_equal(folder_guest->ops->run(folder_guest, &run, &end, &err), -1);
    assert_int_equal(err.code, SW_GUEST);
    free(script);
    expect_script("echo there", 0, "there\n");
}

static void nothing_of_the_network_is_there(void **state)
{
    (void)state;
    expect_script("grep -vc Iface /proc/net/route; true", 0, "0\n");
}

/* Last: it leaves nothing to run with. */
static void a_step_may_remove_everything(void **state)
{
    struct ran ran = run_script("rm -rf /usr /bin /etc /lib /lib64 2>/dev/null; echo gone");

    (void)state;
    assert_string_equal(ran.out.data, "gone\n");
    ran_free(&ran);
    ran = run_script("true");
    assert_int_equal(ran.end.kind, SW_EXIT_NOEXEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_status_is_kept),
        cmocka_unit_test(a_signal_is_told_from_a_status),
        cmocka_unit_test(stdout_and_stderr_come_apart),
        cmocka_unit_test(the_environment_is_the_fixed_one),
        cmocka_unit_test(what_a_step_is_given_wins),
        cmocka_unit_test(standard_input_is_empty),
        cmocka_unit_test(a_program_that_is_not_there_says_so),
        cmocka_unit_test(an_image_without_bash_says_so),
        cmocka_unit_test(a_step_ends_when_its_time_is_over),
        cmocka_unit_test(daemons_do_not_outlive_their_step),
        cmocka_unit_test(a_daemon_that_holds_stdout_does_not_hold_the_step),
        cmocka_unit_test(a_script_may_close_its_output),
        cmocka_unit_test(a_script_cannot_kill_the_runner),
        cmocka_unit_test(a_script_may_kill_everybody),
        cmocka_unit_test(a_fork_bomb_ends_with_its_time),
        cmocka_unit_test(ten_mebibytes_of_output_arrive),
        cmocka_unit_test(binary_output_arrives_as_it_is),
        cmocka_unit_test(output_comes_while_the_step_runs),
        cmocka_unit_test(tmp_and_run_never_reach_the_image),
        cmocka_unit_test(a_thousand_tiny_steps_are_quick),
        cmocka_unit_test(a_script_may_be_half_a_mebibyte),
        cmocka_unit_test(a_script_beyond_the_bound_is_refused),
        cmocka_unit_test(nothing_of_the_network_is_there),
        cmocka_unit_test(a_step_may_remove_everything),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
