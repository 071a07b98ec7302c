/* The log: one callback for what is worth saying while work runs. Only src/cli prints. */
#ifndef SW_BASE_LOG_H
#define SW_BASE_LOG_H

#include "slipway/error.h"

enum sw_log_level {
    SW_LOG_WARNING, /* always shown */
    SW_LOG_INFO,    /* shown unless --quiet */
    SW_LOG_DEBUG,   /* shown with -v */
};

typedef void sw_log_fn(enum sw_log_level level, const char *text);

/* Set once by main; NULL (the start) drops everything. */
void sw_log_to(sw_log_fn *fn);

/* Any thread. One line without its end. Never pass keys or plaintext. */
void sw_log(enum sw_log_level level, const char *fmt, ...) SW_PRINTF(2, 3);

#endif
