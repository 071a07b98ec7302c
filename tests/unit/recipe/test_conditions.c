/* Conditions: what is one, what comes of it, and every fault with its place. */
#include "tests/unit/recipe/recipe_case.h"

#include <stdbool.h>

#define STEP(condition) \
    HEAD "      - {name: s, action: ExecuteBash, inputs: {commands: [ls]},\n         if: " condition "}\n"
#define ASSERT(condition) HEAD "      - name: s\n        action: Assert\n        inputs:\n" condition

/* A machine that has one program, one file and one folder, and counts what it is asked. */
struct machine {
    unsigned asked, doubts;
};

static int ask(void *arg, enum sw_operator op, const char *text, const char *path, bool *holds,
               struct sw_err *err)
{
    struct machine *machine = arg;

    (void)err;
    machine->asked++;
    *holds = (op == SW_OP_BINARY_EXISTS && strcmp(text, "tar") == 0) ||
             (op == SW_OP_FILE_EXISTS && strcmp(text, "/etc/my_config") == 0) ||
             (op == SW_OP_FOLDER_EXISTS && strcmp(text, "/srv") == 0) ||
             (path != NULL && strcmp(path, "/etc/my_config") == 0 && text[0] == 'a');
    return 0;
}

static void doubt(void *arg, enum sw_operator op)
{
    struct machine *machine = arg;

    (void)op;
    machine->doubts++;
}

static bool holds(const char *condition, struct machine *machine, struct sw_err *err)
{
    const struct sw_condition_host host = {ask, doubt, machine};
    char *document = sw_strf(err, STEP("%s"), condition);
    struct sw_component *c = good_component(document);
    const struct sw_use use = {.component = c};
    const struct sw_scope scope = {.use = &use};
    bool out = false;
    int rc = sw_condition_holds(&scope, c->phases[0].steps[0].condition, &host, &out, err);

    sw_component_free(c);
    free(document);
    return rc == 0 && out;
}

static void assert_comes_to(const char *condition, bool want)
{
    struct machine machine = {0};
    struct sw_err err = {0};
    bool got = holds(condition, &machine, &err);

    if (err.code != SW_OK)
        fail_msg("%s: %s", condition, err.text);
    if (got != want)
        fail_msg("%s is %s", condition, got ? "true" : "false");
}

static void texts_compare_as_the_services_guide_says(void **state)
{
    (void)state;
    assert_comes_to("{stringIsEmpty: ''}", true);
    assert_comes_to("{stringIsEmpty: ' '}", false);
    assert_comes_to("{stringIsEmpty: 'Hello.'}", false);
    assert_comes_to("{stringIsWhitespace: '   '}", true);
    assert_comes_to("{stringIsWhitespace: ''}", false);
    assert_comes_to("{stringIsWhitespace: ' Hello?'}", false);
    assert_comes_to("{stringEquals: 'Testing, testing...', value: 'Testing, testing...'}", true);
    assert_comes_to("{stringEquals: 'Testing, testing...', value: 'Hello again.'}", false);
    assert_comes_to("{stringEquals: 'Testing, testing...', value: 'TESTING, TESTING....'}", false);
    assert_comes_to("{stringEquals: 'Testing, testing...', value: '   Testing, testing...'}", false);
    assert_comes_to("{stringEquals: 'Testing, testing...', value: 'Testing, testing...   '}", false);
    assert_comes_to("{stringLessThan: 'b', value: 'a'}", true);
    assert_comes_to("{stringLessThan: 'a', value: '0'}", true);
    assert_comes_to("{stringLessThan: '0', value: 'a'}", false);
    assert_comes_to("{stringLessThanEquals: 'a', value: 'a'}", true);
    assert_comes_to("{stringLessThanEquals: 'A', value: 'a'}", true);
    assert_comes_to("{stringLessThanEquals: 'b', value: 'a'}", true);
    assert_comes_to("{stringLessThanEquals: 'a', value: '0'}", true);
    assert_comes_to("{stringLessThanEquals: '0', value: 'a'}", false);
    assert_comes_to("{stringGreaterThan: 'a', value: 'A'}", false);
    assert_comes_to("{stringGreaterThan: 'a', value: 'b'}", true);
    assert_comes_to("{stringGreaterThan: '0', value: 'a'}", true);
    assert_comes_to("{stringGreaterThan: 'a', value: '0'}", false);
    assert_comes_to("{stringGreaterThanEquals: 'A', value: 'a'}", true);
    assert_comes_to("{stringGreaterThanEquals: 'a', value: 'b'}", true);
    assert_comes_to("{stringGreaterThanEquals: '0', value: 'a'}", true);
    assert_comes_to("{stringGreaterThanEquals: 'a', value: '0'}", false);
    assert_comes_to("{value: x, stringEquals: x}", true);
}

