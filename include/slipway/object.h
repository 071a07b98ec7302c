/* An S3 object that is read by ranges: what S3 says of it, and its bytes, each range under the same ETag. */
#ifndef SLIPWAY_OBJECT_H
#define SLIPWAY_OBJECT_H

#include "slipway/cloud.h"

enum { SW_S3_DIGEST_BYTES = 32 };

/* What an object's bytes can be held against. */
struct sw_s3_digest {
    bool known;
    bool of_parts; /* over the digests of the parts, one after the other; else over all bytes */
    uint8_t bytes[SW_S3_DIGEST_BYTES];
};

/* Which object; the texts stay the caller's. */
struct sw_s3_name {
    const char *bucket;
    const char *key;
};

/* What S3 says of an object before a byte of it is read. */
struct sw_s3_facts {
    bool found;
    uint64_t size_bytes;
    char etag[SW_S3_ETAG];

    struct sw_s3_digest md5, sha256;
    /* The size of each part but the last. Where parts are of several sizes, no digest of parts is known. */
    uint64_t part_bytes;
};

/* An object that is not there is no error: facts->found is false. Two more requests for one that came in parts. */
SW_MUST_CHECK int sw_s3_facts(struct sw_cloud *cloud, const struct sw_s3_name *object,
                              struct sw_s3_facts *facts, struct sw_err *err);

/* Bytes off … off + len - 1 of an object; len is not 0. */
struct sw_s3_range {
    uint64_t off;
    size_t len;
};

/*
 * Exactly the bytes of the range (within facts->size_bytes) into buf, with If-Match on the ETag. A line that breaks in the
 * middle is tried again. SW_FAILED and "was replaced" when the object is another one now.
 */
SW_MUST_CHECK int sw_s3_get_range(struct sw_cloud *cloud, const struct sw_s3_name *object,
                                  const struct sw_s3_facts *facts, struct sw_s3_range range, void *buf,
                                  struct sw_err *err);

#endif
