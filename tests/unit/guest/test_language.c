/* The language's flow in a plain chroot: conditions, loops, reboots, and documents within documents. */
#include "src/recipe/documents.h"
#include "tests/unit/guest/exec_case.h"

#define BASH(name, more, command)                                                                         \
    "      - name: " name "\n        action: ExecuteBash\n" more "        inputs:\n          commands:\n" \
    "            - " command "\n"

static const json_t *step_at(const struct done *done, size_t i)
{
    const json_t *document = json_array_get(json_object_get(done->detailed, "documents"), 0);
    const json_t *phase = json_array_get(json_object_get(document, "phases"), 0);

    return json_array_get(json_object_get(phase, "steps"), i);
}

static const char *output_of(const struct done *done, const char *step, const char *name)
{
    const json_t *phase = json_object_get(done->outputs, "build");

    return sw_json_text(json_array_get(json_object_get(phase, step), 0), name);
}

/* ---- Conditions ---- */

static void a_condition_decides_whether_a_step_runs(void **state)
{
    struct done done = execute(
        HEAD BASH("A", "        if: {fileExists: /etc/passwd}\n", "echo one")
            BASH("B", "        if: {not: {fileExists: /etc/passwd}}\n", "echo two")
                BASH("C", "        if: {folderExists: /etc, then: Skip, else: Execute}\n", "echo three")
                    BASH("D", "        if: {binaryExists: no-such-program, else: Execute}\n", "echo four")
                        BASH("E", "", "echo '<{{ build.A.outputs.stdout }}{{ build.B.outputs.stdout }}>'"));

    (void)state;
    assert_string_equal(output_of(&done, "E", "stdout"), "<one>");
    assert_string_equal(sw_json_text(step_at(&done, 0), "status"), "success");
    assert_string_equal(sw_json_text(step_at(&done, 1), "status"), "skipped");
    assert_string_equal(sw_json_text(step_at(&done, 1), "outputs"), "[{\"stdout\":\"\"}]");
    assert_has_not(done.console, "three");
    assert_has(done.console, "Stdout: four\n");
    assert_has(done.console, "B: the condition is false: skip\n");
    assert_int_equal(done.result, SW_RESULT_SUCCESS);
    assert_done(&done);
}

static void abort_in_a_condition_is_a_failed_step(void **state)
{
    struct done done;

    (void)state;
    expect_failure(HEAD BASH("A", "        if: {fileExists: /none, else: Abort}\n", "echo one"),
                   "step 'A': aborted by its condition");
    done = execute(HEAD BASH("A", "        onFailure: Ignore\n        if: {fileExists: /none, else: Abort}\n",
                             "echo one") BASH("B", "", "echo two"));
    assert_int_equal(done.result, SW_RESULT_IGNORED);
    assert_has(done.console, "Stdout: two");
    assert_done(&done);
}

static void conditions_ask_the_guest_and_not_this_machine(void **state)
{
    struct done done;

    (void)state;
    expect_script("printf abc >/srv/abc; ln -s abc /srv/link; mkdir -p /tmp/rel", 0, "");
    done = execute(
        HEAD
        "      - name: A\n        action: Assert\n        inputs:\n          and:\n"
        "            - {fileExists: /srv/link}\n            - {folderExists: rel}\n"
        "            - {not: {fileExists: /srv}}\n            - {not: {fileExists: /srv/abc/x}}\n"
        "            - {not: {folderExists: /srv/abc}}\n"
        "            - {binaryExists: cat}\n            - {binaryExists: cd}\n"
        "            - {not: {binaryExists: '$(touch /srv/run-by-type)'}}\n"
        "            - {not: {binaryExists: 'cat -n'}}\n"
        "            - {fileMD5Equals: 900150983CD24FB0D6963F7D28E17F72, path: /srv/abc}\n"
        "            - {fileSHA1Equals: a9993e364706816aba3e25717850c26c9cd0d89d, path: /srv/abc}\n"
        "            - {fileSHA256Equals: "
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, path: /srv/link}\n"
        "            - {fileSHA512Equals: "
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423"
        "643ce80e2a9ac94fa54ca49f, path: /srv/abc}\n"
        "            - {not: {fileMD5Equals: 900150983cd24fb0d6963f7d28e17f72, path: /srv/none}}\n");
    assert_done(&done);
    expect_script("test -e /srv/run-by-type", 1, "");
}

