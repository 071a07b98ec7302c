/* The executor: the phases of one component, step by step, with attempts, time-outs and what a failure means. */
#include "src/guest/exec.h"

#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"

#include <string.h>

/* The service's words. */
static const char *const on_failure_names[] = {"Abort", "Continue", "Ignore"};
static const char *const result_names[] = {"success", "successWithIgnoredFailure", "failed"};

/* ---- The log of a step ------------------------------------------------------------------------------------- */

/* JSON as the text of a JSON string, as awstoe has it. */
static json_t *as_text(json_t *value)
{
    SW_AUTO_JSON json_t *owned = value;
    SW_AUTO_FREE char *text = owned != NULL ? json_dumps(owned, JSON_COMPACT) : NULL;

    return json_string(text != NULL ? text : "[]");
}

static const char *step_status(const struct step_ctx *ctx, bool failed)
{
    if (!failed)
        return "success";
    return ctx->step->on_failure == SW_ON_FAILURE_IGNORE ? "ignoredFailure" : "failed";
}

static json_t *describe_step(struct step_ctx *ctx, const char *began, const char *failure, json_t *outputs)
{
    const struct sw_step *step = ctx->step;
    struct sw_err ignored = {.code = SW_OK};
    json_t *inputs = step->disable_logging ? NULL : sw_step_inputs_json(&ctx->scope, step, &ignored);
    char now[SW_TIME_TEXT];

    sw_time_text(sw_now_ns(), now);
    return json_pack("{s:s, s:s, s:s, s:I, s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:n, s:n}", "name", step->name,
                     "status", step_status(ctx, failure != NULL), "failureMessage",
                     failure != NULL ? failure : "", "timeoutSeconds", (json_int_t)step->timeout_s,
                     "onFailure", on_failure_names[step->on_failure], "maxAttempts", (int)step->max_attempts,
                     "action", step->action->name, "startTime", began, "endTime", now, "inputs",
                     as_text(inputs), "outputs", as_text(step->disable_logging ? NULL : json_incref(outputs)),
                     "loop", "detailedOutput");
}

/* The block that the service prints for a failure, and the last of stderr for whoever sits before the terminal. */
static void explain_failure(const struct step_ctx *ctx, const char *failure)
{
    struct sw_runlog *log = ctx->exec->log;
    const struct sw_component *component = ctx->exec->use->component;
    size_t first = ctx->log.nr_tail > RUNLOG_TAIL_LINES ? ctx->log.nr_tail - RUNLOG_TAIL_LINES : 0;

    sw_runlog_line(log, "%s: FAILED EXECUTION", ctx->step->action->name);
    sw_runlog_line(log, "Document: %s", component->file);
    sw_runlog_line(log, "Phase: %s", ctx->phase->name);
    sw_runlog_line(log, "Step: %s", ctx->step->name);
    sw_runlog_line(log, "Action: %s", ctx->step->action->name);
    sw_runlog_line(log, "ErrorMessage: %s", failure);
    for (size_t i = first; i < ctx->log.nr_tail; i++)
        sw_log(SW_LOG_WARNING, "%s: %s: stderr: %s", component->name, ctx->step->name,
               ctx->log.tail[i % RUNLOG_TAIL_LINES]);
}

/* ---- Steps ------------------------------------------------------------------------------------------------- */

static int attempt(struct step_ctx *ctx, const struct action_row *row, unsigned number, struct sw_err *err)
{
    int64_t began = sw_monotonic_ns();
    int rc;

    ctx->captured.len = 0;
    ctx->overlong = false;
    ctx->exit_status = -1;
    sw_runlog_line(ctx->exec->log, "%s: STARTED EXECUTION", row->name);
    runlog_event(&ctx->log, "step-started", json_pack("{s:i}", "attempt", (int)number));
    rc = row->run(ctx, err);
    runlog_flush(&ctx->log);
    runlog_event(&ctx->log, "step-ended",
                 json_pack("{s:i, s:b, s:i, s:I}", "attempt", (int)number, "ok", rc == 0, "exitStatus",
                           ctx->exit_status, "durationMs",
                           (json_int_t)((sw_monotonic_ns() - began) / 1000000)));
    if (rc == 0)
        sw_runlog_line(ctx->exec->log, "%s: FINISHED EXECUTION", row->name);
    return rc;
}

