/* A message and its sidecar are replaced together: killed or failed between the two renames, no key is lost. */
#include "message.h"
#include "src/base/json.h"
#include "src/seal/pair.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What happens to a rename that makes this file (the linker sees to it). */
static struct {
    const char *to;
    bool dies;
} trap;

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_rename(const char *from, const char *to)
{
    if (trap.to == NULL || strcmp(to, trap.to) != 0)
        return __real_rename(from, to);
    if (trap.dies)
        _exit(7);
    errno = ENOSPC;
    return -1;
}

static int seal_text(const char *path, const char *text, struct sw_err *err)
{
    SW_AUTO_KEYRING struct sw_keyring *to = aes_ring(SW_KEY_SEAL, 1);
    const struct sw_seal_opts opts = {.recipients = to, .plain_bytes = strlen(text), .jobs = 1};
    struct sw_out *out = NULL;
    int rc = sw_seal_create_file(&opts, path, &out, err);

    if (rc == 0)
        rc = sw_out_write(out, text, strlen(text), err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    return rc;
}

static void opens_as(const char *path, const char *text)
{
    SW_AUTO_KEYRING struct sw_keyring *with = aes_ring(SW_KEY_OPEN, 1);
    const struct sw_unseal_opts opts = {.keys = with};
    struct sw_err err = {.code = SW_OK};
    struct sw_in *in = NULL;
    char got[64] = "";

    assert_ok(sw_seal_open_file(path, NULL, &opts, &in, &err), err);
    assert_int_equal(in->size_bytes, strlen(text));
    assert_ok(sw_in_read(in, got, strlen(text), 0, &err), err);
    assert_string_equal(got, text);
    sw_in_close(in);
}

/* Seals in a process that ends by force at the rename to this name. */
static void killed_at(const char *rename_to, const char *path, const char *text)
{
    int status = 0;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        struct sw_err err = {.code = SW_OK};

        trap.to = rename_to;
        trap.dies = true;
        (void)!seal_text(path, text, &err);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void fails_at(const char *rename_to, const char *path)
{
    struct sw_err err = {.code = SW_OK};

    trap.to = rename_to;
    trap.dies = false;
    assert_int_equal(seal_text(path, "new", &err), -1);
    trap.to = NULL;
}

static void seal_well(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(seal_text(path, text, &err), err);
    opens_as(path, text);
    assert_false(sw_path_exists(".x.keys.before"));
}

static void a_first_pair_that_fails_leaves_nothing(void **state)
{
    (void)state;
    fails_at("x.sealed", "x.sealed");
    assert_false(sw_path_exists("x.keys"));
    assert_false(sw_path_exists(".x.keys.before"));
    fails_at("x.keys", "x.sealed");
    assert_false(sw_path_exists("x.keys"));
    assert_false(sw_path_exists(".x.keys.before"));
    seal_well("x.sealed", "good");
}

static void a_pair_whose_replacement_fails_still_opens(void **state)
{
    struct stat st;

    (void)state;
    seal_well("x.sealed", "old");
    assert_int_equal(chmod("x.keys", 0604), 0);
    fails_at("x.sealed", "x.sealed");
    opens_as("x.sealed", "old");
    assert_false(sw_path_exists(".x.keys.before"));
    assert_int_equal(stat("x.keys", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
    fails_at("x.keys", "x.sealed");
    opens_as("x.sealed", "old");
    seal_well("x.sealed", "new");
}

static void a_first_pair_that_was_killed_is_begun_anew(void **state)
{
    (void)state;
    killed_at("x.sealed", "x.sealed", "first");
    assert_true(sw_path_exists("x.keys"));
    seal_well("x.sealed", "second");
}

static void a_pair_opens_after_its_replacement_was_killed(void **state)
{
    (void)state;
    seal_well("x.sealed", "old");
    killed_at("x.sealed", "x.sealed", "new");
    opens_as("x.sealed", "old");
    killed_at("x.keys", "x.sealed", "new");
    opens_as("x.sealed", "old");
    seal_well("x.sealed", "new");
}

/* Who may open it is told and changed as if nobody had been killed. */
static void a_pair_whose_replacement_was_killed_is_rewrapped(void **state)
{
    SW_AUTO_KEYRING struct sw_keyring *with = aes_ring(SW_KEY_OPEN, 1), *to = aes_ring(SW_KEY_SEAL, 1);
    const struct sw_unseal_opts opts = {.keys = with};
    char was[SW_SEAL_ARTIFACT_CHARS], is[SW_SEAL_ARTIFACT_CHARS];
    SW_AUTO_JSON json_t *told = NULL;
    struct sw_err err = {.code = SW_OK};

    (void)state;
    seal_well("x.sealed", "old");
    assert_ok(sw_seal_rewrap("x.sealed", NULL, &opts, to, was, &err), err);
    killed_at("x.sealed", "x.sealed", "new");
    told = sw_seal_describe("x.sealed", NULL, &opts, &err);
    assert_non_null(told);
    assert_string_equal(sw_json_text(json_object_get(told, "sidecar"), "file"), "./.x.keys.before");
    assert_ok(sw_seal_rewrap("x.sealed", NULL, &opts, to, is, &err), err);
    assert_string_equal(was, is);
    opens_as("x.sealed", "old");
    assert_int_equal(unlink(".x.keys.before"), 0);
    opens_as("x.sealed", "old");
    seal_well("x.sealed", "new");
}

static void what_a_killed_run_left_destroys_no_other_key(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    killed_at("x.sealed", "x.sealed", "first");
    assert_ok(seal_text("y.sealed", "other", &err), err);
    assert_int_equal(__real_rename("y.keys", "x.keys"), 0);
    assert_int_equal(seal_text("x.sealed", "second", &err), -1);
    assert_int_equal(err.code, SW_USAGE);
    assert_int_equal(__real_rename("x.keys", "y.keys"), 0);
    opens_as("y.sealed", "other");
}

static void a_key_aside_whose_message_is_gone_is_kept(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    seal_well("x.sealed", "old");
    killed_at("x.sealed", "x.sealed", "new");
    assert_int_equal(__real_rename("x.sealed", "shipped"), 0);
    assert_int_equal(seal_text("x.sealed", "newer", &err), -1);
    assert_int_equal(err.code, SW_USAGE);
    assert_int_equal(__real_rename("shipped", "x.sealed"), 0);
    opens_as("x.sealed", "old");
}

static void what_is_damaged_aside_was_never_acted_upon(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    seal_well("x.sealed", "old");
    assert_ok(sw_write_file(".x.keys.before", "\2\4", 2, 0600, &err), err);
    opens_as("x.sealed", "old");
    seal_well("x.sealed", "new");
}

static void a_sidecar_of_another_message_is_not_replaced(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(seal_text("x.sealed", "one", &err), err);
    assert_int_equal(seal_text("x", "two", &err), -1);
    assert_int_equal(err.code, SW_USAGE);
    assert_false(sw_path_exists("x"));
    opens_as("x.sealed", "one");
}

static void a_pair_that_is_being_written_is_left_alone(void **state)
{
    struct sw_err err = {.code = SW_OK};
    int lock = sw_lock_file(".x.keys.before", false, &err);

    (void)state;
    assert_true(lock >= 0);
    assert_int_equal(seal_text("x.sealed", "one", &err), -1);
    assert_int_equal(err.code, SW_REFUSED);
    close(lock);
    seal_well("x.sealed", "one");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, enter_empty_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_first_pair_that_fails_leaves_nothing),
        CASE(a_pair_whose_replacement_fails_still_opens),
        CASE(a_first_pair_that_was_killed_is_begun_anew),
        CASE(a_pair_opens_after_its_replacement_was_killed),
        CASE(a_pair_whose_replacement_was_killed_is_rewrapped),
        CASE(what_a_killed_run_left_destroys_no_other_key),
        CASE(a_key_aside_whose_message_is_gone_is_kept),
        CASE(what_is_damaged_aside_was_never_acted_upon),
        CASE(a_sidecar_of_another_message_is_not_replaced),
        CASE(a_pair_that_is_being_written_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
