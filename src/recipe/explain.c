/* What the steps of a component need, as JSON. */
#include "slipway/recipe.h"
#include "src/base/json.h"

/* A sealed document is not quoted. */
static json_t *reason_json(const struct sw_component *component, const struct sw_reason *reason)
{
    bool sealed = component->sealed != NULL;

    return json_pack("{s:s, s:I, s:I, s:s, s:s, s:s}", "need", sw_need_name(reason->need), "line",
                     (json_int_t)reason->line, "column", (json_int_t)reason->column, "words",
                     sealed ? "(sealed)" : reason->words, "why", reason->why, "source",
                     sealed ? "" : reason->source);
}

static json_t *step_json(const struct sw_component *component, const struct sw_phase *phase,
                         const struct sw_step *step, struct sw_err *err)
{
    struct sw_step_class class;
    SW_AUTO_JSON json_t *json = NULL;
    SW_AUTO_JSON json_t *reasons = json_array();

    sw_classify_step(component, phase, step, &class);
    for (size_t i = 0; reasons != NULL && i < class.n; i++)
        if (sw_json_append(reasons, reason_json(component, &class.reasons[i]), err) < 0)
            return NULL;
    json = json_pack("{s:s?, s:I, s:I, s:s, s:s, s:s, s:s, s:s}", "file", component->file, "line",
                     (json_int_t)step->line, "column", (json_int_t)step->column, "component", component->name,
                     "phase", phase->name, "step", step->name, "action", step->action->name, "need",
                     sw_need_name(class.need));
    if (json != NULL && component->sealed != NULL &&
        sw_json_set(json, "sealed", json_string(component->sealed), err) < 0)
        return NULL;
    if (json == NULL || sw_json_set(json, "reasons", SW_STEAL_PTR(reasons), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

int sw_explain(const struct sw_component *component, json_t *list, struct sw_err *err)
{
    for (size_t i = 0; i < component->nr_phases; i++) {
        const struct sw_phase *phase = &component->phases[i];

        for (size_t k = 0; phase->kind != SW_PHASE_OTHER && k < phase->nr_steps; k++)
            if (sw_json_append(list, step_json(component, phase, &phase->steps[k], err), err) < 0)
                return -1;
    }
    return 0;
}

int sw_explain_use(const struct sw_use *use, json_t *list, struct sw_err *err)
{
    if (sw_explain(use->component, list, err) < 0)
        return -1;
    for (size_t i = 0; i < use->nr_documents; i++)
        if (sw_explain(use->documents[i].component, list, err) < 0)
            return -1;
    return 0;
}
