/* Options: journaled and read back the same, digests that change with what they are over, and what ImportImage excludes. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/import/image_check.h"
#include "src/import/options.h"

static const struct sw_ec2_tag tags[] = {{"owner", "ops"}, {"empty", ""}};
static const char *const licences[] = {"arn:aws:license-manager:x"};

/* A machine of two disks, with all that can be said of it. */
static struct sw_import_options machine(const struct sw_import_disk *disks)
{
    return (struct sw_import_options){
        .disks = disks,
        .nr_disks = 2,
        .bucket = "lab",
        .cloud = {.profile = "profile", .region = "eu-west-1", .endpoint_url = "http://here"},
        .description = "a \"machine\" \xc3\xbc",
        .role_name = "vmimport",
        .boot_mode = "uefi",
        .platform = "Windows",
        .usage_operation = "RunInstances:0800",
        .kms_key = "alias/x",
        .comment = "c",
        .license_specifications = licences,
        .nr_license_specifications = 1,
        .task_tags = {tags, 2},
        .encrypted = true,
        .name = "web",
        .image_tags = {tags, 1},
        .delete_object = true};
}

static const struct sw_import_disk two_disks[] = {
    {.source_path = "/a/boot.img",
     .format = "RAW",
     .stated = "raw",
     .key = "boot.img",
     .device = "/dev/sda1"},
    {.source_path = "data.vmdk.sealed", .sealed = true, .format = "VMDK", .key = "p/data.vmdk"},
};

static void what_is_journaled_is_read_back(void **state)
{
    struct sw_import_options given = machine(two_disks);
    struct sw_err err = {.code = SW_OK};
    struct import_recalled back;
    SW_AUTO_JSON json_t *doc = options_store(&given, &err);

    (void)state;
    assert_non_null(doc);
    assert_ok(options_load(doc, &back, &err), err);
    assert_int_equal(back.options.nr_disks, 2);
    assert_string_equal(back.disks[0].source_path, "/a/boot.img");
    assert_string_equal(back.disks[0].device, "/dev/sda1");
    assert_int_equal(back.disks[1].source_path[0], '/');
    assert_true(back.disks[1].sealed && !back.disks[0].sealed);
    assert_null(back.disks[1].stated);
    assert_null(back.options.lane);
    assert_string_equal(back.options.description, given.description);
    assert_string_equal(back.options.cloud.endpoint_url, "http://here");
    assert_int_equal(back.options.task_tags.n, 2);
    assert_string_equal(back.options.task_tags.items[1].key, "empty");
    assert_string_equal(back.options.image_tags.items[0].value, "ops");
    assert_int_equal(back.options.snapshot_tags.n, 0);
    assert_string_equal(back.options.license_specifications[0], licences[0]);
    assert_true(back.options.encrypted && back.options.delete_object);
    options_forget(&back);
    options_forget(&back);
}

static void text_that_is_no_utf8_is_refused(void **state)
{
    struct sw_import_options given = machine(two_disks);
    struct sw_err err = {.code = SW_OK};

    (void)state;
    given.description = "\xff";
    assert_null(options_store(&given, &err));
    assert_int_equal(err.code, SW_USAGE);
    assert_non_null(strstr(err.text, "description"));
}

static void damaged(const char *text, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    struct import_recalled back;
    SW_AUTO_JSON json_t *doc = sw_json_parse(text, strlen(text), "test", &err);

    assert_non_null(doc);
    assert_failed(options_load(doc, &back, &err), err, SW_INTEGRITY, why);
}

