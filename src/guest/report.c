/* What the run log keeps of a step: its entry in detailedoutput.json. */
#include "src/guest/exec.h"

#include "src/base/clock.h"
#include "src/base/json.h"

#include <string.h>

/* The service's words. */
static const char *const on_failure_names[] = {"Abort", "Continue", "Ignore"};
static const char *const status_names[] = {"success", "skipped", "deferred", "failed", "ignoredFailure"};

/* JSON as the text of a JSON string, as awstoe has it. */
static json_t *as_text(json_t *value)
{
    SW_AUTO_JSON json_t *owned = value;
    SW_AUTO_FREE char *text = owned != NULL ? json_dumps(owned, JSON_COMPACT) : NULL;

    return json_string(text != NULL ? text : "[]");
}

/* Counts are numbers in the log, and texts for whoever refers to them. */
static json_t *with_numbers(const json_t *outputs)
{
    json_t *copy = json_deep_copy(outputs), *item, *value;
    const char *name;
    size_t i;

    json_array_foreach (copy, i, item) {
        json_object_foreach (item, name, value) {
            const char *text = json_string_value(value);
            size_t len = strlen(name);

            if (len > 5 && strcmp(name + len - 5, "Count") == 0 && text[0] != '\0' &&
                text[strspn(text, "0123456789")] == '\0')
                json_object_set_new(item, name, json_integer(strtoll(text, NULL, 10)));
        }
    }
    return copy;
}

/* The loop as it was run: its name, and the range or the values. */
static json_t *describe_loop(const struct step_ctx *ctx)
{
    const struct sw_loop *loop = ctx->step->loop;
    json_t *values;

    if (loop == NULL)
        return json_null();
    if (loop->kind == SW_LOOP_FOR)
        return json_pack("{s:s, s:{s:I, s:I, s:I}}", "name", loop->name != NULL ? loop->name : "", "for",
                         "start", (json_int_t)loop->start, "end", (json_int_t)loop->end, "updateBy",
                         (json_int_t)loop->update_by);
    values = json_array();
    for (size_t i = 0; i < ctx->nr_values && !ctx->log.silent; i++) {
        json_t *value = json_string(ctx->values[i]);

        json_array_append_new(values, value != NULL ? value : json_string("(not UTF-8)"));
    }
    return json_pack("{s:s, s:o}", "name", loop->name != NULL ? loop->name : "", "forEach", values);
}

json_t *step_describe(struct step_ctx *ctx, const char *began, enum step_status status, const char *failure,
                      const json_t *outputs)
{
    const struct sw_step *step = ctx->step;
    struct sw_err ignored = {.code = SW_OK};
    json_t *inputs;
    char now[SW_TIME_TEXT];

    ctx->scope.turn = NULL;
    inputs = ctx->log.silent ? NULL : sw_step_inputs_json(&ctx->scope, step, &ignored);
    sw_time_text(sw_now_ns(), now);
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:O}", "name", step->name,
                     "status", status_names[status], "failureMessage", failure != NULL ? failure : "",
                     "timeoutSeconds", (json_int_t)step->timeout_s, "onFailure",
                     on_failure_names[step->on_failure], "maxAttempts", (int)step->max_attempts, "action",
                     step->action->name, "startTime", began, "endTime", now, "inputs", as_text(inputs),
                     "outputs", as_text(ctx->log.silent ? NULL : with_numbers(outputs)), "loop",
                     describe_loop(ctx), "detailedOutput", ctx->nested != NULL ? ctx->nested : json_null());
}
