/* Plain downloads, S3 objects and the keys beneath a prefix, over the scripted transport. */
#include "tests/unit/cloud/scripted.h"

/* A sink in memory. */
struct memory {
    struct sw_http_sink base;
    struct sw_buf got;
    unsigned restarts;
    size_t most;
};

static int memory_restart(struct sw_http_sink *sink, struct sw_err *err)
{
    struct memory *memory = (struct memory *)sink;

    (void)err;
    memory->restarts++;
    memory->got.len = 0;
    return 0;
}

static int memory_write(struct sw_http_sink *sink, const void *bytes, size_t len, struct sw_err *err)
{
    struct memory *memory = (struct memory *)sink;

    if (memory->got.len + len > memory->most)
        return sw_fail(err, SW_FAILED, "the sink is full");
    return sw_buf_append(&memory->got, bytes, len, err);
}

#define MEMORY                                                                   \
    {                                                                            \
        .base = {.restart = memory_restart, .write = memory_write}, .most = 1000 \
    }

static struct scripted twin;

static int fetch(const struct script_step *steps, size_t n, const char *url, bool insecure, struct memory *to,
                 struct sw_err *err)
{
    int rc;

    memset(&twin, 0, sizeof(twin));
    twin.base.ops = &scripted_ops;
    twin.steps = steps;
    twin.n = n;
    rc = sw_http_fetch(&twin.base, url, insecure, &to->base, err);
    assert_int_equal(twin.at, n);
    return rc;
}

#define FETCH(steps, url, to) fetch(steps, sizeof(steps) / sizeof((steps)[0]), url, false, &(to), &err)

static void a_good_reply_goes_to_the_sink(void **state)
{
    static const struct script_step steps[] = {{.status = 200, .body = "the bytes"}};
    struct sw_err err = {.code = SW_OK};
    struct memory to = MEMORY;

    (void)state;
    assert_ok(FETCH(steps, "https://example.com/a", to), err);
    assert_int_equal(to.got.len, 9);
    assert_memory_equal(to.got.data, "the bytes", 9);
    assert_true(twin.sent[0].follow);
    assert_false(twin.sent[0].insecure);
    assert_ok(fetch(steps, 1, "https://example.com/a", true, &to, &err), err);
    assert_true(twin.sent[0].insecure);
    sw_buf_free(&to.got);
}

static void a_broken_line_begins_the_sink_anew(void **state)
{
    static const struct script_step steps[] = {
        {.broken = SW_REMOTE, .body = "half of "}, {.status = 503}, {.status = 200, .body = "whole"}};
    struct sw_err err = {.code = SW_OK};
    struct memory to = MEMORY;

    (void)state;
    assert_ok(FETCH(steps, "http://example.com/a", to), err);
    assert_int_equal(to.restarts, 3);
    assert_int_equal(to.got.len, 5);
    assert_int_equal(twin.sleep_count, 2);
    sw_buf_free(&to.got);
}

static void five_attempts_are_the_most(void **state)
{
    static const struct script_step steps[5] = {
        {.status = 500}, {.broken = SW_REMOTE}, {.status = 429}, {.status = 502}, {.status = 500}};
    struct sw_err err = {.code = SW_OK};
    struct memory to = MEMORY;

    (void)state;
    assert_failed(FETCH(steps, "http://example.com/a", to), err, SW_REMOTE,
                  "http://example.com/a: after 5 attempts: the server answered HTTP 500");
    sw_buf_free(&to.got);
}

static void only_200_is_good_and_a_refusal_is_not_repeated(void **state)
{
    static const struct script_step wrong[][1] = {{{.status = 404, .body = "no"}},
                                                  {{.status = 403, .body = "no"}},
                                                  {{.status = 204}},
                                                  {{.status = 206, .body = "part"}},
                                                  {{.status = 302}}};
    struct memory to = MEMORY;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_failed(FETCH(wrong[i], "http://example.com/a", to), err, SW_FAILED,
                      "the server answered HTTP");
        assert_int_equal(to.got.len, 0);
    }
    sw_buf_free(&to.got);
}

static void what_is_no_url_is_never_sent(void **state)
{
    static const char *const wrong[] = {"",          "file:///etc/passwd", "ftp://example.com/",   "http://",
                                        "http:///a", "https://a b/",       "http://a/\r\nHost: b", "//a/b"};
    struct memory to = MEMORY;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_failed(fetch(NULL, 0, wrong[i], false, &to, &err), err, SW_USAGE, "is no http or https URL");
        assert_int_equal(to.restarts, 0);
    }
}

static void a_password_and_a_query_are_not_told(void **state)
{
    static const struct script_step steps[] = {{.status = 404}};
    struct sw_err err = {.code = SW_OK};
    struct memory to = MEMORY;

    (void)state;
    assert_failed(FETCH(steps, "https://me:sesame@example.com/a?sig=hush", to), err, SW_FAILED,
                  "https://example.com/a: ");
    assert_null(strstr(err.text, "sesame"));
    assert_null(strstr(err.text, "hush"));
    assert_string_equal(twin.sent[0].url, "https://me:sesame@example.com/a?sig=hush");
    sw_buf_free(&to.got);
}

static void a_full_sink_ends_it_at_once(void **state)
{
    static const struct script_step steps[] = {{.status = 200, .body = "too much"}};
    struct sw_err err = {.code = SW_OK};
    struct memory to = MEMORY;

    (void)state;
    to.most = 3;
    assert_failed(FETCH(steps, "http://example.com/a", to), err, SW_FAILED, "the sink is full");
    sw_buf_free(&to.got);
}

