/* Checksums that S3 keeps: what is sent with an upload, and what its end must say. */
#include "tests/unit/cloud/scripted.h"

static const struct sw_s3_upload object = {"lab", "k", "u"};

/* Of "abc", and of one part with that digest. */
#define ABC_HEX   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_SUM   "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
#define WHOLE_SUM "T4tCwi3TcptRm6b2jS2nzFstYG0F2u1a1RKMwD5sY1g=-1"

static void a_sum_is_over_the_digests_of_the_parts(void **state)
{
    struct sw_s3_part parts[] = {{.number = 1, .sha256 = ABC_HEX}, {.number = 2, .sha256 = ""}};
    struct sw_err err = {.code = SW_OK};
    char out[SW_S3_CHECKSUM];

    (void)state;
    assert_ok(sw_s3_checksum(parts, 1, out, &err), err);
    assert_string_equal(out, WHOLE_SUM);
    assert_ok(sw_s3_checksum(parts, 2, out, &err), err);
    assert_string_equal(out, "");
}

static void parts_are_sent_and_listed_with_their_sums(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"},
        {.status = 200, .headers = "etag: \"e\"\n"},
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<CompleteMultipartUploadResult><ChecksumSHA256>" WHOLE_SUM
                 "</ChecksumSHA256></CompleteMultipartUploadResult>"},
    };
    struct sw_s3_part part = {.number = 1, .size_bytes = 3};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;
    char *id = NULL;
    bool retried, gone;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 3);
    assert_ok(sw_s3_create_upload(cloud, &object, "mark", &id, &retried, &err), err);
    assert_non_null(strstr(twin.sent[0].headers, "x-amz-checksum-algorithm: SHA256\n"));
    assert_ok(sw_s3_put_part(cloud, &object, &part, "abc", ABC_HEX, &err), err);
    assert_non_null(strstr(twin.sent[1].headers, "x-amz-checksum-sha256: " ABC_SUM "\n"));
    assert_string_equal(part.sha256, ABC_HEX);
    assert_ok(sw_s3_complete_upload(cloud, &object, &part, 1, &gone, &err), err);
    assert_non_null(strstr(twin.sent[2].body, "<ChecksumSHA256>" ABC_SUM "</ChecksumSHA256></Part>"));
    free(id);
    sw_cloud_close(cloud);
}

static void an_object_of_other_bytes_is_told(void **state)
{
    static const struct {
        const char *body;
        enum sw_code code;
    } cases[] = {
        {"<CompleteMultipartUploadResult/>", SW_OK},
        {"<CompleteMultipartUploadResult><ChecksumSHA256>" ABC_SUM
         "-1</ChecksumSHA256></CompleteMultipartUploadResult>",
         SW_INTEGRITY},
        {"<CompleteMultipartUploadResult><ChecksumSHA256>x</ChecksumSHA256></CompleteMultipartUploadResult>",
         SW_INTEGRITY},
    };
    const struct sw_s3_part part = {.number = 1, .size_bytes = 3, .etag = "e", .sha256 = ABC_HEX};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct script_step step = {.status = 200, .headers = XML_HEAD, .body = cases[i].body};
        struct sw_err err = {.code = SW_OK};
        struct scripted twin;
        struct sw_cloud *cloud;
        bool gone;

        set_keys();
        cloud = open_scripted(&twin, &step, 1);
        assert_int_equal(sw_s3_complete_upload(cloud, &object, &part, 1, &gone, &err),
                         cases[i].code == SW_OK ? 0 : -1);
        assert_int_equal(err.code, cases[i].code);
        sw_cloud_close(cloud);
    }
}

static void where_they_are_not_wanted_none_are_sent(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200, .headers = "etag: \"e\"\n"},
        {.status = 200, .headers = XML_HEAD, .body = "<CompleteMultipartUploadResult/>"},
    };
    struct sw_s3_part part = {.number = 1, .size_bytes = 3};
    const struct sw_cloud_config config = {.region = "eu-central-1"};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;
    bool gone;

    (void)state;
    set_keys();
    setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "WHEN_REQUIRED", 1);
    cloud = open_scripted(&twin, steps, 2);
    assert_ok(sw_s3_put_part(cloud, &object, &part, "abc", ABC_HEX, &err), err);
    assert_ok(sw_s3_complete_upload(cloud, &object, &part, 1, &gone, &err), err);
    assert_null(strstr(twin.sent[0].headers, "x-amz-checksum"));
    assert_null(strstr(twin.sent[1].body, "Checksum"));
    sw_cloud_close(cloud);
    setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "always", 1);
    assert_failed(sw_cloud_open(&config, &twin.base, &cloud, &err), err, SW_USAGE, "neither when_supported");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_over_the_digests_of_the_parts),
        cmocka_unit_test(parts_are_sent_and_listed_with_their_sums),
        cmocka_unit_test(an_object_of_other_bytes_is_told),
        cmocka_unit_test(where_they_are_not_wanted_none_are_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
