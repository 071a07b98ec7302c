/* What a step gives to its action: kinds and texts against the action's row. */
#include "src/recipe/actions.h"
#include "src/recipe/conditions.h"
#include "src/recipe/step.h"

#include <string.h>

static void check_text_map(struct sw_reading *r, const struct sw_input *input, const struct sw_node *value)
{
    if (value->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, value, "'%s' is %s here, and must be a map of names and texts", input->name,
                     sw_kind_name(value->kind));
        return;
    }
    for (size_t i = 0; i < value->n; i++)
        if (value->items[i]->kind != SW_NODE_SCALAR)
            sw_doc_fault(r->doc, value->items[i], "'%s' of '%s' is %s here, and must be a text",
                         sw_show(value->keys[i]->text).text, input->name,
                         sw_kind_name(value->items[i]->kind));
}

static void check_pair(struct sw_reading *r, const struct sw_input *input, const struct sw_node *pair)
{
    static const char *const keys[] = {"name", "value", NULL};

    if (pair->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, pair, "an entry of '%s' is %s here, and must be a map of name and value",
                     input->name, sw_kind_name(pair->kind));
        return;
    }
    sw_doc_keys(r->doc, pair, keys, "an entry");
    for (size_t i = 0; keys[i] != NULL; i++)
        (void)sw_doc_field(r->doc, pair, keys[i], SW_NODE_SCALAR, true);
}

static void check_pairs(struct sw_reading *r, const struct sw_input *input, const struct sw_node *value)
{
    if (value->kind != SW_NODE_LIST) {
        sw_doc_fault(r->doc, value, "'%s' is %s here, and must be a list of maps of name and value",
                     input->name, sw_kind_name(value->kind));
        return;
    }
    for (size_t i = 0; i < value->n; i++)
        check_pair(r, input, value->items[i]);
}

static void check_texts(struct sw_reading *r, const struct sw_input *input, const struct sw_node *value)
{
    if (value->kind != SW_NODE_LIST) {
        sw_doc_fault(r->doc, value, "'%s' is %s here, and must be a list of texts", input->name,
                     sw_kind_name(value->kind));
        return;
    }
    if (input->required && value->n == 0)
        sw_doc_fault(r->doc, value, "'%s' is empty", input->name);
    for (size_t i = 0; i < value->n; i++) {
        const struct sw_node *item = value->items[i];

        if (item->kind != SW_NODE_SCALAR)
            sw_doc_fault(r->doc, item, "an entry of '%s' is %s here, and must be a text%s", input->name,
                         sw_kind_name(item->kind),
                         item->kind == SW_NODE_MAP ? " (put it in quotes: it holds ': ')" : "");
    }
}

static const char *word_problem(const struct sw_input *input, const char *text)
{
    for (size_t i = 0; input->words[i] != NULL; i++)
        if (strcasecmp(input->words[i], text) == 0)
            return NULL;
    return "is none of the words that it may be";
}

/* What is wrong with a text without references, or NULL. */
static const char *text_problem(const struct sw_input *input, const char *text)
{
    unsigned mode, number;
    bool flag;

    switch (input->kind) {
    case SW_INPUT_BOOL:
        return sw_text_bool(text, &flag) < 0 ? "must be true or false" : NULL;
    case SW_INPUT_OCTAL:
        return sw_text_octal(text, &mode) < 0 ? "must be octal digits, such as 0644" : NULL;
    case SW_INPUT_ENCODING:
        return sw_text_encoding(text) ? NULL : "must be utf8, utf16, utf16-LE, utf16-BE, utf32, …";
    case SW_INPUT_NUMBER:
        return sw_text_number(text, &number) < 0 ? "must be a number from 0" : NULL;
    case SW_INPUT_WORD:
        return word_problem(input, text);
    case SW_INPUT_WEB:
        return sw_is_web_uri(text) ? NULL : "must begin with http:// or https://";
    case SW_INPUT_S3:
        return sw_is_s3_uri(text) ? NULL : "must begin with s3:// and a bucket";
    case SW_INPUT_PATH:
        return text[0] == '\0' ? "must not be empty" : NULL;
    default:
        return input->required && !input->may_be_empty && text[0] == '\0' ? "must not be empty" : NULL;
    }
}

