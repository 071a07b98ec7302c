/* Secrets are hidden in every spelling, however the text is cut into pieces. */
#include "tests/unit/testing.h"

#include "src/base/json.h"
#include "src/base/mask.h"

#define SECRET "hunter2-Tr0ub4dor"

static struct sw_mask *mask_of(const char *secret)
{
    struct sw_err err = {0};
    struct sw_mask *mask = sw_mask_new(&err);

    assert_non_null(mask);
    assert_ok(sw_mask_add(mask, secret, &err), err);
    return mask;
}

/* The text in pieces of this many bytes; free it. */
static char *masked_by(const struct sw_mask *mask, const char *text, size_t piece, bool cut)
{
    struct sw_mask_stream stream = {.mask = mask};
    struct sw_buf out = {0};
    struct sw_err err = {0};
    size_t len = strlen(text);

    assert_ok(sw_buf_puts(&out, "", &err), err);
    for (size_t at = 0; at < len; at += piece)
        assert_ok(sw_mask_feed(&stream, text + at, len - at < piece ? len - at : piece, &out, &err), err);
    assert_ok(sw_mask_end(&stream, cut, &out, &err), err);
    sw_mask_stream_free(&stream);
    return sw_buf_steal(&out);
}

static void assert_masked(const char *secret, const char *text, const char *want)
{
    SW_AUTO_MASK struct sw_mask *mask = mask_of(secret);

    for (size_t piece = 1; piece <= strlen(text) + 1; piece++) {
        SW_AUTO_FREE char *got = masked_by(mask, text, piece, false);

        assert_string_equal(got, want);
    }
}

static void a_secret_is_hidden_wherever_the_text_is_cut(void **state)
{
    (void)state;
    assert_masked(SECRET, "password=" SECRET "; done", "password=***; done");
    assert_masked(SECRET, SECRET, "***");
    assert_masked(SECRET, SECRET SECRET, "***");
    assert_masked(SECRET, "nothing of it\n", "nothing of it\n");
    assert_masked(SECRET, "hunter2-", "hunter2-");
    assert_masked(SECRET, "hunter2-hunter2-Tr0ub4dor", "hunter2-***");
    assert_masked("aaaa", "baaaaaab", "b***b");
    assert_masked("abcabd", "abcabcabd", "abc***");
}

static void ends_of_lines_do_not_part_a_secret(void **state)
{
    (void)state;
    assert_masked(SECRET, "a hunter2-\nTr0ub4dor b\n", "a ***\n*** b\n");
    assert_masked(SECRET, "hunter2\r\n-Tr0ub4dor", "***\r\n***");
    assert_masked(SECRET, "hunter2-\n\n\nTr0ub4dor", "hunter2-\n\n\nTr0ub4dor");
    assert_masked(SECRET, "h\nu\nn\nt\ne\nr\n2\n", "h\nu\nn\nt\ne\nr\n2\n");
}

static void each_line_of_a_secret_is_one(void **state)
{
    (void)state;
    assert_masked("-----BEGIN KEY-----\n  c2VjcmV0\n}\n", "x c2VjcmV0 } y", "x *** } y");
    assert_masked("first line\nsecond line", "first line\r\n  second line", "***\r\n  ***");
}

static void base64_is_hidden_alone_and_within_another(void **state)
{
    (void)state;
    /* printf %s SECRET | base64; echo SECRET | base64 */
    assert_masked(SECRET, "aHVudGVyMi1UcjB1YjRkb3I=", "***=");
    assert_masked(SECRET, "aHVudGVyMi1UcjB1YjRkb3IK", "***");
    assert_masked(SECRET, "aHVudGVyMi1Ucj\nB1YjRkb3I=\n", "***\n***=\n");
    /* user:SECRET, us:SECRET: digits that hold bits of other bytes stay. */
    assert_masked(SECRET, "Basic dXNlcjpodW50ZXIyLVRyMHViNGRvcg==", "Basic dXNlcjp***g==");
    assert_masked("secret-?>?>", "c2VjcmV0LT8-Pz4", "***");
    assert_masked("secret-?>?>", "c2VjcmV0LT8+Pz4=", "***=");
}

static void escapes_are_seen_through(void **state)
{
    (void)state;
    assert_masked("p&ss w\xc3\xb6rd/", "q=p%26ss%20w%C3%B6rd%2F&x", "q=***&x");
    assert_masked("p&ss w\xc3\xb6rd/", "q=p%26ss%20w%c3%b6rd%2f&x", "q=***&x");
    assert_masked("say \"hi\"\\\t", "{\"a\": \"say \\\"hi\\\"\\\\\\t\"}", "{\"a\": \"***\"}");
    assert_masked("it's so", "+ echo 'it'\\''s so'", "+ echo '***'");
}

static void the_beginning_of_a_long_secret_is_hidden_too(void **state)
{
    (void)state;
    assert_masked("0123456789abcdefghijklmnop", "at 0123456789abcdefgX", "at ***X");
    assert_masked("0123456789abcdefghijklmnop", "at 0123456789abcdX", "at 0123456789abcdX");
}

