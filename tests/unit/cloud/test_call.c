/* What a call does with 500, 403, broken lines, half a reply and a wrong clock. */
#include "tests/unit/cloud/scripted.h"

#include "src/base/log.h"
#include "src/cloud/session.h"

#define ERROR_BODY(code) "<Error><Code>" code "</Code><Message>as told</Message></Error>"

static const struct sw_s3_upload object = {"lab", "a b/disk.vmdk", "id+/="};

/* Runs AbortMultipartUpload over the script and checks how many requests it took. */
static int run(struct scripted *twin, const struct script_step *steps, size_t n, struct sw_err *err)
{
    struct sw_cloud *cloud;
    int rc;

    set_keys();
    cloud = open_scripted(twin, steps, n);
    rc = sw_s3_abort_upload(cloud, &object, err);
    sw_cloud_close(cloud);
    assert_int_equal(twin->at, n);
    return rc;
}

#define RUN(steps) run(&twin, steps, sizeof(steps) / sizeof((steps)[0]), &err)

/* As often as anything is tried. */
static const struct script_step failures[8] = {{.status = 500}, {.status = 500}, {.status = 500},
                                               {.status = 500}, {.status = 500}, {.status = 500},
                                               {.status = 500}, {.status = 500}};

static void encodes_the_path_and_the_query(void **state)
{
    static const struct script_step steps[] = {{.status = 204}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_ok(RUN(steps), err);
    assert_string_equal(twin.sent[0].method, "DELETE");
    assert_string_equal(twin.sent[0].url,
                        "https://lab.s3.eu-central-1.amazonaws.com/a%20b/disk.vmdk?uploadId=id%2B%2F%3D");
    assert_non_null(strstr(twin.sent[0].headers, "X-Amz-Date: 20261122T064036Z\n"));
    assert_non_null(
        strstr(twin.sent[0].headers, "Credential=AKIDEXAMPLE/20261122/eu-central-1/s3/aws4_request"));
}

static void tries_again_after_server_errors_throttling_and_broken_lines(void **state)
{
    static const struct script_step steps[] = {
        {.status = 408},
        {.status = 503, .headers = XML_HEAD, .body = ERROR_BODY("SlowDown")},
        {.broken = SW_REMOTE},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("RequestTimeout")},
        {.status = 429},
        {.status = 200, .headers = XML_HEAD, .body = ERROR_BODY("InternalError")},
        {.status = 200, .headers = XML_HEAD, .body = "<Half><a reply"},
        {.status = 204},
    };
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_ok(RUN(steps), err);
    assert_int_equal(twin.sleep_count, 7);
    for (size_t i = 0; i < twin.sleep_count; i++)
        assert_in_range(twin.sleeps_ms[i], 0, 500U << i);
}

static void gives_up_after_eight_attempts(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_failed(RUN(failures), err, SW_REMOTE, "after 8 attempts: the server answered HTTP 500");
}

/* What libcurl sends again by itself may have begun an upload that nobody heard of. */
static void a_request_that_went_out_twice_is_told(void **state)
{
#define CREATED "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    static const struct script_step steps[] = {
        {.status = 200, .headers = XML_HEAD, .body = CREATED},
        {.status = 200, .headers = XML_HEAD, .body = CREATED, .resent = true},
        {.status = 500},
        {.status = 200, .headers = XML_HEAD, .body = CREATED}};
    static const bool told[] = {false, true, true};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 4);
    for (size_t i = 0; i < 3; i++) {
        char *id = NULL;
        bool retried = !told[i];

        assert_ok(sw_s3_create_upload(cloud, &object, "mark", &id, &retried, &err), err);
        assert_int_equal(retried, told[i]);
        free(id);
    }
    sw_cloud_close(cloud);
}

