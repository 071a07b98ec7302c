/* {{ aws:ssm:NAME }}: the recipe's table, what documents refer to, and what a step gets. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/json.h"

#define RECIPE_HEAD                                                                   \
    "name: web\nsemanticVersion: 1.0.0\nparentImage: x.raw\nparentImageFormat: raw\n" \
    "components: [{component: first.yml}]\n"
#define STEP(command)                                                                                   \
    "schemaVersion: 1.0\nparameters:\n  - Which: {type: string, default: /lab/key}\nphases:\n"          \
    "  - name: build\n    steps:\n      - {name: S, action: ExecuteBash, inputs: {commands: ['" command \
    "']}}\n"

static struct sw_recipe *good(const char *table, const char *document)
{
    struct sw_err err = {0};
    SW_AUTO_FREE char *text = sw_strf(&err, RECIPE_HEAD "%s", table);
    struct sw_recipe *recipe;

    write_text("first.yml", document);
    write_text("recipe.yml", text);
    recipe = sw_recipe_load("recipe.yml", NULL, NULL, &err);
    if (recipe == NULL)
        fail_msg("unexpected fault: %s", err.text);
    return recipe;
}

static void assert_faults_of(const char *table, const char *document, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    SW_AUTO_FREE char *text = sw_strf(&err, RECIPE_HEAD "%s", table), *got = NULL;

    write_text("first.yml", document);
    write_text("recipe.yml", text);
    sw_recipe_free(sw_recipe_load("recipe.yml", NULL, &diags, &err));
    got = faults_text(&diags, "recipe.yml");
    assert_string_equal(got, want);
    sw_diags_free(&diags);
}

/* The first command of the recipe's one step. */
static void assert_command(const struct sw_recipe *recipe, const char *want)
{
    struct sw_err err = {0};
    const struct sw_scope scope = {.use = &recipe->uses[0]};
    char **texts = NULL;

    assert_ok(
        sw_step_texts(&scope, &recipe->uses[0].component->phases[0].steps[0], 0, "commands", &texts, &err),
        err);
    assert_string_equal(texts[0], want);
    sw_texts_free(texts);
}

static void a_reference_is_the_recipes_value(void **state)
{
    struct sw_recipe *r;

    (void)state;
    r = good("ssmParameters: {/lab/image: one, plain.name-2: [a, b], /lab/n: 0644}\n",
             STEP("{{ aws:ssm:/lab/image }}{{aws:ssm:plain.name-2}} {{  aws:ssm:/lab/n }}"));
    assert_command(r, "onea,b 0644");
    assert_int_equal(r->nr_secrets, 0);
    sw_recipe_free(r);
    /* A parameter, a constant or another value may hold the name. */
    r = good("ssmParameters: {/lab/key: /lab/next, /lab/next: end}\n",
             STEP("{{ aws:ssm:resolve(Which) }} {{ aws:ssm:resolve( aws:ssm:/lab/key ) }} "
                  "{{ aws:ssm:resolve(aws:ssm:resolve(Which)) }}"));
    assert_command(r, "/lab/next end end");
    sw_recipe_free(r);
}

static void what_a_file_holds_or_a_secure_string_is_secret(void **state)
{
    struct sw_recipe *r;
    struct sw_err err = {0};
    SW_AUTO_JSON json_t *key = NULL;
    SW_AUTO_FREE char *text = NULL;

    (void)state;
    write_text("word.txt", "hunter2-file\n");
    r = good("ssmParameters:\n  /a: {file: word.txt}\n  /b: {value: hunter2-text, type: SecureString}\n"
             "  /c: {file: word.txt, type: String}\n",
             STEP("{{ aws:ssm:/a }} {{ aws:ssm:/b }}"));
    assert_command(r, "hunter2-file hunter2-text");
    assert_int_equal(r->nr_secrets, 2);
    assert_string_equal(r->secrets[0], "hunter2-file");
    key = sw_use_canonical(&r->uses[0], &err);
    text = sw_json_canonical(json_object_get(json_object_get(key, "ssm"), "/b"), &err);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "{\"secret\":\""));
    sw_recipe_free(r);
}

static void a_plan_key_depends_on_values_only_where_they_are_used(void **state)
{
    static const char *const tables[] = {"ssmParameters: {/a: one}\n", "ssmParameters: {/a: two}\n"};
    static const char *const documents[] = {STEP("{{ aws:ssm:/a }}"), STEP("true")};

    (void)state;
    for (size_t d = 0; d < 2; d++) {
        char *texts[2];

        for (size_t t = 0; t < 2; t++) {
            struct sw_err err = {0};
            struct sw_recipe *r = good(tables[t], documents[d]);
            SW_AUTO_JSON json_t *key = sw_use_canonical(&r->uses[0], &err);

            texts[t] = sw_json_canonical(key, &err);
            sw_recipe_free(r);
        }
        assert_int_equal(strcmp(texts[0], texts[1]) == 0, d == 1);
        free(texts[0]);
        free(texts[1]);
    }
}

