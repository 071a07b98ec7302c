/* SetFilePermissions, SetFileOwner. */
#include "src/guest/exec.h"

static int set_permissions(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    unsigned mode;

    if (path == NULL || sw_step_octal(&ctx->scope, ctx->step, item, "permissions", &mode, err) < 0 ||
        step_expect(ctx, path, SW_FILE_REGULAR, err) < 0)
        return -1;
    return ctx->guest->ops->chmod(ctx->guest, path, mode, err);
}

static int set_owner(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);

    if (path == NULL || step_expect(ctx, path, SW_FILE_REGULAR, err) < 0)
        return -1;
    return step_set_owner(ctx, item, path, err);
}

int action_set_file_permissions(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_permissions, err);
}

int action_set_file_owner(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_owner, err);
}
