/* The table of action modules: every module of the language is known, and every row is sound. */
#include "tests/unit/recipe/recipe_case.h"

#include "src/base/buf.h"
#include "src/recipe/actions.h"

/* The 30 modules of schemaVersion 1.0. */
static const char *const modules[] = {
    "ExecuteBash",     "ExecutePowerShell", "ExecuteBinary",  "ExecuteDocument",    "Assert",
    "S3Download",      "S3Upload",          "WebDownload",    "AppendFile",         "CopyFile",
    "CopyFolder",      "CreateFile",        "CreateFolder",   "CreateSymlink",      "DeleteFile",
    "DeleteFolder",    "ListFiles",         "MoveFile",       "MoveFolder",         "ReadFile",
    "SetFileEncoding", "SetFileOwner",      "SetFolderOwner", "SetFilePermissions", "SetFolderPermissions",
    "InstallMSI",      "UninstallMSI",      "Reboot",         "SetRegistry",        "UpdateOS",
};

static void every_module_of_the_language_is_known(void **state)
{
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(modules); i++)
        if (sw_action_find(modules[i]) == NULL)
            fail_msg("'%s' is not known", modules[i]);
    while (sw_action_at(n) != NULL)
        n++;
    assert_int_equal(n, 30);
    assert_null(sw_action_find("executebash"));
    assert_null(sw_action_find(""));
}

/*
 * What AWS documents of each module: platforms, a list of maps (*) or one map, outputs, and the inputs as
 * NAME:KIND, ! where it must be given, ~ where Windows has it not, =DEFAULT. The kinds are letters of kind_letters.
 */
static const struct {
    const char *name, *platforms, *outputs, *inputs;
} reference[] = {
    {"ExecuteBash", "LM", "stdout", "commands:T!"},
    {"ExecutePowerShell", "W", "stdout", "commands:T file:t"},
    {"ExecuteBinary", "LWM", "stdout", "path:p! arguments:T"},
    {"ExecuteDocument", "LWM",
     "executedStepCount executionId failedStepCount failureMessage ignoredFailedStepCount logUrl status",
     "document:p! document-s3-bucket-owner:t phases:t parameters:P"},
    {"Assert", "LWM", "", "?"},
    {"S3Download", "LWM*", "", "source:s! destination:p! expectedBucketOwner:t overwrite:b=true"},
    {"S3Upload", "LWM*", "", "source:p! destination:s! recurse:b=false expectedBucketOwner:t"},
    {"WebDownload", "LWM*", "destination",
     "source:h! destination:p! overwrite:b=true checksum:t algorithm:w ignoreCertificateErrors:b=false"},
    {"AppendFile", "LWM*", "", "path:p! content:t= encoding:e=utf8"},
    {"CopyFile", "LWM*", "", "source:p! destination:p! overwrite:b=true"},
    {"CopyFolder", "LWM*", "", "source:p! destination:p! overwrite:b=true"},
    {"CreateFile", "LWM*", "",
     "path:p! content:t= encoding:e=utf8 owner:t~ group:t~ permissions:o~=0666 overwrite:b=true"},
    {"CreateFolder", "LWM*", "", "path:p! owner:t~ group:t~ permissions:o~=0777 overwrite:b=true"},
    {"CreateSymlink", "LM*", "", "path:p! target:p! force:b=false"},
    {"DeleteFile", "LWM*", "", "path:p! force:b"},
    {"DeleteFolder", "LWM*", "", "path:p! force:b=false"},
    {"ListFiles", "LWM*", "files", "path:p! fileNamePattern:t recursive:b=false"},
    {"MoveFile", "LWM*", "", "source:p! destination:p! overwrite:b=true"},
    {"MoveFolder", "LWM*", "", "source:p! destination:p! overwrite:b=true"},
    {"ReadFile", "LWM*", "content", "path:p! encoding:e=utf8 printFileContent:b=false"},
    {"SetFileEncoding", "LWM*", "", "path:p! encoding:e=utf8"},
    {"SetFileOwner", "LM*", "", "path:p! owner:t! group:t"},
    {"SetFolderOwner", "LM*", "", "path:p! owner:t! group:t recursive:b=true"},
    {"SetFilePermissions", "LM*", "", "path:p! permissions:o!"},
    {"SetFolderPermissions", "LM*", "", "path:p! permissions:o! recursive:b=true"},
    {"InstallMSI", "W", "logFile msiExitCode stdout",
     "path:p! reboot:w=Allow logOptions:t=*VX logFile:t properties:m "
     "ignoreAuthenticodeSignatureErrors:b=false allowUnsignedInstaller:b=false"},
    {"UninstallMSI", "W", "logFile msiExitCode stdout",
     "path:p! reboot:w=Allow logOptions:t=*VX logFile:t properties:m "
     "ignoreAuthenticodeSignatureErrors:b=false allowUnsignedInstaller:b=false"},
    {"Reboot", "LW", "", "delaySeconds:n=0"},
    {"SetRegistry", "W*", "", "path:p! name:t! value:v! type:w!"},
    {"UpdateOS", "LW", "", "include:T exclude:T"},
};

