/* What a process that holds keys does before it reads any. */
#include "slipway/envelope.h"
#include "src/base/core.h"
#include "src/base/log.h"
#include "src/seal/secret.h"

int sw_seal_harden(struct sw_err *err)
{
    if (sw_core_off(err) < 0)
        return -1;
    if (!seal_key_memory_lock())
        sw_log(SW_LOG_WARNING, "keys cannot be locked into memory (ulimit -l): they may be swapped out");
    return 0;
}
