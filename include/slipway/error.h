/* Errors: one caller-owned value, a path of context from intent to cause. */
#ifndef SLIPWAY_ERROR_H
#define SLIPWAY_ERROR_H

#include <stdarg.h>

#define SW_MUST_CHECK        __attribute__((warn_unused_result))
#define SW_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * What the user can do about it. The values are the process's exit codes and are stable;
 * `slipway help exit-codes` lists them.
 */
enum sw_code {
    SW_OK = 0,
    SW_FAILED = 1,      /* anything that has no better name: I/O, a full disk, a bug */
    SW_USAGE = 2,       /* the command line */
    SW_RECIPE = 3,      /* a recipe or a component document is invalid */
    SW_REFUSED = 4,     /* refused by preflight or policy */
    SW_INTEGRITY = 5,   /* damaged or forged bytes, or a key that does not fit */
    SW_REMOTE = 6,      /* a server or the network; trying again may help */
    SW_OFFLINE = 7,     /* an input is not in the lock, the bundle or the inputs table */
    SW_GUEST = 8,       /* a step in the guest failed */
    SW_INTERRUPTED = 9, /* stopped by a signal; the same command goes on */
};

/* No heap: an error can be reported when memory is gone. Zero-initialise it. */
struct sw_err {
    enum sw_code code;
    int sys;         /* errno when a system call was the cause, else 0 */
    char text[1024]; /* always terminated; cut with "…" when longer */
};

/* Sets the cause. Always returns -1, so that callers can `return sw_fail(…)`. */
int sw_fail(struct sw_err *err, enum sw_code code, const char *fmt, ...) SW_PRINTF(3, 4);

/* The same for a failed system call: code SW_FAILED, ": <strerror(errno)>" appended. */
int sw_fail_errno(struct sw_err *err, const char *fmt, ...) SW_PRINTF(2, 3);

/* Puts "<fmt>: " before the text that is there. Always returns -1. */
int sw_context(struct sw_err *err, const char *fmt, ...) SW_PRINTF(2, 3);

#if defined(__clang_analyzer__) && !defined(SW_ERROR_IMPLEMENTATION)
/* The analyser sees one file at a time, and this is how it learns what the three return. */
static inline int sw_minus_one(int result)
{
    (void)result;
    return -1;
}
#define sw_fail(...)       sw_minus_one((sw_fail)(__VA_ARGS__))
#define sw_fail_errno(...) sw_minus_one((sw_fail_errno)(__VA_ARGS__))
#define sw_context(...)    sw_minus_one((sw_context)(__VA_ARGS__))
#endif

#endif
