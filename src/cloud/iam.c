/* IAM and STS: who asks, what a role trusts, and the policies that it has. */
#include "src/cloud/refusal.h"

#include <string.h>

enum { MAX_PAGES = 32, MAX_DOCUMENT = 128 << 10 };

int sw_sts_identity(struct sw_cloud *cloud, struct sw_sts_identity *out, struct sw_refusal *why,
                    struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};
    XML_AUTO struct xml_node *document = NULL;
    const struct xml_node *result;

    *out = (struct sw_sts_identity){.arn = NULL};
    memset(why, 0, sizeof(*why));
    if (query_begin(&form, CLOUD_STS, "GetCallerIdentity", err) < 0 ||
        (document = refusal_query(cloud, CLOUD_STS, &form, why, err)) == NULL)
        return sw_context(err, "asking who the credentials belong to");
    result = query_result(document);
    if (refusal_text(result, "Account", out->account, sizeof(out->account), err) < 0)
        return sw_context(err, "asking who the credentials belong to");
    if (strlen(out->account) != 12 || strspn(out->account, "0123456789") != 12 ||
        strncmp(xml_text(result, "Arn"), "arn:", 4) != 0)
        return sw_fail(err, SW_REMOTE,
                       "asking who the credentials belong to: the reply names no account and ARN");
    out->arn = sw_strdup(xml_text(result, "Arn"), err);
    return out->arn != NULL ? 0 : -1;
}

void sw_sts_identity_free(struct sw_sts_identity *identity)
{
    free(identity->arn);
    identity->arn = NULL;
}

/* Documents come percent-encoded by RFC 3986. */
static char *decoded(const struct xml_node *node, const char *name, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    const char *encoded = xml_text(node, name);

    if (encoded[0] == '\0' || strlen(encoded) > MAX_DOCUMENT) {
        sw_fail(err, SW_REMOTE, "the reply has no usable %s", name);
        return NULL;
    }
    if (uri_decode(&text, encoded, strlen(encoded), err) < 0)
        return NULL;
    if (memchr(text.data, '\0', text.len) != NULL) {
        sw_fail(err, SW_REMOTE, "the reply's %s has a NUL in it", name);
        return NULL;
    }
    return sw_buf_steal(&text);
}

/* One question about a thing of IAM's: NAME=VALUE, and a second pair where value is not NULL. */
struct question {
    const char *action;
    const char *name, *value;
    const char *second, *second_value;
    const char *marker;
};

static struct xml_node *ask(struct sw_cloud *cloud, const struct question *question, struct sw_refusal *why,
                            struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf form = {0};

    memset(why, 0, sizeof(*why));
    if (query_begin(&form, CLOUD_IAM, question->action, err) < 0 ||
        uri_add(&form, question->name, question->value, err) < 0 ||
        (question->second != NULL && uri_add(&form, question->second, question->second_value, err) < 0) ||
        uri_add(&form, "Marker", question->marker, err) < 0)
        return NULL;
    return refusal_query(cloud, CLOUD_IAM, &form, why, err);
}

static int read_role(const struct xml_node *role, struct sw_iam_role *out, struct sw_err *err)
{
    const char *arn = xml_text(role, "Arn");
    const char *boundary = xml_text(xml_child(role, "PermissionsBoundary"), "PermissionsBoundaryArn");

    if (strncmp(arn, "arn:", 4) != 0)
        return sw_fail(err, SW_REMOTE, "the reply has no usable Arn");
    out->arn = sw_strdup(arn, err);
    if (out->arn != NULL)
        out->trust = decoded(role, "AssumeRolePolicyDocument", err);
    if (out->trust != NULL && boundary[0] != '\0')
        out->boundary = sw_strdup(boundary, err);
    return out->trust != NULL && (boundary[0] == '\0' || out->boundary != NULL) ? 0 : -1;
}

int sw_iam_role(struct sw_cloud *cloud, const char *name, struct sw_iam_role *out, struct sw_refusal *why,
                struct sw_err *err)
{
    const struct question question = {.action = "GetRole", .name = "RoleName", .value = name};
    XML_AUTO struct xml_node *document = NULL;

    *out = (struct sw_iam_role){.arn = NULL};
    document = ask(cloud, &question, why, err);
    if (document == NULL || read_role(xml_child(query_result(document), "Role"), out, err) < 0)
        return sw_context(err, "asking about role '%s'", name);
    return 0;
}

void sw_iam_role_free(struct sw_iam_role *role)
{
    free(role->arn);
    free(role->trust);
    free(role->boundary);
    *role = (struct sw_iam_role){.arn = NULL};
}

