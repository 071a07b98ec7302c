/* The executor: the phases of one component, step by step, with attempts, time-outs and what a failure means. */
#include "src/guest/exec.h"

#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/guest/windows.h"

#include <errno.h>
#include <string.h>

static const char *const result_names[] = {"success", "successWithIgnoredFailure", "failed"};

const char *exec_result_name(enum sw_result result)
{
    return result_names[result];
}

/* ---- Steps ------------------------------------------------------------------------------------------------- */

/* Whether the step is to blame, and not the machinery beneath it. */
static bool is_step_failure(const struct sw_err *err)
{
    return err->code == SW_GUEST || err->code == SW_RECIPE;
}

/* What `if` makes of the step, which is asked once. */
static int decide(struct step_ctx *ctx, enum sw_branch *branch, struct sw_err *err)
{
    const struct sw_step *step = ctx->step;
    bool holds = true;
    int may_ask;

    *branch = SW_BRANCH_EXECUTE;
    if (step->condition == NULL)
        return 0;
    may_ask = step_may_ask(ctx, err);
    if (may_ask <= 0)
        return may_ask;
    if (step_holds(ctx, step->condition, &holds, err) < 0)
        return sw_context(err, "if");
    *branch = holds ? step->then : step->otherwise;
    sw_runlog_line(ctx->exec->log, "%s: the condition is %s: %s", step->name, holds ? "true" : "false",
                   *branch == SW_BRANCH_EXECUTE ? "execute"
                   : *branch == SW_BRANCH_SKIP  ? "skip"
                                                : "abort");
    return 0;
}

/* Runs what is to be run. */
static int do_step(struct step_ctx *ctx, bool *skipped, struct sw_err *err)
{
    enum sw_branch branch;

    *skipped = false;
    if (ctx->doc->state->reboot_due) {
        if (exec_reboot(ctx->doc, err) < 0)
            return -1;
        ctx->guest = ctx->doc->state->guest;
    }
    if (decide(ctx, &branch, err) < 0)
        return -1;
    *skipped = branch == SW_BRANCH_SKIP;
    if (branch == SW_BRANCH_ABORT)
        return sw_fail(err, SW_GUEST, "aborted by its condition");
    if (branch == SW_BRANCH_SKIP)
        return 0;
    ctx->doc->executed++;
    return step_try(ctx, err);
}

static json_t *make_outputs(struct step_ctx *ctx, bool skipped, struct sw_err *err)
{
    if (skipped)
        return step_empty_outputs(ctx->step, err);
    if (ctx->step->loop == NULL)
        return step_make_outputs(ctx, err);
    return ctx->turns != NULL && !ctx->turns_overlong ? json_incref(ctx->turns) : json_array();
}

/* Adds the step to the phase's list. entry may be NULL. */
static int finish_step(struct step_ctx *ctx, const char *began, enum step_status status, const char *failure,
                       json_t *entry, struct sw_err *err)
{
    SW_AUTO_JSON json_t *outputs = make_outputs(ctx, status == STEP_SKIPPED, err);
    json_t *steps = json_object_get(entry, "steps");

    if (outputs == NULL || step_store_outputs(ctx, outputs, err) < 0)
        return -1;
    if (steps != NULL)
        return sw_json_append(steps, step_describe(ctx, began, status, failure, outputs), err);
    return 0;
}

static enum step_status count(struct step_ctx *ctx, int rc, bool skipped)
{
    if (rc == 0)
        return skipped || ctx->left_out ? STEP_SKIPPED : ctx->deferred ? STEP_DEFERRED : STEP_SUCCESS;
    if (ctx->step->on_failure == SW_ON_FAILURE_IGNORE) {
        ctx->doc->ignored++;
        return STEP_IGNORED;
    }
    ctx->doc->failed++;
    return STEP_FAILED;
}

/*
 * What a step says of its failure may quote a document that is sealed, or inputs that are to be in no log: how its program, or the
 * machinery, ended does not.
 */
