/* A set of numbers below a bound, one bit each. */
#ifndef SW_BASE_BITSET_H
#define SW_BASE_BITSET_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised it is empty, with the bound 0. */
struct sw_bitset {
    uint8_t *bits;
    uint64_t n; /* the bound */
};

SW_MUST_CHECK int sw_bitset_init(struct sw_bitset *set, uint64_t n, struct sw_err *err);
/* What is not below the bound is passed over. */
void sw_bitset_add(struct sw_bitset *set, uint64_t number);
/* NULL is an empty set. */
bool sw_bitset_has(const struct sw_bitset *set, uint64_t number);
/* The first number above from (below the bound) of which `has` says another thing than of from; else the bound. */
uint64_t sw_bitset_run_end(const struct sw_bitset *set, uint64_t from);
/* The first number of the set that is not below from; UINT64_MAX when there is none. */
uint64_t sw_bitset_next(const struct sw_bitset *set, uint64_t from);
void sw_bitset_free(struct sw_bitset *set);

#endif
