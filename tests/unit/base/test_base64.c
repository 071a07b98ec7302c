/* base64: RFC 4648's own examples, and everything that is not quite it. */
#include "tests/unit/testing.h"

#include "src/base/base64.h"

/* RFC 4648 §10. */
static const char *const examples[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"f\157", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void the_standards_examples_go_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(examples); i++) {
        SW_AUTO_BUF struct sw_buf text = {.len = 0};
        struct sw_err err = {.code = SW_OK};
        uint8_t back[8];
        size_t len;

        assert_ok(sw_base64_put(&text, examples[i][0], strlen(examples[i][0]), &err), err);
        assert_int_equal(text.len, strlen(examples[i][1]));
        if (text.len > 0)
            assert_string_equal(text.data, examples[i][1]);
        assert_int_equal(
            sw_base64_get(examples[i][1], strlen(examples[i][1]), back, strlen(examples[i][0]), &len), 0);
        assert_int_equal(len, strlen(examples[i][0]));
        assert_memory_equal(back, examples[i][0], len);
    }
}

static void every_byte_goes_there_and_back(void **state)
{
    SW_AUTO_BUF struct sw_buf text = {.len = 0};
    struct sw_err err = {.code = SW_OK};
    uint8_t bytes[256], back[256];
    size_t len;

    (void)state;
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(255 - i);
    assert_ok(sw_base64_put(&text, bytes, sizeof(bytes), &err), err);
    assert_int_equal(sw_base64_get(text.data, text.len, back, sizeof(back), &len), 0);
    assert_int_equal(len, sizeof(bytes));
    assert_memory_equal(back, bytes, len);
}

static void what_is_not_quite_base64_is_refused(void **state)
{
    static const char *const texts[] = {
        "Z",      "Zg",       "Zg=",  "=",    "==",       "===",  "====", "Zh==", "Zm9=",     "Zg==Zg==",
        "Zm9v\n", "Zm9v Zg=", "Zm-v", "Zm_v", "Zm9v====", "Z===", "=g==", "Zm=v", "Zm9vYg=a", "\x80m9v",
    };
    uint8_t out[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++)
        if (sw_base64_get(texts[i], strlen(texts[i]), out, sizeof(out), &len) == 0 || len != 0)
            fail_msg("'%s' was taken", texts[i]);
}

static void more_than_fits_is_refused_and_nothing_stays(void **state)
{
    uint8_t out[5] = {1, 1, 1, 1, 1};
    size_t len;

    (void)state;
    assert_int_equal(sw_base64_get("Zm9vYmFy", 8, out, sizeof(out), &len), -1);
    assert_int_equal(sw_base64_get("Zm9v!mFy", 8, out, 8, &len), -1);
    assert_int_equal(out[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_examples_go_there_and_back),
        cmocka_unit_test(every_byte_goes_there_and_back),
        cmocka_unit_test(what_is_not_quite_base64_is_refused),
        cmocka_unit_test(more_than_fits_is_refused_and_nothing_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
