/* The least policies for an import or export, as the documents that IAM takes. */
#include "src/base/json.h"
#include "src/import/needs.h"

#include <string.h>

#define VERSION "2012-10-17"

static bool is_account(const char *text)
{
    return text != NULL && strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

/* A word that goes into an ARN: it must not end a field, nor be a pattern. */
static bool is_word(const char *text, const char *more, size_t most)
{
    size_t len = strlen(text);

    if (len == 0 || len > most)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
            strchr(more, c) == NULL)
            return false;
    }
    return true;
}

static int check_keys(const struct sw_online_plan *plan, struct sw_err *err)
{
    for (size_t i = 0; i < plan->nr_kms_keys; i++) {
        const char *key = plan->kms_keys[i];

        if (strncmp(key, "arn:", 4) != 0 || strstr(key, ":kms:") == NULL || strstr(key, ":key/") == NULL ||
            !is_word(key, ":/-", 2048))
            return sw_fail(
                err, SW_USAGE,
                "'%.100s' is no ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID): a policy knows no "
                "alias and no bare id",
                key);
    }
    return 0;
}

static int check_plan(const struct sw_online_plan *plan, unsigned lane, struct sw_err *err)
{
    bool has_role = (lane & NEED_VMIE) != 0;

    if (plan->account != NULL && !is_account(plan->account))
        return sw_fail(err, SW_USAGE, "an account has 12 digits, and '%.40s' is none", plan->account);
    if (has_role && plan->account == NULL)
        return sw_fail(err, SW_USAGE,
                       "--account is needed: the policies name it (`aws sts get-caller-identity` says it)");
    if (has_role && plan->bucket == NULL)
        return sw_fail(err, SW_USAGE, "--bucket is needed: the policies name it");
    if (has_role && !is_word(plan->bucket, ".-_", 255))
        return sw_fail(err, SW_USAGE, "'%.100s' is no name of a bucket", plan->bucket);
    if (plan->region != NULL && !is_word(plan->region, "-", 63))
        return sw_fail(err, SW_USAGE, "'%.80s' is no AWS region", plan->region);
    if (plan->role_name != NULL && !is_word(plan->role_name, "+=,.@-_", 64))
        return sw_fail(err, SW_USAGE, "'%.100s' is no name of a role", plan->role_name);
    return check_keys(plan, err);
}

/* {OPERATOR: {KEY: one or several values}} */
static json_t *condition(const char *operator, const char * key, const char *const *values, size_t most)
{
    SW_AUTO_JSON json_t *list = json_array();
    size_t n = 0;

    for (; n < most && values[n] != NULL; n++)
        if (json_array_append_new(list, json_string(values[n])) < 0)
            return NULL;
    if (n == 1)
        return json_pack("{s:{s:s}}", operator, key, values[0]);
    return json_pack("{s:{s:O}}", operator, key, list);
}

static json_t *actions_of(const struct need *need, struct sw_err *err)
{
    SW_AUTO_JSON json_t *array = json_array();

    for (size_t i = 0; need->actions[i] != NULL; i++)
        if (sw_json_append(array, json_string(need->actions[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(array);
}

static json_t *statement(const struct need *need, const struct sw_online_plan *plan, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object(), *resources = needs_resources(need, plan, false, err);
    SW_AUTO_JSON json_t *actions = actions_of(need, err);

    if (out == NULL || resources == NULL || actions == NULL)
        return NULL;
    if (sw_json_set(out, "Sid", json_string(need->sid), err) < 0 ||
        sw_json_set(out, "Effect", json_string("Allow"), err) < 0 ||
        sw_json_set(out, "Action", json_incref(actions), err) < 0 ||
        sw_json_set(out, "Resource", json_incref(resources), err) < 0 ||
        (need->condition != NULL &&
         sw_json_set(out, "Condition",
                     condition("StringEquals", need->condition, need->values, SW_ARRAY_LEN(need->values)),
                     err) < 0))
        return NULL;
    return SW_STEAL_PTR(out);
}

static json_t *document(json_t *statements, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();

    if (sw_json_set(out, "Version", json_string(VERSION), err) < 0 ||
        sw_json_set(out, "Statement", json_incref(statements), err) < 0)
        return NULL;
    return SW_STEAL_PTR(out);
}

/* Every statement of the table that the plan wants of this one. */
static json_t *policy_of(enum need_who who, unsigned lane, const struct sw_online_plan *plan,
                         struct sw_err *err)
{
    SW_AUTO_JSON json_t *statements = json_array();
    const struct need *table;
    size_t n;

    table = needs_table(&n);
    for (size_t i = 0; i < n; i++)
        if (table[i].who == who && needs_wanted(&table[i], lane, plan) &&
            sw_json_append(statements, statement(&table[i], plan, err), err) < 0)
            return NULL;
    return document(statements, err);
}

/* VM Import/Export may assume the role for this account's tasks, and for nobody else's. */
static json_t *trust(const struct sw_online_plan *plan, struct sw_err *err)
{
    const char *partition = plan->partition != NULL ? plan->partition : "aws";
    SW_AUTO_FREE char *source = sw_strf(err, "arn:%s:vmie:*:%s:*", partition, plan->account);
    SW_AUTO_JSON json_t *statements = NULL;

    if (source == NULL)
        return NULL;
    statements = json_pack("[{s:s, s:{s:s}, s:s, s:{s:{s:s, s:s}, s:{s:s}}}]", "Effect", "Allow", "Principal",
                           "Service", NEEDS_SERVICE, "Action", "sts:AssumeRole", "Condition", "StringEquals",
                           "sts:Externalid", "vmimport", "aws:SourceAccount", plan->account, "ArnLike",
                           "aws:SourceArn", source);
    return document(statements, err);
}

int sw_online_policies(const struct sw_online_plan *plan, struct sw_online_policies *out, struct sw_err *err)
{
    unsigned lane;

    *out = (struct sw_online_policies){.operator_policy = NULL};
    if (needs_lane(plan->lane, &lane, err) < 0 || check_plan(plan, lane, err) < 0)
        return -1;
    out->operator_policy = policy_of(NEED_OPERATOR, lane, plan, err);
    if (out->operator_policy != NULL && (lane & NEED_VMIE) == 0)
        return 0;
    if (out->operator_policy != NULL)
        out->role_policy = policy_of(NEED_ROLE, lane, plan, err);
    if (out->role_policy != NULL)
        out->role_trust = trust(plan, err);
    if (out->role_trust != NULL)
        return 0;
    sw_online_policies_free(out);
    return -1;
}

void sw_online_policies_free(struct sw_online_policies *policies)
{
    json_decref(policies->operator_policy);
    json_decref(policies->role_policy);
    json_decref(policies->role_trust);
    *policies = (struct sw_online_policies){.operator_policy = NULL};
}
