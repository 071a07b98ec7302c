/* The run log's folder: what a failure says, what is hidden, and the shape of each file. */
#include "slipway/recipe.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/mask.h"
#include "tests/unit/guest/log_dir.h"

#include <fcntl.h>
#include <regex.h>

#define SECRET "hunter2 \"Tr0ub4dor\"+/?"
#define HEAD   "name: web\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"

static char terminal[1 << 16]; /* what would be shown while it runs */

static void keep_log(enum sw_log_level level, const char *text)
{
    size_t len = strlen(terminal);

    (void)level;
    snprintf(terminal + len, sizeof(terminal) - len, "%s\n", text);
}

/* A run of a build phase. */
struct run {
    int rc;
    struct sw_err err;
    json_t *outputs;
};

static struct run run_with(const char *const *documents, size_t n, const char *secret)
{
    struct run run = {.outputs = json_object()};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_MASK struct sw_mask *mask = sw_mask_new(&err);
    struct sw_value value = {.name = "Password", .value = secret};
    struct sw_runlog *log;

    terminal[0] = '\0';
    assert_int_equal(sw_mask_add(mask, secret, &err), 0);
    assert_int_equal(sw_runlog_open(log_dir, &log, &err), 0);
    sw_runlog_set_mask(log, mask);
    for (size_t i = 0; i < n && run.rc == 0; i++) {
        struct sw_component *component =
            sw_component_parse(documents[i], strlen(documents[i]), "test.yml", NULL, &err);
        struct sw_use use = {
            .component = component, .reference = "test.yml", .values = &value, .nr_values = 1};
        struct sw_exec exec = {.guest = folder_guest, .log = log, .use = &use, .outputs = run.outputs};

        if (component == NULL)
            fail_msg("%s", err.text);
        run.rc = sw_exec_phase(&exec, SW_PHASE_BUILD, NULL, &run.err);
        sw_component_free(component);
    }
    assert_int_equal(sw_runlog_close(log, run.rc < 0 ? run.err.text : NULL, &err), 0);
    return run;
}

static struct run run_one(const char *document)
{
    return run_with(&document, 1, SECRET);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static void assert_part_has(const char *name, const char *part)
{
    SW_AUTO_FREE char *text = log_part(name);

    assert_has(text, part);
}

static const char *const parts[] = {"console.log", "events.jsonl", "detailedoutput.json", "chaining.json",
                                    "document.yaml"};

/* No file of the log, and nothing on the terminal. */
static void assert_nowhere(const char *word)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(parts); i++) {
        SW_AUTO_FREE char *text = log_part(parts[i]);

        if (strstr(text, word) != NULL)
            fail_msg("'%s' is in %s:\n%s", word, parts[i], text);
    }
    if (strstr(terminal, word) != NULL)
        fail_msg("'%s' is on the terminal:\n%s", word, terminal);
}

/* The first event of that name; decref it. */
static json_t *find_event(const char *name)
{
    SW_AUTO_FREE char *text = log_part("events.jsonl");
    struct sw_err err = {.code = SW_OK};
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
        json_t *event = sw_json_parse(line, strlen(line), "event", &err);

        assert_non_null(event);
        assert_non_null(sw_json_text(event, "time"));
        if (strcmp(sw_json_text(event, "event"), name) == 0)
            return event;
        json_decref(event);
    }
    fail_msg("there is no event '%s'", name);
    return NULL;
}