static void what_may_have_become_a_secret_is_hidden_at_a_cut(void **state)
{
    SW_AUTO_MASK struct sw_mask *mask = mask_of(SECRET);
    SW_AUTO_FREE char *cut = masked_by(mask, "x hunter2-", 3, true);
    SW_AUTO_FREE char *short_one = masked_by(mask, "x hun", 3, true);

    (void)state;
    assert_string_equal(cut, "x ***");
    assert_string_equal(short_one, "x hun");
}

static void short_secrets_hide_nothing(void **state)
{
    SW_AUTO_MASK struct sw_mask *mask = mask_of("abc");

    (void)state;
    assert_true(sw_mask_is_empty(mask));
    assert_true(sw_mask_is_empty(NULL));
    assert_masked("abc", "abcabc", "abcabc");
}

static void a_stream_goes_on_behind_its_end_and_with_more_secrets(void **state)
{
    SW_AUTO_MASK struct sw_mask *mask = mask_of("wxyz");
    struct sw_mask_stream stream = {.mask = mask};
    struct sw_buf out = {0};
    struct sw_err err = {0};

    (void)state;
    assert_ok(sw_mask_feed(&stream, "a wxyz wx", 9, &out, &err), err);
    assert_string_equal(out.data, "a *** ");
    assert_ok(sw_mask_end(&stream, false, &out, &err), err);
    assert_ok(sw_mask_add(mask, "a much longer secret", &err), err);
    assert_ok(sw_mask_feed(&stream, " a much longer secret wxyz.", 27, &out, &err), err);
    assert_ok(sw_mask_end(&stream, false, &out, &err), err);
    assert_string_equal(out.data, "a *** wx *** ***.");
    sw_mask_stream_free(&stream);
    sw_buf_free(&out);
}

static void errors_are_masked_also_where_they_are_cut(void **state)
{
    SW_AUTO_MASK struct sw_mask *mask = mask_of(SECRET);
    struct sw_err err = {0};
    char long_text[1100];

    (void)state;
    sw_fail(&err, SW_GUEST, "cannot use '" SECRET "'");
    sw_mask_err(mask, &err);
    assert_string_equal(err.text, "cannot use '***'");
    assert_int_equal(err.code, SW_GUEST);
    memset(long_text, 'x', sizeof(long_text));
    snprintf(long_text + 1010, sizeof(long_text) - 1010, SECRET SECRET);
    sw_fail(&err, SW_GUEST, "%s", long_text);
    assert_non_null(strstr(err.text, "hunter2"));
    sw_mask_err(mask, &err);
    assert_null(strstr(err.text, "hunter2"));
    assert_string_equal(err.text + strlen(err.text) - 6, "***…");
}

static void json_is_masked_text_by_text(void **state)
{
    SW_AUTO_MASK struct sw_mask *mask = mask_of("s3cr\"et\n2");
    struct sw_err err = {0};
    SW_AUTO_JSON json_t *json = json_pack("{s:[s,i,n,b], s:{s:s}}", "list", "a s3cr\"et\n2 b", 4, 1, "map",
                                          "s3cr\"et\n2", "s3cr\"et");
    SW_AUTO_JSON json_t *masked = NULL;
    SW_AUTO_FREE char *text = NULL;

    (void)state;
    masked = sw_mask_json(mask, json_incref(json), false, &err);
    assert_non_null(masked);
    text = sw_json_canonical(masked, &err);
    assert_string_equal(text, "{\"list\":[\"a ***\\n*** b\",4,null,true],\"map\":{\"***\\n***\":\"***\"}}");
    assert_null(sw_mask_json(mask, NULL, false, &err));
}

static void texts_that_almost_match_take_no_longer(void **state)
{
    enum { SECRET_BYTES = 60000, TEXT_BYTES = 4 << 20 };
    SW_AUTO_FREE char *secret = malloc(SECRET_BYTES + 1), *text = malloc(TEXT_BYTES + 1);
    SW_AUTO_FREE char *got = NULL;
    struct sw_mask *mask;

    (void)state;
    memset(secret, 'a', SECRET_BYTES);
    memcpy(secret + SECRET_BYTES - 1, "b", 2);
    memset(text, 'a', TEXT_BYTES);
    text[TEXT_BYTES] = '\0';
    mask = mask_of(secret);
    got = masked_by(mask, text, 4096, false);
    assert_string_equal(got, "***");
    sw_mask_free(mask);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_is_hidden_wherever_the_text_is_cut),
        cmocka_unit_test(ends_of_lines_do_not_part_a_secret),
        cmocka_unit_test(each_line_of_a_secret_is_one),
        cmocka_unit_test(base64_is_hidden_alone_and_within_another),
        cmocka_unit_test(escapes_are_seen_through),
        cmocka_unit_test(the_beginning_of_a_long_secret_is_hidden_too),
        cmocka_unit_test(what_may_have_become_a_secret_is_hidden_at_a_cut),
        cmocka_unit_test(short_secrets_hide_nothing),
        cmocka_unit_test(a_stream_goes_on_behind_its_end_and_with_more_secrets),
        cmocka_unit_test(errors_are_masked_also_where_they_are_cut),
        cmocka_unit_test(json_is_masked_text_by_text),
        cmocka_unit_test(texts_that_almost_match_take_no_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
