/* One call: sign, send, judge the answer, try again where that helps. */
#include "src/cloud/call.h"

#include "src/base/digest.h"
#include "src/base/log.h"
#include "src/cloud/fault.h"
#include "src/cloud/retries.h"
#include "src/cloud/sigv4.h"

#include <stdio.h>
#include <string.h>

void cloud_target_free(struct cloud_target *target)
{
    sw_buf_free(&target->host);
    sw_buf_free(&target->path);
}

/* A bucket name fits into a host when it is a DNS label: with a dot in it the certificate would not match. */
static bool fits_host(const char *bucket)
{
    size_t len = strlen(bucket);

    return len >= 3 && len <= 63 && strspn(bucket, "abcdefghijklmnopqrstuvwxyz0123456789-") == len &&
           bucket[0] != '-' && bucket[len - 1] != '-';
}

int cloud_target_find(const struct sw_cloud *cloud, const struct cloud_call *call, struct cloud_target *out,
                      struct sw_err *err)
{
    const struct cloud_endpoint *endpoint = &cloud->endpoints[call->service];
    bool in_host = call->bucket != NULL && !endpoint->path_style && fits_host(call->bucket);

    if (endpoint->problem != NULL)
        return sw_fail(err, SW_USAGE, "%s", endpoint->problem);
    if ((in_host && sw_buf_printf(&out->host, err, "%s.", call->bucket) < 0) ||
        sw_buf_puts(&out->host, endpoint->uri.host, err) < 0 ||
        sw_buf_puts(&out->path, endpoint->uri.path, err) < 0 ||
        sw_buf_puts(&out->path, call->path != NULL ? call->path : "/", err) < 0)
        return -1;
    if (call->bucket != NULL && !in_host &&
        (uri_encode(&out->path, call->bucket, strlen(call->bucket), false, err) < 0 ||
         (call->key != NULL && sw_buf_puts(&out->path, "/", err) < 0)))
        return -1;
    return call->key != NULL ? uri_encode(&out->path, call->key, strlen(call->key), true, err) : 0;
}

static int payload_hash(const struct cloud_call *call, char out[SW_SHA256_HEX], struct sw_err *err)
{
    uint8_t digest[SW_SHA256_BYTES];

    if (call->payload_hash != NULL) {
        snprintf(out, SW_SHA256_HEX, "%s", call->payload_hash);
        return 0;
    }
    if (sw_sha256(call->body_len > 0 ? call->body : "", call->body_len, digest, err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), out);
    return 0;
}

/* The headers that are signed, and the texts that they point to. */
struct signing {
    struct sw_http_header headers[CLOUD_MAX_EXTRA_HEADERS + 5];
    size_t n;
    char date[SIGV4_DATE], hash[SW_SHA256_HEX];
    struct sigv4_result result;
};

static void signing_free(struct signing *signing)
{
    sigv4_free(&signing->result);
}

static void add_header(struct signing *signing, const char *name, const char *value)
{
    signing->headers[signing->n++] = (struct sw_http_header){name, value};
}

/* All headers of a request, with its Authorization unless keys is NULL. */
static int sign(struct sw_cloud *cloud, const struct cloud_call *call, const struct cloud_target *target,
                const struct cloud_keys *keys, struct signing *out, struct sw_err *err)
{
    const struct cloud_endpoint *endpoint = &cloud->endpoints[call->service];
    struct sigv4_scope scope = {
        .region = endpoint->sign_region, .service = service_name(call->service), .date = out->date};
    struct sigv4_request request = {.method = call->method,
                                    .path = target->path.data,
                                    .query = call->query != NULL ? call->query : "",
                                    .headers = out->headers,
                                    .payload_hash = out->hash};

    add_header(out, "Host", target->host.data);
    if (keys != NULL) {
        if (sigv4_date(cloud_now_s(cloud), out->date, err) < 0 || payload_hash(call, out->hash, err) < 0)
            return -1;
        add_header(out, "X-Amz-Date", out->date);
        add_header(out, "X-Amz-Content-Sha256", out->hash);
        if (keys->token != NULL)
            add_header(out, "X-Amz-Security-Token", keys->token);
    }
    for (size_t i = 0; i < CLOUD_MAX_EXTRA_HEADERS && call->headers[i].name != NULL; i++)
        add_header(out, call->headers[i].name, call->headers[i].value);
    if (keys == NULL)
        return 0;
    scope.access_key = keys->access;
    scope.secret_key = keys->secret;
    request.header_count = out->n;
    if (sigv4_sign(&scope, &request, &out->result, err) < 0)
        return -1;
    add_header(out, "Authorization", out->result.authorization.data);
    return 0;
}

