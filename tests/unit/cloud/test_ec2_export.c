/* EC2's verbs of an export over the scripted transport. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/ec2_export.h"

static struct scripted twin;

#define ITEM                                                                                             \
    "<exportImageTaskId>export-ami-1</exportImageTaskId><imageId>ami-1</imageId><status>active</status>" \
    "<progress>40</progress><statusMessage>converting</statusMessage><s3ExportLocation><s3Bucket>lab"    \
    "</s3Bucket><s3Prefix>a b/</s3Prefix></s3ExportLocation>"

static void the_form_has_ec2s_names_and_is_encoded(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200, .headers = XML_HEAD, .body = "<ExportImageResponse>" ITEM "</ExportImageResponse>"}};
    static const struct sw_ec2_tag tag = {"k&", "ö"};
    struct sw_ec2_export request = {.client_token = "token",
                                    .image_id = "ami-1",
                                    .format = "VMDK",
                                    .bucket = "lab",
                                    .prefix = "a b/",
                                    .tags = &tag,
                                    .nr_tags = 1};
    struct sw_cloud *cloud = open_scripted(&twin, steps, 1);
    struct sw_err err = {.code = SW_OK};
    struct sw_ec2_export_task task;

    (void)state;
    assert_ok(sw_ec2_export_image(cloud, &request, &task, &err), err);
    assert_string_equal(
        twin.sent[0].body,
        "Action=ExportImage&Version=2016-11-15&ClientToken=token&DiskImageFormat=VMDK&ImageId=ami-1"
        "&S3ExportLocation.S3Bucket=lab&S3ExportLocation.S3Prefix=a%20b%2F"
        "&TagSpecification.1.ResourceType=export-image-task&TagSpecification.1.Tag.1.Key=k%26"
        "&TagSpecification.1.Tag.1.Value=%C3%B6");
    assert_string_equal(task.id, "export-ami-1");
    assert_string_equal(task.bucket, "lab");
    assert_string_equal(task.prefix, "a b/");
    assert_string_equal(task.message, "converting");
    sw_cloud_close(cloud);
}

static int ask(const struct script_step *step, struct sw_ec2_export_task *task, struct sw_err *err)
{
    struct sw_cloud *cloud = open_scripted(&twin, step, 1);
    int rc = sw_ec2_describe_export(cloud, "export-ami-1", task, err);

    sw_cloud_close(cloud);
    return rc;
}

static void a_task_that_ec2_does_not_know_is_no_error(void **state)
{
    static const struct script_step steps[] = {
        {.status = 400,
         .headers = XML_HEAD,
         .body = "<Response><Errors><Error><Code>InvalidExportTaskID.NotFound</Code><Message>x</Message>"
                 "</Error></Errors></Response>"},
        {.status = 200,
         .headers = XML_HEAD,
         .body =
             "<DescribeExportImageTasksResponse><exportImageTaskSet/></DescribeExportImageTasksResponse>"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct sw_err err = {.code = SW_OK};
        struct sw_ec2_export_task task;

        assert_ok(ask(&steps[i], &task, &err), err);
        assert_false(task.found);
        assert_non_null(strstr(twin.sent[0].body, "ExportImageTaskId.1=export-ami-1"));
    }
}

static void a_reply_that_names_no_task_is_refused(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<R><exportImageTaskSet><item/></exportImageTaskSet></R>"}};
    struct sw_err err = {.code = SW_OK};
    struct sw_ec2_export_task task;

    (void)state;
    assert_failed(ask(&steps[0], &task, &err), err, SW_REMOTE, "no exportImageTaskId");
}

static void a_place_that_is_longer_than_any_is_not_cut(void **state)
{
    char body[2000], prefix[1100];
    struct script_step step = {.status = 200, .headers = XML_HEAD, .body = body};
    struct sw_err err = {.code = SW_OK};
    struct sw_ec2_export_task task;

    (void)state;
    memset(prefix, 'p', sizeof(prefix) - 1);
    prefix[sizeof(prefix) - 1] = '\0';
    snprintf(
        body, sizeof(body),
        "<R><exportImageTaskSet><item><exportImageTaskId>x</exportImageTaskId><s3ExportLocation><s3Prefix>%s"
        "</s3Prefix></s3ExportLocation></item></exportImageTaskSet></R>",
        prefix);
    assert_failed(ask(&step, &task, &err), err, SW_REMOTE, "s3Prefix is longer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_has_ec2s_names_and_is_encoded),
        cmocka_unit_test(a_task_that_ec2_does_not_know_is_no_error),
        cmocka_unit_test(a_reply_that_names_no_task_is_refused),
        cmocka_unit_test(a_place_that_is_longer_than_any_is_not_cut),
    };

    return cmocka_run_group_tests(tests, set_keys_once, NULL);
}
