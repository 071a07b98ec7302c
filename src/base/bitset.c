/* A set of numbers below a bound, one bit each. */
#include "src/base/bitset.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

int sw_bitset_init(struct sw_bitset *set, uint64_t n, struct sw_err *err)
{
    set->n = n;
    set->bits = sw_calloc((size_t)sw_max_u64(sw_div_up(n, 8), 1), 1, err);
    return set->bits != NULL ? 0 : -1;
}

void sw_bitset_add(struct sw_bitset *set, uint64_t number)
{
    if (number < set->n)
        set->bits[number / 8] |= (uint8_t)(1U << number % 8);
}

bool sw_bitset_has(const struct sw_bitset *set, uint64_t number)
{
    return set != NULL && number < set->n && (set->bits[number / 8] >> number % 8 & 1) != 0;
}

uint64_t sw_bitset_run_end(const struct sw_bitset *set, uint64_t from)
{
    bool in = sw_bitset_has(set, from);
    const uint8_t same = in ? 0xff : 0;
    uint64_t at = from + 1;

    while (at < set->n) {
        if (at % 8 == 0 && set->bits[at / 8] == same)
            at += 8;
        else if (sw_bitset_has(set, at) == in)
            at++;
        else
            break;
    }
    return sw_min_u64(at, set->n);
}

uint64_t sw_bitset_next(const struct sw_bitset *set, uint64_t from)
{
    uint64_t at = from >= set->n || sw_bitset_has(set, from) ? from : sw_bitset_run_end(set, from);

    return at < set->n ? at : UINT64_MAX;
}

void sw_bitset_free(struct sw_bitset *set)
{
    free(set->bits);
    *set = (struct sw_bitset){.bits = NULL};
}