static void withhold(const struct step_ctx *ctx, struct sw_err *err)
{
    if ((!ctx->doc->sealed && !ctx->log.silent) || ctx->placed || err->code == SW_FAILED ||
        err->code == SW_INTERRUPTED)
        return;
    if (ctx->exit_status > 0 && !ctx->doc->sealed)
        return; /* its words are of this program */
    if (ctx->exit_status > 0)
        sw_fail(err, err->code, "exit status %d", ctx->exit_status);
    else if (err->sys == ETIMEDOUT)
        sw_fail(err, err->code, "it timed out");
    else
        sw_fail(err, err->code, "it failed (%s: its words are not shown)",
                ctx->doc->sealed ? "the document is sealed" : "disableLogging");
}

/* 0; -1 with err as the step's failure, with the place in the log. */
static int run_step(struct step_ctx *ctx, json_t *entry, struct sw_err *err)
{
    struct sw_err later = {.code = SW_OK};
    enum step_status status;
    char began[SW_TIME_TEXT];
    uint64_t line;
    bool skipped;
    int rc;

    sw_time_text(sw_now_ns(), began);
    sw_log(SW_LOG_DEBUG, "component '%s': %s: %s (%s)", ctx->exec->use->component->name, ctx->phase->name,
           ctx->step->name, ctx->step->action->name);
    rc = do_step(ctx, &skipped, err);
    line = runlog_lines(ctx->exec->log);
    if (rc < 0) {
        withhold(ctx, err);
        sw_mask_err(runlog_mask(ctx->exec->log), err);
    }
    if (rc < 0 && !ctx->placed)
        step_explain(ctx, err->text, line);
    status = count(ctx, rc, skipped);
    if (finish_step(ctx, began, status, rc < 0 ? err->text : NULL, entry, &later) < 0 && rc == 0) {
        *err = later;
        return -1;
    }
    if (rc == 0 || !is_step_failure(err))
        return rc;
    err->code = SW_GUEST;
    if (ctx->exec->log != NULL && !ctx->placed) {
        struct sw_err cause = *err;

        sw_fail(err, SW_GUEST, "%.700s (see %s:%llu)", cause.text, runlog_console_path(ctx->exec->log),
                (unsigned long long)line);
    }
    return sw_context(err, "step '%s'", ctx->step->name);
}

static void step_begin(struct step_ctx *ctx, struct exec_doc *doc, const struct sw_phase *phase,
                       const struct sw_step *step)
{
    const struct sw_exec *exec = doc->exec;

    *ctx = (struct step_ctx){
        .doc = doc,
        .exec = exec,
        .guest = doc->state->guest,
        .scope = {.use = exec->use, .output = step_find_output, .arg = (void *)(uintptr_t)exec},
        .phase = phase,
        .step = step,
        .log = {.log = exec->log,
                .component = exec->use->component->name,
                .phase = phase->name,
                .step = step->name,
                .action = step->action->name,
                .silent = step->disable_logging || doc->silent || doc->sealed},
        .exit_status = -1,
    };
}

static void step_end(struct step_ctx *ctx)
{
    runlog_step_free(&ctx->log);
    sw_buf_free(&ctx->captured);
    json_decref(ctx->outputs);
    json_decref(ctx->turns);
    json_decref(ctx->nested);
    sw_texts_free(ctx->values);
}

/* ---- Phases ------------------------------------------------------------------------------------------------ */

