/* Phases and steps of a component document. */
#include "src/recipe/actions.h"
#include "src/recipe/component.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool has_reference(const char *text)
{
    return strstr(text, "{{") != NULL;
}

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
    case SW_INPUT_PATH:
        return text[0] == '\0' ? "must not be empty" : NULL;
    default:
        return input->required && text[0] == '\0' ? "must not be empty" : NULL;
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
    problem = has_reference(value->text) ? NULL : text_problem(input, value->text);
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

static int read_inputs(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
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
    check_items(r, step);
    return 0;
}

static void read_action(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
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

static void check_absent_fields(struct sw_reading *r, const struct sw_node *node)
{
    static const char *const absent[] = {"if", "loop", NULL};

    for (size_t i = 0; i < node->n; i++)
        if (sw_word_find(absent, node->keys[i]->text) >= 0)
            sw_doc_fault(r->doc, node->keys[i], "'%s' is not part of this version", node->keys[i]->text);
}

static int read_step(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
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
    step->looped = sw_node_get(node, "loop") != NULL;
    check_absent_fields(r, node);
    read_action(r, node, step);
    read_numbers(r, node, step);
    read_on_failure(r, node, step);
    read_logging(r, node, step);
    return read_inputs(r, node, step);
}

static int read_steps(struct sw_reading *r, const struct sw_node *list, struct sw_phase *phase)
{
    if (list->n > SW_COMPONENT_MAX_STEPS) {
        sw_doc_fault(r->doc, list, "more than %d steps in one phase", (int)SW_COMPONENT_MAX_STEPS);
        return 0;
    }
    if (list->n == 0)
        sw_doc_warn(r->doc, list, "a phase without steps");
    phase->steps = sw_arena_alloc(r->doc->arena, list->n, sizeof(*phase->steps), r->err);
    if (phase->steps == NULL)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        struct sw_step *step = &phase->steps[i];

        if (read_step(r, list->items[i], step) < 0)
            return -1;
        /* nr_steps is still i: only the steps before this one are looked at. */
        if (step->name != NULL && sw_phase_step(phase, step->name) != NULL)
            sw_doc_fault(r->doc, sw_node_get(list->items[i], "name"),
                         "the step name '%s' is there twice in this phase", sw_show(step->name).text);
        phase->nr_steps++;
    }
    return 0;
}

static void read_phase_name(struct sw_reading *r, const struct sw_node *node, struct sw_phase *phase)
{
    static const char *const words[] = {"build", "validate", "test", NULL};
    int found;

    phase->kind = SW_PHASE_OTHER;
    phase->name = sw_doc_text(r->doc, node, "name", true);
    if (phase->name == NULL)
        return;
    if (sw_component_phase(r->component, phase->name) != NULL)
        sw_doc_fault(r->doc, sw_node_get(node, "name"), "the phase name '%s' is there twice",
                     sw_show(phase->name).text);
    found = sw_word_find(words, phase->name);
    if (found >= 0)
        phase->kind = (enum sw_phase_kind)found;
    else
        sw_doc_warn(r->doc, sw_node_get(node, "name"),
                    "the phase '%s' is never run: build, validate and test are", sw_show(phase->name).text);
}

static int read_phase(struct sw_reading *r, const struct sw_node *node, struct sw_phase *phase)
{
    static const char *const keys[] = {"name", "steps", NULL};
    const struct sw_node *steps;

    phase->kind = SW_PHASE_OTHER;
    phase->line = node->line;
    phase->column = node->column;
    if (node->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, node, "a phase is a map, and this is %s", sw_kind_name(node->kind));
        return 0;
    }
    sw_doc_keys(r->doc, node, keys, "a phase");
    read_phase_name(r, node, phase);
    steps = sw_doc_field(r->doc, node, "steps", SW_NODE_LIST, true);
    return steps != NULL ? read_steps(r, steps, phase) : 0;
}

static void check_any_known(struct sw_reading *r, const struct sw_node *list)
{
    for (size_t i = 0; i < r->component->nr_phases; i++)
        if (r->component->phases[i].kind != SW_PHASE_OTHER)
            return;
    sw_doc_fault(r->doc, list, "a document needs at least one of the phases build, validate and test");
}

int sw_read_phases(struct sw_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "phases", SW_NODE_LIST, true);
    struct sw_component *c = r->component;

    if (list == NULL)
        return 0;
    if (list->n > SW_COMPONENT_MAX_PHASES) {
        sw_doc_fault(r->doc, list, "more than %d phases", (int)SW_COMPONENT_MAX_PHASES);
        return 0;
    }
    c->phases = sw_arena_alloc(r->doc->arena, list->n, sizeof(*c->phases), r->err);
    if (c->phases == NULL)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        if (read_phase(r, list->items[i], &c->phases[i]) < 0)
            return -1;
        c->nr_phases++;
    }
    check_any_known(r, list);
    return 0;
}
