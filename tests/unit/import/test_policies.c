/* The least policies: what they name, in which partition, and what cannot be written down. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/import/needs.h"
#include "src/import/policy.h"

#include <string.h>

static const char *const key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

static void policies_of(const struct sw_online_plan *plan, struct sw_online_policies *out)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_online_policies(plan, out, &err), err);
}

static bool allows(const json_t *policy, const char *action, const char *resource)
{
    static const struct policy_fact fact = {"iam:PassedToService", "vmie.amazonaws.com"};
    const struct policy_request request = {.action = action, .resource = resource, .facts = &fact, .n = 1};
    SW_AUTO_FREE char *text = json_dumps(policy, 0);
    struct sw_err err = {.code = SW_OK};
    /* What is printed must be a policy for the reader, too. */
    SW_AUTO_JSON json_t *read = policy_parse(text, strlen(text), &err);

    assert_non_null(read);
    return policy_conclude(policy_ask(read, &request, NULL)) == POLICY_ALLOWED;
}

static void the_operator_may_write_beneath_the_prefix_and_nowhere_else(void **state)
{
    const struct sw_online_plan plan = {.account = "111122223333", .bucket = "b", .prefix = "p*?/$x"};
    SW_CLEANUP(sw_online_policies_free) struct sw_online_policies policies;

    (void)state;
    policies_of(&plan, &policies);
    assert_true(allows(policies.operator_policy, "s3:PutObject", "arn:aws:s3:::b/p*?/$x/disk.vmdk"));
    assert_false(allows(policies.operator_policy, "s3:PutObject", "arn:aws:s3:::b/pxy/$x/disk.vmdk"));
    assert_false(allows(policies.operator_policy, "s3:PutObject", "arn:aws:s3:::b/disk.vmdk"));
    assert_false(allows(policies.operator_policy, "s3:PutObject", "arn:aws:s3:::b/p*?/$xy"));
    assert_false(allows(policies.operator_policy, "s3:DeleteObject", "arn:aws:s3:::b/disk.vmdk"));
    assert_true(allows(policies.operator_policy, "iam:PassRole", "arn:aws:iam::111122223333:role/vmimport"));
    assert_false(allows(policies.operator_policy, "iam:PassRole", "arn:aws:iam::111122223333:role/other"));
    assert_false(allows(policies.operator_policy, "kms:Decrypt", key));
    assert_true(allows(policies.role_policy, "s3:GetObject", "arn:aws:s3:::b/p*?/$x/disk.vmdk"));
    assert_false(allows(policies.role_policy, "s3:PutObject", "arn:aws:s3:::b/p*?/$x/disk.vmdk"));
}

static void the_trust_is_for_this_accounts_imports(void **state)
{
    static const char wanted[] =
        "{\"Statement\":[{\"Action\":\"sts:AssumeRole\",\"Condition\":{\"ArnLike\":{\"aws:SourceArn\":"
        "\"arn:aws:vmie:*:111122223333:*\"},\"StringEquals\":{\"aws:SourceAccount\":\"111122223333\","
        "\"sts:Externalid\":\"vmimport\"}},\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
        "\"vmie.amazonaws.com\"}}],\"Version\":\"2012-10-17\"}";
    const struct sw_online_plan plan = {.account = "111122223333", .bucket = "b"};
    SW_CLEANUP(sw_online_policies_free) struct sw_online_policies policies;
    SW_AUTO_FREE char *text = NULL;

    (void)state;
    policies_of(&plan, &policies);
    text = json_dumps(policies.role_trust, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, wanted);
}

