/* How large each part of an object is whose length nobody knows before it ends. */
#include "src/import/part_plan.h"

#include "slipway/cloud.h"
#include "src/base/ckd.h"

#define MIB (UINT64_C(1) << 20)

enum { TIER_PARTS = 1000, TIERS = SW_S3_MAX_PARTS / TIER_PARTS, DEFAULT_MIB = 8 };

uint64_t part_plan_bytes(const struct part_plan *plan, unsigned number)
{
    unsigned tier = (number - 1) / TIER_PARTS;

    return sw_min_u64(plan->base_bytes << (tier < TIERS ? tier : TIERS), plan->most_bytes);
}

/* All that the parts hold together. Below 2^63: no part is larger than 5 GiB. */
static uint64_t capacity(const struct part_plan *plan)
{
    uint64_t sum = 0;

    for (unsigned tier = 0; tier < TIERS; tier++)
        sum += TIER_PARTS * part_plan_bytes(plan, tier * TIER_PARTS + 1);
    return sum;
}

/* The smallest most_bytes, in whole MiB above the base, that is enough; SW_S3_MAX_PART_BYTES is known to be. */
static void find_most(struct part_plan *plan, uint64_t bound_bytes)
{
    uint64_t low = 0, high = sw_div_up(SW_S3_MAX_PART_BYTES - plan->base_bytes, MIB);

    while (low < high) {
        uint64_t middle = (low + high) / 2;

        plan->most_bytes = plan->base_bytes + middle * MIB;
        if (capacity(plan) >= bound_bytes)
            high = middle;
        else
            low = middle + 1;
    }
    plan->most_bytes = sw_min_u64(plan->base_bytes + low * MIB, SW_S3_MAX_PART_BYTES);
}

int part_plan_make(uint64_t bound_bytes, uint64_t base_bytes, struct part_plan *out, struct sw_err *err)
{
    *out = (struct part_plan){base_bytes != 0 ? base_bytes : DEFAULT_MIB * MIB, SW_S3_MAX_PART_BYTES};
    while (capacity(out) < bound_bytes && out->base_bytes < SW_S3_MAX_PART_BYTES)
        out->base_bytes = sw_min_u64(2 * out->base_bytes, SW_S3_MAX_PART_BYTES);
    if (capacity(out) < bound_bytes)
        return sw_fail(err, SW_USAGE, "an object of up to %llu bytes does not fit into S3's %d parts",
                       (unsigned long long)bound_bytes, SW_S3_MAX_PARTS);
    find_most(out, bound_bytes);
    return 0;
}
