/* Reads a service's error document and tells what it means for another try. */
#include "src/cloud/fault.h"

#include "src/base/json.h"
#include "src/cloud/xml.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { FAULT_JSON_MAX = 64 << 10, REASON_MAX = 100 };

/* S3 sends the document at the root, EC2 in Response/Errors, IAM and STS in ErrorResponse; KMS and EBS send JSON. */
static const struct xml_node *find_error(const struct xml_node *root)
{
    if (strcmp(root->name, "Error") == 0)
        return root;
    if (strcmp(root->name, "Response") == 0)
        return xml_child(xml_child(root, "Errors"), "Error");
    if (strcmp(root->name, "ErrorResponse") == 0)
        return xml_child(root, "Error");
    return NULL;
}

/* What a body is: by its type, and where it tells of a failure by how it begins, for not everybody says the type. */
static bool looks_like(const struct sw_http_reply *reply, bool bad, const char *what, char first)
{
    char type[128];

    if (reply->body_len == 0)
        return false;
    if (bad && reply->body[strspn(reply->body, " \t\r\n")] == first)
        return true;
    return sw_http_header_get(reply, "content-type", type, sizeof(type)) && strcasestr(type, what) != NULL;
}

/* Names are words; what a header has behind one may be no text at all. */
static void put_code(const char *text, struct cloud_fault *out)
{
    size_t len = 0;

    while (isalnum((unsigned char)text[len]) || (text[len] != '\0' && strchr("._-", text[len]) != NULL))
        len++;
    snprintf(out->code, sizeof(out->code), "%.*s", (int)len, text);
}

/* The name of an error without its namespace and without the address that may follow it: "ns#Code:http://…". */
static void take_code(const char *type, struct cloud_fault *out)
{
    const char *hash = memrchr(type, '#', strcspn(type, ":"));

    put_code(hash != NULL ? hash + 1 : type, out);
}

/* The first of the members that is there. */
static const char *first_text(const json_t *root, const char *const names[], size_t n)
{
    const char *found = NULL;

    for (size_t i = 0; i < n && found == NULL; i++)
        found = sw_json_text(root, names[i]);
    return found;
}

/* "message (reason)": a long message is cut, the reason never is. */
static void put_message(const char *message, const char *reason, struct cloud_fault *out)
{
    char tail[REASON_MAX + 4] = "";

    if (reason != NULL && reason[0] != '\0')
        snprintf(tail, sizeof(tail), " (%.*s)", REASON_MAX, reason);
    cloud_copy_text(out->message, sizeof(out->message) - strlen(tail), message);
    memcpy(out->message + strlen(out->message), tail, strlen(tail) + 1);
}

/*
 * {"__type": "namespace#Code", "message": …}, or the code in a header and a reason beside the message; what is no such
 * document leaves the fault without a message.
 */
static void read_json(const struct sw_http_reply *reply, struct cloud_fault *out)
{
    static const char *const codes[] = {"__type", "code", "Code"};
    static const char *const messages[] = {"message", "Message", "error_description"};
    static const char *const reasons[] = {"Reason", "reason"};
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_JSON json_t *root = NULL;
    const char *type, *message, *reason;
    char header[160];

    if (reply->body_len > FAULT_JSON_MAX)
        return;
    root = sw_json_parse(reply->body, reply->body_len, "the reply", &ignored);
    type = first_text(root, codes, SW_ARRAY_LEN(codes));
    if (sw_http_header_get(reply, "x-amzn-errortype", header, sizeof(header)))
        type = header;
    if (type == NULL)
        return;
    take_code(type, out);
    message = first_text(root, messages, SW_ARRAY_LEN(messages));
    reason = first_text(root, reasons, SW_ARRAY_LEN(reasons));
    put_message(message != NULL ? message : "", reason, out);
}

/* S3 says where a bucket is when it was asked for at the wrong place, also without a document (HEAD). */
static void read_region(const struct sw_http_reply *reply, const char *asked, struct cloud_fault *out)
{
    struct sw_err ignored = {.code = SW_OK};
    char region[2 * REGION_TEXT];

    if (asked == NULL || (out->status != 301 && out->status != 307 && out->status != 400))
        return;
    if (!sw_http_header_get(reply, "x-amz-bucket-region", region, sizeof(region)) ||
        strcmp(region, asked) == 0 || region_check(region, &ignored) < 0)
        return;
    if (out->code[0] == '\0')
        snprintf(out->code, sizeof(out->code), "PermanentRedirect");
    snprintf(out->message, sizeof(out->message),
             "the bucket is in region '%s': pass --region %s, or set AWS_REGION", region, region);
}

