/* How large each part of an object is whose length nobody knows before it ends. */
#ifndef SW_IMPORT_PART_PLAN_H
#define SW_IMPORT_PART_PLAN_H

#include "slipway/error.h"

#include <stdint.h>

/*
 * The first thousand parts have base_bytes, each thousand after it twice as much, until that is most_bytes: small objects
 * go in small parts, and ten thousand of them hold the largest that may come.
 */
struct part_plan {
    uint64_t base_bytes;
    uint64_t most_bytes;
};

/*
 * For an object of at most bound_bytes; base_bytes 0: 8 MiB. A base that ten thousand parts cannot grow from is made larger.
 * SW_USAGE for what S3 does not hold.
 */
SW_MUST_CHECK int part_plan_make(uint64_t bound_bytes, uint64_t base_bytes, struct part_plan *out,
                                 struct sw_err *err);
/* Bytes of part number (from 1) unless it is the last. */
uint64_t part_plan_bytes(const struct part_plan *plan, unsigned number);

#endif