static void a_failure_says_all_that_one_looks_for(void **state)
{
    struct run run =
        run_one(HEAD "      - name: Install\n        action: ExecuteBash\n        inputs:\n"
                     "          commands:\n            - for i in $(seq 30); do echo \"line $i\" >&2; done\n"
                     "            - exit 100\n");
    SW_AUTO_JSON json_t *event = find_event("step-failed");
    char place[128];

    (void)state;
    assert_int_equal(run.rc, -1);
    assert_part_has("console.log", "Document: test.yml\n");
    assert_part_has("console.log", "Phase: build\n");
    assert_part_has("console.log", "Step: Install\n");
    assert_part_has("console.log", "Action: ExecuteBash\n");
    assert_part_has("console.log", "ErrorMessage: exit status 100\n");
    assert_part_has("console.log", "ExitCode: 100\n");
    assert_has(terminal, "document 'test.yml': phase 'build': step 'Install' (ExecuteBash): exit status 100\n"
                         "  stderr: line 19\n");
    assert_has(terminal, "  stderr: line 30\n");
    snprintf(place, sizeof(place), "  the full log: %s/console.log:", log_dir);
    assert_has(terminal, place);
    assert_string_equal(sw_json_text(event, "document"), "test.yml");
    assert_string_equal(sw_json_text(event, "component"), "web");
    assert_string_equal(sw_json_text(event, "step"), "Install");
    assert_string_equal(sw_json_text(event, "errorMessage"), "exit status 100");
    assert_int_equal(json_integer_value(json_object_get(event, "exitStatus")), 100);
    assert_int_equal(json_array_size(json_object_get(event, "stderr")), 12);
    assert_int_equal(json_integer_value(json_object_get(event, "line")), 33);
    json_decref(run.outputs);
}

#define PARAMETER                                                                             \
    "name: web\nschemaVersion: 1.0\nparameters:\n  - Password: {type: string, noEcho: true, " \
    "default: 'hunter2 \"Tr0ub4dor\"+/?'}\nphases:\n  - name: build\n    steps:\n"

static void secrets_are_hidden_in_every_file(void **state)
{
    struct run run = run_one(
        PARAMETER
        "      - name: Say\n        action: ExecuteBash\n        inputs:\n          commands:\n            - |\n"
        "              secret='{{ Password }}'\n"
        "              echo \"$secret\"; echo \"$secret\" >&2; echo \"$secret\" | base64; echo \"x:$secret\" | base64\n"
        "              printf '%s' \"${secret:0:9}\"; sleep 0.2; echo \"${secret:9}\"; echo \"$secret\" | fold -w 7\n"
        "      - name: Use\n        action: DeleteFile\n        inputs:\n"
        "          - {path: '/nowhere/{{ build.Say.outputs.stdout }}'}\n");

    (void)state;
    assert_int_equal(run.rc, -1);
    assert_nowhere("Tr0ub4dor");
    assert_nowhere("ub4dor");
    assert_nowhere("VHIwdWI0ZG9y"); /* of the two base64 texts */
    assert_nowhere("IyICJUcjB1YjRkb3Ii");
    assert_null(strstr(run.err.text, "hunter2"));
    assert_part_has("console.log", "Stdout: ***\n");
    assert_part_has("console.log", "Stderr: ***\n");
    assert_part_has("document.yaml", "default: '***'");
    /* What a later step gets is the text itself. */
    assert_has(sw_json_text(json_array_get(json_object_get(json_object_get(run.outputs, "build"), "Say"), 0),
                            "stdout"),
               SECRET);
    json_decref(run.outputs);
}

static void what_needs_a_booted_system_is_named_without_its_secrets(void **state)
{
    static const char program[] = "#!/bin/sh\n";
    struct sw_err err = {.code = SW_OK};
    struct run run;

    (void)state;
    assert_int_equal(folder_guest->ops->put(folder_guest, "/usr/bin/systemctl", program, strlen(program),
                                            0755 | SW_PUT_OVERWRITE, &err),
                     0);
    /* The second is cut in the middle of the secret. */
    run = run_one(PARAMETER
                  "      - name: Start\n        action: ExecuteBash\n        inputs:\n          commands:\n"
                  "            - |\n"
                  "              systemctl start '{{ Password }}'\n"
                  "              systemctl restart $(printf 'a%.0s' {1..89}) '{{ Password }}'\n");
    assert_int_equal(run.rc, -1);
    assert_has(run.err.text, "line 2: 'systemctl restart aaa");
    assert_null(strstr(run.err.text, "hunter2"));
    assert_nowhere("Tr0ub4dor");
    assert_nowhere("hunter2");
    assert_part_has("console.log", "line 1: 'systemctl start ***' needs a booted system");
    json_decref(run.outputs);
    expect_script("rm /usr/bin/systemctl", 0, "");
}

