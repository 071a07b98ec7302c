/* CreateFolder, DeleteFolder, ListFiles. */
#include "src/guest/exec.h"

#include <string.h>

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
    if (before.kind == SW_FILE_DIR)
        step_note(ctx, "CreateFolder: '%s' is there already, and what is in it stays", path);
    if (before.kind == SW_FILE_DIR && step_says(ctx, item, "permissions") &&
        ops->chmod(ctx->guest, path, mode & ~(unsigned)STEP_UMASK, false, err) < 0)
        return -1;
    return step_set_owner_and_mode(ctx, item, path, mode, err);
}

static int delete_folder(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    bool force;

    if (path == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "force", &force, err) < 0)
        return -1;
    return ctx->guest->ops->remove(ctx->guest, path, force ? SW_REMOVE_TREE : SW_REMOVE_DIR, err);
}

/* Names beneath dir as one text with commas between them. */
static int join(const char *dir, const struct sw_guest_names *names, struct sw_buf *out, struct sw_err *err)
{
    size_t dir_len = strlen(dir);

    while (dir_len > 0 && dir[dir_len - 1] == '/')
        dir_len--;
    for (size_t at = 0; at < names->len; at += strlen(names->text + at) + 1)
        if (sw_buf_append(out, ",", at > 0, err) < 0 || sw_buf_append(out, dir, dir_len, err) < 0 ||
            sw_buf_append(out, "/", 1, err) < 0 || sw_buf_puts(out, names->text + at, err) < 0)
            return -1;
    return 0;
}

static int list_files(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_FREE char *pattern = NULL;
    SW_AUTO_BUF struct sw_buf files = {0};
    struct sw_guest_names names = {.text = NULL};
    bool recursive;
    int rc;

    if (path == NULL || sw_step_text(&ctx->scope, ctx->step, item, "fileNamePattern", &pattern, err) < 0 ||
        sw_step_bool(&ctx->scope, ctx->step, item, "recursive", &recursive, err) < 0 ||
        ctx->guest->ops->list(ctx->guest, path, pattern != NULL && pattern[0] != '\0' ? pattern : "*",
                              SW_LIST_FILES | (recursive ? SW_LIST_TREE : 0u), &names, err) < 0)
        return -1;
    rc = join(path, &names, &files, err);
    free(names.text);
    return rc < 0 ? -1 : step_add_output(ctx, "files", &files, err);
}

int action_create_folder(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, create_folder, err);
}

int action_delete_folder(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, delete_folder, err);
}

int action_list_files(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each_output(ctx, list_files, err);
}
