/* The fields of a step. */
#include "src/recipe/step.h"

#include "src/recipe/actions.h"
#include "src/recipe/conditions.h"
#include "src/recipe/loops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void read_action(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    SW_RULE(r->doc, "action");
    const struct sw_node *name = sw_doc_field(r->doc, node, "action", SW_NODE_SCALAR, true);
    const struct sw_action *row;
    struct sw_guess guess;

    if (name == NULL)
        return;
    step->action = sw_action_find(name->text);
    if (step->action != NULL) {
        if (step->action->absent)
            sw_doc_fault(r->doc, name, "the action '%s' is not part of this version", name->text);
        return;
    }
    guess = (struct sw_guess){.word = name->text};
    for (size_t i = 0; (row = sw_action_at(i)) != NULL; i++)
        sw_guess_offer(&guess, row->name);
    sw_doc_fault(r->doc, name, "there is no action '%s'%s", sw_show(name->text).text,
                 sw_guess_hint(&guess).text);
}

static int parse_int(const char *text, long *out)
{
    char *end;

    if (text[strspn(text, "-0123456789")] != '\0')
        return -1;
    errno = 0;
    *out = strtol(text, &end, 10);
    return errno != 0 || end == text || *end != '\0' ? -1 : 0;
}

static void read_numbers(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    const struct sw_node *timeout = sw_doc_field(r->doc, node, "timeoutSeconds", SW_NODE_SCALAR, false);
    const struct sw_node *attempts = sw_doc_field(r->doc, node, "maxAttempts", SW_NODE_SCALAR, false);
    long value;

    step->timeout_s = SW_TIMEOUT_DEFAULT_S;
    step->max_attempts = 1;
    if (timeout != NULL) {
        if (parse_int(timeout->text, &value) < 0 || value == 0 || value < -1 || value > INT32_MAX)
            sw_doc_fault(r->doc, timeout, "timeoutSeconds is '%s': it must be seconds, or -1 for no limit",
                         sw_show(timeout->text).text);
        else
            step->timeout_s = value;
    }
    if (attempts != NULL) {
        if (parse_int(attempts->text, &value) < 0 || value < 1 || value > INT32_MAX)
            sw_doc_fault(r->doc, attempts, "maxAttempts is '%s': it must be a number from 1",
                         sw_show(attempts->text).text);
        else
            step->max_attempts = (unsigned)value;
    }
}

static void read_on_failure(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    static const char *const words[] = {"Abort", "Continue", "Ignore", NULL};
    const struct sw_node *word = sw_doc_field(r->doc, node, "onFailure", SW_NODE_SCALAR, false);
    int found = word != NULL ? sw_word_find(words, word->text) : SW_ON_FAILURE_ABORT;

    if (found < 0)
        sw_doc_fault(r->doc, word, "onFailure is '%s': it must be Abort, Continue or Ignore",
                     sw_show(word->text).text);
    else
        step->on_failure = (enum sw_on_failure)found;
}

static void read_logging(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    const struct sw_node *flag = sw_doc_field(r->doc, node, "disableLogging", SW_NODE_SCALAR, false);

    if (flag != NULL && sw_text_bool(flag->text, &step->disable_logging) < 0)
        sw_doc_fault(r->doc, flag, "disableLogging is '%s': it must be true or false",
                     sw_show(flag->text).text);
}

/* What an action fixes cannot be said otherwise. */
static void check_fixed(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    const struct sw_node *timeout = sw_node_get(node, "timeoutSeconds");
    const struct sw_node *attempts = sw_node_get(node, "maxAttempts");

    if (timeout != NULL && strcmp(step->action->name, "Reboot") == 0)
        sw_doc_warn(r->doc, timeout, "timeoutSeconds has no effect on Reboot");
    if (!step->action->runs_once)
        return;
    if (!sw_node_is_null(timeout) && step->timeout_s != SW_TIMEOUT_NONE)
        sw_doc_fault(r->doc, timeout, "timeoutSeconds of %s is always -1", step->action->name);
    if (!sw_node_is_null(attempts) && step->max_attempts != 1)
        sw_doc_fault(r->doc, attempts, "maxAttempts of %s is always 1", step->action->name);
    step->timeout_s = SW_TIMEOUT_NONE;
    step->max_attempts = 1;
}

int sw_read_step(struct sw_reading *r, const struct sw_node *node, const struct sw_phase *phase,
                 struct sw_step *step)
{
    static const char *const keys[] = {"name",           "action",    "if",          "loop",
                                       "timeoutSeconds", "onFailure", "maxAttempts", "inputs",
                                       "disableLogging", NULL};

    step->line = node->line;
    step->column = node->column;
    if (node->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, node, "a step is a map, and this is %s", sw_kind_name(node->kind));
        return 0;
    }
    sw_doc_keys(r->doc, node, keys, "a step");
    step->name = sw_doc_text(r->doc, node, "name", true);
    read_action(r, node, step);
    read_numbers(r, node, step);
    read_on_failure(r, node, step);
    read_logging(r, node, step);
    if (step->action != NULL)
        check_fixed(r, node, step);
    if (sw_read_if(r, sw_doc_field(r->doc, node, "if", SW_NODE_MAP, false), step) < 0 ||
        sw_read_loop(r, sw_doc_field(r->doc, node, "loop", SW_NODE_MAP, false), phase, step) < 0)
        return -1;
    return sw_read_inputs(r, node, step);
}
