/* Paths as Windows has them, and the drive of a Windows guest behind the runner. */
#include "tests/unit/guest/windows_disk.h"

static void expect_path(const char *text, const char *base, const char *wanted)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = windows_path(text, base, &err);

    if (path == NULL)
        fail_msg("'%s': %s", text, err.text);
    assert_string_equal(path, wanted);
}

static void expect_no_path(const char *text, const char *part)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = windows_path(text, "C:/base", &err);

    if (path != NULL)
        fail_msg("'%s' is '%s'", text, path);
    assert_int_equal(err.code, SW_RECIPE);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, err.text);
}

static void paths_take_both_separators_and_a_drive_in_any_case(void **state)
{
    (void)state;
    expect_path("C:\\Windows\\x.txt", "C:/", "C:/Windows/x.txt");
    expect_path("c:/Windows//x.txt", "C:/", "C:/Windows/x.txt");
    expect_path("C:\\a/b\\", "C:/", "C:/a/b/");
    expect_path("C:", "C:/", "C:/");
    expect_path("C:\\", "C:/", "C:/");
    expect_path("\\x", "C:/base", "C:/x");
    expect_path("x\\y", "C:/base", "C:/base/x/y");
    expect_path("x", "C:\\base dir\\", "C:/base dir/x");
    expect_path("C:\\a\\.\\b\\..\\c", "C:/", "C:/a/c");
    expect_path("C:\\logs\\*.log", "C:/", "C:/logs/*.log");
    expect_path("C:\\Über\\naïve.txt", "C:/", "C:/Über/naïve.txt");
}

static void names_that_windows_would_not_have_are_refused(void **state)
{
    (void)state;
    expect_no_path("C:\\a\\..\\..\\b", "leads out of the drive");
    expect_no_path("..\\..", "leads out of the drive");
    expect_no_path("D:\\x", "another drive");
    expect_no_path("C:x", "does not say from which folder");
    expect_no_path("\\\\server\\share\\x", "names a share");
    expect_no_path("\\\\?\\C:\\x", "names a share");
    expect_no_path("C:\\a:stream", "may have");
    expect_no_path("C:\\a\001b", "may have");
    expect_no_path("C:\\what?", "may have");
    expect_no_path("C:\\a\"b", "may have");
    expect_no_path("C:\\*\\x", "behind the last separator");
    expect_no_path("C:\\nul", "names a device");
    expect_no_path("C:\\x\\Com1.txt", "names a device");
    expect_no_path("C:\\x\\LPT9", "names a device");
    expect_no_path("C:\\x.", "ends with a dot");
    expect_no_path("C:\\x \\y", "ends with a dot");
    expect_no_path("C:\\\xff", "not UTF-8");
    expect_no_path("C:\\\xed\xa0\x80", "not UTF-8");
}

static void names_match_whatever_their_case(void **state)
{
    (void)state;
    assert_true(windows_name_matches("System32", "SYSTEM32"));
    assert_true(windows_name_matches("übergrößE", "ÜBERGRÖßE"));
    assert_true(windows_name_matches("setup.LOG", "*.log"));
    assert_true(windows_name_matches("ä1", "Ä?"));
    assert_true(windows_name_matches("", "*"));
    assert_true(windows_name_matches("a\xff", "A\xff"));
    assert_false(windows_name_matches("setup.log1", "*.log"));
    assert_false(windows_name_matches("a", ""));
    assert_false(windows_name_matches("\xc3", "\xc3\xa4"));
}

static void put(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    if (guest->ops->put(guest, path, text, strlen(text), 0666 | SW_PUT_PARENTS | SW_PUT_OVERWRITE, &err) < 0)
        fail_msg("%s", err.text);
}

static void expect_on_disk(const char *path, const char *wanted)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf text = {0};
    char full[256];

    snprintf(full, sizeof(full), "%s/%s", folder_path, path);
    assert_int_equal(sw_read_file(full, 4096, &text, &err), 0);
    assert_string_equal(text.data, wanted);
}

static void files_are_found_in_any_case_and_new_ones_keep_theirs(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_stat st;
    SW_AUTO_FREE char *text = NULL;
    size_t len;

    (void)state;
    put("C:/WINDOWS/system32/New Folder/Ärger.txt", "one");
    expect_on_disk("C:/Windows/System32/New Folder/Ärger.txt", "one");
    put("C:/windows/SYSTEM32/new folder/äRGER.TXT", "two");
    expect_on_disk("C:/Windows/System32/New Folder/Ärger.txt", "two");
    assert_int_equal(
        guest->ops->get(guest, "C:/windows/system32/NEW FOLDER/ärger.txt", 100, &text, &len, &err), 0);
    assert_string_equal(text, "two");
    assert_int_equal(guest->ops->stat(guest, "C:/users/", true, &st, &err), 0);
    assert_int_equal(st.kind, SW_FILE_DIR);
    assert_int_equal(guest->ops->stat(guest, "C:/windows/none/at/all", true, &st, &err), 0);
    assert_int_equal(st.kind, SW_FILE_NONE);
}

