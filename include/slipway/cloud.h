/* Signed calls to AWS and what speaks like it: the transport, a session, S3, KMS; EC2 in slipway/ec2.h. */
#ifndef SLIPWAY_CLOUD_H
#define SLIPWAY_CLOUD_H

#include "slipway/ec2.h"
#include "slipway/error.h"
#include "slipway/kms.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- transport: one HTTP exchange, without signing and without retries ---- */

struct sw_http_header {
    const char *name;
    const char *value;
};

/* Where a body goes that is too large for memory. Embed as the first member. */
struct sw_http_sink {
    /* Called before each try: whatever came with the one before is void. */
    int (*restart)(struct sw_http_sink *sink, struct sw_err *err);
    int (*write)(struct sw_http_sink *sink, const void *bytes, size_t len, struct sw_err *err);
};

struct sw_http_request {
    const char *method;
    const char *url; /* as it goes on the wire, percent-encoded */
    const struct sw_http_header *headers;
    size_t header_count;
    const void *body; /* NULL when there is none */
    size_t body_len;
    struct sw_http_sink
        *sink;        /* gets the body of a 200 instead of the reply; NULL: none. send does not restart it */
    bool follow;      /* redirects, at most 10 of them */
    bool insecure;    /* the server's certificate is not looked at */
    bool direct;      /* through no proxy, whatever is configured */
    unsigned stall_s; /* a line that stands still is given up after that; 0: the transport's own */
    unsigned timeout_ms; /* for the whole exchange; 0: long enough for the body on a slow line */
    bool ranged;         /* a range was asked for: sink gets the body of a 206, too */
};

/* Zero-initialise it; free with sw_http_reply_free, also after a failure. */
struct sw_http_reply {
    int status;
    char *headers; /* "name: value\n" lines, names in lower case; NULL when there are none */
    char *body;    /* NUL after body_len bytes; NULL when it is empty */
    size_t body_len;
    bool
        resent; /* a kept line broke before any answer and the request went out anew: it may have been done twice */
};

struct sw_transport;

struct sw_transport_ops {
    /*
     * Sends and waits for the whole reply; any thread. -1 when no whole reply came: code SW_REMOTE when another
     * try may help, any other code (a name that does not resolve for good, a certificate) when it will not.
     */
    int (*send)(struct sw_transport *transport, const struct sw_http_request *request,
                struct sw_http_reply *reply, struct sw_err *err);
    int64_t (*now_s)(struct sw_transport *transport); /* wall clock, seconds since 1970 UTC */
    int64_t (*ticks_s)(
        struct sw_transport *transport); /* a clock that nobody sets, for how long something took */
    /* Ends early, with SW_INTERRUPTED, when a signal came. */
    int (*sleep_ms)(struct sw_transport *transport, unsigned ms, struct sw_err *err);
    void (*close)(struct sw_transport *transport);
};

/* Embed as the first member. */
struct sw_transport {
    const struct sw_transport_ops *ops;
};

/*
 * libcurl: TLS 1.2 or later, peer and name always verified; AWS_CA_BUNDLE (ca_bundle, a file or a folder of hashed names; may
 * be NULL) replaces the roots. Proxies are those of HTTPS_PROXY, http_proxy, ALL_PROXY and NO_PROXY. A line that stands still
 * is given up after two minutes, or after SLIPWAY_STALL_S seconds; so is one that brings less than 1 KiB/s to a sink.
 */
SW_MUST_CHECK int sw_transport_open_curl(const char *ca_bundle, struct sw_transport **out,
                                         struct sw_err *err);
void sw_transport_close(struct sw_transport *transport);

/*
 * GET of an http or https URL into sink: redirects are followed, anything but 200 is a failure, and what may pass is tried
 * up to 5 times with growing pauses. SW_REMOTE when trying later may help, SW_USAGE for what is no such URL. URLs in
 * messages are without the part before "@" and behind "?".
 */
SW_MUST_CHECK int sw_http_fetch(struct sw_transport *transport, const char *url, bool insecure,
                                struct sw_http_sink *sink, struct sw_err *err);

/* Copies the first header of that name (lower case) into out, cut to fit; false when there is none. */
bool sw_http_header_get(const struct sw_http_reply *reply, const char *name, char *out, size_t out_len);
void sw_http_reply_free(struct sw_http_reply *reply);