static void a_killed_step_does_not_leave_the_half_of_a_secret(void **state)
{
    struct run run = run_one(
        HEAD "      - name: Half\n        action: ExecuteBash\n        timeoutSeconds: 1\n"
             "        inputs: {commands: ['X=Tr0; printf %s \"so hunter2 \\\"${X}ub\"; sleep 60']}\n");

    (void)state;
    assert_int_equal(run.rc, -1);
    assert_nowhere("Tr0ub");
    json_decref(run.outputs);
}

static void secrets_of_several_lines_are_hidden_line_by_line(void **state)
{
    static const char *const document =
        HEAD "      - name: Key\n        action: ExecuteBash\n        inputs:\n          commands:\n"
             "            - \"printf 'a: %s\\\\n' 'c2VjcmV0LWtleS0x' 'c2VjcmV0LWtleS0y'\"\n";
    struct run run = run_with(&document, 1, "-----BEGIN KEY-----\nc2VjcmV0LWtleS0x\nc2VjcmV0LWtleS0y\n");

    (void)state;
    assert_int_equal(run.rc, 0);
    assert_nowhere("c2VjcmV0LWtleS0");
    assert_part_has("console.log", "Stdout: a: ***\n");
    json_decref(run.outputs);
}

static void a_nested_documents_secrets_are_hidden_too(void **state)
{
    static const char document[] = HEAD
        "      - name: Run\n        action: ExecuteDocument\n        inputs:\n          document: /opt/child.yml\n"
        "          parameters: [{name: Token, value: nested-t0ken}]\n";
    struct run run;

    (void)state;
    expect_script(
        "mkdir -p /opt; cat >/opt/child.yml <<'END'\nschemaVersion: 1.0\nparameters:\n"
        "  - Token: {type: string, NoEcho: true}\nphases:\n  - name: build\n    steps:\n"
        "      - {name: Say, action: ExecuteBash, inputs: {commands: ['echo so {{ Token }}']}}\nEND\n",
        0, "");
    run = run_one(document);
    SW_AUTO_FREE char *console = log_part("console.log"), *events = log_part("events.jsonl");
    SW_AUTO_FREE char *detailed = log_part("detailedoutput.json"), *chaining = log_part("chaining.json");

    if (run.rc < 0)
        fail_msg("%s", run.err.text);
    assert_has(console, "Stdout: so ***\n");
    assert_null(strstr(console, "t0ken"));
    assert_null(strstr(events, "t0ken"));
    assert_null(strstr(detailed, "t0ken"));
    assert_null(strstr(chaining, "t0ken"));
    json_decref(run.outputs);
    check_schema("detailedoutput.schema.json", "detailedoutput.json");
}

static void chaining_names_what_each_reference_stood_for(void **state)
{
    struct run run =
        run_one(HEAD "      - name: Say\n        action: ExecuteBash\n        inputs: {commands: [echo 42]}\n"
                     "      - name: Files\n        action: CreateFile\n        inputs:\n"
                     "          - {path: /tmp/a, content: '{{ build.Say.outputs.stdout }}'}\n"
                     "          - {path: /tmp/b}\n");
    SW_AUTO_FREE char *text = log_part("chaining.json");
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *json = sw_json_parse(text, strlen(text), "chaining", &err);
    const json_t *document = json_array_get(json_object_get(json, "documents"), 0);
    const json_t *chaining = json_object_get(document, "chaining");

    (void)state;
    assert_int_equal(run.rc, 0);
    assert_string_equal(sw_json_text(document, "name"), "web");
    assert_string_equal(sw_json_text(document, "filePath"), "test.yml");
    assert_string_equal(sw_json_text(chaining, "build.Say.outputs.stdout"), "42");
    assert_string_equal(sw_json_text(chaining, "build.Files.inputs[0].content"), "42");
    assert_string_equal(sw_json_text(chaining, "build.Files.inputs[1].path"), "/tmp/b");
    assert_null(json_object_get(chaining, "build.Say.inputs.commands"));
    json_decref(run.outputs);
}

