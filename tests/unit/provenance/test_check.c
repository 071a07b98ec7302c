/* What a manifest lists is found right, missing, special, short, long or changed, chunk by chunk. */
#include "tests/unit/provenance/lab.h"

#include <sys/stat.h>

enum { CHUNKS = 7, LEN = CHUNKS * SW_CHUNK_BYTES_MIN - 1000 };

static struct sw_manifest *listed(uint8_t **bytes)
{
    struct sw_err err = {0};
    struct sw_manifest *manifest = NULL;

    *bytes = lab_pattern(LEN);
    lab_write("f", *bytes, LEN);
    lab_sign(lab_output("f", SW_CHUNK_BYTES_MIN), "manifest.json");
    assert_ok(sw_manifest_open("manifest.json", NULL, &manifest, &err), err);
    assert_int_equal(manifest->files[0].digests.nr_chunks, CHUNKS);
    return manifest;
}

static struct sw_file_state check(const struct sw_manifest *manifest, const struct sw_file_check *how)
{
    struct sw_err err = {0};
    struct sw_file_state state;

    assert_ok(sw_manifest_check(manifest, 0, how, &state, &err), err);
    return state;
}

static void changed_chunks_are_listed_in_order_for_any_number_of_jobs(void **state)
{
    uint8_t *bytes;
    struct sw_manifest *manifest = listed(&bytes);

    (void)state;
    for (unsigned jobs = 1; jobs <= 5; jobs += 2) {
        const struct sw_file_check how = {.jobs = jobs, .whole = true};
        struct sw_file_state found = check(manifest, &how);

        assert_int_equal(found.verdict, SW_FILE_RIGHT);
        assert_int_equal(found.nr_checked, CHUNKS);
        assert_int_equal(found.right_bytes, LEN);
        bytes[5 * LAB_MIB + 3] ^= 1;
        bytes[2 * LAB_MIB] ^= 1;
        bytes[LEN - 1] ^= 1;
        lab_write("f", bytes, LEN);
        found = check(manifest, &how);
        assert_int_equal(found.verdict, SW_FILE_CHANGED);
        assert_int_equal(found.nr_changed, 3);
        assert_int_equal(found.changed[0], 2);
        assert_int_equal(found.changed[1], 5);
        assert_int_equal(found.changed[2], 6);
        assert_int_equal(found.right_bytes, 2 * LAB_MIB);
        bytes[5 * LAB_MIB + 3] ^= 1;
        bytes[2 * LAB_MIB] ^= 1;
        bytes[LEN - 1] ^= 1;
        lab_write("f", bytes, LEN);
    }
    sw_manifest_free(manifest);
    free(bytes);
}

static void a_range_looks_at_its_own_chunks_only(void **state)
{
    uint8_t *bytes;
    struct sw_manifest *manifest = listed(&bytes);
    struct sw_file_check how = {.jobs = 2, .off = 3 * LAB_MIB, .len = LAB_MIB};

    (void)state;
    bytes[0] ^= 1;
    lab_write("f", bytes, LEN);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_RIGHT);
    assert_int_equal(check(manifest, &how).nr_checked, 1);
    how.len++;
    assert_int_equal(check(manifest, &how).nr_checked, 2);
    how = (struct sw_file_check){.jobs = 2, .off = LAB_MIB - 1, .len = 1};
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_CHANGED);
    how = (struct sw_file_check){.jobs = 2, .off = UINT64_MAX - 5, .len = UINT64_MAX};
    assert_int_equal(check(manifest, &how).nr_checked, 0);
    how = (struct sw_file_check){.jobs = 2, .off = 6 * LAB_MIB, .len = UINT64_MAX};
    assert_int_equal(check(manifest, &how).nr_checked, 1);
    sw_manifest_free(manifest);
    free(bytes);
}

static void what_came_so_far_can_be_checked(void **state)
{
    uint8_t *bytes;
    struct sw_manifest *manifest = listed(&bytes);
    const struct sw_file_check whole = {.jobs = 2}, partial = {.jobs = 2, .partial = true};
    struct sw_file_state found;

    (void)state;
    lab_write("f", bytes, 3 * LAB_MIB + 77);
    found = check(manifest, &whole);
    assert_int_equal(found.verdict, SW_FILE_SHORT);
    assert_int_equal(found.nr_checked, 0);
    found = check(manifest, &partial);
    assert_int_equal(found.verdict, SW_FILE_SHORT);
    assert_int_equal(found.nr_checked, 3);
    assert_int_equal(found.right_bytes, 3 * LAB_MIB);
    bytes[LAB_MIB] ^= 1;
    lab_write("f", bytes, 3 * LAB_MIB + 77);
    found = check(manifest, &partial);
    assert_int_equal(found.verdict, SW_FILE_CHANGED);
    assert_int_equal(found.right_bytes, LAB_MIB);
    sw_manifest_free(manifest);
    free(bytes);
}

