/* Keys, regions and endpoints: who wins, what is refused, what is said when nothing is there. */
#include "tests/unit/cloud/scripted.h"

#include "src/cloud/session.h"

static struct sw_cloud *open_ok(const struct sw_cloud_config *config)
{
    static struct scripted twin = {.base = {&scripted_ops}};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;

    assert_ok(sw_cloud_open(config, &twin.base, &cloud, &err), err);
    return cloud;
}

/* One member of the keys that the next request signs with. */
static void expect_keys(struct sw_cloud *cloud, size_t member, const char *value)
{
    struct sw_err err = {.code = SW_OK};
    struct keys_ref *ref = NULL;

    assert_ok(keys_hold(&cloud->keys, cloud_now_s(cloud), &ref, &err), err);
    assert_string_equal(*(char *const *)(const void *)((const char *)&ref->keys + member), value);
    keys_release(ref);
}

static void open_fails(const struct sw_cloud_config *config, enum sw_code code, const char *why)
{
    static struct scripted twin = {.base = {&scripted_ops}};
    struct sw_err err = {.code = SW_OK};
    struct sw_cloud *cloud = NULL;

    assert_failed(sw_cloud_open(config, &twin.base, &cloud, &err), err, code, why);
    assert_null(cloud);
}

#define TWO_FILES                                                                                           \
    "[default]\nregion = us-west-2\n[profile b]\nregion=eu-west-1\naws_access_key_id = FROMCONFIG\n"        \
    "aws_secret_access_key = s\n[profile p]\nregion = us-east-1\ncredential_process = x\n"                  \
    "[profile s]\nregion = us-east-1\nservices = v\nendpoint_url = http://all\n[services v]\ns3 =\n"        \
    "  endpoint_url = http://only-s3:1/x/\nec2 =\n  max_attempts = 1\n",                                    \
        "[default]\naws_access_key_id = FROMFILE\naws_secret_access_key = s/+=\n[s]\naws_access_key_id=S\n" \
        "aws_secret_access_key=s\naws_session_token=t\n"

static void the_environment_wins_but_against_a_named_profile(void **state)
{
    struct sw_cloud *cloud;

    (void)state;
    use_files(TWO_FILES);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    expect_keys(cloud, offsetof(struct cloud_keys, access), "FROMFILE");
    expect_keys(cloud, offsetof(struct cloud_keys, secret), "s/+=");
    assert_string_equal(sw_cloud_region(cloud), "us-west-2");
    sw_cloud_close(cloud);
    setenv("AWS_ACCESS_KEY_ID", "FROMENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    setenv("AWS_PROFILE", "b", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    expect_keys(cloud, offsetof(struct cloud_keys, access), "FROMENV");
    assert_string_equal(sw_cloud_region(cloud), "eu-west-1");
    sw_cloud_close(cloud);
    cloud = open_ok(&(struct sw_cloud_config){.profile = "b", .region = "ap-south-1"});
    expect_keys(cloud, offsetof(struct cloud_keys, access), "FROMCONFIG");
    assert_string_equal(sw_cloud_region(cloud), "ap-south-1");
    sw_cloud_close(cloud);
}

/* What the AWS CLI reads, however it is written. */
static void files_are_read_as_the_clis_parser_reads_them(void **state)
{
    static const char config[] = "\xef\xbb\xbf[profile 'my lab']\r\nREGION: eu-west-1\r\n"
                                 "[profile\t two]\nregion = eu-west-2\n"
                                 "[profile \"three\"]\nServices = v\nregion: eu-west-3\n"
                                 "[services  v]\nS3 =\n  ENDPOINT_URL = http://all:1/a=b\n";
    static const char credentials[] = "[default]\nregion = ap-south-1\nAWS_ACCESS_KEY_ID = AKIDUPPER\n"
                                      "aws_secret_access_key: s/+=:\naws_security_token = old\n"
                                      "[my lab]\naws_access_key_id = A\naws_secret_access_key = s\n"
                                      "[two]\naws_access_key_id = A\naws_secret_access_key = s\n"
                                      "[three]\naws_access_key_id = A\naws_secret_access_key = s\n"
                                      "s3 =\n  addressing_style = virtual\n";
    static const struct {
        const char *profile, *region;
    } all[] = {{NULL, "ap-south-1"}, {"my lab", "eu-west-1"}, {"two", "eu-west-2"}, {"three", "eu-west-3"}};

    (void)state;
    use_files(config, credentials);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct sw_cloud *cloud = open_ok(&(struct sw_cloud_config){.profile = all[i].profile});

        assert_string_equal(sw_cloud_region(cloud), all[i].region);
        if (i == 0) {
            expect_keys(cloud, offsetof(struct cloud_keys, access), "AKIDUPPER");
            expect_keys(cloud, offsetof(struct cloud_keys, secret), "s/+=:");
            expect_keys(cloud, offsetof(struct cloud_keys, token), "old");
        }
        if (i == 3) {
            assert_string_equal(sw_cloud_s3_url(cloud), "http://all:1/a=b");
            assert_false(cloud->endpoints[CLOUD_S3].path_style);
        }
        sw_cloud_close(cloud);
    }
}

