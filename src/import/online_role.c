/* The online check: the service role, who may assume it, and what it may do. */
#include "src/base/json.h"
#include "src/import/online.h"
#include "src/import/policy.h"

#include <string.h>

#define PRINT_IAM "--print-iam --out DIR writes the documents; "

static char *role_permission(const struct online *online, const char *actions, struct sw_err *err)
{
    return sw_strf(err, "%s on arn:%s:iam::%s:role/%s", actions, online->partition, online->plan.account,
                   online_role_name(online));
}

static int ask_role(struct online *online, struct sw_err *err)
{
    SW_AUTO_FREE char *permission = role_permission(online, "iam:GetRole", err);
    SW_AUTO_FREE char *remedy = sw_strf(
        err,
        PRINT_IAM "`aws iam create-role --role-name %s --assume-role-policy-document "
                  "file://DIR/role-trust.json`, then `aws iam put-role-policy --role-name %s --policy-name "
                  "vmimport --policy-document file://DIR/role-policy.json`",
        online_role_name(online), online_role_name(online));
    const struct online_words words = {.name = "role", .permission = permission, .remedy = remedy};
    struct sw_refusal why;

    if (permission == NULL || remedy == NULL)
        return -1;
    if (sw_iam_role(online->cloud, online_role_name(online), &online->role, &why, err) < 0) {
        sw_iam_role_free(&online->role);
        return online_failed(online, &words, &why, err);
    }
    return online_say(online, &(struct online_words){.name = "role"}, err, "%s", online->role.arn);
}

/* A service that acts for anybody can be made to act for somebody else. */
static const char *loose_ends(const json_t *document)
{
    if (!policy_names_key(document, "sts:ExternalId"))
        return "; it asks for no sts:Externalid, which should be vmimport";
    if (!policy_names_key(document, "aws:SourceAccount") && !policy_names_key(document, "aws:SourceArn"))
        return "; in nobody's name in particular: a condition on aws:SourceAccount keeps other accounts out";
    return "; for this account's imports only";
}

static enum policy_answer ask_trust_policy(const struct online *online, const json_t *document,
                                           struct sw_buf *doubt, struct sw_err *err)
{
    SW_AUTO_FREE char *source = sw_strf(err, "arn:%s:vmie:%s:%s:import", online->partition,
                                        online->plan.region, online->plan.account);
    const struct policy_fact facts[] = {{"sts:ExternalId", "vmimport"},
                                        {"aws:SourceAccount", online->plan.account},
                                        {"aws:SourceArn", source != NULL ? source : ""}};
    const struct policy_request request = {
        .action = "sts:AssumeRole", .service = NEEDS_SERVICE, .facts = facts, .n = SW_ARRAY_LEN(facts)};

    return policy_conclude(policy_ask(document, &request, doubt));
}

static int ask_trust(struct online *online, struct sw_err *err)
{
    SW_AUTO_JSON json_t *document = policy_parse(online->role.trust, strlen(online->role.trust), err);
    SW_AUTO_BUF struct sw_buf doubt = {0};
    SW_AUTO_FREE char *remedy = sw_strf(err,
                                        PRINT_IAM "`aws iam update-assume-role-policy --role-name %s "
                                                  "--policy-document file://DIR/role-trust.json`",
                                        online_role_name(online));
    struct online_words words = {"role-trust", SW_ONLINE_REFUSED, "sts:AssumeRole for " NEEDS_SERVICE,
                                 remedy};

    if (remedy == NULL)
        return -1;
    if (document == NULL)
        return online_failed(online, &words, &(struct sw_refusal){.status = 0}, err);
    switch (ask_trust_policy(online, document, &doubt, err)) {
    case POLICY_ALLOWED:
        words = (struct online_words){.name = "role-trust"};
        return online_say(online, &words, err, NEEDS_SERVICE " may assume it%s", loose_ends(document));
    case POLICY_UNSURE:
        words.status = SW_ONLINE_UNKNOWN;
        words.remedy = NULL;
        return online_say(online, &words, err, "whether " NEEDS_SERVICE " may assume it hangs on %s",
                          doubt.len > 0 ? doubt.data : "its conditions");
    case POLICY_DENIED:
        return online_say(online, &words, err, "its trust policy denies it to " NEEDS_SERVICE);
    case POLICY_SILENT:
    default:
        return online_say(online, &words, err,
                          "its trust policy does not let " NEEDS_SERVICE
                          " assume it with sts:Externalid vmimport, aws:SourceAccount %s",
                          online->plan.account);
    }
}

/* The role's own policies, and its boundary's. */
struct documents {
    json_t *items[SW_IAM_MAX_POLICIES];
    size_t n;
    bool bounded;
    json_t *boundary;
};

static void documents_free(struct documents *documents)
{
    for (size_t i = 0; i < documents->n; i++)
        json_decref(documents->items[i]);
    json_decref(documents->boundary);
}

static int parse_all(const struct sw_iam_documents *texts, struct documents *out, struct sw_err *err)
{
    for (size_t i = 0; i < texts->n; i++) {
        out->items[out->n] = policy_parse(texts->items[i], strlen(texts->items[i]), err);
        if (out->items[out->n] == NULL)
            return -1;
        out->n++;
    }
    return 0;
}

static int read_documents(struct online *online, struct documents *out, struct sw_refusal *why,
                          struct sw_err *err)
{
    SW_CLEANUP(sw_iam_documents_free) struct sw_iam_documents texts = {.n = 0}, boundary = {.n = 0};

