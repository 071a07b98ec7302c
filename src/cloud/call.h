/* One call: sign, send, judge the answer, try again where that helps. */
#ifndef SW_CLOUD_CALL_H
#define SW_CLOUD_CALL_H

#include "src/cloud/session.h"

#define REPLY_AUTO SW_CLEANUP(sw_http_reply_free)

enum { CLOUD_MAX_EXTRA_HEADERS = 16 };

struct cloud_call {
    enum cloud_service service;
    const char *method;
    const char *bucket; /* NULL for none; goes into the host or the path as the endpoint wants it */
    const char *key;    /* NULL for the bucket itself */
    const char *path;   /* of a service without buckets: "/…", encoded; NULL for "/" */
    const char *query;  /* encoded; NULL for none */
    struct sw_http_header headers[CLOUD_MAX_EXTRA_HEADERS]; /* ended by a NULL name */
    const void *body;
    size_t body_len;
    const char *payload_hash;  /* NULL: computed from the body; or SIGV4_UNSIGNED (S3, EBS) */
    struct sw_http_sink *sink; /* gets the body of a good reply; NULL: the reply has it */
    unsigned stall_s;          /* a line that stands still is given up after that; 0: the transport's own */
    bool ranged;               /* a range is asked for: 206 is as good as 200 */
    bool *retried;             /* NULL, or set to whether it took more than one request */
};

/* Where a call goes. Zero-initialise it. */
struct cloud_target {
    struct sw_buf host;
    struct sw_buf path; /* as on the wire */
};
SW_MUST_CHECK int cloud_target_find(const struct sw_cloud *cloud, const struct cloud_call *call,
                                    struct cloud_target *out, struct sw_err *err);
void cloud_target_free(struct cloud_target *target);
#define TARGET_AUTO SW_CLEANUP(cloud_target_free)

/* What the server said was wrong; empty when it said nothing. */
struct cloud_fault {
    int status;
    char code[64];
    char message[512];
};

/*
 * 0 with a 2xx reply. -1 else: fault tells what the server said (also when every try failed), err names AWS's code and
 * message; SW_REMOTE when trying later may help. fault may be NULL. The reply is filled in either case.
 */
SW_MUST_CHECK int cloud_send(struct sw_cloud *cloud, const struct cloud_call *call,
                             struct sw_http_reply *reply, struct cloud_fault *fault, struct sw_err *err);

/*
 * Waits before another try: full jitter, anything from nothing to a base that doubles with each failure, and at least what
 * the server asked for. err is what went wrong and stays as it is, unless a signal comes.
 */
SW_MUST_CHECK int cloud_back_off(struct sw_transport *transport, unsigned failures,
                                 const struct sw_http_reply *reply, struct sw_err *err);

/* As much of a text as fits, without half a character at the end: it goes into JSON. */
void cloud_copy_text(char *out, size_t size, const char *text);

/* Frees a reply whose bytes were secret: they become zeros first. */
void reply_wipe(struct sw_http_reply *reply);

#endif
