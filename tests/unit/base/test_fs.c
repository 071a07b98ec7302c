/* Folders, bounded reads, locks. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"

#include <errno.h>
#include <sys/stat.h>

static void a_file_over_the_bound_is_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_buf text = {0};

    (void)state;
    assert_ok(sw_write_file("big", "0123456789", 10, 0600, &err), err);
    assert_failed(sw_read_file("big", 9, &text, &err), err, SW_FAILED, "larger than 9 bytes");
    sw_buf_free(&text);
    assert_ok(sw_read_file("big", 10, &text, &err), err);
    assert_int_equal(text.len, 10);
    sw_buf_free(&text);
}

static void paths_are_joined_and_split(void **state)
{
    struct sw_err err = {0};
    char *joined = sw_path_join("a/", "b", &err), *absolute = sw_path_join("a", "/b", &err);
    char *dir = sw_path_dir("a/b/c", &err), *none = sw_path_dir("c", &err), *root = sw_path_dir("/c", &err);

    (void)state;
    assert_string_equal(joined, "a/b");
    assert_string_equal(absolute, "/b");
    assert_string_equal(dir, "a/b");
    assert_string_equal(none, ".");
    assert_string_equal(root, "/");
    assert_string_equal(sw_path_base("a/b/c"), "c");
    free(joined);
    free(absolute);
    free(dir);
    free(none);
    free(root);
}

static void a_tree_is_made_and_removed_and_links_are_not_followed(void **state)
{
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_mkdir_p("x/y/z", 0700, &err), err);
    assert_ok(sw_mkdir_p("x/y/z", 0700, &err), err);
    assert_ok(sw_mkdir_p("keep", 0700, &err), err);
    assert_ok(sw_write_file("keep/file", "1", 1, 0600, &err), err);
    assert_int_equal(symlink("../../keep", "x/y/link"), 0);
    assert_ok(sw_remove_tree("x", &err), err);
    assert_false(sw_path_exists("x"));
    assert_true(sw_path_exists("keep/file"));
    assert_ok(sw_remove_tree("never-there", &err), err);
    assert_failed(sw_mkdir_p("keep/file", 0700, &err), err, SW_FAILED, "is not a folder");
}

static void only_what_stays_beneath_its_folder_is_a_relative_path(void **state)
{
    static const char *const good[] = {"a", "a/b", ".a/..b/c..", "a b/\xc3\xa9:\\"};
    static const char *const bad[] = {"",     "/a",     "a/",    "a//b", ".",        "..",
                                      "a/..", "../a/b", "a/./b", "a\nb", "a/b\x7f/c"};
    char longest[300];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(sw_is_relative_path(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(sw_is_relative_path(bad[i]));
    memset(longest, 'x', sizeof(longest));
    longest[256] = '\0';
    assert_false(sw_is_relative_path(longest));
    assert_true(sw_is_relative_path(longest + 1));
}

static void a_lock_that_is_held_is_seen_without_waiting(void **state)
{
    struct sw_err err = {0};
    int first = sw_lock_file("lock", false, &err);

    (void)state;
    assert_true(first >= 0);
    assert_int_equal(sw_lock_file("lock", false, &err), -1);
    assert_int_equal(err.sys, EWOULDBLOCK);
    close(first);
    first = sw_lock_file("lock", false, &err);
    assert_true(first >= 0);
    close(first);
}

static void free_space_is_known_for_what_is_not_there_yet(void **state)
{
    struct sw_err err = {0};
    uint64_t bytes = 0;

    (void)state;
    assert_ok(sw_free_bytes("not/made/yet", &bytes, &err), err);
    assert_true(bytes > 0);
}

static void a_file_name_is_one_component_and_nothing_else(void **state)
{
    static const char *const good[] = {"a",   "disk-s001.vmdk", "with blanks.vmdk", "...",
                                       "..a", "\xc3\xa9.vmdk"};
    static const char *const bad[] = {"",     ".",        "..",   "/etc/passwd", "../x", "a/b", "a/",
                                      "a\\b", "C:x.vmdk", "fd:0", "json:{}",     "a\nb", "\x7f"};
    char longest[257];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(sw_is_file_name(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(sw_is_file_name(bad[i]));
    memset(longest, 'a', 256);
    longest[256] = '\0';
    assert_false(sw_is_file_name(longest));
    assert_true(sw_is_file_name(longest + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_over_the_bound_is_refused),
        cmocka_unit_test(paths_are_joined_and_split),
        cmocka_unit_test(a_tree_is_made_and_removed_and_links_are_not_followed),
        cmocka_unit_test(only_what_stays_beneath_its_folder_is_a_relative_path),
        cmocka_unit_test(a_lock_that_is_held_is_seen_without_waiting),
        cmocka_unit_test(free_space_is_known_for_what_is_not_there_yet),
        cmocka_unit_test(a_file_name_is_one_component_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
