/* A file in the making: nameless while the file system can do that (O_TMPFILE), and locked for as long as its writer lives. */
#ifndef SW_BASE_TMP_H
#define SW_BASE_TMP_H

#include "slipway/error.h"

#include <stdbool.h>

struct sw_tmp {
    int dir_fd;         /* what the names are relative to; AT_FDCWD, or borrowed */
    const char *folder; /* where the file is made, relative to dir_fd; borrowed */
    const char *
        stem; /* begins its temporary name, "<stem>.tmp-<16 hex digits>": ".<name>" of the file it becomes, or "" */
    const char *what; /* for messages */
    char *name;       /* relative to dir_fd; NULL while it has none */
    int fd;           /* O_RDWR; -1 when there is none */
};

/* The five first fields say where; mode: permission bits, umask applies. */
SW_MUST_CHECK int sw_tmp_open(struct sw_tmp *tmp, unsigned mode, struct sw_err *err);

/* Its temporary name, where it has none yet: linkat replaces nothing, rename does. */
SW_MUST_CHECK int sw_tmp_give_name(struct sw_tmp *tmp, struct sw_err *err);

/* linkat of the file to path (relative to dir_fd), whichever way it was made; -1 and errno. */
int sw_tmp_link(const struct sw_tmp *tmp, const char *path);

/* It has its lasting name now: the temporary one is forgotten. */
void sw_tmp_named(struct sw_tmp *tmp);

/* Closes it; a temporary name that it still has is removed. */
void sw_tmp_close(struct sw_tmp *tmp);

/*
 * Removes from folder what writers that are gone left under temporary names with this stem, or with any when it is NULL. Who is gone
 * is told by the lock: a process number may be another's by now, or mean nothing in another container that shares the folder.
 * -1 where the folder cannot be read, which need not concern who writes a file of his own.
 */
int sw_tmp_sweep(const char *folder, const char *stem, struct sw_err *err);

#endif
