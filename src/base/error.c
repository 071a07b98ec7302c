/* Error values. */
#define SW_ERROR_IMPLEMENTATION
#include "slipway/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Marks a cut text, so that nobody takes half a path for a whole one. */
static void mark_cut(struct sw_err *err, size_t wanted)
{
    static const char ellipsis[] = "\xe2\x80\xa6";

    if (wanted >= sizeof(err->text))
        memcpy(err->text + sizeof(err->text) - sizeof(ellipsis), ellipsis, sizeof(ellipsis));
}

SW_PRINTF(2, 0)
static size_t set_text(struct sw_err *err, const char *fmt, va_list args)
{
    int n = vsnprintf(err->text, sizeof(err->text), fmt, args);

    if (n < 0) {
        err->text[0] = '\0';
        return 0;
    }
    mark_cut(err, (size_t)n);
    return (size_t)n;
}

int sw_fail(struct sw_err *err, enum sw_code code, const char *fmt, ...)
{
    va_list args;

    err->code = code;
    err->sys = 0;
    va_start(args, fmt);
    set_text(err, fmt, args);
    va_end(args);
    return -1;
}

int sw_fail_errno(struct sw_err *err, const char *fmt, ...)
{
    int saved = errno;
    char reason[128];
    va_list args;
    size_t n;

    err->code = SW_FAILED;
    err->sys = saved;
    va_start(args, fmt);
    n = set_text(err, fmt, args);
    va_end(args);
    if (n < sizeof(err->text)) {
        int more =
            snprintf(err->text + n, sizeof(err->text) - n, ": %s", strerror_r(saved, reason, sizeof(reason)));
        mark_cut(err, n + (size_t)(more < 0 ? 0 : more));
    }
    return -1;
}

int sw_context(struct sw_err *err, const char *fmt, ...)
{
    char cause[sizeof(err->text)];
    va_list args;
    size_t n;

    memcpy(cause, err->text, sizeof(cause));
    va_start(args, fmt);
    n = set_text(err, fmt, args);
    va_end(args);
    if (n < sizeof(err->text)) {
        int more = snprintf(err->text + n, sizeof(err->text) - n, ": %s", cause);
        mark_cut(err, n + (size_t)(more < 0 ? 0 : more));
    }
    if (err->code == SW_OK)
        err->code = SW_FAILED;
    return -1;
}
