/* The EC2 verbs of an import, in the Query protocol. */
#include "src/cloud/call.h"
#include "src/cloud/xml.h"

#include <string.h>

#define EC2_VERSION "2016-11-15"

/* Posts the form and parses the reply; NULL on failure. */
static struct xml_node *ec2_send(struct sw_cloud *cloud, const struct sw_buf *form, struct cloud_fault *fault,
                                 struct sw_err *err)
{
    SW_CLEANUP(sw_http_reply_free) struct sw_http_reply reply = {0};
    struct cloud_call call = {
        .service = CLOUD_EC2,
        .method = "POST",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
        .body = form->data,
        .body_len = form->len};

    if (cloud_send(cloud, &call, &reply, fault, err) < 0)
        return NULL;
    return xml_parse(reply.body != NULL ? reply.body : "", reply.body_len, err);
}

static int begin_form(struct sw_buf *form, const char *action, struct sw_err *err)
{
    return sw_buf_printf(form, err, "Action=%s&Version=" EC2_VERSION, action);
}

/* As much as fits, without half a character at the end: it goes into JSON. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t len = strlen(text);

    if (len >= size)
        for (len = size - 1; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    memcpy(out, text, len);
    out[len] = '\0';
}

/* A task of any reply: the members have the same names everywhere. */
static int read_task(const struct xml_node *node, struct sw_ec2_task *out, struct sw_err *err)
{
    memset(out, 0, sizeof(*out));
    copy_text(out->id, sizeof(out->id), xml_text(node, "importTaskId"));
    copy_text(out->status, sizeof(out->status), xml_text(node, "status"));
    copy_text(out->progress, sizeof(out->progress), xml_text(node, "progress"));
    copy_text(out->image_id, sizeof(out->image_id), xml_text(node, "imageId"));
    copy_text(out->message, sizeof(out->message), xml_text(node, "statusMessage"));
    if (out->id[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply has no importTaskId");
    out->found = true;
    return 0;
}

static int import_form(const struct sw_ec2_import *request, struct sw_buf *form, struct sw_err *err)
{
    const struct {
        const char *name;
        const char *value;
    } members[] = {
        {"ClientToken", request->client_token},
        {"BootMode", request->boot_mode},
        {"Description", request->description},
        {"DiskContainer.1.Format", request->format},
        {"DiskContainer.1.UserBucket.S3Bucket", request->bucket},
        {"DiskContainer.1.UserBucket.S3Key", request->key},
        {"RoleName", request->role_name},
    };

    if (begin_form(form, "ImportImage", err) < 0)
        return -1;
    for (size_t i = 0; i < SW_ARRAY_LEN(members); i++)
        if (uri_add(form, members[i].name, members[i].value, err) < 0)
            return -1;
    return 0;
}

int sw_ec2_import_image(struct sw_cloud *cloud, const struct sw_ec2_import *request, struct sw_ec2_task *out,
                        struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;

    if (import_form(request, &form, err) < 0 || (document = ec2_send(cloud, &form, NULL, err)) == NULL ||
        read_task(document, out, err) < 0)
        return sw_context(err, "asking EC2 to import 's3://%s/%s'", request->bucket, request->key);
    return 0;
}

int sw_ec2_describe_import(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_task *out,
                           struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;
    struct cloud_fault fault = {.status = 0};
    const struct xml_node *item;

    memset(out, 0, sizeof(*out));
    if (begin_form(&form, "DescribeImportImageTasks", err) < 0 ||
        uri_add(&form, "ImportTaskId.1", task_id, err) < 0)
        return -1;
    document = ec2_send(cloud, &form, &fault, err);
    if (document == NULL) {
        if (strncmp(fault.code, "InvalidConversionTaskId", 23) != 0)
            return sw_context(err, "asking EC2 about task '%s'", task_id);
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    item = xml_child(xml_child(document, "importImageTaskSet"), "item");
    if (item == NULL)
        return 0;
    return read_task(item, out, err) < 0 ? sw_context(err, "asking EC2 about task '%s'", task_id) : 0;
}

int sw_ec2_cancel_import(struct sw_cloud *cloud, const char *task_id, const char *reason, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;

    if (begin_form(&form, "CancelImportTask", err) < 0 || uri_add(&form, "ImportTaskId", task_id, err) < 0 ||
        uri_add(&form, "CancelReason", reason, err) < 0)
        return -1;
    document = ec2_send(cloud, &form, NULL, err);
    return document != NULL ? 0 : sw_context(err, "cancelling task '%s'", task_id);
}