static void documents_are_kept_as_they_were_written(void **state)
{
    static const char *const documents[] = {
        "# a remark\nname: one\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n"
        "      - {name: A, action: ExecuteBash, inputs: {commands: ['true']}}",
        "---\n{\"name\": \"two\", \"schemaVersion\": \"1.0\", \"phases\": [{\"name\": \"build\", \"steps\": "
        "[{\"name\": \"A\", \"action\": \"ExecuteBash\", \"inputs\": {\"commands\": [\"true\"]}}]}]}\n",
    };
    struct run run = run_with(documents, 2, SECRET);
    SW_AUTO_FREE char *text = log_part("document.yaml");
    char want[1024];

    (void)state;
    assert_int_equal(run.rc, 0);
    snprintf(want, sizeof(want), "%s\n...\n%s...\n", documents[0], documents[1]);
    assert_string_equal(text, want);
    json_decref(run.outputs);
}

static void the_run_has_an_id_and_an_end(void **state)
{
    struct run run = run_one(HEAD "      - {name: A, action: ExecuteBash, inputs: {commands: ['true']}}\n");
    SW_AUTO_JSON json_t *began = find_event("run-started"), *ended = find_event("run-ended");
    SW_AUTO_JSON json_t *phase = find_event("phase-ended");
    regex_t uuid;

    (void)state;
    assert_int_equal(run.rc, 0);
    assert_int_equal(regcomp(&uuid, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&uuid, sw_json_text(began, "executionId"), 0, NULL, 0), 0);
    regfree(&uuid);
    assert_string_equal(sw_json_text(ended, "status"), "success");
    assert_string_equal(sw_json_text(phase, "phase"), "build");
    assert_string_equal(sw_json_text(phase, "status"), "success");
    json_decref(run.outputs);
}

static void put_file(const char *path, const char *text)
{
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(folder_guest->ops->put(folder_guest, path, text, strlen(text),
                                            0755u | SW_PUT_OVERWRITE | SW_PUT_PARENTS, &err),
                     0);
}

static void the_files_are_what_their_schemas_say(void **state)
{
    struct run run;

    (void)state;
    put_file("/usr/bin/systemctl", "#!/bin/sh\nexit 0\n");
    put_file("/opt/child.yml", HEAD "      - {name: A, action: ExecuteBash, inputs: {commands: [exit 4]}}\n");
    run = run_one(
        HEAD
        "      - {name: A, action: ExecuteBash, inputs: {commands: [echo 1]}}\n"
        "      - {name: B, action: ExecuteBash, onFailure: Ignore, inputs: {commands: [exit 3]}}\n"
        "      - {name: C, action: CreateFile, inputs: [{path: /tmp/x}, {path: /tmp/y}]}\n"
        "      - {name: D, action: ExecuteBash, onFailure: Continue, timeoutSeconds: 1,\n"
        "         inputs: {commands: ['sleep 9']}}\n"
        "      - {name: E, action: ExecuteBash, if: {fileExists: /none}, inputs: {commands: [exit 3]}}\n"
        "      - {name: F, action: ExecuteBash, loop: {name: L, forEach: [a, b]},\n"
        "         inputs: {commands: ['echo {{ L.value }}']}}\n"
        "      - {name: G, action: ExecuteBash, loop: {for: {start: 1, end: 2, updateBy: 1}},\n"
        "         inputs: {commands: ['systemctl start {{ loop.value }}; true']}}\n"
        "      - {name: H, action: ExecuteDocument, onFailure: Continue, inputs: {document: /opt/child.yml}}\n"
        "      - {name: I, action: ReadFile, inputs: [{path: /opt/child.yml}]}\n"
        "      - {name: J, action: Assert, inputs: {stringEquals: a, value: b}}\n");

    assert_int_equal(run.rc, -1);
    json_decref(run.outputs);
    check_schemas();
    json_decref(find_event("loop-turn"));
    json_decref(find_event("needs-booted-system"));
}

