/* Conditions at run time: what their texts become, and whether they hold. */
#include "src/base/buf.h"
#include "src/recipe/conditions.h"

#include <string.h>

/* A comparison with its references resolved. */
struct texts {
    char *operand, *second; /* second: NULL when the operator has none */
};

static void texts_free(struct texts *texts)
{
    free(texts->operand);
    free(texts->second);
}
#define AUTO_TEXTS SW_CLEANUP(texts_free)

static int resolve_texts(const struct sw_scope *scope, const struct sw_condition *c, struct texts *texts,
                         struct sw_err *err)
{
    texts->operand = sw_resolve(scope, c->operand->text, err);
    if (texts->operand == NULL)
        return sw_context(err, "%s", sw_operator_name(c->op));
    if (c->second == NULL)
        return 0;
    texts->second = sw_resolve(scope, c->second->text, err);
    return texts->second != NULL ? 0 : sw_context(err, "%s", sw_operator_name(c->op));
}

static bool is_plain(const struct sw_node *node)
{
    return node != NULL && node->style == SW_STYLE_PLAIN && !sw_has_reference(node->text);
}

static int compare(const struct sw_scope *scope, const struct sw_condition *c,
                   const struct sw_condition_host *host, bool *holds, struct sw_err *err)
{
    enum sw_operator_group group = sw_operator_group(c->op);
    AUTO_TEXTS struct texts texts = {NULL, NULL};
    struct sw_outcome outcome;

    if (resolve_texts(scope, c, &texts, err) < 0)
        return -1;
    if (group == SW_GROUP_EXISTS || group == SW_GROUP_HASH)
        return host->ask(host->arg, c->op, texts.operand, texts.second, holds, err);
    if (sw_compare(c->op, (struct sw_operand){texts.operand, is_plain(c->operand)},
                   (struct sw_operand){texts.second, is_plain(c->second)}, &outcome, err) < 0)
        return -1;
    if (outcome.in_doubt && host->doubt != NULL)
        host->doubt(host->arg, c->op);
    *holds = outcome.holds;
    return 0;
}

int sw_condition_holds(const struct sw_scope *scope, const struct sw_condition *condition,
                       const struct sw_condition_host *host, bool *holds, struct sw_err *err)
{
    if (sw_operator_group(condition->op) != SW_GROUP_LOGICAL)
        return compare(scope, condition, host, holds, err);
    for (size_t i = 0; i < condition->nr_parts; i++) {
        if (sw_condition_holds(scope, &condition->parts[i], host, holds, err) < 0)
            return -1;
        if (condition->op != SW_OP_NOT && *holds == (condition->op == SW_OP_OR))
            return 0;
    }
    *holds = *holds != (condition->op == SW_OP_NOT);
    return 0;
}

char *sw_condition_text(const struct sw_scope *scope, const struct sw_condition *condition,
                        struct sw_err *err)
{
    AUTO_TEXTS struct texts texts = {NULL, NULL};
    const char *name = sw_operator_name(condition->op);

    if (sw_operator_group(condition->op) == SW_GROUP_LOGICAL)
        return sw_strdup(name, err);
    if (resolve_texts(scope, condition, &texts, err) < 0)
        return NULL;
    if (texts.second == NULL)
        return sw_strf(err, "%s '%s'", name, sw_show(texts.operand).text);
    return sw_strf(err, "%s '%s', %s '%s'", name, sw_show(texts.operand).text,
                   sw_operator_group(condition->op) == SW_GROUP_HASH ? "path" : "value",
                   sw_show(texts.second).text);
}
