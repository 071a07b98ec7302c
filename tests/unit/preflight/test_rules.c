/* Every rule fires on evidence of its own and on no other's; data, functions and AWS' messages hold together. */
#include "tests/unit/testing.h"

#include "slipway/import.h"
#include "slipway/preflight.h"
#include "src/base/json.h"
#include "src/preflight/policy.h"
#include "src/preflight/rules.h"

enum { CASES_BYTES = 1 << 20, ALL = (1 << SW_PREFLIGHT_LANES) - 1 };

static json_t *load(const char *path)
{
    struct sw_err err = {.code = SW_OK};
    json_t *json = sw_json_read(path, CASES_BYTES, &err);

    if (json == NULL)
        fail_msg("%s", err.text);
    return json;
}

static struct sw_preflight_policy *built_in(void)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_preflight_policy *policy = sw_preflight_policy_open(NULL, &err);

    if (policy == NULL)
        fail_msg("%s", err.text);
    return policy;
}

/* RFC 7396: null takes a member away. */
static void patch(json_t *target, json_t *changes)
{
    const char *key;
    json_t *value;

    json_object_foreach (changes, key, value) {
        json_t *own = json_object_get(target, key);

        if (json_is_null(value))
            json_object_del(target, key);
        else if (json_is_object(value) && json_is_object(own))
            patch(own, value);
        else
            json_object_set_new(target, key, json_deep_copy(value));
    }
}

/* The good evidence with the case's changes. */
static json_t *evidence_of(const json_t *doc, json_t *one)
{
    bool windows =
        strcmp(sw_json_text(one, "on") != NULL ? sw_json_text(one, "on") : "linux", "windows") == 0;
    json_t *disk = json_deep_copy(json_object_get(doc, windows ? "windows_disk" : "disk"));
    json_t *guest = json_deep_copy(json_object_get(doc, windows ? "windows" : "linux"));

    patch(disk, json_object_get(one, "disk"));
    if (json_is_null(json_object_get(one, "guest"))) {
        json_decref(guest);
        guest = NULL;
    } else {
        patch(guest, json_object_get(one, "guest"));
    }
    return json_pack("{s:i, s:[o], s:o*}", "version", 1, "disks", disk, "guest", guest);
}

static json_t *judge(const struct sw_preflight_policy *policy, const json_t *evidence)
{
    struct sw_err err = {.code = SW_OK};
    json_t *verdict = sw_preflight_judge(policy, evidence, "image", ALL, &err);

    if (verdict == NULL)
        fail_msg("%s", err.text);
    return verdict;
}

/* The ids of what was found, by spaces. */
static char *found_in(const json_t *verdict, const char *state)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    struct sw_err err = {.code = SW_OK};
    const json_t *rule;
    size_t i;

    assert_ok(sw_buf_puts(&out, "", &err), err);
    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        if (strcmp(sw_json_text(rule, "state"), state) == 0)
            assert_ok(sw_buf_printf(&out, &err, " %s", sw_json_text(rule, "id")), err);
    }
    assert_ok(sw_buf_puts(&out, "", &err), err);
    return out.data != NULL ? sw_buf_steal(&out) : strdup("");
}

static char *wanted(const json_t *one)
{
    SW_AUTO_BUF struct sw_buf out = {0};
    struct sw_err err = {.code = SW_OK};
    const json_t *id;
    size_t i;

    json_array_foreach (json_object_get(one, "finds"), i, id)
        assert_ok(sw_buf_printf(&out, &err, " %s", json_string_value(id)), err);
    return sw_buf_steal(&out);
}