static void an_assertion_that_is_false_shows_its_values(void **state)
{
    struct done done;

    (void)state;
    expect_failure(HEAD BASH("V", "", "echo 2.0") "      - name: A\n        action: Assert\n        inputs:\n"
                                                  "          stringEquals: '2.1.1'\n"
                                                  "          value: '{{ build.V.outputs.stdout }}'\n",
                   "step 'A': the assertion is false: stringEquals '2.1.1', value '2.0'");
    done = execute(HEAD BASH(
        "V", "        disableLogging: true\n",
        "echo sec''ret") "      - name: A\n        action: Assert\n        onFailure: Ignore\n"
                         "        disableLogging: true\n        inputs:\n          stringIsEmpty: '{{ "
                         "build.V.outputs.stdout }}'\n");
    assert_int_equal(done.result, SW_RESULT_IGNORED);
    assert_has_not(done.console, "secret");
    assert_done(&done);
}

/* ---- Loops ---- */

static void a_loop_runs_its_turns_and_joins_their_outputs(void **state)
{
    struct done done = execute(
        HEAD BASH("List", "", "printf 'x y,z'")
            BASH("Say", "        loop: {name: L, forEach: {list: '{{ build.List.outputs.stdout }}'}}\n",
                 "echo \"{{ L.index }}:{{ loop.value }}\"")
                BASH("Count", "        loop: {for: {start: 3, end: 1, updateBy: -2}}\n",
                     "echo {{ loop.value }}") BASH("None", "        loop: {forEach: {list: ''}}\n", "exit 1")
                    BASH("End", "", "echo '{{ build.Say.outputs.stdout }}'"));

    (void)state;
    assert_string_equal(output_of(&done, "Say", "stdout"), "0:x y\n1:z");
    assert_string_equal(output_of(&done, "Count", "stdout"), "3\n1");
    assert_string_equal(output_of(&done, "End", "stdout"), "0:x y\n1:z");
    assert_has(done.console, "Loop: index 1: z\n");
    SW_AUTO_FREE char *loop = json_dumps(json_object_get(step_at(&done, 1), "loop"), JSON_COMPACT);
    SW_AUTO_FREE char *range = json_dumps(json_object_get(step_at(&done, 2), "loop"), JSON_COMPACT);
    assert_string_equal(loop, "{\"name\":\"L\",\"forEach\":[\"x y\",\"z\"]}");
    assert_string_equal(range, "{\"name\":\"\",\"for\":{\"start\":3,\"end\":1,\"updateBy\":-2}}");
    assert_has(sw_json_text(step_at(&done, 1), "inputs"), "{{ L.index }}");
    assert_done(&done);
}

static void a_turn_that_fails_ends_the_loop_and_names_its_index(void **state)
{
    struct done done =
        execute(HEAD BASH("A", "        onFailure: Ignore\n        loop: {forEach: [a, b, c]}\n",
                          "echo {{ loop.value }}; test {{ loop.value }} != b"));

    (void)state;
    assert_int_equal(done.result, SW_RESULT_IGNORED);
    assert_string_equal(sw_json_text(step_at(&done, 0), "failureMessage"), "loop index 1: exit status 1");
    assert_string_equal(output_of(&done, "A", "stdout"), "a");
    assert_has_not(done.console, "Loop: index 2");
    assert_done(&done);
}

static void every_attempt_runs_all_turns_anew(void **state)
{
    struct done done = execute(HEAD BASH(
        "A", "        maxAttempts: 2\n        loop: {forEach: [a, b]}\n",
        "echo {{ loop.value }} >>/srv/turns; test {{ loop.value }} = a -o $(wc -l </srv/turns) = 4"));

    (void)state;
    assert_done(&done);
    expect_script("tr '\\n' ' ' </srv/turns", 0, "a b a b ");
}

static void the_time_limit_is_for_all_turns(void **state)
{
    (void)state;
    expect_failure(
        HEAD BASH("A", "        timeoutSeconds: 1\n        loop: {for: {start: 1, end: 50, updateBy: 1}}\n",
                  "sleep 0.3"),
        "the loop did not end within 1 s (timeoutSeconds)");
}

