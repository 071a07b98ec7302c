/* The log. */
#include "src/base/log.h"

#include <stddef.h>
#include <stdio.h>

static sw_log_fn *log_fn;

void sw_log_to(sw_log_fn *fn)
{
    log_fn = fn;
}

void sw_log(enum sw_log_level level, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    if (log_fn == NULL)
        return;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    log_fn(level, text);
}
