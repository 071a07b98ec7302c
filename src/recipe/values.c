/* Inputs of a step at run time: references resolved, texts typed. */
#include "src/base/buf.h"
#include "src/base/json.h"
#include "src/recipe/actions.h"
#include "src/recipe/component.h"
#include "src/recipe/ssm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHAIN_MAX_DEPTH = 64,       /* inputs that refer to inputs that refer to … */
    CHAIN_MAX_LOOKUPS = 100000, /* of one text: short texts can refer to each other very often */
};

/* One text being resolved. */
struct resolving {
    const struct sw_scope *scope;
    char *held[CHAIN_MAX_DEPTH]; /* the text last given at each depth */
    unsigned depth, lookups;
    char index[24]; /* of the loop's turn */
};

static void resolving_free(struct resolving *r)
{
    for (unsigned i = 0; i < CHAIN_MAX_DEPTH; i++)
        free(r->held[i]);
}
#define AUTO_RESOLVING SW_CLEANUP(resolving_free)

int sw_use_name(const struct sw_use *use, const char *name, const char **text, struct sw_err *err)
{
    for (size_t i = 0; i < use->nr_values; i++) {
        if (strcmp(use->values[i].name, name) == 0) {
            *text = use->values[i].value;
            return 0;
        }
    }
    for (size_t i = 0; i < use->component->nr_constants; i++) {
        if (strcmp(use->component->constants[i].name, name) == 0) {
            *text = use->component->constants[i].value;
            return 0;
        }
    }
    return sw_fail(err, SW_RECIPE, "'%s' is no parameter and no constant", name);
}

static int find_output(const struct sw_scope *scope, const struct sw_ref *ref, const char **text,
                       struct sw_err *err)
{
    *text = scope->output != NULL ? scope->output(scope->arg, ref->phase, ref->step, ref->name, ref->index)
                                  : NULL;
    if (*text == NULL)
        return sw_fail(err, SW_RECIPE,
                       "step '%s' of phase '%s' left no output '%s', or more of it than %zu MiB", ref->step,
                       ref->phase, ref->name, SW_EXPAND_MAX_BYTES >> 20);
    return 0;
}

static int lookup(void *arg, const struct sw_ref *ref, const char **text, struct sw_err *err);

static int find_input(struct resolving *r, const struct sw_ref *ref, const char **text, struct sw_err *err)
{
    const struct sw_phase *phase = sw_component_phase(r->scope->use->component, ref->phase);
    const struct sw_step *step = phase != NULL ? sw_phase_step(phase, ref->step) : NULL;
    const struct sw_node *node;
    char *resolved;

    if (step == NULL || ref->index >= step->nr_items)
        return sw_fail(err, SW_RECIPE, "there is no input set %zu of step '%s' of phase '%s'", ref->index,
                       ref->step, ref->phase);
    node = sw_node_get(step->items[ref->index], ref->name);
    if (node == NULL || node->kind != SW_NODE_SCALAR)
        return sw_fail(err, SW_RECIPE, "step '%s' has no text '%s'", ref->step, ref->name);
    if (r->depth == CHAIN_MAX_DEPTH - 1)
        return sw_fail(err, SW_RECIPE, "inputs refer to each other through more than %d steps",
                       (int)CHAIN_MAX_DEPTH);
    r->depth++;
    resolved = sw_expand(node->text, lookup, r, err);
    r->depth--;
    if (resolved == NULL)
        return -1;
    free(r->held[r->depth]);
    r->held[r->depth] = resolved;
    *text = resolved;
    return 0;
}

/* Inputs of other steps are not in this step's loop. */
static void find_turn(struct resolving *r, const struct sw_ref *ref, const char **text)
{
    const struct sw_turn *turn = r->depth == 0 ? r->scope->turn : NULL;

    *text = NULL;
    if (turn == NULL ||
        (strcmp(ref->name, "loop") != 0 && (turn->loop == NULL || strcmp(ref->name, turn->loop) != 0)))
        return;
    *text = turn->value;
    if (ref->kind == SW_REF_LOOP_INDEX) {
        snprintf(r->index, sizeof(r->index), "%zu", turn->index);
        *text = r->index;
    }
}

static int lookup(void *arg, const struct sw_ref *ref, const char **text, struct sw_err *err)
{
    struct resolving *r = arg;

    if (++r->lookups > CHAIN_MAX_LOOKUPS)
        return sw_fail(err, SW_RECIPE, "a text refers to other texts more than %d times",
                       (int)CHAIN_MAX_LOOKUPS);
    switch (ref->kind) {
    case SW_REF_NAME:
        return sw_use_name(r->scope->use, ref->name, text, err);
    case SW_REF_SSM:
        return sw_ssm_find(r->scope->use, ref->name, ref->index, text, err);
    case SW_REF_SSM_OF:
        return sw_use_name(r->scope->use, ref->name, text, err) < 0
                   ? -1
                   : sw_ssm_find(r->scope->use, *text, ref->index, text, err);
    case SW_REF_OUTPUT:
        return find_output(r->scope, ref, text, err);
    case SW_REF_INPUT:
        return find_input(r, ref, text, err);
    case SW_REF_LOOP_INDEX:
    case SW_REF_LOOP_VALUE:
        find_turn(r, ref, text);
        return 0;
    }
    return sw_fail(err, SW_FAILED, "a reference of an unknown kind");
}

char *sw_resolve(const struct sw_scope *scope, const char *text, struct sw_err *err)
{
    AUTO_RESOLVING struct resolving r = {.scope = scope};

    return sw_expand(text, lookup, &r, err);
}

