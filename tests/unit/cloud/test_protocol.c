/* Forms and JSON over REST: what goes out, what comes back, and how each service says no. */
#include "tests/unit/cloud/scripted.h"

#include "src/cloud/protocol.h"
#include "src/cloud/sigv4.h"

#define JSON_HEAD "content-type: application/json\n"

static void posts_a_form_signed_for_its_service(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = "content-type: text/xml\n",
         .body = "<GetRoleResponse><GetRoleResult><Role><RoleName>vmimport</RoleName></Role></GetRoleResult>"
                 "<ResponseMetadata/></GetRoleResponse>"}};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *root = NULL;
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 1);
    assert_ok(query_begin(&form, CLOUD_IAM, "GetRole", &err), err);
    assert_ok(query_add(&form, "a b&c", &err, "Tag.%u.Key", 2U), err);
    assert_ok(query_add(&form, NULL, &err, "Unset"), err);
    root = query_send(cloud, CLOUD_IAM, &form, NULL, &err);
    assert_non_null(root);
    assert_string_equal(xml_text(xml_child(query_result(root), "Role"), "RoleName"), "vmimport");
    assert_string_equal(twin.sent[0].url, "https://iam.amazonaws.com/");
    assert_string_equal(twin.sent[0].body, "Action=GetRole&Version=2010-05-08&Tag.2.Key=a%20b%26c");
    /* IAM is global: it is signed for one region, whatever the session's is. */
    assert_non_null(strstr(twin.sent[0].headers, "/us-east-1/iam/aws4_request"));
    sw_cloud_close(cloud);
}

static void finds_the_members_of_every_query_reply(void **state)
{
    static const char ec2[] = "<XResponse><requestId/><aSet/></XResponse>";
    static const char sts[] = "<XResponse><XResult><A/></XResult></XResponse>";
    struct sw_err err = {.code = SW_OK};
    XML_AUTO struct xml_node *one = xml_parse(ec2, sizeof(ec2) - 1, &err);
    XML_AUTO struct xml_node *other = xml_parse(sts, sizeof(sts) - 1, &err);

    (void)state;
    assert_ptr_equal(query_result(one), one);
    assert_string_equal(query_result(other)->name, "XResult");
}

static void sends_json_and_bytes_over_rest(void **state)
{
    static const struct script_step steps[] = {
        {.status = 201, .headers = JSON_HEAD, .body = "{\"SnapshotId\":\"snap-1\"}"},
        {.status = 202},
        {.status = 201}};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *body = json_pack("{s:i}", "VolumeSize", 8);
    SW_CLEANUP(sw_http_reply_free) struct sw_http_reply reply = {0};
    struct cloud_call call = {.service = CLOUD_EBS, .method = "POST", .path = "/snapshots"};
    json_t *got;
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 3);
    got = rest_json_send(cloud, &call, body, NULL, &err);
    assert_non_null(got);
    assert_string_equal(sw_json_text(got, "SnapshotId"), "snap-1");
    json_decref(got);
    assert_string_equal(twin.sent[0].url, "https://ebs.eu-central-1.amazonaws.com/snapshots");
    assert_string_equal(twin.sent[0].body, "{\"VolumeSize\":8}");
    assert_non_null(strstr(twin.sent[0].headers, "Content-Type: application/json\n"));
    call.path = "/snapshots/completion/snap-1";
    call.headers[0] = (struct sw_http_header){"x-amz-ChangedBlocksCount", "3"};
    got = rest_json_send(cloud, &call, NULL, NULL, &err);
    assert_int_equal(json_object_size(got), 0);
    json_decref(got);
    assert_null(strstr(twin.sent[1].headers, "Content-Type"));
    call =
        (struct cloud_call){.service = CLOUD_EBS,
                            .method = "PUT",
                            .path = "/snapshots/snap-1/blocks/7",
                            .query = "progress=3",
                            .headers = {{"x-amz-Checksum-Algorithm", "SHA256"}, {"x-amz-Checksum", "abc="}},
                            .body = "bytes",
                            .body_len = 5,
                            .payload_hash = SIGV4_UNSIGNED};
    assert_ok(cloud_send(cloud, &call, &reply, NULL, &err), err);
    assert_non_null(strstr(twin.sent[2].url, "/snapshots/snap-1/blocks/7?progress=3"));
    assert_non_null(strstr(twin.sent[2].headers, "X-Amz-Content-Sha256: UNSIGNED-PAYLOAD\n"));
    assert_non_null(strstr(twin.sent[2].headers, ";x-amz-checksum;x-amz-checksum-algorithm;"));
    sw_cloud_close(cloud);
}