static int setup(void **state)
{
    sw_log_to(keep_log);
    return log_and_folder_setup(state);
}

/* A document that was sealed: its steps leave what disableLogging leaves, and a failure no words. */
static void nothing_of_a_sealed_document_is_in_the_log(void **state)
{
    static const char document[] =
        HEAD "      - name: Say\n        action: ExecuteBash\n"
             "        inputs: {commands: ['echo canary-out', 'echo canary-err >&2']}\n"
             "      - name: Move\n        action: MoveFile\n"
             "        inputs: [{source: /canary-path/x, destination: /canary-there}]\n";
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *outputs = json_object();
    struct sw_runlog *log;
    struct sw_component *component =
        sw_component_parse(document, strlen(document), "web.yml.sealed", NULL, &err);
    struct sw_use use = {.component = component, .reference = "web.yml.sealed"};
    struct sw_exec exec = {.guest = folder_guest, .use = &use, .outputs = outputs};

    (void)state;
    assert_non_null(component);
    component->sealed = "web/1.0.0";
    terminal[0] = '\0';
    assert_int_equal(sw_runlog_open(log_dir, &log, &err), 0);
    exec.log = log;
    assert_int_equal(sw_exec_phase(&exec, SW_PHASE_BUILD, NULL, &err), -1);
    assert_has(err.text, "step 'Move': it failed (the document is sealed");
    assert_null(strstr(err.text, "canary"));
    struct sw_err late = {.code = SW_OK};
    assert_int_equal(sw_runlog_close(log, err.text, &late), 0);
    assert_nowhere("canary");
    sw_component_free(component);
}

static void put_document(const char *name, const char *text)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_strf(&err, "/opt/%s", name);

    assert_int_equal(folder_guest->ops->put(folder_guest, path, text, strlen(text),
                                            0644 | SW_PUT_PARENTS | SW_PUT_OVERWRITE, &err),
                     0);
}

/* Runs what is sealed, with the log of it all; the error's text. */
static void run_sealed(const char *document, struct sw_transfers *transfers, struct sw_err *err)
{
    SW_AUTO_JSON json_t *outputs = json_object();
    struct sw_runlog *log;
    struct sw_component *component =
        sw_component_parse(document, strlen(document), "web.yml.sealed", NULL, err);
    struct sw_use use = {.component = component, .reference = "web.yml.sealed"};
    struct sw_exec exec = {.guest = folder_guest, .use = &use, .outputs = outputs, .transfers = transfers};
    struct sw_err late = {.code = SW_OK};
    int rc;

    if (component == NULL)
        fail_msg("%s", err->text);
    component->sealed = "web/1.0.0";
    terminal[0] = '\0';
    assert_int_equal(sw_runlog_open(log_dir, &log, err), 0);
    exec.log = log;
    rc = sw_exec_phase(&exec, SW_PHASE_BUILD, NULL, err);
    assert_int_equal(sw_runlog_close(log, rc < 0 ? err->text : NULL, &late), 0);
    assert_null(strstr(err->text, "canary"));
    assert_nowhere("canary");
    sw_component_free(component);
}

static void a_plain_document_that_a_sealed_one_executes_leaves_no_words_either(void **state)
{
    struct sw_err err = {.code = SW_OK};

    (void)state;
    put_document("inner.yml", "schemaVersion: 1.0\nparameters:\n  - Path: {type: string}\nphases:\n"
                              "  - name: build\n    steps:\n"
                              "      - {name: Move, action: MoveFile,\n"
                              "         inputs: [{source: '{{ Path }}', destination: /x}]}\n");
    run_sealed(HEAD
               "      - name: Run\n        action: ExecuteDocument\n        inputs:\n"
               "          document: /opt/inner.yml\n"
               "          parameters: [{name: Path, value: /canary-path}, {name: canary-odd, value: x}]\n",
               NULL, &err);
    assert_int_equal(err.code, SW_GUEST);
    assert_has(err.text, "step 'Move': it failed (the document is sealed");
}

