/* The ledger: a copy goes on before the first block that is not put, whatever came after it. */
#include "tests/unit/testing.h"

#include "src/copy/ledger.h"

static void assert_made(struct ledger *ledger, uint64_t point, uint64_t read, uint64_t data, uint64_t zeros)
{
    struct progress_made made = ledger_made(ledger);

    assert_int_equal(made.point, point);
    assert_int_equal(made.read_bytes, read);
    assert_int_equal(made.data_bytes, data);
    assert_int_equal(made.zero_bytes, zeros);
}

static void blocks_after_a_gap_do_not_count_yet(void **state)
{
    struct progress_made from = {.point = 100, .read_bytes = 50, .data_bytes = 40, .zero_bytes = 2};
    struct sw_err err = {0};
    struct ledger ledger;

    (void)state;
    assert_ok(ledger_open(&ledger, &from, &err), err);
    assert_made(&ledger, 100, 50, 40, 2);
    assert_ok(ledger_plan(&ledger, 210, 10, &err), err);
    assert_ok(ledger_plan(&ledger, 220, 10, &err), err);
    assert_ok(ledger_plan(&ledger, 330, 10, &err), err);
    ledger_put(&ledger, 1, 10, 0);
    assert_made(&ledger, 100, 50, 40, 2);
    ledger_put(&ledger, 0, 0, 10);
    assert_made(&ledger, 220, 70, 50, 12);
    ledger_put(&ledger, 2, 0, 0);
    assert_made(&ledger, 330, 80, 50, 12);
    ledger_close(&ledger);
}

static void one_slow_block_holds_back_any_number_of_others(void **state)
{
    enum { BLOCKS = 5000 };
    struct progress_made from = {.point = 0};
    struct sw_err err = {0};
    struct ledger ledger;

    (void)state;
    assert_ok(ledger_open(&ledger, &from, &err), err);
    for (uint64_t seq = 0; seq < 70; seq++) {
        assert_ok(ledger_plan(&ledger, seq + 1, 1, &err), err);
        ledger_put(&ledger, seq, 1, 0);
    }
    assert_ok(ledger_plan(&ledger, 71, 1, &err), err);
    for (uint64_t seq = 71; seq < BLOCKS; seq++) {
        assert_ok(ledger_plan(&ledger, seq + 1, 1, &err), err);
        ledger_put(&ledger, seq, seq % 2, 0);
        assert_int_equal(ledger_made(&ledger).point, 70);
    }
    ledger_put(&ledger, 70, 1, 0);
    assert_made(&ledger, BLOCKS, BLOCKS, 71 + (BLOCKS - 71 + 1) / 2, 0);
    ledger_close(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_after_a_gap_do_not_count_yet),
        cmocka_unit_test(one_slow_block_holds_back_any_number_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
