/* S3 objects that are read by ranges: what they are, what their bytes must give, any piece of them. */
#include "slipway/object.h"

#include "src/base/base64.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/cloud/call.h"
#include "src/cloud/s3.h"

#include <stdio.h>
#include <string.h>

#define CHECKSUM_HEADER "x-amz-checksum-sha256"

static int object_context(const struct sw_s3_name *object, const char *verb, struct sw_err *err)
{
    return sw_context(err, "%s 's3://%s/%s'", verb, object->bucket, object->key);
}

/* How many parts "DIGEST-N" is over: 1 without N, 0 when it is no number of parts. *len: of DIGEST. */
static unsigned count_parts(const char *text, size_t *len)
{
    const char *dash = strchr(text, '-');
    unsigned long parts;
    char *end;

    *len = strcspn(text, "-");
    if (dash == NULL)
        return 1;
    if (dash[1] < '1' || dash[1] > '9')
        return 0;
    parts = strtoul(dash + 1, &end, 10);
    return parts <= SW_S3_MAX_PARTS && *end == '\0' ? (unsigned)parts : 0;
}

/* An ETag is an MD5 unless the object is encrypted with keys of KMS or of the caller. */
static unsigned find_md5(const struct sw_http_reply *reply, struct sw_s3_facts *facts)
{
    char how[64] = "", customer[64];
    size_t len;
    unsigned parts = count_parts(facts->etag, &len);

    sw_http_header_get(reply, "x-amz-server-side-encryption", how, sizeof(how));
    if (parts == 0 || strncmp(how, "aws:kms", 7) == 0 ||
        sw_http_header_get(reply, "x-amz-server-side-encryption-customer-algorithm", customer,
                           sizeof(customer)) ||
        sw_unhex(facts->etag, len, facts->md5.bytes, 16) < 0)
        return 0;
    facts->md5.known = true;
    facts->md5.of_parts = facts->etag[len] == '-';
    return parts;
}

static unsigned find_sha256(const struct sw_http_reply *reply, struct sw_s3_facts *facts)
{
    char text[96] = "";
    size_t len, got = 0;
    unsigned parts;

    if (!sw_http_header_get(reply, CHECKSUM_HEADER, text, sizeof(text)))
        return 0;
    parts = count_parts(text, &len);
    if (parts == 0 || sw_base64_get(text, len, facts->sha256.bytes, SW_SHA256_BYTES, &got) < 0 ||
        got != SW_SHA256_BYTES)
        return 0;
    facts->sha256.known = true;
    facts->sha256.of_parts = text[len] == '-';
    return parts;
}

/* part 0: the object itself. */
static int look(struct sw_cloud *cloud, const struct sw_s3_name *object, unsigned part,
                struct sw_http_reply *reply, struct cloud_fault *fault, struct sw_err *err)
{
    char query[32];
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "HEAD",
                              .bucket = object->bucket,
                              .key = object->key,
                              .headers = {{"x-amz-checksum-mode", "ENABLED"}}};

    if (part > 0) {
        snprintf(query, sizeof(query), "partNumber=%u", part);
        call.query = query;
    }
    return s3_head(cloud, &call, reply, fault, err);
}

