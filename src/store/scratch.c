/* A build's own folder in the store, held by a lock that dies with the process. */
#include "src/store/internal.h"

#include "src/base/cleanup.h"
#include "src/base/digest.h"
#include "src/base/fs.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct sw_scratch {
    char *dir;
    char *lock_path;
    int lock;
};

static int take_lock(struct sw_scratch *scratch, struct sw_err *err)
{
    for (;;) {
        scratch->lock = sw_lock_file(scratch->lock_path, true, err);
        if (scratch->lock < 0)
            return -1;
        if (sw_fd_has_name(scratch->lock, scratch->lock_path)) /* a sweep may have come between */
            return 0;
        close(SW_STEAL_FD(scratch->lock));
    }
}

static int make(const char *folder, struct sw_scratch *scratch, struct sw_err *err)
{
    uint64_t id;

    if (sw_random(&id, sizeof(id), err) < 0)
        return -1;
    scratch->dir = sw_strf(err, "%s/%016" PRIx64, folder, id);
    scratch->lock_path = scratch->dir != NULL ? sw_strf(err, "%s.lock", scratch->dir) : NULL;
    if (scratch->lock_path == NULL || take_lock(scratch, err) < 0)
        return -1;
    if (mkdir(scratch->dir, 0700) < 0)
        return sw_fail_errno(err, "cannot make the folder '%s'", scratch->dir);
    return 0;
}

static int open_in(const char *folder, struct sw_scratch **out, struct sw_err *err)
{
    struct sw_scratch *scratch = sw_calloc(1, sizeof(*scratch), err);

    if (scratch == NULL)
        return -1;
    scratch->lock = -1;
    if (make(folder, scratch, err) < 0) {
        sw_scratch_close(scratch);
        return -1;
    }
    *out = scratch;
    return 0;
}

int sw_scratch_open(struct sw_store *store, struct sw_scratch **out, struct sw_err *err)
{
    SW_AUTO_FREE char *folder = store_path(store, STORE_SCRATCH, err);

    return folder != NULL ? open_in(folder, out, err) : -1;
}

/* In a folder that others may write to, somebody else may have made it. */
static int make_own(const char *folder, struct sw_err *err)
{
    struct stat st;

    if (mkdir(folder, 0700) < 0 && errno != EEXIST)
        return sw_fail_errno(err, "cannot make the folder '%s'", folder);
    if (lstat(folder, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", folder);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0077) != 0)
        return sw_fail(err, SW_REFUSED, "'%s' is there and is not a folder that is this user's alone",
                       folder);
    return 0;
}

const char *sw_scratch_place(void)
{
    const char *tmp = getenv("TMPDIR");

    return tmp != NULL && tmp[0] != '\0' ? tmp : "/var/tmp";
}

int sw_scratch_open_at(const char *dir, struct sw_scratch **out, struct sw_err *err)
{
    SW_AUTO_FREE char *real = realpath(dir, NULL);
    SW_AUTO_FREE char *folder = NULL;

    if (real == NULL)
        return sw_fail_errno(err, "the scratch folder '%s'", dir);
    folder = sw_strf(err, "%s/slipway-%u", real, (unsigned)geteuid());
    if (folder == NULL || make_own(folder, err) < 0 || store_sweep_scratch(folder, err) < 0)
        return -1;
    return open_in(folder, out, err);
}

const char *sw_scratch_dir(const struct sw_scratch *scratch)
{
    return scratch->dir;
}

void sw_scratch_close(struct sw_scratch *scratch)
{
    struct sw_err ignored = {0}; /* the next open of the store tries again */

    if (scratch == NULL)
        return;
    if (scratch->lock >= 0) {
        if (sw_remove_tree(scratch->dir, &ignored) == 0)
            unlink(scratch->lock_path);
        close(scratch->lock);
    }
    free(scratch->dir);
    free(scratch->lock_path);
    free(scratch);
}
