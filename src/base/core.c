/* What a process that holds secrets turns off. */
#include "src/base/core.h"

#include "src/base/cleanup.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/*
 * A core without any memory, should somebody force one after all. Best effort, and first: the file belongs to root once
 * the process is undumpable.
 */
static void empty_cores(void)
{
    SW_AUTO_CLOSE int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    if (fd >= 0 && write(fd, "0", 1) < 0)
        return;
}

int sw_core_off(struct sw_err *err)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    empty_cores();
    if (setrlimit(RLIMIT_CORE, &none) < 0)
        return sw_fail_errno(err, "cannot turn core dumps off");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return sw_fail_errno(err, "cannot make the process undumpable");
    return 0;
}
