/* IAM, STS and the questions before an import over the scripted twin: what is sent, and what becomes of each answer. */
#include "tests/unit/cloud/scripted.h"

#include "slipway/iam.h"

#define REPLY(action, inner)                                                                                \
    {                                                                                                       \
        .status = 200, .headers = XML_HEAD,                                                                 \
        .body = "<" action "Response xmlns=\"https://x/\"><" action "Result>" inner "</" action             \
                "Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></" action "Response>" \
    }
#define DENIED                                                                                          \
    {                                                                                                   \
        .status = 403, .headers = XML_HEAD,                                                             \
        .body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User x is " \
                "not authorized</Message></Error></ErrorResponse>"                                      \
    }

struct exchange {
    struct scripted twin;
    struct sw_cloud *cloud;
    struct sw_refusal why;
    struct sw_err err;
};

static void begin(struct exchange *x, const struct script_step *steps, size_t n)
{
    set_keys();
    memset(x, 0, sizeof(*x));
    x->cloud = open_scripted(&x->twin, steps, n);
}

static void end(struct exchange *x)
{
    assert_int_equal(x->twin.at, x->twin.n);
    sw_cloud_close(x->cloud);
}

static void the_caller_is_asked_for_by_sts(void **state)
{
    static const struct script_step steps[] = {
        REPLY("GetCallerIdentity", "<Arn>arn:aws:iam::111122223333:user/x</Arn><UserId>A</UserId>"
                                   "<Account>111122223333</Account>")};
    SW_CLEANUP(sw_sts_identity_free) struct sw_sts_identity identity;
    struct exchange x;

    (void)state;
    begin(&x, steps, 1);
    assert_ok(sw_sts_identity(x.cloud, &identity, &x.why, &x.err), x.err);
    assert_string_equal(identity.account, "111122223333");
    assert_string_equal(identity.arn, "arn:aws:iam::111122223333:user/x");
    assert_string_equal(x.twin.sent[0].body, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_non_null(strstr(x.twin.sent[0].headers, "/eu-central-1/sts/aws4_request"));
    end(&x);
}

static void an_identity_without_an_account_is_no_identity(void **state)
{
    static const char *const inners[] = {
        "<Arn>arn:aws:iam::1:user/x</Arn>", "<Arn>arn:x</Arn><Account>11112222333x</Account>",
        "<Arn>x</Arn><Account>111122223333</Account>", "<Account>1111222233334444</Account>"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(inners); i++) {
        SW_CLEANUP(sw_sts_identity_free) struct sw_sts_identity identity;
        SW_AUTO_FREE char *body = NULL;
        struct script_step step = {.status = 200, .headers = XML_HEAD};
        struct exchange x;

        if (asprintf(&body, "<R><GetCallerIdentityResult>%s</GetCallerIdentityResult></R>", inners[i]) < 0)
            fail();
        step.body = body;
        begin(&x, &step, 1);
        assert_failed(sw_sts_identity(x.cloud, &identity, &x.why, &x.err), x.err, SW_REMOTE, "");
        end(&x);
    }
}

static void a_role_comes_with_its_trust_decoded(void **state)
{
    static const struct script_step steps[] = {
        REPLY("GetRole", "<Role><Arn>arn:aws:iam::111122223333:role/vmimport</Arn><AssumeRolePolicyDocument>"
                         "%7B%22a%22%3A%20%22+%C3%BC%22%7D</AssumeRolePolicyDocument><PermissionsBoundary>"
                         "<PermissionsBoundaryArn>arn:aws:iam::aws:policy/b</PermissionsBoundaryArn>"
                         "</PermissionsBoundary></Role>")};
    SW_CLEANUP(sw_iam_role_free) struct sw_iam_role role;
    struct exchange x;

    (void)state;
    begin(&x, steps, 1);
    assert_ok(sw_iam_role(x.cloud, "vm import", &role, &x.why, &x.err), x.err);
    assert_string_equal(role.arn, "arn:aws:iam::111122223333:role/vmimport");
    assert_string_equal(role.trust, "{\"a\": \"+\xc3\xbc\"}");
    assert_string_equal(role.boundary, "arn:aws:iam::aws:policy/b");
    assert_string_equal(x.twin.sent[0].url, "https://iam.amazonaws.com/");
    assert_string_equal(x.twin.sent[0].body, "Action=GetRole&Version=2010-05-08&RoleName=vm%20import");
    assert_non_null(strstr(x.twin.sent[0].headers, "/us-east-1/iam/aws4_request"));
    end(&x);
}

static void a_refusal_tells_a_denial_from_what_is_not_there(void **state)
{
    static const struct script_step steps[] = {
        DENIED,
        {.status = 404,
         .headers = XML_HEAD,
         .body = "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>The role</Message></Error>"
                 "</ErrorResponse>"},
        {.status = 403, .headers = "", .body = ""}};
    struct sw_iam_role role;
    struct exchange x;

    (void)state;
    begin(&x, steps, 3);
    assert_failed(sw_iam_role(x.cloud, "r", &role, &x.why, &x.err), x.err, SW_FAILED, "AccessDenied");
    assert_true(sw_refusal_is_denial(&x.why));
    assert_string_equal(x.why.message, "User x is not authorized");
    assert_failed(sw_iam_role(x.cloud, "r", &role, &x.why, &x.err), x.err, SW_FAILED,
                  "role 'r': NoSuchEntity");
    assert_false(sw_refusal_is_denial(&x.why));
    assert_int_equal(x.why.status, 404);
    assert_failed(sw_iam_role(x.cloud, "r", &role, &x.why, &x.err), x.err, SW_FAILED, "HTTP 403");
    assert_true(sw_refusal_is_denial(&x.why));
    end(&x);
}

static void all_pages_of_a_roles_policies_are_read(void **state)
{
    static const struct script_step steps[] = {
        REPLY("ListRolePolicies",
              "<PolicyNames><member>one</member></PolicyNames><IsTruncated>true</IsTruncated>"
              "<Marker>m+1</Marker>"),
        REPLY("GetRolePolicy", "<PolicyDocument>%7B1</PolicyDocument>"),
        REPLY("ListRolePolicies",
              "<PolicyNames><member>two</member></PolicyNames><IsTruncated>false</IsTruncated>"),
        REPLY("GetRolePolicy", "<PolicyDocument>%7B2</PolicyDocument>"),
        REPLY("ListAttachedRolePolicies",
              "<AttachedPolicies><member><PolicyName>p</PolicyName><PolicyArn>arn:p"
              "</PolicyArn></member></AttachedPolicies>"),
        REPLY("GetPolicy", "<Policy><DefaultVersionId>v7</DefaultVersionId></Policy>"),
        REPLY("GetPolicyVersion", "<PolicyVersion><Document>%7B3</Document></PolicyVersion>")};
    SW_CLEANUP(sw_iam_documents_free) struct sw_iam_documents documents = {.n = 0};
    struct exchange x;

    (void)state;
    begin(&x, steps, 7);
    assert_ok(sw_iam_role_policies(x.cloud, "r", &documents, &x.why, &x.err), x.err);
    assert_int_equal(documents.n, 3);
    assert_string_equal(documents.items[0], "{1");
    assert_string_equal(documents.items[2], "{3");
    assert_non_null(strstr(x.twin.sent[2].body, "Marker=m%2B1"));
    assert_non_null(strstr(x.twin.sent[6].body, "PolicyArn=arn%3Ap&VersionId=v7"));
    end(&x);
}

static void lists_without_end_and_documents_with_a_nul_are_refused(void **state)
{
    static const struct script_step no_marker[] = {
        REPLY("ListRolePolicies", "<IsTruncated>true</IsTruncated>")};
    static const struct script_step nul[] = {
        REPLY("ListRolePolicies", "<PolicyNames><member>one</member></PolicyNames>"),
        REPLY("GetRolePolicy", "<PolicyDocument>%7B%00%7D</PolicyDocument>")};
    static const struct script_step endless =
        REPLY("ListRolePolicies", "<IsTruncated>true</IsTruncated><Marker>again</Marker>");
    struct script_step steps[32];
    struct sw_iam_documents documents = {.n = 0};
    struct exchange x;

    (void)state;
    begin(&x, no_marker, 1);
    assert_failed(sw_iam_role_policies(x.cloud, "r", &documents, &x.why, &x.err), x.err, SW_REMOTE,
                  "does not say from where");
    end(&x);
    begin(&x, nul, 2);
    assert_failed(sw_iam_role_policies(x.cloud, "r", &documents, &x.why, &x.err), x.err, SW_REMOTE,
                  "a NUL in it");
    end(&x);
    for (size_t i = 0; i < 32; i++)
        steps[i] = endless;
    begin(&x, steps, 32);
    assert_failed(sw_iam_role_policies(x.cloud, "r", &documents, &x.why, &x.err), x.err, SW_REMOTE,
                  "without end");
    end(&x);
}

static void a_simulation_says_what_hangs_on_what(void **state)
{
    static const struct script_step steps[] = {REPLY(
        "SimulatePrincipalPolicy",
        "<EvaluationResults>"
        "<member><EvalActionName>s3:PutObject</EvalActionName><EvalResourceName>arn:aws:s3:::b/x</EvalResourceName>"
        "<EvalDecision>allowed</EvalDecision></member>"
        "<member><EvalActionName>s3:GetObject</EvalActionName><EvalResourceName>r</EvalResourceName>"
        "<EvalDecision>implicitDeny</EvalDecision><MissingContextValues><member>aws:SourceIp</member>"
        "</MissingContextValues></member>"
        "<member><EvalActionName>a:b</EvalActionName><EvalDecision>allowed</EvalDecision><ResourceSpecificResults>"
        "<member><EvalResourceName>one</EvalResourceName><EvalResourceDecision>explicitDeny</EvalResourceDecision>"
        "</member><member><EvalResourceName>two</EvalResourceName><EvalResourceDecision>implicitDeny"
        "</EvalResourceDecision></member></ResourceSpecificResults></member>"
        "</EvaluationResults>")};
    static const char *const actions[] = {"s3:PutObject", "s3:GetObject"};
    static const char *const resources[] = {"arn:aws:s3:::b/x"};
    static const struct sw_iam_fact fact = {"iam:PassedToService", "vmie.amazonaws.com"};
    const struct sw_iam_question question = {
        "arn:aws:iam::111122223333:user/x", actions, 2, resources, 1, &fact, 1};
    SW_CLEANUP(sw_iam_answers_free) struct sw_iam_answers answers;
    struct exchange x;

    (void)state;
    begin(&x, steps, 1);
    assert_ok(sw_iam_simulate(x.cloud, &question, &answers, &x.why, &x.err), x.err);
    assert_int_equal(answers.n, 4);
    assert_int_equal(answers.items[0].decision, SW_IAM_ALLOWED);
    assert_int_equal(answers.items[1].decision, SW_IAM_UNSURE);
    assert_string_equal(answers.items[1].missing, "aws:SourceIp");
    assert_int_equal(answers.items[2].decision, SW_IAM_EXPLICIT_DENY);
    assert_string_equal(answers.items[3].resource, "two");
    assert_string_equal(
        x.twin.sent[0].body,
        "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn="
        "arn%3Aaws%3Aiam%3A%3A111122223333%3Auser%2Fx&ActionNames.member.1=s3%3APutObject&"
        "ActionNames.member.2=s3%3AGetObject&ResourceArns.member.1=arn%3Aaws%3As3%3A%3A%3Ab%2Fx&"
        "ContextEntries.member.1.ContextKeyName=iam%3APassedToService&"
        "ContextEntries.member.1.ContextKeyType=string&"
        "ContextEntries.member.1.ContextKeyValues.member.1=vmie.amazonaws.com");
    end(&x);
}

static void a_decision_that_is_unknown_is_none(void **state)
{
    static const struct script_step steps[] = {REPLY(
        "SimulatePrincipalPolicy", "<EvaluationResults><member><EvalActionName>a</EvalActionName>"
                                   "<EvalDecision>perhaps</EvalDecision></member></EvaluationResults>")};
    static const char *const actions[] = {"a"};
    const struct sw_iam_question question = {.principal = "arn:x", .actions = actions, .nr_actions = 1};
    SW_CLEANUP(sw_iam_answers_free) struct sw_iam_answers answers;
    struct exchange x;

    (void)state;
    begin(&x, steps, 1);
    assert_failed(sw_iam_simulate(x.cloud, &question, &answers, &x.why, &x.err), x.err, SW_REMOTE,
                  "unknown decision 'perhaps'");
    end(&x);
}

static void a_bucket_says_how_it_encrypts(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = XML_HEAD,
         .body =
             "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
             "</SSEAlgorithm><KMSMasterKeyID>alias/x</KMSMasterKeyID></ApplyServerSideEncryptionByDefault></Rule>"
             "</ServerSideEncryptionConfiguration>"},
        {.status = 404,
         .headers = XML_HEAD,
         .body = "<Error><Code>ServerSideEncryptionConfigurationNotFoundError</Code></Error>"},
        {.status = 200, .headers = XML_HEAD, .body = "<ServerSideEncryptionConfiguration/>"},
        {.status = 200, .headers = XML_HEAD, .body = "<LocationConstraint>EU</LocationConstraint>"}};
    struct sw_s3_encryption found;
    struct exchange x;
    char region[64];

    (void)state;
    begin(&x, steps, 4);
    assert_ok(sw_s3_bucket_encryption(x.cloud, "b", &found, &x.why, &x.err), x.err);
    assert_string_equal(found.algorithm, "aws:kms");
    assert_string_equal(found.key, "alias/x");
    assert_ok(sw_s3_bucket_encryption(x.cloud, "b", &found, &x.why, &x.err), x.err);
    assert_string_equal(found.algorithm, "");
    assert_failed(sw_s3_bucket_encryption(x.cloud, "b", &found, &x.why, &x.err), x.err, SW_REMOTE,
                  "SSEAlgorithm");
    assert_ok(sw_s3_bucket_where(x.cloud, "b", "111122223333", region, &x.why, &x.err), x.err);
    assert_string_equal(region, "eu-west-1");
    assert_non_null(strstr(x.twin.sent[3].headers, "x-amz-expected-bucket-owner: 111122223333\n"));
    end(&x);
}

