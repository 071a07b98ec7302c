/* KMS over the scripted twin: what is sent, and what becomes of each answer. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/kms.h"

#define ARN       "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
#define JSON_HEAD "content-type: application/x-amz-json-1.1\n"
#define FAULT(code)                                                                                      \
    {                                                                                                    \
        .status = 400, .headers = JSON_HEAD, .body = "{\"__type\":\"" code "\",\"message\":\"as told\"}" \
    }

static const struct sw_pair pairs[] = {{"artifact", "00ff"}, {"quote", "a\"b\\c \xe2\x82\xac"}};

struct exchange {
    struct scripted twin;
    struct sw_kms_reply reply;
    struct sw_err err;
};

static int ask(struct exchange *exchange, const struct script_step *steps, size_t n,
               const struct sw_kms_request *request, bool encrypt)
{
    struct sw_kms *kms;
    int rc;

    set_keys();
    setenv("AWS_DEFAULT_REGION", "eu-central-1", 1);
    if (request->endpoint != NULL)
        setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1", 1);
    memset(exchange, 0, sizeof(*exchange));
    exchange->twin.base.ops = &scripted_ops;
    exchange->twin.steps = steps;
    exchange->twin.n = n;
    exchange->twin.now_s = 1795329636;
    kms = sw_kms_open_aws(NULL, &exchange->twin.base, &exchange->err);
    assert_non_null(kms);
    rc = (encrypt ? kms->ops->encrypt : kms->ops->decrypt)(kms, request, &exchange->reply, &exchange->err);
    sw_kms_close(kms);
    assert_int_equal(exchange->twin.at, n);
    return rc;
}

static int decrypt(struct exchange *exchange, const struct script_step *steps, size_t n)
{
    static const struct sw_kms_request request = {
        .key = ARN, .context = pairs, .nr_context = 2, .bytes = (const uint8_t *)"blob", .len = 4};

    return ask(exchange, steps, n, &request, false);
}

static void encrypts_with_the_whole_context_in_the_arns_region(void **state)
{
    static const struct script_step steps[] = {{.status = 200,
                                                .headers = JSON_HEAD,
                                                .body = "{\"CiphertextBlob\":\"YmxvYg==\",\"KeyId\":\"" ARN
                                                        "\",\"EncryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}"}};
    const struct sw_kms_request request = {
        .key = ARN, .context = pairs, .nr_context = 2, .bytes = (const uint8_t *)"\0key", .len = 4};
    struct exchange x;

    (void)state;
    assert_ok(ask(&x, steps, 1, &request, true), x.err);
    assert_string_equal(x.twin.sent[0].method, "POST");
    assert_string_equal(x.twin.sent[0].url, "https://kms.eu-west-1.amazonaws.com/");
    assert_non_null(strstr(x.twin.sent[0].headers, "X-Amz-Target: TrentService.Encrypt\n"));
    assert_non_null(strstr(x.twin.sent[0].headers, "Content-Type: application/x-amz-json-1.1\n"));
    assert_non_null(strstr(x.twin.sent[0].headers, "/eu-west-1/kms/aws4_request"));
    assert_string_equal(x.twin.sent[0].body,
                        "{\"Plaintext\":\"AGtleQ==\",\"EncryptionContext\":{\"artifact\":\"00ff\",\"quote\":"
                        "\"a\\\"b\\\\c \xe2\x82\xac\"},\"KeyId\":\"" ARN "\"}");
    assert_string_equal(x.reply.key, ARN);
    assert_int_equal(x.reply.len, 4);
    assert_memory_equal(x.reply.bytes, "blob", 4);
}

static void an_alias_goes_to_the_configured_region_and_an_empty_context_is_not_sent(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = JSON_HEAD,
         .body = "{\"CiphertextBlob\":\"YmxvYg==\",\"KeyId\":\"" ARN "\"}"}};
    const struct sw_kms_request request = {.key = "alias/lab", .bytes = (const uint8_t *)"k", .len = 1};
    struct exchange x;

    (void)state;
    assert_ok(ask(&x, steps, 1, &request, true), x.err);
    assert_string_equal(x.twin.sent[0].url, "https://kms.eu-central-1.amazonaws.com/");
    assert_string_equal(x.twin.sent[0].body, "{\"Plaintext\":\"aw==\",\"KeyId\":\"alias/lab\"}");
    assert_string_equal(x.reply.key, ARN);
}

static void a_keys_own_endpoint_comes_before_any_other(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200, .headers = JSON_HEAD, .body = "{\"Plaintext\":\"a2V5\",\"KeyId\":\"" ARN "\"}"}};
    const struct sw_kms_request request = {
        .key = ARN, .endpoint = "https://vpce.example:8443", .bytes = (const uint8_t *)"b", .len = 1};
    struct exchange x;

    (void)state;
    assert_ok(ask(&x, steps, 1, &request, false), x.err);
    assert_string_equal(x.twin.sent[0].url, "https://vpce.example:8443/");
    assert_int_equal(x.reply.len, 3);
    assert_memory_equal(x.reply.bytes, "key", 3);
}

static void a_data_key_does_not_leave_this_machine_without_tls(void **state)
{
    static const char *const elsewhere[] = {
        "http://kms.example",       "http://127.evil.example:80", "http://localhost.evil.example",
        "http://127.0.0.1.example", "http://localhosts",          "http://[::1].example",
        "http://[::12]:80",         "http://128.0.0.1",           "http://127.1",
        "http://10.127.0.1",        "http://[2001:db8::1]:4566"};
    static const char *const here[] = {"http://127.0.0.1:1",    "http://127.9.8.7", "http://localhost:4566",
                                       "http://LOCALHOST:4566", "http://[::1]:80",  "http://[::1]"};
    static const struct script_step steps[] = {
        {.status = 200, .headers = JSON_HEAD, .body = "{\"Plaintext\":\"a2V5\",\"KeyId\":\"" ARN "\"}"}};
    struct sw_kms_request request = {.key = ARN, .bytes = (const uint8_t *)"b", .len = 1};
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(elsewhere); i++) {
        request.endpoint = elsewhere[i];
        if (ask(&x, NULL, 0, &request, false) == 0)
            fail_msg("'%s' was asked", elsewhere[i]);
        assert_true(x.err.code == SW_REFUSED || x.err.code == SW_USAGE);
    }
    for (size_t i = 0; i < SW_ARRAY_LEN(here); i++) {
        request.endpoint = here[i];
        assert_ok(ask(&x, steps, 1, &request, false), x.err);
    }
}

static void what_is_a_matter_of_the_key_is_not_tried_again(void **state)
{
    static const struct {
        struct script_step step;
        const char *text;
    } rows[] = {
        {FAULT("AccessDeniedException"), "the caller may not use it"},
        {FAULT("NotFoundException"), "there is no such key"},
        {FAULT("DisabledException"), "it is disabled"},
        {FAULT("KMSInvalidStateException"), "pending deletion"},
        {FAULT("com.amazonaws.kms#InvalidCiphertextException"), "with this encryption context"},
        {FAULT("IncorrectKeyException"), "another key wrapped"},
    };
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_failed(decrypt(&x, &rows[i].step, 1), x.err, SW_INTEGRITY, rows[i].text);
        assert_non_null(strstr(x.err.text, "KMS Decrypt with '" ARN "'"));
        assert_non_null(strstr(x.err.text, "as told"));
    }
}

static void throttling_and_the_servers_failures_are_tried_again(void **state)
{
    static const struct script_step steps[] = {
        FAULT("ThrottlingException"),
        {.status = 500, .headers = JSON_HEAD, .body = "{\"__type\":\"KMSInternalException\"}"},
        {.broken = SW_REMOTE},
        {.status = 503},
        {.status = 200, .headers = JSON_HEAD, .body = "{\"Plaintext\":\"a2V5\",\"KeyId\":\"" ARN "\"}"}};
    struct exchange x;

    (void)state;
    assert_ok(decrypt(&x, steps, 5), x.err);
    assert_int_equal(x.twin.sleep_count, 4);
    assert_int_equal(x.reply.len, 3);
}

static void throttling_without_end_may_be_tried_later(void **state)
{
    static const struct script_step steps[8] = {FAULT("ThrottlingException"), FAULT("ThrottlingException"),
                                                FAULT("ThrottlingException"), FAULT("ThrottlingException"),
                                                FAULT("ThrottlingException"), FAULT("ThrottlingException"),
                                                FAULT("ThrottlingException"), FAULT("ThrottlingException")};
    struct exchange x;

    (void)state;
    assert_failed(decrypt(&x, steps, 8), x.err, SW_REMOTE, "after 8 attempts: ThrottlingException");
}

static void a_wrong_login_is_no_matter_of_the_key(void **state)
{
    static const struct script_step step = FAULT("UnrecognizedClientException");
    struct exchange x;

    (void)state;
    assert_failed(decrypt(&x, &step, 1), x.err, SW_FAILED, "UnrecognizedClientException");
}

static void replies_that_are_none_of_kmss_are_refused(void **state)
{
    static char large[80 << 10];
    static const char *const bodies[] = {
        "",
        "[]",
        "{\"Plaintext\":\"a2V5\"}",
        "{\"Plaintext\":\"a2V5\",\"KeyId\":7}",
        "{\"Plaintext\":\"a2V5\",\"KeyId\":\"\"}",
        "{\"KeyId\":\"" ARN "\"}",
        "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"\"}",
        "{\"KeyId\":\"" ARN "\",\"Plaintext\":[\"a2V5\"]}",
        "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"a2V\"}",
        "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"a2V5\",\"Plaintext\":\"a2V5\"}",
        "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"a2V5\"",
        large,
    };
    struct exchange x;

    (void)state;
    memset(large, ' ', sizeof(large) - 1);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        const struct script_step step = {.status = 200, .headers = JSON_HEAD, .body = bodies[i]};

        assert_failed(decrypt(&x, &step, 1), x.err, SW_REMOTE, "the reply");
        assert_int_equal(x.reply.len, 0);
    }
}

static void more_bytes_than_kms_wraps_are_refused(void **state)
{
    static char body[16384];
    const struct script_step step = {.status = 200, .headers = JSON_HEAD, .body = body};
    struct exchange x;
    int at = snprintf(body, sizeof(body), "{\"KeyId\":\"" ARN "\",\"Plaintext\":\"");

    (void)state;
    memset(body + at, 'A', 8196);
    strcpy(body + at + 8196, "\"}");
    assert_failed(decrypt(&x, &step, 1), x.err, SW_REMOTE, "no base64 of at most 6144 bytes");
}

static void names_that_are_no_keys_are_refused_before_anything_is_sent(void **state)
{
    static const char *const names[] = {
        "arn:",
        "arn:aws:kms",
        "arn:aws:kms:eu-west-1:111122223333",
        "arn:aws:kms::111122223333:key/x",
        "arn:aws:s3:eu-west-1:111122223333:key/x",
        "arn:aws:kms:0123456789012345678901234567890123456789012345678901234567890123:1:key/x",
    };
    struct exchange x;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct sw_kms_request request = {.key = names[i], .bytes = (const uint8_t *)"b", .len = 1};

        assert_failed(ask(&x, NULL, 0, &request, false), x.err, SW_USAGE, "it is no ARN");
    }
    assert_failed(ask(&x, NULL, 0,
                      &(struct sw_kms_request){.key = "arn:aws:kms:EVIL.example/:1:key/x",
                                               .bytes = (const uint8_t *)"b",
                                               .len = 1},
                      false),
                  x.err, SW_USAGE, "is no AWS region");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encrypts_with_the_whole_context_in_the_arns_region),
        cmocka_unit_test(an_alias_goes_to_the_configured_region_and_an_empty_context_is_not_sent),
        cmocka_unit_test(a_keys_own_endpoint_comes_before_any_other),
        cmocka_unit_test(a_data_key_does_not_leave_this_machine_without_tls),
        cmocka_unit_test(what_is_a_matter_of_the_key_is_not_tried_again),
        cmocka_unit_test(throttling_and_the_servers_failures_are_tried_again),
        cmocka_unit_test(throttling_without_end_may_be_tried_later),
        cmocka_unit_test(a_wrong_login_is_no_matter_of_the_key),
        cmocka_unit_test(replies_that_are_none_of_kmss_are_refused),
        cmocka_unit_test(more_bytes_than_kms_wraps_are_refused),
        cmocka_unit_test(names_that_are_no_keys_are_refused_before_anything_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
