/* Loops: what is read, the values of the turns, and references to them. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/json.h"

#define STEP(loop, command)                                                      \
    HEAD "      - {name: s, action: ExecuteBash, inputs: {commands: [\"" command \
         "\"]},\n         loop: " loop "}\n"

/* The commands of every turn, one a line. */
static char *turns(const char *document)
{
    struct sw_component *c = good_component(document);
    const struct sw_step *step = &c->phases[0].steps[0];
    struct sw_value value = {"Fruits", "apple;pear"};
    const struct sw_use use = {.component = c, .values = &value, .nr_values = 1};
    struct sw_scope scope = {.use = &use};
    struct sw_buf out = {0};
    struct sw_err err = {0};
    char **values;
    size_t n = 0;

    assert_ok(sw_buf_puts(&out, "", &err), err);
    assert_ok(sw_loop_values(&scope, step->loop, &values, &n, &err), err);
    for (size_t i = 0; i < n; i++) {
        const struct sw_turn turn = {step->loop->name, i, values[i]};
        char **commands;

        scope.turn = &turn;
        assert_ok(sw_step_texts(&scope, step, 0, "commands", &commands, &err), err);
        assert_ok(sw_buf_printf(&out, &err, "%s\n", commands[0]), err);
        sw_texts_free(commands);
    }
    assert_null(values[n]);
    sw_texts_free(values);
    sw_component_free(c);
    return sw_buf_steal(&out);
}

static void assert_turns(const char *document, const char *want)
{
    char *got = turns(document);

    assert_string_equal(got, want);
    free(got);
}

static void a_range_includes_both_ends(void **state)
{
    (void)state;
    assert_turns(STEP("{for: {start: 1, end: 3, updateBy: 1}}", "{{ loop.index }}:{{ loop.value }}"),
                 "0:1\n1:2\n2:3\n");
    assert_turns(STEP("{for: {start: 100000, end: 1000000, updateBy: 300000}}", "{{loop.value}}"),
                 "100000\n400000\n700000\n1000000\n");
    assert_turns(STEP("{for: {start: 2, end: -3, updateBy: -2}}", "{{loop.value}}"), "2\n0\n-2\n");
    assert_turns(STEP("{for: {start: 5, end: 5, updateBy: -1}}", "{{loop.value}}"), "5\n");
}

static void a_list_may_hold_references(void **state)
{
    (void)state;
    assert_turns(
        "parameters: [{Fruits: {type: string}}]\n" STEP("{name: F, forEach: ['{{ Fruits }}', b, '']}",
                                                        "{{ F.index }}={{ F.value }}={{ loop.value }}"),
        "0=apple;pear=apple;pear\n1=b=b\n2==\n");
}

static void a_text_is_split_at_its_delimiter(void **state)
{
    (void)state;
    assert_turns("parameters: [{Fruits: {type: string}}]\n" STEP(
                     "{forEach: {list: '{{ Fruits }}', delimiter: ;}}", "{{ loop.value }}"),
                 "apple\npear\n");
    assert_turns(STEP("{forEach: {list: 'jq,tar,,gzip'}}", "<{{ loop.value }}>"),
                 "<jq>\n<tar>\n<>\n<gzip>\n");
    assert_turns(STEP("{forEach: {list: \"a b\\tc\", delimiter: \"\\t\"}}", "{{ loop.value }}"), "a b\nc\n");
    assert_turns(STEP("{forEach: {list: \"a\\nb\", delimiter: \"\\n\"}}", "{{ loop.value }}"), "a\nb\n");
    assert_turns(STEP("{forEach: {list: ''}}", "x"), "");
}

