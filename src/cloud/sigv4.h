/* AWS Signature Version 4. Pure: time, keys and request in, texts out. */
#ifndef SW_CLOUD_SIGV4_H
#define SW_CLOUD_SIGV4_H

#include "slipway/cloud.h"
#include "src/base/buf.h"

enum { SIGV4_DATE = 17, SIGV4_MAX_HEADERS = 64, SIGV4_MAX_EXPIRES_S = 7 * 86400 };
#define SIGV4_UNSIGNED "UNSIGNED-PAYLOAD"

struct sigv4_scope {
    const char *access_key;
    const char *secret_key;
    const char *region;
    const char *service;
    const char *date; /* "20261122T064036Z", the value of x-amz-date */
};

struct sigv4_request {
    const char *method;
    const char *path;  /* as on the wire; "" means "/" */
    const char *query; /* as on the wire, without '?'; "" for none */
    /* Everything to be signed: host and every x-amz-* among them. Authorization, User-Agent, Expect and
     * X-Amzn-Trace-Id are passed over. */
    const struct sw_http_header *headers;
    size_t header_count;
    const char *payload_hash; /* lower-case hex, or SIGV4_UNSIGNED */
};

/* Free with sigv4_free; zero-initialise. */
struct sigv4_result {
    struct sw_buf canonical;
    struct sw_buf to_sign;
    struct sw_buf authorization; /* the header's value; of a presigned URL nothing */
    struct sw_buf query;         /* of a presigned URL */
};

SW_MUST_CHECK int sigv4_sign(const struct sigv4_scope *scope, const struct sigv4_request *request,
                             struct sigv4_result *out, struct sw_err *err);
/*
 * The same for a URL that carries its signature: out->query is the whole query, the request's own first. token: the session's, or
 * NULL. The request's headers (host among them) must come with whatever uses the URL; expires_s is at most a week. The payload
 * hash is SIGV4_UNSIGNED for S3, else that of the body that will be sent.
 */
SW_MUST_CHECK int sigv4_presign(const struct sigv4_scope *scope, const struct sigv4_request *request,
                                const char *token, unsigned expires_s, struct sigv4_result *out,
                                struct sw_err *err);
void sigv4_free(struct sigv4_result *result);
#define SIGV4_AUTO SW_CLEANUP(sigv4_free)

/* "YYYYMMDDTHHMMSSZ" of seconds since 1970. */
SW_MUST_CHECK int sigv4_date(int64_t time_s, char out[SIGV4_DATE], struct sw_err *err);

#endif
