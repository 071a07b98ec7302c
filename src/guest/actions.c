/* The actions that the engine can run, and what several of them need. */
#include "src/guest/actions/registry.h"
#include "src/guest/exec.h"
#include "src/guest/windows.h"

#include <errno.h>
#include <string.h>

static const struct action_row rows[] = {
    {"SetRegistry", action_set_registry},
    {"ExecutePowerShell", NULL},
    {"InstallMSI", NULL},
    {"UninstallMSI", NULL},
    {"ExecuteBash", action_execute_bash},
    {"ExecuteBinary", action_execute_binary},
    {"CreateFile", action_create_file},
    {"AppendFile", action_append_file},
    {"CopyFile", action_copy_file},
    {"DeleteFile", action_delete_file},
    {"CreateFolder", action_create_folder},
    {"DeleteFolder", action_delete_folder},
    {"CreateSymlink", action_create_symlink},
    {"SetFilePermissions", action_set_file_permissions},
    {"SetFileOwner", action_set_file_owner},
    {"ExecuteDocument", action_execute_document},
    {"Assert", action_assert},
    {"Reboot", action_reboot},
    {"WebDownload", action_web_download},
    {"S3Download", action_s3_download},
    {"S3Upload", action_s3_upload},
    {"CopyFolder", action_copy_folder},
    {"ListFiles", action_list_files},
    {"MoveFile", action_move_file},
    {"MoveFolder", action_move_folder},
    {"ReadFile", action_read_file},
    {"SetFileEncoding", action_set_file_encoding},
    {"SetFolderOwner", action_set_folder_owner},
    {"SetFolderPermissions", action_set_folder_permissions},
    {"UpdateOS", action_update_os},
};

const struct action_row *action_find(const char *name)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

int step_each(struct step_ctx *ctx, int (*one)(const struct step_ctx *, size_t, struct sw_err *),
              struct sw_err *err)
{
    int64_t left_ms;

    for (size_t i = 0; i < ctx->step->nr_items; i++)
        if (step_time_left(ctx, &left_ms, err) < 0 || one(ctx, i, err) < 0)
            return ctx->step->nr_items > 1 ? sw_context(err, "inputs[%zu]", i) : -1;
    return 0;
}

int step_each_output(struct step_ctx *ctx, int (*one)(const struct step_ctx *, size_t, struct sw_err *),
                     struct sw_err *err)
{
    json_decref(ctx->outputs);
    ctx->outputs = json_array();
    return step_each(ctx, one, err);
}

bool step_says(const struct step_ctx *ctx, size_t item, const char *name)
{
    return item < ctx->step->nr_items && !sw_node_is_null(sw_node_get(ctx->step->items[item], name));
}

/* "/tmp" is what a recipe has that says nothing, and that does not tell where it is for. */
const char *step_working_dir(const struct step_ctx *ctx)
{
    const char *dir = ctx->exec->working_dir != NULL ? ctx->exec->working_dir : "/tmp";

    return ctx->guest->platform == SW_WINDOWS && strcmp(dir, "/tmp") == 0 ? "C:/" : dir;
}

char *step_path(const struct step_ctx *ctx, size_t item, const char *name, struct sw_err *err)
{
    const char *base = step_working_dir(ctx);
    SW_AUTO_FREE char *text = NULL;

    if (sw_step_text(&ctx->scope, ctx->step, item, name, &text, err) < 0)
        return NULL;
    if (text == NULL || text[0] == '\0') {
        sw_fail(err, SW_GUEST, "input '%s' is empty", name);
        return NULL;
    }
    if (ctx->guest->platform == SW_WINDOWS)
        return windows_path(text, base, err);
    return text[0] == '/' ? SW_STEAL_PTR(text) : sw_strf(err, "%s/%s", base, text);
}

static int add_path(struct path_list *list, const char *dir, size_t dir_len, const char *name,
                    struct sw_err *err)
{
    char **grown = realloc(list->items, (list->n + 1) * sizeof(*grown));

    if (grown == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    list->items = grown;
    grown[list->n] = sw_strf(err, "%.*s/%s", (int)dir_len, dir, name);
    if (grown[list->n] == NULL)
        return -1;
    list->n++;
    return 0;
}

int step_find_stars(const char *path, bool *found, struct sw_err *err)
{
    const char *last = strrchr(path, '/');

    *found = strchr(last, '*') != NULL;
    if (memchr(path, '*', (size_t)(last - path)) != NULL)
        return sw_fail(err, SW_GUEST, "'%s': a star may only stand behind the last '/'", path);
    return 0;
}

int step_expand(const struct step_ctx *ctx, const char *path, unsigned kinds, struct path_list *out,
                struct sw_err *err)
{
    const char *last = strrchr(path, '/');
    size_t dir_len = (size_t)(last - path);
    SW_AUTO_FREE char *dir = NULL;
    struct sw_guest_names names = {.text = NULL};
    bool stars;
    int rc;

    if (step_find_stars(path, &stars, err) < 0)
        return -1;
    if (!stars)
        return add_path(out, path, dir_len, last + 1, err);
    dir = last == path ? sw_strdup("/", err) : sw_strf(err, "%.*s", (int)dir_len, path);
    rc = dir != NULL ? ctx->guest->ops->list(ctx->guest, dir, last + 1, kinds, &names, err) : -1;
    for (size_t at = 0; rc == 0 && at < names.len; at += strlen(names.text + at) + 1)
        rc = add_path(out, path, dir_len, names.text + at, err);
    free(names.text);
    if (rc == 0 && out->n == 0)
        return sw_fail(err, SW_GUEST, "no %s matches '%s'",
                       (kinds & SW_LIST_FOLDERS) != 0 ? "folder" : "file", path);
    return rc;
}

void path_list_free(struct path_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct path_list){.items = NULL};
}

int step_set_owner(const struct step_ctx *ctx, size_t item, const char *path, bool tree, struct sw_err *err)
{
    SW_AUTO_FREE char *owner = NULL;
    SW_AUTO_FREE char *group = NULL;

    if (sw_step_text(&ctx->scope, ctx->step, item, "owner", &owner, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "group", &group, err) < 0)
        return -1;
    if (owner == NULL && group == NULL)
        return 0;
    return ctx->guest->ops->chown(ctx->guest, path, owner, group, tree, err);
}

int step_set_owner_and_mode(const struct step_ctx *ctx, size_t item, const char *path, unsigned mode,
                            struct sw_err *err)
{
    if (step_set_owner(ctx, item, path, false, err) < 0)
        return -1;
    return (mode & 06000) != 0
               ? ctx->guest->ops->chmod(ctx->guest, path, mode & ~(unsigned)STEP_UMASK, false, err)
               : 0;
}

int step_say_exists(struct sw_err *err, const char *path, bool overwrite)
{
    if (err->sys == EEXIST && !overwrite)
        return sw_fail(err, SW_GUEST, "'%s' is there already, and overwrite is false", path);
    return -1;
}

int step_expect(const struct step_ctx *ctx, const char *path, enum sw_file_kind kind, struct sw_err *err)
{
    struct sw_guest_stat st;

    if (ctx->guest->ops->stat(ctx->guest, path, true, &st, err) < 0)
        return -1;
    if (st.kind == SW_FILE_NONE)
        return sw_fail(err, SW_GUEST, "'%s' does not exist", path);
    if (st.kind != kind)
        return sw_fail(err, SW_GUEST, "'%s' is %s", path, st.kind == SW_FILE_DIR ? "a folder" : "no folder");
    return 0;
}
