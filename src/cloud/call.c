/* One call: sign, send, judge the answer, try again where that helps. */
#include "src/cloud/call.h"

#include "src/base/digest.h"
#include "src/base/log.h"
#include "src/cloud/fault.h"
#include "src/cloud/sigv4.h"

#include <stdio.h>
#include <string.h>

enum { BACKOFF_BASE_MS = 250, BACKOFF_CAP_MS = 20000, RETRY_AFTER_CAP_S = 60 };

/* A call resolved to where it goes. */
struct target {
    struct sw_buf host;
    struct sw_buf path;
};

static void target_free(struct target *target)
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

static int find_target(const struct sw_cloud *cloud, const struct cloud_call *call, struct target *out,
                       struct sw_err *err)
{
    const struct cloud_endpoint *endpoint = &cloud->endpoints[call->service];
    bool in_host = call->bucket != NULL && !endpoint->custom && fits_host(call->bucket);

    if ((in_host && sw_buf_printf(&out->host, err, "%s.", call->bucket) < 0) ||
        sw_buf_puts(&out->host, endpoint->uri.host, err) < 0 ||
        sw_buf_puts(&out->path, endpoint->uri.path, err) < 0 || sw_buf_puts(&out->path, "/", err) < 0)
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

static int64_t server_now_s(struct sw_cloud *cloud)
{
    return cloud->transport->ops->now_s(cloud->transport) + atomic_load(&cloud->clock_offset_s);
}

/* Signs with the time of now and sends once. */
static int send_once(struct sw_cloud *cloud, const struct cloud_call *call, const struct target *target,
                     struct sw_http_reply *reply, struct sw_err *err)
{
    const struct uri *uri = &cloud->endpoints[call->service].uri;
    SW_AUTO_FREE char *url = sw_strf(err, "%s://%s%s%s%s", uri->scheme, target->host.data, target->path.data,
                                     call->query != NULL ? "?" : "", call->query != NULL ? call->query : "");
    SIGV4_AUTO struct sigv4_result signature = {.canonical = {0}};
    struct sw_http_header headers[CLOUD_MAX_EXTRA_HEADERS + 5];
    char date[SIGV4_DATE], hash[SW_SHA256_HEX];
    size_t n = 0;
    struct sigv4_scope scope = {cloud->keys.access, cloud->keys.secret, cloud->region,
                                service_name(call->service), date};
    struct sigv4_request request = {.method = call->method,
                                    .path = target->path.data,
                                    .query = call->query != NULL ? call->query : "",
                                    .headers = headers,
                                    .payload_hash = hash};

    if (url == NULL || sigv4_date(server_now_s(cloud), date, err) < 0 || payload_hash(call, hash, err) < 0)
        return -1;
    headers[n++] = (struct sw_http_header){"Host", target->host.data};
    headers[n++] = (struct sw_http_header){"X-Amz-Date", date};
    headers[n++] = (struct sw_http_header){"X-Amz-Content-Sha256", hash};
    if (cloud->keys.token != NULL)
        headers[n++] = (struct sw_http_header){"X-Amz-Security-Token", cloud->keys.token};
    for (size_t i = 0; i < CLOUD_MAX_EXTRA_HEADERS && call->headers[i].name != NULL; i++)
        headers[n++] = call->headers[i];
    request.header_count = n;
    if (sigv4_sign(&scope, &request, &signature, err) < 0)
        return -1;
    headers[n++] = (struct sw_http_header){"Authorization", signature.authorization.data};
    if (call->sink != NULL && call->sink->restart(call->sink, err) < 0)
        return -1;
    return cloud->transport->ops->send(cloud->transport,
                                       &(struct sw_http_request){.method = call->method,
                                                                 .url = url,
                                                                 .headers = headers,
                                                                 .header_count = n,
                                                                 .body = call->body,
                                                                 .body_len = call->body_len,
                                                                 .sink = call->sink},
                                       reply, err);
}

int cloud_back_off(struct sw_transport *transport, unsigned failures, const struct sw_http_reply *reply,
                   struct sw_err *err)
{
    unsigned most = BACKOFF_CAP_MS, asked_s = 0, wait_ms;
    struct sw_err quiet = {.code = SW_OK};
    uint32_t dice = 0;
    char text[16];

    if (failures < 8 && (BACKOFF_BASE_MS << failures) < BACKOFF_CAP_MS)
        most = BACKOFF_BASE_MS << failures;
    if (sw_random(&dice, sizeof(dice), err) < 0)
        return -1;
    wait_ms = dice % (most + 1);
    if (sw_http_header_get(reply, "retry-after", text, sizeof(text)))
        asked_s = (unsigned)strtoul(text, NULL, 10);
    if (asked_s > RETRY_AFTER_CAP_S)
        asked_s = RETRY_AFTER_CAP_S;
    if (asked_s * 1000 > wait_ms)
        wait_ms = asked_s * 1000;
    sw_log(SW_LOG_DEBUG, "%s; trying again in %u ms", err->text, wait_ms);
    if (transport->ops->sleep_ms(transport, wait_ms, &quiet) < 0) {
        *err = quiet;
        return -1;
    }
    return 0;
}

/* The clock is set right at most once a call; a thread that lost the race finds it right already. */
static bool correct_clock(struct sw_cloud *cloud, const struct sw_http_reply *reply)
{
    int64_t drift_s = fault_clock_drift_s(reply, server_now_s(cloud));

    if (drift_s == 0)
        return false;
    atomic_fetch_add(&cloud->clock_offset_s, drift_s);
    sw_log(SW_LOG_WARNING,
           "this machine's clock is %lld s off the server's; requests are signed by the server's",
           (long long)-atomic_load(&cloud->clock_offset_s));
    return true;
}

int cloud_send(struct sw_cloud *cloud, const struct cloud_call *call, struct sw_http_reply *reply,
               struct cloud_fault *fault, struct sw_err *err)
{
    SW_CLEANUP(target_free) struct target target = {.host = {0}};
    struct cloud_fault local;
    bool clock_corrected = false;
    unsigned failures = 0;

    if (call->retried != NULL)
        *call->retried = false;
    if (fault == NULL)
        fault = &local;
    memset(fault, 0, sizeof(*fault));
    if (find_target(cloud, call, &target, err) < 0)
        return -1;
    for (;;) {
        sw_http_reply_free(reply);
        memset(fault, 0, sizeof(*fault));
        *err = (struct sw_err){.code = SW_OK};
        if (send_once(cloud, call, &target, reply, err) < 0) {
            if (err->code != SW_REMOTE)
                return -1;
        } else {
            if (!fault_read(reply, fault))
                return 0;
            if (!clock_corrected && correct_clock(cloud, reply)) {
                clock_corrected = true;
                continue;
            }
            fault_report(fault, err);
            if (err->code != SW_REMOTE)
                return -1;
        }
        if (++failures >= cloud->max_attempts)
            return sw_context(err, "%s://%s: after %u attempts", cloud->endpoints[call->service].uri.scheme,
                              target.host.data, failures);
        if (cloud_back_off(cloud->transport, failures, reply, err) < 0)
            return -1;
        if (call->retried != NULL)
            *call->retried = true;
    }
}
