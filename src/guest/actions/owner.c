/* SetFilePermissions, SetFolderPermissions, SetFileOwner, SetFolderOwner. */
#include "src/guest/exec.h"

static int set_permissions(const struct step_ctx *ctx, size_t item, const char *path, bool tree,
                           struct sw_err *err)
{
    unsigned mode;

    if (sw_step_octal(&ctx->scope, ctx->step, item, "permissions", &mode, err) < 0)
        return -1;
    return ctx->guest->ops->chmod(ctx->guest, path, mode, tree, err);
}

/* The path, which must be of that kind. Free it. */
static char *path_of(const struct step_ctx *ctx, size_t item, enum sw_file_kind kind, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);

    return path != NULL && step_expect(ctx, path, kind, err) == 0 ? SW_STEAL_PTR(path) : NULL;
}

static int set_file_permissions(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = path_of(ctx, item, SW_FILE_REGULAR, err);

    return path != NULL ? set_permissions(ctx, item, path, false, err) : -1;
}

static int set_file_owner(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = path_of(ctx, item, SW_FILE_REGULAR, err);

    return path != NULL ? step_set_owner(ctx, item, path, false, err) : -1;
}

static int set_folder_permissions(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = path_of(ctx, item, SW_FILE_DIR, err);
    bool tree;

    if (path == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "recursive", &tree, err) < 0)
        return -1;
    return set_permissions(ctx, item, path, tree, err);
}

static int set_folder_owner(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = path_of(ctx, item, SW_FILE_DIR, err);
    bool tree;

    if (path == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "recursive", &tree, err) < 0)
        return -1;
    return step_set_owner(ctx, item, path, tree, err);
}

int action_set_file_permissions(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_file_permissions, err);
}

int action_set_file_owner(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_file_owner, err);
}

int action_set_folder_permissions(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_folder_permissions, err);
}

int action_set_folder_owner(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_folder_owner, err);
}
