/* Tar archives: the list of an archive's members, and the headers of a new one. Contents stay where they lie. */
#ifndef SW_FORMATS_OVA_TAR_H
#define SW_FORMATS_OVA_TAR_H

#include "formats/ova/tar_ondisk.h"
#include "slipway/io.h"

#include <stdbool.h>

enum { TAR_MEMBERS_MAX = 1024, TAR_NAME_MAX = 255 };

struct tar_member {
    char *name;  /* one path component */
    uint64_t at; /* of its header */
    uint64_t data;
    uint64_t size_bytes; /* all of it lies in the archive */
};

struct tar {
    struct tar_member *members; /* in the archive's order; names are unique */
    size_t n;
    bool ended; /* there was an end-of-archive block */
};

/*
 * Lists regular files: ustar, GNU's large sizes and long names, pax's path and size. Links, devices, folders (but for
 * "./"), sparse members, names of several components and members that reach beyond the end are refused.
 */
SW_MUST_CHECK int tar_list(struct sw_in *in, struct tar *tar, struct sw_err *err);
void tar_free(struct tar *tar);

/* NULL when there is none. */
const struct tar_member *tar_find(const struct tar *tar, const char *name);

/* True for a block that begins as a header does. */
bool tar_is_header(const uint8_t *head, size_t len);

/*
 * A regular file's header, mode 0644, owned by 0:0. name: at most 99 bytes. A size beyond 8 GiB is written as GNU
 * does, with GNU's magic.
 */
void tar_make_header(struct tar_header *header, const char *name, uint64_t size_bytes, int64_t mtime);

/* A member's length rounded up to blocks; the caller knows that it cannot overflow. */
uint64_t tar_padded(uint64_t size_bytes);

#endif
