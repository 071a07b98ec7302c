/* Plain downloads: one URL into a sink, with redirects and another try where that helps. */
#include "src/cloud/fault.h"

#include "src/base/buf.h"
#include "src/base/log.h"
#include "src/base/mask.h"

#include <string.h>
#include <strings.h>

enum { MAX_ATTEMPTS = 5 };

/* http(s)://host…, in printable ASCII or UTF-8 without blanks: whatever else stands there would be sent as it is. */
static bool is_url(const char *url)
{
    size_t skip = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;

    if (skip == 0 || url[skip] == '\0' || url[skip] == '/')
        return false;
    for (; *url != '\0'; url++)
        if ((unsigned char)*url <= ' ' || *url == 0x7f)
            return false;
    return true;
}

/* 0 for a 200; else -1 with what the server said, SW_REMOTE where trying again may help. */
static int judge(const struct sw_http_reply *reply, struct sw_err *err)
{
    struct cloud_fault fault;

    if (reply->status == 200)
        return 0;
    fault_read(reply, NULL, &fault);
    return fault_report(&fault, err);
}

static int fetch_once(struct sw_transport *transport, const struct sw_http_request *request,
                      struct sw_http_reply *reply, struct sw_err *err)
{
    if (request->sink->restart(request->sink, err) < 0 ||
        transport->ops->send(transport, request, reply, err) < 0)
        return -1;
    return judge(reply, err);
}

int sw_http_fetch(struct sw_transport *transport, const char *url, bool insecure, struct sw_http_sink *sink,
                  struct sw_err *err)
{
    struct sw_http_request request = {
        .method = "GET", .url = url, .sink = sink, .follow = true, .insecure = insecure};
    REPLY_AUTO struct sw_http_reply reply = {0};
    SW_AUTO_FREE char *name = NULL;
    unsigned failures = 0;

    if (!is_url(url))
        return sw_fail(err, SW_USAGE, "'%.200s' is no http or https URL", url);
    name = sw_url_shown(url, err);
    if (name == NULL)
        return -1;
    sw_log(SW_LOG_INFO, "fetching %s", name);
    for (;;) {
        sw_http_reply_free(&reply);
        *err = (struct sw_err){.code = SW_OK};
        if (fetch_once(transport, &request, &reply, err) == 0)
            return 0;
        if (err->code != SW_REMOTE)
            return sw_context(err, "%s", name);
        if (++failures == MAX_ATTEMPTS)
            return sw_context(err, "%s: after %u attempts", name, failures);
        if (cloud_back_off(transport, failures, &reply, err) < 0)
            return -1;
    }
}