static void patterns_are_those_of_re2_and_need_no_anchor(void **state)
{
    (void)state;
    assert_comes_to("{patternMatches: '^[a-z]+$', value: 'ThisIsValue'}", true);
    assert_comes_to("{patternMatches: '^[a-zA-Z]+$', value: 'ThisIsOnlyLetters'}", true);
    assert_comes_to("{patternMatches: '^[a-zA-Z\\s]+$', value: 'This text contains spaces'}", true);
    assert_comes_to("{patternMatches: '^[0-9]+$', value: '1234567890'}", true);
    assert_comes_to("{patternMatches: '^s3:\\/\\/.*\\/.*$', value: 's3://bucket/key'}", true);
    assert_comes_to("{patternMatches: 'b+c', value: 'xabbbcx'}", true);
    assert_comes_to("{patternMatches: '^b', value: 'ab'}", false);
    assert_comes_to("{patternMatches: '(?-i)^b$', value: 'B'}", false);
    assert_comes_to("{patternMatches: 'a$', value: \"a\\n\"}", false);
    assert_comes_to("{patternMatches: '(?m)a$', value: \"a\\nb\"}", true);
    assert_comes_to("{patternMatches: 'a.b', value: \"a\\nb\"}", false);
    assert_comes_to("{patternMatches: '(?s)a.b', value: \"a\\nb\"}", true);
    assert_comes_to("{patternMatches: '(?P<year>\\d{4})-(?:0[1-9]|1[0-2])\\b', value: 'on 2026-11.'}", true);
    assert_comes_to("{patternMatches: '\\Qa.b*', value: 'xa.b*y'}", true);
    assert_comes_to("{patternMatches: '^\\x41\\102\\v?[[:digit:]_-]{2,3}?\\z', value: 'AB1_'}", true);
    assert_comes_to("{patternMatches: '^\\p{Greek}+$', value: '\xce\xb1\xce\xb2'}", true);
    assert_comes_to("{patternMatches: '', value: ''}", true);
    assert_comes_to("{patternMatches: 'a|b', value: 'c'}", false);
    assert_comes_to("{patternMatches: '[]x]', value: ']'}", true);
    assert_comes_to(
        "{patternMatches: '^\\d+\\x41+\\pL+\\Q+\\E+(?:\xc3\xa9+|x)$', value: '11AABB+++\xc3\xa9\xc3\xa9'}",
        true);
}

static void numbers_of_any_length_compare_exactly(void **state)
{
    (void)state;
    assert_comes_to("{numberEquals: 1, value: 1}", true);
    assert_comes_to("{numberEquals: '1', value: 1}", true);
    assert_comes_to("{numberEquals: 1, value: '1'}", true);
    assert_comes_to("{numberEquals: 5.0, value: 5.0}", true);
    assert_comes_to("{numberEquals: -1, value: -1}", true);
    assert_comes_to("{numberLessThan: 2, value: 1}", true);
    assert_comes_to("{numberLessThan: 2, value: 1.9}", true);
    assert_comes_to("{numberLessThan: 2, value: '2'}", false);
    assert_comes_to("{numberLessThanEquals: 2, value: 1}", true);
    assert_comes_to("{numberLessThanEquals: 2, value: 1.9}", true);
    assert_comes_to("{numberLessThanEquals: 2, value: '2'}", true);
    assert_comes_to("{numberLessThanEquals: 2, value: 2.1}", false);
    assert_comes_to("{numberGreaterThan: 1, value: 2}", true);
    assert_comes_to("{numberGreaterThan: 1, value: 1.1}", true);
    assert_comes_to("{numberGreaterThan: 1, value: '1'}", false);
    assert_comes_to("{numberGreaterThanEquals: 1, value: 2}", true);
    assert_comes_to("{numberGreaterThanEquals: 1, value: 1.1}", true);
    assert_comes_to("{numberGreaterThanEquals: 1, value: '1'}", true);
    assert_comes_to("{numberGreaterThanEquals: 1, value: 0.8}", false);
    assert_comes_to("{numberEquals: 1e3, value: '1000.00'}", true);
    assert_comes_to("{numberEquals: .5, value: '+0.50'}", true);
    assert_comes_to("{numberEquals: -0, value: 0.0}", true);
    assert_comes_to("{numberGreaterThan: -2, value: -1}", true);
    assert_comes_to("{numberLessThan: 0, value: -0.0001}", true);
    assert_comes_to("{numberLessThan: 100000000000000000000000000000000000001, value: "
                    "100000000000000000000000000000000000000}",
                    true);
    assert_comes_to("{numberEquals: 1, value: 'a10'}", false);
    assert_comes_to("{numberEquals: 1000, value: '1e3'}", false);
    assert_comes_to("{numberEquals: 0, value: ''}", false);
}