/* The AWS CLI lets it happen without a word; here it is a disk's bytes that go that way. */
static void tell_bare(struct sw_cloud *cloud, const struct uri *uri, const struct cloud_target *target)
{
    if (uri_is_bare(uri) && !atomic_exchange(&cloud->bare_told, true))
        sw_log(SW_LOG_WARNING,
               "http://%s is without TLS: whoever is on the way can read what is sent, and the "
               "session's token",
               target->host.data);
}

/* Signs with the time of now and sends once. ref: whose keys; NULL for a session without any. */
static int send_once(struct sw_cloud *cloud, const struct cloud_call *call, const struct cloud_target *target,
                     const struct keys_ref *ref, struct sw_http_reply *reply, struct sw_err *err)
{
    const struct uri *uri = &cloud->endpoints[call->service].uri;
    SW_AUTO_FREE char *url = sw_strf(err, "%s://%s%s%s%s", uri->scheme, target->host.data, target->path.data,
                                     call->query != NULL ? "?" : "", call->query != NULL ? call->query : "");
    SW_CLEANUP(signing_free) struct signing signing = {.n = 0};

    if (url == NULL || sign(cloud, call, target, ref != NULL ? &ref->keys : NULL, &signing, err) < 0 ||
        (call->sink != NULL && call->sink->restart(call->sink, err) < 0))
        return -1;
    tell_bare(cloud, uri, target);
    if (cloud->transport->ops->send(cloud->transport,
                                    &(struct sw_http_request){.method = call->method,
                                                              .url = url,
                                                              .headers = signing.headers,
                                                              .header_count = signing.n,
                                                              .body = call->body,
                                                              .body_len = call->body_len,
                                                              .sink = call->sink,
                                                              .stall_s = call->stall_s,
                                                              .ranged = call->ranged},
                                    reply, err) == 0)
        return 0;
    /* What is tried again is told with the host and the number of tries in the end. */
    return err->code == SW_REMOTE || err->code == SW_INTERRUPTED
               ? -1
               : sw_context(err, "%s://%s", uri->scheme, target->host.data);
}

/* What the call in hand went through. */
struct course {
    struct retries retries;
    bool clock_corrected;
    unsigned renewals;           /* how often it went on with other keys */
    struct keys_ref *ref;        /* of the last try */
    int64_t offset_s, started_s; /* of the last try: the correction that it was signed with, and when */
};

/*
 * The clock is set right at most once a call. Whoever finds that another thread has set it since the request was signed needs
 * only to sign anew.
 */
static bool correct_clock(struct sw_cloud *cloud, const struct sw_http_reply *reply, struct course *course)
{
    int64_t offset_s = course->offset_s;
    int64_t now_s = cloud->transport->ops->now_s(cloud->transport) + offset_s;
    int64_t drift_s = fault_clock_drift_s(reply, now_s);

    if (course->clock_corrected || drift_s == 0)
        return false;
    course->clock_corrected = true;
    if (atomic_compare_exchange_strong(&cloud->clock_offset_s, &offset_s, offset_s + drift_s))
        sw_log(SW_LOG_WARNING,
               "this machine's clock is %lld s off the server's; requests are signed by the server's",
               (long long)-(offset_s + drift_s));
    return true;
}

/* The clock is right, and the signature grew old on its way, in a proxy perhaps: a newer one helps. */
static bool grew_old(struct sw_cloud *cloud, const struct cloud_fault *fault, const struct course *course)
{
    int64_t took_s = cloud->transport->ops->ticks_s(cloud->transport) - course->started_s;

    return fault_skewed(fault) && took_s > FAULT_DRIFT_S;
}

static void course_free(struct course *course)
{
    keys_release(course->ref);
}

/* Keys that were just exchanged can be over as well when it is this call's turn. */
enum { RENEWALS_MAX = 3 };

/* Other keys when the server says that these are over. 1: there are some; 0: there are none; -1 on failure. */
static int renew(struct sw_cloud *cloud, const struct cloud_fault *fault, struct course *course,
                 struct sw_err *err)
{
    bool others = false;