    if (sw_iam_role_policies(online->cloud, online_role_name(online), &texts, why, err) < 0 ||
        parse_all(&texts, out, err) < 0)
        return -1;
    out->bounded = online->role.boundary != NULL;
    if (!out->bounded)
        return 0;
    if (sw_iam_managed_policy(online->cloud, online->role.boundary, &boundary, why, err) < 0)
        return -1;
    out->boundary = policy_parse(boundary.items[0], strlen(boundary.items[0]), err);
    return out->boundary != NULL ? 0 : -1;
}

static int judge_action(const struct online *online, const struct documents *documents, const char *action,
                        const char *resource, struct online_gaps *gaps, struct sw_err *err)
{
    const struct policy_fact facts[] = {{"aws:PrincipalArn", online->role.arn},
                                        {"aws:PrincipalAccount", online->plan.account},
                                        {"aws:RequestedRegion", online->plan.region},
                                        {"aws:SecureTransport", "true"}};
    const struct policy_request request = {
        .action = action, .resource = resource, .facts = facts, .n = SW_ARRAY_LEN(facts)};
    SW_AUTO_BUF struct sw_buf doubt = {0};
    enum policy_answer answer;
    unsigned votes = 0;

    for (size_t i = 0; i < documents->n; i++)
        votes |= policy_ask(documents->items[i], &request, &doubt);
    answer = policy_conclude(votes);
    if (documents->bounded)
        answer = policy_within(answer, policy_conclude(policy_ask(documents->boundary, &request, &doubt)));
    if (answer == POLICY_ALLOWED)
        return 0;
    if (answer == POLICY_UNSURE)
        return online_gap(&gaps->unsure, action, resource, doubt.len > 0 ? doubt.data : NULL, err);
    return online_gap(&gaps->missing, action, resource, answer == POLICY_DENIED ? "an explicit denial" : NULL,
                      err);
}

static int judge_need(struct online *online, const struct documents *documents, const struct need *need,
                      struct online_gaps *gaps, struct sw_err *err)
{
    SW_AUTO_JSON json_t *resources = needs_resources(need, &online->plan, true, err);

    if (resources == NULL)
        return -1;
    for (size_t r = 0; r < json_array_size(resources); r++)
        for (size_t i = 0; need->actions[i] != NULL; i++)
            for (size_t j = 0; needs_expand(need->actions[i], j) != NULL; j++)
                if (judge_action(online, documents, needs_expand(need->actions[i], j),
                                 json_string_value(json_array_get(resources, r)), gaps, err) < 0)
                    return -1;
    return 0;
}

/* Every statement that the role needs, by the policies or (documents NULL) as IAM simulates it. */
static int judge_role(struct online *online, const struct documents *documents, struct online_gaps *gaps,
                      struct sw_refusal *why, struct sw_err *err)
{
    const struct need *table;
    size_t n;

    table = needs_table(&n);
    for (size_t i = 0; i < n; i++) {
        if (table[i].who != NEED_ROLE || !needs_wanted(&table[i], online->lane, &online->plan))
            continue;
        if ((documents != NULL ? judge_need(online, documents, &table[i], gaps, err)
                               : online_simulate(online, online->role.arn, &table[i], gaps, why, err)) < 0)
            return -1;
    }
    return 0;
}

#define ROLE_READS \
    "iam:SimulatePrincipalPolicy, or iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies"

/* IAM knows best; where it may not be asked, the policies are read and judged here. */
static int ask_policies(struct online *online, struct sw_err *err)
{
    SW_CLEANUP(online_gaps_free) struct online_gaps gaps = {.missing = {0}};
    SW_CLEANUP(documents_free) struct documents documents = {.n = 0};
    SW_AUTO_FREE char *permission = role_permission(online, ROLE_READS, err);
    SW_AUTO_FREE char *remedy = sw_strf(err,
                                        PRINT_IAM "`aws iam put-role-policy --role-name %s --policy-name "
                                                  "slipway --policy-document file://DIR/role-policy.json`",
                                        online_role_name(online));
    const struct online_words words = {.name = "role-policies", .permission = permission, .remedy = remedy};
    struct sw_refusal why = {.status = 0};
    const char *how = "it may do what the lane needs, as IAM simulates it";

    if (permission == NULL || remedy == NULL)
        return -1;
    if (judge_role(online, NULL, &gaps, &why, err) < 0) {
        if (err->code == SW_INTERRUPTED)
            return -1;
        *err = (struct sw_err){.code = SW_OK};
        online_gaps_free(&gaps);
        how = "it may do what the lane needs, by its own policies";
        if (read_documents(online, &documents, &why, err) < 0)
            return online_failed(online, &words, &why, err);
        if (judge_role(online, &documents, &gaps, &why, err) < 0)
            return -1;
    }
    return online_judge(online, "role-policies", &gaps, how, remedy, err);
}

/* The keys that were found are the ones that the role has to use. */
int online_role(struct online *online, struct sw_err *err)
{
    const char *keys[2];
    const struct sw_online_plan plan = online->plan;
    int rc;

    if (ask_role(online, err) < 0)
        return -1;
    if (online->role.arn == NULL)
        return 0;
    online->plan.kms_keys = keys;
    online->plan.nr_kms_keys = 0;
    if (online->bucket_key != NULL)
        keys[online->plan.nr_kms_keys++] = online->bucket_key;
    if (online->volume_key != NULL)
        keys[online->plan.nr_kms_keys++] = online->volume_key;
    online->plan.parts &= ~(unsigned)SW_ONLINE_KMS;
    rc = ask_trust(online, err) == 0 ? ask_policies(online, err) : -1;
    online->plan = plan;
    return rc;
}
