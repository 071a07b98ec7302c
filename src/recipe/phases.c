/* The phases of a component document, and the steps in each. */
#include "src/recipe/step.h"

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

        if (sw_read_step(r, list->items[i], phase, step) < 0)
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
