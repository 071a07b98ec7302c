/* A blob has the name of its bytes, appears whole, and is never read through a link. */
#include "tests/unit/store/store_case.h"

#include <signal.h>
#include <sys/resource.h>

/* printf hello | sha256sum */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static void a_blob_is_named_by_its_bytes(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_layer blob = small_blob(store, "hello");

    (void)state;
    assert_string_equal(blob.digest, HELLO);
    assert_true(sw_path_exists(blob_file(HELLO)));
    assert_int_equal(entries_of("store/blobs/sha256"), 1);
    sw_store_close(store);
}

static void the_same_bytes_again_keep_the_file(void **state)
{
    struct sw_store *store = fresh_store();
    struct stat first, second;

    (void)state;
    small_blob(store, "hello");
    assert_int_equal(stat(blob_file(HELLO), &first), 0);
    small_blob(store, "hello");
    assert_int_equal(stat(blob_file(HELLO), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_int_equal(entries_of("store/blobs/sha256"), 1);
    sw_store_close(store);
}

static void a_truncated_blob_is_replaced_when_its_bytes_come_again(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_buf text = {0};

    (void)state;
    write_text(blob_file(HELLO), "hel");
    small_blob(store, "hello");
    assert_ok(store_blob_text(store, HELLO, &text, &err), err);
    assert_string_equal(text.data, "hello");
    sw_buf_free(&text);
    assert_int_equal(entries_of("store/blobs/sha256"), 1);
    sw_store_close(store);
}

static void closing_without_publishing_leaves_nothing(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_out *out = NULL;

    (void)state;
    assert_ok(store_blob_create(store, &out, &err), err);
    assert_ok(sw_out_write(out, "hello", 5, &err), err);
    sw_out_close(out);
    assert_int_equal(entries_of("store/blobs/sha256"), 0);
    sw_store_close(store);
}

static void a_full_disk_leaves_nothing(void **state)
{
    static const struct rlimit small = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    static const struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    static char bytes[8192];
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_out *out = NULL;
    int rc;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_ok(store_blob_create(store, &out, &err), err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = sw_out_write(out, bytes, sizeof(bytes), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    assert_failed(rc, err, SW_FAILED, "cannot write");
    sw_out_close(out);
    assert_int_equal(entries_of("store/blobs/sha256"), 0);
    sw_store_close(store);
}

static void a_link_is_not_followed(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_in *in = NULL;
    char *path;

    (void)state;
    write_text("outside", "hello");
    assert_int_equal(symlink("../../../outside", blob_file(HELLO)), 0);
    assert_failed(store_blob_open(store, HELLO, &in, &err), err, SW_INTEGRITY, "is not a regular file");
    path = sw_store_blob_path(store, HELLO, &err);
    assert_null(path);
    assert_int_equal(err.code, SW_INTEGRITY);
    sw_store_close(store);
}

static void other_names_are_no_blobs(void **state)
{
    static const char *const names[] = {"", "..", "../../index.json", "sha256:" HELLO, HELLO "0", HELLO "/"};
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_in *in = NULL;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        assert_failed(store_blob_open(store, names[i], &in, &err), err, SW_INTEGRITY,
                      "is not a layer's digest");
    assert_failed(store_blob_open(store, HELLO, &in, &err), err, SW_INTEGRITY, "is missing");
    sw_store_close(store);
}

static void a_damaged_small_blob_is_not_believed(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_buf text = {0};

    (void)state;
    write_text(blob_file(HELLO), "hellO");
    assert_failed(store_blob_text(store, HELLO, &text, &err), err, SW_INTEGRITY, "is damaged");
    sw_buf_free(&text);
    sw_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blob_is_named_by_its_bytes),
        cmocka_unit_test(the_same_bytes_again_keep_the_file),
        cmocka_unit_test(a_truncated_blob_is_replaced_when_its_bytes_come_again),
        cmocka_unit_test(closing_without_publishing_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_nothing),
        cmocka_unit_test(a_link_is_not_followed),
        cmocka_unit_test(other_names_are_no_blobs),
        cmocka_unit_test(a_damaged_small_blob_is_not_believed),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