static void keys_and_the_check_want_more(void **state)
{
    struct sw_online_plan plan = {
        .account = "111122223333", .bucket = "b", .kms_keys = &key, .nr_kms_keys = 1};
    SW_CLEANUP(sw_online_policies_free) struct sw_online_policies policies;

    (void)state;
    policies_of(&plan, &policies);
    assert_true(allows(policies.operator_policy, "kms:GenerateDataKey", key));
    assert_true(allows(policies.role_policy, "kms:CreateGrant", key));
    assert_true(allows(policies.role_policy, "kms:ReEncryptTo", key));
    assert_false(allows(policies.operator_policy, "iam:GetRole", "arn:aws:iam::111122223333:role/vmimport"));
    sw_online_policies_free(&policies);
    plan.parts |= SW_ONLINE_CHECK;
    policies_of(&plan, &policies);
    assert_true(allows(policies.operator_policy, "iam:GetRole", "arn:aws:iam::111122223333:role/vmimport"));
    assert_true(allows(policies.operator_policy, "kms:DescribeKey", key));
}

static void china_has_arns_of_its_own(void **state)
{
    const struct sw_online_plan plan = {
        .account = "111122223333", .bucket = "b", .partition = "aws-cn", .region = "cn-north-1"};
    const struct sw_online_plan direct = {
        .lane = "ebs-direct", .partition = "aws-us-gov", .region = "us-gov-west-1"};
    SW_CLEANUP(sw_online_policies_free) struct sw_online_policies policies;
    SW_AUTO_FREE char *text = NULL;

    (void)state;
    policies_of(&plan, &policies);
    text = json_dumps(policies.operator_policy, 0);
    assert_null(strstr(text, "arn:aws:"));
    assert_true(allows(policies.role_policy, "s3:ListBucket", "arn:aws-cn:s3:::b"));
    sw_online_policies_free(&policies);
    policies_of(&direct, &policies);
    assert_null(policies.role_policy);
    assert_null(policies.role_trust);
    assert_true(allows(policies.operator_policy, "ebs:PutSnapshotBlock",
                       "arn:aws-us-gov:ec2:us-gov-west-1::snapshot/snap-1"));
    assert_false(allows(policies.operator_policy, "ebs:PutSnapshotBlock",
                        "arn:aws-us-gov:ec2:us-gov-east-1::snapshot/snap-1"));
    assert_false(allows(policies.operator_policy, "s3:PutObject", "arn:aws-us-gov:s3:::b/x"));
}

static void what_cannot_be_named_is_a_matter_of_usage(void **state)
{
    static const char *const alias = "alias/images", *const star = "arn:aws:kms:*:111122223333:key/*";
    static const struct {
        struct sw_online_plan plan;
        const char *why;
    } cases[] = {
        {{.bucket = "b"}, "--account is needed"},
        {{.account = "11112222333", .bucket = "b"}, "12 digits"},
        {{.account = "11112222333*", .bucket = "b"}, "12 digits"},
        {{.account = "111122223333"}, "--bucket is needed"},
        {{.account = "111122223333", .bucket = "b/*"}, "no name of a bucket"},
        {{.account = "111122223333", .bucket = "b", .role_name = "a/b"}, "no name of a role"},
        {{.account = "111122223333", .bucket = "b", .region = "*"}, "no AWS region"},
        {{.account = "111122223333", .bucket = "b", .kms_keys = &alias, .nr_kms_keys = 1},
         "no ARN of a KMS key"},
        {{.account = "111122223333", .bucket = "b", .kms_keys = &star, .nr_kms_keys = 1},
         "no ARN of a KMS key"},
        {{.account = "111122223333", .bucket = "b", .lane = "ImportImage"}, "does not know 'ImportImage'"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        struct sw_online_policies policies;
        struct sw_err err = {.code = SW_OK};

        assert_failed(sw_online_policies(&cases[i].plan, &policies, &err), err, SW_USAGE, cases[i].why);
        assert_null(policies.operator_policy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_operator_may_write_beneath_the_prefix_and_nowhere_else),
        cmocka_unit_test(the_trust_is_for_this_accounts_imports),
        cmocka_unit_test(keys_and_the_check_want_more),
        cmocka_unit_test(china_has_arns_of_its_own),
        cmocka_unit_test(what_cannot_be_named_is_a_matter_of_usage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