static void each_rule_fires_on_its_own_evidence_and_on_no_other(void **state)
{
    SW_AUTO_JSON json_t *doc = load(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json");
    struct sw_preflight_policy *policy = built_in();
    json_t *one;
    size_t i;

    (void)state;
    json_array_foreach (json_object_get(doc, "cases"), i, one) {
        SW_AUTO_JSON json_t *evidence = evidence_of(doc, one);
        SW_AUTO_JSON json_t *verdict = judge(policy, evidence);
        SW_AUTO_FREE char *got = found_in(verdict, "found");
        SW_AUTO_FREE char *want = wanted(one);

        if (strcmp(got, want) != 0)
            fail_msg("case %zu: found%s, not%s", i + 1, got, want);
    }
    sw_preflight_policy_free(policy);
}

static void nothing_fires_on_good_disks_and_guests(void **state)
{
    SW_AUTO_JSON json_t *doc = load(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json");
    struct sw_preflight_policy *policy = built_in();
    const char *const systems[] = {"linux", "windows"};

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(systems); i++) {
        SW_AUTO_JSON json_t *one = json_pack("{s:s, s:{}, s:{}}", "on", systems[i], "disk", "guest");
        SW_AUTO_JSON json_t *evidence = evidence_of(doc, one);
        SW_AUTO_JSON json_t *verdict = judge(policy, evidence);
        SW_AUTO_FREE char *got = found_in(verdict, "found");
        SW_AUTO_FREE char *open = found_in(verdict, "unknown");

        assert_string_equal(got, "");
        assert_string_equal(open, "");
        assert_false(sw_preflight_refused(verdict));
        assert_string_equal(ev_text(verdict, "lanes.import-image.verdict"), "passed");
    }
    sw_preflight_policy_free(policy);
}

static void every_rule_has_a_case(void **state)
{
    SW_AUTO_JSON json_t *doc = load(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json");
    SW_AUTO_FREE const char **ids = rule_ids();
    const json_t *one;
    size_t i;

    (void)state;
    assert_non_null(ids);
    for (const char **id = ids; *id != NULL; id++) {
        bool there = strcmp(*id, "disk.count") == 0; /* of more disks than a case has */

        json_array_foreach (json_object_get(doc, "cases"), i, one)
            there = there || ev_list_has(one, "finds", *id);
        if (!there)
            fail_msg("no case for %s", *id);
    }
}

static void a_guest_that_was_not_looked_at_is_unknown_and_never_passed(void **state)
{
    SW_AUTO_JSON json_t *doc = load(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json");
    SW_AUTO_JSON json_t *one = json_pack("{s:n}", "guest");
    SW_AUTO_JSON json_t *evidence = evidence_of(doc, one);
    struct sw_preflight_policy *policy = built_in();
    SW_AUTO_JSON json_t *verdict = judge(policy, evidence);
    SW_AUTO_FREE char *passed = found_in(verdict, "passed");

    (void)state;
    assert_null(strstr(passed, "linux.initramfs"));
    assert_null(strstr(passed, "linux.fstab"));
    assert_null(strstr(passed, "windows.rdp"));
    assert_string_equal(ev_text(verdict, "lanes.ebs-direct.verdict"), "unknown");
    assert_true(ev_number(verdict, "lanes.ebs-direct.unknown") > 20);
    assert_false(sw_preflight_refused(verdict));
    sw_preflight_policy_free(policy);
}

static void the_22nd_disk_is_one_too_many_for_import_image_alone(void **state)
{
    SW_AUTO_JSON json_t *doc = load(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json");
    SW_AUTO_JSON json_t *disks = json_array();
    SW_AUTO_JSON json_t *evidence = NULL;
    SW_AUTO_JSON json_t *verdict = NULL;
    struct sw_preflight_policy *policy = built_in();

    (void)state;
    for (unsigned i = 0; i < 22; i++)
        json_array_append(disks, json_object_get(doc, "disk"));
    evidence = json_pack("{s:O}", "disks", disks);
    verdict = judge(policy, evidence);
    assert_string_equal(ev_text(verdict, "lanes.import-image.verdict"), "refused");
    assert_string_equal(ev_text(verdict, "lanes.import-snapshot.verdict"), "unknown");
    sw_preflight_policy_free(policy);
}

static void rows_and_functions_are_the_same_set(void **state)
{
    struct sw_preflight_policy *policy = built_in();
    const json_t *rules = sw_preflight_policy_rules(policy), *rule;
    SW_AUTO_FREE const char **ids = rule_ids();
    size_t i, n = 0;

    (void)state;
    json_array_foreach (rules, i, rule) {
        if (rule_find(ev_text(rule, "id")) == NULL)
            fail_msg("the row '%s' has no function", ev_text(rule, "id"));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(ev_text(rule, "id"), ev_text(json_array_get(rules, k), "id"));
    }
    for (const char **id = ids; *id != NULL; id++, n++) {
        bool there = false;

        json_array_foreach (rules, i, rule)
            there = there || strcmp(ev_text(rule, "id"), *id) == 0;
        if (!there)
            fail_msg("the function '%s' has no row", *id);
    }
    assert_int_equal(n, json_array_size(rules));
    sw_preflight_policy_free(policy);
}

static bool is_date(const char *text)
{
    return strlen(text) == 10 && text[4] == '-' && text[7] == '-' && strspn(text, "0123456789-") == 10;
}

static void every_row_says_where_it_comes_from_and_what_to_do(void **state)
{
    static const char *const texts[] = {"id", "check", "title", "looks_at", "remedy", "source", "date"};
    struct sw_preflight_policy *policy = built_in();
    const json_t *rule;
    size_t i;

    (void)state;
    assert_true(is_date(ev_text(policy->rules, "date")));
    assert_true(is_date(ev_text(policy->systems, "date")));
    json_array_foreach (sw_preflight_policy_rules(policy), i, rule) {
        const char *lane;
        const json_t *severity, *fix = json_object_get(rule, "fix");

        for (size_t k = 0; k < SW_ARRAY_LEN(texts); k++)
            if (ev_text(rule, texts[k])[0] == '\0')
                fail_msg("rule %zu (%s) has no %s", i + 1, ev_text(rule, "id"), texts[k]);
        assert_true(is_date(ev_text(rule, "date")));
        assert_true(json_object_size(json_object_get(rule, "lanes")) > 0);
        json_object_foreach (json_object_get(rule, "lanes"), lane, severity) {
            struct sw_err err = {.code = SW_OK};

            assert_true(sw_preflight_lane(lane, &err) >= 0);
            assert_true(policy_weight(json_string_value(severity)) > 0);
        }
        assert_true(json_is_null(fix) || ev_text(fix, "by")[0] != '\0');
        assert_true(json_is_null(json_object_get(rule, "aws")) || ev_text(rule, "aws")[0] != '\0');
    }
    sw_preflight_policy_free(policy);
}

static void every_check_of_the_table_has_a_rule(void **state)
{
    struct sw_preflight_policy *policy = built_in();
    const json_t *rule;
    size_t i;

    (void)state;
    for (unsigned n = 1; n <= 34 + 15; n++) {
        char check[8];
        bool there = false;

        snprintf(check, sizeof(check), n <= 34 ? "%u" : "W%u", n <= 34 ? n : n - 34);
        json_array_foreach (sw_preflight_policy_rules(policy), i, rule)
            there = there || ev_is(rule, "check", check);
        if (!there)
            fail_msg("no rule of check %s", check);
    }
    sw_preflight_policy_free(policy);
}

/* What the import says of a failure leads to a rule; what is of AWS' side is import --check's. */
static void rules_and_explained_failures_name_each_other(void **state)
{
    SW_AUTO_JSON json_t *failures = load(SLIPWAY_SOURCE "/src/import/data/failures.json");
    struct sw_preflight_policy *policy = built_in();
    const json_t *row;
    size_t i;

    (void)state;
    json_array_foreach (json_object_get(failures, "failures"), i, row) {
        const char *id = ev_text(row, "rule");

        if (id[0] != '\0' && strncmp(id, "aws.", 4) != 0 && rule_find(id) == NULL)
            fail_msg("a failure names the rule '%s', which there is not", id);
    }
    json_array_foreach (sw_preflight_policy_rules(policy), i, row) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_JSON json_t *known = NULL;

        if (ev_text(row, "aws")[0] == '\0')
            continue;
        known = sw_import_explain(ev_text(row, "aws"), &err);
        if (!ev_true(known, "known"))
            fail_msg("%s: AWS' message '%s' is not explained", ev_text(row, "id"), ev_text(row, "aws"));
    }
    sw_preflight_policy_free(policy);
}

static void lanes_are_those_of_the_import(void **state)
{
    (void)state;
    for (size_t i = 0; sw_import_lanes[i] != NULL || sw_preflight_lanes[i] != NULL; i++)
        assert_string_equal(sw_import_lanes[i], sw_preflight_lanes[i]);
}

/* Evidence may come from a file: every member in turn is of another type. */
static void mangle(json_t *root, json_t *at, const struct sw_preflight_policy *policy)
{
    static const char *const kinds[] = {"null", "7", "\"text\"", "[]", "{}", "[[]]", "[{}]", "true", "-1"};
    const char *key;
    json_t *value, *item;
    void *tmp;
    size_t i;

    json_object_foreach_safe(at, tmp, key, value)
    {
        SW_AUTO_JSON json_t *kept = json_incref(value);

        for (size_t k = 0; k < SW_ARRAY_LEN(kinds); k++) {
            struct sw_err err = {.code = SW_OK};

            json_object_set_new(at, key, json_loads(kinds[k], JSON_DECODE_ANY, NULL));
            json_decref(sw_preflight_judge(policy, root, "image", ALL, &err));
        }
        json_object_set(at, key, kept);
        mangle(root, kept, policy);
    }
    json_array_foreach (at, i, item)
        mangle(root, item, policy);
}

static void evidence_of_any_shape_is_judged(void **state)
{
    SW_AUTO_JSON json_t *doc = load(SLIPWAY_SOURCE "/tests/unit/preflight/cases.json");
    const char *const systems[] = {"linux", "windows"};
    struct sw_preflight_policy *policy = built_in();

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(systems); i++) {
        SW_AUTO_JSON json_t *one = json_pack("{s:s, s:{}, s:{}}", "on", systems[i], "disk", "guest");
        SW_AUTO_JSON json_t *evidence = evidence_of(doc, one);

        mangle(evidence, evidence, policy);
    }
    sw_preflight_policy_free(policy);
}

static void evidence_of_no_disk_is_refused(void **state)
{
    struct sw_preflight_policy *policy = built_in();
    SW_AUTO_JSON json_t *evidence = json_pack("{s:[]}", "disks");
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_null(sw_preflight_judge(policy, evidence, "image", ALL, &err));
    assert_failed(-1, err, SW_INTEGRITY, "no disk");
    sw_preflight_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_fires_on_its_own_evidence_and_on_no_other),
        cmocka_unit_test(nothing_fires_on_good_disks_and_guests),
        cmocka_unit_test(every_rule_has_a_case),
        cmocka_unit_test(a_guest_that_was_not_looked_at_is_unknown_and_never_passed),
        cmocka_unit_test(the_22nd_disk_is_one_too_many_for_import_image_alone),
        cmocka_unit_test(rows_and_functions_are_the_same_set),
        cmocka_unit_test(every_row_says_where_it_comes_from_and_what_to_do),
        cmocka_unit_test(every_check_of_the_table_has_a_rule),
        cmocka_unit_test(rules_and_explained_failures_name_each_other),
        cmocka_unit_test(lanes_are_those_of_the_import),
        cmocka_unit_test(evidence_of_any_shape_is_judged),
        cmocka_unit_test(evidence_of_no_disk_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
