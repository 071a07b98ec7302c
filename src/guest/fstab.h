/* The guest's fstab, as far as a build wants its file systems mounted. */
#ifndef SW_GUEST_FSTAB_H
#define SW_GUEST_FSTAB_H

#include "slipway/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { FSTAB_MAX = 31, FSTAB_FIELD_BYTES = 256 };

/* Untrusted text: bounded, and a mount point is absolute and has no ".." in it. */
struct fstab_line {
    char spec[FSTAB_FIELD_BYTES];  /* UUID=…, LABEL=…, /dev/… */
    char point[FSTAB_FIELD_BYTES]; /* never "/" */
};

/* One line as it is: the first four of its fields. */
struct fstab_fields {
    unsigned n; /* how many it has, up to 6 */
    char words[4][FSTAB_FIELD_BYTES];
};

/* The fields of the line from at to end; 0 of a comment or an empty line. False: one is too long, or holds a NUL. */
bool fstab_split(const char *at, const char *end, struct fstab_fields *out);
/* Whether one of the options, parted by commas, is that. */
bool fstab_has_option(const char *options, const char *wanted);

/* An absolute path without "..", and not "/". */
bool fstab_is_point(const char *point);

struct fstab {
    struct fstab_line lines[FSTAB_MAX]; /* parents before what is mounted beneath them */
    size_t n;
};

/* Takes local file systems that are mounted at the start: no swap, no network, no noauto, none in memory. */
void fstab_parse(const char *text, size_t len, struct fstab *out);

#endif
