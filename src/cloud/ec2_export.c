/* EC2's verbs of an export, in the Query protocol. */
#include "slipway/ec2_export.h"

#include "src/cloud/ec2_form.h"

#include <string.h>

/* Longer texts would name another object. */
static int copy_whole(char *out, size_t size, const char *text, const char *what, struct sw_err *err)
{
    if (strlen(text) >= size)
        return sw_fail(err, SW_REMOTE, "the reply's %s is longer than it can be", what);
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int read_export(const struct xml_node *node, struct sw_ec2_export_task *out, struct sw_err *err)
{
    const struct xml_node *place = xml_child(node, "s3ExportLocation");

    memset(out, 0, sizeof(*out));
    cloud_copy_text(out->status, sizeof(out->status), xml_text(node, "status"));
    cloud_copy_text(out->progress, sizeof(out->progress), xml_text(node, "progress"));
    cloud_copy_text(out->image_id, sizeof(out->image_id), xml_text(node, "imageId"));
    cloud_copy_text(out->message, sizeof(out->message), xml_text(node, "statusMessage"));
    if (copy_whole(out->id, sizeof(out->id), xml_text(node, "exportImageTaskId"), "exportImageTaskId", err) <
            0 ||
        copy_whole(out->bucket, sizeof(out->bucket), xml_text(place, "s3Bucket"), "s3Bucket", err) < 0 ||
        copy_whole(out->prefix, sizeof(out->prefix), xml_text(place, "s3Prefix"), "s3Prefix", err) < 0)
        return -1;
    if (out->id[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply has no exportImageTaskId");
    out->found = true;
    return 0;
}

static int export_form(const struct sw_ec2_export *request, struct sw_buf *form, struct sw_err *err)
{
    const struct ec2_member members[] = {
        {"ClientToken", request->client_token},
        {"Description", request->description},
        {"DiskImageFormat", request->format},
        {"ImageId", request->image_id},
        {"RoleName", request->role_name},
        {"S3ExportLocation.S3Bucket", request->bucket},
        {"S3ExportLocation.S3Prefix", request->prefix},
    };

    if (ec2_begin(form, "ExportImage", err) < 0 ||
        ec2_add_members(form, "", members, SW_ARRAY_LEN(members), err) < 0)
        return -1;
    return ec2_add_tags(form, 1, "export-image-task", request->tags, request->nr_tags, err);
}

int sw_ec2_export_image(struct sw_cloud *cloud, const struct sw_ec2_export *request,
                        struct sw_ec2_export_task *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;

    if (export_form(request, &form, err) < 0 || (document = ec2_send(cloud, &form, NULL, err)) == NULL ||
        read_export(document, out, err) < 0)
        return sw_context(err, "asking EC2 to export '%s'", request->image_id);
    return 0;
}

int sw_ec2_describe_export(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_export_task *out,
                           struct sw_err *err)
{
    static const struct ec2_set set = {"exportImageTaskSet", "InvalidExportTaskI"};
    SW_AUTO_BUF struct sw_buf form = {0};
    EC2_AUTO_ANSWER struct ec2_answer answer = {.document = NULL};

    memset(out, 0, sizeof(*out));
    if (ec2_begin(&form, "DescribeExportImageTasks", err) < 0 ||
        uri_add(&form, "ExportImageTaskId.1", task_id, err) < 0)
        return -1;
    if (ec2_describe_one(cloud, &form, &set, &answer, err) < 0 ||
        (answer.item != NULL && read_export(answer.item, out, err) < 0))
        return sw_context(err, "asking EC2 about task '%s'", task_id);
    return 0;
}

int sw_ec2_cancel_export(struct sw_cloud *cloud, const char *task_id, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;

    if (ec2_begin(&form, "CancelExportTask", err) < 0 || uri_add(&form, "ExportTaskId", task_id, err) < 0)
        return -1;
    document = ec2_send(cloud, &form, NULL, err);
    return document != NULL ? 0 : sw_context(err, "cancelling task '%s'", task_id);
}
