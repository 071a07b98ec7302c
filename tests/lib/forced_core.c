/* Loaded before a program: it can neither become undumpable nor give up its cores. What is dumped then is the last resort. */
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int prctl(int what, ...)
{
    unsigned long a, b;
    va_list args;

    va_start(args, what);
    a = va_arg(args, unsigned long);
    b = va_arg(args, unsigned long);
    va_end(args);
    return what == PR_SET_DUMPABLE ? 0 : (int)syscall(SYS_prctl, what, a, b, 0, 0);
}

int setrlimit64(__rlimit_resource_t what, const struct rlimit64 *limit)
{
    return what == RLIMIT_CORE ? 0 : (int)syscall(SYS_setrlimit, what, limit);
}
