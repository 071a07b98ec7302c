/* S3Upload: files of the guest go to where the build says the bucket's objects are kept. */
#include "src/guest/exec.h"

#include <string.h>

enum { OBJECTS_MAX = 100000 };

/* One item. */
struct upload {
    const struct step_ctx *ctx;
    char *source, *destination;
    bool recurse;
    size_t nr_objects;
};

/* Something whose name a guest chose becomes part of a key. */
static char *child(const char *parent, const char *name, struct sw_err *err)
{
    return sw_strf(err, "%s%s%s", parent, parent[strlen(parent) - 1] == '/' ? "" : "/", name);
}

static int write_piece(void *arg, const void *bytes, size_t len, struct sw_err *err)
{
    return sw_out_write(arg, bytes, len, err);
}

static int upload_file(struct upload *u, const char *path, const char *uri, struct sw_err *err)
{
    struct sw_transfers *transfers = u->ctx->exec->transfers;
    struct sw_guest *guest = u->ctx->guest;
    struct sw_out *out = NULL;
    int64_t left_ms;
    int rc;

    if (++u->nr_objects > OBJECTS_MAX)
        return sw_fail(err, SW_GUEST, "more than %d files to upload", (int)OBJECTS_MAX);
    if (transfers == NULL)
        return sw_fail(err, SW_OFFLINE, "'%s' has nowhere to go", uri);
    if (step_time_left(u->ctx, &left_ms, err) < 0)
        return -1;
    if (transfers->deposit(transfers, uri, &out, err) < 0)
        /* A path of this machine has words of the step in it. */
        return u->ctx->doc->sealed ? sw_fail(err, err->code, "there is no place for what it uploads") : -1;
    rc = guest->ops->get_to(guest, path, write_piece, out, err);
    if (rc == 0)
        rc = sw_out_commit(out, err);
    sw_out_close(out);
    if (rc == 0)
        step_note(u->ctx, "S3Upload: %s -> %s", path, uri);
    return rc;
}

/* What matches in a folder, with recurse also beneath it. Links count as the files that they lead to; folders are none. */
static int upload_listed(struct upload *u, const char *dir, const char *pattern, struct sw_err *err)
{
    const unsigned what = SW_LIST_FILES | (u->recurse ? (unsigned)SW_LIST_TREE : 0);
    struct sw_guest *guest = u->ctx->guest;
    struct sw_guest_names names = {.text = NULL};
    SW_AUTO_FREE char *text = NULL;

    if (guest->ops->list(guest, dir, pattern, what, &names, err) < 0)
        return -1;
    text = names.text;
    for (size_t at = 0; at < names.len; at += strlen(text + at) + 1) {
        SW_AUTO_FREE char *path = child(dir, text + at, err);
        SW_AUTO_FREE char *key = path != NULL ? child(u->destination, text + at, err) : NULL;
        struct sw_guest_stat st;

        if (key == NULL || guest->ops->stat(guest, path, true, &st, err) < 0 ||
            (st.kind == SW_FILE_REGULAR && upload_file(u, path, key, err) < 0))
            return -1;
    }
    return 0;
}

/* A source with a star behind its last slash. */
static int upload_matching(struct upload *u, const char *last, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_strf(err, "%.*s", (int)(last > u->source ? last - u->source : 1), u->source);

    if (dir == NULL || upload_listed(u, dir, last + 1, err) < 0)
        return -1;
    return u->nr_objects > 0 ? 0 : sw_fail(err, SW_GUEST, "no file matches '%s'", u->source);
}

static int upload_named(struct upload *u, bool folder_wanted, struct sw_err *err)
{
    struct sw_guest *guest = u->ctx->guest;
    SW_AUTO_FREE char *inside = NULL;
    struct sw_guest_stat st;

    if (guest->ops->stat(guest, u->source, true, &st, err) < 0)
        return -1;
    if (st.kind == SW_FILE_NONE)
        return sw_fail(err, SW_GUEST, "'%s' does not exist", u->source);
    if (st.kind == SW_FILE_DIR && !u->recurse)
        return sw_fail(err, SW_GUEST, "'%s' is a folder, and recurse is false", u->source);
    if (st.kind == SW_FILE_DIR)
        return upload_listed(u, u->source, "*", err);
    if (st.kind != SW_FILE_REGULAR)
        return sw_fail(err, SW_GUEST, "'%s' is no file", u->source);
    if (!folder_wanted)
        return upload_file(u, u->source, u->destination, err);
    inside = child(u->destination, strrchr(u->source, '/') + 1, err);
    return inside != NULL ? upload_file(u, u->source, inside, err) : -1;
}

/* Takes "/" and a star off the end; true when the destination is a prefix for sure: it ended so, or has no key. */
static bool trim_destination(char *uri)
{
    size_t len = strlen(uri), before = len, least = strlen("s3://");

    if (len > 2 && strcmp(uri + len - 2, "/*") == 0)
        len--;
    while (len > least && uri[len - 1] == '/')
        len--;
    uri[len] = '\0';
    return len < before || strchr(uri + (len < least ? len : least), '/') == NULL;
}

static int upload_item(struct upload *u, struct sw_err *err)
{
    const char *last = strrchr(u->source, '/');
    bool folder_wanted = trim_destination(u->destination);
    size_t len = strlen(u->source);

    if (memchr(u->source, '*', (size_t)(last - u->source)) != NULL)
        return sw_fail(err, SW_GUEST, "'%s': a star may only stand behind the last '/'", u->source);
    if (strchr(last, '*') != NULL)
        return upload_matching(u, last, err);
    while (len > 1 && u->source[len - 1] == '/')
        u->source[--len] = '\0';
    return upload_named(u, folder_wanted, err);
}

static int upload(const struct step_ctx *ctx, size_t item, struct sw_err *err)
{
    struct upload u = {.ctx = ctx, .source = step_path(ctx, item, "source", err)};
    int rc = u.source != NULL ? 0 : -1;

    if (rc == 0)
        rc = sw_step_text(&ctx->scope, ctx->step, item, "destination", &u.destination, err);
    if (rc == 0)
        rc = sw_step_bool(&ctx->scope, ctx->step, item, "recurse", &u.recurse, err);
    if (rc == 0)
        rc = upload_item(&u, err);
    free(u.source);
    free(u.destination);
    return rc;
}

int action_s3_upload(struct step_ctx *ctx, struct sw_err *err)
{
    return step_each(ctx, upload, err);
}