static void what_is_asked_of_the_machine_reaches_it(void **state)
{
    (void)state;
    assert_comes_to("{binaryExists: tar}", true);
    assert_comes_to("{binaryExists: unzip}", false);
    assert_comes_to("{fileExists: /etc/my_config}", true);
    assert_comes_to("{folderExists: /srv}", true);
    assert_comes_to("{folderExists: /etc/my_config}", false);
    assert_comes_to("{fileMD5Equals: a0000000000000000000000000000000, path: /etc/my_config}", true);
    assert_comes_to("{fileSHA1Equals: b000000000000000000000000000000000000000, path: /etc/my_config}",
                    false);
}

static void logic_stops_as_soon_as_it_knows(void **state)
{
    struct machine machine = {0};
    struct sw_err err = {0};

    (void)state;
    assert_comes_to("{and: [{stringEquals: test_string, value: test_string}, {numberEquals: 1, value: 1}]}",
                    true);
    assert_comes_to("{or: [{stringEquals: test_string, value: 'Hello world!'}, {numberEquals: 1, value: 1}]}",
                    true);
    assert_comes_to("{or: [{stringEquals: test_string, value: 'Hello world!'}, {numberEquals: 1, value: 3}]}",
                    false);
    assert_comes_to("{not: [{stringEquals: test_string, value: 'Hello world!'}]}", true);
    assert_comes_to("{not: {stringEquals: test_string, value: test_string}}", false);
    assert_comes_to("{and: [{binaryExists: tar}, {not: {binaryExists: unzip}}]}", true);
    assert_comes_to("{or: [{and: [{numberGreaterThan: 2.0, value: '2.1'}, {stringEquals: arm64, value: "
                    "x86_64}]}, {stringEquals: x86_64, value: x86_64}]}",
                    true);
    assert_comes_to("{not: {not: {not: {not: {fileExists: /etc/my_config}}}}}", true);
    assert_false(
        holds("{and: [{fileExists: /no}, {binaryExists: tar}, {binaryExists: tar}]}", &machine, &err));
    assert_int_equal(machine.asked, 1);
    assert_true(holds("{or: [{binaryExists: tar}, {fileExists: /no}]}", &machine, &err));
    assert_int_equal(machine.asked, 2);
}

