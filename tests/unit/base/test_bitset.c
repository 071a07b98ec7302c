/* Sets of numbers: members, runs, bounds. */
#include "tests/unit/testing.h"

#include "src/base/bitset.h"

static void nothing_is_a_member_of_no_set(void **state)
{
    const struct sw_bitset empty = {.bits = NULL};

    (void)state;
    assert_false(sw_bitset_has(NULL, 0));
    assert_false(sw_bitset_has(&empty, 0));
    assert_int_equal(sw_bitset_next(&empty, 0), UINT64_MAX);
}

static void runs_are_what_a_look_at_each_number_says(void **state)
{
    static const uint64_t members[] = {0, 1, 7, 8, 9, 16, 17, 18, 19, 20, 21, 22, 23, 24, 40, 98};
    struct sw_bitset set = {.bits = NULL};
    struct sw_err err = {.code = SW_OK};

    (void)state;
    assert_ok(sw_bitset_init(&set, 99, &err), err);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        sw_bitset_add(&set, members[i]);
    sw_bitset_add(&set, 99);
    sw_bitset_add(&set, UINT64_MAX);
    for (uint64_t from = 0; from < 99; from++) {
        uint64_t end = from, next = from;

        while (end < 99 && sw_bitset_has(&set, end) == sw_bitset_has(&set, from))
            end++;
        while (next < 99 && !sw_bitset_has(&set, next))
            next++;
        assert_int_equal(sw_bitset_run_end(&set, from), end);
        assert_int_equal(sw_bitset_next(&set, from), next);
    }
    assert_false(sw_bitset_has(&set, 99));
    assert_int_equal(sw_bitset_next(&set, 99), UINT64_MAX);
    sw_bitset_free(&set);
    assert_false(sw_bitset_has(&set, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_a_member_of_no_set),
        cmocka_unit_test(runs_are_what_a_look_at_each_number_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
