/* ExecuteDocument before anything runs: which files are meant, and what is wrong with them. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/recipe/documents.h"

#include <sys/stat.h>
#include <unistd.h>

#define RUN(inputs) HEAD "      - {name: Run, action: ExecuteDocument, inputs: {" inputs "}}\n"
#define LEAF        HEAD "      - {name: a, action: ExecuteBash, inputs: {commands: [ls]}}\n"

static char dir[64];

static void put(const char *name, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    write_text(path, text);
}

/* Lints DIR/main.yml with these bytes; its faults, with DIR for the folder. */
static void assert_lint(const char *text, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_buf out = {0};
    char path[128];

    put("main.yml", text);
    snprintf(path, sizeof(path), "%s/main.yml", dir);
    assert_ok(sw_lint_file(&(struct sw_lint){.ctx = NULL}, path, &diags, &err), err);
    sw_diags_sort(&diags);
    assert_ok(sw_buf_puts(&out, "", &err), err);
    for (size_t i = 0; i < diags.n; i++) {
        char *message = diags.items[i].message, *at = strstr(message, dir);

        if (at != NULL) {
            memcpy(at, "DIR", 3);
            memmove(at + 3, at + strlen(dir), strlen(at + strlen(dir)) + 1);
        }
        assert_ok(sw_buf_printf(&out, &err, "%s:%zu: %s\n", sw_path_base(diags.items[i].file),
                                diags.items[i].line, message),
                  err);
    }
    assert_string_equal(out.data, want);
    sw_buf_free(&out);
    sw_diags_free(&diags);
}

static void a_document_beside_it_is_checked_with_it(void **state)
{
    (void)state;
    put("child.yml", HEAD "      - {name: a, action: ExecuteBash, inputs: {command: [ls]}}\n");
    assert_lint(RUN("document: child.yml"),
                "child.yml:5: ExecuteBash needs the input 'commands'\n"
                "child.yml:5: ExecuteBash has no input 'command' (did you mean 'commands'?)\n");
    put("child.yml", LEAF);
    assert_lint(RUN("document: child.yml"), "");
    assert_lint(RUN("document: not-here.yml"), "");
    assert_lint(RUN("document: child.yml, phases: 'build,tset'"),
                "main.yml:5: document 'child' has no phase 'tset'\n");
}

static void what_a_document_is_given_is_checked(void **state)
{
    (void)state;
    put("child.yml", "parameters:\n  - Size: {type: string, allowedValues: [small, large]}\n" LEAF);
    assert_lint(RUN("document: child.yml"),
                "main.yml:5: document 'child': the parameter 'Size' has no default: give it a value\n");
    assert_lint(RUN("document: child.yml, parameters: [{name: Size, value: huge}]"),
                "main.yml:5: document 'child': the parameter 'Size' does not allow the value 'huge'\n");
    assert_lint(RUN("document: child.yml, parameters: [{name: Size, value: small}]"), "");
    assert_lint("parameters: [{Given: {type: string}}]\n" RUN(
                    "document: child.yml, parameters: [{name: Size, value: '{{ Given }}'}]"),
                "");
    assert_lint(RUN("document: child.yml, parameters: [{name: Size}]"), "main.yml:5: 'value' is missing\n");
}

static void cycles_and_too_many_levels_are_faults(void **state)
{
    (void)state;
    assert_lint(RUN("document: main.yml"),
                "main.yml:5: the document 'DIR/main.yml' is the one that runs here, or "
                "one of those that execute it\n");
    put("d1.yml", "description: one\n" RUN("document: d2.yml"));
    put("d2.yml", "description: two\n" RUN("document: d3.yml"));
    put("d3.yml", "description: three\n" LEAF);
    assert_lint(RUN("document: d1.yml"), "");
    put("d4.yml", LEAF);
    put("d3.yml", "description: three\n" RUN("document: d4.yml"));
    assert_lint(RUN("document: d1.yml"),
                "d3.yml:6: the document 'DIR/d4.yml' lies more than 3 levels beneath the first\n");
    put("d3.yml", "description: three\n" RUN("document: d1.yml"));
    assert_lint(
        RUN("document: d1.yml"),
        "d3.yml:6: the document 'DIR/d1.yml' is the one that runs here, or one of those that execute it\n");
}