static void then_and_else_stand_beside_the_operator_or_within_not(void **state)
{
    struct sw_component *c = good_component(STEP("{fileExists: /k, then: Skip, else: Execute}"));

    (void)state;
    assert_int_equal(c->phases[0].steps[0].then, SW_BRANCH_SKIP);
    assert_int_equal(c->phases[0].steps[0].otherwise, SW_BRANCH_EXECUTE);
    sw_component_free(c);
    c = good_component(STEP("{not: {binaryExists: tar, then: Execute, else: Abort}}"));
    assert_int_equal(c->phases[0].steps[0].then, SW_BRANCH_EXECUTE);
    assert_int_equal(c->phases[0].steps[0].otherwise, SW_BRANCH_ABORT);
    sw_component_free(c);
    c = good_component(STEP("{fileExists: /k}"));
    assert_int_equal(c->phases[0].steps[0].then, SW_BRANCH_EXECUTE);
    assert_int_equal(c->phases[0].steps[0].otherwise, SW_BRANCH_SKIP);
    sw_component_free(c);
    assert_faults(STEP("{fileExists: /k, then: Stop}"), "6:37: 'then' must be Execute, Skip or Abort\n");
    assert_faults(STEP("{not: {fileExists: /k, then: Skip}, then: Skip}"), "6:37: 'then' is there twice\n");
    assert_faults(STEP("{and: [{fileExists: /k, then: Skip}, {fileExists: /l}]}"),
                  "6:38: 'then' has no place here: it stands beside the operator of 'if'\n");
    assert_faults(ASSERT("          fileExists: /k\n          else: Skip\n"),
                  "9:11: 'else' has no place here: it stands beside the operator of 'if'\n");
}

static void what_is_no_condition_is_a_fault_with_a_place(void **state)
{
    (void)state;
    assert_faults(STEP("[{fileExists: /k}]"), "6:14: 'if' is a list here, and must be a map\n");
    assert_faults(STEP("{stringlessThan: b, value: a}"),
                  "6:15: there is no operator 'stringlessThan' (did you mean 'stringLessThan'?)\n");
    assert_faults(STEP("{value: a}"), "6:14: there is no operator here, such as stringEquals or and\n");
    assert_faults(STEP("{fileExists: /k, folderExists: /l}"),
                  "6:31: a condition has one operator, and 'fileExists' is there already\n");
    assert_faults(STEP("{stringEquals: a}"), "6:14: stringEquals needs 'value' beside it\n");
    assert_faults(STEP("{stringEquals: a, path: /b, value: a}"), "6:38: stringEquals has no 'path'\n");
    assert_faults(STEP("{fileExists: /k, value: a}"), "6:38: fileExists has no 'value'\n");
    assert_faults(STEP("{fileExists: [/k]}"), "6:27: 'fileExists' is a list here, and must be a text\n");
    assert_faults(STEP("{stringIsEmpty: }"), "6:30: 'stringIsEmpty' is empty: write '' for an empty text\n");
    assert_faults(STEP("{and: [{fileExists: /k}]}"), "6:20: 'and' needs a list of 2 to 100 conditions\n");
    assert_faults(STEP("{or: {fileExists: /k}}"), "6:19: 'or' needs a list of 2 to 100 conditions\n");
    assert_faults(STEP("{not: [{fileExists: /k}, {fileExists: /l}]}"), "6:20: 'not' needs one condition\n");
    assert_faults(STEP("{not: /k}"), "6:20: a condition is a map of an operator, and this is a text\n");
    assert_faults(STEP("{not: {fileExists: /k}, value: x}"), "6:38: 'not' has no 'value'\n");
    assert_faults(STEP("{not: {not: {not: {not: {not: {fileExists: /k}}}}}}"),
                  "6:39: more than 4 logical operators within each other\n");
    assert_faults(STEP("{numberEquals: one, value: two}"),
                  "6:29: numberEquals is 'one': it must be a number\n"
                  "6:41: warning: 'two' is no number: numberEquals never holds\n");
    assert_faults(STEP("{fileSHA256Equals: abc, path: ''}"),
                  "6:33: fileSHA256Equals needs 64 digits in hex\n6:44: 'path' is empty\n");
    assert_faults(HEAD "      - {name: s, action: Assert}\n", "5:9: Assert needs 'inputs' as a map\n");
    assert_faults(HEAD "      - {name: s, action: Assert, inputs: [{fileExists: /k}]}\n",
                  "5:43: Assert needs 'inputs' as a map\n");
}

