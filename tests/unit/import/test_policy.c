/* Policy documents: what they allow, what they deny, and where it cannot be told. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/import/policy.h"
#include "src/import/policy_match.h"

static const struct policy_fact facts[] = {{"sts:ExternalId", "vmimport"},
                                           {"aws:SourceAccount", "111122223333"},
                                           {"aws:SourceArn", "arn:aws:vmie:us-east-1:111122223333:task/x"}};

static json_t *parsed(const char *text)
{
    struct sw_err err = {.code = SW_OK};
    json_t *document = policy_parse(text, strlen(text), &err);

    if (document == NULL)
        fail_msg("unexpected error: %s", err.text);
    return document;
}

/* The answer of one document; doubt gets what it hangs on. */
static enum policy_answer ask(const char *text, const char *action, const char *resource, char doubt[512])
{
    SW_AUTO_JSON json_t *document = parsed(text);
    SW_AUTO_BUF struct sw_buf unsure = {0};
    const struct policy_request request = {.action = action, .resource = resource, .facts = facts, .n = 3};
    unsigned votes = policy_ask(document, &request, &unsure);

    if (doubt != NULL)
        snprintf(doubt, 512, "%s", unsure.len > 0 ? unsure.data : "");
    return policy_conclude(votes);
}

#define ALLOW(action, resource) \
    "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":" action ",\"Resource\":" resource "}}"

static void actions_match_without_regard_to_case_and_resources_with_it(void **state)
{
    static const char text[] = ALLOW("[\"S3:getobject\",\"s3:Put*\"]", "\"arn:aws:s3:::b/p/*\"");

    (void)state;
    assert_int_equal(ask(text, "s3:GetObject", "arn:aws:s3:::b/p/x", NULL), POLICY_ALLOWED);
    assert_int_equal(ask(text, "s3:PutObject", "arn:aws:s3:::b/p/x/y", NULL), POLICY_ALLOWED);
    assert_int_equal(ask(text, "s3:GetObjectAcl", "arn:aws:s3:::b/p/x", NULL), POLICY_SILENT);
    assert_int_equal(ask(text, "s3:GetObject", "arn:aws:s3:::b/P/x", NULL), POLICY_SILENT);
    assert_int_equal(ask(text, "s3:GetObject", "arn:aws:s3:::b/p", NULL), POLICY_SILENT);
}

static void a_denial_wins_over_every_permission(void **state)
{
    static const char text[] =
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"},"
        "{\"Effect\":\"Deny\",\"NotAction\":\"ec2:*\",\"NotResource\":\"arn:aws:s3:::mine/*\"}]}";

    (void)state;
    assert_int_equal(ask(text, "s3:PutObject", "arn:aws:s3:::theirs/x", NULL), POLICY_DENIED);
    assert_int_equal(ask(text, "s3:PutObject", "arn:aws:s3:::mine/x", NULL), POLICY_ALLOWED);
    assert_int_equal(ask(text, "ec2:ImportImage", "arn:aws:s3:::theirs/x", NULL), POLICY_ALLOWED);
}

static void a_permission_on_some_resources_is_no_permission_on_all(void **state)
{
    static const char some[] = ALLOW("\"ec2:RegisterImage\"", "\"arn:aws:ec2:*::image/*\"");
    static const char all[] = ALLOW("\"ec2:RegisterImage\"", "\"*\"");
    char doubt[512];

    (void)state;
    assert_int_equal(ask(some, "ec2:RegisterImage", "*", doubt), POLICY_UNSURE);
    assert_string_equal(doubt, "the resource 'arn:aws:ec2:*::image/*'");
    assert_int_equal(ask(all, "ec2:RegisterImage", "*", doubt), POLICY_ALLOWED);
    assert_string_equal(doubt, "");
}

#define WHEN(condition)                                                                                    \
    "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Resource\":\"*\",\"Condition\":" condition \
    "}]}"

