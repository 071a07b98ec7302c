/* Parameters that are not to be shown, and the cleaning that a recipe asks for. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/json.h"
#include "src/recipe/builtin.h"

#define RECIPE_HEAD "name: web\nsemanticVersion: 1.0.0\nparentImage: x.raw\nparentImageFormat: raw\n"
#define PHASES                                                                                         \
    "phases:\n  - name: build\n    steps:\n      - {name: S, action: ExecuteBash, inputs: {commands: " \
    "[x]}}\n"

static struct sw_recipe *load(const char *text, const struct sw_overrides *overrides, struct sw_diags *diags,
                              struct sw_err *err)
{
    write_text("recipe.yml", text);
    return sw_recipe_load("recipe.yml", overrides, diags, err);
}

static struct sw_recipe *good(const char *text, const struct sw_overrides *overrides)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load(text, overrides, NULL, &err);

    if (recipe == NULL)
        fail_msg("unexpected fault: %s", err.text);
    return recipe;
}

static void assert_recipe_faults(const char *text, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_overrides none = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe = load(text, &none, &diags, &err);
    char *got = faults_text(&diags, "recipe.yml");

    assert_string_equal(got, want);
    free(got);
    sw_recipe_free(recipe);
    sw_diags_free(&diags);
}

static void no_echo_makes_a_parameter_secret(void **state)
{
    struct sw_component *c = good_component(
        "schemaVersion: 1.0\nparameters:\n  - One: {type: string, noEcho: true}\n  - Two: {type: string, NoEcho: 'yes'}\n"
        "  - Three: {type: string, noEcho: false}\n  - Four: {type: string}\n" PHASES);

    (void)state;
    assert_true(c->parameters[0].secret);
    assert_true(c->parameters[1].secret);
    assert_false(c->parameters[2].secret);
    assert_false(c->parameters[3].secret);
    sw_component_free(c);
    assert_faults("schemaVersion: 1.0\nparameters:\n  - One: {type: string, noEcho: maybe}\n"
                  "  - Two: {type: string, noEcho: true, NoEcho: true}\n"
                  "  - Three: {type: string, noEcho: true, default: abc}\n"
                  "  - Four: {type: string, noEcho: [true]}\n" PHASES,
                  "3:33: 'noEcho' is 'maybe': it must be true or false\n"
                  "4:47: 'noEcho' and 'NoEcho' are one field: it is there twice\n"
                  "5:50: warning: the default of the secret parameter 'Three' can be read in this document\n"
                  "6:34: 'noEcho' is a list here, and must be a text\n");
}

static void a_recipe_may_call_any_parameter_secret(void **state)
{
    struct sw_recipe *r;

    (void)state;
    write_text(
        "first.yml",
        "schemaVersion: 1.0\nparameters:\n  - Open: {type: string, default: abc}\n  - Word: {type: string}\n"
        "  - Hash: {type: string, noEcho: true, default: ''}\n" PHASES);
    r = good(RECIPE_HEAD "components: [{component: first.yml, parameters: [{name: Word, value: [good-word], "
                         "secret: true}]}]\n",
             NULL);
    assert_false(r->uses[0].secret[0]);
    assert_true(r->uses[0].secret[1]);
    assert_true(r->uses[0].secret[2]);
    assert_string_equal(r->uses[0].values[1].value, "good-word");
    sw_recipe_free(r);
    assert_recipe_faults(
        RECIPE_HEAD "components: [{component: first.yml, parameters: [{name: Word, secret: true}]}]\n",
        "5:50: the parameter 'Word' of component 'first' has no default: give it a value (--secret NAME=FILE)\n");
    assert_recipe_faults(
        RECIPE_HEAD
        "components: [{component: first.yml, parameters: [{name: Word, value: [abc], secret: true}]}]\n",
        "5:71: warning: the secret 'Word' of component 'first' has fewer than 4 bytes: logs will show it\n");
    assert_recipe_faults(
        RECIPE_HEAD
        "components: [{component: first.yml, parameters: [{name: Word, value: [abc], secret: perhaps}]}]\n",
        "5:85: 'secret' is 'perhaps': it must be true or false\n");
}

static void a_file_of_the_command_line_comes_before_all(void **state)
{
    static const char *const secrets[] = {"first.Word=word.txt"}, *const parameters[] = {"Word=open"};
    struct sw_overrides overrides = {
        .secrets = secrets, .nr_secrets = 1, .parameters = parameters, .nr_parameters = 1};
    struct sw_recipe *r;

    (void)state;
    write_text("first.yml", "schemaVersion: 1.0\nparameters:\n  - Word: {type: string}\n" PHASES);
    write_text("word.txt", "line one\nline two\r\n\n");
    r = good(RECIPE_HEAD "components: [{component: first.yml}]\n", &overrides);
    assert_string_equal(r->uses[0].values[0].value, "line one\nline two");
    assert_true(r->uses[0].secret[0]);
    sw_recipe_free(r);
}

static void a_plan_key_depends_on_a_secret_and_does_not_hold_it(void **state)
{
    SW_AUTO_FREE char *texts[3] = {0};
    struct sw_err err = {0};

    (void)state;
    write_text("first.yml",
               "schemaVersion: 1.0\nparameters:\n  - Word: {type: string, noEcho: true}\n" PHASES);
    for (int i = 0; i < 3; i++) {
        static const char *const words[] = {"Word=hunter-one", "Word=hunter-two", "Word=hunter-one"};
        struct sw_overrides overrides = {.parameters = &words[i], .nr_parameters = 1};
        struct sw_recipe *r = good(RECIPE_HEAD "components: [{component: first.yml}]\n", &overrides);
        SW_AUTO_JSON json_t *json = sw_use_canonical(&r->uses[0], &err);

        texts[i] = sw_json_canonical(json, &err);
        assert_non_null(texts[i]);
        assert_null(strstr(texts[i], "hunter"));
        sw_recipe_free(r);
    }
    assert_string_equal(texts[0], texts[2]);
    assert_string_not_equal(texts[0], texts[1]);
    free(texts[1]);
    free(texts[2]);
    texts[1] = texts[2] = NULL;
}

static void cleanup_is_the_last_component(void **state)
{
    struct sw_recipe *r;

    (void)state;
    write_text("first.yml", "name: cleanup\nschemaVersion: 1.0\n" PHASES);
    r = good(RECIPE_HEAD "components: [{component: first.yml}]\ncleanup: service\n", NULL);
    assert_int_equal(r->nr_uses, 2);
    assert_true(r->uses[1].cleaning);
    assert_false(r->uses[0].cleaning);
    assert_string_equal(r->uses[1].values[0].value, "service");
    assert_string_equal(r->uses[1].values[1].value, "");
    sw_recipe_free(r);
    r = good(RECIPE_HEAD "cleanup: {level: full, skip: [ssh_files, tmp_files]}\n", NULL);
    assert_int_equal(r->nr_uses, 1);
    assert_string_equal(r->uses[0].values[0].value, "full");
    assert_string_equal(r->uses[0].values[1].value, "ssh_files,tmp_files");
    sw_recipe_free(r);
    r = good(RECIPE_HEAD "cleanup: none\n", NULL);
    assert_int_equal(r->nr_uses, 0);
    sw_recipe_free(r);
}

static void the_cleaning_does_not_count_and_takes_no_parameters(void **state)
{
    static const char *const level[] = {"Level=none"};
    struct sw_overrides overrides = {.parameters = level, .nr_parameters = 1};
    struct sw_err err = {0};
    struct sw_buf text = {0};
    struct sw_recipe *r;

    (void)state;
    assert_null(load(RECIPE_HEAD "cleanup: full\n", &overrides, NULL, &err));
    assert_int_equal(err.code, SW_USAGE);
    assert_ok(sw_buf_puts(&text, RECIPE_HEAD "cleanup: full\ncomponents:\n", &err), err);
    for (int i = 0; i < 20; i++) {
        char name[32];

        snprintf(name, sizeof(name), "c%d.yml", i);
        write_text(name, "schemaVersion: 1.0\n" PHASES);
        assert_ok(sw_buf_printf(&text, &err, "  - component: %s\n", name), err);
    }
    r = good(text.data, NULL);
    assert_int_equal(r->nr_uses, 21);
    sw_recipe_free(r);
    sw_buf_free(&text);
}

/* Where components leave it open the image is asked, before anything runs. */
static void cleanup_is_for_linux(void **state)
{
    struct sw_err err = {0};
    struct sw_recipe *r;

    (void)state;
    write_text("first.yml",
               "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: S, action: ExecutePowerShell, "
               "inputs: {commands: [x]}}]}]\n");
    assert_recipe_faults(RECIPE_HEAD "cleanup: service\ncomponents: [{component: first.yml}]\n",
                         "5:10: cleanup is for Linux, and 'first' is not\n");
    sw_recipe_free(good(RECIPE_HEAD "cleanup: none\ncomponents: [{component: first.yml}]\n", NULL));
    write_text("first.yml",
               "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: S, action: DeleteFile, "
               "inputs: [{path: 'C:\\x'}]}]}]\n");
    r = good(RECIPE_HEAD "cleanup: service\ncomponents: [{component: first.yml}]\n", NULL);
    assert_ok(sw_uses_check_platform(r->uses, r->nr_uses, SW_LINUX, &err), err);
    assert_failed(sw_uses_check_platform(r->uses, r->nr_uses, SW_WINDOWS, &err), err, SW_RECIPE,
                  "cleanup is for Linux, and the image holds Windows: take it out of the recipe");
    sw_recipe_free(r);
}

