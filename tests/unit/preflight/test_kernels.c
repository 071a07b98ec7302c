/* Systems and kernels: real acceptances and rejections, and lists of the user's own. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/preflight/kernels.h"
#include "src/preflight/policy.h"
#include "src/preflight/rules.h"

static void kernels_are_listed_as_aws_was_seen_to_take_them(void **state)
{
    static const struct {
        const char *system, *version, *kernel;
        enum listed listed;
    } cases[] = {
        {"debian", "12.7", "6.1.0-25-amd64", LISTED},
        {"debian", "12", "6.1.0-25-amd64", LISTED},
        {"debian", "12.11", "6.1.0-37-amd64", LISTED_OTHER_VERSION},
        {"debian", "12.7", "6.1.0-25-cloud-amd64", LISTED_NO_FLAVOUR},
        {"debian", "13.1", "6.12.41+deb13-amd64", LISTED_NO_VERSION},
        {"debian", "12.4", "6.10.6-amd64", LISTED_NO_KERNEL},
        {"ubuntu", "22.04", "5.15.0-91-generic", LISTED},
        {"ubuntu", "20.04", "5.8.0-59-generic", LISTED_NO_KERNEL},
        {"ubuntu", "18.04", "4.15.0-1021-aws", LISTED_NO_FLAVOUR},
        {"ubuntu", "18.04", "4.18.0-15-generic", LISTED_NO_KERNEL},
        {"rhel", "8.9", "4.18.0-513.5.1.el8_9.x86_64", LISTED},
        {"rhel", "8.10", "4.18.0-553.el8_10.x86_64", LISTED_OTHER_VERSION},
        {"rhel", "7.9", "3.10.0-1160.el7.x86_64", LISTED},
        {"ol", "9.6", "6.12.0-100.28.2.el9uek.x86_64", LISTED},
        {"sles", "15.5", "5.14.21-150500.55.7-default", LISTED},
        {"amzn", "2023", "6.1.75-99.163.amzn2023.x86_64", LISTED},
        {"amzn", "2023", "6.12.22-27.96.amzn2023.x86_64", LISTED_NO_KERNEL},
        {"gentoo", "2.14", "5.4.66-gentoo-x86_64", LISTED_NO_SYSTEM},
        {"debian", "", "", LISTED_NO_KERNEL},
        {"", "", "", LISTED_NO_SYSTEM},
    };
    struct sw_err err = {.code = SW_OK};
    struct sw_preflight_policy *policy = sw_preflight_policy_open(NULL, &err);

    (void)state;
    assert_non_null(policy);
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        enum listed got = kernels_listed(ev_get(policy->systems, "systems"), cases[i].system,
                                         cases[i].version, cases[i].kernel);

        if (got != cases[i].listed)
            fail_msg("%s %s %s is %d, not %d", cases[i].system, cases[i].version, cases[i].kernel, (int)got,
                     (int)cases[i].listed);
    }
    assert_true(
        kernels_product_listed(ev_get(policy->systems, "windows"), "Windows Server 2012 R2 Standard"));
    assert_false(kernels_product_listed(ev_get(policy->systems, "windows"), "Windows Server 2008"));
    assert_false(kernels_product_listed(ev_get(policy->systems, "windows"), "Windows 100"));
    sw_preflight_policy_free(policy);
}

static void write_policy(const char *text)
{
    FILE *file = fopen("policy.json", "w");

    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void a_policy_of_the_users_own_counts_instead(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_preflight_policy *policy;
    const json_t *rule;
    size_t i;

    (void)state;
    write_policy(
        "{\"date\": \"2027-01-02\", \"systems\": [{\"ids\": [\"gentoo\"], \"versions\": [{\"first\": \"2\", "
        "\"last\": \"2.99\", \"kernels\": [\"5.4\"]}]}], \"rules\": {\"disk.format.vmdk\": {\"import-image\": "
        "\"note\", \"import-snapshot\": \"off\"}}}");
    policy = sw_preflight_policy_open("policy.json", &err);
    if (policy == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(
        kernels_listed(ev_get(policy->systems, "systems"), "gentoo", "2.14", "5.4.66-gentoo-x86_64"), LISTED);
    assert_string_equal(ev_text(policy->systems, "date"), "2027-01-02");
    assert_true(kernels_product_listed(ev_get(policy->systems, "windows"), "Windows 10"));
    json_array_foreach (sw_preflight_policy_rules(policy), i, rule) {
        if (!ev_is(rule, "id", "disk.format.vmdk"))
            continue;
        assert_string_equal(policy_severity(rule, 0), "note");
        assert_null(policy_severity(rule, 1));
    }
    sw_preflight_policy_free(policy);
}

static void a_policy_that_says_something_else_is_refused_by_name(void **state)
{
    static const char *const cases[][2] = {
        {"[]", "not an object"},
        {"{", "policy.json"},
        {"{\"kernels\": 1}", "'kernels' is not known"},
        {"{\"systems\": []}", "'date'"},
        {"{\"date\": \"2027-01-02\", \"systems\": {}}", "not a list"},
        {"{\"date\": \"2027-01-02\", \"systems\": [{}]}", "system 1 has no ids"},
        {"{\"date\": \"2027-01-02\", \"systems\": [{\"ids\": [\"x\"], \"versions\": [{\"first\": \"1\"}]}]}",
         "version 1"},
        {"{\"date\": \"2027-01-02\", \"windows\": [7]}", "'windows'"},
        {"{\"rules\": []}", "'rules'"},
        {"{\"rules\": {\"disk.colour\": {}}}", "no rule 'disk.colour'"},
        {"{\"rules\": {\"disk.size\": 7}}", "severities"},
        {"{\"rules\": {\"disk.size\": {\"boat\": \"note\"}}}", "no lane 'boat'"},
        {"{\"rules\": {\"disk.size\": {\"import-image\": \"fatal\"}}}", "say refused"},
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(cases); i++) {
        struct sw_err err = {.code = SW_OK};

        write_policy(cases[i][0]);
        assert_null(sw_preflight_policy_open("policy.json", &err));
        assert_failed(-1, err, SW_RECIPE, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_are_listed_as_aws_was_seen_to_take_them),
        cmocka_unit_test(a_policy_of_the_users_own_counts_instead),
        cmocka_unit_test(a_policy_that_says_something_else_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