static void items_of_file_actions_see_the_turn(void **state)
{
    struct done done = execute(
        HEAD
        "      - name: A\n        action: CreateFile\n        loop: {name: N, forEach: [one, two]}\n        inputs:\n"
        "          - {path: '/srv/{{ N.value }}', content: '{{ loop.index }}'}\n"
        "          - {path: '/srv/{{ N.value }}.bak', content: '{{ .Foreign }}'}\n");

    (void)state;
    assert_done(&done);
    expect_script("cd /srv; cat one two one.bak two.bak", 0, "01{{ .Foreign }}{{ .Foreign }}");
}

/* ---- Reboots ---- */

static unsigned reboots;

static int count_reboot(void *arg, struct sw_guest **guest, struct sw_err *err)
{
    (void)arg;
    (void)guest;
    (void)err;
    reboots++;
    return 0;
}

static void a_step_that_asks_for_a_reboot_is_run_again(void **state)
{
    static const char again[] = HEAD BASH(
        "Trigger", "",
        "|\n              if [ -f /srv/indicator ]; then echo second; rm /srv/indicator; exit 0; fi\n"
        "              echo first; touch /srv/indicator; exit 194")
        BASH("After", "", "test ! -e /srv/indicator");
    struct done done;

    (void)state;
    reboots = 0;
    case_reboot = count_reboot;
    done = execute(again);
    assert_int_equal(reboots, 1);
    assert_string_equal(output_of(&done, "Trigger", "stdout"), "second");
    assert_has(done.console, "ExecuteBash: run again after a reboot\n");
    assert_done(&done);
    case_reboot = NULL;
    done = execute(again);
    assert_done(&done);
}

static void reboots_without_end_are_a_failure(void **state)
{
    (void)state;
    reboots = 0;
    case_reboot = count_reboot;
    expect_failure(HEAD BASH("A", "", "exit 194"), "asks for a reboot (exit status 194) more than 15 times");
    assert_int_equal(reboots, 15);
    case_reboot = NULL;
}

static void a_turn_goes_on_after_its_reboot(void **state)
{
    struct done done;

    (void)state;
    reboots = 0;
    case_reboot = count_reboot;
    done =
        execute(HEAD BASH("A", "        loop: {forEach: [a, b]}\n",
                          "echo {{ loop.value }} >>/srv/rebooted; test -e /srv/r-{{ loop.value }} || { touch "
                          "/srv/r-{{ loop.value }}; exit 194; }"));
    case_reboot = NULL;
    assert_int_equal(reboots, 2);
    assert_done(&done);
    expect_script("tr '\\n' ' ' </srv/rebooted", 0, "a a b b ");
}

static void reboot_is_done_before_the_next_step_and_never_for_nothing(void **state)
{
    struct done done;

    (void)state;
    reboots = 0;
    case_reboot = count_reboot;
    done = execute(HEAD "      - {name: R, action: Reboot}\n"
                        "      - {name: S, action: Reboot, inputs: {delaySeconds: 60}}\n" BASH(
                            "A", "", "echo x") "      - {name: T, action: Reboot}\n");
    case_reboot = NULL;
    assert_int_equal(reboots, 2);
    assert_has(done.console, "Stdout: x");
    assert_done(&done);
}

static int failing_reboot(void *arg, struct sw_guest **guest, struct sw_err *err)
{
    (void)arg;
    (void)guest;
    return sw_fail(err, SW_FAILED, "the disk is gone");
}

static void a_reboot_that_fails_ends_the_build_whatever_the_step_says(void **state)
{
    struct done done;

    (void)state;
    case_reboot = failing_reboot;
    done = execute(HEAD BASH("A", "        onFailure: Ignore\n", "exit 194"));
    case_reboot = NULL;
    assert_int_equal(done.rc, -1);
    assert_int_equal(done.err.code, SW_FAILED);
    assert_has(done.err.text, "reboot: the disk is gone");
    done_free(&done);
}

/* ---- Documents within documents ---- */

