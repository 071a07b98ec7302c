/* Folders for sockets: short enough, this user's alone, and gone with their process however it ended. */
#include "tests/unit/files.h"
#include "tests/unit/held.h"

#include "src/base/fs.h"
#include "src/base/sockets.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char long_dir[] =
    "/var/tmp/0123456789012345678901234567890123456789012345678901234567890123456789/"
    "0123456789012345678901234567890123456789";

static struct sw_sockets *place(const char *dir)
{
    struct sw_sockets *sockets = NULL;
    struct sw_err err = {0};

    assert_ok(sw_sockets_open(dir, sizeof("/base.sock"), &sockets, &err), err);
    return sockets;
}

static void a_short_folder_is_taken_as_it_is_and_stays(void **state)
{
    struct sw_sockets *sockets = place(".");
    struct sw_err err = {0};
    char *path = sw_sockets_path(sockets, "base.sock", &err);

    (void)state;
    assert_string_equal(sw_sockets_dir(sockets), ".");
    assert_string_equal(path, "./base.sock");
    sw_sockets_also(sockets, "/tmp/libguestfsABCDEF");
    free(path);
    sw_sockets_close(sockets);
    assert_int_equal(entries_of("."), 0);
}

static void a_long_one_gets_a_folder_that_is_this_users_alone(void **state)
{
    struct sw_sockets *sockets = place(long_dir);
    char *dir = strdup(sw_sockets_dir(sockets));
    struct stat st;

    (void)state;
    assert_true(strlen(dir) < 32);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    sw_sockets_close(sockets);
    assert_false(sw_path_exists(dir));
    free(dir);
}

static void every_length_of_a_folder_leaves_a_socket_that_can_be_made(void **state)
{
    char dir[160];

    (void)state;
    for (size_t len = 1; len < sizeof(dir); len++) {
        struct sw_sockets *sockets;
        struct sw_err err = {0};

        memset(dir, 'x', len);
        dir[len] = '\0';
        assert_ok(sw_sockets_open(dir, strlen("/base.sock"), &sockets, &err), err);
        /* 107 bytes and the NUL behind them are what an address holds. */
        assert_int_equal(strcmp(sw_sockets_dir(sockets), dir) == 0, len + strlen("/base.sock") <= 107);
        sw_sockets_close(sockets);
    }
}

/* A place, and beside it a folder as libguestfs makes one. */
static int take_place(void *theirs, char said[HELD_BYTES])
{
    struct sw_sockets *sockets;
    struct sw_err err = {0};

    if (sw_sockets_open(NULL, sizeof("/base.sock"), &sockets, &err) < 0)
        return -1;
    sw_sockets_also(sockets, "/tmp/libguestfsNOSUCH");
    sw_sockets_also(sockets, theirs);
    sw_sockets_also(sockets, "/tmp/../etc");
    snprintf(said, HELD_BYTES, "%s", sw_sockets_dir(sockets));
    return 0;
}

static void what_a_killed_process_had_is_swept_and_what_a_living_one_has_is_not(void **state)
{
    char dir[HELD_BYTES], theirs[] = "/tmp/libguestfsXXXXXX", theirs_sock[64];
    struct sw_err err = {0};
    pid_t pid;

    (void)state;
    assert_non_null(mkdtemp(theirs));
    snprintf(theirs_sock, sizeof(theirs_sock), "%s/guestfsd.sock", theirs);
    assert_ok(sw_write_file(theirs_sock, "", 0, 0600, &err), err);
    pid = hold(take_place, theirs, dir);
    sw_sockets_close(place(NULL));
    assert_true(sw_path_exists(dir));
    assert_true(sw_path_exists(theirs_sock));
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    sw_sockets_close(place(NULL));
    assert_false(sw_path_exists(dir));
    assert_false(sw_path_exists(theirs));
}

/* What another program may have put there. */
static void folders_of_other_names_and_links_are_left_alone(void **state)
{
    static const char *const names[] = {"/tmp/slipway.test-left", "/tmp/slipway.left12345"};
    char here[4096], link[] = "/tmp/slipway.aZ09b1";

    (void)state;
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(mkdir("kept", 0700), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(mkdir(names[i], 0700), 0);
    assert_int_equal(symlink(here, link), 0);
    sw_sockets_close(place(NULL));
    assert_true(sw_path_exists("kept"));
    assert_true(sw_path_exists(link));
    assert_int_equal(rmdir(names[0]) | rmdir(names[1]) | unlink(link) | rmdir("kept"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_folder_is_taken_as_it_is_and_stays),
        cmocka_unit_test(a_long_one_gets_a_folder_that_is_this_users_alone),
        cmocka_unit_test(every_length_of_a_folder_leaves_a_socket_that_can_be_made),
        cmocka_unit_test(what_a_killed_process_had_is_swept_and_what_a_living_one_has_is_not),
        cmocka_unit_test(folders_of_other_names_and_links_are_left_alone),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
