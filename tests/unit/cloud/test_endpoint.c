/* Endpoints that the user names, and how a bucket gets into them. */
#include "tests/unit/cloud/scripted.h"

#include "src/cloud/session.h"

static struct sw_cloud *open_at(const char *endpoint_url)
{
    static struct scripted twin;
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;

    start_script(&twin, NULL, 0);
    assert_ok(sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1", .endpoint_url = endpoint_url},
                            &twin.base, &cloud, &err),
              err);
    return cloud;
}

static void open_fails(const char *why)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;
    struct scripted twin;

    start_script(&twin, NULL, 0);
    assert_failed(sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1"}, &twin.base, &cloud, &err),
                  err, SW_USAGE, why);
}

static void with_keys(const char *config)
{
    use_files(config, "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s\n");
}

static const char *host_of(const struct sw_cloud *cloud, enum cloud_service service)
{
    return cloud->endpoints[service].uri.host;
}

static void every_service_has_a_variable_and_a_section(void **state)
{
    struct sw_cloud *cloud;

    (void)state;
    with_keys(
        "[default]\nservices = v\nendpoint_url = http://all:1\n[services v]\nebs =\n  endpoint_url = http://ebs:1\n"
        "iam =\n  endpoint_url = http://iam:1\n");
    setenv("AWS_ENDPOINT_URL_IAM", "http://iam-env:1", 1);
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_EBS), "ebs:1");
    assert_string_equal(host_of(cloud, CLOUD_IAM), "iam-env:1");
    assert_string_equal(host_of(cloud, CLOUD_STS), "all:1");
    sw_cloud_close(cloud);
    put_file("config", "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://all:1\n");
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_IAM), "iam.amazonaws.com");
    sw_cloud_close(cloud);
    cloud = open_at("http://given:1");
    assert_string_equal(host_of(cloud, CLOUD_IAM), "given:1");
    assert_string_equal(cloud->endpoints[CLOUD_IAM].sign_region, "us-east-1");
    sw_cloud_close(cloud);
}

static void fips_and_dual_stack_are_asked_for(void **state)
{
    struct sw_cloud *cloud;

    (void)state;
    with_keys("[default]\nuse_fips_endpoint = true\n");
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_S3), "s3-fips.us-east-1.amazonaws.com");
    assert_string_equal(host_of(cloud, CLOUD_EBS), "ebs-fips.us-east-1.amazonaws.com");
    sw_cloud_close(cloud);
    setenv("AWS_USE_FIPS_ENDPOINT", "false", 1);
    setenv("AWS_USE_DUALSTACK_ENDPOINT", "True", 1);
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_S3), "s3.dualstack.us-east-1.amazonaws.com");
    assert_string_equal(host_of(cloud, CLOUD_EC2), "ec2.us-east-1.api.aws");
    sw_cloud_close(cloud);
    with_keys("[default]\ns3 =\n  use_dualstack_endpoint = true\n");
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_S3), "s3.dualstack.us-east-1.amazonaws.com");
    assert_string_equal(host_of(cloud, CLOUD_EC2), "ec2.us-east-1.amazonaws.com");
    sw_cloud_close(cloud);
    /* A slip must not lead to an endpoint that was not meant. */
    setenv("AWS_USE_FIPS_ENDPOINT", "yes", 1);
    open_fails("AWS_USE_FIPS_ENDPOINT is 'yes', neither true nor false");
}

