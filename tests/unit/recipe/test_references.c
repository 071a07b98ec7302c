/* References: what is one, where it may point, and what it becomes. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/json.h"

#include <stdbool.h>

/* Answers with the reference itself, in brackets. */
static int echo(void *arg, const struct sw_ref *ref, const char **text, struct sw_err *err)
{
    static char out[256];

    (void)arg;
    *text = NULL;
    if (ref->kind == SW_REF_LOOP_INDEX || ref->kind == SW_REF_LOOP_VALUE)
        return 0;
    if (ref->kind == SW_REF_NAME && strcmp(ref->name, "missing") == 0)
        return sw_fail(err, SW_RECIPE, "no '%s'", ref->name);
    if (ref->kind == SW_REF_NAME)
        snprintf(out, sizeof(out), "<%s>", ref->name);
    else if (ref->kind == SW_REF_SSM || ref->kind == SW_REF_SSM_OF)
        snprintf(out, sizeof(out), "<%s%zu %s>", ref->kind == SW_REF_SSM ? "ssm" : "of", ref->index,
                 ref->name);
    else
        snprintf(out, sizeof(out), "<%s|%s|%s|%zu%s|%s>", ref->phase, ref->step,
                 ref->kind == SW_REF_INPUT ? "in" : "out", ref->index, ref->indexed ? "!" : "", ref->name);
    *text = out;
    return 0;
}

static void assert_expands(const char *text, const char *want)
{
    struct sw_err err = {0};
    char *got = sw_expand(text, echo, NULL, &err);

    if (got == NULL)
        fail_msg("'%s': %s", text, err.text);
    assert_string_equal(got, want);
    free(got);
}

static void references_are_replaced_wherever_they_stand(void **state)
{
    (void)state;
    assert_expands("{{ one }}", "<one>");
    assert_expands("a {{one}} b {{  two-2_ \n}} c", "a <one> b <two-2_> c");
    assert_expands("{{build.Step.outputs.stdout}}", "<build|Step|out|0|stdout>");
    assert_expands("{{ build.Step.inputs[12].path }}", "<build|Step|in|12!|path>");
    assert_expands("{{ build.My Step.v1.outputs[0].stdout }}", "<build|My Step.v1|out|0!|stdout>");
    assert_expands("{{ aws:ssm:/lab/x }}{{aws:ssm:resolve(one)}}", "<ssm1 /lab/x><of1 one>");
    assert_expands("{{ aws:ssm:resolve( aws:ssm:resolve(aws:ssm:x.y) ) }}", "<ssm3 x.y>");
    assert_expands("{{{ one }}}", "{<one>}");
    assert_expands("{{ a {{ one }}", "{{ a <one>");
    assert_expands("", "");
}

