/* What the hives of a Windows come to: each rule fires on hives of its own and on no others'. tests/lib/windows-hives makes them. */
#include "tests/unit/testing.h"

#include "slipway/preflight.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/proc.h"
#include "src/preflight/collect_windows.h"

enum { CASES_BYTES = 1 << 20, ALL = (1 << SW_PREFLIGHT_LANES) - 1, LINE = 256 };

/* What a launch adds is good. */
static json_t *guest_of(const char *kind)
{
    static const char *const names[] = {"SYSTEM", "SOFTWARE", "SAM", "BCD"};
    struct windows_hives hives = {.system = {.bytes = NULL}};
    struct windows_hive *const all[] = {&hives.system, &hives.software, &hives.sam, &hives.bcd};
    struct sw_buf bytes[4] = {{0}};
    struct sw_err err = {.code = SW_OK};
    json_t *guest = json_pack("{s:s, s:[{s:s}], s:{s:I, s:b}}", "platform", "windows", "roots", "device",
                              "/dev/sda2", "windows", "free_bytes", (json_int_t)1 << 34, "hibernated", 0);
    char path[LINE];

    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", kind, names[i]);
        if (sw_read_file(path, CASES_BYTES, &bytes[i], &err) == 0)
            *all[i] = (struct windows_hive){bytes[i].data, bytes[i].len};
    }
    assert_ok(collect_windows(&hives, guest, &err), err);
    for (size_t i = 0; i < 4; i++)
        sw_buf_free(&bytes[i]);
    return guest;
}

/* "KIND RULE…" of what was found. */
static void judge(const struct sw_preflight_policy *policy, const json_t *disk, const char *kind,
                  char line[LINE])
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *evidence =
        json_pack("{s:i, s:[O], s:o}", "version", 1, "disks", disk, "guest", guest_of(kind));
    SW_AUTO_JSON json_t *verdict = sw_preflight_judge(policy, evidence, "image", ALL, &err);
    const json_t *rule;
    size_t i, len = (size_t)snprintf(line, LINE, "%s ", kind);

    if (verdict == NULL)
        fail_msg("%s", err.text);
    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (strcmp(sw_json_text(rule, "state"), "found") == 0)
            len += (size_t)snprintf(line + len, LINE - len, "%s%s", line[len - 1] == ' ' ? "" : ",",
                                    sw_json_text(rule, "id"));
    }
}

static void each_rule_fires_on_its_own_hives_and_on_no_others(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *cases =
        sw_json_read(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json", CASES_BYTES, &err);
    struct sw_preflight_policy *policy = sw_preflight_policy_open(NULL, &err);
    SW_AUTO_FILE FILE *list = fopen("list", "r");
    char want[LINE], got[LINE], kind[64];
    unsigned n = 0;

    (void)state;
    assert_non_null(cases);
    assert_non_null(policy);
    assert_non_null(list);
    for (; fgets(want, sizeof(want), list) != NULL; n++) {
        want[strcspn(want, "\n")] = '\0';
        snprintf(kind, sizeof(kind), "%.*s", (int)strcspn(want, " "), want);
        judge(policy, json_object_get(cases, "windows_disk"), kind, got);
        assert_string_equal(got, want);
    }
    assert_true(n > 30);
    sw_preflight_policy_free(policy);
}

static void what_the_hives_say_is_as_windows_has_it(void **state)
{
    SW_AUTO_JSON json_t *eleven = guest_of("good-windows-11");
    SW_AUTO_JSON json_t *fixed = guest_of("static");
    SW_AUTO_JSON json_t *open_account = guest_of("no-password");
    const json_t *windows = json_object_get(eleven, "windows");
    const json_t *card = json_array_get(json_object_get(json_object_get(fixed, "network"), "interfaces"), 0);

    (void)state;
    assert_string_equal(sw_json_text(windows, "product"), "Windows 11 Pro");
    assert_string_equal(sw_json_text(eleven, "architecture"), "x86_64");
    assert_string_equal(sw_json_text(card, "name"), "Ethernet0");
    assert_string_equal(sw_json_text(card, "method"), "static");
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(json_object_get(fixed, "windows"), "fixed_addresses"), 0)),
                        "Ethernet0 has the address 192.168.1.5");
    /* An escape code in a name is no longer one. */
    assert_string_equal(
        json_string_value(json_array_get(
            json_object_get(json_object_get(open_account, "windows"), "accounts_without_password"), 0)),
        "lab\xef\xbf\xbd[31m");
}

static int make_hives(void **state)
{
    static const char *const argv[] = {SLIPWAY_SOURCE "/tests/lib/windows-hives", ".", NULL};
    SW_AUTO_BUF struct sw_buf said = {0};
    struct sw_err err = {.code = SW_OK};
    int status = 0;

    if (enter_empty_folder(state) < 0 || sw_run_program(argv, 60000, &said, &status, &err) < 0)
        return -1;
    return status == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_fires_on_its_own_hives_and_on_no_others),
        cmocka_unit_test(what_the_hives_say_is_as_windows_has_it),
    };

    return cmocka_run_group_tests(tests, make_hives, leave_folder);
}