static void write_guest_file(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(folder_guest->ops->put(folder_guest, path, text, strlen(text),
                                            0644u | SW_PUT_OVERWRITE | SW_PUT_PARENTS, &err),
                     0);
}

static const char child[] =
    "name: child\nschemaVersion: 1.0\nparameters:\n  - Who: {type: string, default: "
    "nobody, allowedValues: [nobody, you]}\nphases:\n  - name: build\n    steps:\n" BASH(
        "Say", "", "echo hello {{ Who }}") BASH("Bad", "        onFailure: Ignore\n", "exit 4")
        BASH("Skip", "        if: {fileExists: /none}\n",
             "exit 5") "  - name: validate\n    steps:\n" BASH("V", "", "echo validated");

static void a_document_of_the_image_is_executed(void **state)
{
    struct done done;

    (void)state;
    write_guest_file("/opt/child.yml", child);
    done = execute(HEAD "      - name: Run\n        action: ExecuteDocument\n        inputs:\n"
                        "          document: /opt/child.yml\n          phases: build\n"
                        "          parameters: [{name: Who, value: you}, {name: Else, value: x}]\n" BASH(
                            "End", "",
                            "echo {{ build.Run.outputs.executedStepCount }} {{ "
                            "build.Run.outputs.ignoredFailedStepCount }} {{ build.Run.outputs.status }}"));
    assert_string_equal(output_of(&done, "End", "stdout"), "2 1 successWithIgnoredFailure");
    assert_has(done.console, "Stdout: hello you\n");
    assert_has(done.console, "Document child has no parameter 'Else': its value is not used\n");
    assert_has_not(done.console, "validated");
    assert_has(sw_json_text(step_at(&done, 0), "outputs"), "\"executedStepCount\":2,");
    const json_t *nested = json_array_get(json_object_get(step_at(&done, 0), "detailedOutput"), 0);
    const json_t *document = json_array_get(json_object_get(nested, "documents"), 0);
    assert_string_equal(sw_json_text(nested, "status"), "successWithIgnoredFailure");
    assert_string_equal(sw_json_text(document, "name"), "child");
    assert_int_equal(json_array_size(json_object_get(document, "phases")), 1);
    assert_int_equal(json_integer_value(json_object_get(step_at(&done, 0), "timeoutSeconds")), -1);
    assert_done(&done);
}

static void all_phases_run_when_none_is_named(void **state)
{
    struct done done;

    (void)state;
    write_guest_file("/opt/child.yml", child);
    done = execute(HEAD "      - {name: Run, action: ExecuteDocument, inputs: {document: /opt/child.yml}}\n");
    assert_has(done.console, "Stdout: hello nobody\n");
    assert_has(done.console, "Stdout: validated\n");
    assert_done(&done);
}

static void a_document_that_fails_says_where(void **state)
{
    char want[512];
    struct done done;

    (void)state;
    write_guest_file("/opt/failing.yml", HEAD BASH("Deep", "", "exit 7"));
    done = execute(HEAD
                   "      - name: Run\n        action: ExecuteDocument\n        loop: {forEach: [failing]}\n"
                   "        inputs: {document: '/opt/{{ loop.value }}.yml'}\n");
    snprintf(want, sizeof(want),
             "component 'web': phase 'build': step 'Run': loop index 0: component 'web': phase 'build': step "
             "'Deep': exit status 7 (see %s/console.log:",
             log_dir);
    assert_int_equal(done.rc, -1);
    assert_int_equal(done.err.code, SW_GUEST);
    assert_has(done.err.text, want);
    assert_null(strstr(strstr(done.err.text, "(see ") + 1, "(see "));
    done_free(&done);
}

