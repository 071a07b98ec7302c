/* CreateSymlink. */
#include "src/guest/exec.h"

static int create_symlink(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_FREE char *target = path != NULL ? step_path(ctx, item, "target", err) : NULL;
    const struct sw_guest_ops *ops = ctx->guest->ops;
    struct sw_guest_stat there, aim;
    bool force;

    if (target == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "force", &force, err) < 0 ||
        ops->stat(ctx->guest, target, true, &aim, err) < 0 ||
        ops->stat(ctx->guest, path, false, &there, err) < 0)
        return -1;
    if (aim.kind == SW_FILE_NONE)
        return sw_fail(err, SW_GUEST, "the target '%s' does not exist", target);
    if (there.kind != SW_FILE_NONE && there.kind != SW_FILE_LINK)
        return sw_fail(err, SW_GUEST, "'%s' is there already and is no link", path);
    if (there.kind == SW_FILE_LINK && !force)
        return sw_fail(err, SW_GUEST, "the link '%s' is there already, and force is false", path);
    if (there.kind == SW_FILE_LINK && ops->remove(ctx->guest, path, SW_REMOVE_FILE, err) < 0)
        return -1;
    return ops->symlink(ctx->guest, target, path, err);
}

int action_create_symlink(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, create_symlink, err);
}