/* ---- S3 ---- */

#define LIST_HEAD "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
#define KEY(name) "<Contents><Key>" name "</Key><Size>1</Size></Contents>"

static int get_object(const struct script_step *steps, size_t n, const char *owner, struct memory *to,
                      struct sw_err *err)
{
    static const struct sw_s3_upload object = {.bucket = "lab", .key = "a b"};
    struct sw_cloud *cloud;
    int rc;

    set_keys();
    cloud = open_scripted(&twin, steps, n);
    rc = sw_s3_get(cloud, &object, owner, &to->base, err);
    sw_cloud_close(cloud);
    assert_int_equal(twin.at, n);
    return rc;
}

static int list_keys(const struct script_step *steps, size_t n, size_t most, struct sw_s3_keys *keys,
                     struct sw_err *err)
{
    static const struct sw_s3_upload prefix = {.bucket = "lab", .key = "p/"};
    struct sw_cloud *cloud;
    int rc;

    set_keys();
    cloud = open_scripted(&twin, steps, n);
    rc = sw_s3_list(cloud, &prefix, NULL, most, keys, err);
    sw_cloud_close(cloud);
    return rc;
}

static void an_object_comes_whole_after_a_cut_and_its_owner_is_asked_for(void **state)
{
    static const struct script_step steps[] = {{.broken = SW_REMOTE, .body = "ha"},
                                               {.status = 200, .body = "half, then whole"}};
    struct sw_err err = {.code = SW_OK};
    struct memory to = MEMORY;

    (void)state;
    assert_ok(get_object(steps, 2, "111122223333", &to, &err), err);
    assert_int_equal(to.got.len, 16);
    assert_non_null(strstr(twin.sent[1].headers, "x-amz-expected-bucket-owner: 111122223333\n"));
    assert_non_null(strstr(twin.sent[1].headers, ";x-amz-expected-bucket-owner"));
    assert_string_equal(twin.sent[1].url, "https://lab.s3.eu-central-1.amazonaws.com/a%20b");
    sw_buf_free(&to.got);
}

static void an_owner_that_is_no_account_is_never_sent(void **state)
{
    static const char *const wrong[] = {"", "11112222333", "1111222233334", "11112222333x", "1\r\nx: y"};
    struct memory to = MEMORY;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_failed(get_object(NULL, 0, wrong[i], &to, &err), err, SW_USAGE, "12 digits");
    }
}

static void keys_come_page_by_page(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = LIST_HEAD KEY("p/a") KEY("p/b") "<IsTruncated>true</IsTruncated>"
                                                 "<NextContinuationToken>t+/=</NextContinuationToken>"
                                                 "</ListBucketResult>"},
        {.status = 200, .headers = XML_HEAD, .body = LIST_HEAD KEY("p/c/d") "</ListBucketResult>"}};
    struct sw_err err = {.code = SW_OK};
    struct sw_s3_keys keys;

    (void)state;
    assert_ok(list_keys(steps, 2, 1000, &keys, &err), err);
    assert_int_equal(keys.n, 3);
    assert_string_equal(keys.items[2], "p/c/d");
    assert_non_null(strstr(twin.sent[0].url, "?list-type=2&prefix=p%2F"));
    assert_non_null(strstr(twin.sent[1].url, "?continuation-token=t%2B%2F%3D&list-type=2&prefix=p%2F"));
    sw_s3_keys_free(&keys);
    assert_failed(list_keys(steps, 2, 2, &keys, &err), err, SW_FAILED, "more than 2 objects");
    sw_s3_keys_free(&keys);
}

static void a_list_that_lies_is_refused(void **state)
{
    static const struct {
        const char *body, *part;
    } cases[] = {
        {LIST_HEAD KEY("q/a") "</ListBucketResult>", "does not begin with the prefix"},
        {LIST_HEAD "<Contents><Size>1</Size></Contents></ListBucketResult>",
         "does not begin with the prefix"},
        {LIST_HEAD "<IsTruncated>true</IsTruncated></ListBucketResult>", "does not say from where"},
        {"<Other/>", "not a 'ListBucketResult'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct script_step steps[] = {{.status = 200, .headers = XML_HEAD, .body = cases[i].body}};
        struct sw_err err = {.code = SW_OK};
        struct sw_s3_keys keys;

        assert_failed(list_keys(steps, 1, 1000, &keys, &err), err, SW_REMOTE, cases[i].part);
        sw_s3_keys_free(&keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_reply_goes_to_the_sink),
        cmocka_unit_test(a_broken_line_begins_the_sink_anew),
        cmocka_unit_test(five_attempts_are_the_most),
        cmocka_unit_test(only_200_is_good_and_a_refusal_is_not_repeated),
        cmocka_unit_test(what_is_no_url_is_never_sent),
        cmocka_unit_test(a_password_and_a_query_are_not_told),
        cmocka_unit_test(a_full_sink_ends_it_at_once),
        cmocka_unit_test(an_object_comes_whole_after_a_cut_and_its_owner_is_asked_for),
        cmocka_unit_test(an_owner_that_is_no_account_is_never_sent),
        cmocka_unit_test(keys_come_page_by_page),
        cmocka_unit_test(a_list_that_lies_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
