/* Time as text, and the reproducible date. */
#ifndef SW_BASE_CLOCK_H
#define SW_BASE_CLOCK_H

#include "slipway/error.h"

#include <stddef.h>
#include <stdint.h>

enum { SW_TIME_TEXT = 40 };

/* Wall clock, nanoseconds since 1970 UTC; and a clock that only goes forward, for intervals. */
int64_t sw_now_ns(void);
int64_t sw_monotonic_ns(void);

/* "2026-11-22T06:40:36.123Z" (RFC 3339, UTC). */
void sw_time_text(int64_t ns, char out[SW_TIME_TEXT]);

/* SOURCE_DATE_EPOCH when set (decimal seconds, checked), else fallback. */
SW_MUST_CHECK int sw_source_date(int64_t fallback, int64_t *out, struct sw_err *err);

#endif