/* False when the input is a single text. */
static bool check_composed(struct sw_reading *r, const struct sw_input *input, const struct sw_node *value)
{
    switch (input->kind) {
    case SW_INPUT_TEXTS:
        check_texts(r, input, value);
        return true;
    case SW_INPUT_TEXT_MAP:
        check_text_map(r, input, value);
        return true;
    case SW_INPUT_PAIRS:
        check_pairs(r, input, value);
        return true;
    case SW_INPUT_TEXT_OR_TEXTS:
        if (value->kind != SW_NODE_LIST)
            return false;
        check_texts(r, input, value);
        return true;
    default:
        return false;
    }
}

static void check_input(struct sw_reading *r, const struct sw_input *input, const struct sw_node *value)
{
    const char *problem;

    if (sw_node_is_null(value)) {
        if (input->required)
            sw_doc_fault(r->doc, value, "'%s' is empty", input->name);
        return;
    }
    if (check_composed(r, input, value))
        return;
    if (value->kind != SW_NODE_SCALAR) {
        sw_doc_fault(r->doc, value, "'%s' is %s here, and must be a text", input->name,
                     sw_kind_name(value->kind));
        return;
    }
    problem = sw_has_reference(value->text) ? NULL : text_problem(input, value->text);
    if (problem != NULL)
        sw_doc_fault(r->doc, value, "'%s' is '%s': it %s", input->name, sw_show(value->text).text, problem);
}

static void check_item(struct sw_reading *r, const struct sw_action *action, const struct sw_node *item)
{
    for (size_t i = 0; i < item->n; i++) {
        const struct sw_node *key = item->keys[i];
        const struct sw_input *input = sw_action_input(action, key->text);
        struct sw_guess guess = {.word = key->text};

        if (input != NULL) {
            if (input->ignored)
                sw_doc_warn(r->doc, key, "'%s' has no effect on %s", input->name, action->name);
            check_input(r, input, item->items[i]);
            continue;
        }
        for (input = action->inputs; input->name != NULL; input++)
            if (!input->ignored)
                sw_guess_offer(&guess, input->name);
        sw_doc_fault(r->doc, key, "%s has no input '%s'%s", action->name, sw_show(key->text).text,
                     sw_guess_hint(&guess).text);
    }
    for (const struct sw_input *input = action->inputs; input->name != NULL; input++)
        if (input->required && sw_node_get(item, input->name) == NULL)
            sw_doc_fault(r->doc, item, "%s needs the input '%s'", action->name, input->name);
}

static void check_items(struct sw_reading *r, struct sw_step *step)
{
    for (size_t i = 0; i < step->nr_items; i++) {
        if (step->items[i]->kind == SW_NODE_MAP)
            check_item(r, step->action, step->items[i]);
        else
            sw_doc_fault(r->doc, step->items[i], "an entry of 'inputs' is %s here, and must be a map",
                         sw_kind_name(step->items[i]->kind));
    }
}

int sw_read_inputs(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    SW_RULE(r->doc, "input");
    const struct sw_node *inputs = sw_node_get(node, "inputs");
    const struct sw_node **one;
    bool list;

    if (sw_node_is_null(inputs))
        inputs = NULL;
    step->inputs = inputs;
    if (step->action == NULL || step->action->absent)
        return 0;
    list = step->action->list;
    if (inputs == NULL && step->action->bare)
        return 0;
    if (inputs == NULL || inputs->kind != (list ? SW_NODE_LIST : SW_NODE_MAP)) {
        sw_doc_fault(r->doc, inputs != NULL ? inputs : node, "%s needs 'inputs' as %s", step->action->name,
                     list ? "a list of maps ('- path: …')" : "a map");
        return 0;
    }
    if (list) {
        step->items = inputs->items;
        step->nr_items = inputs->n;
        if (inputs->n == 0)
            sw_doc_fault(r->doc, inputs, "'inputs' is empty");
    } else {
        one = sw_arena_alloc(r->doc->arena, 1, sizeof(*one), r->err);
        if (one == NULL)
            return -1;
        one[0] = inputs;
        step->items = one;
        step->nr_items = 1;
    }
    if (step->action->condition)
        return sw_read_assertion(r, inputs, step);
    check_items(r, step);
    return 0;
}
