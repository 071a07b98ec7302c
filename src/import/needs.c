/* Who needs which permissions in which lane: the one table behind the printed policies and the online check. */
#include "src/import/needs.h"

#include "src/base/json.h"

#include <string.h>

#define S3_LANES   (NEED_IMAGE | NEED_SNAPSHOT)
#define ALL_LANES  (NEED_IMAGE | NEED_SNAPSHOT | NEED_EBS) /* of imports */
#define REGISTERED (NEED_SNAPSHOT | NEED_EBS)

static const struct need table[] = {
    {.sid = "UploadImage",
     .who = NEED_OPERATOR,
     .lanes = S3_LANES,
     .on = NEED_ON_OBJECTS,
     .actions = {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts",
                 "s3:PutObject"}},
    {.sid = "FindUnfinishedUploads",
     .who = NEED_OPERATOR,
     .lanes = S3_LANES,
     .on = NEED_ON_BUCKET,
     .actions = {"s3:ListBucketMultipartUploads"}},
    {.sid = "ImportImage",
     .who = NEED_OPERATOR,
     .lanes = NEED_IMAGE,
     .on = NEED_ON_ANY,
     .actions = {"ec2:CancelImportTask", "ec2:DescribeImages", "ec2:DescribeImportImageTasks",
                 "ec2:ImportImage"}},
    {.sid = "ImportSnapshot",
     .who = NEED_OPERATOR,
     .lanes = NEED_SNAPSHOT,
     .on = NEED_ON_ANY,
     .actions = {"ec2:CancelImportTask", "ec2:DescribeImportSnapshotTasks", "ec2:ImportSnapshot"}},
    {.sid = "WriteSnapshot",
     .who = NEED_OPERATOR,
     .lanes = NEED_EBS,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ebs:CompleteSnapshot", "ebs:PutSnapshotBlock", "ebs:StartSnapshot"}},
    {.sid = "ReadParent",
     .who = NEED_OPERATOR,
     .lanes = NEED_EBS,
     .parts = SW_ONLINE_PARENT,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ebs:ListSnapshotBlocks"}},
    {.sid = "ExportImage",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT,
     .on = NEED_ON_ANY,
     .actions = {"ec2:CancelExportTask", "ec2:DescribeExportImageTasks", "ec2:ExportImage"}},
    {.sid = "TakeExport",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT,
     .on = NEED_ON_EXPORTS,
     .actions = {"s3:DeleteObject", "s3:GetObject"}},
    /* Without it S3 does not say that there is no object. */
    {.sid = "FindExport",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT,
     .on = NEED_ON_BUCKET,
     .actions = {"s3:ListBucket"}},
    {.sid = "ReadSnapshot",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT_BLOCKS,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ebs:GetSnapshotBlock", "ebs:ListSnapshotBlocks"}},
    {.sid = "CompareSnapshots",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT_BLOCKS,
     .parts = SW_ONLINE_PARENT,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ebs:ListChangedBlocks"}},
    {.sid = "DecryptSnapshot",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT_BLOCKS,
     .parts = SW_ONLINE_KMS,
     .on = NEED_ON_KEYS,
     .actions = {"kms:Decrypt"}},
    {.sid = "RegisterImage",
     .who = NEED_OPERATOR,
     .lanes = REGISTERED,
     .on = NEED_ON_ANY,
     .actions = {"ec2:DescribeImages", "ec2:DescribeSnapshots", "ec2:RegisterImage"}},
    {.sid = "TakeSnapshotsBack",
     .who = NEED_OPERATOR,
     .lanes = REGISTERED,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ec2:DeleteSnapshot"}},
    {.sid = "TakeImagesBack",
     .who = NEED_OPERATOR,
     .lanes = REGISTERED,
     .on = NEED_ON_IMAGES,
     .actions = {"ec2:DeregisterImage"}},
    {.sid = "TagImportTask",
     .who = NEED_OPERATOR,
     .lanes = NEED_IMAGE,
     .parts = SW_ONLINE_TAGS,
     .on = NEED_ON_ANY,
     .condition = "ec2:CreateAction",
     .values = {"ImportImage"},
     .actions = {"ec2:CreateTags"}},
    {.sid = "TagImportTask",
     .who = NEED_OPERATOR,
     .lanes = NEED_SNAPSHOT,
     .parts = SW_ONLINE_TAGS,
     .on = NEED_ON_ANY,
     .condition = "ec2:CreateAction",
     .values = {"ImportSnapshot"},
     .actions = {"ec2:CreateTags"}},
    {.sid = "TagExportTask",
     .who = NEED_OPERATOR,
     .lanes = NEED_EXPORT,
     .parts = SW_ONLINE_TAGS,
     .on = NEED_ON_ANY,
     .condition = "ec2:CreateAction",
     .values = {"ExportImage"},
     .actions = {"ec2:CreateTags"}},
    {.sid = "TagImages",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES,
     .parts = SW_ONLINE_TAGS,
     .on = NEED_ON_IMAGES,
     .actions = {"ec2:CreateTags"}},
    {.sid = "TagSnapshots",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES,
     .parts = SW_ONLINE_TAGS,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ec2:CreateTags"}},
    {.sid = "CopyImage",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES,
     .parts = SW_ONLINE_COPY,
     .on = NEED_ON_ANY,
     .actions = {"ec2:CopyImage"}},
    {.sid = "RenameImage",
     .who = NEED_OPERATOR,
     .lanes = NEED_IMAGE,
     .parts = SW_ONLINE_NAME,
     .on = NEED_ON_ANY,
     .actions = {"ec2:CopyImage"}},
    {.sid = "ReplaceImages",
     .who = NEED_OPERATOR,
     .lanes = NEED_IMAGE,
     .parts = SW_ONLINE_NAME,
     .on = NEED_ON_IMAGES,
     .actions = {"ec2:DeregisterImage"}},
    {.sid = "ReplaceSnapshots",
     .who = NEED_OPERATOR,
     .lanes = NEED_IMAGE,
     .parts = SW_ONLINE_NAME,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ec2:DeleteSnapshot"}},
    {.sid = "ShareImages",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES,
     .parts = SW_ONLINE_SHARE,
     .on = NEED_ON_IMAGES,
     .actions = {"ec2:ModifyImageAttribute"}},
    {.sid = "ShareSnapshots",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES,
     .parts = SW_ONLINE_GIVE,
     .on = NEED_ON_SNAPSHOTS,
     .actions = {"ec2:ModifySnapshotAttribute"}},
    {.sid = "PassServiceRole",
     .who = NEED_OPERATOR,
     .lanes = NEED_VMIE,
     .on = NEED_ON_ROLE,
     .condition = "iam:PassedToService",
     .values = {NEEDS_SERVICE},
     .actions = {"iam:PassRole"}},
    {.sid = "EncryptUpload",
     .who = NEED_OPERATOR,
     .lanes = S3_LANES,
     .parts = SW_ONLINE_KMS,
     .on = NEED_ON_KEYS,
     .actions = {"kms:Decrypt", "kms:GenerateDataKey"}},
    {.sid = "EncryptSnapshot",
     .who = NEED_OPERATOR,
     .lanes = NEED_EBS,
     .parts = SW_ONLINE_KMS,
     .on = NEED_ON_KEYS,
     .actions = {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext",
                 "kms:ReEncryptFrom", "kms:ReEncryptTo"}},
    {.sid = "AskAboutBucket",
     .who = NEED_OPERATOR,
     .lanes = NEED_VMIE,
     .parts = SW_ONLINE_CHECK,
     .on = NEED_ON_BUCKET,
     .actions = {"s3:GetBucketLocation", "s3:GetEncryptionConfiguration"}},
    {.sid = "AskAboutRole",
     .who = NEED_OPERATOR,
     .lanes = NEED_VMIE,
     .parts = SW_ONLINE_CHECK,
     .on = NEED_ON_ROLE,
     .actions = {"iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"}},
    {.sid = "AskAboutVolumes",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES,
     .parts = SW_ONLINE_CHECK,
     .on = NEED_ON_ANY,
     .actions = {"ec2:GetEbsDefaultKmsKeyId", "ec2:GetEbsEncryptionByDefault"}},
    {.sid = "AskForPolicies",
     .who = NEED_OPERATOR,
     .lanes = NEED_VMIE,
     .parts = SW_ONLINE_CHECK,
     .on = NEED_ON_ANY,
     .actions = {"iam:GetPolicy", "iam:GetPolicyVersion"}},
    {.sid = "SimulatePolicies",
     .who = NEED_OPERATOR,
     .lanes = ALL_LANES | NEED_EXPORTS,
     .parts = SW_ONLINE_CHECK,
     .on = NEED_ON_ANY,
     .actions = {"iam:SimulatePrincipalPolicy"}},
    {.sid = "AskAboutKeys",
     .who = NEED_OPERATOR,
     .lanes = S3_LANES,
     .parts = SW_ONLINE_CHECK | SW_ONLINE_KMS,
     .on = NEED_ON_KEYS,
     .actions = {"kms:DescribeKey"}},
    {.sid = "ReadBucket",
     .who = NEED_ROLE,
     .lanes = NEED_VMIE,
     .on = NEED_ON_BUCKET,
     .actions = {"s3:GetBucketLocation", "s3:ListBucket"}},
    {.sid = "ReadImage",
     .who = NEED_ROLE,
     .lanes = S3_LANES,
     .on = NEED_ON_OBJECTS,
     .actions = {"s3:GetObject"}},
    {.sid = "LookAtBucket",
     .who = NEED_ROLE,
     .lanes = NEED_EXPORT,
     .on = NEED_ON_BUCKET,
     .actions = {"s3:GetBucketAcl"}},
    {.sid = "WriteExport",
     .who = NEED_ROLE,
     .lanes = NEED_EXPORT,
     .on = NEED_ON_EXPORTS,
     .actions = {"s3:GetObject", "s3:PutObject"}},
    {.sid = "MakeImage",
     .who = NEED_ROLE,
     .lanes = NEED_VMIE,
     .on = NEED_ON_ANY,
     .actions = {"ec2:CopySnapshot", "ec2:Describe*", "ec2:ModifySnapshotAttribute", "ec2:RegisterImage"}},
    {.sid = "UseKeys",
     .who = NEED_ROLE,
     .lanes = S3_LANES,
     .parts = SW_ONLINE_KMS,
     .on = NEED_ON_KEYS,
     .actions = {"kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*",
                 "kms:ReEncrypt*"}},
};

const struct need *needs_table(size_t *n)
{
    *n = SW_ARRAY_LEN(table);
    return table;
}

int needs_lane(const char *name, unsigned *lane, struct sw_err *err)
{
    static const char *const names[] = {"import-image", "import-snapshot", "ebs-direct", "export-image",
                                        "export-snapshot"};

    for (unsigned i = 0; i < SW_ARRAY_LEN(names); i++) {
        if (strcmp(name != NULL ? name : names[0], names[i]) != 0)
            continue;
        *lane = 1U << i;
        return 0;
    }
    return sw_fail(err, SW_USAGE, "--lane does not know '%s'", name);
}

bool needs_wanted(const struct need *need, unsigned lane, const struct sw_online_plan *plan)
{
    unsigned parts = plan->parts | (plan->nr_kms_keys > 0 ? SW_ONLINE_KMS : 0);

    return (need->lanes & lane) != 0 && (need->parts & ~parts) == 0;
}

const char *needs_expand(const char *action, size_t n)
{
    static const struct {
        const char *pattern;
        const char *actions[3];
    } known[] = {
        {"ec2:Describe*", {"ec2:DescribeImages", "ec2:DescribeSnapshots"}},
        {"kms:GenerateDataKey*", {"kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"}},
        {"kms:ReEncrypt*", {"kms:ReEncryptFrom", "kms:ReEncryptTo"}},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(known); i++)
        if (strcmp(action, known[i].pattern) == 0)
            return n < SW_ARRAY_LEN(known[i].actions) ? known[i].actions[n] : NULL;
    return n == 0 ? action : NULL;
}

/* In a pattern a '$', '*' or '?' would be more than itself. */
static int put_literal(struct sw_buf *out, const char *text, struct sw_err *err)
{
    for (; *text != '\0'; text++) {
        bool special = strchr("$*?", *text) != NULL;

        if ((special && sw_buf_puts(out, "${", err) < 0) || sw_buf_append(out, text, 1, err) < 0 ||
            (special && sw_buf_puts(out, "}", err) < 0))
            return -1;
    }
    return 0;
}

static json_t *one(const char *text, struct sw_err *err)
{
    SW_AUTO_JSON json_t *array = json_array();

    if (array == NULL || sw_json_append(array, json_string(text), err) < 0)
        return NULL;
    return SW_STEAL_PTR(array);
}

static json_t *objects(const struct sw_online_plan *plan, const char *partition, bool samples,
                       struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf arn = {0};
    const char *prefix = plan->prefix != NULL ? plan->prefix : "";
    size_t len = strlen(prefix);

    if (sw_buf_printf(&arn, err, "arn:%s:s3:::%s/", partition, plan->bucket) < 0 ||
        (samples ? sw_buf_puts(&arn, prefix, err) : put_literal(&arn, prefix, err)) < 0 ||
        (len > 0 && prefix[len - 1] != '/' && sw_buf_puts(&arn, "/", err) < 0) ||
        sw_buf_puts(&arn, samples ? "slipway-check" : "*", err) < 0)
        return NULL;
    return one(arn.data, err);
}

/* The prefix stands before the object's name as it is. */
static json_t *exports(const struct sw_online_plan *plan, const char *partition, bool samples,
                       struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf arn = {0};
    const char *prefix = plan->prefix != NULL ? plan->prefix : "";

    if (sw_buf_printf(&arn, err, "arn:%s:s3:::%s/", partition, plan->bucket) < 0 ||
        (samples ? sw_buf_puts(&arn, prefix, err) : put_literal(&arn, prefix, err)) < 0 ||
        sw_buf_puts(&arn, samples ? "export-ami-0123456789abcdef0.vmdk" : "export-ami-*", err) < 0)
        return NULL;
    return one(arn.data, err);
}

static json_t *keys(const struct sw_online_plan *plan, struct sw_err *err)
{
    SW_AUTO_JSON json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < plan->nr_kms_keys; i++)
        if (sw_json_append(array, json_string(plan->kms_keys[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(array);
}

/* Copies lie in other regions. */
static const char *region_of(const struct sw_online_plan *plan, bool samples)
{
    return plan->region != NULL && (samples || (plan->parts & SW_ONLINE_COPY) == 0) ? plan->region : "*";
}

json_t *needs_resources(const struct need *need, const struct sw_online_plan *plan, bool samples,
                        struct sw_err *err)
{
    const char *partition = plan->partition != NULL ? plan->partition : "aws";
    SW_AUTO_FREE char *arn = NULL;

    switch (need->on) {
    case NEED_ON_BUCKET:
        arn = sw_strf(err, "arn:%s:s3:::%s", partition, plan->bucket);
        break;
    case NEED_ON_OBJECTS:
        return objects(plan, partition, samples, err);
    case NEED_ON_EXPORTS:
        return exports(plan, partition, samples, err);
    case NEED_ON_ROLE:
        arn = sw_strf(err, "arn:%s:iam::%s:role/%s", partition, plan->account,
                      plan->role_name != NULL ? plan->role_name : NEEDS_ROLE);
        break;
    case NEED_ON_SNAPSHOTS:
        arn = sw_strf(err, "arn:%s:ec2:%s::snapshot/%s", partition, region_of(plan, samples),
                      samples ? "snap-0123456789abcdef0" : "*");
        break;
    case NEED_ON_IMAGES:
        arn = sw_strf(err, "arn:%s:ec2:%s::image/%s", partition, region_of(plan, samples),
                      samples ? "ami-0123456789abcdef0" : "*");
        break;
    case NEED_ON_KEYS:
        return keys(plan, err);
    case NEED_ON_ANY:
    default:
        return one("*", err);
    }
    return arn != NULL ? one(arn, err) : NULL;
}