/* The row's input and the node as written; node is NULL when it was left out. */
static int find(const struct sw_step *step, size_t item, const char *name, const struct sw_input **input,
                const struct sw_node **node, struct sw_err *err)
{
    *input = sw_action_input(step->action, name);
    if (*input == NULL)
        return sw_fail(err, SW_FAILED, "%s has no input '%s'", step->action->name, name);
    if (item >= step->nr_items)
        return sw_fail(err, SW_FAILED, "step '%s' has no input set %zu", step->name, item);
    *node = sw_node_get(step->items[item], name);
    if (sw_node_is_null(*node))
        *node = NULL;
    return 0;
}

int sw_step_text(const struct sw_scope *scope, const struct sw_step *step, size_t item, const char *name,
                 char **out, struct sw_err *err)
{
    const struct sw_input *input;
    const struct sw_node *node;

    *out = NULL;
    if (find(step, item, name, &input, &node, err) < 0)
        return -1;
    if (node == NULL && input->fallback == NULL)
        return 0;
    if (node != NULL && node->kind != SW_NODE_SCALAR)
        return sw_fail(err, SW_FAILED, "input '%s' of step '%s' is no text", name, step->name);
    *out = node != NULL ? sw_resolve(scope, node->text, err) : sw_strdup(input->fallback, err);
    if (*out == NULL)
        return sw_context(err, "input '%s'", name);
    if (input->required && !input->may_be_empty && (*out)[0] == '\0') {
        free(SW_STEAL_PTR(*out));
        return sw_fail(err, SW_RECIPE, "input '%s' is empty", name);
    }
    return 0;
}

void sw_texts_free(char **texts)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
        free(texts[i]);
    free(texts);
}
SW_DEFINE_AUTO(texts, char *, sw_texts_free)
#define AUTO_TEXTS SW_CLEANUP(texts_auto)

int sw_step_texts(const struct sw_scope *scope, const struct sw_step *step, size_t item, const char *name,
                  char ***out, struct sw_err *err)
{
    AUTO_TEXTS char **texts = NULL;
    const struct sw_input *input;
    const struct sw_node *node;
    size_t n, total = 0;

    *out = NULL;
    if (find(step, item, name, &input, &node, err) < 0)
        return -1;
    if (node != NULL && node->kind != SW_NODE_LIST)
        return sw_fail(err, SW_FAILED, "input '%s' of step '%s' is no list", name, step->name);
    n = node != NULL ? node->n : 0;
    texts = sw_calloc(n + 1, sizeof(*texts), err);
    if (texts == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        texts[i] = sw_resolve(scope, node->items[i]->text != NULL ? node->items[i]->text : "", err);
        if (texts[i] == NULL)
            return sw_context(err, "entry %zu of input '%s'", i, name);
        total += strlen(texts[i]);
        if (total > SW_EXPAND_MAX_BYTES)
            return sw_fail(err, SW_RECIPE, "input '%s' grows beyond %zu bytes with its references", name,
                           SW_EXPAND_MAX_BYTES);
    }
    *out = SW_STEAL_PTR(texts);
    return 0;
}

int sw_step_bool(const struct sw_scope *scope, const struct sw_step *step, size_t item, const char *name,
                 bool *out, struct sw_err *err)
{
    SW_AUTO_FREE char *text = NULL;

    *out = false;
    if (sw_step_text(scope, step, item, name, &text, err) < 0)
        return -1;
    if (text != NULL && sw_text_bool(text, out) < 0)
        return sw_fail(err, SW_RECIPE, "input '%s' is '%s': it must be true or false", name,
                       sw_show(text).text);
    return 0;
}

int sw_step_octal(const struct sw_scope *scope, const struct sw_step *step, size_t item, const char *name,
                  unsigned *out, struct sw_err *err)
{
    SW_AUTO_FREE char *text = NULL;

    *out = 0;
    if (sw_step_text(scope, step, item, name, &text, err) < 0)
        return -1;
    if (text == NULL)
        return sw_fail(err, SW_RECIPE, "input '%s' is empty", name);
    if (sw_text_octal(text, out) < 0)
        return sw_fail(err, SW_RECIPE, "input '%s' is '%s': it must be octal digits, such as 0644", name,
                       sw_show(text).text);
    return 0;
}

static json_t *resolved_json(const struct sw_scope *scope, const struct sw_node *node, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = node->kind == SW_NODE_MAP    ? json_object()
                               : node->kind == SW_NODE_LIST ? json_array()
                                                            : NULL;
    SW_AUTO_FREE char *text = NULL;

    if (node->kind == SW_NODE_SCALAR) {
        text = sw_resolve(scope, node->text, err);
        out = text != NULL ? json_string(text) : NULL;
        /* An output of a step may be any bytes; JSON takes UTF-8 only. */
        if (text != NULL && out == NULL)
            out = json_string("(not UTF-8)");
        return SW_STEAL_PTR(out);
    }
    for (size_t i = 0; i < node->n; i++) {
        json_t *value = resolved_json(scope, node->items[i], err);

        if (value == NULL ||
            (node->kind == SW_NODE_MAP ? sw_json_set(out, node->keys[i]->text, value, err) < 0
                                       : sw_json_append(out, value, err) < 0))
            return NULL;
    }
    return SW_STEAL_PTR(out);
}

json_t *sw_step_inputs_json(const struct sw_scope *scope, const struct sw_step *step, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < step->nr_items; i++) {
        json_t *item = resolved_json(scope, step->items[i], err);

        if (item == NULL || sw_json_append(list, item, err) < 0)
            return NULL;
    }
    if (list == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return SW_STEAL_PTR(list);
}
