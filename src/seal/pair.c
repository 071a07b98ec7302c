/* A sealed file and its sidecar replaced together, with what undoes it written first. */
#include "src/seal/pair.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDECAR_MAX = SEAL_HEADER_MAX + 4096 };

struct seal_pair {
    char *path, *sidecar, *before;
    int lock; /* of before; -1 while it is not held */
};

static void unlock(struct seal_pair *pair)
{
    if (pair->lock >= 0)
        close(SW_STEAL_FD(pair->lock));
}

void seal_pair_free(struct seal_pair *pair)
{
    if (pair == NULL)
        return;
    unlock(pair);
    free(pair->path);
    free(pair->sidecar);
    free(pair->before);
    free(pair);
}

SW_DEFINE_AUTO(seal_pair, struct seal_pair, seal_pair_free)
#define AUTO_PAIR SW_CLEANUP(seal_pair_auto)

static struct seal_pair *name_pair(const char *path, struct sw_err *err)
{
    AUTO_PAIR struct seal_pair *pair = sw_calloc(1, sizeof(*pair), err);

    if (pair == NULL)
        return NULL;
    pair->lock = -1;
    pair->path = sw_strdup(path, err);
    pair->sidecar = sw_seal_sidecar_path(path, err);
    pair->before = pair->sidecar != NULL ? sw_partial_path(pair->sidecar, "before", err) : NULL;
    return pair->path != NULL && pair->before != NULL ? SW_STEAL_PTR(pair) : NULL;
}

static bool header_of(const char *path, struct seal_header *header)
{
    struct sw_err why = {.code = SW_OK};
    struct sw_in *in = NULL;
    bool is = sw_in_open_file(path, &in, &why) == 0 && seal_header_read(header, in, &why) == 0;

    sw_in_close(in);
    return is;
}

int sw_seal_spare_sidecar(const char *path, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};

    if (sw_path_exists(path) && header_of(path, &header) && seal_sidecar_id(&header) != NULL)
        return sw_fail(
            err, SW_USAGE,
            "'%s' holds the key of a sealed file (artifact %s), which nobody could open without it: "
            "take another name or move it",
            path, seal_sidecar_id(&header));
    return 0;
}

/* True when the message at path asks for the key that this sidecar carries. */
static bool wants(const char *path, const struct seal_header *sidecar)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};
    const char *id = seal_sidecar_id(sidecar);

    return id != NULL && header_of(path, &header) && seal_wants_artifact(&header, id);
}

static int check_replaced(const struct seal_pair *pair, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header header = {.bytes = NULL};

    if (!sw_path_exists(pair->sidecar) || (header_of(pair->sidecar, &header) && wants(pair->path, &header)))
        return 0;
    if (seal_sidecar_id(&header) != NULL)
        return sw_fail(err, SW_USAGE,
                       "'%s' holds the key of another file than the '%s' that is to be replaced (artifact "
                       "%s), which nobody could open without it: take another name or move it",
                       pair->sidecar, pair->path, seal_sidecar_id(&header));
    return sw_fail(err, SW_USAGE,
                   "'%s' would be the sidecar, and is there already as something else: take another name or "
                   "move it",
                   pair->sidecar);
}

static int lock(struct seal_pair *pair, struct sw_err *err)
{
    for (;;) {
        SW_AUTO_CLOSE int fd = sw_lock_file(pair->before, false, err);

        if (fd < 0 && err->sys == EWOULDBLOCK)
            return sw_fail(err, SW_REFUSED, "'%s' is being written by another process", pair->path);
        if (fd < 0)
            return -1;
        if (sw_fd_has_name(fd, pair->before)) {
            pair->lock = SW_STEAL_FD(fd);
            return 0;
        }
    }
}

static int sync_dir(const struct seal_pair *pair, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_dir(pair->path, err);

    return dir != NULL ? sw_fsync_dir(dir, err) : -1;
}

static int drop(const char *path, struct sw_err *err)
{
    return unlink(path) == 0 ? 0 : sw_fail_errno(err, "cannot remove '%s'", path);
}

static int put_back(const struct seal_pair *pair, struct sw_err *err)
{
    if (rename(pair->before, pair->sidecar) < 0)
        return sw_fail_errno(err, "cannot rename '%s' to '%s'", pair->before, pair->sidecar);
    return sync_dir(pair, err);
}

/* Where there was no sidecar: one that a run made has no message, and is of no use to anybody. */
static int undo_first(const struct seal_pair *pair, const char *made, const struct seal_header *sidecar,
                      struct sw_err *err)
{
    const char *id = seal_sidecar_id(sidecar);

    if (id != NULL && strcmp(id, made) == 0 && (drop(pair->sidecar, err) < 0 || sync_dir(pair, err) < 0))
        return -1;
    return drop(pair->before, err);
}

