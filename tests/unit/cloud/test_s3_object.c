/* What S3 says of an object, and ranges of it, over the scripted transport. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/object.h"

static const struct sw_s3_name object = {"lab", "a b"};
static struct scripted twin;

#define HEAD_OF(len, etag) "content-length: " len "\netag: \"" etag "\"\n"
#define MD5                "00112233445566778899aabbccddeeff"
#define COUNT(steps)       (sizeof(steps) / sizeof((steps)[0]))

static struct sw_s3_facts facts_of(const struct script_step *steps, size_t n)
{
    struct sw_cloud *cloud = open_scripted(&twin, steps, n);
    struct sw_err err = {.code = SW_OK};
    struct sw_s3_facts facts;

    assert_ok(sw_s3_facts(cloud, &object, &facts, &err), err);
    assert_int_equal(twin.at, n);
    sw_cloud_close(cloud);
    return facts;
}

static void an_etag_is_the_md5_of_an_object_of_one_piece(void **state)
{
    static const struct script_step steps[] = {{.status = 200, .headers = HEAD_OF("12", MD5)}};
    struct sw_s3_facts facts = facts_of(steps, COUNT(steps));

    (void)state;
    assert_true(facts.found);
    assert_int_equal(facts.size_bytes, 12);
    assert_string_equal(facts.etag, MD5);
    assert_true(facts.md5.known);
    assert_false(facts.md5.of_parts);
    assert_int_equal(facts.md5.bytes[1], 0x11);
    assert_false(facts.sha256.known);
    assert_non_null(strstr(twin.sent[0].headers, "x-amz-checksum-mode: ENABLED"));
}

static void an_etag_of_parts_counts_when_all_parts_are_of_one_size(void **state)
{
    static const struct script_step steps[] = {{.status = 200, .headers = HEAD_OF("25", MD5 "-3")},
                                               {.status = 206, .headers = HEAD_OF("10", MD5 "-3")},
                                               {.status = 206, .headers = HEAD_OF("5", MD5 "-3")}};
    struct sw_s3_facts facts = facts_of(steps, COUNT(steps));

    (void)state;
    assert_true(facts.md5.known);
    assert_true(facts.md5.of_parts);
    assert_int_equal(facts.part_bytes, 10);
    assert_non_null(strstr(twin.sent[1].url, "partNumber=1"));
    assert_non_null(strstr(twin.sent[2].url, "partNumber=3"));
}

static void parts_of_several_sizes_or_of_another_object_vouch_for_nothing(void **state)
{
    static const struct script_step wrong[][3] = {
        {{.status = 200, .headers = HEAD_OF("25", MD5 "-3")},
         {.status = 206, .headers = HEAD_OF("9", MD5 "-3")},
         {.status = 206, .headers = HEAD_OF("5", MD5 "-3")}},
        {{.status = 200, .headers = HEAD_OF("25", MD5 "-3")},
         {.status = 206, .headers = HEAD_OF("10", MD5 "-3")},
         {.status = 206, .headers = HEAD_OF("5", MD5 "-4")}},
        {{.status = 200, .headers = HEAD_OF("25", MD5 "-3")},
         {.status = 206, .headers = HEAD_OF("5", MD5 "-3")},
         {.status = 206, .headers = HEAD_OF("15", MD5 "-3")}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(facts_of(wrong[i], 3).md5.known);
}

static void an_etag_that_is_no_md5_is_not_taken_for_one(void **state)
{
    static const struct script_step steps[][1] = {
        {{.status = 200, .headers = HEAD_OF("12", MD5) "x-amz-server-side-encryption: aws:kms\n"}},
        {{.status = 200, .headers = HEAD_OF("12", MD5) "x-amz-server-side-encryption: aws:kms:dsse\n"}},
        {{.status = 200,
          .headers = HEAD_OF("12", MD5) "x-amz-server-side-encryption-customer-algorithm: AES256\n"}},
        {{.status = 200, .headers = HEAD_OF("12", "something")}},
        {{.status = 200, .headers = HEAD_OF("12", MD5 "-x")}},
        {{.status = 200, .headers = HEAD_OF("12", MD5 "-99999")}},
        {{.status = 200, .headers = HEAD_OF("12", MD5 "ff")}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++)
        assert_false(facts_of(steps[i], 1).md5.known);
}

static void a_sha256_that_was_kept_is_known(void **state)
{
    static const struct script_step good[] = {
        {.status = 200,
         .headers =
             HEAD_OF("3", "x") "x-amz-checksum-sha256: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n"}};
    static const struct script_step bad[] = {
        {.status = 200, .headers = HEAD_OF("3", "x") "x-amz-checksum-sha256: ungWv48Bz+pB\n"}};
    struct sw_s3_facts facts = facts_of(good, 1);

    (void)state;
    assert_true(facts.sha256.known);
    assert_false(facts.sha256.of_parts);
    assert_int_equal(facts.sha256.bytes[0], 0xba);
    assert_false(facts_of(bad, 1).sha256.known);
}

static void an_object_that_is_not_there_is_no_error(void **state)
{
    static const struct script_step steps[] = {{.status = 404}};

    (void)state;
    assert_false(facts_of(steps, 1).found);
}

static void a_reply_without_length_or_etag_is_refused(void **state)
{
    static const struct script_step steps[][1] = {
        {{.status = 200, .headers = "etag: \"x\"\n"}},
        {{.status = 200, .headers = "content-length: 3\n"}},
        {{.status = 200, .headers = "content-length: 3\netag: \"\"\n"}},
        {{.status = 200, .headers = "content-length: -3\netag: \"x\"\n"}},
        {{.status = 410}}};

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct sw_cloud *cloud = open_scripted(&twin, steps[i], 1);
        struct sw_err err = {.code = SW_OK};
        struct sw_s3_facts facts;

        assert_int_equal(sw_s3_facts(cloud, &object, &facts, &err), -1);
        assert_non_null(strstr(err.text, "looking at 's3://lab/a b'"));
        sw_cloud_close(cloud);
    }
}

#define REFUSAL(code) "<Error><Code>" code "</Code><Message>as told</Message></Error>"

/* A HEAD has no document; the shared file was rewritten meanwhile. */
static void why_a_head_fails_is_asked_with_a_byte(void **state)
{
    static const struct script_step denied[] = {
        {.status = 403}, {.status = 403, .headers = XML_HEAD, .body = REFUSAL("AccessDenied")}};
    static const struct script_step expired[] = {
        {.status = 400},
        {.status = 400, .headers = XML_HEAD, .body = REFUSAL("ExpiredToken")},
        {.status = 416, .headers = XML_HEAD, .body = REFUSAL("InvalidRange")},
        {.status = 200, .headers = HEAD_OF("0", MD5)}};
    const struct sw_s3_upload upload = {object.bucket, object.key, NULL};

    (void)state;
    for (unsigned head = 0; head < 2; head++) {
        struct sw_cloud *cloud = open_scripted(&twin, denied, 2);
        struct sw_err err = {.code = SW_OK};
        struct sw_s3_facts facts;
        struct sw_s3_head found;

        assert_failed(head ? sw_s3_head(cloud, &upload, &found, &err)
                           : sw_s3_facts(cloud, &object, &facts, &err),
                      err, SW_FAILED, "looking at 's3://lab/a b': AccessDenied: as told");
        sw_cloud_close(cloud);
        err.code = SW_OK;
        setenv("AWS_ACCESS_KEY_ID", "AKIDOLD", 1);
        cloud = open_scripted(&twin, expired, 4);
        setenv("AWS_ACCESS_KEY_ID", "AKIDNEW", 1);
        assert_ok(head ? sw_s3_head(cloud, &upload, &found, &err) : sw_s3_facts(cloud, &object, &facts, &err),
                  err);
        assert_non_null(strstr(twin.sent[1].headers, "Range: bytes=0-0\n"));
        assert_non_null(strstr(twin.sent[3].headers, "Credential=AKIDNEW/"));
        assert_int_equal(twin.at, 4);
        sw_cloud_close(cloud);
    }
    set_keys();
}

