/* The conditions of a CloudFormation template. */
#include "src/recipe/template.h"

#include <string.h>

enum { NOT_KNOWN = 2 };

static int equals(struct sw_template *t, const struct sw_node *arg)
{
    const struct sw_node *a, *b;

    if (arg->kind != SW_NODE_LIST || arg->n != 2)
        return NOT_KNOWN;
    if (sw_template_resolve(t, arg->items[0], &a) < 0 || sw_template_resolve(t, arg->items[1], &b) < 0)
        return -1;
    if (a == NULL || b == NULL || a->kind != SW_NODE_SCALAR || b->kind != SW_NODE_SCALAR ||
        sw_node_is_unknown(a) || sw_node_is_unknown(b))
        return NOT_KNOWN;
    return strcmp(a->text, b->text) == 0;
}

/* And (want 0: the first false decides) and Or (want 1: the first true decides). */
static int any(struct sw_template *t, const struct sw_node *arg, int want)
{
    int result = 1 - want;

    for (size_t i = 0; arg->kind == SW_NODE_LIST && i < arg->n; i++) {
        int truth = sw_template_condition(t, arg->items[i]);

        if (truth < 0 || truth == want)
            return truth;
        if (truth == NOT_KNOWN)
            result = NOT_KNOWN;
    }
    return result;
}

static int negate(struct sw_template *t, const struct sw_node *arg)
{
    int truth =
        arg->kind == SW_NODE_LIST && arg->n == 1 ? sw_template_condition(t, arg->items[0]) : NOT_KNOWN;

    return truth == 0 || truth == 1 ? 1 - truth : truth;
}

static int named(struct sw_template *t, const struct sw_node *arg)
{
    const struct sw_node *condition =
        arg->kind == SW_NODE_SCALAR ? sw_node_get(sw_node_get(t->root, "Conditions"), arg->text) : NULL;

    return condition != NULL ? sw_template_condition(t, condition) : NOT_KNOWN;
}

static int evaluate(struct sw_template *t, const char *name, const struct sw_node *arg)
{
    if (strcmp(name, "Fn::Equals") == 0)
        return equals(t, arg);
    if (strcmp(name, "Fn::And") == 0)
        return any(t, arg, 0);
    if (strcmp(name, "Fn::Or") == 0)
        return any(t, arg, 1);
    if (strcmp(name, "Fn::Not") == 0)
        return negate(t, arg);
    return strcmp(name, "Condition") == 0 ? named(t, arg) : NOT_KNOWN;
}

int sw_template_condition(struct sw_template *t, const struct sw_node *node)
{
    enum { DEPTH_MAX = 32 };
    const struct sw_function *fn;
    const struct sw_node *arg;
    int truth;

    if (t->depth >= DEPTH_MAX || ++t->calls > 100000)
        return NOT_KNOWN;
    if (sw_function_of(t, node, &fn, &arg) < 0)
        return -1;
    if (fn == NULL)
        return NOT_KNOWN;
    t->depth++;
    truth = evaluate(t, fn->full, arg);
    t->depth--;
    return truth;
}