static void the_same_document_in_every_turn_is_no_cycle(void **state)
{
    (void)state;
    put("s-1.yml", "description: one\n" LEAF);
    put("s-2.yml", "schemaVersion: 2\n");
    assert_lint(HEAD "      - name: Run\n        action: ExecuteDocument\n"
                     "        loop: {name: L, for: {start: 1, end: 2, updateBy: 1}}\n"
                     "        inputs: {document: 's-{{ L.value }}.yml'}\n",
                "s-2.yml:1: 'phases' is missing\ns-2.yml:1: schemaVersion '2' is not known: 1.0 is\n");
    assert_lint(
        HEAD
        "      - name: Run\n        action: ExecuteDocument\n        loop: {forEach: [s-1.yml, s-1.yml]}\n"
        "        inputs: {document: '{{ loop.value }}'}\n",
        "");
}

static void time_and_attempts_are_fixed(void **state)
{
    (void)state;
    assert_lint(HEAD
                "      - {name: Run, action: ExecuteDocument, timeoutSeconds: 60, maxAttempts: 2, inputs: "
                "{document: x}}\n",
                "main.yml:5: timeoutSeconds of ExecuteDocument is always -1\n"
                "main.yml:5: maxAttempts of ExecuteDocument is always 1\n");
    assert_lint(HEAD
                "      - {name: Run, action: ExecuteDocument, timeoutSeconds: -1, maxAttempts: 1, inputs: "
                "{document: x}}\n",
                "");
}

/* A file of this machine is found beneath the document's own folder only. */
static void names_do_not_lead_out_of_the_folder(void **state)
{
    (void)state;
    put("outside.yml", "not: a component\n");
    assert_lint(RUN("document: ../outside.yml"), "");
    assert_lint(RUN("document: sub/../../outside.yml"), "");
    assert_lint(RUN("document: /etc/passwd"), "");
}

static struct sw_recipe *load_recipe(struct sw_err *err)
{
    const struct sw_overrides overrides = {.base = "base.raw", .base_format = "raw"};
    char path[128];

    snprintf(path, sizeof(path), "%s/recipe.yml", dir);
    return sw_recipe_load(path, &overrides, NULL, err);
}

static char *canonical(void)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe = load_recipe(&err);
    json_t *json;
    char *text;

    if (recipe == NULL) {
        fail_msg("%s", err.text);
        return NULL;
    }
    json = sw_use_canonical(&recipe->uses[0], &err);
    text = sw_json_canonical(json, &err);
    json_decref(json);
    sw_recipe_free(recipe);
    return text;
}

static void what_a_layer_is_made_of_includes_its_documents(void **state)
{
    char *one, *other, *again;

    (void)state;
    put("recipe.yml", "name: test\nsemanticVersion: 1.0.0\nparentImage: base.raw\nparentImageFormat: raw\n"
                      "components: [{component: main.yml, parameters: [{name: Doc, value: [child]}]}]\n");
    put("main.yml", "parameters: [{Doc: {type: string}}]\n" RUN("document: '{{ Doc }}.yml'"));
    put("child.yml", LEAF);
    one = canonical();
    put("child.yml", "description: other\n" LEAF);
    other = canonical();
    put("child.yml", "# a comment\n" LEAF);
    again = canonical();
    assert_string_not_equal(one, other);
    assert_string_equal(one, again);
    assert_null(strstr(one, dir));
    free(one);
    free(other);
    free(again);
}

static void documents_by_arn_come_from_the_catalogue(void **state)
{
    struct sw_err err = {0};
    char path[128];
    char *text;

    (void)state;
    snprintf(path, sizeof(path), "%s/components", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    put("main.yml", RUN("document: 'arn:aws:imagebuilder:us-west-2:aws:component/sample/1.0.0'"));
    put("recipe.yml", "name: test\nsemanticVersion: 1.0.0\nparentImage: base.raw\nparentImageFormat: raw\n"
                      "components: [{component: main.yml}]\n");
    assert_null(load_recipe(&err));
    assert_non_null(strstr(err.text, "main.yml:5:"));
    assert_non_null(strstr(err.text, "arn:aws:imagebuilder:us-west-2:aws:component/sample/1.0.0"));
    snprintf(path, sizeof(path), "%s/components/sample", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    put("components/sample/1.0.0.yml", LEAF);
    text = canonical();
    assert_non_null(strstr(text, "\"documents\":[{"));
    free(text);
}

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/slipway-documents.XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    struct sw_err err = {0};

    (void)state;
    return sw_remove_tree(dir, &err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_beside_it_is_checked_with_it),
        cmocka_unit_test(what_a_document_is_given_is_checked),
        cmocka_unit_test(cycles_and_too_many_levels_are_faults),
        cmocka_unit_test(the_same_document_in_every_turn_is_no_cycle),
        cmocka_unit_test(time_and_attempts_are_fixed),
        cmocka_unit_test(names_do_not_lead_out_of_the_folder),
        cmocka_unit_test(what_a_layer_is_made_of_includes_its_documents),
        cmocka_unit_test(documents_by_arn_come_from_the_catalogue),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
