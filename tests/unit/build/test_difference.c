/* plan names the first input that changed, in the words of the document. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/build/plan.h"

static void assert_difference(const char *before_text, const char *now_text, const char *want)
{
    struct sw_err err = {0};
    SW_AUTO_JSON json_t *before = sw_json_parse(before_text, strlen(before_text), "before", &err);
    SW_AUTO_JSON json_t *now = sw_json_parse(now_text, strlen(now_text), "now", &err);
    SW_AUTO_FREE char *path = NULL;

    assert_non_null(before);
    assert_non_null(now);
    path = plan_first_difference(before, now, &err);
    assert_int_equal(err.code, SW_OK);
    if (want == NULL)
        assert_null(path);
    else
        assert_string_equal(path, want);
}

static void equal_values_have_no_difference(void **state)
{
    (void)state;
    assert_difference("{\"a\": [1, {\"b\": null}]}", "{\"a\":[1,{\"b\":null}]}", NULL);
    assert_difference("{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", NULL);
}

static void a_changed_value_is_named_by_its_path(void **state)
{
    (void)state;
    assert_difference("{\"p\": {\"greeting\": \"a\"}, \"z\": 1}", "{\"p\": {\"greeting\": \"b\"}, \"z\": 2}",
                      "p.greeting");
    assert_difference("{\"z\": [1, 2, 3]}", "{\"z\": [1, 5, 3]}", "z[1]");
}

static void items_with_names_are_called_by_them(void **state)
{
    (void)state;
    assert_difference("{\"steps\": [{\"name\": \"Install\", \"action\": \"A\"}]}",
                      "{\"steps\": [{\"name\": \"Install\", \"action\": \"B\"}]}", "steps['Install'].action");
}

static void what_was_added_or_taken_away_is_named(void **state)
{
    (void)state;
    assert_difference("{\"a\": 1}", "{\"a\": 1, \"b\": 2}", "b");
    assert_difference("{\"a\": 1, \"b\": 2}", "{\"a\": 1}", "b");
    assert_difference("[1]", "[1, 2]", "[1]");
    assert_difference("[1, 2]", "[1]", "[1]");
}

static void another_type_is_a_difference(void **state)
{
    (void)state;
    assert_difference("{\"a\": {}}", "{\"a\": []}", "a");
    assert_difference("{\"a\": 1}", "{\"a\": \"1\"}", "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_values_have_no_difference),
        cmocka_unit_test(a_changed_value_is_named_by_its_path),
        cmocka_unit_test(items_with_names_are_called_by_them),
        cmocka_unit_test(what_was_added_or_taken_away_is_named),
        cmocka_unit_test(another_type_is_a_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
