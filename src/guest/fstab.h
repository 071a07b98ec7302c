/* The guest's fstab, as far as a build wants its file systems mounted. */
#ifndef SW_GUEST_FSTAB_H
#define SW_GUEST_FSTAB_H

#include "slipway/error.h"

#include <stddef.h>

enum { FSTAB_MAX = 31, FSTAB_FIELD_BYTES = 256 };

/* Untrusted text: bounded, and a mount point is absolute and has no ".." in it. */
struct fstab_line {
    char spec[FSTAB_FIELD_BYTES];  /* UUID=…, LABEL=…, /dev/… */
    char point[FSTAB_FIELD_BYTES]; /* never "/" */
};

struct fstab {
    struct fstab_line lines[FSTAB_MAX]; /* parents before what is mounted beneath them */
    size_t n;
};

/* Takes local file systems that are mounted at the start: no swap, no network, no noauto, none in memory. */
void fstab_parse(const char *text, size_t len, struct fstab *out);

#endif
