/* Outputs that outlive an interruption: one writer at a time, nothing left but where that is asked for. */
#include "tests/unit/files.h"

#include "slipway/io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct sw_out *open_partial(void)
{
    struct sw_err err = {0};
    struct sw_out *out = NULL;

    assert_ok(sw_out_open_partial("result", 0644, &out, &err), err);
    return out;
}

static void make_file(const char *path, const char *text)
{
    struct sw_err err = {0};

    assert_ok(sw_write_file(path, text, strlen(text), 0600, &err), err);
}

static void assert_holds(const char *path, const char *text)
{
    struct sw_buf is = {0};
    struct sw_err err = {0};

    assert_ok(sw_read_file(path, 1000, &is, &err), err);
    assert_string_equal(is.data, text);
    sw_buf_free(&is);
}

static void what_was_left_is_open_to_no_more_users_than_asked_for(void **state)
{
    static const struct {
        unsigned left, asked, is;
    } rows[] = {{0644, 0600, 0600}, {0666, 0644, 0644}, {0600, 0644, 0600}, {0640, 0640, 0640}};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        struct sw_err err = {0};
        struct sw_out *out = NULL;
        struct stat st;

        make_file(".result.partial", "left");
        assert_int_equal(chmod(".result.partial", rows[i].left), 0);
        assert_ok(sw_out_open_partial("result", rows[i].asked, &out, &err), err);
        assert_ok(sw_out_commit(out, &err), err);
        sw_out_close(out);
        assert_int_equal(stat("result", &st), 0);
        assert_int_equal(st.st_mode & 0777, rows[i].is);
        assert_int_equal(unlink("result"), 0);
    }
    assert_int_equal(entries_of("."), 0);
}

static void commit_leaves_the_file_alone(void **state)
{
    struct sw_out *out = open_partial();
    struct sw_err err = {0};

    (void)state;
    assert_string_equal(sw_partial_journal(out), "./.result.journal");
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    make_file(sw_partial_journal(out), "{}");
    assert_true(sw_path_exists(".result.partial"));
    assert_false(sw_path_exists("result"));
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    assert_holds("result", "hello");
    assert_int_equal(entries_of("."), 1);
    assert_int_equal(unlink("result"), 0);
}

static void closing_without_commit_leaves_nothing(void **state)
{
    struct sw_out *out = open_partial();
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    make_file(sw_partial_journal(out), "{}");
    sw_out_close(out);
    assert_int_equal(entries_of("."), 0);
}

static void what_is_kept_is_there_for_the_next_one(void **state)
{
    struct sw_out *out = open_partial();
    struct sw_err err = {0};
    struct stat st;

    (void)state;
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    make_file(sw_partial_journal(out), "{}");
    sw_partial_keep(out);
    sw_out_close(out);
    out = open_partial();
    assert_int_equal(fstat(out->fd, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_true(sw_path_exists(".result.journal"));
    assert_ok(sw_partial_restart(out, &err), err);
    assert_int_equal(fstat(out->fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_false(sw_path_exists(".result.journal"));
    sw_out_close(out);
    assert_int_equal(entries_of("."), 0);
}

static void a_second_writer_is_refused_and_disturbs_nothing(void **state)
{
    struct sw_out *out = open_partial(), *second = NULL;
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    make_file(sw_partial_journal(out), "{}");
    assert_failed(sw_out_open_partial("result", 0644, &second, &err), err, SW_REFUSED,
                  "'result' is being written by another process");
    assert_holds(".result.partial", "hello");
    assert_holds(".result.journal", "{}");
    assert_ok(sw_out_commit(out, &err), err);
    sw_out_close(out);
    out = open_partial();
    sw_out_close(out);
    assert_holds("result", "hello");
    assert_int_equal(unlink("result"), 0);
}

static void what_somebody_else_put_there_is_refused_and_stays(void **state)
{
    struct sw_out *out = NULL;
    struct sw_err err = {0};

    (void)state;
    make_file("precious", "precious");
    assert_int_equal(symlink("precious", ".result.partial"), 0);
    assert_failed(sw_out_open_partial("result", 0644, &out, &err), err, SW_FAILED, ".result.partial");
    assert_int_equal(unlink(".result.partial") | link("precious", ".result.partial"), 0);
    assert_failed(sw_out_open_partial("result", 0644, &out, &err), err, SW_REFUSED, "remove it");
    assert_int_equal(unlink(".result.partial") | mkfifo(".result.partial", 0600), 0);
    assert_failed(sw_out_open_partial("result", 0644, &out, &err), err, SW_REFUSED, "remove it");
    assert_int_equal(unlink(".result.partial"), 0);
    if (geteuid() == 0) {
        make_file(".result.partial", "theirs");
        assert_int_equal(chown(".result.partial", 12345, 12345), 0);
        assert_failed(sw_out_open_partial("result", 0644, &out, &err), err, SW_REFUSED, "remove it");
        assert_holds(".result.partial", "theirs");
        assert_int_equal(unlink(".result.partial"), 0);
    }
    assert_holds("precious", "precious");
    assert_int_equal(unlink("precious"), 0);
    assert_int_equal(entries_of("."), 0);
}

/* The kernel lets go of the lock, and what a kill left between two steps of the journal is swept. */
static void a_killed_writer_leaves_its_bytes_unlocked(void **state)
{
    pid_t child = fork();
    struct sw_out *out;
    struct stat st;
    int status;

    (void)state;
    if (child == 0) {
        struct sw_err err = {0};

        if (sw_out_write(open_partial(), "hello", 5, &err) < 0)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    make_file("..result.journal.tmp-2147483000", "half");
    out = open_partial();
    assert_int_equal(fstat(out->fd, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_false(sw_path_exists("..result.journal.tmp-2147483000"));
    sw_out_close(out);
    assert_int_equal(entries_of("."), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_leaves_the_file_alone),
        cmocka_unit_test(what_was_left_is_open_to_no_more_users_than_asked_for),
        cmocka_unit_test(closing_without_commit_leaves_nothing),
        cmocka_unit_test(what_is_kept_is_there_for_the_next_one),
        cmocka_unit_test(a_second_writer_is_refused_and_disturbs_nothing),
        cmocka_unit_test(what_somebody_else_put_there_is_refused_and_stays),
        cmocka_unit_test(a_killed_writer_leaves_its_bytes_unlocked),
    };
    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
