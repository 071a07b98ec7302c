/* Plan keys are found as they were recorded; whatever does not fit counts as absent. */
#include "tests/unit/store/store_case.h"

#define KEY_FILE "store/slipway/keys/" KEY_A ".json"

static struct sw_plan_record a_record(const struct sw_layer *layer, const char *key, unsigned position)
{
    struct sw_plan_record record = {.layer = *layer, .position = position};

    memcpy(record.key, key, SW_STORE_HEX);
    record.recipe = strdup("web server");
    record.inputs = strdup("{\"component\":\"c0ffee\",\"parameters\":{\"port\":\"80\"}}");
    return record;
}

static void remember(struct sw_store *store, const struct sw_layer *layer, const char *key, unsigned position)
{
    struct sw_err err = {0};
    struct sw_plan_record record = a_record(layer, key, position);

    assert_ok(sw_store_record_key(store, &record, &err), err);
    sw_plan_record_clear(&record);
}

static int find(struct sw_store *store, const char *key)
{
    struct sw_err err = {0};
    struct sw_plan_record found;
    int rc = sw_store_find_key(store, key, &found, &err);

    if (rc == 1)
        sw_plan_record_clear(&found);
    return rc;
}

static void a_key_is_found_as_it_was_recorded(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_layer layer = small_blob(store, "layer");
    struct sw_plan_record found;

    (void)state;
    memcpy(layer.parent, KEY_B, SW_STORE_HEX);
    remember(store, &layer, KEY_A, 3);
    assert_int_equal(sw_store_find_key(store, KEY_A, &found, &err), 1);
    assert_string_equal(found.key, KEY_A);
    assert_string_equal(found.recipe, "web server");
    assert_int_equal(found.position, 3);
    assert_string_equal(found.inputs, "{\"component\":\"c0ffee\",\"parameters\":{\"port\":\"80\"}}");
    assert_memory_equal(&found.layer, &layer, sizeof(layer));
    sw_plan_record_clear(&found);
    assert_int_equal(find(store, KEY_B), 0);
    sw_store_close(store);
}

static void a_key_without_its_layer_is_absent(void **state)
{
    struct sw_store *store = fresh_store();
    struct sw_layer layer = small_blob(store, "layer");

    (void)state;
    remember(store, &layer, KEY_A, 1);
    assert_int_equal(find(store, KEY_A), 1);
    assert_int_equal(unlink(blob_file(layer.digest)), 0);
    assert_int_equal(find(store, KEY_A), 0);
    write_text(blob_file(layer.digest), "lay");
    assert_int_equal(find(store, KEY_A), 0);
    sw_store_close(store);
}

static void a_record_is_not_made_before_its_layer(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_layer layer = {.digest = KEY_B, .size_bytes = 1};
    struct sw_plan_record record = a_record(&layer, KEY_A, 1);

    (void)state;
    assert_failed(sw_store_record_key(store, &record, &err), err, SW_FAILED, "is not in the store");
    assert_int_equal(entries_of("store/slipway/keys"), 0);
    sw_plan_record_clear(&record);
    sw_store_close(store);
}

static void inputs_that_are_no_json_are_refused(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_layer layer = small_blob(store, "layer");
    struct sw_plan_record record = a_record(&layer, KEY_A, 1);

    (void)state;
    free(record.inputs);
    record.inputs = strdup("{oops");
    assert_int_equal(sw_store_record_key(store, &record, &err), -1);
    assert_int_equal(entries_of("store/slipway/keys"), 0);
    sw_plan_record_clear(&record);
    sw_store_close(store);
}

static void damaged_records_count_as_absent(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{\"key\":\"" KEY_A "\"}",
        "{\"key\":\"" KEY_B "\",\"recipe\":\"x\",\"position\":1,\"inputs\":{},"
        "\"layer\":{\"digest\":\"" KEY_A "\",\"parent\":\"\",\"size_bytes\":5,\"virtual_bytes\":512}}",
        "{\"key\":\"" KEY_A "\",\"recipe\":\"x\",\"position\":-1,\"inputs\":{},"
        "\"layer\":{\"digest\":\"" KEY_A "\",\"parent\":\"\",\"size_bytes\":5,\"virtual_bytes\":512}}",
        "{\"key\":\"" KEY_A "\",\"recipe\":\"x\",\"position\":1,\"inputs\":{},"
        "\"layer\":{\"digest\":\"../../../etc/passwd\",\"parent\":\"\",\"size_bytes\":5,\"virtual_bytes\":512}}",
        "{\"key\":\"" KEY_A "\",\"recipe\":\"x\",\"position\":1,\"inputs\":{},"
        "\"layer\":{\"digest\":\"" KEY_A "\",\"parent\":\"x\",\"size_bytes\":5,\"virtual_bytes\":512}}",
        "{\"key\":\"" KEY_A "\",\"recipe\":\"x\",\"position\":1,\"inputs\":{},"
        "\"layer\":{\"digest\":\"" KEY_A "\",\"parent\":\"\",\"size_bytes\":-5,\"virtual_bytes\":512}}",
    };
    struct sw_store *store = fresh_store();

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        write_text(KEY_FILE, texts[i]);
        assert_int_equal(find(store, KEY_A), 0);
    }
    sw_store_close(store);
}

static void the_latest_record_of_a_position_is_found_without_its_layer(void **state)
{
    struct sw_err err = {0};
    struct sw_store *store = fresh_store();
    struct sw_layer layer = small_blob(store, "layer");
    struct sw_plan_record last;

    (void)state;
    assert_int_equal(sw_store_last_record(store, "web server", 2, &last, &err), 0);
    remember(store, &layer, KEY_A, 2);
    remember(store, &layer, KEY_B, 2);
    assert_int_equal(unlink(blob_file(layer.digest)), 0);
    assert_int_equal(sw_store_last_record(store, "web server", 2, &last, &err), 1);
    assert_string_equal(last.key, KEY_B);
    sw_plan_record_clear(&last);
    assert_int_equal(sw_store_last_record(store, "web server", 1, &last, &err), 0);
    assert_int_equal(sw_store_last_record(store, "web", 2, &last, &err), 0);
    sw_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_as_it_was_recorded),
        cmocka_unit_test(a_key_without_its_layer_is_absent),
        cmocka_unit_test(a_record_is_not_made_before_its_layer),
        cmocka_unit_test(inputs_that_are_no_json_are_refused),
        cmocka_unit_test(damaged_records_count_as_absent),
        cmocka_unit_test(the_latest_record_of_a_position_is_found_without_its_layer),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
