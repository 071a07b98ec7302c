/* inputs: and uploads: of a recipe, and sources that nobody can know before the build. */
#include "tests/unit/recipe/recipe_case.h"

#define RECIPE "name: web\nsemanticVersion: 1.0.0\nparentImage: base.raw\n"

static struct sw_recipe *load(const char *text, struct sw_diags *diags, struct sw_err *err)
{
    write_text("recipe.yml", text);
    return sw_recipe_load("recipe.yml", NULL, diags, err);
}

static void expect_recipe_faults(const char *text, const char *want)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe = load(text, &diags, &err);
    char *got = faults_text(&diags, "recipe.yml");

    assert_string_equal(got, want);
    assert_null(recipe);
    assert_int_equal(err.code, SW_RECIPE);
    free(got);
    sw_diags_free(&diags);
}

static void a_source_has_a_file_a_digest_or_both(void **state)
{
    struct sw_err err = {0};
    struct sw_recipe *recipe =
        load(RECIPE "inputs:\n"
                    "  https://example.com/a.tar: files/a.tar\n"
                    "  s3://lab/tools/*: /media/tools\n"
                    "  https://example.com/b?v=1:\n"
                    "    sha256: ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789\n"
                    "uploads:\n  s3://lab: up\n  s3://lab/logs/*: logs\n",
             NULL, &err);

    (void)state;
    if (recipe == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(recipe->nr_inputs, 3);
    assert_string_equal(recipe->inputs[0].source, "https://example.com/a.tar");
    assert_string_equal(recipe->inputs[0].path, "files/a.tar");
    assert_string_equal(recipe->inputs[1].source, "https://example.com/b?v=1");
    assert_null(recipe->inputs[1].path);
    assert_string_equal(recipe->inputs[1].sha256,
                        "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
    assert_string_equal(recipe->inputs[2].source, "s3://lab/tools/");
    assert_string_equal(recipe->inputs[2].path, "/media/tools");
    assert_string_equal(recipe->uploads[0].destination, "s3://lab/logs/");
    assert_string_equal(recipe->uploads[1].destination, "s3://lab/");
    sw_recipe_free(recipe);
}

static void a_document_in_a_bucket_is_the_file_that_inputs_names(void **state)
{
    static const char text[] = RECIPE "components:\n  - component: outer.yml\n";
    struct sw_diags diags = {0};
    struct sw_err err = {0};
    struct sw_recipe *recipe;

    (void)state;
    write_text("inner.yml", HEAD "      - {name: A, action: ExecuteBash, inputs: {commands: [echo a]}}\n");
    write_text("outer.yml", HEAD "      - name: Inner\n        action: ExecuteDocument\n"
                                 "        inputs: {document: 's3://lab/inner.yml'}\n");
    recipe = load(RECIPE "components:\n  - component: outer.yml\ninputs:\n  s3://lab/inner.yml: inner.yml\n",
                  &diags, &err);
    if (recipe == NULL)
        fail_msg("%s", err.text);
    assert_int_equal(recipe->uses[0].nr_documents, 1);
    assert_string_equal(recipe->uses[0].documents[0].component->file, "inner.yml");
    sw_recipe_free(recipe);
    assert_null(load(text, &diags, &err));
    assert_non_null(strstr(err.text, "no document for 's3://lab/inner.yml': it is not on this machine"));
    sw_diags_free(&diags);
}

static void every_fault_of_the_tables_has_its_place(void **state)
{
    (void)state;
    expect_recipe_faults(
        RECIPE "inputs:\n"
               "  file:///etc/passwd: a\n"
               "  https://example.com/a: [b]\n"
               "  https://example.com/b: {sha256: abc}\n"
               "  https://example.com/c: {}\n"
               "  https://example.com/d/: {path: d, sha256: "
               "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789}\n"
               "  https://example.com/e: {file: e}\n"
               "  s3:///e: e\n"
               "uploads:\n"
               "  https://example.com/: a\n"
               "  s3://lab/a: [b]\n"
               "  s3://lab/b: ''\n",
        "5:3: the input 'file:///etc/passwd' must begin with http://, https:// or s3://\n"
        "6:26: an input is a list here, and must be a path or a map\n"
        "7:35: sha256 is 'abc': it must be 64 hex digits\n"
        "8:26: an input needs 'path', 'sha256' or both\n"
        "9:3: the input 'https://example.com/d/' stands for many files: it cannot have one sha256\n"
        "10:26: an input needs 'path', 'sha256' or both\n"
        "10:27: an input has no field 'file'\n"
        "11:3: the input 's3:///e' must begin with http://, https:// or s3://\n"
        "13:3: the upload 'https://example.com/' must begin with s3:// and a bucket\n"
        "14:15: an upload needs the path of a folder\n"
        "15:15: an upload needs the path of a folder\n");
    expect_recipe_faults(RECIPE "inputs: [a]\n", "4:9: 'inputs' is a list here, and must be a map\n");
}

static void a_source_is_of_the_kind_that_its_action_takes(void **state)
{
    (void)state;
    assert_faults(HEAD "      - name: A\n        action: WebDownload\n        inputs:\n"
                       "          - source: s3://lab/a\n            destination: /a\n"
                       "      - name: B\n        action: S3Download\n        inputs:\n"
                       "          - {source: 'https://example.com/a', destination: /a}\n"
                       "          - {source: 's3://', destination: /a}\n"
                       "      - name: C\n        action: S3Upload\n        inputs:\n"
                       "          - {source: /a, destination: lab/a}\n"
                       "      - name: D\n        action: WebDownload\n        inputs:\n"
                       "          - {source: 'http://x/y', destination: /a, algorithm: CRC32}\n",
                  "8:21: 'source' is 's3://lab/a': it must begin with http:// or https://\n"
                  "13:22: 'source' is 'https://example.com/a': it must begin with s3:// and a bucket\n"
                  "14:22: 'source' is 's3://': it must begin with s3:// and a bucket\n"
                  "18:39: 'destination' is 'lab/a': it must begin with s3:// and a bucket\n"
                  "22:64: 'algorithm' is 'CRC32': it is none of the words that it may be\n");
}

static void a_source_that_a_step_decides_is_warned_of_also_through_inputs(void **state)
{
    (void)state;
    assert_faults(
        HEAD "      - name: Ask\n        action: ExecuteBash\n        inputs: {commands: [echo a]}\n"
             "      - name: Get\n        action: WebDownload\n        inputs:\n"
             "          - source: 'https://example.com/{{ build.Ask.outputs.stdout }}'\n"
             "            destination: /a\n"
             "      - name: Same\n        action: WebDownload\n        inputs:\n"
             "          - source: '{{ build.Get.inputs.source }}'\n"
             "            destination: '{{ build.Ask.outputs.stdout }}'\n",
        "11:21: warning: what this step downloads depends on an output of a step: it cannot be fetched before the "
        "build, and WebDownload runs only where the recipe says network: allow\n"
        "16:21: warning: what this step downloads depends on an output of a step: it cannot be fetched before the "
        "build, and WebDownload runs only where the recipe says network: allow\n");
}

static void sources_that_refer_to_each_other_very_often_end_soon(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_buf_puts(&text, HEAD, &err), err);
    for (int i = 0; i < 60; i++) {
        assert_ok(sw_buf_printf(&text, &err,
                                "      - name: S%d\n        action: WebDownload\n        inputs:\n"
                                "          - destination: /a\n            source: 'http://x/",
                                i),
                  err);
        for (int k = 0; i > 0 && k < 40; k++)
            assert_ok(sw_buf_printf(&text, &err, "{{ build.S%d.inputs.source }}", i - 1), err);
        assert_ok(sw_buf_puts(&text, "'\n", &err), err);
    }
    sw_component_free(good_component(text.data));
    sw_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_has_a_file_a_digest_or_both),
        cmocka_unit_test(a_document_in_a_bucket_is_the_file_that_inputs_names),
        cmocka_unit_test(every_fault_of_the_tables_has_its_place),
        cmocka_unit_test(a_source_is_of_the_kind_that_its_action_takes),
        cmocka_unit_test(a_source_that_a_step_decides_is_warned_of_also_through_inputs),
        cmocka_unit_test(sources_that_refer_to_each_other_very_often_end_soon),
    };

    return cmocka_run_group_tests(tests, enter_empty_folder, leave_folder);
}
