/* A build's folder lives as long as its process; what dead ones left is swept, what living ones hold is not. */
#include "tests/unit/held.h"
#include "tests/unit/store/store_case.h"

#include <sys/file.h>

static void reopen(struct sw_store *store)
{
    struct sw_err err = {0};

    sw_store_close(store);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    sw_store_close(store);
}

static void a_scratch_folder_is_gone_at_close(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_scratch *scratch = NULL;
    char path[512];

    (void)state;
    assert_ok(sw_scratch_open(store, &scratch, &err), err);
    snprintf(path, sizeof(path), "%s/overlay.qcow2", sw_scratch_dir(scratch));
    write_text(path, "x");
    sw_scratch_close(scratch);
    assert_int_equal(entries_of("store/slipway/scratch"), 0);
    sw_store_close(store);
}

static int take_scratch(void *store, char said[HELD_BYTES])
{
    struct sw_scratch *scratch = NULL;
    struct sw_err err = {0};

    (void)said;
    return sw_scratch_open(store, &scratch, &err);
}

static void a_killed_builds_folder_is_swept_and_a_living_ones_stays(void **state)
{
    struct sw_store *store = fresh_store();
    char said[HELD_BYTES];
    pid_t pid = hold(take_scratch, store, said);

    (void)state;
    reopen(store);
    assert_int_equal(entries_of("store/slipway/scratch"), 2);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    store = NULL;
    reopen(store);
    assert_int_equal(entries_of("store/slipway/scratch"), 0);
}

static void folders_whose_lock_is_missing_are_swept(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();

    (void)state;
    assert_ok(sw_mkdir_p("store/slipway/scratch/0123456789abcdef/deep", 0755, &err), err);
    write_text("store/slipway/scratch/fedcba9876543210.lock", "");
    reopen(store);
    assert_int_equal(entries_of("store/slipway/scratch"), 0);
}

static void half_written_blobs_of_dead_processes_are_swept(void **state)
{
    struct sw_store *store = fresh_store();
    int held;

    (void)state;
    write_text(blob_file(".tmp-0000000000000001"), "dead");
    write_text(blob_file(".tmp-0000000000000002"), "alive");
    held = open(blob_file(".tmp-0000000000000002"), O_RDWR | O_CLOEXEC);
    assert_true(held >= 0);
    assert_int_equal(flock(held, LOCK_EX), 0);
    reopen(store);
    assert_false(sw_path_exists(blob_file(".tmp-0000000000000001")));
    assert_true(sw_path_exists(blob_file(".tmp-0000000000000002")));
    close(held);
}

static void files_that_never_got_their_name_are_swept(void **state)
{
    struct sw_store *store = fresh_store();
    int held;

    (void)state;
    write_text("store/.index.json.tmp-1", "left by a process whose number is another's now");
    write_text("store/slipway/keys/." KEY_A ".json.tmp-999999999", "dead");
    held = open("store/.index.json.tmp-00c0ffee00c0ffee", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(flock(held, LOCK_EX), 0);
    reopen(store);
    assert_false(sw_path_exists("store/.index.json.tmp-1"));
    assert_int_equal(entries_of("store/slipway/keys"), 0);
    assert_true(sw_path_exists("store/.index.json.tmp-00c0ffee00c0ffee"));
    close(held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scratch_folder_is_gone_at_close),
        cmocka_unit_test(a_killed_builds_folder_is_swept_and_a_living_ones_stays),
        cmocka_unit_test(folders_whose_lock_is_missing_are_swept),
        cmocka_unit_test(half_written_blobs_of_dead_processes_are_swept),
        cmocka_unit_test(files_that_never_got_their_name_are_swept),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
