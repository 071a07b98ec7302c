/* EBS direct over the scripted twin: what is sent, and what becomes of each answer. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/ebs.h"
#include "src/base/base64.h"
#include "src/base/digest.h"

#define SNAP      "snap-0123456789abcdef0"
#define JSON_HEAD "content-type: application/json\n"
#define STARTED   "{\"SnapshotId\":\"" SNAP "\",\"Status\":\"pending\",\"VolumeSize\":8,\"BlockSize\":524288}"
#define REFUSED(http, code, reason)                                                          \
    {                                                                                        \
        .status = (http), .headers = JSON_HEAD "x-amzn-errortype: " code ":http://a.b/c/\n", \
        .body = "{\"Message\":\"as told\",\"Reason\":\"" reason "\"}"                        \
    }

struct talk {
    struct scripted twin;
    struct sw_cloud *cloud;
    struct sw_err err;
};

static void begin(struct talk *talk, const struct script_step *steps, size_t n, const char *endpoint)
{
    set_keys();
    if (endpoint != NULL)
        setenv("AWS_ENDPOINT_URL", endpoint, 1);
    talk->err = (struct sw_err){.code = SW_OK};
    talk->cloud = open_scripted(&talk->twin, steps, n);
}

static void end(struct talk *talk)
{
    assert_int_equal(talk->twin.at, talk->twin.n);
    sw_cloud_close(talk->cloud);
}

static bool sent_header(const struct talk *talk, size_t i, const char *line)
{
    return strstr(talk->twin.sent[i].headers, line) != NULL;
}

static void a_snapshot_is_started_with_all_that_it_takes(void **state)
{
    static const struct script_step steps[] = {{.status = 201, .headers = JSON_HEAD, .body = STARTED}};
    const struct sw_ebs_tag tags[] = {{"a b", "\xc3\xbc"}};
    const struct sw_ebs_start start = {.volume_gib = 8,
                                       .client_token = "token-1",
                                       .description = "a \"quoted\" one",
                                       .kms_key_arn = "arn:aws:kms:r:111122223333:key/k",
                                       .tags = tags,
                                       .nr_tags = 1,
                                       .encrypted = true,
                                       .timeout_min = 4320};
    struct sw_ebs_snapshot out;
    struct talk t;

    (void)state;
    begin(&t, steps, 1, NULL);
    assert_ok(sw_ebs_start_snapshot(t.cloud, &start, &out, &t.err), t.err);
    assert_string_equal(out.id, SNAP);
    assert_int_equal(out.volume_gib, 8);
    assert_string_equal(t.twin.sent[0].method, "POST");
    assert_string_equal(t.twin.sent[0].url, "https://ebs.eu-central-1.amazonaws.com/snapshots");
    assert_true(sent_header(&t, 0, "Content-Type: application/json\n"));
    assert_true(sent_header(&t, 0, "/eu-central-1/ebs/aws4_request"));
    assert_string_equal(
        t.twin.sent[0].body,
        "{\"ClientToken\":\"token-1\",\"Description\":\"a \\\"quoted\\\" one\",\"Encrypted\":true,"
        "\"KmsKeyArn\":\"arn:aws:kms:r:111122223333:key/k\",\"Tags\":[{\"Key\":\"a b\",\"Value\":"
        "\"\xc3\xbc\"}],\"Timeout\":4320,\"VolumeSize\":8}");
    end(&t);
}

static void what_the_api_does_not_take_is_never_sent(void **state)
{
    static const struct sw_ebs_tag tags[SW_EBS_TAGS_MAX + 1], ours[] = {{"aws:x", "y"}},
                                                              empty[] = {{"", "y"}};
    static const struct {
        struct sw_ebs_start start;
        const char *named;
    } cases[] = {
        {{.volume_gib = 0}, "1 to 65536 GiB"},
        {{.volume_gib = SW_EBS_GIB_MAX + 1}, "not 65537"},
        {{.volume_gib = 1, .timeout_min = 9}, "10 to 4320 minutes"},
        {{.volume_gib = 1, .timeout_min = 4321}, "10 to 4320 minutes"},
        {{.volume_gib = 1, .parent = SNAP, .encrypted = true}, "exclude each other"},
        {{.volume_gib = 1, .parent = "snap-XY"}, "'snap-XY' is no id of a snapshot"},
        {{.volume_gib = 1, .kms_key_arn = "arn:x"}, "only for an encrypted snapshot"},
        {{.volume_gib = 1, .client_token = "a b"}, "white space"},
        {{.volume_gib = 1, .description = ""}, "description must have 1 to 255"},
        {{.volume_gib = 1, .tags = ours, .nr_tags = 1}, "AWS's own"},
        {{.volume_gib = 1, .tags = empty, .nr_tags = 1}, "a key has 1 to 127"},
        {{.volume_gib = 1, .tags = tags, .nr_tags = SW_EBS_TAGS_MAX + 1}, "at most 50 tags"},
        {{.volume_gib = 1, .description = "\xff"}, "not UTF-8"},
    };
    struct sw_ebs_snapshot out;
    struct talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&t, NULL, 0, NULL);
        assert_failed(sw_ebs_start_snapshot(t.cloud, &cases[i].start, &out, &t.err), t.err, SW_USAGE,
                      cases[i].named);
        end(&t);
    }
}

static void an_answer_that_fits_no_snapshot_is_refused(void **state)
{
    static const struct {
        const char *body, *named;
        enum sw_code code;
    } cases[] = {
        {"{\"VolumeSize\":8,\"BlockSize\":524288}", "no usable SnapshotId", SW_REMOTE},
        {"{\"SnapshotId\":\"snap-0/../x\",\"VolumeSize\":8,\"BlockSize\":524288}", "SnapshotId", SW_REMOTE},
        {"{\"SnapshotId\":\"" SNAP "\",\"VolumeSize\":\"8\",\"BlockSize\":524288}", "VolumeSize", SW_REMOTE},
        {"{\"SnapshotId\":\"" SNAP "\",\"VolumeSize\":7,\"BlockSize\":524288}", "is of 7 GiB", SW_FAILED},
        {"{\"SnapshotId\":\"" SNAP "\",\"VolumeSize\":8,\"BlockSize\":4096}", "blocks of 4096", SW_FAILED},
        {"[]", "no JSON object", SW_REMOTE},
        {"{\"SnapshotId\":", "no JSON object", SW_REMOTE},
    };
    struct sw_ebs_snapshot out;
    struct talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct script_step step = {.status = 201, .headers = JSON_HEAD, .body = cases[i].body};

        begin(&t, &step, 1, NULL);
        assert_failed(sw_ebs_start_snapshot(t.cloud, &(struct sw_ebs_start){.volume_gib = 8}, &out, &t.err),
                      t.err, cases[i].code, cases[i].named);
        end(&t);
    }
}

static uint8_t bytes[SW_EBS_BLOCK_BYTES];

static struct sw_ebs_block block_of(char checksum[64])
{
    struct sw_ebs_block block = {.snapshot = SNAP, .index = 134217727, .bytes = bytes, .progress = 101};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf text = {0};

    memset(bytes, 'b', sizeof(bytes));
    assert_ok(sw_sha256(bytes, sizeof(bytes), block.digest, &err), err);
    assert_ok(sw_base64_put(&text, block.digest, sizeof(block.digest), &err), err);
    snprintf(checksum, 64, "%s", text.data);
    return block;
}

static void a_block_goes_unsigned_over_tls_and_signed_without_it(void **state)
{
    static const struct script_step steps[] = {{.status = 201}};
    static const char *const endpoints[] = {NULL, "http://127.0.0.1:9"};
    char checksum[64], line[128], hex[SW_SHA256_HEX];
    struct sw_ebs_block block = block_of(checksum);
    struct talk t;
    bool gone;

    (void)state;
    sw_hex(block.digest, sizeof(block.digest), hex);
    for (size_t i = 0; i < 2; i++) {
        begin(&t, steps, 1, endpoints[i]);
        assert_ok(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err);
        assert_false(gone || block.slow);
        assert_string_equal(t.twin.sent[0].method, "PUT");
        assert_non_null(strstr(t.twin.sent[0].url, "/snapshots/" SNAP "/blocks/134217727"));
        assert_int_equal(strlen(t.twin.sent[0].body), sizeof(t.twin.sent[0].body) - 1);
        snprintf(line, sizeof(line), "x-amz-Checksum: %s\n", checksum);
        assert_true(sent_header(&t, 0, line));
        assert_true(sent_header(&t, 0, "x-amz-Checksum-Algorithm: SHA256\n"));
        assert_true(sent_header(&t, 0, "x-amz-Data-Length: 524288\n"));
        assert_true(sent_header(&t, 0, "x-amz-Progress: 100\n"));
        assert_true(sent_header(&t, 0, ";x-amz-checksum;x-amz-checksum-algorithm;x-amz-content-sha256;"));
        snprintf(line, sizeof(line), "X-Amz-Content-Sha256: %s\n", i == 0 ? "UNSIGNED-PAYLOAD" : hex);
        assert_true(sent_header(&t, 0, line));
        end(&t);
    }
}

static void throttling_and_lost_write_requests_are_waited_out(void **state)
{
    static const struct script_step steps[] = {
        REFUSED(400, "RequestThrottledException", "ACCOUNT_THROTTLED"),
        REFUSED(400, "ValidationException", "WRITE_REQUEST_TIMEOUT"),
        REFUSED(400, "ValidationException", "CONFLICTING_BLOCK_UPDATE"),
        REFUSED(500, "InternalServerException", ""),
        {.status = 0, .broken = SW_REMOTE},
        {.status = 201},
    };
    char checksum[64];
    struct sw_ebs_block block = block_of(checksum);
    struct talk t;
    bool gone;

    (void)state;
    begin(&t, steps, 6, NULL);
    assert_ok(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err);
    assert_true(block.slow && !gone);
    end(&t);
}

static void a_block_that_collided_and_went_through_counts_as_slow(void **state)
{
    static const struct script_step steps[] = {
        REFUSED(400, "ValidationException", "CONFLICTING_BLOCK_UPDATE"),
        {.status = 201},
        {.status = 201},
    };
    char checksum[64];
    struct sw_ebs_block block = block_of(checksum);
    struct talk t;
    bool gone;

    (void)state;
    begin(&t, steps, 3, NULL);
    assert_ok(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err);
    assert_true(block.slow && !gone);
    assert_ok(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err);
    assert_false(block.slow || gone);
    end(&t);
}

static void a_snapshot_that_is_not_there_or_not_pending_is_an_answer(void **state)
{
    static const struct script_step steps[] = {
        REFUSED(404, "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND"),
        REFUSED(400, "ValidationException", "INVALID_SNAPSHOT_ID"),
    };
    char checksum[64];
    struct sw_ebs_block block = block_of(checksum);
    struct talk t;
    bool gone;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        begin(&t, &steps[i], 1, NULL);
        assert_ok(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err);
        assert_true(gone);
        end(&t);
        begin(&t, &steps[i], 1, NULL);
        assert_ok(sw_ebs_complete_snapshot(t.cloud, SNAP, 1, block.digest, &gone, &t.err), t.err);
        assert_true(gone);
        end(&t);
    }
}

static void a_refusal_says_why(void **state)
{
    static const struct script_step steps[] = {
        REFUSED(403, "AccessDeniedException", "UNAUTHORIZED_ACCOUNT"),
        {.status = 201, .headers = "x-amz-checksum: AAAA\n"},
    };
    char checksum[64];
    struct sw_ebs_block block = block_of(checksum);
    struct talk t;
    bool gone;

    (void)state;
    begin(&t, steps, 1, NULL);
    assert_failed(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err, SW_FAILED,
                  "block 134217727 of snapshot '" SNAP
                  "': AccessDeniedException: as told (UNAUTHORIZED_ACCOUNT)");
    end(&t);
    begin(&t, steps + 1, 1, NULL);
    assert_failed(sw_ebs_put_block(t.cloud, &block, &gone, &t.err), t.err, SW_REMOTE, "another checksum");
    end(&t);
}

static void a_completion_counts_the_blocks_and_has_a_linear_checksum(void **state)
{
    static const struct script_step steps[] = {
        {.status = 202, .headers = JSON_HEAD, .body = "{\"Status\":\"pending\"}"},
        {.status = 202, .headers = JSON_HEAD, .body = "{\"Status\":\"completed\"}"},
        {.status = 202, .headers = JSON_HEAD, .body = "{\"Status\":\"error\"}"},
    };
    static const uint8_t linear[SW_EBS_DIGEST] = {0};
    struct talk t;
    bool gone;

    (void)state;
    begin(&t, steps, 3, NULL);
    assert_ok(sw_ebs_complete_snapshot(t.cloud, SNAP, 17, linear, &gone, &t.err), t.err);
    assert_true(sent_header(&t, 0, "x-amz-ChangedBlocksCount: 17\n"));
    assert_true(sent_header(&t, 0, "x-amz-Checksum: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"));
    assert_true(sent_header(&t, 0, "x-amz-Checksum-Aggregation-Method: LINEAR\n"));
    assert_non_null(strstr(t.twin.sent[0].url, "/snapshots/completion/" SNAP));
    assert_ok(sw_ebs_complete_snapshot(t.cloud, SNAP, 0, NULL, &gone, &t.err), t.err);
    assert_true(sent_header(&t, 1, "x-amz-ChangedBlocksCount: 0\n") &&
                !sent_header(&t, 1, "x-amz-Checksum:"));
    assert_failed(sw_ebs_complete_snapshot(t.cloud, SNAP, 1, linear, &gone, &t.err), t.err, SW_REMOTE,
                  "could not make a snapshot");
    end(&t);
}

static void pages_of_blocks_follow_each_other(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = JSON_HEAD,
         .body =
             "{\"Blocks\":[{\"BlockIndex\":0,\"BlockToken\":\"a+/=\"},{\"BlockIndex\":7,\"BlockToken\":\"b\"}],"
             "\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":\"n+/=\"}"},
        {.status = 200,
         .headers = JSON_HEAD,
         .body =
             "{\"Blocks\":[{\"BlockIndex\":2047,\"BlockToken\":\"c\"}],\"VolumeSize\":1,\"BlockSize\":524288}"},
    };
    SW_CLEANUP(sw_ebs_page_free) struct sw_ebs_page page = {.items = NULL};
    struct talk t;

    (void)state;
    begin(&t, steps, 2, NULL);
    assert_ok(sw_ebs_list_blocks(t.cloud, SNAP, &page, &t.err), t.err);
    assert_true(page.more && page.n == 2 && page.items[1].index == 7 && page.volume_gib == 1);
    assert_string_equal(page.items[0].token, "a+/=");
    assert_ok(sw_ebs_list_blocks(t.cloud, SNAP, &page, &t.err), t.err);
    assert_non_null(strstr(t.twin.sent[1].url, "pageToken=n%2B%2F%3D"));
    assert_true(!page.more && page.n == 1 && page.items[0].index == 2047);
    end(&t);
}

static void hostile_lists_are_refused(void **state)
{
    static const struct {
        const char *body, *named;
    } cases[] = {
        {"{\"Blocks\":[{\"BlockIndex\":2048}],\"VolumeSize\":1,\"BlockSize\":524288}", "0 to 2047"},
        {"{\"Blocks\":[{\"BlockIndex\":-1}],\"VolumeSize\":1,\"BlockSize\":524288}", "BlockIndex"},
        {"{\"Blocks\":[{\"BlockIndex\":4},{\"BlockIndex\":4}],\"VolumeSize\":1,\"BlockSize\":524288}",
         "block 4 out of order"},
        {"{\"Blocks\":{},\"VolumeSize\":1,\"BlockSize\":524288}", "Blocks is no list"},
        {"{\"Blocks\":[],\"VolumeSize\":65537,\"BlockSize\":524288}", "VolumeSize"},
        {"{\"Blocks\":[],\"VolumeSize\":1}", "BlockSize"},
    };
    struct talk t;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct script_step step = {.status = 200, .headers = JSON_HEAD, .body = cases[i].body};
        SW_CLEANUP(sw_ebs_page_free) struct sw_ebs_page page = {.items = NULL};

        begin(&t, &step, 1, NULL);
        assert_failed(sw_ebs_list_blocks(t.cloud, SNAP, &page, &t.err), t.err, SW_REMOTE, cases[i].named);
        end(&t);
    }
}

static void changed_blocks_have_the_second_snapshots_tokens(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = JSON_HEAD,
         .body =
             "{\"ChangedBlocks\":[{\"BlockIndex\":1,\"FirstBlockToken\":\"a\"},{\"BlockIndex\":3,"
             "\"FirstBlockToken\":\"b\",\"SecondBlockToken\":\"c\"}],\"VolumeSize\":1,\"BlockSize\":524288}"}};
    SW_CLEANUP(sw_ebs_page_free) struct sw_ebs_page page = {.items = NULL};
    struct talk t;

    (void)state;
    begin(&t, steps, 1, NULL);
    assert_ok(sw_ebs_list_changed(t.cloud, "snap-0a", SNAP, &page, &t.err), t.err);
    assert_non_null(strstr(t.twin.sent[0].url, "/snapshots/" SNAP "/changedblocks?"));
    assert_non_null(strstr(t.twin.sent[0].url, "firstSnapshotId=snap-0a"));
    assert_string_equal(page.items[0].token, "");
    assert_string_equal(page.items[1].token, "c");
    end(&t);
}

static int get(const char *headers, const char *body, struct sw_err *err)
{
    const struct script_step step = {.status = 200, .headers = headers, .body = body};
    static uint8_t out[SW_EBS_BLOCK_BYTES];
    struct sw_ebs_block block = {.snapshot = SNAP, .index = 3, .bytes = out};
    struct talk t;
    int rc;

    begin(&t, &step, 1, NULL);
    rc = sw_ebs_get_block(t.cloud, &block, "to+ken", err);
    assert_non_null(strstr(t.twin.sent[0].url, "/blocks/3?blockToken=to%2Bken"));
    end(&t);
    if (rc == 0)
        assert_memory_equal(out, body, sizeof(out));
    return rc;
}

static void a_block_that_is_read_must_be_what_its_checksum_says(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *body = malloc(SW_EBS_BLOCK_BYTES + 1);
    char checksum[64], headers[128];

    (void)state;
    (void)block_of(checksum);
    assert_non_null(body);
    memset(body, 'b', SW_EBS_BLOCK_BYTES);
    body[SW_EBS_BLOCK_BYTES] = '\0';
    snprintf(headers, sizeof(headers), "x-amz-checksum: %s\nx-amz-checksum-algorithm: SHA256\n", checksum);
    assert_ok(get(headers, body, &err), err);
    body[4096] = 'c';
    assert_failed(get(headers, body, &err), err, SW_INTEGRITY, "reading block 3 of snapshot '" SNAP "'");
    err = (struct sw_err){.code = SW_OK};
    assert_failed(get("", body, &err), err, SW_REMOTE, "no SHA-256");
    body[100] = '\0';
    err = (struct sw_err){.code = SW_OK};
    assert_failed(get(headers, body, &err), err, SW_REMOTE, "100 bytes, not 524288");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_started_with_all_that_it_takes),
        cmocka_unit_test(what_the_api_does_not_take_is_never_sent),
        cmocka_unit_test(an_answer_that_fits_no_snapshot_is_refused),
        cmocka_unit_test(a_block_goes_unsigned_over_tls_and_signed_without_it),
        cmocka_unit_test(throttling_and_lost_write_requests_are_waited_out),
        cmocka_unit_test(a_block_that_collided_and_went_through_counts_as_slow),
        cmocka_unit_test(a_snapshot_that_is_not_there_or_not_pending_is_an_answer),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(a_completion_counts_the_blocks_and_has_a_linear_checksum),
        cmocka_unit_test(pages_of_blocks_follow_each_other),
        cmocka_unit_test(hostile_lists_are_refused),
        cmocka_unit_test(changed_blocks_have_the_second_snapshots_tokens),
        cmocka_unit_test(a_block_that_is_read_must_be_what_its_checksum_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