static struct sw_remote_file twin_file;

static int twin_find(struct sw_transfers *transfers, const struct sw_remote *source,
                     const struct sw_remote_file **files, size_t *n, struct sw_err *err)
{
    (void)transfers;
    assert_true(source->sealed);
    if (twin_file.path == NULL)
        return sw_fail(err, SW_OFFLINE, "'%s' is not here", source->uri);
    *files = &twin_file;
    *n = 1;
    return 0;
}

static int twin_deposit(struct sw_transfers *transfers, const char *uri, struct sw_out **out,
                        struct sw_err *err)
{
    (void)transfers;
    if (strstr(uri, "/no/") != NULL)
        return sw_fail(err, SW_FAILED, "cannot make '%s'", uri);
    return sw_out_create_file("deposit", 0600, out, err);
}

static void transfers_and_folders_of_a_sealed_document_are_not_told(void **state)
{
    struct sw_transfers transfers = {.find = twin_find, .deposit = twin_deposit};
    struct sw_err err = {.code = SW_OK};
    uint8_t digest[SW_SHA256_BYTES];
    char dir[] = "/tmp/slipway-test.XXXXXX";
    int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(sw_write_file("file", "abc", 3, 0600, &err), 0);
    assert_int_equal(sw_sha256("abc", 3, digest, &err), 0);
    twin_file = (struct sw_remote_file){.name = "canary-name", .path = "file", .size_bytes = 3};
    sw_hex(digest, sizeof(digest), twin_file.sha256);
    run_sealed(HEAD
               "      - {name: Get, action: WebDownload,\n"
               "         inputs: [{source: 'https://canary/x', destination: /opt/canary/}]}\n"
               "      - {name: Put, action: S3Upload,\n"
               "         inputs: [{source: /opt/canary/canary-name, destination: 's3://canary/x'}]}\n"
               "      - {name: Make, action: CreateFolder, inputs: [{path: /opt/canary, overwrite: true}]}\n",
               &transfers, &err);
    assert_int_equal(err.code, SW_OK);
    /* Nor where it fails, whoever is to blame. */
    run_sealed(HEAD
               "      - {name: Put, action: S3Upload,\n"
               "         inputs: [{source: /opt/canary/canary-name, destination: 's3://canary/no/x'}]}\n",
               &transfers, &err);
    assert_int_equal(err.code, SW_FAILED);
    err = (struct sw_err){.code = SW_OK};
    twin_file.path = NULL;
    run_sealed(HEAD "      - {name: Get, action: WebDownload,\n"
                    "         inputs: [{source: 'https://canary/x', destination: /opt/canary/}]}\n",
               &transfers, &err);
    assert_int_equal(err.code, SW_OFFLINE);
    assert_has(err.text, "the document is sealed");
    assert_int_equal(fchdir(before), 0);
    close(before);
    assert_int_equal(sw_remove_tree(dir, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_a_sealed_document_is_in_the_log),
        cmocka_unit_test(a_plain_document_that_a_sealed_one_executes_leaves_no_words_either),
        cmocka_unit_test(transfers_and_folders_of_a_sealed_document_are_not_told),
        cmocka_unit_test(a_failure_says_all_that_one_looks_for),
        cmocka_unit_test(secrets_are_hidden_in_every_file),
        cmocka_unit_test(what_needs_a_booted_system_is_named_without_its_secrets),
        cmocka_unit_test(a_killed_step_does_not_leave_the_half_of_a_secret),
        cmocka_unit_test(secrets_of_several_lines_are_hidden_line_by_line),
        cmocka_unit_test(a_nested_documents_secrets_are_hidden_too),
        cmocka_unit_test(chaining_names_what_each_reference_stood_for),
        cmocka_unit_test(documents_are_kept_as_they_were_written),
        cmocka_unit_test(the_run_has_an_id_and_an_end),
        cmocka_unit_test(the_files_are_what_their_schemas_say),
    };

    return cmocka_run_group_tests(tests, setup, log_and_folder_teardown);
}
