/* Keys and values of SetRegistry. */
#include "src/recipe/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void expect_key(const char *path, enum sw_registry_root root, const char *key)
{
    enum sw_registry_root found;
    const char *below;
    const char *problem = sw_registry_path(path, &found, &below);

    if (problem != NULL)
        fail_msg("'%s' %s", path, problem);
    assert_int_equal(found, root);
    assert_string_equal(below, key);
}

static void expect_bad_key(const char *path, const char *part)
{
    enum sw_registry_root root;
    const char *key, *problem = sw_registry_path(path, &root, &key);

    if (problem == NULL || strstr(problem, part) == NULL)
        fail_msg("'%s' %s", path, problem != NULL ? problem : "is taken");
}

static void every_root_is_known_by_both_names(void **state)
{
    (void)state;
    expect_key("HKLM:\\SOFTWARE\\X", SW_HKLM, "SOFTWARE\\X");
    expect_key("HKEY_LOCAL_MACHINE\\SOFTWARE\\X", SW_HKLM, "SOFTWARE\\X");
    expect_key("hkcu:\\x", SW_HKCU, "x");
    expect_key("HKEY_CURRENT_USER\\x", SW_HKCU, "x");
    expect_key("HKU:\\.DEFAULT", SW_HKU, ".DEFAULT");
    expect_key("HKEY_USERS\\.DEFAULT", SW_HKU, ".DEFAULT");
    expect_key("HKCR:\\.txt", SW_HKCR, ".txt");
    expect_key("HKEY_CLASSES_ROOT\\.txt", SW_HKCR, ".txt");
    expect_key("HKCC:\\System", SW_HKCC, "System");
    expect_key("Hkey_Current_Config\\System", SW_HKCC, "System");
    expect_key("HKEY_LOCAL_MACHINE:\\a/b c", SW_HKLM, "a/b c");
}

static void keys_that_cannot_be_are_refused(void **state)
{
    static char deep[3000] = "HKLM:", wide[400] = "HKLM:\\";

    (void)state;
    for (int i = 0; i < 129; i++)
        strcat(deep, "\\a");
    memset(wide + 6, 'x', 256);
    expect_bad_key("", "begins with none");
    expect_bad_key("HKLMX:\\a", "begins with none");
    expect_bad_key("SOFTWARE\\x", "begins with none");
    expect_bad_key("HKLM:SOFTWARE", "no backslash");
    expect_bad_key("HKLM\\SOFTWARE", "needs a colon");
    expect_bad_key("HKLM", "needs a colon");
    expect_bad_key("HKLM:\\SOFTWARE\\\\x", "two backslashes");
    expect_bad_key("HKLM:\\SOFTWARE\\", "two backslashes");
    expect_bad_key("HKLM:\\", "a root only");
    expect_bad_key("HKLM:", "a root only");
    expect_bad_key(deep, "128 keys deep");
    expect_bad_key(wide, "255 characters");
}

static void expect_bytes(const char *type, const char *const *texts, bool list, uint32_t number,
                         const char *bytes, size_t len)
{
    struct sw_registry_value value = {.type = 0};
    struct sw_err err = {.code = SW_OK};

    if (sw_registry_encode(type, (char *const *)(uintptr_t)texts, list, &value, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(value.type, number);
    assert_int_equal(value.data.len, len);
    assert_memory_equal(value.data.data, bytes, len);
    sw_buf_free(&value.data);
}

static void expect_bad(const char *type, const char *const *texts, bool list, const char *part)
{
    struct sw_registry_value value = {.type = 0};
    struct sw_err err = {.code = SW_OK};

    assert_int_equal(sw_registry_encode(type, (char *const *)(uintptr_t)texts, list, &value, &err), -1);
    assert_int_equal(err.code, SW_RECIPE);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, err.text);
    sw_buf_free(&value.data);
}

#define ONE(text)         \
    (const char *const[]) \
    {                     \
        text, NULL        \
    }

static void every_type_has_its_bytes(void **state)
{
    (void)state;
    expect_bytes("DWORD", ONE("4294967295"), false, 4, "\xff\xff\xff\xff", 4);
    expect_bytes("dword", ONE("0x10"), false, 4, "\x10\0\0\0", 4);
    expect_bytes("QWORD", ONE("18446744073709551615"), false, 11, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    expect_bytes("SZ", ONE("ä€"), false, 1, "\xe4\0\xac\x20\0\0", 6);
    expect_bytes("SZ", ONE(""), false, 1, "\0\0", 2);
    expect_bytes("EXPAND_SZ", ONE("%a%"), false, 2, "%\0a\0%\0\0\0", 8);
    expect_bytes("SZ", ONE("\xf0\x9f\x98\x80"), false, 1, "\x3d\xd8\x00\xde\0\0", 6);
    expect_bytes("MULTI_SZ", (const char *const[]){"a", "b", NULL}, true, 7, "a\0\0\0b\0\0\0\0\0", 10);
    expect_bytes("MULTI_SZ", ONE("a"), false, 7, "a\0\0\0\0\0", 6);
    expect_bytes("BINARY", ONE("0aFF"), false, 3, "\x0a\xff", 2);
    expect_bytes("BINARY", ONE("0x0a,ff"), false, 3, "\x0a\xff", 2);
    expect_bytes("BINARY", (const char *const[]){"10", "0xff", NULL}, true, 3, "\x0a\xff", 2);
}

static void values_out_of_range_are_refused(void **state)
{
    static char long_text[8200];

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    expect_bad("DWORD", ONE("4294967296"), false, "no number from 0 to 4294967295");
    expect_bad("DWORD", ONE("0x100000000"), false, "no number");
    expect_bad("DWORD", ONE("-1"), false, "no number");
    expect_bad("DWORD", ONE(""), false, "no number");
    expect_bad("DWORD", ONE("0x"), false, "no number");
    expect_bad("DWORD", ONE("1."), false, "no number");
    expect_bad("DWORD", ONE("12a"), false, "no number");
    expect_bad("QWORD", ONE("18446744073709551616"), false, "no number");
    expect_bad("QWORD", ONE("0x1ffffffffffffffff"), false, "no number");
    expect_bad("DWORD", (const char *const[]){"1", NULL}, true, "one text, not a list");
    expect_bad("BINARY", ONE("0"), false, "pairs of hex digits");
    expect_bad("BINARY", ONE("0g"), false, "pairs of hex digits");
    expect_bad("BINARY", (const char *const[]){"256", NULL}, true, "no byte");
    expect_bad("MULTI_SZ", (const char *const[]){"a", "", NULL}, true, "empty text");
    expect_bad("SZ", ONE("\xff"), false, "not UTF-8");
    expect_bad("SZ", ONE(long_text), false, "at most 16344");
    expect_bad("NONE", ONE("x"), false, "no type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_root_is_known_by_both_names),
        cmocka_unit_test(keys_that_cannot_be_are_refused),
        cmocka_unit_test(every_type_has_its_bytes),
        cmocka_unit_test(values_out_of_range_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