static void known_conditions_are_decided(void **state)
{
    static const struct {
        const char *text;
        enum policy_answer answer;
    } cases[] = {
        {WHEN("{\"StringEquals\":{\"sts:externalid\":\"vmimport\"}}"), POLICY_ALLOWED},
        {WHEN("{\"StringEquals\":{\"sts:ExternalId\":[\"x\",\"vmimport\"]}}"), POLICY_ALLOWED},
        {WHEN("{\"StringEquals\":{\"sts:ExternalId\":\"VMIMPORT\"}}"), POLICY_SILENT},
        {WHEN("{\"StringEqualsIgnoreCase\":{\"sts:ExternalId\":\"VMIMPORT\"}}"), POLICY_ALLOWED},
        {WHEN("{\"StringNotEquals\":{\"sts:ExternalId\":[\"x\",\"vmimport\"]}}"), POLICY_SILENT},
        {WHEN("{\"StringNotEquals\":{\"sts:ExternalId\":\"x\"}}"), POLICY_ALLOWED},
        {WHEN("{\"StringLike\":{\"sts:ExternalId\":\"vm?mp*\"}}"), POLICY_ALLOWED},
        {WHEN("{\"StringLikeIfExists\":{\"sts:ExternalId\":\"vm\"}}"), POLICY_SILENT},
        {WHEN("{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:vmie:*:111122223333:*\"}}"), POLICY_ALLOWED},
        {WHEN("{\"ArnLike\":{\"aws:SourceArn\":\"arn:aws:vmie:*\"}}"), POLICY_SILENT},
        {WHEN("{\"ArnNotEquals\":{\"aws:SourceArn\":\"arn:aws:vmie:*:999922223333:*\"}}"), POLICY_ALLOWED},
        {WHEN("{\"Null\":{\"aws:SourceArn\":\"true\"}}"), POLICY_SILENT},
        {WHEN("{\"Null\":{\"aws:SourceArn\":false}}"), POLICY_ALLOWED},
        {WHEN(
             "{\"StringEquals\":{\"aws:SourceAccount\":\"111122223333\"},\"Null\":{\"sts:ExternalId\":true}}"),
         POLICY_SILENT},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++)
        if (ask(cases[i].text, "a:b", "*", NULL) != cases[i].answer)
            fail_msg("case %zu: %s", i, cases[i].text);
}

static void what_hangs_on_the_unknown_is_said_to_be_so(void **state)
{
    static const struct {
        const char *text;
        const char *doubt;
    } cases[] = {
        {WHEN("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"}}"), "the condition aws:SourceIp (IpAddress)"},
        {WHEN("{\"StringEquals\":{\"aws:PrincipalTag/team\":\"x\"}}"),
         "the condition aws:PrincipalTag/team (StringEquals)"},
        {WHEN("{\"ForAnyValue:StringEquals\":{\"sts:ExternalId\":\"vmimport\"}}"),
         "the condition sts:ExternalId (ForAnyValue:StringEquals)"},
        {WHEN("{\"StringEquals\":{\"sts:ExternalId\":\"${aws:username}\"}}"),
         "the condition sts:ExternalId (StringEquals)"},
        {WHEN("{\"StringEquals\":{\"sts:ExternalId\":7}}"), "the condition sts:ExternalId (StringEquals)"},
        {ALLOW("\"a:b\"", "\"arn:aws:s3:::${aws:username}\""), "the resource 'arn:aws:s3:::${aws:username}'"},
    };
    char doubt[512];

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        assert_int_equal(ask(cases[i].text, "a:b", "arn:aws:s3:::x", doubt), POLICY_UNSURE);
        assert_string_equal(doubt, cases[i].doubt);
    }
}

/* A doubt about what cannot matter is none. */
static void a_condition_that_fails_for_sure_leaves_no_doubt(void **state)
{
    static const char text[] =
        WHEN("{\"IpAddress\":{\"aws:SourceIp\":\"10.0.0.0/8\"},\"StringEquals\":{\"sts:ExternalId\":\"x\"}}");
    char doubt[512];

    (void)state;
    assert_int_equal(ask(text, "a:b", "*", doubt), POLICY_SILENT);
    assert_string_equal(doubt, "");
    assert_int_equal(ask(text, "a:c", "*", doubt), POLICY_SILENT);
}

static void a_denial_that_may_apply_makes_a_permission_unsure(void **state)
{
    static const char text[] =
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a:*\",\"Resource\":\"*\"},{\"Effect\":\"Deny\","
        "\"Action\":\"a:*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:MultiFactorAuthPresent\":\"false\"}}}]}";
    char doubt[512];

    (void)state;
    assert_int_equal(ask(text, "a:b", "*", doubt), POLICY_UNSURE);
    assert_string_equal(doubt, "the condition aws:MultiFactorAuthPresent (Bool)");
}

static void a_trust_policy_names_who_asks(void **state)
{
    static const char *const texts[] = {
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"vmie.amazonaws.com\"},"
        "\"Action\":\"sts:AssumeRole\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":[\"ec2.amazonaws.com\"]},"
        "\"Action\":\"sts:AssumeRole\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:root\"},"
        "\"Action\":\"sts:AssumeRole\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"NotPrincipal\":{\"AWS\":\"x\"},\"Action\":\"sts:AssumeRole\"}]}",
        "{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"sts:AssumeRole\"}]}",
    };
    static const enum policy_answer answers[] = {POLICY_ALLOWED, POLICY_SILENT, POLICY_SILENT, POLICY_UNSURE,
                                                 POLICY_ALLOWED};
    const struct policy_request request = {
        .action = "sts:AssumeRole", .service = "vmie.amazonaws.com", .facts = facts, .n = 3};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        SW_AUTO_JSON json_t *document = parsed(texts[i]);

        assert_int_equal(policy_conclude(policy_ask(document, &request, NULL)), answers[i]);
    }
}

static void a_literal_star_is_written_in_braces(void **state)
{
    (void)state;
    assert_int_equal(policy_glob("b/${*}/x${?}${$}*", "b/*/x?$y", false), POLICY_YES);
    assert_int_equal(policy_glob("b/${*}/x", "b/y/x", false), POLICY_NO);
    assert_int_equal(policy_glob("${aws:username}", "x", false), POLICY_PERHAPS);
    assert_int_equal(policy_glob("${*", "x", false), POLICY_PERHAPS);
    assert_int_equal(policy_glob("$*", "$x", false), POLICY_YES);
}

