/* The steps of a build that wait for the guest's first boot. */
#include "src/build/deferred.h"

#include "src/base/json.h"
#include "src/base/log.h"

static int add_steps(json_t *list, const struct plan_layer *layer, const char *phase, json_t *steps,
                     struct sw_err *err)
{
    const char *step;
    json_t *outputs;

    json_object_foreach (steps, step, outputs) {
        const char *number = sw_json_text(json_array_get(outputs, 0), "firstBoot");

        if (number == NULL)
            continue;
        sw_log(SW_LOG_WARNING, "component '%s': %s: step '%s' waits for the first boot", layer->name, phase,
               step);
        if (sw_json_append(list,
                           json_pack("{s:s, s:s, s:s, s:s}", "component", layer->name, "phase", phase, "step",
                                     step, "queued", number),
                           err) < 0)
            return -1;
    }
    return 0;
}

json_t *deferred_steps(const struct plan *plan, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    if (list == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    for (size_t i = 1; list != NULL && i < plan->nr_layers; i++) {
        const char *phase;
        json_t *steps;

        json_object_foreach (plan->layers[i].outputs, phase, steps) {
            if (add_steps(list, &plan->layers[i], phase, steps, err) < 0)
                return NULL;
        }
    }
    return SW_STEAL_PTR(list);
}