/* What is not whole in before was never acted upon. */
static int undo(const struct seal_pair *pair, const struct sw_buf *was, const struct seal_header *sidecar,
                struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header old = {.bytes = NULL};
    struct sw_err why = {.code = SW_OK};
    const char *is = seal_sidecar_id(sidecar), *had;

    if (was->len == SEAL_ARTIFACT_TEXT - 1)
        return undo_first(pair, was->data, sidecar, err);
    if (was->len == 0 || seal_header_parse(&old, (const uint8_t *)was->data, was->len, &why) < 0)
        return drop(pair->before, err);
    if (wants(pair->path, &old))
        return put_back(pair, err);
    had = seal_sidecar_id(&old);
    if (had == NULL || (is != NULL && strcmp(is, had) == 0))
        return drop(pair->before, err);
    return sw_fail(err, SW_USAGE,
                   "'%s' holds the key of a '%s' that is gone (artifact %s), of which a run was killed: move "
                   "it, or remove it",
                   pair->before, pair->path, had);
}

/* With the lock, which is of no use afterwards. */
static int mend(struct seal_pair *pair, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header sidecar = {.bytes = NULL};
    SW_AUTO_BUF struct sw_buf was = {.len = 0};
    int rc = sw_read_own_file(pair->before, SIDECAR_MAX, &was, err);

    if (rc == 1)
        rc = header_of(pair->sidecar, &sidecar) && wants(pair->path, &sidecar)
                 ? drop(pair->before, err)
                 : undo(pair, &was, &sidecar, err);
    unlock(pair);
    return rc;
}

int seal_pair_new(const char *path, struct seal_pair **out, struct sw_err *err)
{
    AUTO_PAIR struct seal_pair *pair = name_pair(path, err);

    if (pair == NULL || (sw_path_exists(pair->before) && (lock(pair, err) < 0 || mend(pair, err) < 0)) ||
        check_replaced(pair, err) < 0)
        return -1;
    *out = SW_STEAL_PTR(pair);
    return 0;
}

/* Locks an empty before. */
static int take(struct seal_pair *pair, struct sw_err *err)
{
    struct stat st;

    for (;;) {
        if (lock(pair, err) < 0)
            return -1;
        if (fstat(pair->lock, &st) < 0)
            return sw_fail_errno(err, "cannot look at '%s'", pair->before);
        if (st.st_size == 0)
            return 0;
        if (mend(pair, err) < 0)
            return -1;
    }
}

static int read_old(const struct seal_pair *pair, struct sw_buf *old, struct sw_err *err)
{
    struct stat st;

    if (stat(pair->sidecar, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", pair->sidecar);
    if (sw_read_file(pair->sidecar, SIDECAR_MAX, old, err) < 0)
        return -1;
    return fchmod(pair->lock, st.st_mode & 0777) == 0
               ? 0
               : sw_fail_errno(err, "cannot set the mode of '%s'", pair->before);
}

static int write_before(const struct seal_pair *pair, const char *artifact, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf was = {.len = 0};
    int rc;

    if (check_replaced(pair, err) < 0)
        return -1;
    rc = sw_path_exists(pair->sidecar) ? read_old(pair, &was, err)
                                       : sw_buf_append(&was, artifact, strlen(artifact), err);
    if (rc < 0 || sw_write_full(pair->lock, was.data, was.len, pair->before, err) < 0)
        return -1;
    if (fsync(pair->lock) < 0)
        return sw_fail_errno(err, "cannot sync '%s'", pair->before);
    return sync_dir(pair, err);
}

int seal_pair_begin(struct seal_pair *pair, const char *artifact, struct sw_err *err)
{
    if (take(pair, err) == 0 && write_before(pair, artifact, err) == 0)
        return 0;
    seal_pair_end(pair);
    return -1;
}

void seal_pair_end(struct seal_pair *pair)
{
    struct sw_err err = {.code = SW_OK};

    if (pair->lock >= 0 && mend(pair, &err) < 0)
        sw_log(SW_LOG_WARNING, "'%s': %s", pair->path, err.text);
    unlock(pair);
}

char *seal_pair_find_sidecar(const char *path, struct sw_err *err)
{
    SW_AUTO_HEADER struct seal_header beside = {.bytes = NULL}, aside = {.bytes = NULL};
    AUTO_PAIR struct seal_pair *pair = name_pair(path, err);

    if (pair == NULL)
        return NULL;
    if (header_of(pair->before, &aside) && wants(path, &aside) &&
        !(header_of(pair->sidecar, &beside) && wants(path, &beside)))
        return SW_STEAL_PTR(pair->before);
    return SW_STEAL_PTR(pair->sidecar);
}
