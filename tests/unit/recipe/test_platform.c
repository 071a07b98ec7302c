/* Documents and recipes for one platform, and what Windows asks of them. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/fs.h"

#define STEP(action, inputs) "      - {name: " action ", action: " action ", inputs: " inputs "}\n"
#define POWERSHELL           STEP("ExecutePowerShell", "{commands: [x]}")
#define REGISTRY(path, value, type) \
    STEP("SetRegistry", "[{path: '" path "', name: n, value: " value ", type: " type "}]")

static unsigned platforms_of(const char *text)
{
    struct sw_component *c = good_component(text);
    unsigned platforms = sw_component_platforms(c);

    sw_component_free(c);
    return platforms;
}

static void a_document_runs_where_all_its_steps_do(void **state)
{
    (void)state;
    assert_int_equal(platforms_of(HEAD STEP("DeleteFile", "[{path: x}]")), SW_LINUX | SW_WINDOWS | SW_MACOS);
    assert_int_equal(platforms_of(HEAD POWERSHELL), SW_WINDOWS);
    assert_int_equal(platforms_of(HEAD STEP("ExecuteBash", "{commands: [x]}")), SW_LINUX | SW_MACOS);
    assert_int_equal(platforms_of(HEAD STEP("CreateFile", "[{path: x, owner: root}]")), SW_LINUX | SW_MACOS);
    assert_int_equal(platforms_of(HEAD POWERSHELL STEP("ExecuteBash", "{commands: [x]}")), 0);
    assert_int_equal(
        platforms_of(HEAD POWERSHELL "  - name: other\n    steps:\n" STEP("ExecuteBash", "{commands: [x]}")),
        SW_WINDOWS);
}

/* An empty text clears a policy; an empty number is none. */
static void a_value_of_the_registry_may_be_empty(void **state)
{
    (void)state;
    assert_faults(HEAD REGISTRY("HKLM:\\SOFTWARE\\X", "''", "SZ"), "");
    assert_faults(HEAD REGISTRY("HKLM:\\SOFTWARE\\X", "''", "EXPAND_SZ"), "");
    assert_faults(
        HEAD REGISTRY("HKLM:\\SOFTWARE\\X", "''", "DWORD"),
        "5:102: the value '' is no number from 0 to 4294967295, in decimal digits or hex ones behind 0x\n");
    assert_faults(HEAD REGISTRY("HKLM:\\SOFTWARE\\X", "", "SZ"), "5:102: 'value' is empty\n");
}

static void owners_and_permissions_are_refused_on_windows(void **state)
{
    (void)state;
    assert_faults(HEAD POWERSHELL STEP("CreateFile", "[{path: x, permissions: 0644}]"),
                  "6:80: 'permissions' has no meaning on Windows, where alone this document runs\n");
    assert_faults(HEAD POWERSHELL STEP("CreateFolder", "[{path: x}, {path: y, group: g}]"),
                  "6:89: 'group' has no meaning on Windows, where alone this document runs\n");
    assert_faults(HEAD POWERSHELL STEP("CreateFile", "[{path: x, owner: ~}]"), "");
    assert_faults(HEAD POWERSHELL STEP("SetFileOwner", "[{path: x, owner: o}]"),
                  "1:1: warning: steps of this document run on Linux only, and others on Windows only\n");
}

static void powershell_takes_commands_or_a_file(void **state)
{
    (void)state;
    assert_faults(HEAD STEP("ExecutePowerShell", "{file: 'C:\\x.PS1'}"), "");
    assert_faults(HEAD STEP("ExecutePowerShell", "{file: '{{ build.A.inputs.x }}'}"),
                  "5:78: the phase 'build' has no step 'A'\n");
    assert_faults(HEAD STEP("ExecutePowerShell", "{file: x.bat}"),
                  "5:77: 'file' is 'x.bat': it must be a .ps1\n");
    assert_faults(HEAD STEP("ExecutePowerShell", "{}"),
                  "5:70: ExecutePowerShell needs one of 'commands' and 'file'\n");
    assert_faults(HEAD STEP("ExecutePowerShell", "{file: x.ps1, commands: [x]}"),
                  "5:70: ExecutePowerShell needs one, not both, of 'commands' and 'file'\n");
}

