/* What EC2's verbs send, and what they make of its replies. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/ec2.h"

#define ERROR_BODY(code) \
    "<Response><Errors><Error><Code>" code "</Code><Message>as told</Message></Error></Errors></Response>"
#define OPEN(steps) (set_keys(), open_scripted(&twin, steps, sizeof(steps) / sizeof((steps)[0])))

static void a_registered_image_is_hvm_with_ena_unless_it_is_said_otherwise(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<RegisterImageResponse><imageId>ami-1</imageId></RegisterImageResponse>"},
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<RegisterImageResponse><imageId>ami-2</imageId></RegisterImageResponse>"}};
    static const struct sw_ec2_mapping mappings[] = {
        {.device = "/dev/xvda", .snapshot_id = "snap-1", .volume_type = "gp3", .volume_gib = 9, .iops = 4000},
        {.device = "/dev/xvdb", .snapshot_id = "snap-2", .keep = true}};
    struct sw_ec2_register request = {.name = "a b",
                                      .architecture = "arm64",
                                      .root_device = "/dev/xvda",
                                      .boot_mode = "uefi",
                                      .tpm = "v2.0",
                                      .mappings = mappings,
                                      .nr_mappings = 2};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);
    char id[64];
    bool taken;

    (void)state;
    assert_ok(sw_ec2_register_image(cloud, &request, id, &taken, &err), err);
    assert_string_equal(id, "ami-1");
    assert_false(taken);
    assert_string_equal(
        twin.sent[0].body,
        "Action=RegisterImage&Version=2016-11-15&Name=a%20b&Architecture=arm64&VirtualizationType=hvm"
        "&RootDeviceName=%2Fdev%2Fxvda&EnaSupport=true&BootMode=uefi&TpmSupport=v2.0"
        "&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId=snap-1"
        "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.VolumeSize=9"
        "&BlockDeviceMapping.1.Ebs.Iops=4000&BlockDeviceMapping.1.Ebs.DeleteOnTermination=true"
        "&BlockDeviceMapping.2.DeviceName=%2Fdev%2Fxvdb&BlockDeviceMapping.2.Ebs.SnapshotId=snap-2"
        "&BlockDeviceMapping.2.Ebs.DeleteOnTermination=false");
    request.no_ena = true;
    assert_ok(sw_ec2_register_image(cloud, &request, id, &taken, &err), err);
    assert_non_null(strstr(twin.sent[1].body, "&EnaSupport=false"));
    sw_cloud_close(cloud);
}

static void a_taken_name_is_an_answer_and_no_failure(void **state)
{
    static const struct script_step steps[] = {
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidAMIName.Duplicate")},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidAMIName.Malformed")},
        {.status = 200, .headers = XML_HEAD, .body = "<RegisterImageResponse/>"}};
    struct sw_ec2_register request = {.name = "x", .root_device = "/dev/xvda"};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);
    char id[64] = "before";
    bool taken;

    (void)state;
    assert_ok(sw_ec2_register_image(cloud, &request, id, &taken, &err), err);
    assert_true(taken);
    assert_string_equal(id, "");
    assert_failed(sw_ec2_register_image(cloud, &request, id, &taken, &err), err, SW_FAILED,
                  "registering the image 'x': ");
    err = (struct sw_err){.code = SW_OK};
    assert_failed(sw_ec2_register_image(cloud, &request, id, &taken, &err), err, SW_REMOTE, "no imageId");
    sw_cloud_close(cloud);
}

static void a_snapshots_task_is_read_from_its_detail(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body =
             "<R><importSnapshotTaskSet><item><importTaskId>import-snap-1</importTaskId><snapshotTaskDetail>"
             "<progress>22</progress><status>active</status><statusMessage>downloading/converting"
             "</statusMessage></snapshotTaskDetail></item></importSnapshotTaskSet></R>"},
        {.status = 200,
         .headers = XML_HEAD,
         .body =
             "<R><importSnapshotTaskSet><item><importTaskId>import-snap-1</importTaskId><snapshotTaskDetail>"
             "<status>completed</status><snapshotId>snap-9</snapshotId></snapshotTaskDetail></item>"
             "</importSnapshotTaskSet></R>"},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidConversionTaskId.Malformed")},
        {.status = 200, .headers = XML_HEAD, .body = "<R><importSnapshotTaskSet/></R>"},
        {.status = 403, .headers = XML_HEAD, .body = ERROR_BODY("UnauthorizedOperation")}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);
    struct sw_ec2_task task;

    (void)state;
    assert_ok(sw_ec2_describe_import_snapshot(cloud, "import-snap-1", &task, &err), err);
    assert_true(task.found);
    assert_string_equal(task.status, "active");
    assert_string_equal(task.progress, "22");
    assert_string_equal(task.message, "downloading/converting");
    assert_int_equal(task.nr_snapshots, 0);
    assert_ok(sw_ec2_describe_import_snapshot(cloud, "import-snap-1", &task, &err), err);
    assert_int_equal(task.nr_snapshots, 1);
    assert_string_equal(task.snapshots[0], "snap-9");
    for (int i = 0; i < 2; i++) {
        assert_ok(sw_ec2_describe_import_snapshot(cloud, "import-snap-1", &task, &err), err);
        assert_false(task.found);
    }
    assert_failed(sw_ec2_describe_import_snapshot(cloud, "import-snap-1", &task, &err), err, SW_FAILED,
                  "UnauthorizedOperation");
    sw_cloud_close(cloud);
}

static void a_snapshots_container_has_no_number(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<R><importTaskId>import-snap-1</importTaskId><snapshotTaskDetail><status>active</status>"
                 "</snapshotTaskDetail></R>"},
        {.status = 412, .headers = XML_HEAD, .body = ERROR_BODY("DryRunOperation")}};
    static const struct sw_ec2_tag tags[] = {{"k", "v"}};
    struct sw_ec2_import_snapshot request = {.client_token = "t",
                                             .container = {.format = "VHD", .bucket = "b", .key = "k/ö"},
                                             .kms_key = "alias/x",
                                             .encrypted = true,
                                             .upload_bytes = 1 << 29,
                                             .tags = tags,
                                             .nr_tags = 1};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);
    struct sw_ec2_task task;

    (void)state;
    assert_ok(sw_ec2_import_snapshot(cloud, &request, &task, &err), err);
    assert_string_equal(task.id, "import-snap-1");
    assert_string_equal(
        twin.sent[0].body,
        "Action=ImportSnapshot&Version=2016-11-15&ClientData.UploadSize=0.500000&ClientToken=t"
        "&DiskContainer.Format=VHD&DiskContainer.UserBucket.S3Bucket=b&DiskContainer.UserBucket.S3Key=k%2F%C3%B6"
        "&Encrypted=true&KmsKeyId=alias%2Fx&TagSpecification.1.ResourceType=import-snapshot-task"
        "&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=v");
    request.dry_run = true;
    assert_ok(sw_ec2_import_snapshot(cloud, &request, &task, &err), err);
    assert_false(task.found);
    sw_cloud_close(cloud);
}

static void an_image_is_found_by_its_whole_name_only(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<R><imagesSet><item><imageId>ami-1</imageId><name>web</name><imageState>failed</imageState>"
                 "<stateReason><message>no key</message></stateReason><enaSupport>true</enaSupport>"
                 "<blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1"
                 "</snapshotId></ebs></item><item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral0"
                 "</virtualName></item></blockDeviceMapping></item></imagesSet></R>"},
        {.status = 200,
         .headers = XML_HEAD,
         .body = "<R><imagesSet><item><imageId>ami-1</imageId><name>webs</name></item></imagesSet></R>"},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidAMIID.NotFound")}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);
    struct sw_ec2_image image;

    (void)state;
    assert_ok(sw_ec2_find_image(cloud, "web", &image, &err), err);
    assert_string_equal(twin.sent[0].body, "Action=DescribeImages&Version=2016-11-15&Owner.1=self"
                                           "&Filter.1.Name=name&Filter.1.Value.1=web");
    assert_true(image.found && image.ena);
    assert_string_equal(image.reason, "no key");
    assert_int_equal(image.nr_snapshots, 1);
    assert_string_equal(image.snapshots[0], "snap-1");
    assert_ok(sw_ec2_find_image(cloud, "web?", &image, &err), err);
    assert_false(image.found);
    assert_ok(sw_ec2_describe_image(cloud, "ami-9", &image, &err), err);
    assert_false(image.found);
    sw_cloud_close(cloud);
}

static void every_party_gets_one_permission_of_its_own(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200, .headers = XML_HEAD, .body = "<R><return>true</return></R>"},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidAMIAttributeItemValue")}};
    static const char *const accounts[] = {"111122223333", "444455556666"};
    static const char *const organizations[] = {"arn:o"}, *const units[] = {"arn:u"};
    const struct sw_ec2_permission permission = {accounts, 2, organizations, 1, units, 1, true};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);

    (void)state;
    assert_ok(sw_ec2_share_image(cloud, "ami-1", &permission, &err), err);
    assert_string_equal(
        twin.sent[0].body,
        "Action=ModifyImageAttribute&Version=2016-11-15&ImageId=ami-1&LaunchPermission.Add.1.UserId=111122223333"
        "&LaunchPermission.Add.2.UserId=444455556666&LaunchPermission.Add.3.OrganizationArn=arn%3Ao"
        "&LaunchPermission.Add.4.OrganizationalUnitArn=arn%3Au&LaunchPermission.Add.5.Group=all");
    assert_failed(sw_ec2_share_image(cloud, "ami-1", &permission, &err), err, SW_FAILED,
                  "sharing image 'ami-1'");
    sw_cloud_close(cloud);
}

static void a_copy_with_a_key_is_encrypted(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200, .headers = XML_HEAD, .body = "<R><imageId>ami-2</imageId></R>"}};
    const struct sw_ec2_copy request = {.client_token = "t",
                                        .source_region = "us-east-1",
                                        .source_image = "ami-1",
                                        .name = "n",
                                        .kms_key = "alias/k"};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);
    char id[64];

    (void)state;
    assert_ok(sw_ec2_copy_image(cloud, &request, id, &err), err);
    assert_string_equal(id, "ami-2");
    assert_string_equal(twin.sent[0].body,
                        "Action=CopyImage&Version=2016-11-15&ClientToken=t&SourceRegion=us-east-1"
                        "&SourceImageId=ami-1&Name=n&Encrypted=true&KmsKeyId=alias%2Fk");
    sw_cloud_close(cloud);
}

static void removing_what_is_gone_is_fine_and_what_is_in_use_is_not(void **state)
{
    static const struct script_step steps[] = {
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidSnapshot.NotFound")},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidSnapshot.InUse")},
        {.status = 400, .headers = XML_HEAD, .body = ERROR_BODY("InvalidAMIID.NotFound")}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);

    (void)state;
    assert_ok(sw_ec2_delete_snapshot(cloud, "snap-1", &err), err);
    assert_failed(sw_ec2_delete_snapshot(cloud, "snap-1", &err), err, SW_FAILED, "InvalidSnapshot.InUse");
    err = (struct sw_err){.code = SW_OK};
    assert_ok(sw_ec2_deregister_image(cloud, "ami-1", &err), err);
    sw_cloud_close(cloud);
}

static void tagging_nothing_asks_nobody(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200, .headers = XML_HEAD, .body = "<R><return>true</return></R>"}};
    static const char *const ids[] = {"ami-1", "snap-1"};
    static const struct sw_ec2_tag tags[] = {{"a", "1"}, {"b", ""}};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud = OPEN(steps);

    (void)state;
    assert_ok(sw_ec2_create_tags(cloud, ids, 2, tags, 0, &err), err);
    assert_ok(sw_ec2_create_tags(cloud, ids, 0, tags, 2, &err), err);
    assert_int_equal(twin.at, 0);
    assert_ok(sw_ec2_create_tags(cloud, ids, 2, tags, 2, &err), err);
    assert_string_equal(twin.sent[0].body,
                        "Action=CreateTags&Version=2016-11-15&ResourceId.1=ami-1&ResourceId.2=snap-1"
                        "&Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b&Tag.2.Value=");
    sw_cloud_close(cloud);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_registered_image_is_hvm_with_ena_unless_it_is_said_otherwise),
        cmocka_unit_test(a_taken_name_is_an_answer_and_no_failure),
        cmocka_unit_test(a_snapshots_task_is_read_from_its_detail),
        cmocka_unit_test(a_snapshots_container_has_no_number),
        cmocka_unit_test(an_image_is_found_by_its_whole_name_only),
        cmocka_unit_test(every_party_gets_one_permission_of_its_own),
        cmocka_unit_test(a_copy_with_a_key_is_encrypted),
        cmocka_unit_test(removing_what_is_gone_is_fine_and_what_is_in_use_is_not),
        cmocka_unit_test(tagging_nothing_asks_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