static void a_head_without_a_length_is_refused(void **state)
{
    static const struct script_step steps[][1] = {{{.status = 200}},
                                                  {{.status = 200, .headers = "content-length: 1x\n"}},
                                                  {{.status = 200, .headers = "content-length: -1\n"}}};
    const struct sw_s3_upload upload = {object.bucket, object.key, NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct sw_cloud *cloud = open_scripted(&twin, steps[i], 1);
        struct sw_err err = {.code = SW_OK};
        struct sw_s3_head found;

        assert_failed(sw_s3_head(cloud, &upload, &found, &err), err, SW_REMOTE, "does not say how long");
        sw_cloud_close(cloud);
    }
}

static int get(const struct script_step *steps, size_t n, char *buf, size_t len, uint64_t off,
               struct sw_err *err)
{
    static const struct sw_s3_facts facts = {.found = true, .size_bytes = 100, .etag = "tag"};
    struct sw_cloud *cloud = open_scripted(&twin, steps, n);
    int rc = sw_s3_get_range(cloud, &object, &facts, (struct sw_s3_range){off, len}, buf, err);

    assert_int_equal(twin.at, n);
    sw_cloud_close(cloud);
    return rc;
}

static void a_range_is_asked_for_under_its_etag_and_a_broken_line_begins_it_anew(void **state)
{
    static const struct script_step steps[] = {
        {.broken = SW_REMOTE, .body = "abc"},
        {.status = 206, .headers = "content-range: bytes 10-14/100\n", .body = "right"}};
    struct sw_err err = {.code = SW_OK};
    char buf[5];

    (void)state;
    assert_ok(get(steps, 2, buf, 5, 10, &err), err);
    assert_memory_equal(buf, "right", 5);
    assert_non_null(strstr(twin.sent[1].headers, "Range: bytes=10-14\n"));
    assert_non_null(strstr(twin.sent[1].headers, "If-Match: \"tag\"\n"));
}