static int keep(struct sw_iam_documents *out, const struct xml_node *node, const char *name,
                struct sw_err *err)
{
    if (out->n == SW_IAM_MAX_POLICIES)
        return sw_fail(err, SW_REMOTE, "there are more than %d policies", SW_IAM_MAX_POLICIES);
    out->items[out->n] = decoded(node, name, err);
    if (out->items[out->n] == NULL)
        return -1;
    out->n++;
    return 0;
}

void sw_iam_documents_free(struct sw_iam_documents *documents)
{
    for (size_t i = 0; i < documents->n; i++)
        free(documents->items[i]);
    documents->n = 0;
}

int sw_iam_managed_policy(struct sw_cloud *cloud, const char *arn, struct sw_iam_documents *out,
                          struct sw_refusal *why, struct sw_err *err)
{
    struct question question = {.action = "GetPolicy", .name = "PolicyArn", .value = arn};
    XML_AUTO struct xml_node *policy = ask(cloud, &question, why, err), *version = NULL;
    const struct xml_node *found = policy != NULL ? xml_child(query_result(policy), "Policy") : NULL;

    if (policy != NULL && xml_text(found, "DefaultVersionId")[0] == '\0')
        sw_fail(err, SW_REMOTE, "the reply has no DefaultVersionId");
    else if (policy != NULL) {
        question = (struct question){.action = "GetPolicyVersion",
                                     .name = "PolicyArn",
                                     .value = arn,
                                     .second = "VersionId",
                                     .second_value = xml_text(found, "DefaultVersionId")};
        version = ask(cloud, &question, why, err);
    }
    if (version == NULL || keep(out, xml_child(query_result(version), "PolicyVersion"), "Document", err) < 0)
        return sw_context(err, "asking about policy '%s'", arn);
    return 0;
}

/* The next page of a list begins where the marker says; NULL after the last one. */
static int next_page(const struct xml_node *result, char **marker, struct sw_err *err)
{
    free(*marker);
    *marker = NULL;
    if (strcmp(xml_text(result, "IsTruncated"), "true") != 0)
        return 0;
    if (xml_text(result, "Marker")[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply promises more and does not say from where");
    *marker = sw_strdup(xml_text(result, "Marker"), err);
    return *marker != NULL ? 0 : -1;
}

struct walk {
    struct sw_cloud *cloud;
    const char *role;
    struct sw_iam_documents *out;
    struct sw_refusal *why;
};

static int keep_inline(const struct walk *walk, const struct xml_node *member, struct sw_err *err)
{
    const struct question question = {.action = "GetRolePolicy",
                                      .name = "PolicyName",
                                      .value = member->text,
                                      .second = "RoleName",
                                      .second_value = walk->role};
    XML_AUTO struct xml_node *document = ask(walk->cloud, &question, walk->why, err);

    return document == NULL ? -1 : keep(walk->out, query_result(document), "PolicyDocument", err);
}

static int keep_attached(const struct walk *walk, const struct xml_node *member, struct sw_err *err)
{
    if (strncmp(xml_text(member, "PolicyArn"), "arn:", 4) != 0)
        return sw_fail(err, SW_REMOTE, "the reply lists a policy without its ARN");
    return sw_iam_managed_policy(walk->cloud, xml_text(member, "PolicyArn"), walk->out, walk->why, err);
}

/* Every member of a list of the role's, page by page, goes to each(). */
static int walk_list(const struct walk *walk, const char *action, const char *list,
                     int (*each)(const struct walk *, const struct xml_node *, struct sw_err *),
                     struct sw_err *err)
{
    SW_AUTO_FREE char *marker = NULL;

    for (unsigned page = 0; page == 0 || marker != NULL; page++) {
        const struct question question = {
            .action = action, .name = "RoleName", .value = walk->role, .marker = marker};
        XML_AUTO struct xml_node *document = NULL;
        const struct xml_node *result;

        if (page == MAX_PAGES)
            return sw_fail(err, SW_REMOTE, "%s lists policies without end", action);
        document = ask(walk->cloud, &question, walk->why, err);
        if (document == NULL)
            return -1;
        result = query_result(document);
        for (const struct xml_node *node = xml_child(result, list) != NULL ? xml_child(result, list)->first
                                                                           : NULL;
             node != NULL; node = node->next)
            if (each(walk, node, err) < 0)
                return -1;
        if (next_page(result, &marker, err) < 0)
            return -1;
    }
    return 0;
}

int sw_iam_role_policies(struct sw_cloud *cloud, const char *name, struct sw_iam_documents *out,
                         struct sw_refusal *why, struct sw_err *err)
{
    const struct walk walk = {cloud, name, out, why};

    out->n = 0;
    if (walk_list(&walk, "ListRolePolicies", "PolicyNames", keep_inline, err) < 0 ||
        walk_list(&walk, "ListAttachedRolePolicies", "AttachedPolicies", keep_attached, err) < 0)
        return sw_context(err, "reading the policies of role '%s'", name);
    return 0;
}
