/* IAM policy documents: parsed, and asked whether they allow something. Pure; says so where it cannot tell. */
#include "src/import/policy.h"

#include "src/base/json.h"
#include "src/import/policy_match.h"

#include <string.h>
#include <strings.h>

/* The list that a member is, also where a single value stands for a list of one. */
static size_t count(const json_t *value)
{
    return json_is_array(value) ? json_array_size(value) : value != NULL ? 1 : 0;
}

static const json_t *item(const json_t *value, size_t i)
{
    return json_is_array(value) ? json_array_get(value, i) : value;
}

static int check_words(const json_t *statement, const char *name, struct sw_err *err)
{
    const json_t *value = json_object_get(statement, name);

    for (size_t i = 0; i < count(value); i++)
        if (!json_is_string(item(value, i)))
            return sw_fail(err, SW_REMOTE, "a statement's %s has something that is no text", name);
    return 0;
}

static int check_condition(const json_t *statement, struct sw_err *err)
{
    const json_t *condition = json_object_get(statement, "Condition");
    const char *name;
    json_t *keys;

    if (condition == NULL)
        return 0;
    if (!json_is_object(condition))
        return sw_fail(err, SW_REMOTE, "a statement's Condition is no object");
    json_object_foreach ((json_t *)(uintptr_t)condition, name, keys) {
        if (!json_is_object(keys))
            return sw_fail(err, SW_REMOTE, "the condition %.60s is no object", name);
    }
    return 0;
}

static int check_statement(const json_t *statement, struct sw_err *err)
{
    static const char *const words[] = {"Action", "NotAction", "Resource", "NotResource"};
    const char *effect = sw_json_text(statement, "Effect");

    if (!json_is_object(statement))
        return sw_fail(err, SW_REMOTE, "a statement is no object");
    if (effect == NULL || (strcmp(effect, "Allow") != 0 && strcmp(effect, "Deny") != 0))
        return sw_fail(err, SW_REMOTE, "a statement's Effect is neither Allow nor Deny");
    for (size_t i = 0; i < SW_ARRAY_LEN(words); i++)
        if (check_words(statement, words[i], err) < 0)
            return -1;
    if (json_object_get(statement, "Action") == NULL && json_object_get(statement, "NotAction") == NULL)
        return sw_fail(err, SW_REMOTE, "a statement has no Action");
    return check_condition(statement, err);
}

json_t *policy_parse(const char *text, size_t len, struct sw_err *err)
{
    SW_AUTO_JSON json_t *root = NULL;
    const json_t *statements;

    if (len > POLICY_MAX_BYTES) {
        sw_fail(err, SW_REMOTE, "the policy has %zu bytes, more than any of IAM's", len);
        return NULL;
    }
    root = sw_json_parse(text, len, "the policy", err);
    if (root == NULL) {
        err->code = SW_REMOTE;
        return NULL;
    }
    statements = json_object_get(root, "Statement");
    if (count(statements) == 0 || count(statements) > POLICY_MAX_STATEMENTS) {
        sw_fail(err, SW_REMOTE, "the policy has %zu statements, not 1 to %d", count(statements),
                POLICY_MAX_STATEMENTS);
        return NULL;
    }
    for (size_t i = 0; i < count(statements); i++)
        if (check_statement(item(statements, i), err) < 0)
            return NULL;
    return SW_STEAL_PTR(root);
}

static enum policy_fit negate(enum policy_fit fit)
{
    return fit == POLICY_PERHAPS ? POLICY_PERHAPS : fit == POLICY_YES ? POLICY_NO : POLICY_YES;
}

static enum policy_fit any_action(const json_t *patterns, const char *action)
{
    enum policy_fit best = POLICY_NO;

    for (size_t i = 0; i < count(patterns); i++) {
        enum policy_fit fit = policy_glob(json_string_value(item(patterns, i)), action, true);

        if (fit > best)
            best = fit;
    }
    return best;
}

static enum policy_fit fit_action(const json_t *statement, const char *action)
{
    const json_t *all_but = json_object_get(statement, "NotAction");

    if (all_but != NULL)
        return negate(any_action(all_but, action));
    return any_action(json_object_get(statement, "Action"), action);
}

/* A request on whatever there is ("*") is met by a pattern of everything; by another one for some of it. */
static enum policy_fit fit_pattern(const char *pattern, const char *resource)
{
    if (strcmp(resource, "*") != 0)
        return policy_glob(pattern, resource, false);
    return pattern[strspn(pattern, "*")] == '\0' ? POLICY_YES : POLICY_PERHAPS;
}

static enum policy_fit any_resource(const json_t *patterns, const char *resource, struct sw_buf *unsure)
{
    enum policy_fit best = POLICY_NO;
    const char *doubt = "";

