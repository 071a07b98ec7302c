/* What a plan's inputs say of what a component downloads. */
#include "tests/unit/testing.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/build/plan.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" /* of "abc" */

static void write_text(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_write_file(path, text, strlen(text), 0600, &err), err);
}

/* The inputs of the one component's layer as text; sealed: the document that it executes is. Free it. */
static char *inputs_text(bool sealed)
{
    const struct sw_build_opts opts = {.recipe = "recipe.yml"};
    const struct sw_layer base = {.digest = ABC, .size_bytes = 1, .virtual_bytes = 1 << 20};
    struct sw_diags diags = {.n = 0};
    struct sw_store *store = NULL;
    struct sw_err err = {.code = SW_OK};
    struct plan *plan = NULL;
    char *text;

    assert_ok(plan_load(&opts, &diags, &plan, &err), err);
    assert_int_equal(plan->recipe->uses[0].nr_documents, 1);
    if (sealed)
        ((struct sw_component *)(uintptr_t)plan->recipe->uses[0].documents[0].component)->sealed =
            "inner/1.0.0";
    assert_ok(fetch_look(plan->fetch, &diags, &err), err);
    assert_ok(sw_store_open("store", true, &store, &err), err);
    assert_ok(plan_resolve(plan, store, &base, true, &err), err);
    text = sw_json_canonical(plan->layers[1].inputs, &err);
    assert_non_null(text);
    sw_store_close(store);
    plan_free(plan);
    sw_diags_free(&diags);
    return text;
}

static void sources_of_a_sealed_document_that_a_plain_one_executes_are_not_in_the_inputs(void **state)
{
    char *text;

    (void)state;
    write_text("abc", "abc");
    write_text("base.raw", "x");
    write_text("recipe.yml",
               "name: web\nsemanticVersion: 1.0.0\nparentImage: base.raw\nparentImageFormat: raw\n"
               "components:\n  - component: doc.yml\ninputs:\n  https://canary/a: abc\n");
    write_text("doc.yml", "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
                          "      - {name: Run, action: ExecuteDocument, inputs: {document: inner.yml}}\n");
    write_text("inner.yml", "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
                            "      - name: Get\n        action: WebDownload\n        inputs:\n"
                            "          - {source: 'https://canary/a', destination: /a}\n");
    text = inputs_text(false);
    assert_non_null(strstr(text, "{\"https://canary/a\":\"" ABC "\"}"));
    free(text);
    text = inputs_text(true);
    assert_null(strstr(text, "canary"));
    assert_non_null(strstr(text, "[\"" ABC "\"]"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources_of_a_sealed_document_that_a_plain_one_executes_are_not_in_the_inputs),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
