/* CreateFile, AppendFile, ReadFile, SetFileEncoding, DeleteFile. */
#include "src/base/json.h"
#include "src/guest/encoding.h"
#include "src/guest/exec.h"

#include <errno.h>
#include <string.h>

/* What a file may hold whose encoding is changed. */
#define ENCODED_MAX_BYTES ((size_t)64 << 20)

/* The content in its encoding. */
static int read_content(const struct step_ctx *ctx, size_t item, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_FREE char *content = NULL;
    SW_AUTO_FREE char *encoding = NULL;

    if (sw_step_text(&ctx->scope, ctx->step, item, "content", &content, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "encoding", &encoding, err) < 0)
        return -1;
    const struct sw_buf text = {.data = content, .len = content != NULL ? strlen(content) : 0};
    if (encoding_write(out, &text, encoding != NULL ? encoding : "utf8", err) < 0)
        return sw_context(err, "the content");
    return 0;
}

static int create_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_BUF struct sw_buf content = {0};
    unsigned mode, how = SW_PUT_PARENTS;
    bool overwrite;

    if (path == NULL || read_content(ctx, item, &content, err) < 0 ||
        sw_step_octal(&ctx->scope, ctx->step, item, "permissions", &mode, err) < 0 ||
        sw_step_bool(&ctx->scope, ctx->step, item, "overwrite", &overwrite, err) < 0)
        return -1;
    if (overwrite)
        how |= SW_PUT_OVERWRITE;
    /* A file that was there keeps its mode, unless the step says another. */
    if (step_says(ctx, item, "permissions"))
        how |= SW_PUT_MODE;
    if (ctx->guest->ops->put(ctx->guest, path, content.data, content.len, mode | how, err) < 0)
        return step_say_exists(err, path, overwrite);
    return step_set_owner_and_mode(ctx, item, path, mode, err);
}

static int append_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_BUF struct sw_buf content = {0};

    if (path == NULL || read_content(ctx, item, &content, err) < 0)
        return -1;
    if (ctx->guest->ops->put(ctx->guest, path, content.data, content.len, SW_PUT_APPEND, err) == 0)
        return 0;
    return err->sys == ENOENT ? sw_fail(err, SW_GUEST, "'%s' does not exist", path) : -1;
}

/* A file's text as UTF-8. */
static int get_text(const struct step_ctx *ctx, size_t item, const char *path, struct sw_buf *out,
                    struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf bytes = {0};
    SW_AUTO_FREE char *encoding = NULL;

    if (sw_step_text(&ctx->scope, ctx->step, item, "encoding", &encoding, err) < 0 ||
        ctx->guest->ops->get(ctx->guest, path, SW_EXPAND_MAX_BYTES, &bytes.data, &bytes.len, err) < 0)
        return -1;
    if (encoding_read(out, &bytes, encoding != NULL ? encoding : "utf8", err) < 0)
        return sw_context(err, "'%s'", path);
    return 0;
}

static int read_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_BUF struct sw_buf text = {0};

    if (path == NULL || get_text(ctx, item, path, &text, err) < 0)
        return -1;
    return step_add_output(ctx, "content", &text, err);
}

/* The contents that the step wants to be seen, as lines of its output. */
static int print_contents(struct step_ctx *ctx, struct sw_err *err)
{
    for (size_t i = 0; i < json_array_size(ctx->outputs); i++) {
        const char *text = sw_json_text(json_array_get(ctx->outputs, i), "content");
        bool print;

        if (sw_step_bool(&ctx->scope, ctx->step, i, "printFileContent", &print, err) < 0)
            return -1;
        if (!print || text == NULL)
            continue;
        runlog_output(&ctx->log, SW_STREAM_STDOUT, text, strlen(text));
        runlog_flush(&ctx->log);
    }
    return 0;
}

static int set_encoding(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    SW_AUTO_FREE char *encoding = NULL;
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_BUF struct sw_buf encoded = {0};
    const struct sw_guest_ops *ops = ctx->guest->ops;

    if (path == NULL || sw_step_text(&ctx->scope, ctx->step, item, "encoding", &encoding, err) < 0 ||
        ops->get(ctx->guest, path, ENCODED_MAX_BYTES, &text.data, &text.len, err) < 0)
        return -1;
    if (encoding_write(&encoded, &text, encoding != NULL ? encoding : "utf8", err) < 0)
        return sw_context(err, "'%s'", path);
    if (encoded.len == text.len && memcmp(encoded.data, text.data, text.len) == 0)
        return 0;
    return ops->put(ctx->guest, path, encoded.data, encoded.len, SW_PUT_OVERWRITE, err);
}

static int delete_file(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    SW_AUTO_FREE char *path = step_path(ctx, item, "path", err);
    bool stars;

    if (path == NULL || step_find_stars(path, &stars, err) < 0)
        return -1;
    return ctx->guest->ops->remove(ctx->guest, path, stars ? SW_REMOVE_MATCHES : SW_REMOVE_FILE, err);
}

int action_create_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, create_file, err);
}

int action_append_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, append_file, err);
}

int action_read_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each_output(ctx, read_file, err) < 0 ? -1 : print_contents(ctx, err);
}

int action_set_file_encoding(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, set_encoding, err);
}

int action_delete_file(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, delete_file, err);
}