    for (size_t i = 0; i < count(patterns); i++) {
        const char *pattern = json_string_value(item(patterns, i));
        enum policy_fit fit = fit_pattern(pattern, resource);

        if (fit == POLICY_PERHAPS)
            doubt = pattern;
        if (fit > best)
            best = fit;
    }
    if (best == POLICY_PERHAPS)
        policy_note(unsure, "the resource '%.200s'", doubt);
    return best;
}

static enum policy_fit fit_resource(const json_t *statement, const char *resource, struct sw_buf *unsure)
{
    const json_t *all_but = json_object_get(statement, "NotResource");

    if (resource == NULL)
        return POLICY_YES;
    if (all_but != NULL)
        return negate(any_resource(all_but, resource, unsure));
    return any_resource(json_object_get(statement, "Resource"), resource, unsure);
}

static enum policy_fit fit_principal(const json_t *statement, const char *service, struct sw_buf *unsure)
{
    const json_t *principal = json_object_get(statement, "Principal"), *services;
    const char *text = json_string_value(principal);

    if (service == NULL)
        return POLICY_YES;
    if (json_object_get(statement, "NotPrincipal") != NULL) {
        policy_note(unsure, "NotPrincipal");
        return POLICY_PERHAPS;
    }
    if (text != NULL)
        return strcmp(text, "*") == 0 ? POLICY_YES : POLICY_NO;
    services = json_object_get(principal, "Service");
    for (size_t i = 0; i < count(services); i++) {
        text = json_string_value(item(services, i));
        if (text != NULL && strcmp(text, service) == 0)
            return POLICY_YES;
    }
    return POLICY_NO;
}

static enum policy_fit worse(enum policy_fit a, enum policy_fit b)
{
    return a < b ? a : b;
}

/* What does not matter adds no doubt: a part that is a plain no ends it before the next is looked at. */
static enum policy_fit fit_statement(const json_t *statement, const struct policy_request *request,
                                     struct sw_buf *unsure)
{
    const json_t *condition = json_object_get(statement, "Condition");
    enum policy_fit fit = fit_action(statement, request->action);

    if (fit == POLICY_PERHAPS)
        policy_note(unsure, "a policy variable in an action");
    if (fit != POLICY_NO)
        fit = worse(fit, fit_principal(statement, request->service, unsure));
    if (fit != POLICY_NO)
        fit = worse(fit, fit_resource(statement, request->resource, unsure));
    if (fit != POLICY_NO && condition != NULL)
        fit = worse(fit, policy_condition(condition, request, unsure));
    return fit;
}

unsigned policy_ask(const json_t *document, const struct policy_request *request, struct sw_buf *unsure)
{
    const json_t *statements = json_object_get(document, "Statement");
    unsigned votes = 0;

    for (size_t i = 0; i < count(statements); i++) {
        const json_t *statement = item(statements, i);
        bool allow = strcmp(sw_json_text(statement, "Effect"), "Allow") == 0;
        SW_AUTO_BUF struct sw_buf doubt = {0};
        enum policy_fit fit = fit_statement(statement, request, &doubt);

        if (fit == POLICY_YES)
            votes |= allow ? POLICY_ALLOWS : POLICY_DENIES;
        if (fit != POLICY_PERHAPS)
            continue;
        votes |= allow ? POLICY_MAY_ALLOW : POLICY_MAY_DENY;
        policy_note(unsure, "%s", doubt.len > 0 ? doubt.data : "a statement");
    }
    return votes;
}

enum policy_answer policy_conclude(unsigned votes)
{
    if ((votes & POLICY_DENIES) != 0)
        return POLICY_DENIED;
    if ((votes & POLICY_ALLOWS) != 0)
        return (votes & POLICY_MAY_DENY) != 0 ? POLICY_UNSURE : POLICY_ALLOWED;
    return (votes & POLICY_MAY_ALLOW) != 0 ? POLICY_UNSURE : POLICY_SILENT;
}

enum policy_answer policy_within(enum policy_answer policy, enum policy_answer boundary)
{
    return policy < boundary ? policy : boundary;
}

bool policy_names_key(const json_t *document, const char *key)
{
    const json_t *statements = json_object_get(document, "Statement");
    const char *operator, * name;
    json_t *keys, *values;

    for (size_t i = 0; i < count(statements); i++) {
        const json_t *statement = item(statements, i);

        if (strcmp(sw_json_text(statement, "Effect"), "Allow") != 0)
            continue;
        json_object_foreach (json_object_get(statement, "Condition"), operator, keys) {
            json_object_foreach (keys, name, values) {
                if (strcasecmp(name, key) == 0)
                    return true;
            }
        }
    }
    return false;
}