static void what_is_no_loop_is_a_fault_with_a_place(void **state)
{
    (void)state;
    assert_faults(STEP("[a]", "x"), "6:16: 'loop' is a list here, and must be a map\n");
    assert_faults(STEP("{}", "x"), "6:16: a loop needs one of 'for' and 'forEach'\n");
    assert_faults(STEP("{forEach: [a], for: {start: 1, end: 2, updateBy: 1}}", "x"),
                  "6:16: a loop needs one, not both, of 'for' and 'forEach'\n");
    assert_faults(STEP("{foreach: [a]}", "x"),
                  "6:17: a loop has no field 'foreach' (did you mean 'forEach'?)\n");
    assert_faults(STEP("{for: {start: 1, end: 2}}", "x"), "6:22: 'updateBy' is missing\n");
    assert_faults(STEP("{for: {start: 1, end: 2, updateBy: 0}}", "x"),
                  "6:51: 'updateBy' is 0: the loop has no end\n");
    assert_faults(STEP("{for: {start: 1, end: 2, updateBy: -1}}", "x"),
                  "6:51: 'updateBy' leads away from 'end': the loop has no end\n");
    assert_faults(STEP("{for: {start: 1.5, end: '{{ n }}', updateBy: 99999999999}}", "x"),
                  "6:30: 'start' is '1.5': it must be an integer\n"
                  "6:40: 'end' is '{{ n }}': it must be an integer, and no reference\n"
                  "6:61: 'updateBy' is '99999999999': it must be an integer\n");
    assert_faults(STEP("{for: {start: -2000000000, end: 2000000000, updateBy: 1}}", "x"),
                  "6:22: the loop has more than 100000 turns\n");
    assert_faults(STEP("{forEach: []}", "x"), "6:26: 'forEach' is empty\n");
    assert_faults(STEP("{forEach: [[a], {b: c}]}", "x"),
                  "6:27: an entry of 'forEach' is a list here, and must be a text\n"
                  "6:32: an entry of 'forEach' is a map here, and must be a text\n");
    assert_faults(STEP("{forEach: abc}", "x"),
                  "6:26: 'forEach' is a text here, and must be a list, or a map of list and delimiter\n");
    assert_faults(STEP("{forEach: {delimiter: ' '}}", "x"), "6:26: 'list' is missing\n");
    assert_faults(STEP("{forEach: {list: a, delimiter: '|'}}", "x"),
                  "6:47: the delimiter is '|': it must be one of . , ; : - _ blank, \"\\t\", \"\\n\"\n");
    assert_faults(STEP("{forEach: {list: a, delimiter: ', '}}", "x"),
                  "6:47: the delimiter is ', ': it must be one of . , ; : - _ blank, \"\\t\", \"\\n\"\n");
    assert_faults(STEP("{name: a.b, forEach: [a]}", "x"),
                  "6:23: the loop's name 'a.b' must be of letters, digits, '_' and '-'\n");
}

static void loops_are_named_once_and_seen_by_their_own_step_only(void **state)
{
    (void)state;
    assert_faults(HEAD "      - {name: a, action: Reboot, loop: {name: L, forEach: [x]}}\n"
                       "      - {name: b, action: Reboot, loop: {name: L, forEach: [x]}}\n"
                       "  - name: validate\n    steps:\n"
                       "      - {name: a, action: Reboot, loop: {name: L, forEach: [x]}}\n",
                  "6:48: the loop name 'L' is there twice in this phase\n");
    assert_faults(HEAD "      - {name: a, action: Reboot, loop: {name: L, forEach: [x]}}\n"
                       "      - {name: b, action: ExecuteBash, inputs: {commands: ['{{ L.value }}']}}\n",
                  "6:61: there is no loop 'L' in this step\n");
    assert_faults(STEP("{forEach: ['{{ loop.index }}']}", "x"),
                  "6:28: warning: only inputs see the loop's turns: the reference stays as it is\n");
}

/* The input of another step is not in this step's loop. */
static void inputs_of_a_looped_step_keep_its_references(void **state)
{
    struct sw_component *c = good_component(
        HEAD "      - {name: a, action: DeleteFile, loop: {forEach: [x]}, inputs: [{path: '/{{ "
             "loop.value }}'}]}\n"
             "      - {name: b, action: ExecuteBash, loop: {forEach: [y]}, inputs: {commands: ['{{ "
             "build.a.inputs[0].path }} {{ loop.value }}']}}\n");
    const struct sw_use use = {.component = c};
    const struct sw_turn turn = {NULL, 0, "y"};
    const struct sw_scope scope = {.use = &use, .turn = &turn};
    struct sw_err err = {0};
    char **commands;

    (void)state;
    assert_ok(sw_step_texts(&scope, &c->phases[0].steps[1], 0, "commands", &commands, &err), err);
    assert_string_equal(commands[0], "/{{ loop.value }} y");
    sw_texts_free(commands);
    sw_component_free(c);
}

static void a_text_of_very_many_parts_is_an_error(void **state)
{
    struct sw_component *c = good_component(
        "parameters: [{Fruits: {type: string}}]\n" STEP("{forEach: {list: '{{ Fruits }}'}}", "x"));
    char *commas = malloc(100002);
    struct sw_value value = {"Fruits", commas};
    const struct sw_use use = {.component = c, .values = &value, .nr_values = 1};
    const struct sw_scope scope = {.use = &use};
    struct sw_err err = {0};
    char **values;
    size_t n;

    (void)state;
    assert_non_null(commas);
    memset(commas, ',', 100001);
    commas[100001] = '\0';
    assert_failed(sw_loop_values(&scope, c->phases[0].steps[0].loop, &values, &n, &err), err, SW_RECIPE,
                  "more than 100000 turns");
    free(commas);
    sw_component_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_range_includes_both_ends),
        cmocka_unit_test(a_list_may_hold_references),
        cmocka_unit_test(a_text_is_split_at_its_delimiter),
        cmocka_unit_test(what_is_no_loop_is_a_fault_with_a_place),
        cmocka_unit_test(loops_are_named_once_and_seen_by_their_own_step_only),
        cmocka_unit_test(inputs_of_a_looped_step_keep_its_references),
        cmocka_unit_test(a_text_of_very_many_parts_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
