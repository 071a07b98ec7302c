/* Whose the folder is that appliances, which are programs, are taken from. */
#include "slipway/appliance.h"
#include "src/base/fs.h"
#include "tests/unit/testing.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOMEBODY = 4321 };

static char root[PATH_MAX];

static char *in_root(const char *name)
{
    struct sw_err err = {.code = SW_OK};

    return sw_path_join(root, name, &err);
}

static char *make_folder(const char *name, mode_t mode)
{
    char *path = in_root(name);

    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static int setup(void **state)
{
    char shape[] = "/tmp/slipway-home-XXXXXX";

    (void)state;
    if (mkdtemp(shape) == NULL || realpath(shape, root) == NULL)
        return -1;
    return 0;
}

static int teardown(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    return sw_remove_tree(root, &err);
}

static void check_refused(const char *cache, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *home = sw_appliance_home(cache, &err);

    assert_null(home);
    if (strstr(err.text, why) == NULL || strstr(err.text, root) == NULL)
        fail_msg("'%s' does not tell '%s' of '%s'", err.text, why, root);
}

/* A folder of this user's in one that all may write into. */
static char *own_home(const char *cache)
{
    char name[64];

    snprintf(name, sizeof(name), "%s/.slipway-%u", strrchr(cache, '/') + 1, (unsigned)geteuid());
    return in_root(name);
}

static void a_folder_of_ones_own_is_taken_as_it_is(void **state)
{
    SW_AUTO_FREE char *cache = make_folder("own", 0755), *other_name = in_root("link"), *home = NULL,
                      *again = NULL;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    home = sw_appliance_home(cache, &err);
    assert_string_equal(home, cache);
    /* By any of its names it is one place: what qemu is told and what a program sees of itself are the same. */
    assert_int_equal(symlink(cache, other_name), 0);
    again = sw_appliance_home(other_name, &err);
    assert_string_equal(again, cache);
}

static void where_others_write_it_is_a_folder_that_they_cannot(void **state)
{
    static const mode_t modes[] = {01777, 0775};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(modes); i++) {
        SW_AUTO_FREE char *cache = make_folder(i == 0 ? "shared" : "of-a-group", modes[i]);
        SW_AUTO_FREE char *wanted = own_home(cache);

        for (int times = 0; times < 2; times++) {
            struct sw_err err = {.code = SW_OK};
            SW_AUTO_FREE char *home = sw_appliance_home(cache, &err);
            struct stat st;

            if (home == NULL)
                fail_msg("%s", err.text);
            assert_string_equal(home, wanted);
            assert_int_equal(lstat(home, &st), 0);
            assert_int_equal(st.st_mode, S_IFDIR | 0700);
        }
    }
}

static void a_folder_whose_entries_anybody_can_rename_is_refused(void **state)
{
    SW_AUTO_FREE char *cache = make_folder("loose", 0777);

    (void)state;
    check_refused(cache, "everybody");
}

static void what_lies_there_already_and_is_not_ours_alone_is_refused(void **state)
{
    SW_AUTO_FREE char *cache = make_folder("planted", 01777), *home = own_home(cache);
    SW_AUTO_FREE char *elsewhere = make_folder("elsewhere", 0700);

    (void)state;
    assert_int_equal(symlink(elsewhere, home), 0);
    check_refused(cache, "is not a folder of this user's alone");
    assert_int_equal(unlink(home), 0);
    close(open(home, O_CREAT | O_WRONLY | O_CLOEXEC, 0700));
    check_refused(cache, "is not a folder of this user's alone");
    assert_int_equal(unlink(home), 0);
    assert_int_equal(mkdir(home, 0700), 0);
    assert_int_equal(chmod(home, 0770), 0);
    check_refused(cache, "is not a folder of this user's alone");
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod(home, 0700), 0);
    assert_int_equal(chown(home, SOMEBODY, SOMEBODY), 0);
    check_refused(cache, "is not a folder of this user's alone");
}

static void a_folder_of_another_user_is_refused(void **state)
{
    SW_AUTO_FREE char *cache = make_folder("of-another", 01777);

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(cache, SOMEBODY, SOMEBODY), 0);
    check_refused(cache, "belongs to another user");
    assert_int_equal(chmod(cache, 0755), 0);
    check_refused(cache, "belongs to another user");
}

static void a_folder_that_is_not_there_is_told_of(void **state)
{
    SW_AUTO_FREE char *cache = in_root("nowhere");

    (void)state;
    check_refused(cache, "cannot find");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_of_ones_own_is_taken_as_it_is),
        cmocka_unit_test(where_others_write_it_is_a_folder_that_they_cannot),
        cmocka_unit_test(a_folder_whose_entries_anybody_can_rename_is_refused),
        cmocka_unit_test(what_lies_there_already_and_is_not_ours_alone_is_refused),
        cmocka_unit_test(a_folder_of_another_user_is_refused),
        cmocka_unit_test(a_folder_that_is_not_there_is_told_of),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
