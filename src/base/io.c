/* Byte input from files, byte output to files that appear by rename. */
#include "slipway/io.h"

#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { WRITE_BACK_BYTES = 32 << 20 };

struct file_in {
    struct sw_in base;
    char *path;
};

static int file_in_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    return sw_pread_full(in->fd, buf, len, off, in->name, err);
}

static void file_in_close(struct sw_in *in)
{
    struct file_in *file = (struct file_in *)in;

    close(in->fd);
    free(file->path);
    free(file);
}

static const struct sw_in_ops file_in_ops = {.pread = file_in_pread, .close = file_in_close};

static int size_of(int fd, const char *path, uint64_t *size, struct sw_err *err)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", path);
    if (S_ISBLK(st.st_mode)) {
        if (ioctl(fd, BLKGETSIZE64, size) < 0)
            return sw_fail_errno(err, "cannot ask the size of '%s'", path);
        return 0;
    }
    if (!S_ISREG(st.st_mode))
        return sw_fail(err, SW_USAGE, "'%s' is neither a regular file nor a block device", path);
    *size = (uint64_t)st.st_size;
    return 0;
}

int sw_in_open_file(const char *path, struct sw_in **out, struct sw_err *err)
{
    /* O_NONBLOCK: a FIFO must be refused, not waited for. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return sw_fail_errno(err, "cannot open '%s'", path);
    return sw_in_open_fd(fd, path, out, err);
}

int sw_in_open_fd(int fd, const char *name, struct sw_in **out, struct sw_err *err)
{
    SW_AUTO_CLOSE int owned = fd;
    SW_AUTO_FREE struct file_in *file = NULL;
    uint64_t size = 0;

    if (size_of(owned, name, &size, err) < 0)
        return -1;
    file = sw_calloc(1, sizeof(*file), err);
    if (file == NULL)
        return -1;
    file->path = sw_strdup(name, err);
    if (file->path == NULL)
        return -1;
    file->base =
        (struct sw_in){.ops = &file_in_ops, .size_bytes = size, .fd = SW_STEAL_FD(owned), .name = file->path};
    *out = &SW_STEAL_PTR(file)->base;
    return 0;
}

int sw_in_open_by(const struct sw_opener *opener, const char *path, struct sw_in **out, struct sw_err *err)
{
    return opener != NULL ? opener->open(opener, path, out, err) : sw_in_open_file(path, out, err);
}

struct bytes_in {
    struct sw_in base;
    uint8_t bytes[];
};

static int bytes_in_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    (void)err;
    memcpy(buf, ((const struct bytes_in *)in)->bytes + off, len);
    return 0;
}

static void bytes_in_close(struct sw_in *in)
{
    free(in);
}

static const struct sw_in_ops bytes_in_ops = {.pread = bytes_in_pread, .close = bytes_in_close};

int sw_in_open_bytes(const void *bytes, size_t len, const char *name, struct sw_in **out, struct sw_err *err)
{
    struct bytes_in *in = sw_calloc(1, sizeof(*in) + len, err);

    if (in == NULL)
        return -1;
    in->base = (struct sw_in){.ops = &bytes_in_ops, .size_bytes = len, .fd = -1, .name = name};
    if (len > 0)
        memcpy(in->bytes, bytes, len);
    *out = &in->base;
    return 0;
}

int sw_in_read(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    uint64_t end;

    if (sw_add_ovf(off, (uint64_t)len, &end) || end > in->size_bytes)
        return sw_fail(err, SW_INTEGRITY, "'%s' is truncated: %zu bytes at %llu wanted, the file has %llu",
                       in->name, len, (unsigned long long)off, (unsigned long long)in->size_bytes);
    return in->ops->pread(in, buf, len, off, err);
}

void sw_in_close(struct sw_in *in)
{
    if (in != NULL)
        in->ops->close(in);
}

struct file_out {
    struct sw_out base;
    char *path, *dir, *stem;
    struct sw_tmp tmp;
};

/* Begins to write back what is dirty, without waiting. Where that is not possible, commit does it all. */
static void write_back(struct sw_out *out, size_t len)
{
    unsigned long long before;

    if (out->lazy)
        return;
    before = atomic_fetch_add_explicit(&out->dirty_bytes, len, memory_order_relaxed);
    if (before / WRITE_BACK_BYTES != (before + len) / WRITE_BACK_BYTES)
        (void)sync_file_range(out->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int sw_fd_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    if (sw_pwrite_full(out->fd, buf, len, off, out->name, err) < 0)
        return -1;
    write_back(out, len);
    return 0;
}

int sw_fd_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return sw_fd_out_pwrite(out, buf, len, out->pos, err);
}

int sw_fd_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    while (ftruncate(out->fd, (off_t)size_bytes) < 0)
        if (errno != EINTR)
            return sw_fail_errno(err, "cannot set the length of '%s'", out->name);
    return 0;
}

