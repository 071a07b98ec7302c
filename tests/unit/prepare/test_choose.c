/* Which components run: by what was found, by name, by the platform. */
#include "src/prepare/prepare.h"

#include "slipway/preflight.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/prepare/shipped.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static json_t *linux_evidence(void)
{
    return json_pack("{s:[{s:[{s:s}]}]}", "disks", "partitions", "content", "ext4");
}

static json_t *windows_evidence(void)
{
    return json_pack("{s:[{s:[{s:s}]}]}", "disks", "partitions", "content", "ntfs");
}

/* A verdict that has found these two rules, with these fixes. */
static json_t *verdict_of(const char *first, const char *second)
{
    return json_pack("{s:[{s:s, s:s, s:{s:s}}, {s:s, s:s, s:{s:s}}, {s:s, s:s, s:{s:s}}]}", "rules", "id",
                     "one", "state", "found", "fix", "component", first, "id", "two", "state", "found", "fix",
                     "component", second, "id", "three", "state", "unknown", "fix", "component",
                     "ec2-ready/identity");
}

static void expect_chosen(json_t *evidence, json_t *verdict, const struct sw_prepare_choice *choice,
                          const char *want)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *list = sw_prepare_choose(evidence, verdict, choice, &err);
    SW_AUTO_BUF struct sw_buf names = {.data = NULL};
    const json_t *one;
    size_t i;

    if (list == NULL)
        fail_msg("%s", err.text);
    json_array_foreach (list, i, one) {
        assert_int_equal(
            sw_buf_printf(&names, &err, "%s%s", i > 0 ? " " : "", sw_json_text(one, "component")), 0);
    }
    assert_string_equal(names.data != NULL ? names.data : "", want);
    json_decref(evidence);
    json_decref(verdict);
}

static void findings_name_their_components_in_the_order_in_which_they_run(void **state)
{
    struct sw_prepare_choice choice = {.all = false};

    (void)state;
    expect_chosen(linux_evidence(), verdict_of("ec2-ready/serial-console", "ec2-ready/fstab"), &choice,
                  "fstab serial-console selinux-labels");
    expect_chosen(windows_evidence(), verdict_of("ec2-ready/windows-clock", "ec2-ready/windows-rdp"), &choice,
                  "windows-rdp windows-clock");
}

static void nothing_that_was_found_is_nothing_to_do(void **state)
{
    struct sw_prepare_choice choice = {.all = false};

    (void)state;
    expect_chosen(linux_evidence(), json_object(), &choice, "");
}

static void names_come_with_folder_and_ending_or_without(void **state)
{
    const char *const only[] = {"ec2-ready/fstab", "sshd.yml", "identity"}, *const skip[] = {
                                                                                "selinux-labels"};
    struct sw_prepare_choice choice = {.only = only, .nr_only = 3, .skip = skip, .nr_skip = 1};

    (void)state;
    expect_chosen(linux_evidence(), verdict_of("ec2-ready/grub-default", "ec2-ready/fstab"), &choice,
                  "fstab sshd identity");
}

static void all_is_all_of_the_platform(void **state)
{
    struct sw_prepare_choice choice = {.all = true};

    (void)state;
    expect_chosen(windows_evidence(), json_object(), &choice,
                  "windows-rdp windows-autologon windows-dhcp windows-pagefile windows-clock "
                  "windows-hypervisor-tools windows-ems");
}

static void a_name_that_is_none_is_refused_with_those_that_are(void **state)
{
    const char *const only[] = {"fstabs"}, *const helper[] = {"kernel-arguments"};
    struct sw_prepare_choice choices[] = {{.only = only, .nr_only = 1}, {.skip = helper, .nr_skip = 1}};
    SW_AUTO_JSON json_t *nothing = json_object();

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(choices); i++) {
        struct sw_err err = {.code = SW_OK};

        assert_null(sw_prepare_choose(nothing, nothing, &choices[i], &err));
        assert_int_equal(err.code, SW_USAGE);
        assert_non_null(strstr(err.text, "filesystem-check, hypervisor-tools, fstab"));
    }
}

/* What the rules promise is there, and nothing ships that no rule asks for. */
static void every_fix_of_a_rule_is_a_component_and_the_reverse(void **state)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_preflight_policy *policy = sw_preflight_policy_open(NULL, &err);
    const json_t *rule;
    const struct shipped *one;
    size_t i;

    (void)state;
    assert_non_null(policy);
    json_array_foreach (sw_preflight_policy_rules(policy), i, rule) {
        const char *name = sw_json_text(json_object_get(rule, "fix"), "component");

        if (name != NULL && shipped_find(name) == NULL)
            fail_msg("%s names %s", sw_json_text(rule, "id"), name);
    }
    for (size_t k = 0; (one = shipped_at(k)) != NULL; k++) {
        bool wanted = one->platform == 0;

        json_array_foreach (sw_preflight_policy_rules(policy), i, rule) {
            const char *name = sw_json_text(json_object_get(rule, "fix"), "component");

            wanted = wanted || (name != NULL && shipped_find(name) == one);
        }
        if (!wanted)
            fail_msg("no rule names %s", one->name);
    }
    sw_preflight_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_name_their_components_in_the_order_in_which_they_run),
        cmocka_unit_test(nothing_that_was_found_is_nothing_to_do),
        cmocka_unit_test(names_come_with_folder_and_ending_or_without),
        cmocka_unit_test(all_is_all_of_the_platform),
        cmocka_unit_test(a_name_that_is_none_is_refused_with_those_that_are),
        cmocka_unit_test(every_fix_of_a_rule_is_a_component_and_the_reverse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
