/* File actions on what is large, deep, or changes beneath them. */
#include "src/base/clock.h"
#include "tests/unit/guest/rows.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

/* One step on what is there already. Its first output of that name, which the caller frees; NULL: none. */
static char *do_step(const char *action, const char *inputs, const char *output)
{
    const struct row row = {.sentence = "is fine", .action = action, .inputs = inputs};
    struct sw_component *component = parse(&row);
    const char *text = NULL;
    char *copy;

    assert_non_null(component);
    outputs = json_object();
    if (execute(component) < 0)
        fail_msg("%s: %s", action, message);
    if (output != NULL)
        text =
            sw_json_text(json_array_get(json_object_get(json_object_get(outputs, "build"), "A"), 0), output);
    copy = text != NULL ? strdup(text) : NULL;
    json_decref(outputs);
    sw_component_free(component);
    return copy;
}

enum { DEPTH = 1000 };

static void make_deep(const char *name)
{
    int fd = open(folder_path, O_RDONLY | O_DIRECTORY), down;

    assert_int_equal(mkdirat(fd, "deep", 0755), 0);
    down = openat(fd, "deep", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < DEPTH; i++) {
        close(fd);
        fd = down;
        assert_int_equal(mkdirat(fd, name, 0755), 0);
        down = openat(fd, name, O_RDONLY | O_DIRECTORY);
        assert_true(down >= 0);
    }
    close(fd);
    fd = openat(down, "file", O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    close(fd);
    close(down);
}

static void a_thousand_folders_deep_is_fine(void **state)
{
    static const char name[] = "a-name-that-makes-the-path-longer-than-any";
    const size_t length = DEPTH * sizeof(name) + strlen("/deep/file");
    char *files;

    (void)state;
    make_deep(name);
    files = do_step("ListFiles", "[{path: /deep, recursive: true}]", "files");
    assert_int_equal(strlen(files), length);
    free(files);
    free(do_step("CopyFolder", "[{source: /deep, destination: /copied}]", NULL));
    free(do_step("MoveFolder", "[{source: /copied, destination: /tmp/moved}]", NULL));
    free(do_step("SetFolderPermissions", "[{path: /tmp/moved, permissions: '0700'}]", NULL));
    files = do_step("ListFiles", "[{path: /tmp/moved, recursive: true}]", "files");
    assert_int_equal(strlen(files), length + strlen("/tmp/moved") - strlen("/deep"));
    free(files);
    free(do_step("DeleteFolder", "[{path: /tmp/moved, force: true}, {path: /deep, force: true}]", NULL));
    expect_script("ls -d /deep /copied /tmp/moved 2>/dev/null | wc -l", 0, "0\n");
}

static void a_hundred_thousand_files_are_fine(void **state)
{
    size_t commas = 0;
    char *files;

    (void)state;
    expect_script("mkdir /tmp/many && cd /tmp/many && for i in {1..100000}; do :>$i; done", 0, "");
    files = do_step("ListFiles", "[{path: /tmp/many}]", "files");
    for (const char *at = files; *at != '\0'; at++)
        commas += *at == ',';
    assert_int_equal(commas, 100000 - 1);
    free(files);
    free(do_step("CopyFolder", "[{source: /tmp/many, destination: /tmp/more}]", NULL));
    free(do_step("CopyFile", "[{source: '/tmp/many/*5', destination: /tmp/starred/}]", NULL));
    free(do_step("MoveFile", "[{source: '/tmp/many/*6', destination: /tmp/starred/}]", NULL));
    expect_script("cd /tmp; ls starred | wc -l; ls many | wc -l; rm -r starred", 0, "20000\n90000\n");
    free(do_step("DeleteFile", "[{path: '/tmp/many/*5'}]", NULL));
    free(do_step("DeleteFolder", "[{path: /tmp/many, force: true}, {path: /tmp/more, force: true}]", NULL));
    expect_script("ls -d /tmp/many /tmp/more 2>/dev/null | wc -l", 0, "0\n");
}

/* The guest does not go on when the step's time is over, and is as good as before. */
static void what_takes_too_long_ends_with_the_steps_time(void **state)
{
    const struct sw_guest_ops *ops = folder_guest->ops;
    const char *const names[] = {"a", "b"};
    const struct sw_guest_carry carry = {.from = "/late", .to = "/late/sub", .names = names, .n = 2};
    struct sw_err err = {.code = SW_OK};
    struct sw_guest_names listed = {.text = NULL};
    SW_AUTO_FREE char *bytes = NULL;
    size_t len, failed = 9;

    (void)state;
    expect_script("mkdir -p /late/sub; truncate -s 1M /late/a /late/b", 0, "");
    for (int i = 0; i < 8; i++) {
        int rc;

        folder_guest->deadline_ns = sw_monotonic_ns();
        rc = i == 0   ? ops->copy(folder_guest, "/late", "/copied", SW_PUT_TREE, &err)
             : i == 1 ? ops->remove(folder_guest, "/late", SW_REMOVE_TREE, &err)
             : i == 2 ? ops->chmod(folder_guest, "/late", 0700, true, &err)
             : i == 3 ? ops->chown(folder_guest, "/late", "0", NULL, true, &err)
             : i == 4 ? ops->carry(folder_guest, &carry, &failed, &err)
             : i == 5 ? ops->list(folder_guest, "/late", "*", SW_LIST_FILES | SW_LIST_TREE, &listed, &err)
             : i == 6 ? ops->get(folder_guest, "/late/a", 2 << 20, &bytes, &len, &err)
                      : ops->put(folder_guest, "/late/c", "text", 4, 0644, &err);
        folder_guest->deadline_ns = 0;
        if (rc != -1 || err.sys != ETIMEDOUT || err.code != SW_GUEST)
            fail_msg("%d: %d, %s", i, rc, err.text);
        if (strstr(err.text, "the step's time is over") == NULL)
            fail_msg("%d: %s", i, err.text);
    }
    assert_int_equal(failed, 0);
    /* Without a limit all of it is fine, and a limit is for one request only. */
    folder_guest->deadline_ns = sw_monotonic_ns() + INT64_C(60000000000);
    assert_int_equal(ops->carry(folder_guest, &carry, &failed, &err), 0);
    folder_guest->deadline_ns = 0;
    assert_int_equal(ops->remove(folder_guest, "/late", SW_REMOVE_TREE, &err), 0);
}

struct toucher {
    char path[128];
    atomic_bool stop;
};

static void *touch_on(void *arg)
{
    struct toucher *toucher = arg;

    while (!atomic_load(&toucher->stop)) {
        utimensat(AT_FDCWD, toucher->path, NULL, 0);
        usleep(500);
    }
    return NULL;
}

static void a_file_that_changes_while_it_is_copied_is_an_error(void **state)
{
    static const struct row row = {.sentence = "fails",
                                   .action = "CopyFolder",
                                   .before = "mkdir a; truncate -s 64M a/big",
                                   .inputs = "[{source: /t/a, destination: /t/b}]",
                                   .fails = "'/t/b/big': it changed while it was read"};
    struct toucher toucher = {.stop = false};
    pthread_t thread;

    (void)state;
    snprintf(toucher.path, sizeof(toucher.path), "%s/t/a/big", folder_path);
    assert_int_equal(pthread_create(&thread, NULL, touch_on, &toucher), 0);
    try_row(&row);
    atomic_store(&toucher.stop, true);
    pthread_join(thread, NULL);
    expect_script("rm -rf /t", 0, "");
}

static void each_item_leaves_an_output_of_its_own(void **state)
{
    const json_t *items;
    struct row row = {.action = "ReadFile", .inputs = "[{path: /t/a}, {path: /t/b}]"};
    struct sw_component *component = parse(&row);

    (void)state;
    expect_script("mkdir -p /t; printf 1 >/t/a; printf 2 >/t/b", 0, "");
    outputs = json_object();
    assert_int_equal(execute(component), 0);
    items = json_object_get(json_object_get(outputs, "build"), "A");
    assert_int_equal(json_array_size(items), 2);
    assert_string_equal(sw_json_text(json_array_get(items, 1), "content"), "2");
    json_decref(outputs);
    sw_component_free(component);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_folders_deep_is_fine),
        cmocka_unit_test(a_hundred_thousand_files_are_fine),
        cmocka_unit_test(what_takes_too_long_ends_with_the_steps_time),
        cmocka_unit_test(a_file_that_changes_while_it_is_copied_is_an_error),
        cmocka_unit_test(each_item_leaves_an_output_of_its_own),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