static void a_name_that_is_there_as_it_is_written_wins(void **state)
{
    (void)state;
    disk_run((const char *const[]){
        "/bin/sh", "-c", "cd \"$0/C:\" && echo 1 >FILE && echo 2 >file && echo 3 >File", folder_path, NULL});
    put("C:/file", "new");
    expect_on_disk("C:/file", "new");
    expect_on_disk("C:/FILE", "1\n");
}

static void lists_and_copies_take_any_case(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_names names = {.text = NULL};

    (void)state;
    put("C:/logs/b.LOG", "b");
    put("C:/logs/A.log", "a");
    put("C:/logs/c.txt", "c");
    assert_int_equal(guest->ops->list(guest, "C:/LOGS", "*.Log", SW_LIST_FILES, &names, &err), 0);
    assert_int_equal(names.len, 12);
    assert_memory_equal(names.text, "A.log\0b.LOG\0", 12);
    free(names.text);
    put("C:/logs/old/c.LOG", "c");
    assert_int_equal(guest->ops->list(guest, "C:/logs", "c*.log", SW_LIST_FILES | SW_LIST_TREE, &names, &err),
                     0);
    assert_int_equal(names.len, 10);
    assert_string_equal(names.text, "old/c.LOG");
    free(names.text);
    assert_int_equal(guest->ops->move(guest, "C:/Logs/OLD/C.log", "C:/LOGS/a.LOG", SW_PUT_OVERWRITE, &err),
                     0);
    expect_on_disk("C:/logs/A.log", "c");
    put("C:/logs/A.log", "a");
    assert_int_equal(guest->ops->copy(guest, "C:/Logs/B.log", "C:/LOGS/copy.log", SW_PUT_OVERWRITE, &err), 0);
    expect_on_disk("C:/logs/copy.log", "b");
    assert_int_equal(guest->ops->remove(guest, "C:/LOGS/C.TXT", SW_REMOVE_FILE, &err), 0);
    assert_int_equal(guest->ops->remove(guest, "C:/LOGS/C.TXT", SW_REMOVE_FILE, &err), -1);
    assert_int_equal(err.code, SW_GUEST);
}

static void what_a_drive_without_windows_running_cannot_do_is_said(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_exit end;
    const struct sw_guest_run run = {.script = "true", .script_len = 4};
    const struct sw_guest_shell shell = {.in = -1, .out = -1, .err = -1, .terminal = true};

    (void)state;
    assert_int_equal(guest->ops->shell(guest, &shell, &end, &err), -1);
    assert_int_equal(err.code, SW_GUEST);
    assert_non_null(strstr(err.text, "there is no shell before it is booted"));
    assert_int_equal(guest->ops->run(guest, &run, &end, &err), -1);
    assert_non_null(strstr(err.text, "nothing can be run"));
    assert_int_equal(guest->ops->chmod(guest, "C:/Users", 0700, false, &err), -1);
    assert_int_equal(guest->ops->chown(guest, "C:/Users", "root", NULL, false, &err), -1);
    assert_int_equal(guest->ops->symlink(guest, "C:/Users", "C:/u", &err), -1);
    assert_int_equal(guest->ops->remove(guest, "C:/", SW_REMOVE_TREE, &err), -1);
    assert_non_null(strstr(err.text, "the drive C: itself"));
    assert_int_equal(guest->ops->put(guest, "/etc/passwd", "x", 1, 0666, &err), -1);
    assert_int_equal(err.code, SW_GUEST);
    assert_int_equal(guest->ops->remove(guest, "C:/*", SW_REMOVE_TREE, &err), -1);
    /* Names that come from an archive or a bucket. */
    assert_int_equal(guest->ops->put(guest, "C:/Users/a:b", "x", 1, 0666, &err), -1);
    assert_int_equal(err.code, SW_GUEST);
    assert_int_equal(guest->ops->mkdir(guest, "C:/Users/nul", 0777, true, &err), -1);
    assert_int_equal(guest->ops->copy(guest, "C:/Users", "C:/Users/x/../../../etc", 0, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_take_both_separators_and_a_drive_in_any_case),
        cmocka_unit_test(names_that_windows_would_not_have_are_refused),
        cmocka_unit_test(names_match_whatever_their_case),
        cmocka_unit_test_setup(files_are_found_in_any_case_and_new_ones_keep_theirs, disk_each),
        cmocka_unit_test_setup(a_name_that_is_there_as_it_is_written_wins, disk_each),
        cmocka_unit_test_setup(lists_and_copies_take_any_case, disk_each),
        cmocka_unit_test_setup(what_a_drive_without_windows_running_cannot_do_is_said, disk_each),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
