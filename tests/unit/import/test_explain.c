/* AWS's messages are recognised, whatever is around them, and every entry of the catalogue is whole. */
#include "tests/unit/testing.h"

#include "slipway/import.h"
#include "src/base/json.h"
#include "src/import/explain.h"

static void assert_rule(const char *message, const char *rule)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *doc = sw_import_explain(message, &err);
    const char *got = sw_json_text(doc, "rule");

    assert_non_null(doc);
    if (got == NULL || strcmp(got, rule) != 0)
        fail_msg("'%s' is %s, not %s", message, got != NULL ? got : "not known", rule);
}

static void messages_are_known_in_any_case_and_behind_either_prefix(void **state)
{
    (void)state;
    assert_rule("ClientError: Disk validation failed [Unsupported OVA format]", "disk.format.ova");
    assert_rule("CLIENT_ERROR : ClientError: Footers not identical", "disk.format.vhd");
    assert_rule("clienterror: footers NOT identical", "disk.format.vhd");
    assert_rule("Invalid configuration - Could not read fstab", "linux.fstab");
    assert_rule("Bucket images is not in the eu-west-1 Region", "aws.bucket.region");
    assert_rule("FirstBootFailure: This import request failed because", "guest.network.dhcp");
    assert_rule(
        "Disk validation failed [OVF file parsing error: OVA with chunked disk files is not supported]",
        "disk.format.ova.chunked");
}

static void pieces_of_a_pattern_have_to_come_in_order(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *doc = sw_import_explain("in the x Region is not what Bucket y says", &err);

    (void)state;
    assert_false(json_is_true(json_object_get(doc, "known")));
}

static void what_is_not_known_is_passed_through(void **state)
{
    static const char *const messages[] = {"", "ClientError:", "\xff\xfe ClientError: \x01", "*", "**"};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(messages); i++) {
        SW_AUTO_JSON json_t *doc = sw_import_explain(messages[i], &err);

        assert_non_null(doc);
        assert_false(json_is_true(json_object_get(doc, "known")));
        assert_null(json_object_get(doc, "cause"));
    }
}

static void only_awss_own_failures_are_worth_another_try(void **state)
{
    static const struct {
        const char *message;
        bool retry;
    } cases[] = {{"ServerError: an internal error has occurred", true},
                 {"InternalError", true},
                 {"ClientError: Unsupported kernel version 1", false},
                 {"ClientError: something new", false}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        SW_AUTO_JSON json_t *doc = sw_import_explain(cases[i].message, &err);

        assert_int_equal(json_is_true(json_object_get(doc, "retry")), cases[i].retry);
    }
}

static void an_explanation_stands_behind_awss_words(void **state)
{
    struct sw_err err = {.code = SW_FAILED, .text = "task ended: ClientError: Footers not identical"};
    struct sw_err same = {.code = SW_REMOTE, .text = "nothing to see"};

    (void)state;
    sw_import_explain_error("ClientError: Footers not identical", &err);
    assert_int_equal(err.code, SW_FAILED);
    assert_ptr_equal(strstr(err.text, "task ended: ClientError: Footers not identical ("), err.text);
    assert_non_null(strstr(err.text, "; preflight rule disk.format.vhd)"));
    sw_import_explain_error("nothing to see", &same);
    assert_string_equal(same.text, "nothing to see");
}

static void every_failure_has_patterns_a_cause_and_a_remedy(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *root = sw_json_read(SLIPWAY_SOURCE "/src/import/data/failures.json", 1 << 20, &err);
    const json_t *failure, *pattern;
    size_t i, j;

    (void)state;
    assert_non_null(root);
    assert_true(json_array_size(json_object_get(root, "failures")) >= 30);
    json_array_foreach (json_object_get(root, "failures"), i, failure) {
        assert_non_null(sw_json_text(failure, "cause"));
        assert_non_null(sw_json_text(failure, "remedy"));
        assert_true(json_array_size(json_object_get(failure, "patterns")) > 0);
        /* A pattern that an entry above it takes would never be reached. */
        json_array_foreach (json_object_get(failure, "patterns"), j, pattern) {
            SW_AUTO_JSON json_t *doc = sw_import_explain(json_string_value(pattern), &err);

            assert_string_equal(sw_json_text(doc, "cause"), sw_json_text(failure, "cause"));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_known_in_any_case_and_behind_either_prefix),
        cmocka_unit_test(pieces_of_a_pattern_have_to_come_in_order),
        cmocka_unit_test(what_is_not_known_is_passed_through),
        cmocka_unit_test(only_awss_own_failures_are_worth_another_try),
        cmocka_unit_test(an_explanation_stands_behind_awss_words),
        cmocka_unit_test(every_failure_has_patterns_a_cause_and_a_remedy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
