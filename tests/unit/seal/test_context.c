/* The encryption context: sorted by bytes, strict when read. */
#include "memory.h"
#include "src/seal/context.h"

static void pairs_are_sorted_by_their_utf8_bytes(void **state)
{
    /* U+FF5E sorts before U+1F600 in UTF-8 and after it in UTF-16. */
    const struct sw_pair pairs[] = {{"\xf0\x9f\x98\x80", "2"}, {"b", "1"}, {"\xef\xbd\x9e", ""}, {"a", "0"}};
    static const uint8_t want[] = "\0\4\0\1a\0\1"
                                  "0\0\1b\0\1"
                                  "1\0\3\xef\xbd\x9e\0\0\0\4\xf0\x9f\x98\x80\0\1"
                                  "2";
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};
    SW_AUTO_BUF struct sw_buf out = {.len = 0};

    (void)state;
    assert_ok(seal_context_set(&context, pairs, 4, &err), err);
    assert_ok(seal_context_write(&context, &out, &err), err);
    assert_int_equal(out.len, sizeof(want) - 1);
    assert_memory_equal(out.data, want, out.len);
}

static void no_pairs_are_no_bytes(void **state)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};
    SW_AUTO_BUF struct sw_buf out = {.len = 0};

    (void)state;
    assert_ok(seal_context_set(&context, NULL, 0, &err), err);
    assert_ok(seal_context_write(&context, &out, &err), err);
    assert_int_equal(out.len, 0);
    assert_ok(seal_context_parse(&context, (const uint8_t *)"", 0, &err), err);
    assert_int_equal(context.n, 0);
}

static void a_context_reads_back(void **state)
{
    const struct sw_pair pairs[] = {{"image", "web-01"}, {"", "empty key"}, {"empty value", ""}};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0}, again = {.n = 0};
    SW_AUTO_BUF struct sw_buf out = {.len = 0};

    (void)state;
    assert_ok(seal_context_set(&context, pairs, 3, &err), err);
    assert_ok(seal_context_write(&context, &out, &err), err);
    assert_ok(seal_context_parse(&again, (const uint8_t *)out.data, out.len, &err), err);
    assert_int_equal(again.n, 3);
    assert_string_equal(seal_pairs_get(again.pairs, again.n, "image"), "web-01");
    assert_string_equal(seal_pairs_get(again.pairs, again.n, ""), "empty key");
    assert_string_equal(seal_pairs_get(again.pairs, again.n, "empty value"), "");
    assert_null(seal_pairs_get(again.pairs, again.n, "other"));
}

static void refuse_set(const char *key, const char *value)
{
    const struct sw_pair pairs[] = {{"twice", "1"}, {key, value}};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};

    assert_int_equal(seal_context_set(&context, pairs, 2, &err), -1);
    assert_int_equal(err.code, SW_USAGE);
}

static void what_a_user_may_not_set_is_refused(void **state)
{
    (void)state;
    refuse_set("twice", "2");
    refuse_set("aws-crypto-public-key", "x");
    refuse_set("aws-crypto-", "x");
    refuse_set("bad\xff", "x");
    refuse_set("key", "\xc0\xaf");         /* overlong */
    refuse_set("key", "\xed\xa0\x80");     /* a surrogate */
    refuse_set("key", "\xf4\x90\x80\x80"); /* beyond U+10FFFF */
    refuse_set("key", "cut \xe2\x82");
}

static void more_than_65535_bytes_are_refused(void **state)
{
    static char value[65536];
    const struct sw_pair pairs[] = {{"k", value}};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};
    SW_AUTO_BUF struct sw_buf out = {.len = 0};

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    assert_ok(seal_context_set(&context, pairs, 1, &err), err);
    assert_int_equal(seal_context_write(&context, &out, &err), -1);
    assert_int_equal(err.code, SW_USAGE);
}

