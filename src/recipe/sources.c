/* Sources of downloads that nobody can know before the build runs. */
#include "src/recipe/actions.h"
#include "src/recipe/component.h"
#include "src/recipe/expr.h"

#include <string.h>

enum { CHAIN_MAX = 16, LOOKUPS_MAX = 10000 };

/* A look through a source; short texts can refer to each other very often, so it is a bounded one. */
struct search {
    const struct sw_component *component;
    unsigned lookups;
};

static const struct sw_node *referred(const struct search *search, const struct sw_ref *ref)
{
    const struct sw_phase *phase = sw_component_phase(search->component, ref->phase);
    const struct sw_step *step = phase != NULL ? sw_phase_step(phase, ref->step) : NULL;

    return step != NULL && ref->index < step->nr_items ? sw_node_get(step->items[ref->index], ref->name)
                                                       : NULL;
}

/* Does the text depend on a step's output, itself or through inputs of earlier steps? */
static bool needs_output(struct search *search, const struct sw_node *node, unsigned depth)
{
    struct sw_span span;
    size_t at = 0;

    if (node == NULL || node->kind != SW_NODE_SCALAR || depth > CHAIN_MAX)
        return false;
    while (search->lookups++ < LOOKUPS_MAX && sw_span_next(node->text, at, &span)) {
        at = span.end;
        if (span.kind != SW_SPAN_REF || (span.ref.kind != SW_REF_OUTPUT && span.ref.kind != SW_REF_INPUT))
            continue;
        if (span.ref.kind == SW_REF_OUTPUT || needs_output(search, referred(search, &span.ref), depth + 1))
            return true;
    }
    return false;
}

static void check_item(struct sw_reading *r, const struct sw_step *step, const struct sw_node *item)
{
    const struct sw_node *source = sw_node_get(item, "source");
    struct search search = {.component = r->component};

    if (needs_output(&search, source, 0))
        sw_doc_warn(
            r->doc, source,
            "what this step downloads depends on an output of a step: it cannot be fetched before the "
            "build, and %s runs only where the recipe says network: allow",
            step->action->name);
}

void sw_check_sources(struct sw_reading *r)
{
    const struct sw_component *c = r->component;

    for (size_t i = 0; i < c->nr_phases; i++) {
        for (size_t j = 0; j < c->phases[i].nr_steps; j++) {
            const struct sw_step *step = &c->phases[i].steps[j];

            if (step->action == NULL || !sw_action_downloads(step->action))
                continue;
            for (size_t k = 0; k < step->nr_items; k++)
                check_item(r, step, step->items[k]);
        }
    }
}
