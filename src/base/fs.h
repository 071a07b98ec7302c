/* Files: whole reads and writes, folders, durable replacement, locks. */
#ifndef SW_BASE_FS_H
#define SW_BASE_FS_H

#include "slipway/error.h"
#include "src/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Exactly len bytes, retrying short calls and EINTR. End of file before that is SW_INTEGRITY. what: for the message. */
SW_MUST_CHECK int sw_pread_full(int fd, void *buf, size_t len, uint64_t off, const char *what,
                                struct sw_err *err);
SW_MUST_CHECK int sw_pwrite_full(int fd, const void *buf, size_t len, uint64_t off, const char *what,
                                 struct sw_err *err);
SW_MUST_CHECK int sw_write_full(int fd, const void *buf, size_t len, const char *what, struct sw_err *err);

/* The whole file, at most max_bytes of it (more is SW_FAILED, "larger than …"). "-" is stdin. */
SW_MUST_CHECK int sw_read_file(const char *path, size_t max_bytes, struct sw_buf *out, struct sw_err *err);

/*
 * The same of a regular file that this user owns, through no link: for what vouches for other files. 0: there is none; 1: it
 * was read. Another kind of file, or a larger one, is SW_INTEGRITY.
 */
SW_MUST_CHECK int sw_read_own_file(const char *path, size_t max_bytes, struct sw_buf *out,
                                   struct sw_err *err);
/* The same, only opened. flags: O_RDONLY, O_RDWR or O_WRONLY, and O_APPEND. */
SW_MUST_CHECK int sw_open_own_file(const char *path, int flags, uint64_t max_bytes, int *fd, uint64_t *bytes,
                                   struct sw_err *err);

/* Replaces path by these bytes: temporary file in the same folder, fsync, rename, fsync of the folder. */
SW_MUST_CHECK int sw_write_file(const char *path, const void *bytes, size_t len, unsigned mode,
                                struct sw_err *err);

/* dir + "/" + name; an absolute name stays as it is. Free it. */
SW_MUST_CHECK char *sw_path_join(const char *dir, const char *name, struct sw_err *err);
/* The folder part ("." when there is none), and a pointer to the last component. */
SW_MUST_CHECK char *sw_path_dir(const char *path, struct sw_err *err);
const char *sw_path_base(const char *path);
/*
 * True for what can only be one file in a folder: 1 to 255 bytes, no '/', '\\', ':' or control byte, neither "." nor
 * "..". For names from untrusted files: it keeps out other folders, protocols and drives.
 */
bool sw_is_file_name(const char *name);

/*
 * True for names of files and folders joined by single slashes, none of them "." or "..": what stays beneath the folder
 * that it is put to. At most PATH_MAX bytes, no control bytes.
 */
bool sw_is_relative_path(const char *path);

/* Makes the folder and its parents; those that are there are fine. */
SW_MUST_CHECK int sw_mkdir_p(const char *path, unsigned mode, struct sw_err *err);
/* Removes a file or a folder with all in it; never follows a link; what is missing is fine. */
SW_MUST_CHECK int sw_remove_tree(const char *path, struct sw_err *err);
SW_MUST_CHECK int sw_fsync_dir(const char *path, struct sw_err *err);
bool sw_path_exists(const char *path);
/* False when the open file has lost this name, between its opening and its locking for instance. */
bool sw_fd_has_name(int fd, const char *path);
/* An exclusive flock on path (made when missing, 0600); released by closing the descriptor. Waits when wait is true,
 * else returns -1 with err->sys EWOULDBLOCK while another holds it. */
SW_MUST_CHECK int sw_lock_file(const char *path, bool wait, struct sw_err *err);

/* $NAME, else $HOME/fallback, both + "/slipway/" + leaf. NAME is XDG_CACHE_HOME and its kin. Free it. */
SW_MUST_CHECK char *sw_xdg_path(const char *name, const char *fallback, const char *leaf, struct sw_err *err);

/* Bytes free for this user on the file system of path (or of the nearest parent that exists). */
SW_MUST_CHECK int sw_free_bytes(const char *path, uint64_t *out, struct sw_err *err);

#endif
