/* Zero detection. */
#include "slipway/copy.h"

#include <string.h>

/* Two cache lines a step: the compiler turns them into the widest vectors that the target has. */
enum { STEP_BYTES = 128 };
typedef uint64_t words __attribute__((vector_size(STEP_BYTES / 4), aligned(1), may_alias));

static bool step_is_zero(const uint8_t *at)
{
    words v[4], all;

    memcpy(v, at, sizeof(v));
    all = (v[0] | v[1]) | (v[2] | v[3]);
    return (all[0] | all[1] | all[2] | all[3]) == 0;
}

bool sw_is_zero(const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint8_t rest = 0;

    for (; len >= STEP_BYTES; at += STEP_BYTES, len -= STEP_BYTES)
        if (!step_is_zero(at))
            return false;
    while (len > 0)
        rest |= at[--len];
    return rest == 0;
}
