/* The table of action modules: every module of the language is known, and every row is sound. */
#include "tests/unit/recipe/recipe_case.h"

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
        cmocka_unit_test(rows_in_scope_have_inputs_and_sound_defaults),
        cmocka_unit_test(permissions_are_octal_digits_as_written),
        cmocka_unit_test(encodings_are_taken_in_all_their_spellings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
