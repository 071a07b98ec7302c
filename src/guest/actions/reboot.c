/* Reboot: an image that is not booted goes on with the next step as if it had been. */
#include "src/guest/exec.h"

#include <string.h>

int action_reboot(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_FREE char *delay = NULL;

    if (ctx->step->nr_items > 0 && sw_step_text(&ctx->scope, ctx->step, 0, "delaySeconds", &delay, err) < 0)
        return -1;
    if (delay != NULL && (delay[0] == '\0' || delay[strspn(delay, "0123456789")] != '\0'))
        return sw_fail(err, SW_GUEST, "input 'delaySeconds' must be a number from 0");
    ctx->doc->state->reboot_due = true;
    return 0;
}
