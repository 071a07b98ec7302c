/* Component documents: what is read, and every fault with its place. */
#include "tests/unit/recipe/recipe_case.h"

#define ONE_STEP(step) HEAD "      - " step "\n"

static void a_full_document_is_read(void **state)
{
    struct sw_component *c =
        good_component("name: web\n"
                       "description: all of it\n"
                       "schemaVersion: 1.0\n"
                       "parameters:\n"
                       "  - Port: {type: string, default: 080, allowedValues: ['080', 443]}\n"
                       "constants:\n"
                       "  - Folder: {type: string, value: /opt/web}\n"
                       "phases:\n"
                       "  - name: build\n"
                       "    steps:\n"
                       "      - name: Files\n"
                       "        action: CreateFile\n"
                       "        onFailure: Continue\n"
                       "        maxAttempts: 3\n"
                       "        timeoutSeconds: -1\n"
                       "        disableLogging: true\n"
                       "        inputs:\n"
                       "          - path: '{{ Folder }}/a'\n"
                       "            permissions: 0755\n"
                       "          - {path: /b, content: x}\n"
                       "  - name: test\n"
                       "    steps:\n"
                       "      - {name: Run, action: ExecuteBinary, inputs: {path: /bin/true}}\n");
    const struct sw_step *step = &c->phases[0].steps[0];

    (void)state;
    assert_string_equal(c->name, "web");
    assert_string_equal(c->parameters[0].fallback, "080");
    assert_string_equal(c->constants[0].value, "/opt/web");
    assert_int_equal(c->nr_phases, 2);
    assert_int_equal(c->phases[1].kind, SW_PHASE_TEST);
    assert_string_equal(step->action->name, "CreateFile");
    assert_int_equal(step->nr_items, 2);
    assert_int_equal(step->timeout_s, SW_TIMEOUT_NONE);
    assert_int_equal(step->max_attempts, 3);
    assert_int_equal(step->on_failure, SW_ON_FAILURE_CONTINUE);
    assert_true(step->disable_logging);
    assert_int_equal(step->line, 11);
    assert_string_equal(sw_node_get(step->items[0], "permissions")->text, "0755");
    step = &c->phases[1].steps[0];
    assert_int_equal(step->timeout_s, SW_TIMEOUT_DEFAULT_S);
    assert_int_equal(step->max_attempts, 1);
    assert_int_equal(step->on_failure, SW_ON_FAILURE_ABORT);
    sw_component_free(c);
}

static void a_document_without_a_name_has_its_files(void **state)
{
    struct sw_component *c =
        good_component(ONE_STEP("{name: a, action: ExecuteBash, inputs: {commands: [':']}}"));

    (void)state;
    assert_string_equal(c->name, "doc");
    assert_string_equal(c->description, "");
    sw_component_free(c);
}

static void schema_versions_as_people_write_them_are_taken(void **state)
{
    static const char *const good[] = {"1", "1.0", "'1.0'"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char text[256];

        snprintf(text, sizeof(text),
                 "schemaVersion: %s\nphases: [{name: test, steps: [{name: a, action: DeleteFile, "
                 "inputs: [{path: /x}]}]}]\n",
                 good[i]);
        sw_component_free(good_component(text));
    }
    assert_faults(
        "schemaVersion: 1.1\nphases: [{name: test, steps: [{name: a, action: DeleteFile, inputs: [{path: "
        "/x}]}]}]\n",
        "1:16: schemaVersion '1.1' is not known: 1.0 is\n");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    assert_faults("name: a\n", "1:1: 'phases' is missing\n1:1: 'schemaVersion' is missing\n");
    assert_faults("schemaVersion: 1.0\nphases: []\n",
                  "2:9: a document needs at least one of the phases build, validate and test\n");
    assert_faults("schemaVersion: 1.0\nphases: [{name: build}]\n", "2:10: 'steps' is missing\n");
    assert_faults(ONE_STEP("{}"), "5:9: 'action' is missing\n5:9: 'name' is missing\n");
    assert_faults(ONE_STEP("{name: a, action: CreateFile}"),
                  "5:9: CreateFile needs 'inputs' as a list of maps ('- path: \xe2\x80\xa6')\n");
    assert_faults(ONE_STEP("{name: a, action: CopyFile, inputs: [{source: /a}]}"),
                  "5:46: CopyFile needs the input 'destination'\n");
    assert_faults("- a\n", "1:1: a component document is a map, and this is a list\n");
}

static void misspelt_words_get_a_suggestion(void **state)
{
    (void)state;
    assert_faults("schemaversion: 1.0\n" HEAD "      - {name: a, action: executebash, input: {}}\n",
                  "1:1: a component document has no field 'schemaversion' (did you mean 'schemaVersion'?)\n"
                  "6:27: there is no action 'executebash' (did you mean 'ExecuteBash'?)\n"
                  "6:40: a step has no field 'input' (did you mean 'inputs'?)\n");
    assert_faults(ONE_STEP("{name: a, action: DeleteFolder, inputs: [{pth: /a, forced: true, path: /b}]}"),
                  "5:51: DeleteFolder has no input 'pth' (did you mean 'path'?)\n"
                  "5:60: DeleteFolder has no input 'forced' (did you mean 'force'?)\n");
    assert_faults(ONE_STEP("{name: a, action: Frobnicate}"), "5:27: there is no action 'Frobnicate'\n");
}

