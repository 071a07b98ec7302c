/* Checked arithmetic: true means it overflowed and *out is not to be used. */
#ifndef SW_BASE_CKD_H
#define SW_BASE_CKD_H

#include <stdbool.h>
#include <stdint.h>

#define sw_add_ovf(a, b, out) __builtin_add_overflow((a), (b), (out))
#define sw_sub_ovf(a, b, out) __builtin_sub_overflow((a), (b), (out))
#define sw_mul_ovf(a, b, out) __builtin_mul_overflow((a), (b), (out))

/* Rounds up; b > 0. */
static inline uint64_t sw_div_up(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/* Rounds up to a multiple of align > 0; the caller knows that it cannot overflow. */
static inline uint64_t sw_round_up(uint64_t a, uint64_t align)
{
    return sw_div_up(a, align) * align;
}

static inline bool sw_is_pow2(uint64_t a)
{
    return a != 0 && (a & (a - 1)) == 0;
}

static inline uint64_t sw_min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t sw_max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
