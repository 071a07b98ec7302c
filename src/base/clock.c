/* Time as text, and the reproducible date. */
#include "src/base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t sw_now_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t sw_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

void sw_time_text(int64_t ns, char out[SW_TIME_TEXT])
{
    time_t seconds = (time_t)(ns / 1000000000);
    int ms = (int)(ns / 1000000 % 1000);
    struct tm tm;
    size_t n;

    gmtime_r(&seconds, &tm);
    n = strftime(out, SW_TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, SW_TIME_TEXT - n, ".%03dZ", ms < 0 ? 0 : ms);
}

int sw_source_date(int64_t fallback, int64_t *out, struct sw_err *err)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    char *end;
    long long value;

    *out = fallback;
    if (text == NULL || text[0] == '\0')
        return 0;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || value < 0)
        return sw_fail(err, SW_USAGE, "SOURCE_DATE_EPOCH is '%s', not a number of seconds", text);
    *out = value;
    return 0;
}