/* In the order of enum sw_input_kind. */
static const char kind_letters[] = "tpTboenwmPvhs";

static void say_inputs(const struct sw_action *action, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    if (action->condition)
        snprintf(out, size, "?");
    for (const struct sw_input *in = action->inputs; in != NULL && in->name != NULL; in++)
        len += (size_t)snprintf(out + len, size - len, "%s%s:%c%s%s%s%s", len > 0 ? " " : "", in->name,
                                kind_letters[in->kind], in->required ? "!" : "",
                                in->platforms != 0 && (in->platforms & SW_WINDOWS) == 0 ? "~" : "",
                                in->fallback != NULL ? "=" : "", in->fallback != NULL ? in->fallback : "");
}

static void every_module_has_the_inputs_that_aws_documents(void **state)
{
    (void)state;
    assert_int_equal(SW_ARRAY_LEN(reference), 30);
    for (size_t i = 0; i < SW_ARRAY_LEN(reference); i++) {
        const struct sw_action *action = sw_action_find(reference[i].name);
        char inputs[512], platforms[8], outputs[256] = "";

        assert_non_null(action);
        say_inputs(action, inputs, sizeof(inputs));
        snprintf(platforms, sizeof(platforms), "%s%s%s%s", action->platforms & SW_LINUX ? "L" : "",
                 action->platforms & SW_WINDOWS ? "W" : "", action->platforms & SW_MACOS ? "M" : "",
                 action->list ? "*" : "");
        for (size_t k = 0, len = 0; action->outputs != NULL && action->outputs[k] != NULL; k++)
            len += (size_t)snprintf(outputs + len, sizeof(outputs) - len, "%s%s", len > 0 ? " " : "",
                                    action->outputs[k]);
        if (strcmp(inputs, reference[i].inputs) != 0 || strcmp(platforms, reference[i].platforms) != 0 ||
            strcmp(outputs, reference[i].outputs) != 0)
            fail_msg("%s: %s: %s: %s", reference[i].name, platforms, outputs, inputs);
    }
}

/* ---- Each input, wrong in each way -------------------------------------------------------------------------- */

/* One YAML value of each kind that is right, and those that are not; an empty one is told apart by NULL. */
static const struct {
    const char *right;
    const char *wrong[8];
} values[] = {
    [SW_INPUT_TEXT] = {"word", {"[a]", "{a: b}"}},
    [SW_INPUT_PATH] = {"/srv/x", {"''", "[/a]", "{a: b}"}},
    [SW_INPUT_TEXTS] = {"[a, b]", {"a", "{a: b}", "[[a]]", "[{a: b}]"}},
    [SW_INPUT_BOOL] = {"'false'", {"maybe", "1", "''", "[true]", "{a: b}"}},
    [SW_INPUT_OCTAL] = {"0644", {"rwx", "888", "12345678", "-1", "''", "[0644]", "{a: b}"}},
    [SW_INPUT_ENCODING] = {"utf16-LE", {"latin1", "utf-8-BE", "''", "[utf8]", "{a: b}"}},
    [SW_INPUT_NUMBER] = {"30",
                         {"-1", "1.5", "x", "2147483648", "99999999999999999999", "''", "[1]", "{a: b}"}},
    [SW_INPUT_WORD] = {NULL, {"none-of-them", "''", "[SZ]", "{a: b}"}},
    [SW_INPUT_TEXT_MAP] = {"{A: b}", {"a", "[a]", "{A: [b]}", "{A: {b: c}}"}},
    [SW_INPUT_PAIRS] = {"[{name: A, value: b}]",
                        {"a", "{name: A, value: b}", "[a]", "[{name: A}]", "[{value: b}]",
                         "[{name: A, value: b, more: c}]", "[{name: [A], value: b}]"}},
    [SW_INPUT_TEXT_OR_TEXTS] = {"'1'", {"{a: b}", "[[a]]", "[{a: b}]"}},
    [SW_INPUT_WEB] = {"https://example.com/x",
                      {"ftp://example.com/x", "example.com", "s3://lab/x", "''", "[a]", "{a: b}"}},
    [SW_INPUT_S3] = {"s3://lab/x", {"https://example.com/x", "s3://", "s3:///x", "''", "[a]", "{a: b}"}},
};