static void does_not_repeat_what_is_refused(void **state)
{
    static const struct script_step steps[] = {
        {.status = 403, .headers = XML_HEAD, .body = ERROR_BODY("AccessDenied")}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_failed(RUN(steps), err, SW_FAILED, "AccessDenied: as told (HTTP 403)");
    assert_int_equal(twin.sleep_count, 0);
}

static void does_not_repeat_a_final_failure_of_the_line(void **state)
{
    static const struct script_step steps[] = {{.broken = SW_FAILED}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_failed(RUN(steps), err, SW_FAILED,
                  "'s3://lab/a b/disk.vmdk': https://lab.s3.eu-central-1.amazonaws.com: connection reset by");
}

static void waits_as_long_as_it_is_asked_to(void **state)
{
    static const struct script_step steps[] = {{.status = 503, .headers = "retry-after: 40\n"},
                                               {.status = 503, .headers = "retry-after: 999999999999\n"},
                                               {.status = 204}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_ok(RUN(steps), err);
    assert_int_equal(twin.sleeps_ms[0], 40000);
    assert_int_equal(twin.sleeps_ms[1], 60000);
}

static void waits_for_less_when_a_test_says_so(void **state)
{
    struct script_step steps[8];
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    memcpy(steps, failures, sizeof(steps));
    steps[7].status = 204;
    setenv("SLIPWAY_BACKOFF_MS", "2", 1);
    assert_ok(RUN(steps), err);
    unsetenv("SLIPWAY_BACKOFF_MS");
    assert_int_equal(twin.sleep_count, 7);
    for (size_t i = 0; i < twin.sleep_count; i++)
        assert_in_range(twin.sleeps_ms[i], 0, i < 6 ? 4U << i : 160);
}

static void corrects_a_wrong_clock_once(void **state)
{
    static const struct script_step late = {.status = 403,
                                            .headers = "date: Sun, 22 Nov 2026 07:20:36 GMT\n" XML_HEAD,
                                            .body = ERROR_BODY("RequestTimeTooSkewed")};
    const struct script_step mended[] = {late, {.status = 204}};
    const struct script_step refused[] = {late, late};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_ok(RUN(mended), err);
    assert_non_null(strstr(twin.sent[1].headers, "X-Amz-Date: 20261122T072036Z\n"));
    assert_int_equal(twin.sleep_count, 0);
    /* Once the clock is right, the same refusal means something else. */
    assert_failed(RUN(refused), err, SW_FAILED, "RequestTimeTooSkewed");
}

/* What another thread does whose request was refused at the same time. */
static void correct_meanwhile(struct scripted *twin)
{
    struct sw_cloud *cloud = twin->others;

    if (twin->at == 1)
        atomic_store(&cloud->clock_offset_s, 2400);
}

static void a_clock_that_another_thread_corrects_is_corrected_once(void **state)
{
    static const struct script_step steps[] = {{.status = 403,
                                                .headers = "date: Sun, 22 Nov 2026 07:20:36 GMT\n" XML_HEAD,
                                                .body = ERROR_BODY("RequestTimeTooSkewed")},
                                               {.status = 204}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 2);
    twin.meanwhile = correct_meanwhile;
    twin.others = cloud;
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    assert_non_null(strstr(twin.sent[1].headers, "X-Amz-Date: 20261122T072036Z\n"));
    assert_int_equal(cloud->clock_offset_s, 2400);
    sw_cloud_close(cloud);
}

static void a_signature_that_grew_old_on_its_way_is_made_anew(void **state)
{
    static const struct script_step late = {
        .status = 403, .headers = XML_HEAD, .body = ERROR_BODY("RequestTimeTooSkewed")};
    const struct script_step steps[] = {late, {.status = 204}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 2);
    twin.seconds_a_send = 1000;
    assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
    sw_cloud_close(cloud);
    /* One that was young is as young the next time. */
    cloud = open_scripted(&twin, steps, 2);
    twin.seconds_a_send = 10;
    assert_failed(sw_s3_abort_upload(cloud, &object, &err), err, SW_FAILED, "RequestTimeTooSkewed");
    assert_int_equal(twin.at, 1);
    sw_cloud_close(cloud);
}

static void does_not_touch_the_clock_for_a_small_difference(void **state)
{
    static const struct script_step steps[] = {{.status = 403,
                                                .headers = "date: Sun, 22 Nov 2026 06:44:00 GMT\n" XML_HEAD,
                                                .body = ERROR_BODY("SignatureDoesNotMatch")}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    assert_failed(RUN(steps), err, SW_FAILED, "SignatureDoesNotMatch");
}

static void lists_parts_over_pages_and_refuses_a_list_that_lies(void **state)
{
#define PART(n, size) \
    "<Part><PartNumber>" n "</PartNumber><Size>" size "</Size><ETag>&quot;e" n "&quot;</ETag></Part>"
#define PAGE(more, parts) "<ListPartsResult><IsTruncated>" more "</IsTruncated>" parts "</ListPartsResult>"
    static const struct script_step good[] = {
        {.status = 200, .headers = XML_HEAD, .body = PAGE("true", PART("1", "5") PART("2", "5"))},
        {.status = 200, .headers = XML_HEAD, .body = PAGE("false", PART("7", "3"))},
    };
    static const struct {
        const char *body;
        const char *why;
    } bad[] = {
        {PAGE("false", PART("2", "5") PART("2", "5")), "out of order"},
        {PAGE("false", PART("0", "5")), "out of order"},
        {PAGE("false", PART("10001", "5")), "PartNumber is '10001'"},
        {PAGE("false", PART("1", "-5")), "Size is '-5'"},
        {PAGE("false", "<Part><PartNumber>1</PartNumber><Size>5</Size></Part>"), "no usable ETag"},
        {PAGE("true", ""), "promises more parts"},
        {"<SomethingElse/>", "not a 'ListPartsResult'"},
    };
    struct sw_err err = {.code = SW_OK};
    struct sw_s3_parts parts;
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, good, 2);
    assert_ok(sw_s3_list_parts(cloud, &object, &parts, &err), err);
    sw_cloud_close(cloud);
    assert_int_equal(parts.n, 3);
    assert_int_equal(parts.items[2].number, 7);
    assert_string_equal(parts.items[2].etag, "e7");
    assert_non_null(strstr(twin.sent[1].url, "?part-number-marker=2&uploadId="));
    free(parts.items);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct script_step step = {.status = 200, .headers = XML_HEAD, .body = bad[i].body};

        cloud = open_scripted(&twin, &step, 1);
        assert_failed(sw_s3_list_parts(cloud, &object, &parts, &err), err, SW_REMOTE, bad[i].why);
        assert_null(parts.items);
        sw_cloud_close(cloud);
    }
}

static void finds_a_task_gone_and_reads_one_that_is_there(void **state)
{
    static const struct script_step steps[] = {
        {.status = 400,
         .headers = XML_HEAD,
         .body =
             "<Response><Errors><Error><Code>InvalidConversionTaskId.Malformed</Code><Message>no</Message>"
             "</Error></Errors></Response>"},
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<DescribeImportImageTasksResponse><importImageTaskSet><item><importTaskId>import-ami-1"
                 "</importTaskId><status>deleted</status><statusMessage>ClientError: a &lt; b</statusMessage>"
                 "</item></importImageTaskSet></DescribeImportImageTasksResponse>"},
    };
    struct sw_err err = {.code = SW_OK};
    struct sw_ec2_task task;
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, steps, 2);
    assert_ok(sw_ec2_describe_import(cloud, "import-ami-1", &task, &err), err);
    assert_false(task.found);
    assert_ok(sw_ec2_describe_import(cloud, "import-ami-1", &task, &err), err);
    assert_true(task.found);
    assert_string_equal(task.message, "ClientError: a < b");
    sw_cloud_close(cloud);
}

