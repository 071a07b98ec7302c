/* Reads a service's error document and tells what it means for another try. */
#ifndef SW_CLOUD_FAULT_H
#define SW_CLOUD_FAULT_H

#include "src/cloud/call.h"

/* A clock that is off by more than this explains a refused signature (the services allow 15 minutes). */
enum { FAULT_DRIFT_S = 300 };

/*
 * True when the reply is an error: a status of 300 or more, or a 2xx whose body is an error document
 * (CompleteMultipartUpload answers so). A 2xx that should hold XML and is cut short counts as one, too. region: where the
 * bucket was looked for, so that another one that S3 names is told; NULL: no bucket was.
 */
bool fault_read(const struct sw_http_reply *reply, const char *region, struct cloud_fault *out);
/* The reply is a page for people: a proxy's, or a portal's before which one has to log in. */
bool fault_is_page(const struct sw_http_reply *reply);
/* Throttled, or the server's own failure. */
bool fault_retryable(const struct cloud_fault *fault);
/* The signature's time is too far from the server's. */
bool fault_skewed(const struct cloud_fault *fault);
/* The session's token is over: other keys may help. */
bool fault_expired(const struct cloud_fault *fault);
/* The server's clock less ours when the reply's Date says so far-off a time that signatures fail; else 0. */
int64_t fault_clock_drift_s(const struct sw_http_reply *reply, int64_t now_s);
/* Sets err from the fault; always -1. */
int fault_report(const struct cloud_fault *fault, struct sw_err *err);

#endif
