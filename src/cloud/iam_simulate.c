/* IAM SimulatePrincipalPolicy: what a user or a role may do, as IAM itself works it out. */
#include "src/cloud/refusal.h"

#include <string.h>

enum { MAX_PAGES = 32 };

static int put_list(struct sw_buf *form, const char *list, const char *const *items, size_t n,
                    struct sw_err *err)
{
    for (size_t i = 0; i < n; i++)
        if (query_add(form, items[i], err, "%s.member.%zu", list, i + 1) < 0)
            return -1;
    return 0;
}

static int put_question(struct sw_buf *form, const struct sw_iam_question *question, const char *marker,
                        struct sw_err *err)
{
    if (query_begin(form, CLOUD_IAM, "SimulatePrincipalPolicy", err) < 0 ||
        uri_add(form, "PolicySourceArn", question->principal, err) < 0 ||
        put_list(form, "ActionNames", question->actions, question->nr_actions, err) < 0 ||
        put_list(form, "ResourceArns", question->resources, question->nr_resources, err) < 0)
        return -1;
    for (size_t i = 0; i < question->nr_facts; i++)
        if (query_add(form, question->facts[i].key, err, "ContextEntries.member.%zu.ContextKeyName", i + 1) <
                0 ||
            query_add(form, "string", err, "ContextEntries.member.%zu.ContextKeyType", i + 1) < 0 ||
            query_add(form, question->facts[i].value, err,
                      "ContextEntries.member.%zu.ContextKeyValues.member.1", i + 1) < 0)
            return -1;
    return uri_add(form, "Marker", marker, err);
}

static int read_decision(const char *text, const char *missing, enum sw_iam_decision *out, struct sw_err *err)
{
    if (strcmp(text, "explicitDeny") == 0)
        *out = SW_IAM_EXPLICIT_DENY;
    else if (missing[0] != '\0')
        *out = SW_IAM_UNSURE;
    else if (strcmp(text, "allowed") == 0)
        *out = SW_IAM_ALLOWED;
    else if (strcmp(text, "implicitDeny") == 0)
        *out = SW_IAM_IMPLICIT_DENY;
    else
        return sw_fail(err, SW_REMOTE, "the reply has the unknown decision '%.40s'", text);
    return 0;
}

static int add_answer(struct sw_iam_answers *out, const struct xml_node *result, const char *resource,
                      const char *decision, struct sw_err *err)
{
    const struct xml_node *missing = xml_child(xml_child(result, "MissingContextValues"), "member");
    const char *key = missing != NULL ? missing->text : "";
    struct sw_iam_answer *grown;

    if (out->n == SW_IAM_MAX_ANSWERS)
        return sw_fail(err, SW_REMOTE, "the reply has more than %d results", SW_IAM_MAX_ANSWERS);
    grown = realloc(out->items, (out->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    out->items = grown;
    grown += out->n;
    memset(grown, 0, sizeof(*grown));
    if (refusal_text(result, "EvalActionName", grown->action, sizeof(grown->action), err) < 0 ||
        read_decision(decision, key, &grown->decision, err) < 0)
        return -1;
    if (strlen(resource) >= sizeof(grown->resource))
        return sw_fail(err, SW_REMOTE, "the reply has a resource of %zu bytes", strlen(resource));
    memcpy(grown->resource, resource, strlen(resource) + 1);
    memcpy(grown->missing, key, strnlen(key, sizeof(grown->missing) - 1));
    out->n++;
    return 0;
}

/* An action's result, or where there are results of their own for several resources, these. */
static int read_result(struct sw_iam_answers *out, const struct xml_node *result, struct sw_err *err)
{
    const struct xml_node *specific = xml_child(result, "ResourceSpecificResults");
    const char *resource = xml_text(result, "EvalResourceName");

    if (xml_child(specific, "member") == NULL)
        return add_answer(out, result, resource[0] != '\0' ? resource : "*", xml_text(result, "EvalDecision"),
                          err);
    for (const struct xml_node *node = specific->first; node != NULL; node = node->next)
        if (add_answer(out, result, xml_text(node, "EvalResourceName"),
                       xml_text(node, "EvalResourceDecision"), err) < 0)
            return -1;
    return 0;
}

static int read_page(const struct xml_node *result, struct sw_iam_answers *out, char **marker,
                     struct sw_err *err)
{
    const struct xml_node *results = xml_child(result, "EvaluationResults");

    free(*marker);
    *marker = NULL;
    for (const struct xml_node *node = results != NULL ? results->first : NULL; node != NULL;
         node = node->next)
        if (read_result(out, node, err) < 0)
            return -1;
    if (strcmp(xml_text(result, "IsTruncated"), "true") != 0)
        return 0;
    if (xml_text(result, "Marker")[0] == '\0')
        return sw_fail(err, SW_REMOTE, "the reply promises more results and does not say from where");
    *marker = sw_strdup(xml_text(result, "Marker"), err);
    return *marker != NULL ? 0 : -1;
}

static int ask_all(struct sw_cloud *cloud, const struct sw_iam_question *question, struct sw_iam_answers *out,
                   struct sw_refusal *why, struct sw_err *err)
{
    SW_AUTO_FREE char *marker = NULL;

    for (unsigned page = 0; page == 0 || marker != NULL; page++) {
        SW_AUTO_BUF struct sw_buf form = {0};
        XML_AUTO struct xml_node *document = NULL;

        if (page == MAX_PAGES)
            return sw_fail(err, SW_REMOTE, "the reply has results without end");
        if (put_question(&form, question, marker, err) < 0)
            return -1;
        document = refusal_query(cloud, CLOUD_IAM, &form, why, err);
        if (document == NULL || read_page(query_result(document), out, &marker, err) < 0)
            return -1;
    }
    return 0;
}

int sw_iam_simulate(struct sw_cloud *cloud, const struct sw_iam_question *question,
                    struct sw_iam_answers *out, struct sw_refusal *why, struct sw_err *err)
{
    *out = (struct sw_iam_answers){.items = NULL};
    memset(why, 0, sizeof(*why));
    if (ask_all(cloud, question, out, why, err) < 0)
        return sw_context(err, "asking IAM what '%s' may do", question->principal);
    return 0;
}

void sw_iam_answers_free(struct sw_iam_answers *answers)
{
    free(answers->items);
    *answers = (struct sw_iam_answers){.items = NULL};
}