/* Whether the step is to blame, and not the machinery beneath it. */
static bool is_step_failure(const struct sw_err *err)
{
    return err->code == SW_GUEST || err->code == SW_RECIPE;
}

static int try_step(struct step_ctx *ctx, struct sw_err *err)
{
    const struct action_row *row = action_find(ctx->step->action->name);
    int rc = -1;

    if (row == NULL)
        return sw_fail(err, SW_RECIPE, "the action %s is not known to the engine", ctx->step->action->name);
    for (unsigned i = 1; rc < 0 && i <= ctx->step->max_attempts; i++) {
        if (i > 1)
            sw_runlog_line(ctx->exec->log, "%s: attempt %u of %u", row->name, i, ctx->step->max_attempts);
        rc = attempt(ctx, row, i, err);
        if (rc < 0 && (ctx->final || !is_step_failure(err)))
            break;
    }
    return rc;
}

/* Adds the step to the phase's list. entry may be NULL. */
static int finish_step(struct step_ctx *ctx, const char *began, const char *failure, json_t *entry,
                       struct sw_err *err)
{
    SW_AUTO_JSON json_t *outputs = step_make_outputs(ctx, err);
    json_t *steps = json_object_get(entry, "steps");

    if (outputs == NULL || step_store_outputs(ctx, outputs, err) < 0)
        return -1;
    if (steps != NULL)
        return sw_json_append(steps, describe_step(ctx, began, failure, outputs), err);
    return 0;
}

/* 0; -1 with err as the step's failure, with the place in the log. */
static int run_step(struct step_ctx *ctx, json_t *entry, struct sw_err *err)
{
    struct sw_err later = {.code = SW_OK};
    char began[SW_TIME_TEXT];
    uint64_t line;
    int rc;

    sw_time_text(sw_now_ns(), began);
    sw_log(SW_LOG_DEBUG, "component '%s': %s: %s (%s)", ctx->exec->use->component->name, ctx->phase->name,
           ctx->step->name, ctx->step->action->name);
    rc = try_step(ctx, err);
    line = runlog_lines(ctx->exec->log);
    if (rc < 0)
        explain_failure(ctx, err->text);
    if (finish_step(ctx, began, rc < 0 ? err->text : NULL, entry, &later) < 0 && rc == 0) {
        *err = later;
        return -1;
    }
    if (rc == 0 || !is_step_failure(err))
        return rc;
    err->code = SW_GUEST;
    if (ctx->exec->log != NULL) {
        struct sw_err cause = *err;

        sw_fail(err, SW_GUEST, "%.700s (see %s:%llu)", cause.text, runlog_console_path(ctx->exec->log),
                (unsigned long long)line);
    }
    return sw_context(err, "step '%s'", ctx->step->name);
}

static void step_begin(struct step_ctx *ctx, const struct sw_exec *exec, const struct sw_phase *phase,
                       const struct sw_step *step)
{
    *ctx = (struct step_ctx){
        .exec = exec,
        .guest = exec->guest,
        .scope = {.use = exec->use, .output = step_find_output, .arg = (void *)(uintptr_t)exec},
        .phase = phase,
        .step = step,
        .log = {.log = exec->log,
                .component = exec->use->component->name,
                .phase = phase->name,
                .step = step->name,
                .action = step->action->name,
                .silent = step->disable_logging},
        .exit_status = -1,
    };
}

static void step_end(struct step_ctx *ctx)
{
    runlog_step_free(&ctx->log);
    sw_buf_free(&ctx->captured);
}

/* ---- Phases ------------------------------------------------------------------------------------------------ */