static void what_is_somebody_elses_stays(void **state)
{
    static const char *const texts[] = {"{{ .Values.x }}",
                                        "{{.X}}",
                                        "{{- if .A -}}",
                                        "{{ json .Mounts }}",
                                        "{{ $x | upper }}",
                                        "{{}}",
                                        "{{ }}",
                                        "{{ loop.value }}",
                                        "{{ open",
                                        "} }} {",
                                        "{ { one } }",
                                        "{{ range .outputs.x }}",
                                        "${X}",
                                        "{{ 'a', 1 }}"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_expands(texts[i], texts[i]);
}

static void what_cannot_be_resolved_is_an_error(void **state)
{
    static const char *const texts[] = {"{{ missing }}",
                                        "{{ a.b }}",
                                        "{{ build.outputs.x }}",
                                        "{{ build.a.outputs[x].y }}",
                                        "{{ aws:ssm:/x y }}",
                                        "{{ build.a.inputs[-1].y }}",
                                        "{{ build.a.outputs[99999999999999999999].y }}"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sw_err err = {0};

        assert_null(sw_expand(texts[i], echo, NULL, &err));
        assert_int_equal(err.code, SW_RECIPE);
    }
}

static int large(void *arg, const struct sw_ref *ref, const char **text, struct sw_err *err)
{
    (void)ref;
    (void)err;
    *text = arg;
    return 0;
}

static void a_text_that_grows_too_large_is_an_error(void **state)
{
    char *mega = malloc((1 << 20) + 1);
    struct sw_err err = {0};
    char *got;

    (void)state;
    assert_non_null(mega);
    memset(mega, 'x', 1 << 20);
    mega[1 << 20] = '\0';
    got = sw_expand("{{ abc }}{{ abc }}", large, mega, &err);
    assert_non_null(got);
    assert_int_equal(strlen(got), 2 << 20);
    free(got);
    assert_null(sw_expand("{{ abc }}{{ abc }}{{ abc }}{{ abc }}{{ abc }}", large, mega, &err));
    assert_int_equal(err.code, SW_RECIPE);
    free(mega);
}

#define CHAIN                                                                                    \
    "parameters: [{Port: {type: string}}]\nconstants: [{Folder: {type: string, value: /opt}}]\n" \
    "schemaVersion: 1.0\nphases:\n"                                                              \
    "  - name: build\n    steps:\n"                                                              \
    "      - {name: one, action: ExecuteBash, inputs: {commands: [ls]}}\n"                       \
    "      - {name: two, action: CreateFile, inputs: [{path: /a}, {path: /b}]}\n"                \
    "      - {name: three, action: DeleteFile, inputs: [{path: \"%s\"}]}\n"                      \
    "      - {name: four, action: ExecuteBash, inputs: {commands: [ls]}}\n"                      \
    "  - name: test\n    steps:\n"                                                               \
    "      - {name: five, action: ExecuteBash, inputs: {commands: [ls]}}\n"

static void assert_lint(const char *reference, const char *want)
{
    char text[1024];

    snprintf(text, sizeof(text), CHAIN, reference);
    assert_faults(text, want);
}

static void known_references_have_no_fault(void **state)
{
    (void)state;
    assert_lint("{{ Port }}{{Folder}}", "");
    assert_lint("{{ build.one.outputs.stdout }}", "");
    assert_lint("{{ build.one.outputs[0].stdout }}", "");
    assert_lint("{{ build.two.inputs[1].path }}", "");
    assert_lint("{{ .Foreign }}", "");
}

static void unknown_names_are_faults_with_a_place(void **state)
{
    (void)state;
    assert_lint("x {{ port }}",
                "9:62: 'port' is no parameter and no constant of this document (did you mean 'Port'?)\n");
    assert_lint("{{ biuld.one.outputs.stdout }}", "9:60: there is no phase 'biuld'\n");
    assert_lint("{{ build.onne.outputs.stdout }}",
                "9:60: the phase 'build' has no step 'onne' (did you mean 'one'?)\n");
    assert_lint("{{ build.one.outputs.stduot }}",
                "9:60: ExecuteBash has no output 'stduot': it has 'stdout'\n");
    assert_lint("{{ build.one.outputs[1].stdout }}",
                "9:60: ExecuteBash leaves one set of outputs: [1] is beyond its end\n");
    assert_faults(
        "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
        "      - {name: one, action: ReadFile, inputs: [{path: /a}, {path: /b}]}\n"
        "      - {name: two, action: DeleteFile, inputs: [{path: '{{ build.one.outputs[1].content }}'}]}\n"
        "      - {name: six, action: DeleteFile, inputs: [{path: '{{ build.one.outputs[2].content }}'}]}\n",
        "7:58: step 'one' leaves 2 sets of outputs: [2] is beyond their end\n");
    assert_lint("{{ build.two.outputs.stdout }}", "9:60: CreateFile (step 'two') has no outputs\n");
    assert_lint("{{ build.two.inputs[2].path }}",
                "9:60: step 'two' has 2 sets of inputs: [2] is beyond their end\n");
    assert_lint("{{ build.two.inputs[0].owner }}", "9:60: step 'two' is not given the input 'owner'\n");
    assert_lint("{{ build.one.inputs.commands }}",
                "9:60: input 'commands' of step 'one' is a list, and a reference gives a text\n");
    assert_lint("{{ a.b.c }}", "9:60: not a reference: {{ name }}, {{ phase.step.inputs.key }}, {{ "
                               "phase.step.outputs.key }} and {{ aws:ssm:NAME }} are\n");
}

static void references_go_backwards_and_never_between_build_and_test(void **state)
{
    (void)state;
    assert_lint("{{ build.four.outputs.stdout }}", "9:60: step 'four' does not run before this one\n");
    assert_lint("{{ build.three.inputs.path }}", "9:60: step 'three' does not run before this one\n");
    assert_lint("{{ test.five.outputs.stdout }}",
                "9:60: the phase 'build' cannot use what 'test' has: test runs in another machine\n");
    assert_faults("schemaVersion: 1.0\nphases:\n"
                  "  - {name: build, steps: [{name: one, action: ExecuteBash, inputs: {commands: [ls]}}]}\n"
                  "  - {name: test, steps: [{name: two, action: DeleteFile, inputs: [{path: '{{ "
                  "build.one.outputs.stdout }}'}]}]}\n",
                  "4:75: the phase 'test' cannot use what 'build' has: test runs in another machine\n");
}

static void what_stays_as_it_is_gets_a_warning(void **state)
{
    (void)state;
    assert_lint("{{ loop.value }}", "9:60: warning: a step without a loop: the reference stays as it is\n");
    assert_lint("{{ json .X }}", "9:60: warning: '{{' begins no reference here: the text stays as it is\n");
    assert_lint(
        "{{ build.two.inputs.path }}",
        "9:60: warning: step 'two' has 2 sets of inputs, and the reference has no [n]: the first is taken\n");
    assert_lint("{{ other.value }}", "9:60: there is no loop 'other' in this step\n");
}

/* A run with one parameter and one output. */
static const char *output(void *arg, const char *phase, const char *step, const char *name, size_t index)
{
    (void)arg;
    return strcmp(phase, "build") == 0 && strcmp(step, "one") == 0 && strcmp(name, "stdout") == 0 &&
                   index == 0
               ? "listing {{ Port }}"
               : NULL;
}

static void typed_inputs_come_resolved(void **state)
{
    struct sw_component *c = good_component(
        "parameters: [{Port: {type: string}}]\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
        "      - {name: one, action: ExecuteBash, inputs: {commands: ['a {{ Port }}', b]}}\n"
        "      - name: two\n        action: CreateFile\n        inputs:\n"
        "          - {path: '/{{ Port }}', permissions: 0640, content: '{{ build.one.outputs.stdout }}'}\n"
        "          - {path: /c, overwrite: No}\n"
        "      - {name: three, action: DeleteFile, inputs: [{path: '{{ build.two.inputs[0].path }}.bak'}]}\n");
    struct sw_value values[] = {{"Port", "80"}};
    struct sw_use use = {.component = c, .values = values, .nr_values = 1};
    struct sw_scope scope = {.use = &use, .output = output};
    const struct sw_step *steps = c->phases[0].steps;
    struct sw_err err = {0};
    char *text, **texts;
    unsigned mode;
    bool flag;

    (void)state;
    assert_ok(sw_step_texts(&scope, &steps[0], 0, "commands", &texts, &err), err);
    assert_string_equal(texts[0], "a 80");
    assert_string_equal(texts[1], "b");
    assert_null(texts[2]);
    sw_texts_free(texts);
    assert_ok(sw_step_text(&scope, &steps[1], 0, "content", &text, &err), err);
    /* What an output brings in is not read again. */
    assert_string_equal(text, "listing {{ Port }}");
    free(text);
    assert_ok(sw_step_octal(&scope, &steps[1], 0, "permissions", &mode, &err), err);
    assert_int_equal(mode, 0640);
    assert_ok(sw_step_octal(&scope, &steps[1], 1, "permissions", &mode, &err), err);
    assert_int_equal(mode, 0666);
    assert_ok(sw_step_bool(&scope, &steps[1], 0, "overwrite", &flag, &err), err);
    assert_true(flag);
    assert_ok(sw_step_bool(&scope, &steps[1], 1, "overwrite", &flag, &err), err);
    assert_false(flag);
    assert_ok(sw_step_text(&scope, &steps[1], 1, "owner", &text, &err), err);
    assert_null(text);
    assert_ok(sw_step_text(&scope, &steps[2], 0, "path", &text, &err), err);
    assert_string_equal(text, "/80.bak");
    free(text);
    assert_failed(sw_step_text(&scope, &steps[1], 2, "path", &text, &err), err, SW_FAILED, "no input set 2");
    sw_component_free(c);
}

static void a_value_that_does_not_fit_its_input_is_an_error_when_it_is_known(void **state)
{
    struct sw_component *c = good_component(
        "parameters: [{Port: {type: string}}]\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
        "      - {name: one, action: ExecuteBash, inputs: {commands: [ls]}}\n"
        "      - {name: two, action: CreateFile, inputs: [{path: '{{ Port }}', permissions: '{{ Port }}', "
        "overwrite: '{{ Port }}8', content: '{{ build.one.outputs.stdout }}'}]}\n");
    struct sw_value values[] = {{"Port", ""}};
    struct sw_use use = {.component = c, .values = values, .nr_values = 1};
    struct sw_scope scope = {.use = &use};
    const struct sw_step *step = &c->phases[0].steps[1];
    struct sw_err err = {0};
    char *text;
    unsigned mode;
    bool flag;

    (void)state;
    assert_failed(sw_step_text(&scope, step, 0, "path", &text, &err), err, SW_RECIPE,
                  "input 'path' is empty");
    assert_failed(sw_step_octal(&scope, step, 0, "permissions", &mode, &err), err, SW_RECIPE,
                  "it must be octal digits");
    assert_failed(sw_step_bool(&scope, step, 0, "overwrite", &flag, &err), err, SW_RECIPE,
                  "it must be true or false");
    assert_failed(sw_step_text(&scope, step, 0, "content", &text, &err), err, SW_RECIPE,
                  "step 'one' of phase 'build' left no output 'stdout'");
    sw_component_free(c);
}

static void all_inputs_become_json(void **state)
{
    struct sw_component *c = good_component(
        "schemaVersion: 1.0\nconstants: [{Name: {type: string, value: x}}]\nphases:\n  - name: build\n    steps:\n"
        "      - {name: one, action: CreateFile, inputs: [{path: '/{{ Name }}'}, {path: /c, permissions: 0600}]}\n");
    struct sw_use use = {.component = c};
    struct sw_scope scope = {.use = &use};
    struct sw_err err = {0};
    json_t *json = sw_step_inputs_json(&scope, &c->phases[0].steps[0], &err);
    char *text = sw_json_canonical(json, &err);

    (void)state;
    assert_string_equal(text, "[{\"path\":\"/x\"},{\"path\":\"/c\",\"permissions\":\"0600\"}]");
    free(text);
    json_decref(json);
    sw_component_free(c);
}

/* 3 to the power of 20 empty texts: the work has a limit, not only the result. */
static void texts_that_refer_to_each_other_without_end_stop(void **state)
{
    struct sw_buf text = {0};
    struct sw_err err = {0};
    struct sw_use use = {0};
    struct sw_scope scope = {.use = &use};
    char *out;

    (void)state;
    assert_ok(sw_buf_puts(&text,
                          HEAD "      - {name: s0, action: AppendFile, inputs: [{path: /a, content: ''}]}\n",
                          &err),
              err);
    for (int i = 1; i <= 20; i++)
        assert_ok(
            sw_buf_printf(
                &text, &err,
                "      - {name: s%d, action: AppendFile, inputs: [{path: /a, content: "
                "'{{build.s%d.inputs.content}}{{build.s%d.inputs.content}}{{build.s%d.inputs.content}}'}]}\n",
                i, i - 1, i - 1, i - 1),
            err);
    use.component = good_component(text.data);
    assert_failed(sw_step_text(&scope, &use.component->phases[0].steps[20], 0, "content", &out, &err), err,
                  SW_RECIPE, "more than 100000 times");
    sw_component_free(use.component);
    sw_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_are_replaced_wherever_they_stand),
        cmocka_unit_test(what_is_somebody_elses_stays),
        cmocka_unit_test(what_cannot_be_resolved_is_an_error),
        cmocka_unit_test(a_text_that_grows_too_large_is_an_error),
        cmocka_unit_test(known_references_have_no_fault),
        cmocka_unit_test(unknown_names_are_faults_with_a_place),
        cmocka_unit_test(references_go_backwards_and_never_between_build_and_test),
        cmocka_unit_test(what_stays_as_it_is_gets_a_warning),
        cmocka_unit_test(typed_inputs_come_resolved),
        cmocka_unit_test(a_value_that_does_not_fit_its_input_is_an_error_when_it_is_known),
        cmocka_unit_test(all_inputs_become_json),
        cmocka_unit_test(texts_that_refer_to_each_other_without_end_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