static void damaged_options_are_named(void **state)
{
    SW_AUTO_JSON json_t *many = json_pack("{s:[]}", "disks");
    struct sw_err err = {.code = SW_OK};
    struct import_recalled back;

    (void)state;
    damaged("{}", "'disks'");
    damaged("{\"disks\": [1]}", "'disks'");
    damaged("{\"disks\": [{\"path\": \"/a\"}]}", "'disks'");
    damaged("{\"disks\": [{\"path\": 1, \"format\": \"RAW\"}]}", "'path'");
    damaged("{\"disks\": [{\"path\": \"/a\", \"format\": \"RAW\"}], \"bucket\": 1}", "'bucket'");
    damaged("{\"disks\": [{\"path\": \"/a\", \"format\": \"RAW\"}], \"tags\": [[\"a\"]]}", "'tags'");
    damaged("{\"disks\": [{\"path\": \"/a\", \"format\": \"RAW\"}], \"image_tags\": {}}", "'image_tags'");
    damaged("{\"disks\": [{\"path\": \"/a\", \"format\": \"RAW\"}], \"license_specifications\": [1]}",
            "'license_specifications'");
    for (int i = 0; i <= SW_IMPORT_MAX_DISKS; i++)
        json_array_append_new(json_object_get(many, "disks"),
                              json_pack("{s:s,s:s}", "path", "/a", "format", "RAW"));
    assert_failed(options_load(many, &back, &err), err, SW_INTEGRITY, "'disks'");
}

static void digests(const struct sw_import_options *options, char request[SW_SHA256_HEX],
                    char after[SW_SHA256_HEX])
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(options_request(options, request, &err), err);
    assert_ok(options_after(options, after, &err), err);
}

static void digests_change_with_their_own_group_only(void **state)
{
    struct sw_import_options a = machine(two_disks), b = a;
    struct sw_import_disk disks[] = {two_disks[0], two_disks[1]};
    char request[2][SW_SHA256_HEX], after[2][SW_SHA256_HEX];

    (void)state;
    digests(&a, request[0], after[0]);
    b.cloud.region = b.cloud.profile = NULL;
    b.connections = 9;
    digests(&b, request[1], after[1]);
    assert_string_equal(request[0], request[1]);
    assert_string_equal(after[0], after[1]);
    b.delete_object = false;
    digests(&b, request[1], after[1]);
    assert_string_equal(request[0], request[1]);
    assert_string_not_equal(after[0], after[1]);
    b = a;
    b.task_tags.n = 1;
    digests(&b, request[1], after[1]);
    assert_string_not_equal(request[0], request[1]);
    assert_string_equal(after[0], after[1]);
    b = a;
    disks[1].device = "/dev/sdb";
    b.disks = disks;
    digests(&b, request[1], after[1]);
    assert_string_not_equal(request[0], request[1]);
}

static void tags_have_awss_limits(void **state)
{
    char key[200], value[300];
    struct sw_ec2_tag one = {key, value}, many[51];
    struct sw_err err = {.code = SW_OK};

    (void)state;
    memset(key, 'k', sizeof(key));
    memset(value, 'v', sizeof(value));
    key[128] = value[256] = '\0';
    assert_ok(check_tags("x", &(struct sw_import_tags){&one, 1}, &err), err);
    key[128] = 'k';
    key[129] = '\0';
    assert_failed(check_tags("x", &(struct sw_import_tags){&one, 1}, &err), err, SW_USAGE, "1 to 128 bytes");
    key[1] = '\0';
    value[256] = 'v';
    value[257] = '\0';
    assert_failed(check_tags("x", &(struct sw_import_tags){&one, 1}, &err), err, SW_USAGE, "up to 256");
    key[0] = value[0] = '\0';
    assert_failed(check_tags("x", &(struct sw_import_tags){&one, 1}, &err), err, SW_USAGE, "1 to 128 bytes");
    for (size_t i = 0; i < 51; i++)
        many[i] = (struct sw_ec2_tag){"a", ""};
    assert_failed(check_tags("x", &(struct sw_import_tags){many, 51}, &err), err, SW_USAGE, "AWS takes 50");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_journaled_is_read_back),
        cmocka_unit_test(text_that_is_no_utf8_is_refused),
        cmocka_unit_test(damaged_options_are_named),
        cmocka_unit_test(digests_change_with_their_own_group_only),
        cmocka_unit_test(tags_have_awss_limits),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