static void patterns_that_re2_does_not_have_are_faults(void **state)
{
    static const char *const bad[] = {
        "(a)\\\\1",   "(?=a)",  "(?!a)",  "(?<=a)b", "(?<!a)b", "(?>a)",   "a++",       "a**",    "(?R)",
        "(*COMMIT)a", "\\\\K",  "\\\\Ga", "(?#x)",   "(?x)a",   "a{1001}", "(?|a)",     "\\\\C",  "[[:<:]]",
        "(a",         "a)(b",   "[a",     "*a",      "\\\\8",   "(?P=x)",  "a{1,2000}", "\\\\x1", "\\\\",
        "\\\\p",      "\\\\p{", "[\\\\x", "(?i",     "a)",      "(?(1)a)"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct sw_err err = {0};
        char *document =
            sw_strf(&err, STEP("{patternMatches: \"%s\", value: '{{ build.s.inputs.x }}'}"), bad[i]);
        struct sw_component *c = sw_component_parse(document, strlen(document), "doc.yml", NULL, &err);

        if (c != NULL || strstr(err.text, "the pattern cannot be read: ") == NULL)
            fail_msg("'%s': %s", bad[i], c != NULL ? "was taken" : err.text);
        free(document);
    }
    assert_faults(STEP("{patternMatches: 'abc(?=d)', value: x}"),
                  "6:35: the pattern cannot be read: this kind of group is not part of RE2\n");
}

/* Patterns that a matcher with backtracking never gets done with. */
static void no_pattern_takes_long(void **state)
{
    char *text = malloc(20001);
    struct sw_err err = {0};
    char *document;

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 20000);
    text[20000] = '\0';
    document = sw_strf(&err, "{patternMatches: '^(a+)+(a|aa)+(a*)*b$', value: %s}", text);
    assert_comes_to(document, false);
    free(document);
    document = sw_strf(&err, "{patternMatches: '.+(a|b|ab)*c', value: %s}", text);
    assert_comes_to(document, false);
    free(document);
    free(text);
}

static void where_case_decides_lint_says_so(void **state)
{
    struct machine machine = {0};
    struct sw_err err = {0};

    (void)state;
    assert_faults(STEP("{stringEquals: Yes, value: YES}"),
                  "6:29: warning: stringEquals: letters' case decides here, and it counts\n");
    assert_faults(STEP("{stringLessThan: A, value: a}"),
                  "6:31: warning: stringLessThan: letters' case decides here, and it does not count\n");
    assert_faults(STEP("{stringLessThan: a, value: B}"),
                  "6:31: warning: stringLessThan: letters' case decides here, and it does not count\n");
    assert_faults(STEP("{patternMatches: '^[a-z]+$', value: ThisIsValue}"),
                  "6:31: warning: patternMatches: letters' case decides here, and it does not count\n");
    assert_faults(STEP("{stringEquals: yes, value: no}"), "");
    assert_faults(STEP("{patternMatches: '^[0-9]+$', value: '12'}"), "");
    assert_false(holds("{stringEquals: Yes, value: YES}", &machine, &err));
    assert_true(holds("{stringEquals: Yes, value: Yes}", &machine, &err));
    assert_int_equal(machine.doubts, 1);
}

static void references_in_conditions_are_checked(void **state)
{
    (void)state;
    assert_faults(STEP("{stringEquals: '{{ nobody }}', value: '{{ build.s.outputs.stdout }}'}"),
                  "6:30: 'nobody' is no parameter and no constant of this document\n"
                  "6:53: step 's' does not run before this one\n");
    assert_faults(STEP("{fileExists: '{{ loop.value }}'}"),
                  "6:28: warning: a step without a loop: the reference stays as it is\n");
    assert_faults(STEP("{fileExists: '/{{ loop.value }}'}, loop: {forEach: [a]}"),
                  "6:29: warning: only inputs see the loop's turns: the reference stays as it is\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_compare_as_the_services_guide_says),
        cmocka_unit_test(patterns_are_those_of_re2_and_need_no_anchor),
        cmocka_unit_test(numbers_of_any_length_compare_exactly),
        cmocka_unit_test(what_is_asked_of_the_machine_reaches_it),
        cmocka_unit_test(logic_stops_as_soon_as_it_knows),
        cmocka_unit_test(then_and_else_stand_beside_the_operator_or_within_not),
        cmocka_unit_test(what_is_no_condition_is_a_fault_with_a_place),
        cmocka_unit_test(patterns_that_re2_does_not_have_are_faults),
        cmocka_unit_test(no_pattern_takes_long),
        cmocka_unit_test(where_case_decides_lint_says_so),
        cmocka_unit_test(references_in_conditions_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