static void inputs_have_the_form_of_their_action(void **state)
{
    (void)state;
    assert_faults(ONE_STEP("{name: a, action: ExecuteBash, inputs: [{commands: [a]}]}"),
                  "5:48: ExecuteBash needs 'inputs' as a map\n");
    assert_faults(ONE_STEP("{name: a, action: DeleteFile, inputs: {path: /x}}"),
                  "5:47: DeleteFile needs 'inputs' as a list of maps ('- path: \xe2\x80\xa6')\n");
    assert_faults(ONE_STEP("{name: a, action: DeleteFile, inputs: [/x]}"),
                  "5:48: an entry of 'inputs' is a text here, and must be a map\n");
    assert_faults(ONE_STEP("{name: a, action: DeleteFile, inputs: []}"), "5:47: 'inputs' is empty\n");
    assert_faults(ONE_STEP("{name: a, action: ExecuteBash, inputs: {commands: ls}}"),
                  "5:59: 'commands' is a text here, and must be a list of texts\n");
    assert_faults(ONE_STEP("{name: a, action: ExecuteBash, inputs: {commands: []}}"),
                  "5:59: 'commands' is empty\n");
    assert_faults(
        ONE_STEP("{name: a, action: ExecuteBash, inputs: {commands: [echo a: b]}}"),
        "5:60: an entry of 'commands' is a map here, and must be a text (put it in quotes: it holds ': ')\n");
}

static void typed_inputs_are_checked_unless_they_have_references(void **state)
{
    (void)state;
    assert_faults(
        ONE_STEP("{name: a, action: CreateFile, inputs: [{path: '', permissions: 0888, overwrite: maybe, "
                 "encoding: latin1}]}"),
        "5:55: 'path' is '': it must not be empty\n"
        "5:72: 'permissions' is '0888': it must be octal digits, such as 0644\n"
        "5:89: 'overwrite' is 'maybe': it must be true or false\n"
        "5:106: 'encoding' is 'latin1': it must be utf8, utf16, utf16-LE, utf16-BE, utf32, \xe2\x80\xa6\n");
    sw_component_free(good_component(
        "schemaVersion: 1.0\nparameters: [{Mode: {type: string}}]\nphases: [{name: build, steps: [{name: a, action: "
        "CreateFile, inputs: [{path: '{{ Mode }}', permissions: '{{ Mode }}', overwrite: '{{ Mode }}'}]}]}]\n"));
}

static void numbers_of_a_step_have_bounds(void **state)
{
    (void)state;
    assert_faults(
        ONE_STEP("{name: a, action: DeleteFile, timeoutSeconds: 0, maxAttempts: 0, inputs: [{path: /x}]}"),
        "5:55: timeoutSeconds is '0': it must be seconds, or -1 for no limit\n"
        "5:71: maxAttempts is '0': it must be a number from 1\n");
    assert_faults(
        ONE_STEP("{name: a, action: DeleteFile, timeoutSeconds: -2, maxAttempts: 1.5, inputs: [{path: /x}]}"),
        "5:55: timeoutSeconds is '-2': it must be seconds, or -1 for no limit\n"
        "5:72: maxAttempts is '1.5': it must be a number from 1\n");
    assert_faults(
        ONE_STEP("{name: a, action: DeleteFile, timeoutSeconds: 99999999999999999999, onFailure: abort, "
                 "disableLogging: 1, inputs: [{path: /x}]}"),
        "5:55: timeoutSeconds is '99999999999999999999': it must be seconds, or -1 for no limit\n"
        "5:88: onFailure is 'abort': it must be Abort, Continue or Ignore\n"
        "5:111: disableLogging is '1': it must be true or false\n");
}

static void names_are_unique_where_they_must_be(void **state)
{
    (void)state;
    assert_faults(HEAD "      - {name: a, action: DeleteFile, inputs: [{path: /x}]}\n"
                       "      - {name: a, action: DeleteFile, inputs: [{path: /x}]}\n"
                       "  - {name: build, steps: [{name: a, action: DeleteFile, inputs: [{path: /x}]}]}\n",
                  "6:16: the step name 'a' is there twice in this phase\n"
                  "7:12: the phase name 'build' is there twice\n");
    assert_faults("parameters:\n  - One: {type: string}\n  - One: {type: string}\n"
                  "constants:\n  - One: {type: string, value: x}\n" ONE_STEP(
                      "{name: a, action: DeleteFile, inputs: [{path: /x}]}"),
                  "3:5: the name 'One' is there twice: parameters and constants share one set\n"
                  "5:5: the name 'One' is there twice: parameters and constants share one set\n");
}

