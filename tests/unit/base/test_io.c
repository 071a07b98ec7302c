/* Output files appear whole or not at all; input says when it ends too early. */
#include "tests/unit/files.h"

#include "slipway/io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void a_file_has_no_name_before_commit(void **state)
{
    struct sw_err err = {0};
    struct sw_out *out = NULL;
    struct stat st;

    (void)state;
    assert_ok(sw_out_create_file("result", 0644, &out, &err), err);
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    assert_false(sw_path_exists("result"));
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_int_equal(stat("result", &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(entries_of("."), 1);
    assert_int_equal(unlink("result"), 0);
}

static void closing_without_commit_leaves_nothing(void **state)
{
    struct sw_err err = {0};
    struct sw_out *out = NULL;

    (void)state;
    assert_ok(sw_out_create_file("result", 0644, &out, &err), err);
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    sw_out_close(out);
    assert_int_equal(entries_of("."), 0);
}

static void commit_replaces_what_was_there(void **state)
{
    struct sw_err err = {0};
    struct sw_buf text = {0};

    (void)state;
    assert_ok(sw_write_file("result", "old old", 7, 0600, &err), err);
    assert_ok(sw_write_file("result", "new", 3, 0600, &err), err);
    assert_ok(sw_read_file("result", 100, &text, &err), err);
    assert_string_equal(text.data, "new");
    sw_buf_free(&text);
    assert_int_equal(entries_of("."), 1);
    assert_int_equal(unlink("result"), 0);
}

/* By their lock: a process number may be another program's by now, or that of a dead process nobody has waited for. */
static void leftovers_of_dead_processes_are_swept(void **state)
{
    struct sw_err err = {0};
    int held;

    (void)state;
    assert_int_equal(close(open(".result.tmp-2147483000", O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(close(open(".result.tmp-1", O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(close(open(".other.tmp-2147483000", O_CREAT | O_WRONLY, 0600)), 0);
    assert_int_equal(close(open(".result.tmp-notes", O_CREAT | O_WRONLY, 0600)), 0);
    held = open(".result.tmp-00c0ffee00c0ffee", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_ok(sw_write_file("result", "x", 1, 0600, &err), err);
    assert_false(sw_path_exists(".result.tmp-2147483000"));
    assert_false(sw_path_exists(".result.tmp-1"));
    assert_true(sw_path_exists(".other.tmp-2147483000"));
    assert_true(sw_path_exists(".result.tmp-notes"));
    assert_true(sw_path_exists(".result.tmp-00c0ffee00c0ffee"));
    assert_int_equal(close(held), 0);
    assert_ok(sw_write_file("result", "x", 1, 0600, &err), err);
    assert_false(sw_path_exists(".result.tmp-00c0ffee00c0ffee"));
    assert_int_equal(unlink("result") | unlink(".other.tmp-2147483000") | unlink(".result.tmp-notes"), 0);
}

static void a_full_disk_leaves_nothing_and_says_so(void **state)
{
    struct sw_err err = {0};
    struct sw_out *out = NULL;
    struct rlimit before, small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    char block[8192] = {0};

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_ok(sw_out_create_file("result", 0644, &out, &err), err);
    assert_failed(sw_out_write(out, block, sizeof(block), &err), err, SW_FAILED, "cannot write 'result'");
    sw_out_close(out);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(entries_of("."), 0);
}

static void reading_past_the_end_is_an_integrity_error(void **state)
{
    struct sw_err err = {0};
    struct sw_in *in = NULL;
    char buf[8];

    (void)state;
    assert_ok(sw_write_file("source", "12345", 5, 0600, &err), err);
    assert_ok(sw_in_open_file("source", &in, &err), err);
    assert_int_equal(in->size_bytes, 5);
    assert_ok(sw_in_read(in, buf, 5, 0, &err), err);
    assert_failed(sw_in_read(in, buf, 2, 4, &err), err, SW_INTEGRITY, "truncated");
    assert_failed(sw_in_read(in, buf, 2, UINT64_MAX, &err), err, SW_INTEGRITY, "truncated");
    sw_in_close(in);
    assert_int_equal(unlink("source"), 0);
}

static void a_fifo_or_a_folder_is_refused_at_once(void **state)
{
    struct sw_err err = {0};
    struct sw_in *in = NULL;

    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_failed(sw_in_open_file("pipe", &in, &err), err, SW_USAGE, "neither a regular file");
    assert_failed(sw_in_open_file(".", &in, &err), err, SW_USAGE, "neither a regular file");
    assert_int_equal(unlink("pipe"), 0);
}

static void the_same_file_by_two_names_is_refused_as_output(void **state)
{
    struct sw_err err = {0};
    struct sw_in *in = NULL;

    (void)state;
    assert_ok(sw_write_file("source", "12345", 5, 0600, &err), err);
    assert_int_equal(link("source", "alias"), 0);
    assert_ok(sw_in_open_file("source", &in, &err), err);
    assert_failed(sw_refuse_same_file(in, "alias", &err), err, SW_USAGE, "the same file");
    assert_ok(sw_refuse_same_file(in, "elsewhere", &err), err);
    sw_in_close(in);
    assert_int_equal(unlink("source") | unlink("alias"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_no_name_before_commit),
        cmocka_unit_test(closing_without_commit_leaves_nothing),
        cmocka_unit_test(commit_replaces_what_was_there),
        cmocka_unit_test(leftovers_of_dead_processes_are_swept),
        cmocka_unit_test(a_full_disk_leaves_nothing_and_says_so),
        cmocka_unit_test(reading_past_the_end_is_an_integrity_error),
        cmocka_unit_test(a_fifo_or_a_folder_is_refused_at_once),
        cmocka_unit_test(the_same_file_by_two_names_is_refused_as_output),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
