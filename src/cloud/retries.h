/* When another try is allowed, and how long to wait before it: the SDKs' standard mode, and patience with a lost line. */
#ifndef SW_CLOUD_RETRIES_H
#define SW_CLOUD_RETRIES_H

#include "src/cloud/call.h"

/* What one call has cost. Zero-initialise it. */
struct retries {
    unsigned failures;
    int last_cost;
    bool lost;            /* the line */
    int64_t lost_since_s; /* by the clock that nobody sets */
};

/*
 * Counts a failure; true when there may be another try. The server's own failures take from a quota of the session, which what
 * succeeds fills again: a service in trouble is left alone. lost: no whole reply came. err may get a reason before its text.
 */
bool retries_allow(struct sw_cloud *cloud, enum cloud_service service, bool lost, struct retries *retries,
                   struct sw_err *err);
/* The call succeeded. */
void retries_give_back(struct sw_cloud *cloud, struct retries *retries);

#endif