#define KMS_HEAD "content-type: application/x-amz-json-1.1\n"

static void a_key_is_described_and_asked_without_making_one(void **state)
{
    static const struct script_step steps[] = {
        {.status = 200,
         .headers = KMS_HEAD,
         .body =
             "{\"KeyMetadata\":{\"Arn\":\"arn:k\",\"KeyState\":\"Enabled\",\"KeyUsage\":\"ENCRYPT_DECRYPT\","
             "\"CustomerMasterKeySpec\":\"SYMMETRIC_DEFAULT\",\"KeyManager\":\"AWS\"}}"},
        {.status = 400,
         .headers = KMS_HEAD,
         .body = "{\"__type\":\"DryRunOperationException\",\"message\":\"\"}"},
        {.status = 400,
         .headers = KMS_HEAD,
         .body = "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"},
        {.status = 200, .headers = KMS_HEAD, .body = "{\"KeyMetadata\":{\"Arn\":7}}"}};
    struct sw_kms_key key;
    struct exchange x;

    (void)state;
    begin(&x, steps, 4);
    assert_ok(sw_kms_describe(x.cloud, "alias/x", &key, &x.why, &x.err), x.err);
    assert_string_equal(key.arn, "arn:k");
    assert_string_equal(key.spec, "SYMMETRIC_DEFAULT");
    assert_true(key.managed);
    assert_ok(sw_kms_may_generate(x.cloud, "k", &x.why, &x.err), x.err);
    assert_string_equal(x.twin.sent[1].body, "{\"DryRun\":true,\"KeyId\":\"k\",\"KeySpec\":\"AES_256\"}");
    assert_failed(sw_kms_may_generate(x.cloud, "k", &x.why, &x.err), x.err, SW_FAILED, "AccessDenied");
    assert_true(sw_refusal_is_denial(&x.why));
    assert_failed(sw_kms_describe(x.cloud, "k", &key, &x.why, &x.err), x.err, SW_REMOTE, "no usable Arn");
    end(&x);
}