    if (!fault_expired(fault) || course->renewals == RENEWALS_MAX)
        return 0;
    course->renewals++;
    if (keys_renew(&cloud->keys, course->ref, cloud_now_s(cloud), &others, err) < 0)
        return sw_context(err, "the credentials have expired");
    return others ? 1 : 0;
}

enum verdict { CALL_DONE, CALL_AGAIN, CALL_LATER, CALL_LOST, CALL_FAILED };

/* What came of a try. */
static enum verdict judge(struct sw_cloud *cloud, enum cloud_service service,
                          const struct sw_http_reply *reply, struct course *course, struct cloud_fault *fault,
                          struct sw_err *err)
{
    int renewed;

    if (!fault_read(reply, service == CLOUD_S3 ? cloud->endpoints[CLOUD_S3].sign_region : NULL, fault))
        return CALL_DONE;
    if (correct_clock(cloud, reply, course))
        return CALL_AGAIN;
    renewed = renew(cloud, fault, course, err);
    if (renewed != 0)
        return renewed > 0 ? CALL_AGAIN : CALL_FAILED;
    fault_report(fault, err);
    if (fault->code[0] == '\0' && fault_is_page(reply))
        sw_context(err, "a web page came and no answer of AWS's: a proxy may be in the way");
    if (grew_old(cloud, fault, course))
        err->code = SW_REMOTE;
    if (fault_expired(fault))
        sw_context(err, "the credentials have expired; put new ones in their place and run the same again");
    return err->code == SW_REMOTE ? CALL_LATER : CALL_FAILED;
}

static enum verdict try_once(struct sw_cloud *cloud, const struct cloud_call *call,
                             const struct cloud_target *target, struct course *course,
                             struct sw_http_reply *reply, struct sw_err *err)
{
    keys_release(SW_STEAL_PTR(course->ref));
    sw_http_reply_free(reply);
    *err = (struct sw_err){.code = SW_OK};
    if (keys_hold(&cloud->keys, cloud_now_s(cloud), &course->ref, err) < 0)
        return CALL_FAILED;
    course->offset_s = atomic_load(&cloud->clock_offset_s);
    course->started_s = cloud->transport->ops->ticks_s(cloud->transport);
    if (send_once(cloud, call, target, course->ref, reply, err) < 0)
        return err->code == SW_REMOTE ? CALL_LOST : CALL_FAILED;
    atomic_store(&cloud->reached[call->service], true);
    return CALL_DONE;
}

int cloud_send(struct sw_cloud *cloud, const struct cloud_call *call, struct sw_http_reply *reply,
               struct cloud_fault *fault, struct sw_err *err)
{
    TARGET_AUTO struct cloud_target target = {.host = {0}};
    SW_CLEANUP(course_free) struct course course = {.ref = NULL};
    struct cloud_fault local;
    enum verdict verdict;

    if (call->retried != NULL)
        *call->retried = false;
    if (fault == NULL)
        fault = &local;
    memset(fault, 0, sizeof(*fault));
    if (cloud_target_find(cloud, call, &target, err) < 0)
        return -1;
    for (;;) {
        memset(fault, 0, sizeof(*fault));
        verdict = try_once(cloud, call, &target, &course, reply, err);
        if (call->retried != NULL && reply->resent)
            *call->retried = true;
        if (verdict == CALL_DONE)
            verdict = judge(cloud, call->service, reply, &course, fault, err);
        if (verdict == CALL_DONE)
            retries_give_back(cloud, &course.retries);
        if (verdict == CALL_DONE || verdict == CALL_FAILED)
            return verdict == CALL_DONE ? 0 : -1;
        if (verdict == CALL_AGAIN)
            continue;
        if (!retries_allow(cloud, call->service, verdict == CALL_LOST, &course.retries, err))
            return sw_context(err, "%s://%s: after %u attempts", cloud->endpoints[call->service].uri.scheme,
                              target.host.data, course.retries.failures);
        if (cloud_back_off(cloud->transport, course.retries.failures, reply, err) < 0)
            return -1;
        if (call->retried != NULL)
            *call->retried = true;
    }
}

void cloud_copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size)
        for (len = size - 1; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    memcpy(out, text, len);
    out[len] = '\0';
}

void reply_wipe(struct sw_http_reply *reply)
{
    if (reply->body != NULL)
        explicit_bzero(reply->body, reply->body_len);
    sw_http_reply_free(reply);
}
