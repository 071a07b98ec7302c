/* AWS's own hosts against what botocore's rules say (make-endpoint-vectors.py). */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cloud/partition.h"

static json_t *load(void)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *folder = sw_path_dir(__FILE__, &err);
    SW_AUTO_FREE char *path = sw_path_join(folder, "endpoint-vectors.json", &err);
    json_t *root = sw_json_read(path, 1 << 20, &err);

    if (root == NULL)
        fail_msg("%s", err.text);
    return root;
}

static json_t *table;

static void check_case(const json_t *row)
{
    const struct host_wish wish = {.service = json_string_value(json_array_get(row, 0)),
                                   .region = json_string_value(json_array_get(row, 1)),
                                   .fips = json_is_true(json_array_get(row, 2)),
                                   .dual_stack = json_is_true(json_array_get(row, 3))};
    const char *host = json_string_value(json_array_get(row, 4));
    SW_AUTO_BUF struct sw_buf got = {0};
    struct sw_err err = {.code = SW_OK};
    char signs[REGION_TEXT] = "";

    if (host == NULL) {
        assert_failed(partition_host(table, &wish, &got, signs, &err), err, SW_FAILED, wish.service);
        return;
    }
    assert_ok(partition_host(table, &wish, &got, signs, &err), err);
    assert_string_equal(got.data, host);
    assert_string_equal(signs, json_string_value(json_array_get(row, 5)));
}

static void names_the_hosts_that_botocore_names(void **state)
{
    SW_AUTO_JSON json_t *root = load();
    const json_t *cases = json_object_get(root, "cases");

    (void)state;
    assert_true(json_array_size(cases) >= 400);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i));
}

static void says_what_a_partition_does_not_have(void **state)
{
    const struct host_wish wish = {"s3", "cn-north-1", true, true};
    SW_AUTO_BUF struct sw_buf got = {0};
    struct sw_err err = {.code = SW_OK};
    char signs[REGION_TEXT];

    (void)state;
    assert_failed(partition_host(table, &wish, &got, signs, &err), err, SW_FAILED,
                  "partition 'aws-cn' has no FIPS and dual-stack endpoint of s3");
}

static void knows_no_region_that_only_begins_like_one(void **state)
{
    static const char *const strange[] = {
        "moon-west-1", "us-",        "us-east", "us-east-",   "us-east-1x",    "us-gov--1",
        "us-gov-east", "eu-.evil-1", "",        "us-east-1-", "eusc-fr-east-1"};

    (void)state;
    for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++) {
        const struct host_wish wish = {"ec2", strange[i], false, false};
        SW_AUTO_BUF struct sw_buf got = {0};
        struct sw_err err = {.code = SW_OK};
        char signs[REGION_TEXT];

        assert_failed(partition_host(table, &wish, &got, signs, &err), err, SW_USAGE, "is not known");
        partition_sign_region(table, "iam", strange[i], signs);
        assert_string_equal(signs, strange[i]);
    }
}

static int open_table(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    table = partition_table(&err);
    return table != NULL ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    json_decref(table);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_hosts_that_botocore_names),
        cmocka_unit_test(says_what_a_partition_does_not_have),
        cmocka_unit_test(knows_no_region_that_only_begins_like_one),
    };

    return cmocka_run_group_tests(tests, open_table, close_table);
}
