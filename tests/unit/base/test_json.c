/* JSON: canonical bytes, refused duplicates, positions in messages. */
#include "tests/unit/testing.h"

#include "src/base/json.h"

static void the_same_value_gives_the_same_bytes(void **state)
{
    struct sw_err err = {0};
    const char *one = "{\"b\": [1, 2],\n \"a\": \"\\u00e9\"}", *other = "{\"a\":\"\xc3\xa9\",\"b\":[1,2]}";
    SW_AUTO_JSON json_t *a = sw_json_parse(one, strlen(one), "one", &err);
    SW_AUTO_JSON json_t *b = sw_json_parse(other, strlen(other), "other", &err);
    char *left, *right;

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    left = sw_json_canonical(a, &err);
    right = sw_json_canonical(b, &err);
    assert_string_equal(left, right);
    assert_string_equal(left, "{\"a\":\"\xc3\xa9\",\"b\":[1,2]}");
    free(left);
    free(right);
}

static void a_duplicate_key_is_refused_with_its_position(void **state)
{
    struct sw_err err = {0};
    const char *text = "{\"a\": 1,\n \"a\": 2}";

    (void)state;
    assert_null(sw_json_parse(text, strlen(text), "index.json", &err));
    assert_failed(-1, err, SW_INTEGRITY, "index.json:2:");
}

static void a_missing_or_numeric_member_has_no_text(void **state)
{
    struct sw_err err = {0};
    SW_AUTO_JSON json_t *json = sw_json_parse("{\"n\": 1, \"t\": \"x\"}", 18, "x", &err);

    (void)state;
    assert_non_null(json);
    assert_null(sw_json_text(json, "n"));
    assert_null(sw_json_text(json, "none"));
    assert_string_equal(sw_json_text(json, "t"), "x");
}

static void what_a_terminal_obeys_is_escaped_and_read_back_the_same(void **state)
{
    static const char wild[] = "a\x1b[31m\x7f \xc2\x9b"
                               "31m \xe2\x80\xae \xe2\x81\xa6 \xc3\xa9\n";
    SW_AUTO_JSON json_t *json = json_pack("{s:s}", "name", wild);
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *text = sw_json_pretty(json, &err);
    SW_AUTO_JSON json_t *again = NULL;

    (void)state;
    assert_non_null(text);
    assert_string_equal(text,
                        "{\n  \"name\": \"a\\u001B[31m\\u007F \\u009B31m \\u202E \\u2066 \xc3\xa9\\n\"\n}\n");
    again = sw_json_parse(text, strlen(text), "text", &err);
    assert_true(json_equal(json, again));
}

static void bytes_of_any_kind_become_a_string(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } rows[] = {
        {"plain", 5, "plain"},
        {"\xc3\xa9", 2, "\xc3\xa9"},
        {"a\0b", 3, "a\\x00b"},
        {"\xff\x1b[", 3, "\\xff\\x1b["},
        {"", 0, ""},
        {NULL, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        SW_AUTO_JSON json_t *made = sw_json_bytes(rows[i].bytes, rows[i].len);

        assert_non_null(made);
        assert_string_equal(json_string_value(made), rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_any_kind_become_a_string),
        cmocka_unit_test(what_a_terminal_obeys_is_escaped_and_read_back_the_same),
        cmocka_unit_test(the_same_value_gives_the_same_bytes),
        cmocka_unit_test(a_duplicate_key_is_refused_with_its_position),
        cmocka_unit_test(a_missing_or_numeric_member_has_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
