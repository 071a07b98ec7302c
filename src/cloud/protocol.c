/* How the services without objects speak: forms with XML back (EC2, IAM, STS), and JSON over REST (EBS). */
#include "src/cloud/protocol.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 256, JSON_REPLY_MAX = 8 << 20 };

static const char *const versions[CLOUD_SERVICES] = {
    [CLOUD_EC2] = "2016-11-15", [CLOUD_IAM] = "2010-05-08", [CLOUD_STS] = "2011-06-15"};

int query_begin(struct sw_buf *form, enum cloud_service service, const char *action, struct sw_err *err)
{
    return sw_buf_printf(form, err, "Action=%s&Version=%s", action, versions[service]);
}

int query_add(struct sw_buf *form, const char *value, struct sw_err *err, const char *name_fmt, ...)
{
    char name[NAME_MAX_BYTES];
    va_list args;
    int len;

    va_start(args, name_fmt);
    len = vsnprintf(name, sizeof(name), name_fmt, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(name))
        return sw_fail(err, SW_FAILED, "the name of a parameter is longer than %d bytes", NAME_MAX_BYTES);
    return uri_add(form, name, value, err);
}

struct xml_node *query_send(struct sw_cloud *cloud, enum cloud_service service, const struct sw_buf *form,
                            struct cloud_fault *fault, struct sw_err *err)
{
    SW_CLEANUP(reply_wipe) struct sw_http_reply reply = {0};
    struct cloud_call call = {
        .service = service,
        .method = "POST",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
        .body = form->data,
        .body_len = form->len};

    if (cloud_send(cloud, &call, &reply, fault, err) < 0)
        return NULL;
    return xml_parse(reply.body != NULL ? reply.body : "", reply.body_len, err);
}

const struct xml_node *query_result(const struct xml_node *root)
{
    for (const struct xml_node *node = root->first; node != NULL; node = node->next) {
        size_t len = strlen(node->name);

        if (len > strlen("Result") && strcmp(node->name + len - strlen("Result"), "Result") == 0)
            return node;
    }
    return root;
}

static json_t *read_object(const struct sw_http_reply *reply, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};
    SW_AUTO_JSON json_t *root = NULL;

    if (reply->body_len == 0) {
        root = json_object();
        if (root == NULL)
            sw_fail(err, SW_FAILED, "out of memory");
        return SW_STEAL_PTR(root);
    }
    if (reply->body_len > JSON_REPLY_MAX) {
        sw_fail(err, SW_REMOTE, "the reply has %zu bytes, more than %d", reply->body_len, JSON_REPLY_MAX);
        return NULL;
    }
    root = sw_json_parse(reply->body, reply->body_len, "the reply", &cause);
    if (!json_is_object(root)) {
        sw_fail(err, SW_REMOTE, "the reply is no JSON object");
        return NULL;
    }
    return SW_STEAL_PTR(root);
}

static int put_body(struct cloud_call *call, const char *text, struct sw_err *err)
{
    size_t n = 0;

    while (n < CLOUD_MAX_EXTRA_HEADERS && call->headers[n].name != NULL)
        n++;
    if (n == CLOUD_MAX_EXTRA_HEADERS)
        return sw_fail(err, SW_FAILED, "a call has more than %d headers", CLOUD_MAX_EXTRA_HEADERS - 1);
    call->headers[n] = (struct sw_http_header){"Content-Type", "application/json"};
    call->body = text;
    call->body_len = strlen(text);
    return 0;
}

json_t *rest_json_send(struct sw_cloud *cloud, const struct cloud_call *call, const json_t *body,
                       struct cloud_fault *fault, struct sw_err *err)
{
    SW_CLEANUP(reply_wipe) struct sw_http_reply reply = {0};
    SW_AUTO_FREE char *text = body != NULL ? sw_json_canonical(body, err) : NULL;
    struct cloud_call whole = *call;

    if (body != NULL && (text == NULL || put_body(&whole, text, err) < 0))
        return NULL;
    if (cloud_send(cloud, &whole, &reply, fault, err) < 0)
        return NULL;
    return read_object(&reply, err);
}
