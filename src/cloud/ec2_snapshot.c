/* ImportSnapshot and its task, and what is asked of snapshots themselves. */
#include "src/cloud/ec2_form.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static int import_form(const struct sw_ec2_import_snapshot *request, struct sw_buf *form, struct sw_err *err)
{
    char size[32];
    const struct ec2_member members[] = {
        {"ClientData.Comment", request->comment},
        {"ClientData.UploadSize", request->upload_bytes > 0 ? size : NULL},
        {"ClientToken", request->client_token},
        {"Description", request->description},
        {"DiskContainer.Description", request->container.description},
        {"DiskContainer.Format", request->container.format},
        {"DiskContainer.UserBucket.S3Bucket", request->container.bucket},
        {"DiskContainer.UserBucket.S3Key", request->container.key},
        {"DryRun", request->dry_run ? "true" : NULL},
        {"Encrypted", request->encrypted ? "true" : NULL},
        {"KmsKeyId", request->kms_key},
        {"RoleName", request->role_name},
    };

    /* GiB, as the API has it. */
    snprintf(size, sizeof(size), "%.6f", (double)request->upload_bytes / (double)(1 << 30));
    if (ec2_begin(form, "ImportSnapshot", err) < 0 ||
        ec2_add_members(form, "", members, SW_ARRAY_LEN(members), err) < 0)
        return -1;
    return ec2_add_tags(form, 1, "import-snapshot-task", request->tags, request->nr_tags, err);
}

/* The task's state is a level deeper here than in an image's task. */
static int read_task(const struct xml_node *node, struct sw_ec2_task *out, struct sw_err *err)
{
    const struct xml_node *detail = xml_child(node, "snapshotTaskDetail");
    const char *snapshot = xml_text(detail, "snapshotId");

    memset(out, 0, sizeof(*out));
    cloud_copy_text(out->id, sizeof(out->id), xml_text(node, "importTaskId"));
    cloud_copy_text(out->status, sizeof(out->status), xml_text(detail, "status"));
    cloud_copy_text(out->progress, sizeof(out->progress), xml_text(detail, "progress"));
    cloud_copy_text(out->message, sizeof(out->message), xml_text(detail, "statusMessage"));
    if (snapshot[0] != '\0')
        cloud_copy_text(out->snapshots[out->nr_snapshots++], SW_EC2_SNAPSHOT_ID, snapshot);
    if (out->id[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply has no importTaskId");
    out->found = true;
    return 0;
}

const struct ec2_tasks ec2_snapshot_tasks = {
    "DescribeImportSnapshotTasks", {"importSnapshotTaskSet", "InvalidConversionTaskId"}, read_task};

int sw_ec2_import_snapshot(struct sw_cloud *cloud, const struct sw_ec2_import_snapshot *request,
                           struct sw_ec2_task *out, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    memset(out, 0, sizeof(*out));
    if (import_form(request, &form, err) < 0)
        return -1;
    if (ec2_begin_task(cloud, &form, request->dry_run, &ec2_snapshot_tasks, out, err) < 0)
        return sw_context(err, "asking EC2 to import 's3://%s/%s' as a snapshot", request->container.bucket,
                          request->container.key);
    return 0;
}

int sw_ec2_describe_import_snapshot(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_task *out,
                                    struct sw_err *err)
{
    return ec2_look_at_task(cloud, &ec2_snapshot_tasks, task_id, out, err);
}

static void read_snapshot(const struct xml_node *item, struct sw_ec2_snapshot *out)
{
    out->found = true;
    cloud_copy_text(out->id, sizeof(out->id), xml_text(item, "snapshotId"));
    cloud_copy_text(out->state, sizeof(out->state), xml_text(item, "status"));
    cloud_copy_text(out->progress, sizeof(out->progress), xml_text(item, "progress"));
    cloud_copy_text(out->message, sizeof(out->message), xml_text(item, "statusMessage"));
    cloud_copy_text(out->owner, sizeof(out->owner), xml_text(item, "ownerId"));
    out->volume_gib = strtoull(xml_text(item, "volumeSize"), NULL, 10);
    out->encrypted = strcmp(xml_text(item, "encrypted"), "true") == 0;
}

static const struct ec2_set snapshots = {"snapshotSet", "InvalidSnapshot.NotFound"};

int sw_ec2_describe_snapshot(struct sw_cloud *cloud, const char *snapshot_id, struct sw_ec2_snapshot *out,
                             struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    EC2_AUTO_ANSWER struct ec2_answer answer = {.document = NULL};

    memset(out, 0, sizeof(*out));
    if (ec2_begin(&form, "DescribeSnapshots", err) < 0 ||
        uri_add(&form, "SnapshotId.1", snapshot_id, err) < 0)
        return -1;
    if (ec2_describe_one(cloud, &form, &snapshots, &answer, err) < 0)
        return sw_context(err, "asking EC2 about snapshot '%s'", snapshot_id);
    if (answer.item != NULL)
        read_snapshot(answer.item, out);
    return 0;
}

/* The whole id, not the beginning of a longer one. */
static bool names_task(const char *description, const char *task_id)
{
    const char *found = strstr(description, task_id);

    return found != NULL && !isalnum((unsigned char)found[strlen(task_id)]);
}

int sw_ec2_find_snapshot(struct sw_cloud *cloud, const char *task_id, struct sw_ec2_snapshot *out,
                         struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    SW_AUTO_FREE char *pattern = sw_strf(err, "*%s*", task_id);
    EC2_AUTO_ANSWER struct ec2_answer answer = {.document = NULL};

    memset(out, 0, sizeof(*out));
    if (pattern == NULL || ec2_begin(&form, "DescribeSnapshots", err) < 0 ||
        uri_add(&form, "Filter.1.Name", "description", err) < 0 ||
        uri_add(&form, "Filter.1.Value.1", pattern, err) < 0 || uri_add(&form, "Owner.1", "self", err) < 0)
        return -1;
    if (ec2_describe_one(cloud, &form, &snapshots, &answer, err) < 0)
        return sw_context(err, "asking EC2 for the snapshot of task '%s'", task_id);
    for (const struct xml_node *item = answer.item; item != NULL && !out->found; item = item->next)
        if (names_task(xml_text(item, "description"), task_id))
            read_snapshot(item, out);
    return 0;
}

int sw_ec2_delete_snapshot(struct sw_cloud *cloud, const char *snapshot_id, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    if (ec2_begin(&form, "DeleteSnapshot", err) < 0 || uri_add(&form, "SnapshotId", snapshot_id, err) < 0)
        return -1;
    if (ec2_do(cloud, &form, "InvalidSnapshot.NotFound", err) < 0)
        return sw_context(err, "deleting snapshot '%s'", snapshot_id);
    return 0;
}

int sw_ec2_share_snapshot(struct sw_cloud *cloud, const char *snapshot_id, const char *const *accounts,
                          size_t n, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    if (ec2_begin(&form, "ModifySnapshotAttribute", err) < 0 ||
        uri_add(&form, "SnapshotId", snapshot_id, err) < 0 ||
        uri_add(&form, "Attribute", "createVolumePermission", err) < 0 ||
        ec2_add_list(&form, "CreateVolumePermission.Add", ".UserId", accounts, n, err) < 0)
        return -1;
    if (n > 0 && ec2_do(cloud, &form, NULL, err) < 0)
        return sw_context(err, "sharing snapshot '%s'", snapshot_id);
    return 0;
}
