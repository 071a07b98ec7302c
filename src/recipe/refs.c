/* Every reference of a component document: does it name something that is known by then? */
#include "src/recipe/actions.h"
#include "src/recipe/component.h"
#include "src/recipe/expr.h"

#include <string.h>

/* Where we are, and which text is looked at. */
struct here {
    struct sw_reading *r;
    const struct sw_phase *phase;
    const struct sw_step *step;
    const struct sw_node *node;
    struct sw_place place; /* of the reference */
    bool in_loop;          /* the loop's turns are known here: in inputs */
};

#define FAULT(h, ...) sw_doc_fault_at((h)->r->doc, (h)->place.line, (h)->place.column, __VA_ARGS__)

static void guess_name(const struct here *h, struct sw_guess *guess)
{
    const struct sw_component *c = h->r->component;

    for (size_t i = 0; i < c->nr_parameters; i++)
        sw_guess_offer(guess, c->parameters[i].name);
    for (size_t i = 0; i < c->nr_constants; i++)
        sw_guess_offer(guess, c->constants[i].name);
}

static void check_name(const struct here *h, const char *name)
{
    struct sw_guess guess = {.word = name};

    if (sw_component_names(h->r->component, name))
        return;
    if (sw_doc_guesses(h->r->doc))
        guess_name(h, &guess);
    FAULT(h, "'%s' is no parameter and no constant of this document%s", sw_show(name).text,
          sw_guess_hint(&guess).text);
}

static void check_output(const struct here *h, const struct sw_ref *ref, const struct sw_step *step)
{
    const char *const *outputs = step->action->outputs;

    if (outputs == NULL)
        FAULT(h, "%s (step '%s') has no outputs", step->action->name, sw_show(ref->step).text);
    else if (sw_word_find(outputs, ref->name) < 0)
        FAULT(h, "%s has no output '%s': it has '%s'", step->action->name, sw_show(ref->name).text,
              outputs[0]);
    else if (ref->index > 0 && !step->action->list)
        FAULT(h, "%s leaves one set of outputs: [%zu] is beyond its end", step->action->name, ref->index);
    else if (ref->index >= step->nr_items && step->nr_items > 0)
        FAULT(h, "step '%s' leaves %zu sets of outputs: [%zu] is beyond their end", sw_show(ref->step).text,
              step->nr_items, ref->index);
}

static void check_given_input(const struct here *h, const struct sw_ref *ref, const struct sw_step *step)
{
    const struct sw_node *value;

    if (ref->index >= step->nr_items) {
        FAULT(h, "step '%s' has %zu sets of inputs: [%zu] is beyond their end", sw_show(ref->step).text,
              step->nr_items, ref->index);
        return;
    }
    if (!ref->indexed && step->nr_items > 1)
        sw_doc_warn_at(h->r->doc, h->place.line, h->place.column,
                       "step '%s' has %zu sets of inputs, and the reference has no [n]: the first is taken",
                       sw_show(ref->step).text, step->nr_items);
    value = sw_node_get(step->items[ref->index], ref->name);
    if (value == NULL)
        FAULT(h, "step '%s' is not given the input '%s'", sw_show(ref->step).text, sw_show(ref->name).text);
    else if (value->kind != SW_NODE_SCALAR)
        FAULT(h, "input '%s' of step '%s' is %s, and a reference gives a text", sw_show(ref->name).text,
              sw_show(ref->step).text, sw_kind_name(value->kind));
}

static const struct sw_step *find_step(const struct here *h, const struct sw_phase *phase, const char *name)
{
    const struct sw_step *step = sw_phase_step(phase, name);
    struct sw_guess guess = {.word = name};

    if (step != NULL)
        return step;
    for (size_t i = 0; i < phase->nr_steps && sw_doc_guesses(h->r->doc); i++)
        if (phase->steps[i].name != NULL)
            sw_guess_offer(&guess, phase->steps[i].name);
    FAULT(h, "the phase '%s' has no step '%s'%s", phase->name, sw_show(name).text,
          sw_guess_hint(&guess).text);
    return NULL;
}