static void an_interface_endpoint_is_for_its_own_service(void **state)
{
    static const char s3[] = "https://vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com";
    struct sw_cloud *cloud;

    (void)state;
    with_keys("");
    setenv("AWS_ENDPOINT_URL_EC2", "https://vpce-9-9.ec2.us-east-1.vpce.amazonaws.com", 1);
    cloud = open_at(s3);
    /* S3's certificate names what is beneath the endpoint. */
    assert_string_equal(host_of(cloud, CLOUD_S3), "bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com");
    assert_true(cloud->endpoints[CLOUD_S3].path_style);
    assert_string_equal(host_of(cloud, CLOUD_EC2), "vpce-9-9.ec2.us-east-1.vpce.amazonaws.com");
    assert_string_equal(host_of(cloud, CLOUD_KMS), "kms.us-east-1.amazonaws.com");
    sw_cloud_close(cloud);
    cloud = open_at("https://bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com");
    assert_string_equal(host_of(cloud, CLOUD_S3), "bucket.vpce-1a2b-5e6f.s3.us-east-1.vpce.amazonaws.com");
    sw_cloud_close(cloud);
}

static void an_interface_endpoint_is_told_by_the_service_in_its_name(void **state)
{
    struct sw_cloud *cloud;
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;

    (void)state;
    with_keys("[default]\nendpoint_url = https://vpce-1-2.kms-fips.us-east-1.vpce.amazonaws.com\n");
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_KMS), "vpce-1-2.kms-fips.us-east-1.vpce.amazonaws.com");
    assert_string_equal(host_of(cloud, CLOUD_S3), "s3.us-east-1.amazonaws.com");
    sw_cloud_close(cloud);
    /* Without its scheme it is no URL, and nothing before it is looked at. */
    with_keys("[default]\nendpoint_url = vpce-1-2.s3.us-east-1.vpce.amazonaws.com\n");
    start_script(&twin, NULL, 0);
    assert_failed(sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1"}, &twin.base, &cloud, &err),
                  err, SW_USAGE, "is no http:// or https:// URL");
    with_keys("[default]\nendpoint_url = https://vpce-.vpce.amazonaws.com\n");
    cloud = open_at(NULL);
    assert_string_equal(host_of(cloud, CLOUD_KMS), "vpce-.vpce.amazonaws.com");
    sw_cloud_close(cloud);
}

static void goes_to(const char *endpoint_url, const char *bucket, const char *url)
{
    static const struct script_step steps[] = {{.status = 204}};
    const struct sw_s3_upload object = {bucket, "a b", NULL};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;
    struct scripted twin;

    start_script(&twin, steps, 1);
    assert_ok(sw_cloud_open(&(struct sw_cloud_config){.region = "us-east-1", .endpoint_url = endpoint_url},
                            &twin.base, &cloud, &err),
              err);
    assert_ok(sw_s3_delete(cloud, &object, &err), err);
    assert_string_equal(twin.sent[0].url, url);
    sw_cloud_close(cloud);
}

static void a_bucket_goes_where_the_style_says(void **state)
{
    (void)state;
    with_keys("");
    goes_to(NULL, "lab", "https://lab.s3.us-east-1.amazonaws.com/a%20b");
    goes_to(NULL, "my.lab", "https://s3.us-east-1.amazonaws.com/my.lab/a%20b");
    goes_to("https://minio.example:9000/x/", "lab", "https://minio.example:9000/x/lab/a%20b");
    with_keys("[default]\ns3 =\n  addressing_style = virtual\n");
    goes_to("https://minio.example:9000", "lab", "https://lab.minio.example:9000/a%20b");
    goes_to("https://10.0.0.1:9000", "lab", "https://10.0.0.1:9000/lab/a%20b");
    goes_to("https://[::1]:9000", "lab", "https://[::1]:9000/lab/a%20b");
    with_keys("[default]\ns3 =\n  addressing_style = path\n");
    goes_to(NULL, "lab", "https://s3.us-east-1.amazonaws.com/lab/a%20b");
    with_keys("[default]\ns3 =\n  addressing_style = odd\n");
    open_fails("s3.addressing_style is 'odd'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_service_has_a_variable_and_a_section),
        cmocka_unit_test(fips_and_dual_stack_are_asked_for),
        cmocka_unit_test(an_interface_endpoint_is_for_its_own_service),
        cmocka_unit_test(an_interface_endpoint_is_told_by_the_service_in_its_name),
        cmocka_unit_test(a_bucket_goes_where_the_style_says),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