static void what_is_no_file_of_that_length_is_told_without_reading(void **state)
{
    uint8_t *bytes;
    struct sw_manifest *manifest = listed(&bytes);
    const struct sw_file_check how = {.jobs = 2};

    (void)state;
    assert_int_equal(truncate("f", LEN + 1), 0);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_LONG);
    assert_int_equal(unlink("f"), 0);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_MISSING);
    lab_write("elsewhere", bytes, LEN);
    assert_int_equal(symlink("elsewhere", "f"), 0);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_SPECIAL);
    assert_int_equal(unlink("f") + mkfifo("f", 0644), 0);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_SPECIAL);
    assert_int_equal(unlink("f") + mkdir("f", 0755), 0);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_SPECIAL);
    assert_int_equal(rmdir("f") + symlink("f", "f"), 0);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_SPECIAL);
    assert_int_equal(unlink("f"), 0);
    sw_manifest_free(manifest);
    free(bytes);
}

static void a_manifest_that_contradicts_itself_is_found_when_the_whole_is_checked(void **state)
{
    struct sw_err err = {0};
    uint8_t *bytes;
    struct sw_manifest *manifest = listed(&bytes);
    const struct sw_file_check chunks = {.jobs = 2}, whole = {.jobs = 2, .whole = true};
    json_t *output = lab_output("f", SW_CHUNK_BYTES_MIN);

    (void)state;
    sw_manifest_free(manifest);
    json_object_set_new(output, "sha256",
                        json_string("0000000000000000000000000000000000000000000000000000000000000000"));
    lab_sign(output, "manifest.json");
    assert_ok(sw_manifest_open("manifest.json", NULL, &manifest, &err), err);
    assert_int_equal(check(manifest, &chunks).verdict, SW_FILE_RIGHT);
    assert_int_equal(check(manifest, &whole).verdict, SW_FILE_AT_ODDS);
    sw_manifest_free(manifest);
    free(bytes);
}

static void an_empty_file_is_right(void **state)
{
    struct sw_err err = {0};
    struct sw_manifest *manifest = NULL;
    const struct sw_file_check how = {.jobs = 2, .whole = true};

    (void)state;
    lab_write("nothing", "", 0);
    lab_sign(lab_output("nothing", SW_CHUNK_BYTES), "n.json");
    assert_ok(sw_manifest_open("n.json", NULL, &manifest, &err), err);
    assert_int_equal(check(manifest, &how).verdict, SW_FILE_RIGHT);
    sw_manifest_free(manifest);
}

static void a_thousand_changed_chunks_are_counted_and_the_first_hundred_listed(void **state)
{
    struct sw_err err = {0};
    struct sw_manifest *manifest = NULL;
    const struct sw_file_check how = {.jobs = 4};
    json_t *output, *chunks = json_array();
    struct sw_file_state found;

    (void)state;
    lab_write("many", "", 0);
    assert_int_equal(truncate("many", 150 * (off_t)LAB_MIB), 0);
    output = lab_output("many", SW_CHUNK_BYTES);
    for (size_t i = 0; i < 150; i++)
        json_array_append_new(chunks, json_object_get(output, "sha256") != NULL
                                          ? json_string(json_string_value(json_object_get(output, "sha256")))
                                          : NULL);
    json_object_set_new(output, "chunks", chunks);
    json_object_set_new(output, "chunkBytes", json_integer(SW_CHUNK_BYTES_MIN));
    lab_sign(output, "many.json");
    assert_ok(sw_manifest_open("many.json", NULL, &manifest, &err), err);
    found = check(manifest, &how);
    assert_int_equal(found.nr_changed, 150);
    for (size_t i = 0; i < SW_CHANGED_LISTED_MAX; i++)
        assert_int_equal(found.changed[i], i);
    sw_manifest_free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changed_chunks_are_listed_in_order_for_any_number_of_jobs),
        cmocka_unit_test(a_range_looks_at_its_own_chunks_only),
        cmocka_unit_test(what_came_so_far_can_be_checked),
        cmocka_unit_test(what_is_no_file_of_that_length_is_told_without_reading),
        cmocka_unit_test(a_manifest_that_contradicts_itself_is_found_when_the_whole_is_checked),
        cmocka_unit_test(an_empty_file_is_right),
        cmocka_unit_test(a_thousand_changed_chunks_are_counted_and_the_first_hundred_listed),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