static void parameters_and_constants_are_checked(void **state)
{
    (void)state;
    assert_faults(
        "parameters:\n"
        "  - Aa: {type: string}\n"
        "  - Bad name: {type: number, dfault: x}\n"
        "  - Choice: {type: string, default: c, allowedValues: [a, b, [c]]}\n"
        "  - {Two: {type: string}, Three: {type: string}}\n"
        "constants:\n"
        "  - Left: {type: string}\n" ONE_STEP("{name: a, action: DeleteFile, inputs: [{path: /x}]}"),
        "2:5: the name 'Aa' of a parameter must be 3 to 128 letters, digits, '_' or '-'\n"
        "3:5: the name 'Bad name' of a parameter must be 3 to 128 letters, digits, '_' or '-'\n"
        "3:22: the type 'number' is not known: string is\n"
        "3:30: a parameter has no field 'dfault' (did you mean 'default'?)\n"
        "4:37: the default 'c' is not in 'allowedValues'\n"
        "4:62: an allowed value is a list here, and must be a text\n"
        "5:5: a parameter is a map with one key, its name ('- NAME: {type: string, \xe2\x80\xa6}')\n"
        "7:11: 'value' is missing\n");
}

static void references_to_inputs_and_stores_are_fine(void **state)
{
    (void)state;
    assert_faults(
        HEAD "      - name: a\n"
             "        action: S3Download\n"
             "        inputs: [{source: 's3://b/k', destination: /k}]\n"
             "      - name: b\n"
             "        action: ExecuteBash\n"
             "        inputs:\n"
             "          commands:\n"
             "            - cat '{{ build.a.inputs[0].destination }}'\n"
             "            - echo {{ aws:ssm:/name }} {{ aws:ssm }}\n",
        "13:40: not a reference: {{ name }}, {{ phase.step.inputs.key }}, {{ phase.step.outputs.key }} and "
        "{{ aws:ssm:NAME }} are\n");
}

static void a_phase_that_is_never_run_is_a_warning(void **state)
{
    (void)state;
    assert_faults(
        ONE_STEP("{name: a, action: DeleteFile, inputs: [{path: /x}]}") "  - name: cleanup\n    steps: []\n",
        "6:11: warning: the phase 'cleanup' is never run: build, validate and test are\n"
        "7:12: warning: a phase without steps\n");
}

static void a_long_document_is_a_warning(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_buf_puts(&text, ONE_STEP("{name: a, action: DeleteFile, inputs: [{path: /x}]}"), &err), err);
    while (text.len < 16100)
        assert_ok(sw_buf_puts(&text, "# a comment to fill the document\n", &err), err);
    assert_true(text.len < 16200);
    sw_component_free(good_component(text.data));
    sw_buf_free(&text);
}

static void equal_documents_have_equal_digests(void **state)
{
    struct sw_component *a = good_component(ONE_STEP("{name: a, action: DeleteFile, inputs: [{path: /x}]}"));
    struct sw_component *b =
        good_component("# a comment\nphases:\n- steps:\n  - inputs: [path: '/x']\n    action: "
                       "\"DeleteFile\"\n    name: a\n  name: build\nschemaVersion: '1.0'\n");
    struct sw_component *c = good_component(ONE_STEP("{name: a, action: DeleteFile, inputs: [{path: /y}]}"));

    (void)state;
    assert_string_equal(a->digest, b->digest);
    assert_string_not_equal(a->digest, c->digest);
    assert_int_equal(strlen(a->digest), 64);
    sw_component_free(a);
    sw_component_free(b);
    sw_component_free(c);
}

static void the_first_fault_is_the_error(void **state)
{
    static const char text[] = "phases: {}\nname: []\n";
    struct sw_err err = {0};

    (void)state;
    assert_null(sw_component_parse(text, sizeof(text) - 1, "doc.yml", NULL, &err));
    assert_int_equal(err.code, SW_RECIPE);
    assert_string_equal(err.text, "doc.yml:1:1: 'schemaVersion' is missing (and 2 more: see slipway lint)");
}

static void a_file_that_is_not_there_is_no_fault_of_the_document(void **state)
{
    struct sw_diags diags = {0};
    struct sw_err err = {0};

    (void)state;
    assert_null(sw_component_load("/nonexistent/x.yml", &diags, &err));
    assert_int_equal(err.code, SW_FAILED);
    assert_int_equal(diags.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_document_is_read),
        cmocka_unit_test(a_document_without_a_name_has_its_files),
        cmocka_unit_test(schema_versions_as_people_write_them_are_taken),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(misspelt_words_get_a_suggestion),
        cmocka_unit_test(inputs_have_the_form_of_their_action),
        cmocka_unit_test(typed_inputs_are_checked_unless_they_have_references),
        cmocka_unit_test(numbers_of_a_step_have_bounds),
        cmocka_unit_test(names_are_unique_where_they_must_be),
        cmocka_unit_test(parameters_and_constants_are_checked),
        cmocka_unit_test(references_to_inputs_and_stores_are_fine),
        cmocka_unit_test(a_phase_that_is_never_run_is_a_warning),
        cmocka_unit_test(a_long_document_is_a_warning),
        cmocka_unit_test(equal_documents_have_equal_digests),
        cmocka_unit_test(the_first_fault_is_the_error),
        cmocka_unit_test(a_file_that_is_not_there_is_no_fault_of_the_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