/* Half a character would be no JSON: the import's journal could not be written. */
static void cuts_a_long_reason_between_characters(void **state)
{
    char body[4096], reason[1201] = "";
    const struct script_step steps[] = {{.status = 200, .headers = XML_HEAD, .body = body}};
    struct sw_err err = {.code = SW_OK};
    struct sw_ec2_task task;
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    for (size_t i = 0; i + 1 < sizeof(reason); i += 2)
        memcpy(reason + i, "\xc3\xa9", 3);
    snprintf(body, sizeof(body),
             "<DescribeImportImageTasksResponse><importImageTaskSet><item><importTaskId>import-ami-1"
             "</importTaskId><status>deleted</status><statusMessage>%s</statusMessage>"
             "</item></importImageTaskSet></DescribeImportImageTasksResponse>",
             reason);
    set_keys();
    cloud = open_scripted(&twin, steps, 1);
    assert_ok(sw_ec2_describe_import(cloud, "import-ami-1", &task, &err), err);
    assert_int_equal(strlen(task.message), sizeof(task.message) - 2);
    assert_memory_equal(task.message, reason, sizeof(task.message) - 2);
    sw_cloud_close(cloud);
}

static void a_list_of_uploads_has_an_end(void **state)
{
    static const char item[] = "<Upload><Key>a b/disk.vmdk</Key><UploadId>u</UploadId></Upload>";
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_BUF struct sw_buf body = {0};
    struct script_step steps[] = {{.status = 200, .headers = XML_HEAD}};
    struct sw_s3_uploads uploads;
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    assert_ok(sw_buf_puts(&body, "<ListMultipartUploadsResult>", &err), err);
    for (size_t i = 0; i <= 10000; i++)
        assert_ok(sw_buf_puts(&body, item, &err), err);
    assert_ok(sw_buf_puts(&body, "</ListMultipartUploadsResult>", &err), err);
    steps[0].body = body.data;
    cloud = open_scripted(&twin, steps, 1);
    assert_failed(sw_s3_list_uploads(cloud, &object, &uploads, &err), err, SW_REMOTE,
                  "more than 10000 unfinished");
    assert_null(uploads.items);
    sw_cloud_close(cloud);
}

