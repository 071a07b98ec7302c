/* Reports: what a stranger wrote into an image is harmless in each of them, and what they count is right. */
#include "tests/unit/testing.h"

#include "slipway/preflight.h"
#include "src/base/json.h"
#include "src/preflight/markup.h"
#include "src/preflight/rules.h"

#define EVIL "a\x1b[31m<script>&\"'\xe2\x80\xae\xc2\x9b.raw"

static const char *const hostile[] = {"\x1b", "<script", "\xe2\x80\xae", "\xc2\x9b"};

/* An MBR disk with nothing active, of that name. */
static json_t *verdict_of(const char *name, const char *content, bool active)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_preflight_policy *policy = sw_preflight_policy_open(NULL, &err);
    json_t *evidence = json_pack(
        "{s:[{s:s, s:{s:s, s:I, s:[], s:{}}, s:{s:s, s:b, s:i, s:[]}, s:[{s:i, s:s, s:s, s:s, s:b}], s:[]}]}",
        "disks", "image", name, "container", "format", "raw", "file_bytes", (json_int_t)1000, "damage",
        "not_as_it_is", "table", "kind", "mbr", "boot_code", 1, "sector_bytes", 512, "faults", "partitions",
        "number", 1, "role", "data", "name", EVIL, "content", content, "active", active, "esp");
    json_t *verdict = sw_preflight_judge(policy, evidence, name, 7, &err);

    if (verdict == NULL)
        fail_msg("%s", err.text);
    json_decref(evidence);
    sw_preflight_policy_free(policy);
    return verdict;
}

static void assert_harmless(const char *text)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(hostile); i++)
        if (strstr(text, hostile[i]) != NULL)
            fail_msg("'%s' is in the report", hostile[i]);
}

static void what_came_from_an_image_is_harmless_in_every_report(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *verdicts = json_pack("[o]", verdict_of(EVIL, "ext4", false));
    SW_AUTO_JSON json_t *unreadable = json_pack("[{s:s, s:s}]", "name", EVIL, "error", EVIL);
    SW_AUTO_JSON json_t *fleet = sw_preflight_fleet(verdicts, unreadable, 10, &err);
    SW_AUTO_FREE char *junit = sw_preflight_junit(verdicts, unreadable, &err);
    SW_AUTO_FREE char *html = sw_preflight_html(verdicts, fleet, "1", &err);
    SW_AUTO_FREE char *sarif = sw_preflight_sarif(verdicts, unreadable, "1", &err);

    (void)state;
    assert_non_null(junit);
    assert_harmless(junit);
    assert_non_null(html);
    assert_harmless(html);
    assert_non_null(sarif);
    assert_null(strchr(sarif, '\x1b'));
}

static void sarif_has_the_members_that_its_schema_requires(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *verdicts = json_pack("[o]", verdict_of("dir/a b.raw", "ext4", false));
    SW_AUTO_JSON json_t *none = json_array();
    SW_AUTO_FREE char *text = sw_preflight_sarif(verdicts, none, "1.2", &err);
    SW_AUTO_JSON json_t *log = NULL;
    const json_t *run, *result, *rules;
    size_t i;

    (void)state;
    assert_non_null(text);
    log = sw_json_parse(text, strlen(text), "sarif", &err);
    assert_string_equal(ev_text(log, "version"), "2.1.0");
    run = json_array_get(ev_get(log, "runs"), 0);
    assert_true(ev_text(run, "tool.driver.name")[0] != '\0');
    rules = ev_get(run, "tool.driver.rules");
    assert_int_equal(json_array_size(ev_get(run, "results")), 1);
    json_array_foreach (ev_get(run, "results"), i, result) {
        const json_t *place = json_array_get(ev_get(result, "locations"), 0);

        assert_string_equal(ev_text(result, "ruleId"), "boot.partition");
        assert_string_equal(ev_text(result, "level"), "error");
        assert_true(ev_text(result, "message.text")[0] != '\0');
        assert_string_equal(ev_text(json_array_get(rules, ev_number(result, "ruleIndex")), "id"),
                            "boot.partition");
        assert_string_equal(ev_text(place, "physicalLocation.artifactLocation.uri"), "dir/a%20b.raw");
    }
    assert_true(ev_true(json_array_get(ev_get(run, "invocations"), 0), "executionSuccessful"));
    assert_true(json_array_size(ev_get(json_array_get(ev_get(run, "invocations"), 0),
                                       "toolExecutionNotifications")) > 10);
}

static void a_fleet_counts_causes_and_the_time_of_the_upload(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_JSON json_t *verdicts = json_pack("[o, o, o]", verdict_of("a", "ext4", false),
                                              verdict_of("b", "LUKS", true), verdict_of("c", "ext4", false));
    SW_AUTO_JSON json_t *none = json_array();
    SW_AUTO_JSON json_t *fleet = sw_preflight_fleet(verdicts, none, 999, &err);
    const json_t *first = json_array_get(ev_get(fleet, "causes"), 0);

    (void)state;
    assert_non_null(fleet);
    assert_int_equal(ev_number(fleet, "images"), 3);
    assert_int_equal(ev_number(fleet, "upload_bytes"), 3000);
    assert_int_equal(ev_number(fleet, "upload_seconds"), 4);
    assert_string_equal(ev_text(first, "rule"), "boot.partition");
    assert_int_equal(json_array_size(ev_get(first, "images")), 2);
    assert_int_equal(ev_number(fleet, "lanes.import-image.refused"), 3);
    assert_int_equal(ev_number(fleet, "fixed"), 0);
}

static void a_path_becomes_a_uri(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *absolute = markup_uri("/a/\xc3\xa9 #?%", &err);

    (void)state;
    assert_string_equal(absolute, "file:///a/%C3%A9%20%23%3F%25");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_from_an_image_is_harmless_in_every_report),
        cmocka_unit_test(sarif_has_the_members_that_its_schema_requires),
        cmocka_unit_test(a_fleet_counts_causes_and_the_time_of_the_upload),
        cmocka_unit_test(a_path_becomes_a_uri),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