static void registry_keys_and_values_are_checked(void **state)
{
    (void)state;
    assert_faults(HEAD REGISTRY("HKLM:\\A", "4294967295", "DWORD"), "");
    assert_faults(HEAD REGISTRY("HKLM:\\A", "[a, b]", "MULTI_SZ"), "");
    assert_faults(HEAD REGISTRY("HKLM:\\A", "'{{ x }}'", "DWORD"),
                  "5:94: 'x' is no parameter and no constant of this document\n");
    assert_faults(
        HEAD REGISTRY("HKLM:\\A", "4294967296", "DWORD"),
        "5:93: the value '4294967296' is no number from 0 to 4294967295, in decimal digits or hex ones "
        "behind 0x\n");
    assert_faults(HEAD REGISTRY("HKLM:\\A", "1.1", "DWORD"),
                  "5:93: warning: '1.1' is not whole: what stands behind the dot is dropped\n");
    assert_faults(HEAD REGISTRY("HKLM:\\A", "[1]", "DWORD"),
                  "5:93: a value of the type DWORD is one text, not a list\n");
    assert_faults(
        HEAD REGISTRY("HKLM\\A", "1", "DWORD"),
        "5:66: the registry path 'HKLM\\A' needs a colon behind its root, or the root's long name\n");
    assert_faults(
        HEAD REGISTRY("HKCU:\\A", "1", "DWORD"),
        "5:66: warning: HKEY_CURRENT_USER is that of SYSTEM, which runs the steps: people who log on do "
        "not see what is set there\n");
}

static void check(const char *text, enum sw_platform platform, const char *want)
{
    struct sw_component *c = good_component(text);
    struct sw_use use = {.component = c};
    struct sw_err err = {0};

    if (want == NULL) {
        assert_ok(sw_uses_check_platform(&use, 1, platform, &err), err);
    } else {
        assert_int_equal(sw_uses_check_platform(&use, 1, platform, &err), -1);
        assert_int_equal(err.code, SW_RECIPE);
        assert_non_null(strstr(err.text, want));
    }
    sw_component_free(c);
}

static void what_cannot_run_in_an_image_is_named(void **state)
{
    (void)state;
    check(HEAD POWERSHELL, SW_LINUX,
          "doc.yml:5:9: component 'doc': step 'ExecutePowerShell': ExecutePowerShell");
    check(HEAD STEP("CreateFile", "[{path: x, owner: root}]"), SW_WINDOWS,
          "'owner' has no meaning on Windows");
    check(HEAD POWERSHELL STEP("DeleteFile", "[{path: x}]"), SW_WINDOWS, NULL);
    check("schemaVersion: 1.0\nphases:\n  - name: test\n    steps:\n" POWERSHELL, SW_LINUX, NULL);
}

static void a_recipes_components_agree_on_a_platform(void **state)
{
    static const char recipe_text[] = "name: web\nsemanticVersion: 1.2.3\nparentImage: base.raw\n"
                                      "components:\n  - component: w.yml\n  - component: l.yml\n";
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe;
    char *got;

    (void)state;
    write_text("w.yml", HEAD POWERSHELL);
    write_text("l.yml", HEAD STEP("ExecuteBash", "{commands: [x]}"));
    write_text("recipe.yml", recipe_text);
    recipe = sw_recipe_load("recipe.yml", NULL, &diags, &err);
    assert_null(recipe);
    got = faults_text(&diags, "recipe.yml");
    assert_string_equal(
        got, "6:16: the component 'l' is for Linux, and w for Windows: a recipe has one platform\n");
    free(got);
    sw_diags_free(&diags);
    write_text("l.yml", HEAD STEP("DeleteFile", "[{path: x}]"));
    recipe = sw_recipe_load("recipe.yml", NULL, NULL, &err);
    assert_non_null(recipe);
    assert_int_equal(recipe->platforms, SW_WINDOWS);
    assert_string_equal(recipe->working_directory, "C:/");
    sw_recipe_free(recipe);
}

static char folder[] = "/tmp/slipway-platform.XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) < 0 ? -1 : 0;
}

static int leave(void **state)
{
    struct sw_err err = {0};

    (void)state;
    return sw_remove_tree(folder, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_runs_where_all_its_steps_do),
        cmocka_unit_test(a_value_of_the_registry_may_be_empty),
        cmocka_unit_test(owners_and_permissions_are_refused_on_windows),
        cmocka_unit_test(powershell_takes_commands_or_a_file),
        cmocka_unit_test(registry_keys_and_values_are_checked),
        cmocka_unit_test(what_cannot_run_in_an_image_is_named),
        cmocka_unit_test(a_recipes_components_agree_on_a_platform),
    };

    return cmocka_run_group_tests(tests, enter, leave);
}