static void a_wrong_cleanup_is_named(void **state)
{
    (void)state;
    assert_recipe_faults(RECIPE_HEAD "cleanup: everything\n",
                         "5:10: cleanup is 'everything': it must be none, service or full\n");
    assert_recipe_faults(RECIPE_HEAD "cleanup: [full]\n",
                         "5:10: 'cleanup' is a list here, and must be a word or a map of level and skip\n");
    assert_recipe_faults(RECIPE_HEAD "cleanup: {level: full, skip: [ssh_file, [x]], keep: x}\n",
                         "5:31: cleanup has no section 'ssh_file' (did you mean 'ssh_files'?)\n"
                         "5:41: cleanup has no section 'a list'\n5:47: cleanup has no field 'keep'\n");
    assert_recipe_faults(RECIPE_HEAD "cleanup: {skip: [ssh_files]}\n", "5:10: 'level' is missing\n");
}

static void every_section_is_one_of_the_document(void **state)
{
    static const char *const sections[] = {
        "cloudinit_files", "instance_files",  "ssh_files",      "instance_log_files", "toe_files",
        "ssm_log_files",   "shell_histories", "package_caches", "network_identity",   "tmp_files",
        "log_files",       "crash_data",      "mail_spools",    "password_backups",
    };
    size_t len;
    const char *text = sw_builtin_cleanup(&len);

    (void)state;
    assert_int_equal(strlen(text), len);
    for (size_t i = 0; i < SW_ARRAY_LEN(sections); i++) {
        char recipe[512];

        snprintf(recipe, sizeof(recipe), RECIPE_HEAD "cleanup: {level: full, skip: [%s]}\n", sections[i]);
        sw_recipe_free(good(recipe, NULL));
        snprintf(recipe, sizeof(recipe), "if chosen %s; then", sections[i]);
        if (strstr(text, recipe) == NULL)
            fail_msg("the document does nothing for '%s'", sections[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_echo_makes_a_parameter_secret),
        cmocka_unit_test(a_recipe_may_call_any_parameter_secret),
        cmocka_unit_test(a_file_of_the_command_line_comes_before_all),
        cmocka_unit_test(a_plan_key_depends_on_a_secret_and_does_not_hold_it),
        cmocka_unit_test(cleanup_is_the_last_component),
        cmocka_unit_test(the_cleaning_does_not_count_and_takes_no_parameters),
        cmocka_unit_test(cleanup_is_for_linux),
        cmocka_unit_test(a_wrong_cleanup_is_named),
        cmocka_unit_test(every_section_is_one_of_the_document),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