/* The length of a part, or 0 where the server does not tell, or the object is another one by now. */
static int part_length(struct sw_cloud *cloud, const struct sw_s3_name *object, unsigned part,
                       const struct sw_s3_facts *facts, uint64_t *out, struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    char etag[SW_S3_ETAG + 2] = "", bare[SW_S3_ETAG];
    struct sw_err ignored = {.code = SW_OK};

    *out = 0;
    if (look(cloud, object, part, &reply, &fault, err) < 0) {
        if (fault.status < 400 || fault.status >= 500)
            return -1;
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    sw_http_header_get(&reply, "etag", etag, sizeof(etag));
    if (s3_read_etag(etag, bare, &ignored) < 0 || strcmp(bare, facts->etag) != 0 ||
        !s3_header_number(&reply, "content-length", out) || *out > SW_S3_MAX_PART_BYTES)
        *out = 0;
    return 0;
}

/* Digests of parts count only when the first and the last part say that all are of one size. */
static int find_part_bytes(struct sw_cloud *cloud, const struct sw_s3_name *object, unsigned parts,
                           struct sw_s3_facts *facts, struct sw_err *err)
{
    uint64_t first, last = 0;

    facts->part_bytes = facts->size_bytes;
    if (parts <= 1)
        return 0;
    if (part_length(cloud, object, 1, facts, &first, err) < 0 ||
        (first > 0 && part_length(cloud, object, parts, facts, &last, err) < 0))
        return -1;
    facts->part_bytes = first;
    if (last > 0 && last <= first && (parts - 1) * first + last == facts->size_bytes)
        return 0;
    facts->md5.known = facts->md5.known && !facts->md5.of_parts;
    facts->sha256.known = facts->sha256.known && !facts->sha256.of_parts;
    return 0;
}

/* *parts: how many the digests are over. */
static int read_facts(const struct sw_http_reply *reply, struct sw_s3_facts *facts, unsigned *parts,
                      struct sw_err *err)
{
    char etag[SW_S3_ETAG + 2] = "";

    if (!s3_header_number(reply, "content-length", &facts->size_bytes))
        return sw_fail(err, SW_REMOTE, "the reply does not say how long the object is");
    sw_http_header_get(reply, "etag", etag, sizeof(etag));
    if (s3_read_etag(etag, facts->etag, err) < 0)
        return -1;
    facts->found = true;
    *parts = find_md5(reply, facts);
    *parts = (unsigned)sw_max_u64(*parts, find_sha256(reply, facts));
    return 0;
}

int sw_s3_facts(struct sw_cloud *cloud, const struct sw_s3_name *object, struct sw_s3_facts *facts,
                struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    unsigned parts = 0;

    memset(facts, 0, sizeof(*facts));
    if (look(cloud, object, 0, &reply, &fault, err) < 0) {
        if (fault.status != 404)
            return object_context(object, "looking at", err);
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    if (read_facts(&reply, facts, &parts, err) < 0 || find_part_bytes(cloud, object, parts, facts, err) < 0)
        return object_context(object, "looking at", err);
    return 0;
}

/* One range's bytes on their way into the caller's memory. */
struct range_sink {
    struct sw_http_sink base;
    uint8_t *buf;
    size_t len, got;
};

static int range_restart(struct sw_http_sink *sink, struct sw_err *err)
{
    (void)err;
    ((struct range_sink *)sink)->got = 0;
    return 0;
}

static int range_write(struct sw_http_sink *sink, const void *bytes, size_t len, struct sw_err *err)
{
    struct range_sink *range = (struct range_sink *)sink;

    if (len > range->len - range->got)
        return sw_fail(err, SW_FAILED, "the server sends more than the %zu bytes that were asked for",
                       range->len);
    memcpy(range->buf + range->got, bytes, len);
    range->got += len;
    return 0;
}

static int check_range(const struct sw_http_reply *reply, const struct range_sink *range, uint64_t off,
                       uint64_t size_bytes, struct sw_err *err)
{
    char got[96] = "", want[96];

    if (reply->status != 206)
        return sw_fail(err, SW_FAILED, "the server answered HTTP %d to a request for a range", reply->status);
    snprintf(want, sizeof(want), "bytes %llu-%llu/%llu", (unsigned long long)off,
             (unsigned long long)(off + range->len - 1), (unsigned long long)size_bytes);
    sw_http_header_get(reply, "content-range", got, sizeof(got));
    if (strcmp(got, want) != 0)
        return sw_fail(err, SW_REMOTE, "the server sent '%s' where '%s' was asked for", got, want);
    if (range->got != range->len)
        return sw_fail(err, SW_REMOTE, "the server sent %zu of %zu bytes", range->got, range->len);
    return 0;
}

int sw_s3_get_range(struct sw_cloud *cloud, const struct sw_s3_name *object, const struct sw_s3_facts *facts,
                    struct sw_s3_range range, void *buf, struct sw_err *err)
{
    REPLY_AUTO struct sw_http_reply reply = {0};
    struct cloud_fault fault;
    struct range_sink sink = {
        .base = {.restart = range_restart, .write = range_write}, .buf = buf, .len = range.len};
    char bytes[64], match[SW_S3_ETAG + 2];
    struct cloud_call call = {.service = CLOUD_S3,
                              .method = "GET",
                              .bucket = object->bucket,
                              .key = object->key,
                              .headers = {{"If-Match", match}, {"Range", bytes}},
                              .sink = &sink.base,
                              .ranged = true};
    int rc;

    snprintf(bytes, sizeof(bytes), "bytes=%llu-%llu", (unsigned long long)range.off,
             (unsigned long long)(range.off + range.len - 1));
    snprintf(match, sizeof(match), "\"%s\"", facts->etag);
    rc = cloud_send(cloud, &call, &reply, &fault, err);
    if (rc == 0)
        rc = check_range(&reply, &sink, range.off, facts->size_bytes, err);
    else if (fault.status == 412 || fault.status == 404)
        rc = sw_fail(err, SW_FAILED, "the object was %s while it was read",
                     fault.status == 404 ? "removed" : "replaced by another");
    return rc == 0 ? 0 : object_context(object, "reading", err);
}
