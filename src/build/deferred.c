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

static int add_step(json_t *list, json_t *entry, struct sw_err *err)
{
    const char *number = sw_json_text(entry, "queued");

    if (number == NULL || json_array_insert_new(list, place_of(list, number), entry) < 0)
        return sw_fail(err, SW_FAILED, "out of memory");
    return 0;
}

/* Those of documents that the step executes: a line "NUMBER NAMES" each. */
static int add_inner(json_t *list, const char *component, const char *phase, const char *step,
                     const char *lines, struct sw_err *err)
{
    while (lines[0] != '\0') {
        int len = (int)strcspn(lines, "\n"), number = (int)strcspn(lines, " \n");
        SW_AUTO_FREE char *names =
            sw_strf(err, "%s:%.*s", step, number < len ? len - number : 0, lines + number);

        if (names == NULL || add_step(list,
                                      json_pack("{s:s, s:s, s:s, s:s#}", "component", component, "phase",
                                                phase, "step", names, "queued", lines, number),
                                      err) < 0)
            return -1;
        lines += len + (lines[len] != '\0');
    }
    return 0;
}

static int add_steps(json_t *list, const struct plan_layer *layer, const char *phase, json_t *steps,
                     struct sw_err *err)
{
    const char *step;
    json_t *outputs;

    json_object_foreach (steps, step, outputs) {
        const char *number = sw_json_text(json_array_get(outputs, 0), "firstBoot");
        const char *inner = sw_json_text(json_array_get(outputs, 0), "firstBootSteps");

        if (number != NULL && add_step(list,
                                       json_pack("{s:s, s:s, s:s, s:s}", "component", layer->name, "phase",
                                                 phase, "step", step, "queued", number),
                                       err) < 0)
            return -1;
        if (inner != NULL && add_inner(list, layer->name, phase, step, inner, err) < 0)
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
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);

        sw_log(SW_LOG_WARNING, "component '%s': %s: step '%s' waits for the first boot",
               sw_json_text(entry, "component"), sw_json_text(entry, "phase"), sw_json_text(entry, "step"));
    }
    return SW_STEAL_PTR(list);
}
