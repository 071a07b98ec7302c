/* A store is made once, found again, and never made in the place of something else. */
#include "tests/unit/store/store_case.h"

#include <errno.h>

static void a_new_store_is_an_oci_layout(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_buf text = {0};

    (void)state;
    assert_int_equal(sw_store_dir(store)[0], '/');
    assert_ok(sw_read_file("store/oci-layout", 4096, &text, &err), err);
    assert_string_equal(text.data, "{\"imageLayoutVersion\":\"1.0.0\"}");
    sw_buf_free(&text);
    assert_true(sw_path_exists("store/index.json"));
    assert_true(sw_path_exists("store/blobs/sha256"));
    sw_store_close(store);
}

static void its_contents_are_its_owners_alone(void **state)
{
    struct sw_store *store = fresh_store();
    struct stat st;

    (void)state;
    assert_int_equal(stat("store", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    sw_store_close(store);
}

static void opening_again_keeps_the_index(void **state)
{
    static const char text[] =
        "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x\",\"digest\":\"sha256:" KEY_A
        "\",\"size\":1}]}";
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_buf now = {0};

    (void)state;
    sw_store_close(store);
    write_text("store/index.json", text);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    assert_ok(sw_read_file("store/index.json", 4096, &now, &err), err);
    assert_string_equal(now.data, text);
    sw_buf_free(&now);
    sw_store_close(store);
}

static void a_missing_store_is_not_made_unasked(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = NULL;

    (void)state;
    assert_failed(sw_store_open("nowhere", false, &store, &err), err, SW_FAILED,
                  "there is no store at 'nowhere'");
    assert_int_equal(err.sys, ENOENT);
    assert_false(sw_path_exists("nowhere"));
}

static void a_folder_with_something_else_is_refused_and_left_alone(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = NULL;

    (void)state;
    assert_ok(sw_mkdir_p("photos", 0755, &err), err);
    write_text("photos/cat.jpg", "meow");
    assert_failed(sw_store_open("photos", true, &store, &err), err, SW_USAGE, "it holds 'cat.jpg'");
    assert_int_equal(entries_of("photos"), 1);
    assert_failed(sw_store_open("photos", false, &store, &err), err, SW_FAILED, "is not a store");
}

static void a_store_that_was_half_made_is_finished(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = NULL;

    (void)state;
    assert_ok(sw_mkdir_p("half", 0755, &err), err);
    write_text("half/.oci-layout.tmp-999999999", "{");
    assert_ok(sw_store_open("half", true, &store, &err), err);
    sw_store_close(store);
    assert_false(sw_path_exists("half/.oci-layout.tmp-999999999"));
    assert_ok(sw_remove_tree("half/slipway", &err), err);
    assert_ok(sw_remove_tree("half/blobs", &err), err);
    assert_ok(sw_store_open("half", true, &store, &err), err);
    sw_store_close(store);
    assert_true(sw_path_exists("half/slipway/scratch"));
}

static void a_newer_version_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();

    (void)state;
    sw_store_close(store);
    write_text("store/slipway/version", "2\n");
    assert_failed(sw_store_open("store", true, &store, &err), err, SW_FAILED, "version");
    write_text("store/slipway/version", "1\n");
    write_text("store/oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
    assert_failed(sw_store_open("store", true, &store, &err), err, SW_INTEGRITY, "imageLayoutVersion");
    write_text("store/oci-layout", "[");
    assert_failed(sw_store_open("store", true, &store, &err), err, SW_INTEGRITY, "oci-layout");
}

static void a_link_in_the_place_of_a_folder_is_refused(void **state)
{
    static const char *const places[] = {"store/slipway/scratch", "store/slipway", "store/blobs/sha256"};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_mkdir_p("victim/inside", 0755, &err), err);
    for (size_t i = 0; i < SW_ARRAY_LEN(places); i++) {
        struct sw_store *store = fresh_store();

        sw_store_close(store);
        assert_ok(sw_remove_tree(places[i], &err), err);
        assert_int_equal(symlink("../../victim", places[i]), 0);
        assert_failed(sw_store_open("store", true, &store, &err), err, SW_INTEGRITY, "is not a folder");
        assert_true(sw_path_exists("victim/inside"));
    }
}

/* In a process of its own: opens "store" once the pipe closes, ends with 0 when that worked. */
static pid_t opener(const int gate[2])
{
    struct sw_err err = {0};
    struct sw_store *store = NULL;
    char byte;
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    close(gate[1]);
    if (read(gate[0], &byte, 1) != 0 || sw_store_open("store", true, &store, &err) < 0) {
        dprintf(STDERR_FILENO, "%s\n", err.text);
        _exit(1);
    }
    _exit(0);
}

static void several_processes_may_make_it_at_once(void **state)
{
    enum { ROUNDS = 60, OPENERS = 4 };
    struct sw_err err = {0};

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int gate[2], status, failed = 0;

        assert_ok(sw_remove_tree("store", &err), err);
        assert_int_equal(pipe(gate), 0);
        for (unsigned i = 0; i < OPENERS; i++)
            assert_true(opener(gate) > 0);
        close(gate[0]);
        close(gate[1]);
        for (unsigned i = 0; i < OPENERS; i++)
            failed += wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        assert_int_equal(failed, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_store_is_an_oci_layout),
        cmocka_unit_test(its_contents_are_its_owners_alone),
        cmocka_unit_test(opening_again_keeps_the_index),
        cmocka_unit_test(a_missing_store_is_not_made_unasked),
        cmocka_unit_test(a_folder_with_something_else_is_refused_and_left_alone),
        cmocka_unit_test(a_store_that_was_half_made_is_finished),
        cmocka_unit_test(a_newer_version_is_refused),
        cmocka_unit_test(a_link_in_the_place_of_a_folder_is_refused),
        cmocka_unit_test(several_processes_may_make_it_at_once),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
