/* The online check: what the caller may do, as IAM simulates it and as EC2 says in dry runs. */
#include "slipway/ebs.h"
#include "src/base/buf.h"
#include "src/import/online.h"

#include <string.h>

#define OPERATOR_REMEDY \
    "give the caller the operator policy of --print-iam; a boundary or an organisation's policy may deny it too"

/* Statements of the caller's but PassRole and the check's own questions. */
static bool is_operators(const struct online *online, const struct need *need)
{
    struct sw_online_plan plan = online->plan;

    plan.parts &= ~(unsigned)SW_ONLINE_CHECK;
    return need->who == NEED_OPERATOR && need->on != NEED_ON_ROLE && need->on != NEED_ON_KEYS &&
           needs_wanted(need, online->lane, &plan);
}

static int nobody_to_simulate(struct online *online, const char *name, struct sw_err *err)
{
    return online_say(online, &(struct online_words){.name = name, .status = SW_ONLINE_UNKNOWN}, err,
                      "IAM simulates users and roles, and %s is neither", online->out->caller);
}

static int ask_pass_role(struct online *online, const struct need *need, struct sw_err *err)
{
    SW_CLEANUP(online_gaps_free) struct online_gaps gaps = {.missing = {0}};
    SW_AUTO_FREE char *permission = sw_strf(err, "iam:SimulatePrincipalPolicy on %s", online->principal);
    const struct online_words words = {.name = "pass-role", .permission = permission};
    struct sw_refusal why;

    if (permission == NULL)
        return -1;
    if (online_simulate(online, online->principal, need, &gaps, &why, err) < 0)
        return online_failed(online, &words, &why, err);
    return online_judge(online, "pass-role", &gaps, "the caller may pass the role to " NEEDS_SERVICE,
                        OPERATOR_REMEDY, err);
}

static int ask_operator(struct online *online, struct sw_err *err)
{
    SW_CLEANUP(online_gaps_free) struct online_gaps gaps = {.missing = {0}};
    SW_AUTO_FREE char *permission = sw_strf(err, "iam:SimulatePrincipalPolicy on %s", online->principal);
    const struct online_words words = {.name = "operator-policies", .permission = permission};
    const struct need *table;
    struct sw_refusal why;
    size_t n;

    if (permission == NULL)
        return -1;
    table = needs_table(&n);
    for (size_t i = 0; i < n; i++)
        if (is_operators(online, &table[i]) &&
            online_simulate(online, online->principal, &table[i], &gaps, &why, err) < 0)
            return online_failed(online, &words, &why, err);
    return online_judge(online, "operator-policies", &gaps, "the caller may do what the lane needs",
                        OPERATOR_REMEDY, err);
}

static int ask_as_principal(struct online *online, struct sw_err *err)
{
    const struct need *table;
    size_t n;

    if (online->principal == NULL) {
        if ((online->lane & NEED_VMIE) != 0 && nobody_to_simulate(online, "pass-role", err) < 0)
            return -1;
        return nobody_to_simulate(online, "operator-policies", err);
    }
    table = needs_table(&n);
    for (size_t i = 0; i < n; i++)
        if (table[i].on == NEED_ON_ROLE && (table[i].parts & SW_ONLINE_CHECK) == 0 &&
            needs_wanted(&table[i], online->lane, &online->plan) && ask_pass_role(online, &table[i], err) < 0)
            return -1;
    return ask_operator(online, err);
}

static int ask_dry_run(struct online *online, const char *action, const struct sw_ec2_field *fields,
                       const char *detail, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = sw_strf(err, "ec2:%s on *", action);
    const struct online_words words = {
        .name = "ec2-dry-run", .permission = permission, .remedy = OPERATOR_REMEDY};
    struct sw_refusal why;

    if (permission == NULL)
        return -1;
    if (sw_ec2_dry_run(online->cloud, action, fields, &why, err) == 0)
        return online_say(online, &(struct online_words){.name = words.name}, err, "%s is allowed%s", action,
                          detail);
    if (sw_refusal_is_denial(&why))
        return online_refused(online, &words, err);
    /* EC2 found fault with the request before it came to the permissions. */
    if (err->code == SW_FAILED)
        err->code = SW_REMOTE;
    return online_failed(online, &words, &(struct sw_refusal){.status = 0}, err);
}