static char told[1024];

static void keep_log(enum sw_log_level level, const char *text)
{
    if (level == SW_LOG_WARNING)
        snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s\n", text);
}

static void that_there_is_no_tls_is_told_once(void **state)
{
    static const struct {
        const char *endpoint, *text;
    } all[] = {{"http://store.lab:9000", "http://store.lab:9000 is without TLS"},
               {"http://127.0.0.1:9000", NULL},
               {"https://store.lab:9000", NULL}};
    static const struct script_step steps[] = {{.status = 204}, {.status = 204}};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    set_keys();
    sw_log_to(keep_log);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct scripted twin;
        struct sw_cloud *cloud;

        told[0] = '\0';
        setenv("AWS_ENDPOINT_URL", all[i].endpoint, 1);
        cloud = open_scripted(&twin, steps, 2);
        assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
        if (all[i].text == NULL)
            assert_string_equal(told, "");
        else
            assert_non_null(strstr(told, all[i].text));
        told[0] = '\0';
        assert_ok(sw_s3_abort_upload(cloud, &object, &err), err);
        assert_string_equal(told, "");
        sw_cloud_close(cloud);
    }
    sw_log_to(NULL);
    set_keys();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_the_path_and_the_query),
        cmocka_unit_test(tries_again_after_server_errors_throttling_and_broken_lines),
        cmocka_unit_test(gives_up_after_eight_attempts),
        cmocka_unit_test(a_request_that_went_out_twice_is_told),
        cmocka_unit_test(does_not_repeat_what_is_refused),
        cmocka_unit_test(does_not_repeat_a_final_failure_of_the_line),
        cmocka_unit_test(waits_as_long_as_it_is_asked_to),
        cmocka_unit_test(waits_for_less_when_a_test_says_so),
        cmocka_unit_test(corrects_a_wrong_clock_once),
        cmocka_unit_test(a_clock_that_another_thread_corrects_is_corrected_once),
        cmocka_unit_test(a_signature_that_grew_old_on_its_way_is_made_anew),
        cmocka_unit_test(does_not_touch_the_clock_for_a_small_difference),
        cmocka_unit_test(lists_parts_over_pages_and_refuses_a_list_that_lies),
        cmocka_unit_test(finds_a_task_gone_and_reads_one_that_is_there),
        cmocka_unit_test(a_list_of_uploads_has_an_end),
        cmocka_unit_test(that_there_is_no_tls_is_told_once),
        cmocka_unit_test(cuts_a_long_reason_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
