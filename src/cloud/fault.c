/* Reads a service's error document and tells what it means for another try. */
#include "src/cloud/fault.h"

#include "src/base/json.h"
#include "src/cloud/xml.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* A clock that is off by more than this explains a refused signature (the services allow 15 minutes). */
enum { DRIFT_S = 300, FAULT_JSON_MAX = 64 << 10 };

/* S3 sends the document at the root, EC2 in Response/Errors, KMS as JSON. */
static const struct xml_node *find_error(const struct xml_node *root)
{
    if (strcmp(root->name, "Error") == 0)
        return root;
    if (strcmp(root->name, "Response") == 0)
        return xml_child(xml_child(root, "Errors"), "Error");
    return NULL;
}

static bool looks_like(const struct sw_http_reply *reply, const char *what)
{
    char type[128];

    return reply->body_len > 0 && sw_http_header_get(reply, "content-type", type, sizeof(type)) &&
           strstr(type, what) != NULL;
}

/* {"__type": "namespace#Code", "message": …}; what is no such document leaves the fault without a code. */
static void read_json(const struct sw_http_reply *reply, struct cloud_fault *out)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_JSON json_t *root = NULL;
    const char *type, *message, *hash;

    if (reply->body_len > FAULT_JSON_MAX)
        return;
    root = sw_json_parse(reply->body, reply->body_len, "the reply", &ignored);
    type = root != NULL ? sw_json_text(root, "__type") : NULL;
    if (type == NULL)
        return;
    hash = strrchr(type, '#');
    message = sw_json_text(root, "message");
    if (message == NULL)
        message = sw_json_text(root, "Message");
    snprintf(out->code, sizeof(out->code), "%s", hash != NULL ? hash + 1 : type);
    snprintf(out->message, sizeof(out->message), "%s", message != NULL ? message : "");
}

bool fault_read(const struct sw_http_reply *reply, struct cloud_fault *out)
{
    struct sw_err ignored = {.code = SW_OK};
    XML_AUTO struct xml_node *root = NULL;
    const struct xml_node *error = NULL;
    bool bad = reply->status < 200 || reply->status >= 300, xml = looks_like(reply, "xml");

    memset(out, 0, sizeof(*out));
    out->status = reply->status;
    if (xml)
        root = xml_parse(reply->body, reply->body_len, &ignored);
    if (root != NULL)
        error = find_error(root);
    if (error != NULL) {
        snprintf(out->code, sizeof(out->code), "%s", xml_text(error, "Code"));
        snprintf(out->message, sizeof(out->message), "%s", xml_text(error, "Message"));
        return true;
    }
    if (xml && root == NULL && !bad) {
        snprintf(out->code, sizeof(out->code), "IncompleteReply");
        snprintf(out->message, sizeof(out->message), "%.500s", ignored.text);
        return true;
    }
    if (bad && looks_like(reply, "json"))
        read_json(reply, out);
    return bad;
}

bool fault_retryable(const struct cloud_fault *fault)
{
    static const char *const codes[] = {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "EC2ThrottledException",
        "TooManyRequestsException",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "TransactionInProgressException",
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalError",
        "InternalFailure",
        "ServiceUnavailable",
        "Unavailable",
        "IncompleteReply",
    };

    if (fault->status == 429 || fault->status == 500 || fault->status == 502 || fault->status == 503 ||
        fault->status == 504)
        return true;
    for (size_t i = 0; i < SW_ARRAY_LEN(codes); i++)
        if (strcmp(fault->code, codes[i]) == 0)
            return true;
    return false;
}

int64_t fault_clock_drift_s(const struct sw_http_reply *reply, int64_t now_s)
{
    struct tm utc = {.tm_year = 0};
    char date[64];
    int64_t drift;

    if (reply->status != 400 && reply->status != 401 && reply->status != 403)
        return 0;
    if (!sw_http_header_get(reply, "date", date, sizeof(date)) ||
        strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &utc) == NULL)
        return 0;
    drift = (int64_t)timegm(&utc) - now_s;
    return drift > DRIFT_S || drift < -DRIFT_S ? drift : 0;
}

int fault_report(const struct cloud_fault *fault, struct sw_err *err)
{
    enum sw_code code = fault_retryable(fault) ? SW_REMOTE : SW_FAILED;

    if (fault->code[0] == '\0')
        return sw_fail(err, code, "the server answered HTTP %d", fault->status);
    return sw_fail(err, code, "%s: %s (HTTP %d)", fault->code,
                   fault->message[0] != '\0' ? fault->message : "no message", fault->status);
}