/* ---- session: credentials, region, endpoints, as the AWS CLI finds them ---- */

/* What the command line said; NULL where it said nothing. */
struct sw_cloud_config {
    const char *profile;
    const char *region;
    const char *endpoint_url; /* for every service, but not for those that credentials come from */
    bool
        use_imds; /* the instance's metadata service may be asked for credentials when nothing else has any */
};

struct sw_cloud;

/*
 * Reads AWS_* and the shared files. Without a transport the libcurl one is opened (and closed with the session);
 * a given one stays the caller's. No network: credentials that come from somewhere else (a role, SSO, a program, a container, an
 * instance) are fetched by the first request, and again before they end. From then on the process leaves no core. SW_FAILED with what to set when credentials or the
 * region are missing.
 */
SW_MUST_CHECK int sw_cloud_open(const struct sw_cloud_config *config, struct sw_transport *transport,
                                struct sw_cloud **out, struct sw_err *err);
void sw_cloud_close(struct sw_cloud *cloud);
const char *sw_cloud_region(const struct sw_cloud *cloud);
const char *sw_cloud_s3_url(const struct sw_cloud *cloud);
/*
 * Uploads are begun with SHA-256 as the checksum that S3 keeps of parts and object. False where AWS_REQUEST_CHECKSUM_CALCULATION
 * (request_checksum_calculation) is when_required.
 */
bool sw_cloud_checksums(const struct sw_cloud *cloud);
struct sw_transport *sw_cloud_transport(const struct sw_cloud *cloud);

enum { SW_CLOUD_PARTITION = 32 };
/* "aws", "aws-cn", "aws-us-gov", …: the partition of a region, as ARNs begin. SW_USAGE for a region of none that is known. */
SW_MUST_CHECK int sw_cloud_partition(const char *region, char out[SW_CLOUD_PARTITION], struct sw_err *err);

/*
 * Every verb below signs, sends, and tries again on throttling, 5xx, `200` with an error body and broken lines
 * (full jitter, from 250 ms on, or for tests from SLIPWAY_BACKOFF_MS; AWS_MAX_ATTEMPTS, 8 without it; a retry quota for the
 * whole session); a wrong clock is corrected once from the reply's Date, and keys that are over are fetched anew once. A line
 * that is lost after it worked is waited for longer, up to three minutes, unless AWS_MAX_ATTEMPTS says how often.
 * Errors carry AWS's own code and message: SW_REMOTE when trying later may help, else SW_FAILED. Any thread.
 *
 * A SW_FAILED with err->sys SW_CLOUD_UNFIT: the service looked at what was asked and does not do it, so that nothing comes of
 * an earlier request with the same token either. Without it (keys, permissions, TLS) nobody looked that far.
 */
#define SW_CLOUD_UNFIT EBADRQC

/* ---- S3 ---- */

enum {
    SW_S3_ETAG = 80,         /* with the NUL, without the quotes */
    SW_S3_MAX_PARTS = 10000, /* part numbers are 1 … 10000 */
    SW_S3_MARK = 65,         /* hex text in the object's x-amz-meta-slipway-upload */
    SW_S3_SHA256 = 65,       /* hex */
    SW_S3_CHECKSUM = 52,     /* of an object in parts: base64, a dash and their number */
};
#define SW_S3_MIN_PART_BYTES (5ULL << 20) /* but the last */
#define SW_S3_MAX_PART_BYTES (5ULL << 30)

struct sw_s3_upload {
    const char *bucket;
    const char *key;
    const char *upload_id; /* NULL where the object is meant */
};

struct sw_s3_part {
    unsigned number;
    uint64_t size_bytes;
    char etag[SW_S3_ETAG];
    char sha256[SW_S3_SHA256]; /* of the bytes; "" when it is not known */
};

/* Free the items with free(). */
struct sw_s3_parts {
    struct sw_s3_part *items;
    size_t n;
    bool gone; /* NoSuchUpload */
};

struct sw_s3_head {
    bool found;
    uint64_t size_bytes;
    char mark[SW_S3_MARK];         /* "" when the object has none */
    char checksum[SW_S3_CHECKSUM]; /* its SHA-256 as S3 keeps it; "" when it keeps none */
};

/*
 * mark goes into the object's metadata, so that the finished object can be told from another one. Free *upload_id.
 * *retried: more than one request was sent, so S3 may have begun an upload whose id nobody heard.
 */
