/* Zero detection at every length and place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slipway/copy.h"

#include <string.h>

enum { BYTES = 700 };

static void zeros_of_every_length_and_alignment_are_zero(void **state)
{
    uint8_t bytes[BYTES] = {0};

    (void)state;
    for (size_t at = 0; at < 70; at++)
        for (size_t len = 0; at + len <= BYTES; len++)
            assert_true(sw_is_zero(bytes + at, len));
}

static void one_bit_anywhere_is_found(void **state)
{
    uint8_t bytes[BYTES] = {0};

    (void)state;
    for (size_t len = 1; len <= BYTES; len += 13) {
        for (size_t at = 0; at < len; at++) {
            bytes[at] = (uint8_t)(1u << (at % 8));
            assert_false(sw_is_zero(bytes, len));
            bytes[at] = 0;
        }
    }
}

static void bytes_outside_are_not_looked_at(void **state)
{
    uint8_t bytes[BYTES];

    (void)state;
    memset(bytes, 0xff, sizeof(bytes));
    memset(bytes + 1, 0, 511);
    assert_true(sw_is_zero(bytes + 1, 511));
    assert_false(sw_is_zero(bytes + 1, 512));
    assert_false(sw_is_zero(bytes, 512));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeros_of_every_length_and_alignment_are_zero),
        cmocka_unit_test(one_bit_anywhere_is_found),
        cmocka_unit_test(bytes_outside_are_not_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
