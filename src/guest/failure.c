/* What is said of a step that failed: in the console, in the events, and to whoever sits before the terminal. */
#include "src/guest/exec.h"

#include "src/base/json.h"
#include "src/base/log.h"

#include <string.h>

/* The newest lines of stderr, oldest first. */
static size_t tail_begin(const struct runlog_step *step)
{
    return step->nr_tail > RUNLOG_TAIL_LINES ? step->nr_tail - RUNLOG_TAIL_LINES : 0;
}

static const char *tail_line(const struct runlog_step *step, size_t i)
{
    return step->tail[i % RUNLOG_TAIL_LINES];
}

/* The block that the service prints, and the exit status with it. */
static void tell_console(const struct step_ctx *ctx, const char *failure)
{
    struct sw_runlog *log = ctx->exec->log;

    sw_runlog_line(log, "%s: FAILED EXECUTION", ctx->step->action->name);
    sw_runlog_line(log, "Document: %s", ctx->exec->use->component->file);
    if (ctx->exec->use->reference != NULL && strncmp(ctx->exec->use->reference, "arn:", 4) == 0)
        sw_runlog_line(log, "ComponentArn: %s", ctx->exec->use->reference);
    sw_runlog_line(log, "Phase: %s", ctx->phase->name);
    sw_runlog_line(log, "Step: %s", ctx->step->name);
    sw_runlog_line(log, "Action: %s", ctx->step->action->name);
    sw_runlog_line(log, "ErrorMessage: %s", failure);
    if (ctx->exit_status >= 0)
        sw_runlog_line(log, "ExitCode: %d", ctx->exit_status);
}

static void tell_events(struct step_ctx *ctx, const char *failure, uint64_t line)
{
    SW_AUTO_JSON json_t *stderr_lines = json_array();

    for (size_t i = tail_begin(&ctx->log); i < ctx->log.nr_tail; i++)
        json_array_append_new(stderr_lines, json_string(tail_line(&ctx->log, i)));
    runlog_event(&ctx->log, "step-failed",
                 json_pack("{s:s, s:s, s:i, s:O, s:s*, s:I}", "document", ctx->exec->use->component->file,
                           "errorMessage", failure, "exitStatus", ctx->exit_status, "stderr", stderr_lines,
                           "log", runlog_console_path(ctx->exec->log), "line", (json_int_t)line));
}

static void tell_terminal(const struct step_ctx *ctx, const char *failure, uint64_t line)
{
    const char *console = runlog_console_path(ctx->exec->log);

    sw_log(SW_LOG_WARNING, "document '%s': phase '%s': step '%s' (%s): %s%s", ctx->exec->use->component->file,
           ctx->phase->name, ctx->step->name, ctx->step->action->name, failure,
           ctx->step->on_failure == SW_ON_FAILURE_IGNORE ? " (ignored)" : "");
    for (size_t i = tail_begin(&ctx->log); i < ctx->log.nr_tail; i++)
        sw_log(SW_LOG_WARNING, "  stderr: %s", tail_line(&ctx->log, i));
    if (ctx->no_start)
        sw_log(
            SW_LOG_WARNING,
            "  nothing starts services here: 'serviceStarts: skip' in the recipe, or --service-starts skip, "
            "leaves that out");
    if (console != NULL)
        sw_log(SW_LOG_WARNING, "  the full log: %s:%llu", console, (unsigned long long)line);
}

void step_explain(struct step_ctx *ctx, const char *failure, uint64_t line)
{
    tell_console(ctx, failure);
    tell_events(ctx, failure, line);
    tell_terminal(ctx, failure, line);
}