static void documents_that_cannot_be_executed_are_named(void **state)
{
#define RUN(inputs) HEAD "      - {name: Run, action: ExecuteDocument, inputs: {" inputs "}}\n"
    static const char self[] = RUN("document: /opt/self.yml");

    (void)state;
    write_guest_file("/opt/child.yml", child);
    write_guest_file("/opt/broken.yml", "phases: [\n");
    write_guest_file("/opt/self.yml", self);
    write_guest_file("/opt/d1.yml", "description: one\n" RUN("document: /opt/d2.yml"));
    write_guest_file("/opt/d2.yml", "description: two\n" RUN("document: /opt/d3.yml"));
    write_guest_file("/opt/d3.yml", "description: three\n" RUN("document: /opt/d4.yml"));
    write_guest_file("/opt/d4.yml", "description: four\n" RUN("document: /opt/child.yml"));
    expect_failure(RUN("document: /opt/none.yml"), "document '/opt/none.yml': ");
    expect_failure(RUN("document: /opt/broken.yml"), "/opt/broken.yml:");
    expect_failure(RUN("document: /opt"), "document '/opt': ");
    expect_failure(RUN("document: /opt/child.yml, phases: 'build, test'"), "has no phase 'test'");
    expect_failure(RUN("document: /opt/child.yml, parameters: [{name: Who, value: me}]"),
                   "does not allow the value 'me'");
    expect_failure(RUN("document: 's3://bucket/x.yml'"), "is not on this machine");
    expect_failure(RUN("document: /opt/self.yml"), "is the one that runs here, or one of those");
    expect_failure(RUN("document: /opt/d1.yml"), "more than 3 levels beneath the first document");
}

static void documents_beside_the_component_are_known_before(void **state)
{
    struct sw_err err = {.code = SW_OK};
    char path[128], text[2048];
    struct sw_diags diags = {.n = 0};
    struct sw_use use = {.reference = "main.yml"};
    struct done done = {.outputs = json_object()};
    struct sw_runlog *log;

    (void)state;
    snprintf(path, sizeof(path), "%s/child.yml", log_dir);
    assert_int_equal(sw_write_file(path, child, strlen(child), 0644, &err), 0);
    snprintf(path, sizeof(path), "%s/main.yml", log_dir);
    snprintf(text, sizeof(text), "%s", RUN("document: child.yml"));
    assert_int_equal(sw_write_file(path, text, strlen(text), 0644, &err), 0);
    use.component = sw_component_load(path, &diags, &err);
    assert_non_null(use.component);
    assert_int_equal(sw_use_find_documents(&use, NULL, &diags, &err), 0);
    assert_int_equal(use.nr_documents, 1);
    assert_int_equal(sw_runlog_open(log_dir, &log, &err), 0);
    struct sw_exec exec = {.guest = folder_guest, .log = log, .use = &use, .outputs = done.outputs};
    done.rc = sw_exec_phase(&exec, SW_PHASE_BUILD, &done.result, &done.err);
    assert_int_equal(sw_runlog_close(log, NULL, &err), 0);
    read_log(&done);
    assert_has(done.console, "Stdout: hello nobody\n");
    sw_use_clear(&use);
    sw_diags_free(&diags);
    assert_done(&done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_decides_whether_a_step_runs),
        cmocka_unit_test(abort_in_a_condition_is_a_failed_step),
        cmocka_unit_test(conditions_ask_the_guest_and_not_this_machine),
        cmocka_unit_test(an_assertion_that_is_false_shows_its_values),
        cmocka_unit_test(a_loop_runs_its_turns_and_joins_their_outputs),
        cmocka_unit_test(a_turn_that_fails_ends_the_loop_and_names_its_index),
        cmocka_unit_test(every_attempt_runs_all_turns_anew),
        cmocka_unit_test(the_time_limit_is_for_all_turns),
        cmocka_unit_test(items_of_file_actions_see_the_turn),
        cmocka_unit_test(a_step_that_asks_for_a_reboot_is_run_again),
        cmocka_unit_test(reboots_without_end_are_a_failure),
        cmocka_unit_test(a_turn_goes_on_after_its_reboot),
        cmocka_unit_test(reboot_is_done_before_the_next_step_and_never_for_nothing),
        cmocka_unit_test(a_reboot_that_fails_ends_the_build_whatever_the_step_says),
        cmocka_unit_test(a_document_of_the_image_is_executed),
        cmocka_unit_test(all_phases_run_when_none_is_named),
        cmocka_unit_test(a_document_that_fails_says_where),
        cmocka_unit_test(documents_that_cannot_be_executed_are_named),
        cmocka_unit_test(documents_beside_the_component_are_known_before),
    };

    return cmocka_run_group_tests(tests, log_and_folder_setup, log_and_folder_teardown);
}
