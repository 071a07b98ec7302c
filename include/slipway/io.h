/* Byte input and output that do not care whether a file, a sealed message or a pipe is behind them. */
#ifndef SLIPWAY_IO_H
#define SLIPWAY_IO_H

#include "slipway/cleanup.h"
#include "slipway/error.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sw_in;

struct sw_in_ops {
    /* Reads exactly len bytes at off; never called beyond size. Safe from several threads at once. */
    int (*pread)(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err);
    void (*close)(struct sw_in *in);
};

/* Random-access input of known size. Embed as the first member. */
struct sw_in {
    const struct sw_in_ops *ops;
    uint64_t size_bytes;
    int fd;                    /* the file whose bytes these are, one to one; -1 when there is none */
    const char *name;          /* for messages; owned by the implementation */
    const struct sw_in *under; /* the input that these bytes are made of; NULL when there is none */
    /* Where there is no file, what the same bytes always have: the id of something that never changes. NULL: none. */
    const char *identity;
};

/*
 * A regular file or a block device, opened read-only with O_NOFOLLOW off and O_CLOEXEC on.
 * Refuses directories, FIFOs and sockets.
 */
SW_MUST_CHECK int sw_in_open_file(const char *path, struct sw_in **out, struct sw_err *err);

/* The same over a descriptor that is open for reading; takes over fd, also on failure. name is copied. */
SW_MUST_CHECK int sw_in_open_fd(int fd, const char *name, struct sw_in **out, struct sw_err *err);

/* How a named file becomes an input: as it is, or with more demanded of it. Embed as the first member. */
struct sw_opener {
    int (*open)(const struct sw_opener *self, const char *path, struct sw_in **out, struct sw_err *err);
};
/* sw_in_open_file without one. */
SW_MUST_CHECK int sw_in_open_by(const struct sw_opener *opener, const char *path, struct sw_in **out,
                                struct sw_err *err);

/* Over a copy of bytes in memory. name lives as long as it. */
SW_MUST_CHECK int sw_in_open_bytes(const void *bytes, size_t len, const char *name, struct sw_in **out,
                                   struct sw_err *err);

/* Checks the range, then reads exactly len bytes: a range past the end is SW_INTEGRITY ("… is truncated"). */
SW_MUST_CHECK int sw_in_read(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err);

/* Closes and frees; NULL is allowed. */
void sw_in_close(struct sw_in *in);
SW_DEFINE_AUTO(sw_in, struct sw_in, sw_in_close)
#define SW_AUTO_IN SW_CLEANUP(sw_in_auto)

struct sw_out;

struct sw_out_ops {
    /* Appends at pos. One thread at a time. */
    int (*write)(struct sw_out *out, const void *buf, size_t len, struct sw_err *err);
    /* Writes anywhere, from any thread; NULL where the output is a stream (sealed, socket, pipe). */
    int (*pwrite)(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err);
    /* Sets the length (a hole at the end where the medium has holes); NULL where pwrite is. */
    int (*truncate)(struct sw_out *out, uint64_t size_bytes, struct sw_err *err);
    /* Makes everything durable and visible under its final name. Called once. */
    int (*commit)(struct sw_out *out, struct sw_err *err);
    /* Frees; when commit was not called or failed, nothing of the output stays. */
    void (*close)(struct sw_out *out);
};

/* Embed as the first member. pos is kept by sw_out_write. */
struct sw_out {
    const struct sw_out_ops *ops;
    uint64_t pos;
    int fd; /* the temporary file behind it, or -1 */
    const char *name;
    bool
        lazy; /* commit does not wait for the disk: a file that is whole, but not yet safe from a power cut */
    atomic_ullong dirty_bytes; /* kept by sw_fd_out_*: written since writing back was begun last */
};

/*
 * An output file that appears at path by rename after fsync, at commit. Until then it has no name
 * where the file system can do that (O_TMPFILE), or ".<name>.tmp-<16 hex digits>" beside it, locked; what dead
 * processes left is swept when the same path is written again. mode: permission bits, umask applies.
 */
SW_MUST_CHECK int sw_out_create_file(const char *path, unsigned mode, struct sw_out **out,
                                     struct sw_err *err);

/*
 * The same for work that goes on after an interruption: until commit the bytes lie in ".<name>.partial" beside path,
 * together with what earlier runs left there, locked against other processes (SW_REFUSED while one has it). Whatever
 * vouches for them lies in ".<name>.journal". Commit and close remove both, but close leaves them after
 * sw_partial_keep, and so does the end of the process by force. What was left is open to no more users than mode says.
 */
SW_MUST_CHECK int sw_out_open_partial(const char *path, unsigned mode, struct sw_out **out,
                                      struct sw_err *err);
/* Where the journal of such an output lies. */
const char *sw_partial_journal(const struct sw_out *out);
/* Empties such an output, its journal removed first. */
SW_MUST_CHECK int sw_partial_restart(struct sw_out *out, struct sw_err *err);
/* Tells close to leave the file and the journal for another run. */
void sw_partial_keep(struct sw_out *out);
/* ".<name>.<ending>" beside path; ending: "partial" or "journal". Free it. */
SW_MUST_CHECK char *sw_partial_path(const char *path, const char *ending, struct sw_err *err);

SW_MUST_CHECK int sw_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err);
SW_MUST_CHECK int sw_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off,
                                struct sw_err *err);
SW_MUST_CHECK int sw_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err);
SW_MUST_CHECK int sw_out_commit(struct sw_out *out, struct sw_err *err);
/* True when pwrite and truncate may be used. */
bool sw_out_seekable(const struct sw_out *out);
void sw_out_close(struct sw_out *out);
SW_DEFINE_AUTO(sw_out, struct sw_out, sw_out_close)
#define SW_AUTO_OUT SW_CLEANUP(sw_out_auto)

/*
 * The first three operations of an output that is nothing but the file behind out->fd. Unless it is lazy, the kernel
 * is told to write back as bytes come, so that commit has little left to wait for.
 */
int sw_fd_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err);
int sw_fd_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err);
int sw_fd_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err);
/*
 * What commit does before anything has its name: waits for the disk, or, of a lazy one, asks as close(2) does, which is where
 * NFS, FUSE and quotas tell what became of the bytes.
 */
int sw_fd_out_settle(const struct sw_out *out, struct sw_err *err);

/* Refuses (SW_USAGE) an output path that is the same file as the input or what is under it. A missing output is fine. */
SW_MUST_CHECK int sw_refuse_same_file(const struct sw_in *in, const char *out_path, struct sw_err *err);

#endif
