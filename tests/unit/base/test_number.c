/* Numbers of bytes in texts. */
#include "tests/unit/testing.h"

#include "src/base/number.h"

static void suffixes_are_powers_of_1024(void **state)
{
    uint64_t n = 0;

    (void)state;
    assert_int_equal(sw_parse_bytes("0", "KMGT", &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(sw_parse_bytes("18446744073709551615", "KMGT", &n), 0);
    assert_true(n == UINT64_MAX);
    assert_int_equal(sw_parse_bytes("3K", "KMGT", &n), 0);
    assert_int_equal(n, 3072);
    assert_int_equal(sw_parse_bytes("16T", "KMGT", &n), 0);
    assert_true(n == UINT64_C(16) << 40);
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "K",
                                        "1KB",
                                        "1k",
                                        "0x10",
                                        "1T",
                                        "1.5K",
                                        "1e3",
                                        "18446744073709551616",
                                        "18014398509481984K"};
    uint64_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (sw_parse_bytes(texts[i], "KMG", &n) == 0)
            fail_msg("'%s' was taken", texts[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suffixes_are_powers_of_1024),
        cmocka_unit_test(what_is_no_number_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