static void a_reply_that_is_no_object_is_refused(void **state)
{
    static const char *const bad[] = {"[]", "{", "{\"a\":1,\"a\":2}", "null"};
    struct cloud_call call = {.service = CLOUD_EBS, .method = "GET", .path = "/snapshots"};

    (void)state;
    set_keys();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct script_step step = {.status = 200, .headers = JSON_HEAD, .body = bad[i]};
        struct sw_err err = {.code = SW_OK};
        struct scripted twin;
        struct sw_cloud *cloud = open_scripted(&twin, &step, 1);

        assert_null(rest_json_send(cloud, &call, NULL, NULL, &err));
        assert_failed(-1, err, SW_REMOTE, "no JSON object");
        sw_cloud_close(cloud);
    }
}

struct refusal_case {
    enum cloud_service service;
    struct script_step step;
    const char *code;
    const char *text;
};

/* What the service says, and what is made of it. */
static void check_refusal(const struct refusal_case *one)
{
    struct cloud_call call = {.service = one->service, .method = "GET"};
    SW_CLEANUP(sw_http_reply_free) struct sw_http_reply reply = {0};
    struct sw_err err = {.code = SW_OK};
    struct cloud_fault fault;
    struct scripted twin;
    struct sw_cloud *cloud = open_scripted(&twin, &one->step, 1);

    assert_failed(cloud_send(cloud, &call, &reply, &fault, &err), err, SW_FAILED, one->text);
    assert_string_equal(fault.code, one->code);
    sw_cloud_close(cloud);
}

static void every_service_says_no_in_its_own_words(void **state)
{
    static const struct refusal_case all[] = {
        {CLOUD_STS,
         {.status = 403,
          .headers = XML_HEAD,
          .body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not "
                  "you</Message></Error></ErrorResponse>"},
         "AccessDenied",
         "AccessDenied: not you (HTTP 403)"},
        {CLOUD_EBS,
         {.status = 400,
          .headers = JSON_HEAD "x-amzn-errortype: ValidationException:http://internal.amazon.com/\n",
          .body = "{\"message\":\"no\",\"Reason\":\"INVALID_BLOCK\"}"},
         "ValidationException",
         "ValidationException: no (INVALID_BLOCK) (HTTP 400)"},
        {CLOUD_EBS,
         {.status = 403, .headers = JSON_HEAD, .body = "{\"Message\":\"m\",\"__type\":\"ns#Denied\"}"},
         "Denied",
         "Denied: m (HTTP 403)"},
        {CLOUD_S3,
         {.status = 301, .headers = "x-amz-bucket-region: eu-west-1\n"},
         "PermanentRedirect",
         "PermanentRedirect: the bucket is in region 'eu-west-1': pass --region eu-west-1"},
        {CLOUD_EBS,
         {.status = 400,
          .headers = JSON_HEAD "x-amzn-errortype: a.b#Odd:http://x/#y\n",
          .body = "{\"message\":\"m\"}"},
         "Odd",
         "Odd: m (HTTP 400)"},
        {CLOUD_EBS,
         {.status = 400,
          .headers = JSON_HEAD "x-amzn-errortype: Odd\xff\xfe\n",
          .body = "{\"message\":\"m\"}"},
         "Odd",
         "Odd: m (HTTP 400)"},
    };

    (void)state;
    set_keys();
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        check_refusal(&all[i]);
}

