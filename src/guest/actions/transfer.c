/* WebDownload, S3Download: files that were fetched before, put to where the step wants them. */
#include "src/guest/exec.h"

#include "src/base/digest.h"
#include "src/base/json.h"

#include <string.h>

enum { NEW_FILE_MODE = 0666 };

/* ---- One file ----------------------------------------------------------------------------------------------- */

/* An input that is read in order, hashed on the way. */
struct hashed_in {
    struct sw_in base;
    struct sw_in *from;
    struct sw_digest *digest;
};

static int hashed_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct hashed_in *self = (struct hashed_in *)in;

    if (sw_in_read(self->from, buf, len, off, err) < 0)
        return -1;
    return sw_digest_update(self->digest, buf, len, err);
}

static void hashed_close(struct sw_in *in)
{
    struct hashed_in *self = (struct hashed_in *)in;

    sw_in_close(self->from);
    sw_digest_free(self->digest);
}

static const struct sw_in_ops hashed_ops = {.pread = hashed_pread, .close = hashed_close};

static int hashed_open(const char *path, struct hashed_in *out, struct sw_err *err)
{
    *out = (struct hashed_in){.base = {.ops = &hashed_ops, .fd = -1}};
    if (sw_in_open_file(path, &out->from, err) < 0)
        return -1;
    out->base.name = out->from->name;
    out->base.size_bytes = out->from->size_bytes;
    out->digest = sw_digest_new(err);
    if (out->digest != NULL)
        return 0;
    hashed_close(&out->base);
    return -1;
}