/* True when a step of that phase can be seen from here at all. */
static bool check_phase(const struct here *h, const struct sw_ref *ref, const struct sw_phase *phase)
{
    if (phase == NULL)
        FAULT(h, "there is no phase '%s'", sw_show(ref->phase).text);
    else if ((phase->kind == SW_PHASE_TEST) != (h->phase->kind == SW_PHASE_TEST))
        FAULT(h, "the phase '%s' cannot use what '%s' has: test runs in another machine",
              sw_show(h->phase->name).text, sw_show(ref->phase).text);
    else if (phase->kind == SW_PHASE_OTHER && phase != h->phase)
        FAULT(h, "the phase '%s' is never run", sw_show(ref->phase).text);
    else
        return true;
    return false;
}

static void check_chained(const struct here *h, const struct sw_ref *ref)
{
    const struct sw_phase *phase = sw_component_phase(h->r->component, ref->phase);
    const struct sw_step *step;

    if (!check_phase(h, ref, phase))
        return;
    step = find_step(h, phase, ref->step);
    if (step == NULL)
        return;
    /* Phases, and the steps of one phase, lie in arrays in the order of running. */
    if (phase > h->phase || (phase == h->phase && step >= h->step)) {
        FAULT(h, "step '%s' does not run before this one", sw_show(ref->step).text);
        return;
    }
    if (step->action == NULL || step->action->absent)
        return;
    if (ref->kind == SW_REF_OUTPUT)
        check_output(h, ref, step);
    else
        check_given_input(h, ref, step);
}

static void check_turn(const struct here *h, const char *name)
{
    const struct sw_loop *loop = h->step->loop;
    bool known =
        strcmp(name, "loop") == 0 || (loop != NULL && loop->name != NULL && strcmp(loop->name, name) == 0);

    if (!known)
        FAULT(h, "there is no loop '%s' in this step", sw_show(name).text);
    else if (!h->in_loop)
        sw_doc_warn_at(h->r->doc, h->place.line, h->place.column, "%s: the reference stays as it is",
                       loop == NULL ? "a step without a loop" : "only inputs see the loop's turns");
}

static void check_span(const struct here *h, const struct sw_span *span)
{
    const char *text = h->node->text + span->begin;

    switch (span->kind) {
    case SW_SPAN_REF:
        if (span->ref.kind == SW_REF_NAME || span->ref.kind == SW_REF_SSM_OF)
            check_name(h, span->ref.name);
        else if (span->ref.kind != SW_REF_SSM)
            check_chained(h, &span->ref);
        return;
    case SW_SPAN_LOOP:
        check_turn(h, span->ref.name);
        return;
    case SW_SPAN_FOREIGN:
        if (text[2 + strspn(text + 2, " \t")] != '.')
            sw_doc_warn_at(h->r->doc, h->place.line, h->place.column,
                           "'{{' begins no reference here: the text stays as it is");
        return;
    case SW_SPAN_BAD:
        FAULT(
            h,
            "not a reference: {{ name }}, {{ phase.step.inputs.key }}, {{ phase.step.outputs.key }} and {{ aws:ssm:NAME }} are");
        return;
    }
}

static void check_node(struct here *h, const struct sw_node *node)
{
    struct sw_span span;
    size_t at = 0;

    for (size_t i = 0; i < node->n; i++)
        check_node(h, node->items[i]);
    if (node->kind != SW_NODE_SCALAR)
        return;
    h->node = node;
    h->place = (struct sw_place){0};
    while (sw_span_next(node->text, at, &span)) {
        sw_place_move(&h->place, node, span.begin);
        check_span(h, &span);
        at = span.end;
    }
}

static void check_condition(struct here *h, const struct sw_condition *condition)
{
    for (size_t i = 0; i < condition->nr_parts; i++)
        check_condition(h, &condition->parts[i]);
    if (condition->operand != NULL)
        check_node(h, condition->operand);
    if (condition->second != NULL)
        check_node(h, condition->second);
}

static void check_step(struct sw_reading *r, const struct sw_phase *phase, const struct sw_step *step)
{
    struct here h = {.r = r, .phase = phase, .step = step};

    if (step->condition != NULL)
        check_condition(&h, step->condition);
    if (step->loop != NULL && step->loop->list != NULL)
        check_node(&h, step->loop->list);
    h.in_loop = step->loop != NULL;
    if (step->inputs != NULL)
        check_node(&h, step->inputs);
}

void sw_check_refs(struct sw_reading *r)
{
    const struct sw_component *c = r->component;

    for (size_t i = 0; i < c->nr_phases; i++)
        for (size_t j = 0; j < c->phases[i].nr_steps; j++)
            check_step(r, &c->phases[i], &c->phases[i].steps[j]);
}
