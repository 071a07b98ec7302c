/* What a process that holds keys turns off. */
#include "slipway/envelope.h"

#include <sys/prctl.h>
#include <sys/resource.h>

int sw_seal_harden(struct sw_err *err)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return sw_fail_errno(err, "cannot turn core dumps off");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return sw_fail_errno(err, "cannot make the process undumpable");
    return 0;
}