static const char *right_value(const struct sw_action *action, const struct sw_input *input)
{
    if (strcmp(action->name, "SetRegistry") == 0 && strcmp(input->name, "path") == 0)
        return "'HKLM:\\SOFTWARE\\Lab'";
    if (strcmp(action->name, "SetRegistry") == 0 && strcmp(input->name, "type") == 0)
        return "SZ";
    if (strcmp(action->name, "ExecutePowerShell") == 0 && strcmp(input->name, "file") == 0)
        return "'C:\\x.ps1'";
    return input->kind == SW_INPUT_WORD ? input->words[0] : values[input->kind].right;
}

/* A document whose one step gives all that must be given, and `input` as value (NULL: it is left out). */
static char *make_document(const struct sw_action *action, const struct sw_input *input, const char *value,
                           struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    bool first = true;

    assert_int_equal(
        sw_buf_printf(&text, err,
                      "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: A\n"
                      "        action: %s\n        inputs: %s{",
                      action->name, action->list ? "[" : ""),
        0);
    for (const struct sw_input *in = action->inputs; in->name != NULL; in++) {
        /* ExecutePowerShell needs one of its two. */
        bool given = in->required || (input->name == NULL && in->kind == SW_INPUT_TEXTS);
        const char *its = in == input ? value : given ? right_value(action, in) : NULL;

        if (its == NULL)
            continue;
        assert_int_equal(sw_buf_printf(&text, err, "%s%s: %s", first ? "" : ", ", in->name, its), 0);
        first = false;
    }
    if (input != NULL && input->name == NULL)
        assert_int_equal(sw_buf_printf(&text, err, "%sunheardOf: x", first ? "" : ", "), 0);
    assert_int_equal(sw_buf_printf(&text, err, "}%s\n", action->list ? "]" : ""), 0);
    return sw_buf_steal(&text);
}

/* NULL, or the first fault, which has a place. */
static const char *fault_of(const struct sw_action *action, const struct sw_input *input, const char *value)
{
    static char fault[sizeof(((struct sw_err *)0)->text) + 32];
    struct sw_err err = {0};
    struct sw_diags diags = {0};
    SW_AUTO_FREE char *text = make_document(action, input, value, &err);
    struct sw_component *component = sw_component_parse(text, strlen(text), "c.yml", &diags, &err);

    if (component == NULL)
        snprintf(fault, sizeof(fault), "%s", err.text);
    for (size_t i = 0; i < diags.n && component == NULL; i++)
        if (!diags.items[i].warning && (diags.items[i].line < 7 || diags.items[i].column == 0))
            snprintf(fault, sizeof(fault), "(without a place) %s", err.text);
    sw_diags_free(&diags);
    if (component == NULL)
        return fault;
    sw_component_free(component);
    return NULL;
}

static void expect_fault(const struct sw_action *action, const struct sw_input *input, const char *value,
                         const char *name)
{
    const char *fault = fault_of(action, input, value);

    if (fault == NULL)
        fail_msg("%s: %s: %s was taken", action->name, name, value != NULL ? value : "(nothing)");
    /* What is wrong within a pair is said of the pair, at its place. */
    if ((strstr(fault, name) == NULL && input->kind != SW_INPUT_PAIRS) || fault[0] == '(')
        fail_msg("%s: %s: %s: '%s' does not say where", action->name, name, value != NULL ? value : "",
                 fault);
}

static void try_input(const struct sw_action *action, const struct sw_input *input)
{
    const char *fault = fault_of(action, input, right_value(action, input));

    if (fault != NULL)
        fail_msg("%s: %s: %s", action->name, input->name, fault);
    if (input->required) {
        expect_fault(action, input, NULL, input->name);
        expect_fault(action, input, "~", input->name);
    }
    for (size_t i = 0; i < SW_ARRAY_LEN(values[0].wrong) && values[input->kind].wrong[i] != NULL; i++)
        expect_fault(action, input, values[input->kind].wrong[i], input->name);
    /* What a reference stands for is not known yet. */
    fault = fault_of(action, input, input->kind == SW_INPUT_TEXTS ? "['{{ X }}']" : "'{{ X }}'");
    if (fault != NULL && strstr(fault, "'X' is no parameter") == NULL && strstr(fault, "must be a") == NULL)
        fail_msg("%s: %s: a reference: %s", action->name, input->name, fault);
}