static void damaged_bytes_are_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\0", 1},
        {"\0\0", 2},                        /* no pairs, yet bytes */
        {"\0\1", 2},                        /* a pair that is not there */
        {"\xff\xff\0\0\0\0", 6},            /* far more pairs than bytes */
        {"\0\1\0\1k\0\2v", 8},              /* a value past the end */
        {"\0\1\0\1k\0\1vx", 9},             /* a byte too many */
        {"\0\2\0\1k\0\1v\0\1k\0\1w", 14},   /* the key twice */
        {"\0\2\0\1k\0\1v\0\1j\0\1w\0", 15}, /* bytes after the last pair */
        {"\0\1\0\1\xff\0\1v", 8},           /* no UTF-8 */
        {"\0\1\0\1k\0\2v\0", 9},            /* a NUL */
        {"\0\1\0\xc"
         "aws-crypto-x\0\1v",
         19}, /* reserved */
    };

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++) {
        struct sw_err err = {.code = SW_OK};
        SW_AUTO_CONTEXT struct seal_context context = {.n = 0};

        if (seal_context_parse(&context, (const uint8_t *)rows[i].bytes, rows[i].len, &err) == 0)
            fail_msg("row %zu was accepted", i);
        assert_int_equal(err.code, SW_INTEGRITY);
    }
}

static void an_unsorted_context_is_read_and_sorted(void **state)
{
    static const uint8_t bytes[] = "\0\2\0\1k\0\1v\0\1j\0\1w";
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0};

    (void)state;
    assert_ok(seal_context_parse(&context, bytes, sizeof(bytes) - 1, &err), err);
    assert_int_equal(context.n, 2);
    assert_string_equal(context.pairs[0].key, "j");
    assert_string_equal(context.pairs[1].value, "v");
}

static void the_one_reserved_key_is_read_and_never_set(void **state)
{
    static const char bytes[] = "\0\1\0\x15" SEAL_PUBLIC_KEY "\0\1v";
    const struct sw_pair pair = {SEAL_PUBLIC_KEY, "v"};
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_CONTEXT struct seal_context context = {.n = 0}, set = {.n = 0};

    (void)state;
    assert_ok(seal_context_parse(&context, (const uint8_t *)bytes, sizeof(bytes) - 1, &err), err);
    assert_string_equal(seal_pairs_get(context.pairs, context.n, SEAL_PUBLIC_KEY), "v");
    assert_failed(seal_context_set(&set, &pair, 1, &err), err, SW_USAGE, "reserved");
}

static void pairs_of_the_command_line_are_split_at_the_first_equals_sign(void **state)
{
    char good[] = "k=v=w", none[] = "kv", nameless[] = "=v", empty[] = "k=";
    struct sw_err err = {.code = SW_OK};
    struct sw_pair pair;

    (void)state;
    assert_ok(sw_pair_parse(good, &pair, &err), err);
    assert_string_equal(pair.key, "k");
    assert_string_equal(pair.value, "v=w");
    assert_ok(sw_pair_parse(empty, &pair, &err), err);
    assert_string_equal(pair.value, "");
    assert_int_equal(sw_pair_parse(none, &pair, &err), -1);
    assert_int_equal(sw_pair_parse(nameless, &pair, &err), -1);
    assert_int_equal(err.code, SW_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_sorted_by_their_utf8_bytes),
        cmocka_unit_test(no_pairs_are_no_bytes),
        cmocka_unit_test(a_context_reads_back),
        cmocka_unit_test(what_a_user_may_not_set_is_refused),
        cmocka_unit_test(more_than_65535_bytes_are_refused),
        cmocka_unit_test(damaged_bytes_are_refused),
        cmocka_unit_test(an_unsorted_context_is_read_and_sorted),
        cmocka_unit_test(the_one_reserved_key_is_read_and_never_set),
        cmocka_unit_test(pairs_of_the_command_line_are_split_at_the_first_equals_sign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