static void what_the_table_has_not_is_a_fault_where_it_stands(void **state)
{
    (void)state;
    assert_faults_of("", STEP("echo {{ aws:ssm:/none }}"),
                     "first.yml:7:66: the recipe's ssmParameters have no '/none'\n");
    assert_faults_of("ssmParameters: {/x: y}\n", STEP("{{ aws:ssm:resolve(Which) }}"),
                     "first.yml:7:61: the recipe's ssmParameters have no '/lab/key'\n");
    assert_faults_of("ssmParameters: {/lab/key: away}\n", STEP("{{ aws:ssm:resolve(aws:ssm:/lab/key) }}"),
                     "first.yml:7:61: the recipe's ssmParameters have no 'away'\n");
    /* A document that is executed is one of them. */
    write_text("child.yml", STEP("{{ aws:ssm:/none }}"));
    assert_faults_of("",
                     "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: E, action: "
                     "ExecuteDocument, inputs: {document: child.yml}}\n",
                     "child.yml:7:61: the recipe's ssmParameters have no '/none'\n");
}

/* Which table there is only a recipe says. */
static void a_document_by_itself_may_refer_to_anything(void **state)
{
    (void)state;
    sw_component_free(good_component(STEP("{{ aws:ssm:/any/name }} {{ aws:ssm:resolve(Which) }}")));
    assert_faults(STEP("{{ aws:ssm:resolve(None) }}"),
                  "7:61: 'None' is no parameter and no constant of this document\n");
}

static void what_is_no_reference_is_a_fault(void **state)
{
    /* Nobody needs as many. */
    static const char deep[] =
        "{{ aws:ssm:resolve(aws:ssm:resolve(aws:ssm:resolve(aws:ssm:resolve(aws:ssm:resolve(aws:ssm:resolve("
        "aws:ssm:resolve(aws:ssm:resolve(aws:ssm:resolve(aws:ssm:resolve(Which)))))))))) }}";
    static const char *const texts[] = {"{{ aws:ssm: }}",
                                        "{{ aws:ssm:a b }}",
                                        "{{ aws:ssm:resolve() }}",
                                        "{{ aws:ssm:resolve(a }}",
                                        "{{ aws:ssm:resolve(/a) }}",
                                        "{{ aws:ssm:resolve(aws:ssm:) }}",
                                        "{{ aws:secretsmanager:a }}",
                                        "{{ aws:ssm:$(id) }}",
                                        deep};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++) {
        struct sw_err err = {0};
        SW_AUTO_FREE char *text = sw_strf(&err, STEP("%s"), texts[i]);
        struct sw_component *c = sw_component_parse(text, strlen(text), "doc.yml", NULL, &err);

        if (c != NULL || strstr(err.text, "7:61: not a reference") == NULL)
            fail_msg("%s: %s", texts[i], err.text);
    }
}

static void a_bad_table_is_a_fault(void **state)
{
    (void)state;
    assert_faults_of(
        "ssmParameters:\n"
        "  /empty: ''\n"
        "  /lines: \"a\\nb\"\n"
        "  'a b': c\n"
        "  /both: {value: a, file: b}\n"
        "  /none: {type: String}\n"
        "  /type: {value: abcd, type: Secure}\n"
        "  /map: {value: {a: b}}\n"
        "  /list: [a, [b]]\n"
        "  /short: {value: abc, type: SecureString}\n"
        "  /more: {value: a, tier: b}\n",
        STEP("true"),
        "7:11: the SSM parameter '/empty' is empty\n"
        "8:11: the SSM parameter '/lines' has several lines: a step takes one only\n"
        "9:3: 'a b' is no name of an SSM parameter: letters, digits and _.-/ are allowed\n"
        "10:10: an SSM parameter needs one, not both, of 'value' and 'file'\n"
        "11:10: an SSM parameter needs one of 'value' and 'file'\n"
        "12:30: the type is 'Secure': it must be String, StringList or SecureString\n"
        "13:17: the value of '/map' is a map here, and must be a text or a list\n"
        "14:14: an entry of a list is a list here, and must be a text\n"
        "15:11: warning: the secret SSM parameter '/short' has fewer than 4 bytes: logs will show it\n"
        "16:21: an SSM parameter has no field 'tier'\n");
    assert_faults_of("ssmParameters: [a]\n", STEP("true"),
                     "6:16: 'ssmParameters' is a list here, and must be a map\n");
}

/* Lint has not what the lab has: neither the file, nor maybe the value. */
static void lint_warns_of_what_is_not_here(void **state)
{
    static const struct sw_lint lint;
    struct sw_diags diags = {0};
    struct sw_err err = {0};

    (void)state;
    write_text("first.yml", STEP("{{ aws:ssm:/a }}{{ aws:ssm:/b }}"));
    write_text("recipe.yml", RECIPE_HEAD "ssmParameters: {/a: {file: not-here.txt}}\n");
    assert_ok(sw_lint_file(&lint, "recipe.yml", &diags, &err), err);
    SW_AUTO_FREE char *got = faults_text(&diags, "recipe.yml");
    assert_string_equal(got, "first.yml:7:77: warning: the recipe's ssmParameters have no '/b'\n");
    sw_diags_free(&diags);
    assert_null(sw_recipe_load("recipe.yml", NULL, NULL, &err));
    assert_non_null(strstr(err.text, "ssmParameters '/a': cannot open 'not-here.txt'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_is_the_recipes_value),
        cmocka_unit_test(what_a_file_holds_or_a_secure_string_is_secret),
        cmocka_unit_test(a_plan_key_depends_on_values_only_where_they_are_used),
        cmocka_unit_test(what_the_table_has_not_is_a_fault_where_it_stands),
        cmocka_unit_test(a_document_by_itself_may_refer_to_anything),
        cmocka_unit_test(what_is_no_reference_is_a_fault),
        cmocka_unit_test(a_bad_table_is_a_fault),
        cmocka_unit_test(lint_warns_of_what_is_not_here),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