static void a_dry_run_that_ran_is_a_fault(void **state)
{
    static const struct script_step steps[] = {
        {.status = 412,
         .headers = XML_HEAD,
         .body =
             "<Response><Errors><Error><Code>DryRunOperation</Code><Message>would</Message></Error></Errors>"
             "</Response>"},
        {.status = 403,
         .headers = XML_HEAD,
         .body =
             "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors>"
             "</Response>"},
        {.status = 200, .headers = XML_HEAD, .body = "<ImportImageResponse/>"}};
    static const struct sw_ec2_field fields[] = {
        {"RoleName", NULL}, {"DiskContainer.1.Format", "VMDK"}, {NULL, NULL}};
    struct exchange x;

    (void)state;
    begin(&x, steps, 3);
    assert_ok(sw_ec2_dry_run(x.cloud, "ImportImage", fields, &x.why, &x.err), x.err);
    assert_string_equal(x.twin.sent[0].body,
                        "Action=ImportImage&Version=2016-11-15&DryRun=true&DiskContainer.1.Format=VMDK");
    assert_failed(sw_ec2_dry_run(x.cloud, "ImportImage", fields, &x.why, &x.err), x.err, SW_FAILED,
                  "Unauthorized");
    assert_true(sw_refusal_is_denial(&x.why));
    assert_failed(sw_ec2_dry_run(x.cloud, "ImportImage", fields, &x.why, &x.err), x.err, SW_REMOTE,
                  "as if it were none");
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caller_is_asked_for_by_sts),
        cmocka_unit_test(an_identity_without_an_account_is_no_identity),
        cmocka_unit_test(a_role_comes_with_its_trust_decoded),
        cmocka_unit_test(a_refusal_tells_a_denial_from_what_is_not_there),
        cmocka_unit_test(all_pages_of_a_roles_policies_are_read),
        cmocka_unit_test(lists_without_end_and_documents_with_a_nul_are_refused),
        cmocka_unit_test(a_simulation_says_what_hangs_on_what),
        cmocka_unit_test(a_decision_that_is_unknown_is_none),
        cmocka_unit_test(a_bucket_says_how_it_encrypts),
        cmocka_unit_test(a_key_is_described_and_asked_without_making_one),
        cmocka_unit_test(a_dry_run_that_ran_is_a_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