SW_MUST_CHECK int sw_s3_create_upload(struct sw_cloud *cloud, const struct sw_s3_upload *object,
                                      const char *mark, char **upload_id, bool *retried, struct sw_err *err);
/* part->number and size_bytes are given, the rest is filled in. sha256: lower-case hex of the bytes. */
SW_MUST_CHECK int sw_s3_put_part(struct sw_cloud *cloud, const struct sw_s3_upload *upload,
                                 struct sw_s3_part *part, const void *bytes, const char *sha256,
                                 struct sw_err *err);
/* All pages, ascending. An upload that is not there is no error: out->gone. */
SW_MUST_CHECK int sw_s3_list_parts(struct sw_cloud *cloud, const struct sw_s3_upload *upload,
                                   struct sw_s3_parts *out, struct sw_err *err);
/* What S3 keeps of an object of these parts, all with their sha256; out is "" where one has none. */
SW_MUST_CHECK int sw_s3_checksum(const struct sw_s3_part *parts, size_t n, char out[SW_S3_CHECKSUM],
                                 struct sw_err *err);
/*
 * *gone: the upload is not there (it was completed or aborted before). SW_INTEGRITY: there is an object now, and it is not of
 * the parts' bytes.
 */
SW_MUST_CHECK int sw_s3_complete_upload(struct sw_cloud *cloud, const struct sw_s3_upload *upload,
                                        const struct sw_s3_part *parts, size_t n, bool *gone,
                                        struct sw_err *err);
/* An upload that is not there is fine. */
SW_MUST_CHECK int sw_s3_abort_upload(struct sw_cloud *cloud, const struct sw_s3_upload *upload,
                                     struct sw_err *err);
/* Uploads of exactly one key that were begun and not ended. */
struct sw_s3_open_upload {
    char *upload_id;
    char initiated[40]; /* as the server says it; "" when it does not */
};
struct sw_s3_uploads {
    struct sw_s3_open_upload *items;
    size_t n;
};
/* All pages. Free with sw_s3_uploads_free, also after a failure. */
SW_MUST_CHECK int sw_s3_list_uploads(struct sw_cloud *cloud, const struct sw_s3_upload *object,
                                     struct sw_s3_uploads *out, struct sw_err *err);
void sw_s3_uploads_free(struct sw_s3_uploads *uploads);
/* Aborts every multipart upload of exactly this key but upload_id (NULL: all); *aborted gets their number. */
SW_MUST_CHECK int sw_s3_abort_all(struct sw_cloud *cloud, const struct sw_s3_upload *object,
                                  unsigned *aborted, struct sw_err *err);
SW_MUST_CHECK int sw_s3_head(struct sw_cloud *cloud, const struct sw_s3_upload *object,
                             struct sw_s3_head *out, struct sw_err *err);
/* Removes an object; one that is not there is fine. */
SW_MUST_CHECK int sw_s3_delete(struct sw_cloud *cloud, const struct sw_s3_upload *object, struct sw_err *err);

/* An object into sink. owner: the account that must own the bucket (12 digits), or NULL. */
SW_MUST_CHECK int sw_s3_get(struct sw_cloud *cloud, const struct sw_s3_upload *object, const char *owner,
                            struct sw_http_sink *sink, struct sw_err *err);

/* Keys that begin with prefix, ascending as S3 sorts them. */
struct sw_s3_keys {
    char **items;
    size_t n;
};
/* All pages; more than max keys is SW_FAILED. Free with sw_s3_keys_free, also after a failure. */
SW_MUST_CHECK int sw_s3_list(struct sw_cloud *cloud, const struct sw_s3_upload *prefix, const char *owner,
                             size_t max, struct sw_s3_keys *out, struct sw_err *err);
void sw_s3_keys_free(struct sw_s3_keys *keys);

/* ---- KMS ---- */

/*
 * AWS KMS behind the contract of slipway/kms.h. A key's ARN says the region; for any other name it is found as for every
 * call. Nothing is read and nobody is asked before a key is used. config may be NULL, and what it points at must outlive
 * the object. Without a transport each call opens the libcurl one. NULL and err on failure.
 */
SW_MUST_CHECK struct sw_kms *sw_kms_open_aws(const struct sw_cloud_config *config,
                                             struct sw_transport *transport, struct sw_err *err);

#endif
