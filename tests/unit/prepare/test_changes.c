/* What a guest tells of its changes: read, and refused where it is no such text. */
#include "src/prepare/changes.h"

#include "src/base/cleanup.h"
#include "src/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FSTAB \
    "changed|regular:644:0:0:4|regular:600:0:0:6|" SUM_A "|" SUM_B "|4|6\n/etc/fstab\nold\nnew-1\n\n"

static json_t *parse(const char *text, size_t len, bool originals)
{
    struct sw_err err = {.code = SW_OK};
    json_t *out = changes_parse(text, len, originals, &err);

    if (out == NULL)
        fail_msg("%s", err.text);
    return out;
}

static void expect_refused(const char *text, size_t len)
{
    struct sw_err err = {.code = SW_OK};

    assert_null(changes_parse(text, len, true, &err));
    assert_int_equal(err.code, SW_GUEST);
    assert_string_equal(err.text, "what the guest tells of its changes cannot be read");
}

static void a_changed_text_has_its_diff_and_both_states(void **state)
{
    SW_AUTO_JSON json_t *list = parse(FSTAB, strlen(FSTAB), true);
    const json_t *change = json_array_get(list, 0);

    (void)state;
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(sw_json_text(change, "path"), "/etc/fstab");
    assert_string_equal(sw_json_text(change, "diff"), "@@ -1 +1 @@\n-old\n+new-1\n");
    assert_string_equal(sw_json_text(change, "original"), "old\n");
    assert_string_equal(sw_json_text(json_object_get(change, "before"), "mode"), "0644");
    assert_string_equal(sw_json_text(json_object_get(change, "after"), "mode"), "0600");
    assert_string_equal(sw_json_text(json_object_get(change, "after"), "sha256"), SUM_B);
}

static void what_is_not_shown_has_digests_alone(void **state)
{
    static const char text[] = "removed|regular:600:0:0:400|-|" SUM_A "|-|-|-\n/etc/ssh/ssh_host_rsa_key\n\n"
                               "added|-|symbolic:777:0:0:9|-|-> /a/b|-|-\n/etc/link\n\n";
    SW_AUTO_JSON json_t *list = parse(text, sizeof(text) - 1, true);
    const json_t *key = json_array_get(list, 0), *link = json_array_get(list, 1);

    (void)state;
    assert_null(json_object_get(key, "diff"));
    assert_null(json_object_get(key, "original"));
    assert_true(json_is_null(json_object_get(key, "after")));
    assert_string_equal(sw_json_text(json_object_get(link, "after"), "target"), "/a/b");
}

static void what_was_written_again_is_no_change(void **state)
{
    static const char text[] =
        "changed|regular:644:0:0:4|regular:644:0:0:4|" SUM_A "|" SUM_A "|-|-\n/etc/a\n\n";
    SW_AUTO_JSON json_t *list = parse(text, sizeof(text) - 1, false);

    (void)state;
    assert_int_equal(json_array_size(list), 0);
}

static void bytes_that_are_no_text_have_no_diff_and_are_kept_in_base64(void **state)
{
    static const char text[] =
        "changed|regular:644:0:0:2|regular:644:0:0:2|" SUM_A "|" SUM_B "|2|2\n/etc/\xff\n\0\xff"
        "ab\n";
    SW_AUTO_JSON json_t *list = parse(text, sizeof(text) - 1, true);
    const json_t *change = json_array_get(list, 0);

    (void)state;
    assert_null(json_object_get(change, "diff"));
    assert_string_equal(sw_json_text(json_object_get(change, "original"), "base64"), "AP8=");
    assert_string_equal(sw_json_text(change, "path"), "/etc/\\xff");
}

static void a_text_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t len = 1; len < strlen(FSTAB); len++)
        expect_refused(FSTAB, len);
}

static void fields_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {
        "moved|-|-|-|-|-|-\n/a\n\n",
        "changed|-|-|-|-|-\n/a\n\n",
        "changed|-|-|-|-|-|-|-\n/a\n\n",
        "changed|-|-|-|-|-|-\na\n\n",
        "changed|-|-|-|-|99999999999\n/a\n\n",
        "changed|-|-|-|-|4|-\n/a\nold\n",
        "changed|-|-|-|-|-1|-\n/a\n\n",
        "added|-|regular:888:0:0:0|-|-|-|-\n/a\n\n",
        "added|-|regular:644:0:0|-|-|-|-\n/a\n\n",
        "added|-|regular:644:0:0:|-|-|-|-\n/a\n\n",
        "added|-|regular:644:0:4294967296:0|-|-|-|-\n/a\n\n",
        "added|-|-|-|-|-|-\n/a\nx\n",
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++)
        expect_refused(texts[i], strlen(texts[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_text_has_its_diff_and_both_states),
        cmocka_unit_test(what_is_not_shown_has_digests_alone),
        cmocka_unit_test(what_was_written_again_is_no_change),
        cmocka_unit_test(bytes_that_are_no_text_have_no_diff_and_are_kept_in_base64),
        cmocka_unit_test(a_text_cut_anywhere_is_refused),
        cmocka_unit_test(fields_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
