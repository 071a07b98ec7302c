/* CopyFile, CopyFolder, MoveFile, MoveFolder. */
#include "src/guest/exec.h"

#include <string.h>

/* What is carried, and how. */
struct carriage {
    bool folders, move;
};

static const struct carriage copy_files = {.folders = false, .move = false};
static const struct carriage copy_folders = {.folders = true, .move = false};
static const struct carriage move_files = {.folders = false, .move = true};
static const struct carriage move_folders = {.folders = true, .move = true};

static unsigned listed_kinds(const struct carriage *what)
{
    if (what->folders)
        return SW_LIST_FOLDERS;
    return what->move ? SW_LIST_FILES | SW_LIST_LINKS : SW_LIST_FILES;
}

/* "/a/b//" names what "/a/b" does. */
static void drop_slashes(char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
}

/*
 * Whether the destination is the folder to put things into: by its last slash or, for a file, because a folder is there. To
 * a folder it is the new name, and one that is there takes in what the other holds.
 */
static int goes_inside(const struct step_ctx *ctx, const struct carriage *what, const char *to, bool *inside,
                       struct sw_err *err)
{
    struct sw_guest_stat st;

    *inside = to[strlen(to) - 1] == '/';
    if (*inside || what->folders)
        return 0;
    if (ctx->guest->ops->stat(ctx->guest, to, true, &st, err) < 0)
        return -1;
    *inside = st.kind == SW_FILE_DIR;
    return 0;
}

static unsigned how_to_carry(const struct carriage *what, bool overwrite)
{
    return SW_PUT_PARENTS | (overwrite ? SW_PUT_OVERWRITE : 0u) | (what->folders ? SW_PUT_TREE : 0u) |
           (what->move ? SW_PUT_MOVE : 0u);
}

static int carry_one(const struct step_ctx *ctx, const struct carriage *what, const char *from,
                     const char *to, bool overwrite, struct sw_err *err)
{
    const struct sw_guest_ops *ops = ctx->guest->ops;
    unsigned how = how_to_carry(what, overwrite);

    if ((what->move ? ops->move : ops->copy)(ctx->guest, from, to, how, err) == 0)
        return 0;
    return step_say_exists(err, to, overwrite);
}

/* All that a star stands for at once: a request for each would take longer than most copies. */
static int carry_many(const struct step_ctx *ctx, const struct carriage *what, const struct path_list *list,
                      const char *to, bool overwrite, struct sw_err *err)
{
    const char *last = strrchr(list->items[0], '/');
    SW_AUTO_FREE const char **names = sw_calloc(list->n, sizeof(*names), err);
    SW_AUTO_FREE char *from = sw_strf(err, "%.*s", (int)(last - list->items[0]), list->items[0]);
    struct sw_guest_carry carry = {
        .from = from, .to = to, .names = names, .n = list->n, .how = how_to_carry(what, overwrite)};
    SW_AUTO_FREE char *target = NULL;
    size_t failed;

    if (names == NULL || from == NULL)
        return -1;
    if (from[0] == '\0')
        carry.from = "/";
    for (size_t i = 0; i < list->n; i++)
        names[i] = strrchr(list->items[i], '/') + 1;
    if (ctx->guest->ops->carry(ctx->guest, &carry, &failed, err) == 0)
        return 0;
    target = sw_strf(err, "%s/%s", to, failed < list->n ? names[failed] : "");
    return target != NULL ? step_say_exists(err, target, overwrite) : -1;
}

static int carry_listed(const struct step_ctx *ctx, const struct carriage *what, const struct path_list *list,
                        char *to, bool overwrite, struct sw_err *err)
{
    SW_AUTO_FREE char *target = NULL;
    bool inside;

    if (goes_inside(ctx, what, to, &inside, err) < 0)
        return -1;
    if (list->n > 1 && !inside)
        return sw_fail(err, SW_GUEST, "%zu %s match, and the destination '%s' is no folder (end it with '/')",
                       list->n, what->folders ? "folders" : "files", to);
    drop_slashes(to);
    if (list->n > 1)
        return carry_many(ctx, what, list, to, overwrite, err);
    target = inside ? sw_strf(err, "%s/%s", to, strrchr(list->items[0], '/') + 1) : sw_strdup(to, err);
    return target != NULL ? carry_one(ctx, what, list->items[0], target, overwrite, err) : -1;
}

static int carry(const struct step_ctx *ctx, size_t item, const struct carriage *what, struct sw_err *err)
{
    SW_AUTO_FREE char *from = step_path(ctx, item, "source", err);
    SW_AUTO_FREE char *to = from != NULL ? step_path(ctx, item, "destination", err) : NULL;
    struct path_list list = {.items = NULL};
    bool overwrite;
    int rc = -1;

    if (to == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "overwrite", &overwrite, err) < 0)
        return -1;
    if (what->folders)
        drop_slashes(from);
    if (step_expand(ctx, from, listed_kinds(what), &list, err) == 0)
        rc = carry_listed(ctx, what, &list, to, overwrite, err);
    path_list_free(&list);
    return rc;
}

static int copy_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    return carry(ctx, item, &copy_files, err);
}

static int copy_folder(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    return carry(ctx, item, &copy_folders, err);
}

static int move_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    return carry(ctx, item, &move_files, err);
}

static int move_folder(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    return carry(ctx, item, &move_folders, err);
}

int action_copy_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, copy_file, err);
}

int action_copy_folder(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, copy_folder, err);
}

int action_move_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, move_file, err);
}

int action_move_folder(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, move_folder, err);
}