static void what_says_neither_its_type_nor_its_service_is_told_for_what_it_is(void **state)
{
    static const struct refusal_case all[] = {
        /* S3 says the region with other refusals, too; and only what can be one is put into a command. */
        {CLOUD_S3,
         {.status = 400,
          .headers = XML_HEAD "x-amz-bucket-region: eu-central-1\n",
          .body = "<Error><Code>InvalidToken</Code><Message>malformed</Message></Error>"},
         "InvalidToken",
         "InvalidToken: malformed (HTTP 400)"},
        {CLOUD_S3,
         {.status = 301, .headers = "x-amz-bucket-region: $(reboot)\n"},
         "",
         "the server answered HTTP 301"},
        {CLOUD_EC2,
         {.status = 400, .headers = "x-amz-bucket-region: eu-west-1\n"},
         "",
         "the server answered HTTP 400"},
        /* Not everybody says what a document is. */
        {CLOUD_S3,
         {.status = 403, .body = "\n<Error><Code>AccessDenied</Code><Message>no</Message></Error>"},
         "AccessDenied",
         "AccessDenied: no (HTTP 403)"},
        {CLOUD_S3,
         {.status = 403,
          .headers = "content-type: Text/XML\n",
          .body = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"},
         "AccessDenied",
         "AccessDenied: no (HTTP 403)"},
        {CLOUD_KMS,
         {.status = 400, .body = "{\"__type\":\"NotFoundException\",\"message\":\"m\"}"},
         "NotFoundException",
         "NotFoundException: m (HTTP 400)"},
        {CLOUD_S3,
         {.status = 403, .headers = "content-type: text/html\n", .body = "<html><body>Blocked<br></html>"},
         "",
         "a proxy may be in the way: the server answered HTTP 403"},
        {CLOUD_EC2, {.status = 407}, "", "a proxy on the way wants a user and a password"},
        {CLOUD_EBS, {.status = 404, .headers = JSON_HEAD, .body = "[1"}, "", "the server answered HTTP 404"},
    };

    (void)state;
    set_keys();
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        check_refusal(&all[i]);
}

/* The message goes into JSON, and what EBS means by it stands at its end. */
static void a_long_message_is_cut_between_characters_and_keeps_its_reason(void **state)
{
    char message[1401] = "", json[2048], xml[2048];
    const struct script_step steps[] = {{.status = 400, .headers = JSON_HEAD, .body = json},
                                        {.status = 400, .headers = XML_HEAD, .body = xml}};
    static const enum cloud_service services[] = {CLOUD_EBS, CLOUD_STS};

    (void)state;
    set_keys();
    for (size_t i = 0; i + 2 < sizeof(message); i += 2)
        memcpy(message + i, "\xc3\xa9", 3);
    snprintf(json, sizeof(json), "{\"__type\":\"Odd\",\"message\":\"%s\",\"Reason\":\"INVALID_BLOCK\"}",
             message);
    snprintf(xml, sizeof(xml),
             "<ErrorResponse><Error><Code>Odd</Code><Message>x%s</Message></Error></ErrorResponse>", message);
    for (size_t i = 0; i < 2; i++) {
        struct cloud_call call = {.service = services[i], .method = "GET"};
        SW_CLEANUP(sw_http_reply_free) struct sw_http_reply reply = {0};
        struct sw_err err = {.code = SW_OK};
        struct cloud_fault fault;
        struct scripted twin;
        struct sw_cloud *cloud = open_scripted(&twin, &steps[i], 1);
        json_t *text;

        assert_failed(cloud_send(cloud, &call, &reply, &fault, &err), err, SW_FAILED, "Odd: ");
        text = json_string(fault.message);
        assert_non_null(text);
        json_decref(text);
        assert_in_range(strlen(fault.message), sizeof(fault.message) - 3, sizeof(fault.message) - 1);
        if (i == 0)
            assert_string_equal(fault.message + strlen(fault.message) - 15, "(INVALID_BLOCK)");
        sw_cloud_close(cloud);
    }
}

static void a_service_without_an_endpoint_fails_when_it_is_called(void **state)
{
    struct cloud_call call = {.service = CLOUD_IAM, .method = "GET"};
    SW_CLEANUP(sw_http_reply_free) struct sw_http_reply reply = {0};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1", 1);
    setenv("AWS_REGION", "cn-north-1", 1);
    setenv("AWS_USE_FIPS_ENDPOINT", "true", 1);
    memset(&twin, 0, sizeof(twin));
    twin.base.ops = &scripted_ops;
    assert_ok(sw_cloud_open(&(struct sw_cloud_config){.region = NULL}, &twin.base, &cloud, &err), err);
    assert_failed(cloud_send(cloud, &call, &reply, NULL, &err), err, SW_USAGE,
                  "partition 'aws-cn' has no FIPS endpoint of iam");
    sw_cloud_close(cloud);
    unsetenv("AWS_USE_FIPS_ENDPOINT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_a_form_signed_for_its_service),
        cmocka_unit_test(finds_the_members_of_every_query_reply),
        cmocka_unit_test(sends_json_and_bytes_over_rest),
        cmocka_unit_test(a_reply_that_is_no_object_is_refused),
        cmocka_unit_test(every_service_says_no_in_its_own_words),
        cmocka_unit_test(what_says_neither_its_type_nor_its_service_is_told_for_what_it_is),
        cmocka_unit_test(a_long_message_is_cut_between_characters_and_keeps_its_reason),
        cmocka_unit_test(a_service_without_an_endpoint_fails_when_it_is_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
