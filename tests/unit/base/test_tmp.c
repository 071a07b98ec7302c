/* Files in the making: who is gone is told by the lock. */
#include "tests/unit/files.h"
#include "tests/unit/held.h"

#include "src/base/fs.h"
#include "src/base/tmp.h"

#include <fcntl.h>
#include <sys/stat.h>

static struct sw_tmp making(const char *stem)
{
    return (struct sw_tmp){.dir_fd = AT_FDCWD, .folder = ".", .stem = stem, .what = "result", .fd = -1};
}

static void a_file_has_no_name_until_it_is_given_one(void **state)
{
    struct sw_tmp tmp = making(".result");
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_tmp_open(&tmp, 0600, &err), err);
    assert_int_equal(entries_of("."), 0);
    assert_ok(sw_tmp_give_name(&tmp, &err), err);
    assert_int_equal(entries_of("."), 1);
    sw_tmp_close(&tmp);
    assert_int_equal(entries_of("."), 0);
}

static void what_is_linked_stays_when_the_file_is_closed(void **state)
{
    struct sw_tmp tmp = making("");
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_tmp_open(&tmp, 0600, &err), err);
    assert_int_equal(sw_tmp_link(&tmp, "result"), 0);
    sw_tmp_close(&tmp);
    assert_int_equal(entries_of("."), 1);
    assert_int_equal(unlink("result"), 0);
}

static void two_that_write_the_same_path_have_two_names(void **state)
{
    struct sw_tmp one = making(".result"), other = making(".result");
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_tmp_open(&one, 0600, &err), err);
    assert_ok(sw_tmp_give_name(&one, &err), err);
    assert_ok(sw_tmp_sweep(".", ".result", &err), err);
    assert_ok(sw_tmp_open(&other, 0600, &err), err);
    assert_ok(sw_tmp_give_name(&other, &err), err);
    assert_int_equal(entries_of("."), 2);
    sw_tmp_close(&one);
    assert_int_equal(entries_of("."), 1);
    sw_tmp_close(&other);
}

static int take_name(void *arg, char said[HELD_BYTES])
{
    struct sw_tmp tmp = making(".result");
    struct sw_err err = {0};

    (void)arg, (void)said;
    return sw_tmp_open(&tmp, 0600, &err) < 0 ? -1 : sw_tmp_give_name(&tmp, &err);
}

/* Killed between the naming and the renaming, and not yet waited for: its number answers to kill() still. */
static void what_a_zombie_left_is_swept(void **state)
{
    struct sw_err err = {0};
    char said[HELD_BYTES];
    siginfo_t how;
    pid_t pid = hold(take_name, NULL, said);

    (void)state;
    assert_ok(sw_tmp_sweep(".", ".result", &err), err);
    assert_int_equal(entries_of("."), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &how, WEXITED | WNOWAIT), 0);
    assert_int_equal(kill(pid, 0), 0);
    assert_ok(sw_tmp_sweep(".", ".result", &err), err);
    assert_int_equal(entries_of("."), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void only_regular_files_with_such_names_are_swept(void **state)
{
    static const char *const kept[] = {".result.tmp-",
                                       ".result.tmp-00c0ffee",
                                       ".result.tmp-00c0ffee00c0ffe",
                                       ".results.tmp-1",
                                       "result.tmp-00c0ffee00c0ffee",
                                       ".result.tmp-00C0FFEE00C0FFEE",
                                       ".result.tmp-12345678901",
                                       ".result.tmp-00c0ffee00c0ffee.img"};
    struct sw_err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        assert_ok(sw_write_file(kept[i], "kept", 4, 0600, &err), err);
    assert_ok(sw_write_file(".result.tmp-1234567890", "an older version's", 18, 0600, &err), err);
    assert_ok(sw_write_file(".result.tmp-0123456789abcdef", "left", 4, 0600, &err), err);
    assert_int_equal(symlink("/dev/null", ".result.tmp-fedcba9876543210"), 0);
    assert_int_equal(mkfifo(".result.tmp-fedcba9876543211", 0600), 0);
    assert_ok(sw_tmp_sweep(".", ".result", &err), err);
    assert_int_equal(entries_of("."), sizeof(kept) / sizeof(kept[0]) + 2);
    assert_failed(sw_tmp_sweep("missing", NULL, &err), err, SW_FAILED, "missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_no_name_until_it_is_given_one),
        cmocka_unit_test(what_is_linked_stays_when_the_file_is_closed),
        cmocka_unit_test(two_that_write_the_same_path_have_two_names),
        cmocka_unit_test(what_a_zombie_left_is_swept),
        cmocka_unit_test(only_regular_files_with_such_names_are_swept),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
