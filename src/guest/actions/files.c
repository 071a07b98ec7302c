/* CreateFile, AppendFile, CopyFile, DeleteFile. */
#include "src/guest/exec.h"

#include <iconv.h>
#include <string.h>
#include <strings.h>

enum { UMASK = 022 };

/* The encodings by their names without hyphens; 16 and 32 alone are little endian. */
static const char *iconv_name(const char *encoding)
{
    static const char *const names[][2] = {
        {"utf8", "UTF-8"},     {"utf16", "UTF-16LE"},   {"utf16le", "UTF-16LE"}, {"utf16be", "UTF-16BE"},
        {"utf32", "UTF-32LE"}, {"utf32le", "UTF-32LE"}, {"utf32be", "UTF-32BE"},
    };
    char plain[16];
    size_t n = 0;

    for (const char *at = encoding; *at != '\0' && n + 1 < sizeof(plain); at++)
        if (*at != '-')
            plain[n++] = *at;
    plain[n] = '\0';
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++)
        if (strcasecmp(plain, names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

static int convert(const char *text, const char *encoding, struct sw_buf *out, struct sw_err *err)
{
    const char *to = iconv_name(encoding);
    size_t left = strlen(text), room = left * 4;
    char *from = (char *)(uintptr_t)text, *at;
    iconv_t cd;
    size_t rc;

    if (to == NULL)
        return sw_fail(err, SW_GUEST, "'%s' is no encoding", encoding);
    if (strcmp(to, "UTF-8") == 0)
        return sw_buf_append(out, text, left, err);
    if (sw_buf_reserve(out, room, err) < 0)
        return -1;
    cd = iconv_open(to, "UTF-8");
    if (cd == (iconv_t)-1)
        return sw_fail_errno(err, "cannot convert to %s", to);
    at = out->data;
    rc = iconv(cd, &from, &left, &at, &room);
    iconv_close(cd);
    out->len = (size_t)(at - out->data);
    return rc == (size_t)-1 ? sw_fail(err, SW_GUEST, "the content is no text that %s could hold", to) : 0;
}

/* The content in its encoding. */
static int read_content(const struct step_ctx *ctx, size_t item, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_FREE char *content = NULL;
    SW_AUTO_FREE char *encoding = NULL;

    if (sw_step_text(&ctx->scope, ctx->step, item, "content", &content, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "encoding", &encoding, err) < 0)
        return -1;
    return convert(content != NULL ? content : "", encoding != NULL ? encoding : "utf8", out, err);
}

static int create_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_BUF struct sw_buf content = {0};
    const struct sw_guest_ops *ops = ctx->guest->ops;
    struct sw_guest_stat before;
    bool overwrite;
    unsigned mode;

    if (path == NULL || read_content(ctx, item, &content, err) < 0 ||
        sw_step_octal(&ctx->scope, ctx->step, item, "permissions", &mode, err) < 0 ||
        sw_step_bool(&ctx->scope, ctx->step, item, "overwrite", &overwrite, err) < 0 ||
        ops->stat(ctx->guest, path, true, &before, err) < 0)
        return -1;
    if (before.kind != SW_FILE_NONE && !overwrite)
        return sw_fail(err, SW_GUEST, "'%s' is there already, and overwrite is false", path);
    if (ops->put(ctx->guest, path, content.data, content.len,
                 mode | SW_PUT_PARENTS | (overwrite ? SW_PUT_OVERWRITE : 0u), err) < 0)
        return -1;
    /* A file that was there keeps its mode, unless the step says another. */
    if (before.kind != SW_FILE_NONE && step_says(ctx, item, "permissions") &&
        ops->chmod(ctx->guest, path, mode & ~(unsigned)UMASK, err) < 0)
        return -1;
    return step_set_owner(ctx, item, path, err);
}

static int append_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_BUF struct sw_buf content = {0};

    if (path == NULL || read_content(ctx, item, &content, err) < 0 ||
        step_expect(ctx, path, SW_FILE_REGULAR, err) < 0)
        return -1;
    return ctx->guest->ops->put(ctx->guest, path, content.data, content.len, SW_PUT_APPEND, err);
}

/* Whether a destination names a folder: by its last slash, or because it is one. */
static int is_folder(const struct step_ctx *ctx, const char *path, bool *folder, struct sw_err *err)
{
    struct sw_guest_stat st;

    *folder = path[strlen(path) - 1] == '/';
    if (*folder)
        return 0;
    if (ctx->guest->ops->stat(ctx->guest, path, true, &st, err) < 0)
        return -1;
    *folder = st.kind == SW_FILE_DIR;
    return 0;
}

static int copy_one(const struct step_ctx *ctx, const char *from, const char *to, bool into, bool overwrite,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *inside = into ? sw_strf(err, "%s/%s", to, strrchr(from, '/') + 1) : NULL;
    const char *target = into ? inside : to;

    if (target == NULL || step_expect(ctx, from, SW_FILE_REGULAR, err) < 0)
        return -1;
    return ctx->guest->ops->copy(ctx->guest, from, target,
                                 SW_PUT_PARENTS | (overwrite ? SW_PUT_OVERWRITE : 0u), err);
}

static int copy_listed(const struct step_ctx *ctx, const struct path_list *files, const char *to,
                       bool overwrite, struct sw_err *err)
{
    bool into;

    if (is_folder(ctx, to, &into, err) < 0)
        return -1;
    if (files->n > 1 && !into)
        return sw_fail(err, SW_GUEST,
                       "%zu files match, and the destination '%s' is no folder (end it with '/')", files->n,
                       to);
    for (size_t i = 0; i < files->n; i++)
        if (copy_one(ctx, files->items[i], to, into, overwrite, err) < 0)
            return -1;
    return 0;
}

static int copy_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *from = step_path(ctx, item, "source", err);
    SW_AUTO_FREE char *to = from != NULL ? step_path(ctx, item, "destination", err) : NULL;
    struct path_list files = {.items = NULL};
    bool overwrite;
    int rc = -1;

    if (to == NULL || sw_step_bool(&ctx->scope, ctx->step, item, "overwrite", &overwrite, err) < 0)
        return -1;
    if (step_expand(ctx, from, &files, err) == 0)
        rc = copy_listed(ctx, &files, to, overwrite, err);
    path_list_free(&files);
    return rc;
}

static int delete_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    struct path_list files = {.items = NULL};
    int rc = path != NULL ? step_expand(ctx, path, &files, err) : -1;

    for (size_t i = 0; rc == 0 && i < files.n; i++)
        rc = ctx->guest->ops->remove(ctx->guest, files.items[i], SW_REMOVE_FILE, err);
    path_list_free(&files);
    return rc;
}

int action_create_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, create_file, err);
}

int action_append_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, append_file, err);
}

int action_copy_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, copy_file, err);
}

int action_delete_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, delete_file, err);
}
