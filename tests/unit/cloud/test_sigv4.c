/* The signer against what botocore's signer makes of the same requests (make-sigv4-vectors.py). */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cloud/sigv4.h"

/* The vectors lie beside this file. */
static json_t *load(void)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *folder = sw_path_dir(__FILE__, &err);
    SW_AUTO_FREE char *path = sw_path_join(folder, "sigv4-vectors.json", &err);
    json_t *root = sw_json_read(path, 1 << 20, &err);

    if (root == NULL)
        fail_msg("%s", err.text);
    return root;
}

static void check_case(const json_t *root, const json_t *one)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_http_header headers[SIGV4_MAX_HEADERS];
    SIGV4_AUTO struct sigv4_result got = {.canonical = {0}};
    const json_t *list = json_object_get(one, "headers");
    size_t n = json_array_size(list);
    struct sigv4_scope scope = {
        .access_key = sw_json_text(root, "access_key"),
        .secret_key = sw_json_text(root, "secret_key"),
        .region = sw_json_text(one, "region"),
        .service = sw_json_text(one, "service"),
        .date = sw_json_text(root, "date"),
    };
    struct sigv4_request request = {
        .method = sw_json_text(one, "method"),
        .path = sw_json_text(one, "path"),
        .query = sw_json_text(one, "query"),
        .headers = headers,
        .header_count = n,
        .payload_hash = sw_json_text(one, "payload"),
    };

    for (size_t i = 0; i < n; i++) {
        headers[i].name = json_string_value(json_array_get(json_array_get(list, i), 0));
        headers[i].value = json_string_value(json_array_get(json_array_get(list, i), 1));
    }
    print_message("%s\n", sw_json_text(one, "name"));
    if (sw_json_text(one, "presigned") != NULL) {
        if (sigv4_presign(&scope, &request, sw_json_text(one, "token"),
                          (unsigned)json_integer_value(json_object_get(one, "expires")), &got, &err) < 0)
            fail_msg("%s", err.text);
        assert_string_equal(got.canonical.data, sw_json_text(one, "canonical"));
        assert_string_equal(got.query.data, sw_json_text(one, "presigned"));
        return;
    }
    if (sigv4_sign(&scope, &request, &got, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(got.canonical.data, sw_json_text(one, "canonical"));
    assert_string_equal(got.to_sign.data, sw_json_text(one, "to_sign"));
    assert_string_equal(got.authorization.data, sw_json_text(one, "authorization"));
}

static void signs_what_botocore_signs(void **state)
{
    SW_AUTO_JSON json_t *root = load();
    const json_t *cases = json_object_get(root, "cases");

    (void)state;
    assert_true(json_array_size(cases) >= 70);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(root, json_array_get(cases, i));
}

static void refuses_more_headers_than_it_can_sort(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_http_header headers[SIGV4_MAX_HEADERS + 1];
    SIGV4_AUTO struct sigv4_result got = {.canonical = {0}};
    struct sigv4_scope scope = {"A", "s", "r", "s3", "20261122T064036Z"};
    struct sigv4_request request = {"GET", "/", "", headers, SIGV4_MAX_HEADERS + 1, SIGV4_UNSIGNED};

    (void)state;
    for (size_t i = 0; i <= SIGV4_MAX_HEADERS; i++)
        headers[i] = (struct sw_http_header){"a", "b"};
    assert_int_equal(sigv4_sign(&scope, &request, &got, &err), -1);
    assert_non_null(strstr(err.text, "too many"));
}

static void a_url_lives_for_a_week_at_most(void **state)
{
    static const struct sw_http_header host = {"host", "h"};
    static const unsigned bad[] = {0, SIGV4_MAX_EXPIRES_S + 1};
    struct sigv4_scope scope = {"A", "s", "r", "s3", "20261122T064036Z"};
    struct sigv4_request request = {"GET", "/", "", &host, 1, SIGV4_UNSIGNED};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sw_err err = {.code = SW_OK};
        SIGV4_AUTO struct sigv4_result got = {.canonical = {0}};

        assert_failed(sigv4_presign(&scope, &request, NULL, bad[i], &got, &err), err, SW_USAGE, "604800");
        assert_int_equal(got.query.len, 0);
    }
}

static void writes_the_date_of_a_second(void **state)
{
    struct sw_err err = {.code = SW_OK};
    char date[SIGV4_DATE];

    (void)state;
    assert_int_equal(sigv4_date(1795329636, date, &err), 0);
    assert_string_equal(date, "20261122T064036Z");
    assert_int_equal(sigv4_date(INT64_MAX, date, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_what_botocore_signs),
        cmocka_unit_test(refuses_more_headers_than_it_can_sort),
        cmocka_unit_test(a_url_lives_for_a_week_at_most),
        cmocka_unit_test(writes_the_date_of_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