static int ask_import(struct online *online, const char *action, const char *container, struct sw_err *err)
{
    SW_AUTO_FREE char *format = sw_strf(err, "%s.Format", container);
    SW_AUTO_FREE char *bucket = sw_strf(err, "%s.UserBucket.S3Bucket", container);
    SW_AUTO_FREE char *key = sw_strf(err, "%s.UserBucket.S3Key", container);
    const struct sw_ec2_field fields[] = {{format, "VMDK"},
                                          {bucket, online->plan.bucket},
                                          {key, "slipway-check"},
                                          {"RoleName", online->plan.role_name},
                                          {NULL, NULL}};

    if (format == NULL || bucket == NULL || key == NULL)
        return -1;
    return ask_dry_run(online, action, fields,
                       "; a dry run looks neither at the service role nor at the bucket", err);
}

static int ask_register(struct online *online, struct sw_err *err)
{
    static const struct sw_ec2_field fields[] = {{"Name", "slipway-check"},
                                                 {"RootDeviceName", "/dev/sda1"},
                                                 {"VirtualizationType", "hvm"},
                                                 {NULL, NULL}};

    return ask_dry_run(online, "RegisterImage", fields, "", err);
}

static int ask_export(struct online *online, struct sw_err *err)
{
    const struct sw_ec2_field fields[] = {{"ImageId", online->plan.source},
                                          {"DiskImageFormat", "VMDK"},
                                          {"S3ExportLocation.S3Bucket", online->plan.bucket},
                                          {"RoleName", online->plan.role_name},
                                          {NULL, NULL}};

    return ask_dry_run(online, "ExportImage", fields,
                       "; a dry run looks neither at the service role nor at the bucket", err);
}

/* There is no dry run: the first page of the blocks, and the first of them, are read. */
static int read_snapshot(struct online *online, struct sw_err *err)
{
    SW_CLEANUP(sw_ebs_page_free) struct sw_ebs_page page = {.items = NULL};
    SW_AUTO_FREE uint8_t *bytes = sw_calloc(1, SW_EBS_BLOCK_BYTES, err);
    struct sw_ebs_block block = {.snapshot = online->plan.source, .bytes = bytes};

    if (bytes == NULL || sw_ebs_list_blocks(online->cloud, block.snapshot, &page, err) < 0)
        return -1;
    if (page.n == 0)
        return 0;
    block.index = page.items[0].index;
    return sw_ebs_get_block(online->cloud, &block, page.items[0].token, err);
}

static int ask_snapshot(struct online *online, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = sw_strf(
        err,
        "ebs:ListSnapshotBlocks, ebs:GetSnapshotBlock on arn:%s:ec2:%s::snapshot/%s, and kms:Decrypt on "
        "its key where it is encrypted",
        online->partition, online->plan.region, online->plan.source);
    const struct online_words words = {
        .name = "snapshot-read",
        .permission = permission,
        .remedy = "name a snapshot of this region that is completed; " OPERATOR_REMEDY};

    if (permission == NULL)
        return -1;
    if (read_snapshot(online, err) == 0)
        return online_say(online, &(struct online_words){.name = words.name}, err,
                          "'%s' lists its blocks, and a block can be read", online->plan.source);
    return err->code == SW_REMOTE ? online_failed(online, &words, &(struct sw_refusal){.status = 0}, err)
                                  : online_refused(online, &words, err);
}

int online_rights(struct online *online, struct sw_err *err)
{
    if (ask_as_principal(online, err) < 0)
        return -1;
    if (online->lane == NEED_EXPORT)
        return ask_export(online, err);
    if (online->lane == NEED_EXPORT_BLOCKS)
        return ask_snapshot(online, err);
    if (online->lane == NEED_IMAGE)
        return ask_import(online, "ImportImage", "DiskContainer.1", err);
    if (online->lane == NEED_SNAPSHOT && ask_import(online, "ImportSnapshot", "DiskContainer", err) < 0)
        return -1;
    return ask_register(online, err);
}