static void a_pattern_of_many_stars_takes_no_time(void **state)
{
    char pattern[POLICY_MAX_PATTERN], text[POLICY_MAX_PATTERN];

    (void)state;
    for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
        memcpy(pattern + i, "*a", 3);
    memset(text, 'a', sizeof(text) - 2);
    memcpy(text + sizeof(text) - 2, "b", 2);
    assert_int_equal(policy_glob(pattern, text, false), POLICY_NO);
}

static void a_boundary_allows_only_what_both_do(void **state)
{
    (void)state;
    assert_int_equal(policy_within(POLICY_ALLOWED, POLICY_ALLOWED), POLICY_ALLOWED);
    assert_int_equal(policy_within(POLICY_ALLOWED, POLICY_SILENT), POLICY_SILENT);
    assert_int_equal(policy_within(POLICY_UNSURE, POLICY_ALLOWED), POLICY_UNSURE);
    assert_int_equal(policy_within(POLICY_SILENT, POLICY_ALLOWED), POLICY_SILENT);
    assert_int_equal(policy_conclude(POLICY_MAY_ALLOW | POLICY_DENIES), POLICY_DENIED);
    assert_int_equal(policy_conclude(POLICY_ALLOWS | POLICY_MAY_ALLOW), POLICY_ALLOWED);
}

static void the_keys_of_what_allows_are_known(void **state)
{
    SW_AUTO_JSON json_t *with = parsed(WHEN("{\"StringEquals\":{\"aws:sourceaccount\":\"1\"}}"));
    SW_AUTO_JSON json_t *without =
        parsed("{\"Statement\":[{\"Effect\":\"Deny\",\"Action\":\"a:b\",\"Condition\":"
               "{\"StringEquals\":{\"aws:SourceAccount\":\"1\"}}}]}");

    (void)state;
    assert_true(policy_names_key(with, "aws:SourceAccount"));
    assert_false(policy_names_key(with, "aws:SourceArn"));
    assert_false(policy_names_key(without, "aws:SourceAccount"));
}

static void what_is_no_policy_is_refused_by_name(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"", "the policy"},
        {"[]", "0 statements"},
        {"{}", "0 statements"},
        {"{\"Statement\":[]}", "0 statements"},
        {"{\"Statement\":\"x\"}", "no object"},
        {"{\"Statement\":[{\"Effect\":\"allow\",\"Action\":\"a:b\"}]}", "neither Allow nor Deny"},
        {"{\"Statement\":[{\"Action\":\"a:b\"}]}", "neither Allow nor Deny"},
        {"{\"Statement\":[{\"Effect\":\"Allow\"}]}", "has no Action"},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[1]}]}", "Action has something that is no text"},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":{\"a\":1}}]}", "no text"},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a\",\"Resource\":[null]}]}", "Resource has"},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a\",\"Condition\":[]}]}",
         "Condition is no object"},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a\",\"Condition\":{\"Bool\":1}}]}",
         "Bool is no object"},
        {"{\"Statement\":[{\"Effect\":\"Allow\",\"Effect\":\"Deny\",\"Action\":\"a\"}]}", "duplicate"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_null(policy_parse(cases[i].text, strlen(cases[i].text), &err));
        assert_failed(-1, err, SW_REMOTE, cases[i].why);
    }
}

static void a_document_without_end_is_not_read(void **state)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    while (text.len <= POLICY_MAX_BYTES)
        assert_ok(sw_buf_puts(&text, "[[[[[[[[[[[[[[[[", &err), err);
    assert_null(policy_parse(text.data, text.len, &err));
    assert_failed(-1, err, SW_REMOTE, "more than any of IAM's");
    assert_null(policy_parse(text.data, POLICY_MAX_BYTES, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_match_without_regard_to_case_and_resources_with_it),
        cmocka_unit_test(a_denial_wins_over_every_permission),
        cmocka_unit_test(a_permission_on_some_resources_is_no_permission_on_all),
        cmocka_unit_test(known_conditions_are_decided),
        cmocka_unit_test(what_hangs_on_the_unknown_is_said_to_be_so),
        cmocka_unit_test(a_condition_that_fails_for_sure_leaves_no_doubt),
        cmocka_unit_test(a_denial_that_may_apply_makes_a_permission_unsure),
        cmocka_unit_test(a_trust_policy_names_who_asks),
        cmocka_unit_test(a_literal_star_is_written_in_braces),
        cmocka_unit_test(a_pattern_of_many_stars_takes_no_time),
        cmocka_unit_test(a_boundary_allows_only_what_both_do),
        cmocka_unit_test(the_keys_of_what_allows_are_known),
        cmocka_unit_test(what_is_no_policy_is_refused_by_name),
        cmocka_unit_test(a_document_without_end_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
