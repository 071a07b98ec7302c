/* The steps of a build that wait for the guest's first boot. */
#include "src/build/deferred.h"

#include "src/base/json.h"
#include "src/base/log.h"

#include <string.h>

/* Where the step with this number in the queue belongs: a cached layer's steps come in no order. */
static size_t place_of(const json_t *list, const char *number)
{
    size_t i = json_array_size(list);

    while (i > 0 && strcmp(sw_json_text(json_array_get(list, i - 1), "queued"), number) > 0)
        i--;
    return i;
}

static int add_steps(json_t *list, const struct plan_layer *layer, const char *phase, json_t *steps,
                     struct sw_err *err)
{
    const char *step;
    json_t *outputs;

    json_object_foreach (steps, step, outputs) {
        const char *number = sw_json_text(json_array_get(outputs, 0), "firstBoot");
        json_t *entry;

        if (number == NULL)
            continue;
        entry = json_pack("{s:s, s:s, s:s, s:s}", "component", layer->name, "phase", phase, "step", step,
                          "queued", number);
        if (entry == NULL || json_array_insert_new(list, place_of(list, number), entry) < 0)
            return sw_fail(err, SW_FAILED, "out of memory");
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
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        sw_log(SW_LOG_WARNING, "component '%s': %s: step '%s' waits for the first boot",
               sw_json_text(entry, "component"), sw_json_text(entry, "phase"), sw_json_text(entry, "step"));
    }
    return SW_STEAL_PTR(list);
}