static void what_is_not_the_range_that_was_asked_for_is_refused(void **state)
{
    static const struct {
        struct script_step step;
        enum sw_code code;
        const char *text;
    } wrong[] = {
        {{.status = 206, .headers = "content-range: bytes 10-14/100\n", .body = "shrt"},
         SW_REMOTE,
         "sent 4 of 5 bytes"},
        {{.status = 206, .headers = "content-range: bytes 10-14/100\n", .body = "longer"},
         SW_FAILED,
         "more than the 5 bytes"},
        {{.status = 206, .headers = "content-range: bytes 11-15/100\n", .body = "right"},
         SW_REMOTE,
         "'bytes 11-15/100' where 'bytes 10-14/100'"},
        {{.status = 206, .headers = "content-range: bytes 10-14/101\n", .body = "right"}, SW_REMOTE, "/101"},
        {{.status = 206, .body = "right"}, SW_REMOTE, "sent ''"},
        {{.status = 200, .body = "right"}, SW_FAILED, "HTTP 200 to a request for a range"},
        {{.status = 412}, SW_FAILED, "replaced by another"},
        {{.status = 404}, SW_FAILED, "was removed"},
    };
    char buf[5];

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_failed(get(&wrong[i].step, 1, buf, 5, 10, &err), err, wrong[i].code, wrong[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_etag_is_the_md5_of_an_object_of_one_piece),
        cmocka_unit_test(an_etag_of_parts_counts_when_all_parts_are_of_one_size),
        cmocka_unit_test(parts_of_several_sizes_or_of_another_object_vouch_for_nothing),
        cmocka_unit_test(an_etag_that_is_no_md5_is_not_taken_for_one),
        cmocka_unit_test(a_sha256_that_was_kept_is_known),
        cmocka_unit_test(an_object_that_is_not_there_is_no_error),
        cmocka_unit_test(a_reply_without_length_or_etag_is_refused),
        cmocka_unit_test(why_a_head_fails_is_asked_with_a_byte),
        cmocka_unit_test(a_head_without_a_length_is_refused),
        cmocka_unit_test(a_range_is_asked_for_under_its_etag_and_a_broken_line_begins_it_anew),
        cmocka_unit_test(what_is_not_the_range_that_was_asked_for_is_refused),
    };

    return cmocka_run_group_tests(tests, set_keys_once, NULL);
}