static void the_region_is_read_from_both_variables(void **state)
{
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    open_fails(&(struct sw_cloud_config){.profile = NULL}, SW_FAILED, "no AWS region");
    setenv("AWS_DEFAULT_REGION", "eu-west-3", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    assert_string_equal(sw_cloud_region(cloud), "eu-west-3");
    sw_cloud_close(cloud);
    setenv("AWS_REGION", "cn-north-1", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    assert_string_equal(sw_cloud_s3_url(cloud), "https://s3.cn-north-1.amazonaws.com.cn");
    sw_cloud_close(cloud);
    setenv("AWS_REGION", "RegionOne", 1);
    open_fails(&(struct sw_cloud_config){.profile = NULL}, SW_USAGE, "partition of region 'RegionOne'");
    setenv("AWS_ENDPOINT_URL_S3", "https://store.example", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    assert_string_equal(cloud->endpoints[CLOUD_S3].sign_region, "RegionOne");
    sw_cloud_close(cloud);
    unsetenv("AWS_ENDPOINT_URL_S3");
    open_fails(&(struct sw_cloud_config){.region = "evil.example/"}, SW_USAGE, "is no AWS region");
    open_fails(&(struct sw_cloud_config){.region = "moon-west-1"}, SW_USAGE,
               "partition of region 'moon-west-1'");
}

static void endpoints_come_in_the_clis_order(void **state)
{
    struct sw_cloud *cloud;

    (void)state;
    use_files(TWO_FILES);
    setenv("AWS_PROFILE", "s", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    assert_string_equal(sw_cloud_s3_url(cloud), "http://only-s3:1/x");
    assert_string_equal(cloud->endpoints[CLOUD_EC2].uri.host, "all");
    expect_keys(cloud, offsetof(struct cloud_keys, token), "t");
    sw_cloud_close(cloud);
    setenv("AWS_ENDPOINT_URL", "http://env", 1);
    setenv("AWS_ENDPOINT_URL_S3", "http://env-s3", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    assert_string_equal(sw_cloud_s3_url(cloud), "http://env-s3");
    assert_string_equal(cloud->endpoints[CLOUD_EC2].uri.host, "env");
    sw_cloud_close(cloud);
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    cloud = open_ok(&(struct sw_cloud_config){.profile = NULL});
    assert_string_equal(sw_cloud_s3_url(cloud), "https://s3.us-east-1.amazonaws.com");
    sw_cloud_close(cloud);
    cloud = open_ok(&(struct sw_cloud_config){.endpoint_url = "https://[::1]:8443"});
    assert_string_equal(sw_cloud_s3_url(cloud), "https://[::1]:8443");
    sw_cloud_close(cloud);
    open_fails(&(struct sw_cloud_config){.endpoint_url = "ftp://x"}, SW_USAGE, "--endpoint-url 'ftp://x'");
    open_fails(&(struct sw_cloud_config){.endpoint_url = "http://user:secret@x/"}, SW_USAGE,
               "--endpoint-url has a user or password in it");
    open_fails(&(struct sw_cloud_config){.endpoint_url = "http://x/?q"}, SW_USAGE, "no plain host");
    open_fails(&(struct sw_cloud_config){.endpoint_url = "http://"}, SW_USAGE, "no plain host");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    use_files(TWO_FILES);
    open_fails(&(struct sw_cloud_config){.profile = "none"}, SW_FAILED, "profile 'none' is in neither");
    clean_environment();
    open_fails(&(struct sw_cloud_config){.region = "us-east-1"}, SW_FAILED, "no AWS credentials");
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    open_fails(&(struct sw_cloud_config){.region = "us-east-1"}, SW_FAILED,
               "an access key without its secret");
    setenv("AWS_ACCESS_KEY_ID", "a\nX-Evil: 1", 1);
    open_fails(&(struct sw_cloud_config){.region = "us-east-1"}, SW_FAILED, "control bytes");
}

static void damaged_files_are_refused_with_their_line(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        {"key = value\n", "config:1: a setting before the first section"},
        {"[a]\n\n[b\n", "config:3: a section without its ']'"},
        {"[a]\nnothing\n", "config:2: a line without '='"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        use_files(bad[i].text, "");
        open_fails(&(struct sw_cloud_config){.region = "us-east-1"}, SW_FAILED, bad[i].why);
    }
}

static void a_bucket_with_a_dot_goes_into_the_path(void **state)
{
    static const struct script_step step = {.status = 204};
    struct sw_err err = {.code = SW_OK};
    struct scripted twin;
    struct sw_cloud *cloud;

    (void)state;
    set_keys();
    cloud = open_scripted(&twin, &step, 1);
    assert_ok(sw_s3_abort_upload(cloud, &(struct sw_s3_upload){"my.lab", "k", "u"}, &err), err);
    assert_string_equal(twin.sent[0].url, "https://s3.eu-central-1.amazonaws.com/my.lab/k?uploadId=u");
    sw_cloud_close(cloud);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_environment_wins_but_against_a_named_profile),
        cmocka_unit_test(files_are_read_as_the_clis_parser_reads_them),
        cmocka_unit_test(the_region_is_read_from_both_variables),
        cmocka_unit_test(endpoints_come_in_the_clis_order),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(damaged_files_are_refused_with_their_line),
        cmocka_unit_test(a_bucket_with_a_dot_goes_into_the_path),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