static int expect_digest(struct sw_digest *digest, const char *wanted, bool *same, struct sw_err *err)
{
    uint8_t bytes[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (sw_digest_final(digest, bytes, err) < 0)
        return -1;
    sw_hex(bytes, sizeof(bytes), hex);
    *same = strcmp(hex, wanted) == 0;
    return 0;
}

static int put_bytes(const struct step_ctx *ctx, const struct sw_remote_file *file, const char *target,
                     bool overwrite, struct sw_err *err)
{
    struct hashed_in in;
    bool same = false;
    int rc;

    if (hashed_open(file->path, &in, err) < 0)
        return -1;
    rc = ctx->guest->ops->put_from(ctx->guest, target, &in.base,
                                   NEW_FILE_MODE | SW_PUT_PARENTS | (overwrite ? SW_PUT_OVERWRITE : 0u), err);
    if (rc == 0)
        rc = expect_digest(in.digest, file->sha256, &same, err);
    if (rc == 0 && !same)
        rc = sw_fail(err, SW_INTEGRITY, "'%s' is not what it was when the build began: its SHA-256 differs",
                     file->path);
    hashed_close(&in.base);
    return rc;
}

static int hash_piece(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    return sw_digest_update(arg, bytes, len, err);
}

/* Does the guest have these bytes there already? */
static int is_there(const struct step_ctx *ctx, const struct sw_remote_file *file, const char *target,
                    bool *same, struct sw_err *err)
{
    SW_AUTO_DIGEST struct sw_digest *digest = sw_digest_new(err);

    if (digest == NULL || ctx->guest->ops->get_to(ctx->guest, target, hash_piece, digest, err) < 0)
        return -1;
    return expect_digest(digest, file->sha256, same, err);
}

/* keep: a file that has these bytes already is left alone. */
static int put_file(const struct step_ctx *ctx, const struct sw_remote_file *file, const char *target,
                    bool overwrite, bool keep, struct sw_err *err)
{
    struct sw_guest_stat there;
    bool same = false;

    if (ctx->guest->ops->stat(ctx->guest, target, true, &there, err) < 0)
        return -1;
    if (there.kind == SW_FILE_DIR)
        return sw_fail(err, SW_GUEST, "'%s' is a folder: a destination that is one ends with '/'", target);
    if (there.kind != SW_FILE_NONE && !overwrite)
        return sw_fail(err, SW_GUEST, "'%s' is there already, and overwrite is false", target);
    if (keep && there.kind == SW_FILE_REGULAR && there.size_bytes == file->size_bytes &&
        is_there(ctx, file, target, &same, err) < 0)
        return -1;
    return same ? 0 : put_bytes(ctx, file, target, overwrite, err);
}

/* ---- Items -------------------------------------------------------------------------------------------------- */

/* An item's texts; they belong to it. */
struct download {
    struct sw_remote source;
    char *uri, *owner, *checksum, *algorithm, *destination;
    bool overwrite;
};

static void download_free(struct download *d)
{
    free(d->uri);
    free(d->owner);
    free(d->checksum);
    free(d->algorithm);
    free(d->destination);
}

static int read_download(const struct step_ctx *ctx, size_t item, struct download *d, struct sw_err *err)
{
    *d = (struct download){.overwrite = true};
    d->destination = step_path(ctx, item, "destination", err);
    if (d->destination == NULL || sw_step_text(&ctx->scope, ctx->step, item, "source", &d->uri, err) < 0 ||
        sw_step_bool(&ctx->scope, ctx->step, item, "overwrite", &d->overwrite, err) < 0)
        return -1;
    d->source.uri = d->uri;
    d->source.sealed = ctx->doc->sealed;
    return 0;
}

static int read_web_download(const struct step_ctx *ctx, size_t item, struct download *d, struct sw_err *err)
{
    if (read_download(ctx, item, d, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "checksum", &d->checksum, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "algorithm", &d->algorithm, err) < 0 ||
        sw_step_bool(&ctx->scope, ctx->step, item, "ignoreCertificateErrors", &d->source.insecure, err) < 0)
        return -1;
    d->source.checksum = d->checksum;
    d->source.algorithm = d->algorithm;
    return 0;
}

static int read_s3_download(const struct step_ctx *ctx, size_t item, struct download *d, struct sw_err *err)
{
    if (read_download(ctx, item, d, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "expectedBucketOwner", &d->owner, err) < 0)
        return -1;
    d->source.owner = d->owner;
    return 0;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* Where one of a source's files goes. Free it. */
static char *target_of(const struct download *d, const struct sw_remote_file *file, struct sw_err *err)
{
    bool inside = ends_with(d->destination, "/"), many = ends_with(d->uri, "/*");

    if (!inside && !many)
        return sw_strdup(d->destination, err);
    if (file->name != NULL)
        return sw_strf(err, "%s%s%s", d->destination, inside ? "" : "/", file->name);
    sw_fail(err, SW_GUEST, "'%s' names no file: the destination has to", d->uri);
    return NULL;
}

/* Puts all files of an item; written gets a line for each. */
static int put_files(const struct step_ctx *ctx, const struct download *d, struct sw_buf *written,
                     struct sw_err *err)
{
    const struct sw_remote_file *files = NULL;
    bool keep = d->checksum != NULL && d->algorithm != NULL;
    size_t n = 0;

    if (ctx->exec->transfers == NULL)
        return sw_fail(err, SW_OFFLINE, "'%s' was not fetched", d->uri);
    if (ctx->exec->transfers->find(ctx->exec->transfers, &d->source, &files, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        SW_AUTO_FREE char *target = target_of(d, &files[i], err);
        int64_t left_ms;

        if (target == NULL || step_time_left(ctx, &left_ms, err) < 0 ||
            put_file(ctx, &files[i], target, d->overwrite, keep, err) < 0)
            return -1;
        step_note(ctx, "%s: %s -> %s (SHA-256 %s)", ctx->step->action->name, d->uri, target, files[i].sha256);
        if (sw_buf_printf(written, err, "%s%s", written->len > 0 ? "\n" : "", target) < 0)
            return -1;
    }
    return 0;
}

typedef int read_fn(const struct step_ctx *ctx, size_t item, struct download *d, struct sw_err *err);

static int download(const struct step_ctx *ctx, size_t item, read_fn *read, struct sw_buf *written,
                    struct sw_err *err)
{
    struct download d;
    int rc = read(ctx, item, &d, err);

    if (rc == 0)
        rc = put_files(ctx, &d, written, err);
    download_free(&d);
    return rc < 0 && ctx->step->nr_items > 1 ? sw_context(err, "inputs[%zu]", item) : rc;
}

static int download_all(const struct step_ctx *ctx, read_fn *read, struct sw_buf *written, struct sw_err *err)
{
    for (size_t i = 0; i < ctx->step->nr_items; i++)
        if (download(ctx, i, read, written, err) < 0)
            return -1;
    return 0;
}

int action_web_download(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf written = {0};

    if (download_all(ctx, read_web_download, &written, err) < 0)
        return -1;
    ctx->outputs = json_array();
    return sw_json_append(ctx->outputs,
                          json_pack("{s:s}", "destination", written.data != NULL ? written.data : ""), err);
}

int action_s3_download(struct step_ctx *ctx, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf written = {0};

    return download_all(ctx, read_s3_download, &written, err);
}