/* The first failure that counts is the phase's. Stops at Abort and when nothing more can be run. */
static int run_steps(struct exec_doc *doc, const struct sw_phase *phase, json_t *entry,
                     enum sw_result *result, struct sw_err *err)
{
    for (size_t i = 0; i < phase->nr_steps; i++) {
        const struct sw_step *step = &phase->steps[i];
        struct sw_err failure = {.code = SW_OK};
        struct step_ctx ctx;
        int rc;

        step_begin(&ctx, doc, phase, step);
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
static json_t *phase_entry(const struct exec_doc *doc, const struct sw_phase *phase)
{
    char now[SW_TIME_TEXT];
    json_t *entry;

    if (doc->entry == NULL)
        return NULL;
    sw_time_text(sw_now_ns(), now);
    entry = json_pack("{s:s, s:s, s:s, s:s, s:s, s:[]}", "name", phase->name, "status", "", "startTime", now,
                      "endTime", "", "failureMessage", "", "steps");
    if (entry == NULL || json_array_append_new(json_object_get(doc->entry, "phases"), entry) < 0)
        return NULL;
    return entry;
}

void exec_end_entry(json_t *entry, enum sw_result result, const char *failure)
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
static void end_document(const struct exec_doc *doc, enum sw_result result, const char *failure)
{
    const char *before = sw_json_text(doc->entry, "status");

    for (int worse = SW_RESULT_FAILED; before != NULL && worse > (int)result; worse--)
        if (strcmp(before, result_names[worse]) == 0)
            result = (enum sw_result)worse;
    exec_end_entry(doc->entry, result, failure);
}

/* Where steps run from; the default is there in any case. */
static int make_working_dir(const struct sw_exec *exec, struct sw_guest *guest, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = NULL;

    if (exec->working_dir == NULL || strcmp(exec->working_dir, "/tmp") == 0)
        return 0;
    dir = guest->platform == SW_WINDOWS ? windows_path(exec->working_dir, "C:/", err)
                                        : sw_strdup(exec->working_dir, err);
    if (dir == NULL || guest->ops->mkdir(guest, dir, 0755, true, err) < 0)
        return sw_context(err, "working directory");
    return 0;
}

int exec_reboot(struct exec_doc *doc, struct sw_err *err)
{
    const struct sw_exec *exec = doc->exec;

    doc->state->reboot_due = false;
    sw_runlog_line(exec->log, "A reboot was asked for: everything that runs ends, /tmp and /run are fresh");
    if (exec->reboot == NULL)
        return 0;
    if (exec->reboot(exec->reboot_arg, &doc->state->guest, err) < 0)
        return sw_context(err, "reboot");
    return make_working_dir(exec, doc->state->guest, err);
}

static int run_phase(struct exec_doc *doc, const struct sw_phase *phase, enum sw_result *result,
                     struct sw_err *err)
{
    const char *component = doc->exec->use->component->name;
    json_t *entry;
    struct runlog_step log = {.log = doc->exec->log, .component = component, .phase = phase->name};
    int rc;

    if (doc->caller == NULL)
        doc->entry = runlog_document(doc->exec->log, doc->exec->use->component);
    entry = phase_entry(doc, phase);
    sw_log(SW_LOG_INFO, "component '%s': %s", component, phase->name);
    sw_runlog_line(doc->exec->log, "Document %s: phase %s", component, phase->name);
    runlog_event(&log, "phase-started", NULL);
    rc = run_steps(doc, phase, entry, result, err);
    runlog_event(&log, "phase-ended", json_pack("{s:s}", "status", result_names[*result]));
    exec_end_entry(entry, *result, rc < 0 ? err->text : NULL);
    end_document(doc, *result, rc < 0 ? err->text : NULL);
    return rc < 0 ? sw_context(err, "component '%s': phase '%s'", component, phase->name) : 0;
}

int exec_phases(struct exec_doc *doc, bool (*wanted)(const void *arg, const struct sw_phase *),
                const void *arg, enum sw_result *result, struct sw_err *err)
{
    const struct sw_component *component = doc->exec->use->component;

    *result = SW_RESULT_SUCCESS;
    for (size_t i = 0; i < component->nr_phases; i++)
        if (wanted(arg, &component->phases[i]) && run_phase(doc, &component->phases[i], result, err) < 0)
            return -1;
    return 0;
}

static bool is_of_kind(const void *arg, const struct sw_phase *phase)
{
    return phase->kind == *(const enum sw_phase_kind *)arg;
}

int sw_exec_phase(const struct sw_exec *exec, enum sw_phase_kind phase, enum sw_result *result,
                  struct sw_err *err)
{
    struct exec_state state = {.guest = exec->guest};
    struct exec_doc doc = {.exec = exec, .state = &state, .sealed = exec->use->component->sealed != NULL};
    enum sw_result sum = SW_RESULT_SUCCESS;
    int rc = make_working_dir(exec, exec->guest, err);

    if (rc == 0)
        rc = exec_phases(&doc, is_of_kind, &phase, &sum, err);
    if (result != NULL)
        *result = sum;
    return rc;
}
