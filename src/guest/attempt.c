/* Attempts at a step: the turns of its loop, its time, and reboots that it asks for. */
#include "src/guest/exec.h"

#include "slipway/progress.h"
#include "src/base/clock.h"
#include "src/base/json.h"

#include <errno.h>

/* What an action does to files ends with its time, as a program does. */
static int perform_in_time(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err)
{
    struct sw_guest *guest = ctx->guest;
    struct sw_err late;
    int64_t left_ms;
    int rc;

    if (ctx->deadline_ns == 0)
        return step_perform(ctx, row, err);
    guest->deadline_ns = ctx->deadline_ns;
    rc = step_perform(ctx, row, err);
    guest->deadline_ns = 0;
    if (rc == 0 || err->sys != ETIMEDOUT)
        return rc;
    if (step_time_left(ctx, &left_ms, &late) < 0)
        sw_context(err, "%s", late.text);
    return -1;
}

/* One run of the action: it begins with nothing of the run before. */
static int run_once(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err)
{
    int64_t left_ms;
    int rc;

    ctx->captured.len = 0;
    json_decref(ctx->outputs);
    ctx->outputs = NULL;
    ctx->overlong = false;
    ctx->reboot = false;
    ctx->placed = false;
    ctx->exit_status = -1;
    if (step_time_left(ctx, &left_ms, err) < 0)
        return -1;
    rc = perform_in_time(ctx, row, err);
    runlog_flush(&ctx->log);
    ctx->guest = ctx->doc->state->guest;
    return rc;
}

/* A program that asks for a reboot is run again after it. */
static int run_again(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err)
{
    int rc = run_once(ctx, row, err);

    for (unsigned i = 0; rc < 0 && ctx->reboot; i++) {
        if (i == SW_REBOOTS_MAX)
            return sw_fail(err, SW_GUEST, "asks for a reboot (exit status %d) more than %d times",
                           ctx->exit_status, (int)SW_REBOOTS_MAX);
        if (exec_reboot(ctx->doc, err) < 0)
            return -1;
        ctx->guest = ctx->doc->state->guest;
        sw_runlog_line(ctx->exec->log, "%s: run again after a reboot", row->name);
        rc = run_once(ctx, row, err);
    }
    return rc;
}

static void log_turn(struct step_ctx *ctx)
{
    const char *value = ctx->log.silent ? "" : ctx->turn.value;

    sw_runlog_line(ctx->exec->log, "Loop: index %zu%s%s", ctx->turn.index, value[0] != '\0' ? ": " : "",
                   value);
    runlog_event(&ctx->log, "loop-turn", json_pack("{s:I}", "index", (json_int_t)ctx->turn.index));
}

static int run_turn(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err)
{
    SW_AUTO_JSON json_t *outputs = NULL;

    log_turn(ctx);
    if (sw_check_interrupt(err) < 0 || run_again(ctx, row, err) < 0)
        return -1;
    outputs = step_make_outputs(ctx, err);
    return outputs != NULL ? step_join_outputs(ctx, outputs, err) : -1;
}

/* The first turn that fails ends the loop. */
static int run_turns(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err)
{
    json_decref(ctx->turns);
    ctx->turns = NULL;
    ctx->turns_overlong = false;
    ctx->scope.turn = &ctx->turn;
    for (size_t i = 0; i < ctx->nr_values; i++) {
        ctx->turn = (struct sw_turn){ctx->step->loop->name, i, ctx->values[i]};
        if (run_turn(ctx, row, err) < 0)
            return sw_context(err, "loop index %zu", i);
    }
    if (ctx->nr_values == 0)
        sw_runlog_line(ctx->exec->log, "Loop: the list is empty: no turn");
    return 0;
}

static int attempt(struct step_ctx *ctx, const struct action_row *row, unsigned number, struct sw_err *err)
{
    int64_t began = sw_monotonic_ns(), limit_s = ctx->step->timeout_s;
    int rc;

    ctx->deadline_ns = limit_s > 0 ? began + limit_s * 1000000000 : 0;
    sw_runlog_line(ctx->exec->log, "%s: STARTED EXECUTION", row->name);
    runlog_event(&ctx->log, "step-started", json_pack("{s:i}", "attempt", (int)number));
    json_decref(ctx->nested);
    ctx->nested = NULL;
    rc = ctx->step->loop != NULL ? run_turns(ctx, row, err) : run_again(ctx, row, err);
    runlog_event(&ctx->log, "step-ended",
                 json_pack("{s:i, s:b, s:i, s:I}", "attempt", (int)number, "ok", rc == 0, "exitStatus",
                           ctx->exit_status, "durationMs",
                           (json_int_t)((sw_monotonic_ns() - began) / 1000000)));
    if (rc == 0)
        sw_runlog_line(ctx->exec->log, "%s: FINISHED EXECUTION", row->name);
    return rc;
}

int step_try(struct step_ctx *ctx, struct sw_err *err)
{
    const struct sw_step *step = ctx->step;
    const struct action_row *row = action_find(step->action->name);
    int rc = -1;

    if (row == NULL)
        return sw_fail(err, SW_RECIPE, "the action %s is not known to the engine", step->action->name);
    /* Once: a list that changes while the step runs is not read again. */
    if (step->loop != NULL && sw_loop_values(&ctx->scope, step->loop, &ctx->values, &ctx->nr_values, err) < 0)
        return -1;
    for (unsigned i = 1; rc < 0 && i <= step->max_attempts; i++) {
        if (i > 1)
            sw_runlog_line(ctx->exec->log, "%s: attempt %u of %u", row->name, i, step->max_attempts);
        rc = attempt(ctx, row, i, err);
        if (rc < 0 && err->code != SW_GUEST && err->code != SW_RECIPE)
            break;
    }
    return rc;
}
