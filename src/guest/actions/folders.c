/* CreateFolder, DeleteFolder. */
#include "src/guest/exec.h"

enum { UMASK = 022 };

static int create_folder(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    const struct sw_guest_ops *ops = ctx->guest->ops;
    struct sw_guest_stat before;
    bool overwrite;
    unsigned mode;

    if (path == NULL || sw_step_octal(&ctx->scope, ctx->step, item, "permissions", &mode, err) < 0 ||
        sw_step_bool(&ctx->scope, ctx->step, item, "overwrite", &overwrite, err) < 0 ||
        ops->stat(ctx->guest, path, true, &before, err) < 0)
        return -1;
    if (before.kind == SW_FILE_DIR && !overwrite)
        return sw_fail(err, SW_GUEST, "the folder '%s' is there already, and overwrite is false", path);
    if (ops->mkdir(ctx->guest, path, mode, true, err) < 0)
        return -1;
    /* What is in a folder that was there stays; its mode changes only when the step says one. */
    if (before.kind == SW_FILE_DIR && step_says(ctx, item, "permissions") &&
        ops->chmod(ctx->guest, path, mode & ~(unsigned)UMASK, err) < 0)
        return -1;
    return step_set_owner(ctx, item, path, err);
}

static int delete_folder(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    bool force;

    if (path == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "force", &force, err) < 0)
        return -1;
    return ctx->guest->ops->remove(ctx->guest, path, force ? SW_REMOVE_TREE : SW_REMOVE_DIR, err);
}

int action_create_folder(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, create_folder, err);
}

int action_delete_folder(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, delete_folder, err);
}
