/* Output files whose bytes outlive an interruption: named and locked while they are written. */
#include "slipway/io.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

struct partial_out {
    struct sw_out base;
    char *path, *dir, *journal;
    char *partial; /* NULL once it has its final name */
    bool keep;
};

static struct partial_out *partial_of(const struct sw_out *out)
{
    return (struct partial_out *)(uintptr_t)out;
}

static int partial_commit(struct sw_out *out, struct sw_err *err)
{
    struct partial_out *file = partial_of(out);

    if (sw_fd_out_settle(out, err) < 0)
        return -1;
    if (rename(file->partial, file->path) < 0)
        return sw_fail_errno(err, "cannot rename '%s' to '%s'", file->partial, file->path);
    free(SW_STEAL_PTR(file->partial));
    /* Not before: what is whole and not named yet must not have to be made again. */
    unlink(file->journal);
    return out->lazy ? 0 : sw_fsync_dir(file->dir, err);
}

static void partial_close(struct sw_out *out)
{
    struct partial_out *file = partial_of(out);

    if (out->fd >= 0 && file->partial != NULL && !file->keep) {
        unlink(file->journal);
        unlink(file->partial);
    }
    if (out->fd >= 0)
        close(out->fd);
    free(file->path);
    free(file->dir);
    free(file->journal);
    free(file->partial);
    free(file);
}

static const struct sw_out_ops partial_ops = {
    .write = sw_fd_out_write,
    .pwrite = sw_fd_out_pwrite,
    .truncate = sw_fd_out_truncate,
    .commit = partial_commit,
    .close = partial_close,
};

/* Somebody else's file of this name, or another name of a file elsewhere, is not ours to write into. */
static int check_owner(int fd, const char *partial, struct sw_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", partial);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink > 1)
        return sw_fail(err, SW_REFUSED,
                       "'%s' is there and is not a file that this user alone wrote: remove it", partial);
    return 0;
}

/* What an earlier run left may be open to more users than this one's bytes shall be. */
static int narrow(int fd, unsigned mode, const char *partial, struct sw_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", partial);
    if ((st.st_mode & 0777 & ~mode) != 0 && fchmod(fd, st.st_mode & mode) < 0)
        return sw_fail_errno(err, "cannot set the mode of '%s'", partial);
    return 0;
}

static int lock(int fd, const char *path, struct sw_err *err)
{
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            return sw_fail(err, SW_REFUSED, "'%s' is being written by another process", path);
        if (errno != EINTR)
            return sw_fail_errno(err, "cannot lock what becomes '%s'", path);
    }
    return 0;
}

static int open_locked(const struct partial_out *file, unsigned mode, struct sw_err *err)
{
    for (;;) {
        SW_AUTO_CLOSE int fd =
            open(file->partial, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode);

        if (fd < 0)
            return sw_fail_errno(err, "cannot create '%s'", file->partial);
        if (check_owner(fd, file->partial, err) < 0 || lock(fd, file->path, err) < 0)
            return -1;
        if (!sw_fd_has_name(fd, file->partial))
            continue;
        return narrow(fd, mode, file->partial, err) < 0 ? -1 : SW_STEAL_FD(fd);
    }
}

/* Of its journal, which is written anew many times. */
static void sweep_journals(const struct partial_out *file)
{
    struct sw_err why = {0};
    SW_AUTO_FREE char *stem = sw_strf(&why, ".%s", sw_path_base(file->journal));

    if (stem != NULL)
        (void)sw_tmp_sweep(file->dir, stem, &why);
}

char *sw_partial_path(const char *path, const char *ending, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_dir(path, err);

    return dir != NULL ? sw_strf(err, "%s/.%s.%s", dir, sw_path_base(path), ending) : NULL;
}

int sw_out_open_partial(const char *path, unsigned mode, struct sw_out **out, struct sw_err *err)
{
    struct partial_out *file = sw_calloc(1, sizeof(*file), err);

    if (file == NULL)
        return -1;
    file->base = (struct sw_out){.ops = &partial_ops, .fd = -1};
    file->path = sw_strdup(path, err);
    file->dir = sw_path_dir(path, err);
    file->partial = sw_partial_path(path, "partial", err);
    file->journal = sw_partial_path(path, "journal", err);
    file->base.name = file->path;
    if (file->path != NULL && file->dir != NULL && file->partial != NULL && file->journal != NULL)
        file->base.fd = open_locked(file, mode, err);
    if (file->base.fd < 0) {
        partial_close(&file->base);
        return -1;
    }
    sweep_journals(file);
    *out = &file->base;
    return 0;
}

const char *sw_partial_journal(const struct sw_out *out)
{
    return partial_of(out)->journal;
}

void sw_partial_keep(struct sw_out *out)
{
    partial_of(out)->keep = true;
}

int sw_partial_restart(struct sw_out *out, struct sw_err *err)
{
    const struct partial_out *file = partial_of(out);
    struct stat st;

    /* The journal must be gone for good before what it vouches for is. */
    if (unlink(file->journal) == 0) {
        if (sw_fsync_dir(file->dir, err) < 0)
            return -1;
    } else if (errno != ENOENT) {
        return sw_fail_errno(err, "cannot remove '%s'", file->journal);
    }
    out->pos = 0;
    /* ext4 takes a file that is cut to nothing for one that is being replaced, and writes it out at close. */
    if (fstat(out->fd, &st) == 0 && st.st_size == 0)
        return 0;
    return sw_out_truncate(out, 0, err);
}