/* 1: an error; 0: another document; -1: none that can be read. A good one may hold keys: nothing of it stays behind. */
static int read_xml(const struct sw_http_reply *reply, struct cloud_fault *out, struct sw_err *why)
{
    struct xml_node *root = xml_parse(reply->body, reply->body_len, why);
    const struct xml_node *error = root != NULL ? find_error(root) : NULL;
    int found = root == NULL ? -1 : error != NULL;

    if (error != NULL) {
        put_code(xml_text(error, "Code"), out);
        cloud_copy_text(out->message, sizeof(out->message), xml_text(error, "Message"));
    }
    xml_wipe(root);
    xml_free(root);
    return found;
}

bool fault_read(const struct sw_http_reply *reply, const char *region, struct cloud_fault *out)
{
    struct sw_err why = {.code = SW_OK};
    bool bad = reply->status < 200 || reply->status >= 300;
    int xml = 0;

    memset(out, 0, sizeof(*out));
    out->status = reply->status;
    if (looks_like(reply, bad, "xml", '<'))
        xml = read_xml(reply, out, &why);
    if (xml < 0 && !bad) {
        snprintf(out->code, sizeof(out->code), "IncompleteReply");
        snprintf(out->message, sizeof(out->message), "%.500s", why.text);
        return true;
    }
    if (xml <= 0 && bad && looks_like(reply, bad, "json", '{'))
        read_json(reply, out);
    read_region(reply, region, out);
    return bad || xml > 0;
}

bool fault_is_page(const struct sw_http_reply *reply)
{
    char type[32];

    return sw_http_header_get(reply, "content-type", type, sizeof(type)) &&
           strncasecmp(type, "text/html", strlen("text/html")) == 0;
}

static bool is_one_of(const char *code, const char *const *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
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
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "TransactionInProgressException",
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalError",
        "InternalFailure",
        "InternalServerException",
        "ServiceUnavailable",
        "Unavailable",
        "IDPCommunicationError",
        "IncompleteReply",
    };

    return fault->status == 408 || fault->status == 429 || fault->status == 500 || fault->status == 502 ||
           fault->status == 503 || fault->status == 504 || is_one_of(fault->code, codes, SW_ARRAY_LEN(codes));
}

bool fault_skewed(const struct cloud_fault *fault)
{
    return strcmp(fault->code, "RequestTimeTooSkewed") == 0;
}

bool fault_expired(const struct cloud_fault *fault)
{
    /* EC2 has one word for an expired token and a request of a wrong time. */
    static const char *const codes[] = {"ExpiredToken", "ExpiredTokenException", "RequestExpired",
                                        "TokenRefreshRequired"};

    return is_one_of(fault->code, codes, SW_ARRAY_LEN(codes));
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
    return drift > FAULT_DRIFT_S || drift < -FAULT_DRIFT_S ? drift : 0;
}

/* Refused for who asks, not for what is asked. */
static bool is_about_caller(const struct cloud_fault *fault)
{
    static const char *const codes[] = {"AuthFailure",           "InvalidClientTokenId",
                                        "SignatureDoesNotMatch", "IncompleteSignature",
                                        "OptInRequired",         "MissingAuthenticationToken",
                                        "AccessDeniedException", "UnrecognizedClientException"};

    return fault->status == 401 || fault->status == 403 || fault_expired(fault) ||
           is_one_of(fault->code, codes, SW_ARRAY_LEN(codes));
}

/* A token that was used for something else is one that was used. */
static bool is_about_request(const struct cloud_fault *fault)
{
    return fault->status >= 400 && fault->status < 500 && !is_about_caller(fault) &&
           strncmp(fault->code, "Idempotent", strlen("Idempotent")) != 0;
}

int fault_report(const struct cloud_fault *fault, struct sw_err *err)
{
    enum sw_code code = fault_retryable(fault) ? SW_REMOTE : SW_FAILED;

    if (fault->status == 407)
        return sw_fail(err, code, "a proxy on the way wants a user and a password (HTTP 407)");
    if (fault->code[0] == '\0')
        return sw_fail(err, code, "the server answered HTTP %d", fault->status);
    sw_fail(err, code, "%s: %s (HTTP %d)", fault->code,
            fault->message[0] != '\0' ? fault->message : "no message", fault->status);
    if (code == SW_FAILED && is_about_request(fault))
        err->sys = SW_CLOUD_UNFIT;
    return -1;
}
