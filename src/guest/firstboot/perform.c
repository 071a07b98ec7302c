/* Whether a step is done now or waits for the first boot. */
#include "src/guest/firstboot/firstboot.h"

#include "src/base/log.h"

#include <string.h>

/* What a validate phase leaves is thrown away, and so would be what it puts into the queue. */
static int leave_out(struct step_ctx *ctx)
{
    ctx->left_out = true;
    sw_runlog_line(ctx->exec->log, "%s: not run: it needs a booted Windows", ctx->step->action->name);
    sw_log(SW_LOG_WARNING, "component '%s': %s: step '%s' is not run: it needs a booted Windows",
           ctx->exec->use->component->name, ctx->phase->name, ctx->step->name);
    return 0;
}

enum fate { NOW, LATER, NEVER, REFUSED };

static int find_fate(const struct step_ctx *ctx, unsigned *waiting, enum fate *fate, struct sw_err *err)
{
    enum sw_first_boot when = ctx->step->action->first_boot;

    *fate = NOW;
    *waiting = 0;
    if (ctx->guest->platform != SW_WINDOWS || when == SW_BOOT_ITS_STEPS)
        return 0;
    if (firstboot_waiting(ctx->guest, waiting, err) < 0)
        return -1;
    if (ctx->phase->kind == SW_PHASE_VALIDATE &&
        (*waiting > 0 || when == SW_BOOT_WAITS || sw_step_stands_behind(ctx->phase, ctx->step)))
        *fate = NEVER;
    else if (when == SW_BOOT_WAITS || (when == SW_BOOT_FOLLOWS && *waiting > 0 && !ctx->exec->beside_queue))
        *fate = LATER;
    else if (when == SW_BOOT_OFFLINE && *waiting > 0 && !ctx->exec->beside_queue)
        *fate = REFUSED;
    return 0;
}

static int refuse(const char *what, struct sw_err *err)
{
    return sw_fail(
        err, SW_RECIPE,
        "%s stands behind a step that waits for Windows' first boot, and cannot wait itself: move it "
        "before",
        what);
}

static int unfit(const struct step_ctx *ctx, struct sw_err *err)
{
    return sw_fail(err, SW_RECIPE, "%s does not run on %s", ctx->step->action->name,
                   sw_platform_name(ctx->guest->platform));
}

int step_perform(struct step_ctx *ctx, const struct action_row *row, struct sw_err *err)
{
    unsigned platform = ctx->guest->platform == SW_WINDOWS ? SW_WINDOWS : SW_LINUX, waiting;
    enum fate fate;

    if ((ctx->step->action->platforms & platform) == 0)
        return unfit(ctx, err);
    if (find_fate(ctx, &waiting, &fate, err) < 0)
        return -1;
    if (fate == NEVER)
        return leave_out(ctx);
    if (fate == LATER)
        return firstboot_queue(ctx, waiting, err);
    if (fate == REFUSED)
        return refuse(row->name, err);
    return row->run != NULL ? row->run(ctx, err) : unfit(ctx, err);
}

/* True when it looks into the image, or at what a step left. */
static bool asks_the_image(const struct sw_condition *condition)
{
    const struct sw_node *texts[] = {condition->operand, condition->second};

    for (size_t i = 0; i < condition->nr_parts; i++)
        if (asks_the_image(&condition->parts[i]))
            return true;
    for (size_t i = 0; i < SW_ARRAY_LEN(texts); i++)
        if (texts[i] != NULL && texts[i]->text != NULL && strstr(texts[i]->text, ".outputs") != NULL)
            return true;
    return condition->op >= SW_OP_BINARY_EXISTS;
}

int step_may_ask(struct step_ctx *ctx, struct sw_err *err)
{
    unsigned waiting;
    enum fate fate;

    if (find_fate(ctx, &waiting, &fate, err) < 0)
        return -1;
    if (fate == NEVER)
        return 0;
    return waiting > 0 && !ctx->exec->beside_queue && asks_the_image(ctx->step->condition)
               ? refuse("its condition", err)
               : 1;
}