int sw_fd_out_settle(const struct sw_out *out, struct sw_err *err)
{
    int copy;

    if (!out->lazy) {
        while (fsync(out->fd) < 0)
            if (errno != EINTR)
                return sw_fail_errno(err, "cannot sync '%s'", out->name);
        return 0;
    }
    copy = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return sw_fail_errno(err, "cannot settle '%s'", out->name);
    return close(copy) < 0 && errno != EINTR ? sw_fail_errno(err, "cannot write '%s'", out->name) : 0;
}

static int file_out_commit(struct sw_out *out, struct sw_err *err)
{
    struct file_out *file = (struct file_out *)out;

    if (sw_fd_out_settle(out, err) < 0 || sw_tmp_give_name(&file->tmp, err) < 0)
        return -1;
    if (rename(file->tmp.name, file->path) < 0)
        return sw_fail_errno(err, "cannot rename '%s' to '%s'", file->tmp.name, file->path);
    sw_tmp_named(&file->tmp);
    return out->lazy ? 0 : sw_fsync_dir(file->dir, err);
}

static void file_out_close(struct sw_out *out)
{
    struct file_out *file = (struct file_out *)out;

    sw_tmp_close(&file->tmp);
    free(file->path);
    free(file->dir);
    free(file->stem);
    free(file);
}

static const struct sw_out_ops file_out_ops = {
    .write = sw_fd_out_write,
    .pwrite = sw_fd_out_pwrite,
    .truncate = sw_fd_out_truncate,
    .commit = file_out_commit,
    .close = file_out_close,
};

int sw_out_create_file(const char *path, unsigned mode, struct sw_out **out, struct sw_err *err)
{
    struct file_out *file = sw_calloc(1, sizeof(*file), err);
    struct sw_err why = {0};
    int rc = -1;

    if (file == NULL)
        return -1;
    file->path = sw_strdup(path, err);
    file->dir = sw_path_dir(path, err);
    file->stem = sw_strf(err, ".%s", sw_path_base(path));
    file->base = (struct sw_out){.ops = &file_out_ops, .fd = -1, .name = file->path};
    file->tmp = (struct sw_tmp){
        .dir_fd = AT_FDCWD, .folder = file->dir, .stem = file->stem, .what = file->path, .fd = -1};
    if (file->path != NULL && file->dir != NULL && file->stem != NULL) {
        (void)sw_tmp_sweep(file->dir, file->stem, &why); /* a folder that is not there is told of below */
        rc = sw_tmp_open(&file->tmp, mode, err);
    }
    if (rc < 0) {
        file_out_close(&file->base);
        return -1;
    }
    file->base.fd = file->tmp.fd;
    *out = &file->base;
    return 0;
}

int sw_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    if (out->ops->write(out, buf, len, err) < 0)
        return -1;
    out->pos += len;
    return 0;
}

int sw_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    return out->ops->pwrite(out, buf, len, off, err);
}

int sw_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    return out->ops->truncate(out, size_bytes, err);
}

int sw_out_commit(struct sw_out *out, struct sw_err *err)
{
    return out->ops->commit(out, err);
}

bool sw_out_seekable(const struct sw_out *out)
{
    return out->ops->pwrite != NULL && out->ops->truncate != NULL;
}

void sw_out_close(struct sw_out *out)
{
    if (out != NULL)
        out->ops->close(out);
}

int sw_refuse_same_file(const struct sw_in *in, const char *out_path, struct sw_err *err)
{
    struct stat a, b;

    while (in->fd < 0 && in->under != NULL)
        in = in->under;
    if (in->fd < 0 || stat(out_path, &b) < 0)
        return 0;
    if (fstat(in->fd, &a) < 0)
        return sw_fail_errno(err, "cannot look at '%s'", in->name);
    if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return sw_fail(err, SW_USAGE, "'%s' and '%s' are the same file", in->name, out_path);
    return 0;
}
