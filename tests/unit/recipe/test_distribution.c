/* distribution: is read strictly, every fault with its place. */
#include "tests/unit/recipe/recipe_case.h"

#define AMI "  amiDistributionConfiguration:\n"

/* Exactly these faults; the list when there is no error among them, to be decref'ed. */
static json_t *load(const char *text, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    json_t *list;
    char *got;

    write_text("d.yml", text);
    list = sw_distribution_load("d.yml", &diags, &err);
    got = faults_text(&diags, "d.yml");
    assert_string_equal(got, want);
    assert_int_equal(list == NULL, diags.nr_errors > 0);
    if (list == NULL)
        assert_int_equal(err.code, SW_RECIPE);
    free(got);
    sw_diags_free(&diags);
    return list;
}

static void refused(const char *text, const char *want)
{
    assert_null(load(text, want));
}

static void every_form_gives_the_same_list(void **state)
{
    static const char *const forms[] = {
        "- region: eu-west-1\n",
        "name: x\ndistributions:\n- region: eu-west-1\n",
        "{\"distributionConfiguration\": {\"arn\": \"a\", \"distributions\": [{\"region\": \"eu-west-1\"}]}}",
        "parentImage: x\ncomponents: nonsense\ndistribution:\n- region: eu-west-1\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        json_t *list = load(forms[i], "");

        assert_int_equal(json_array_size(list), 1);
        assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "region")),
                            "eu-west-1");
        json_decref(list);
    }
}

static void an_account_keeps_its_leading_zeros(void **state)
{
    json_t *list = load("- region: eu-west-1\n" AMI "      targetAccountIds: [012345678901]\n", "");
    json_t *ami = json_object_get(json_array_get(list, 0), "amiDistributionConfiguration");

    (void)state;
    assert_string_equal(json_string_value(json_array_get(json_object_get(ami, "targetAccountIds"), 0)),
                        "012345678901");
    json_decref(list);
}

static void what_is_not_known_or_twice_is_a_fault_at_its_place(void **state)
{
    (void)state;
    refused("- region: eu-west-1\n- region: eu-west-1\n", "2:11: the region 'eu-west-1' is there twice\n");
    refused("- regoin: eu-west-1\n", "1:3: 'region' is missing\n"
                                     "1:3: a distribution has no field 'regoin' (did you mean 'region'?)\n");
    refused("- region: Frankfurt\n", "1:11: 'Frankfurt' is no region, such as eu-central-1\n");
    refused("[]\n", "1:1: a distribution has 0 regions: it must have 1 to 64\n");
    refused("- x\n", "1:3: a distribution is a text here, and must be a map ('- region: eu-central-1')\n");
    refused("name: x\n",
            "1:1: neither a recipe with 'distribution' nor a configuration with 'distributions'\n");
}

static void names_take_the_known_placeholders_only(void **state)
{
    (void)state;
    json_decref(load("- region: eu-west-1\n" AMI
                     "      name: 'web {{imagebuilder:buildDate}}-{{ imagebuilder:buildVersion }}'\n",
                     ""));
    refused("- region: eu-west-1\n" AMI "      name: 'web {{ imagebuilder:date }}'\n",
            "3:13: the name 'web {{ imagebuilder:date }}' has a placeholder that is neither "
            "{{ imagebuilder:buildDate }} nor {{ imagebuilder:buildVersion }}\n");
    refused("- region: eu-west-1\n" AMI "      name: 'web {{'\n",
            "3:13: the name 'web {{' has a placeholder that is neither {{ imagebuilder:buildDate }} nor "
            "{{ imagebuilder:buildVersion }}\n");
    refused("- region: eu-west-1\n" AMI "      name: 'web*'\n",
            "3:13: the name 'web*' may have letters, digits, blanks and ()[]./-'@_ only\n");
}

static void parties_are_of_their_kind(void **state)
{
    (void)state;
    refused(
        "- region: eu-west-1\n" AMI "      launchPermission:\n"
        "        userIds: ['1', '111122223333', '111122223333']\n        userGroups: [some]\n"
        "        organizationArns: ['arn:aws:organizations::1:ou/o-a/ou-b']\n",
        "4:19: '1' in 'userIds' is not an account of 12 digits\n"
        "4:40: '111122223333' is there twice\n"
        "5:22: 'some' in 'userGroups' is not 'all'\n"
        "6:28: 'arn:aws:organizations::1:ou/o-a/ou-b' in 'organizationArns' is not the ARN of an organization\n");
    refused("- region: eu-west-1\n" AMI "      amiTags: {'aws:x': y, a: [b]}\n",
            "3:17: the tag 'aws:x' must have 1 to 128 characters, and not begin with aws:\n"
            "3:32: the value of the tag 'a' must be a text of at most 256 characters\n");
}

static void what_an_import_leaves_out_is_a_warning(void **state)
{
    (void)state;
    json_decref(
        load("- region: eu-west-1\n  licenseConfigurationArns: [a]\n",
             "2:29: warning: 'licenseConfigurationArns' is left to Image Builder: an import does nothing "
             "about it\n"));
}

static void lint_knows_a_distribution_configuration_and_a_recipes_section(void **state)
{
    struct sw_diags diags = {0};
    const struct sw_lint lint = {0};
    struct sw_err err = {0};
    char *got;

    (void)state;
    write_text("d.yml", "name: x\ndistributions:\n- region: X\n");
    assert_ok(sw_lint_file(&lint, "d.yml", &diags, &err), err);
    got = faults_text(&diags, "d.yml");
    assert_string_equal(got, "3:11: 'X' is no region, such as eu-central-1\n");
    free(got);
    sw_diags_free(&diags);
    memset(&diags, 0, sizeof(diags));
    write_text("r.yml",
               "name: web\nsemanticVersion: 1.0.0\nparentImage: x.raw\ncomponents: []\n"
               "distribution:\n- region: eu-west-1\n  amiDistributionConfiguration: {name: 'a?c'}\n");
    assert_ok(sw_lint_file(&lint, "r.yml", &diags, &err), err);
    got = faults_text(&diags, "r.yml");
    assert_non_null(strstr(got, "7:40: the name 'a?c' may have"));
    free(got);
    sw_diags_free(&diags);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_gives_the_same_list),
        cmocka_unit_test(an_account_keeps_its_leading_zeros),
        cmocka_unit_test(what_is_not_known_or_twice_is_a_fault_at_its_place),
        cmocka_unit_test(names_take_the_known_placeholders_only),
        cmocka_unit_test(parties_are_of_their_kind),
        cmocka_unit_test(what_an_import_leaves_out_is_a_warning),
        cmocka_unit_test(lint_knows_a_distribution_configuration_and_a_recipes_section),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