/* The first failure that counts is the phase's. Stops at Abort and when nothing more can be run. */
static int run_steps(const struct sw_exec *exec, const struct sw_phase *phase, json_t *entry,
                     enum sw_result *result, struct sw_err *err)
{
    for (size_t i = 0; i < phase->nr_steps; i++) {
        const struct sw_step *step = &phase->steps[i];
        struct sw_err failure = {.code = SW_OK};
        struct step_ctx ctx;
        int rc;

        step_begin(&ctx, exec, phase, step);
        rc = run_step(&ctx, entry, &failure);
        step_end(&ctx);
        if (rc == 0)
            continue;
        if (failure.code == SW_GUEST && step->on_failure == SW_ON_FAILURE_IGNORE) {
            if (*result == SW_RESULT_SUCCESS)
                *result = SW_RESULT_IGNORED;
            continue;
        }
        if (*result != SW_RESULT_FAILED)
            *err = failure;
        *result = SW_RESULT_FAILED;
        if (failure.code != SW_GUEST) {
            *err = failure;
            return -1;
        }
        if (step->on_failure == SW_ON_FAILURE_ABORT)
            return -1;
    }
    return *result == SW_RESULT_FAILED ? -1 : 0;
}

/* A phase's entry in the document's; borrowed, NULL when there is no log. */
static json_t *phase_entry(const struct sw_exec *exec, const struct sw_phase *phase)
{
    json_t *document = runlog_document(exec->log, exec->use->component);
    char now[SW_TIME_TEXT];
    json_t *entry;

    if (document == NULL)
        return NULL;
    sw_time_text(sw_now_ns(), now);
    entry = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[]}", "name", phase->name, "status", "", "startTime", now,
                      "endTime", "", "failureMessage", "", "steps");
    if (entry == NULL || json_array_append_new(json_object_get(document, "phases"), entry) < 0)
        return NULL;
    return entry;
}

static void end_entry(json_t *entry, enum sw_result result, const char *failure)
{
    char now[SW_TIME_TEXT];

    if (entry == NULL)
        return;
    sw_time_text(sw_now_ns(), now);
    json_object_set_new(entry, "endTime", json_string(now));
    json_object_set_new(entry, "status", json_string(result_names[result]));
    if (failure != NULL)
        json_object_set_new(entry, "failureMessage", json_string(failure));
}

/* A document is as bad as the worst of its phases. */
static void end_document(const struct sw_exec *exec, enum sw_result result, const char *failure)
{
    json_t *document = runlog_document(exec->log, exec->use->component);
    const char *before = sw_json_text(document, "status");

    for (int worse = SW_RESULT_FAILED; before != NULL && worse > (int)result; worse--)
        if (strcmp(before, result_names[worse]) == 0)
            result = (enum sw_result)worse;
    end_entry(document, result, failure);
}

/* Where steps run from; the default is there in any case. */
static int make_working_dir(const struct sw_exec *exec, struct sw_err *err)
{
    if (exec->working_dir == NULL || strcmp(exec->working_dir, "/tmp") == 0)
        return 0;
    if (exec->guest->ops->mkdir(exec->guest, exec->working_dir, 0755, true, err) < 0)
        return sw_context(err, "working directory");
    return 0;
}

static int run_phase(const struct sw_exec *exec, const struct sw_phase *phase, enum sw_result *result,
                     struct sw_err *err)
{
    json_t *entry = phase_entry(exec, phase);
    const char *component = exec->use->component->name;
    int rc;

    sw_log(SW_LOG_INFO, "component '%s': %s", component, phase->name);
    sw_runlog_line(exec->log, "Document %s: phase %s", component, phase->name);
    rc = run_steps(exec, phase, entry, result, err);
    end_entry(entry, *result, rc < 0 ? err->text : NULL);
    end_document(exec, *result, rc < 0 ? err->text : NULL);
    return rc < 0 ? sw_context(err, "component '%s': phase '%s'", component, phase->name) : 0;
}

int sw_exec_phase(const struct sw_exec *exec, enum sw_phase_kind phase, enum sw_result *result,
                  struct sw_err *err)
{
    const struct sw_component *component = exec->use->component;
    enum sw_result sum = SW_RESULT_SUCCESS;
    int rc = make_working_dir(exec, err);

    for (size_t i = 0; i < component->nr_phases && rc == 0; i++)
        if (component->phases[i].kind == phase)
            rc = run_phase(exec, &component->phases[i], &sum, err);
    if (result != NULL)
        *result = sum;
    return rc;
}
