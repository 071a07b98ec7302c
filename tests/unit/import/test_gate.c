/* The gate: how many requests are let through at once. */
#include "tests/unit/testing.h"

#include "src/import/gate.h"

/* n requests at once, of which `struggling` end badly. */
static void round_of(struct gate *gate, unsigned n, unsigned struggling)
{
    uint64_t tickets[64];

    for (unsigned i = 0; i < n; i++)
        tickets[i] = gate_enter(gate);
    assert_int_equal(gate->in_flight, n);
    for (unsigned i = 0; i < n; i++)
        gate_leave(gate, tickets[i], i < struggling);
}

static void a_round_that_is_throttled_as_a_whole_halves_the_limit_once(void **state)
{
    struct gate gate;

    (void)state;
    gate_init(&gate, 32);
    round_of(&gate, 32, 32);
    assert_int_equal((unsigned)gate.limit, 16);
    round_of(&gate, 16, 1);
    assert_true(gate.limit >= 8 && gate.limit < 10);
    gate_destroy(&gate);
}

static void the_limit_falls_to_one_and_never_below(void **state)
{
    struct gate gate;

    (void)state;
    gate_init(&gate, 5);
    for (unsigned i = 0; i < 20; i++)
        round_of(&gate, 1, 1);
    assert_int_equal((unsigned)gate.limit, 1);
    gate_destroy(&gate);
}

static void it_grows_by_one_a_round_up_to_the_most(void **state)
{
    struct gate gate;

    (void)state;
    gate_init(&gate, 8);
    round_of(&gate, 8, 8);
    assert_int_equal((unsigned)gate.limit, 4);
    round_of(&gate, 4, 0);
    round_of(&gate, 4, 0);
    assert_int_equal((unsigned)gate.limit, 5);
    for (unsigned i = 0; i < 40; i++)
        round_of(&gate, 5, 0);
    assert_int_equal((unsigned)gate.limit, 8);
    gate_destroy(&gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_round_that_is_throttled_as_a_whole_halves_the_limit_once),
        cmocka_unit_test(the_limit_falls_to_one_and_never_below),
        cmocka_unit_test(it_grows_by_one_a_round_up_to_the_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
