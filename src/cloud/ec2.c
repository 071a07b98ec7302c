/* EC2's Query protocol, and the verbs that look at an import or end it. */
#include "src/cloud/ec2_form.h"

#include "src/cloud/protocol.h"

#include <string.h>

struct xml_node *ec2_send(struct sw_cloud *cloud, const struct sw_buf *form, struct cloud_fault *fault,
                          struct sw_err *err)
{
    return query_send(cloud, CLOUD_EC2, form, fault, err);
}

int ec2_begin(struct sw_buf *form, const char *action, struct sw_err *err)
{
    return query_begin(form, CLOUD_EC2, action, err);
}

static void read_snapshots(const struct xml_node *details, struct sw_ec2_task *out)
{
    for (const struct xml_node *item = details != NULL ? details->first : NULL; item != NULL;
         item = item->next) {
        const char *id = xml_text(item, "snapshotId");

        if (id[0] != '\0' && out->nr_snapshots < SW_EC2_MAX_SNAPSHOTS)
            cloud_copy_text(out->snapshots[out->nr_snapshots++], SW_EC2_SNAPSHOT_ID, id);
    }
}

static int read_image_task(const struct xml_node *node, struct sw_ec2_task *out, struct sw_err *err)
{
    memset(out, 0, sizeof(*out));
    cloud_copy_text(out->id, sizeof(out->id), xml_text(node, "importTaskId"));
    cloud_copy_text(out->status, sizeof(out->status), xml_text(node, "status"));
    cloud_copy_text(out->progress, sizeof(out->progress), xml_text(node, "progress"));
    cloud_copy_text(out->image_id, sizeof(out->image_id), xml_text(node, "imageId"));
    cloud_copy_text(out->message, sizeof(out->message), xml_text(node, "statusMessage"));
    read_snapshots(xml_child(node, "snapshotDetailSet"), out);
    if (out->id[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply has no importTaskId");
    out->found = true;
    return 0;
}

const struct ec2_tasks ec2_image_tasks = {
    "DescribeImportImageTasks", {"importImageTaskSet", "InvalidConversionTaskId"}, read_image_task};

int ec2_begin_task(struct sw_cloud *cloud, const struct sw_buf *form, bool dry_run,
                   const struct ec2_tasks *tasks, struct sw_ec2_task *out, struct sw_err *err)
{
    struct cloud_fault fault = {.status = 0};
    XML_AUTO struct xml_node *document = ec2_send(cloud, form, &fault, err);

    memset(out, 0, sizeof(*out));
    if (document == NULL && dry_run && strcmp(fault.code, "DryRunOperation") == 0) {
        *err = (struct sw_err){.code = SW_OK};
        return 0;
    }
    return document != NULL ? tasks->read(document, out, err) : -1;
}

int ec2_look_at_task(struct sw_cloud *cloud, const struct ec2_tasks *tasks, const char *id,
                     struct sw_ec2_task *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    EC2_AUTO_ANSWER struct ec2_answer answer = {.document = NULL};

    memset(out, 0, sizeof(*out));
    if (ec2_begin(&form, tasks->describe, err) < 0 || uri_add(&form, "ImportTaskId.1", id, err) < 0)
        return -1;
    if (ec2_describe_one(cloud, &form, &tasks->set, &answer, err) < 0 ||
        (answer.item != NULL && tasks->read(answer.item, out, err) < 0)) {
        out->throttled = answer.throttled;
        return sw_context(err, "asking EC2 about task '%s'", id);
    }
    return 0;
}

int sw_ec2_describe_import(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_task *out,
                           struct sw_err *err)
{
    return ec2_look_at_task(cloud, &ec2_image_tasks, task_id, out, err);
}

int sw_ec2_cancel_import(struct sw_cloud *cloud, const char *task_id, const char *reason, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;

    if (ec2_begin(&form, "CancelImportTask", err) < 0 || uri_add(&form, "ImportTaskId", task_id, err) < 0 ||
        uri_add(&form, "CancelReason", reason, err) < 0)
        return -1;
    document = ec2_send(cloud, &form, NULL, err);
    return document != NULL ? 0 : sw_context(err, "cancelling task '%s'", task_id);
}
