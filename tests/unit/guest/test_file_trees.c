/* File actions on what is large, deep, or changes beneath them. */
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
    free(do_step("DeleteFile", "[{path: '/tmp/many/*5'}]", NULL));
    free(do_step("DeleteFolder", "[{path: /tmp/many, force: true}, {path: /tmp/more, force: true}]", NULL));
    expect_script("ls -d /tmp/many /tmp/more 2>/dev/null | wc -l", 0, "0\n");
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
        cmocka_unit_test(a_file_that_changes_while_it_is_copied_is_an_error),
        cmocka_unit_test(each_item_leaves_an_output_of_its_own),
    };

    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