static void each_input_is_refused_in_each_way_that_is_wrong(void **state)
{
    static const struct sw_input unheard_of = {.name = NULL};
    const struct sw_action *action;
    size_t tried = 0;

    (void)state;
    for (size_t i = 0; (action = sw_action_at(i)) != NULL; i++) {
        if (action->condition)
            continue;
        for (const struct sw_input *input = action->inputs; input->name != NULL; input++, tried++)
            try_input(action, input);
        expect_fault(action, &unheard_of, NULL, "no input 'unheardOf'");
    }
    assert_int_equal(tried, 98);
}

/* Neither a map where a list of maps belongs, nor the reverse, nor nothing. */
static void inputs_have_the_shape_of_their_module(void **state)
{
    static const char *const shapes[] = {"{path: /x}", "[{path: /x}]", "word", "[word]",
                                         "[[a]]",      "[]",           "{}",   "~"};
    const struct sw_action *action;

    (void)state;
    for (size_t i = 0; (action = sw_action_at(i)) != NULL; i++) {
        for (size_t k = 0; k < SW_ARRAY_LEN(shapes); k++) {
            bool fits = (action->list ? k == 1 : k == 0 || k == 6) || (action->bare && k == 7);
            struct sw_err err = {0};
            SW_AUTO_FREE char *text = sw_strf(
                &err,
                "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: A, action: %s, inputs: %s}]}]\n",
                action->name, shapes[k]);
            struct sw_component *component = sw_component_parse(text, strlen(text), "c.yml", NULL, &err);

            if (component != NULL && !fits)
                fail_msg("%s: %s was taken", action->name, shapes[k]);
            sw_component_free(component);
        }
    }
}

static void rows_in_scope_have_inputs_and_sound_defaults(void **state)
{
    const struct sw_action *action;
    unsigned mode;
    bool flag;

    (void)state;
    for (size_t i = 0; (action = sw_action_at(i)) != NULL; i++) {
        if (action->absent)
            continue;
        assert_int_equal(action->inputs == NULL, action->condition);
        if (action->condition)
            continue;
        assert_int_not_equal(action->platforms & (SW_LINUX | SW_WINDOWS), 0);
        for (const struct sw_input *input = action->inputs; input->name != NULL; input++) {
            assert_false(input->required && input->fallback != NULL);
            if (input->kind == SW_INPUT_BOOL && input->fallback != NULL)
                assert_int_equal(sw_text_bool(input->fallback, &flag), 0);
            if (input->kind == SW_INPUT_OCTAL && input->fallback != NULL)
                assert_int_equal(sw_text_octal(input->fallback, &mode), 0);
        }
    }
}

static void permissions_are_octal_digits_as_written(void **state)
{
    static const char *const bad[] = {"",      "0o",       "8",  "0888", "rwx", "0x1ff",
                                      "12345", "00000644", "-1", " 644", "644 "};
    static const struct {
        const char *text;
        unsigned mode;
    } good[] = {{"644", 0644}, {"0644", 0644}, {"0o755", 0755}, {"7777", 07777}, {"07777", 07777}, {"0", 0}};
    unsigned mode;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++)
        if (sw_text_octal(bad[i], &mode) == 0)
            fail_msg("'%s' was taken", bad[i]);
    for (size_t i = 0; i < SW_ARRAY_LEN(good); i++) {
        assert_int_equal(sw_text_octal(good[i].text, &mode), 0);
        assert_int_equal(mode, good[i].mode);
    }
}

static void encodings_are_taken_in_all_their_spellings(void **state)
{
    static const char *const good[] = {"utf8",     "UTF-8",     "utf16",  "utf-16",
                                       "utf16-LE", "UTF-16-be", "utf-32", "utf32-le"};
    static const char *const bad[] = {"",       "utf",    "utf-",       "utf-7",  "utf-8-LE",
                                      "latin1", "utf16-", "utf-32-lex", "utf--8", "utf16LE"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(good); i++)
        if (!sw_text_encoding(good[i]))
            fail_msg("'%s' was refused", good[i]);
    for (size_t i = 0; i < SW_ARRAY_LEN(bad); i++)
        if (sw_text_encoding(bad[i]))
            fail_msg("'%s' was taken", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_module_of_the_language_is_known),
        cmocka_unit_test(every_module_has_the_inputs_that_aws_documents),
        cmocka_unit_test(each_input_is_refused_in_each_way_that_is_wrong),
        cmocka_unit_test(inputs_have_the_shape_of_their_module),
        cmocka_unit_test(rows_in_scope_have_inputs_and_sound_defaults),
        cmocka_unit_test(permissions_are_octal_digits_as_written),
        cmocka_unit_test(encodings_are_taken_in_all_their_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
