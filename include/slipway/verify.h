/* Whether a disk is whole: its digest, what of it cannot be read, what a copy reads back as. */
#ifndef SLIPWAY_VERIFY_H
#define SLIPWAY_VERIFY_H

#include "slipway/copy.h"

/*
 * The digest of a disk: fs-verity's over the virtual disk's bytes, SHA-256, blocks of 4096 bytes, no salt. It is what
 * `fsverity digest` prints for the same disk as a raw file, whatever the format, and costs nothing for holes.
 */
enum { SW_VERITY_BYTES = 32 };

/* A run of the virtual disk that cannot be read. */
struct sw_damaged {
    uint64_t off, len;
    char *cause; /* of its first piece; may hold untrusted text */
};

enum { SW_DAMAGE_LISTED_MAX = 100 };

/*
 * What cannot be read, in ascending order. Neighbours whose causes differ in numbers only are one range.
 * Zero-initialise it; sw_damage_free at the end.
 */
struct sw_damage {
    struct sw_damaged listed[SW_DAMAGE_LISTED_MAX]; /* the first ones */
    unsigned nr_listed;
    uint64_t nr_ranges; /* all of them */
    uint64_t bytes;
    uint64_t end; /* of the last range … */
    char *last;   /* … and its cause */
};
void sw_damage_free(struct sw_damage *damage);

/* Reading a whole disk through its driver. */
struct sw_scan {
    struct sw_image *img; /* with its parents */
    unsigned jobs;
    struct sw_progress *progress; /* may be NULL; counts bytes of data, not of holes */
    uint8_t *verity;              /* gets the digest, SW_VERITY_BYTES; may be NULL */
    struct sw_damage *damage;     /* gets what cannot be read; NULL: the first of it is the error */
};

/* Same result for any number of jobs. *read_bytes, which may be NULL: of the disk that had to be looked at. */
SW_MUST_CHECK int sw_scan_image(const struct sw_scan *scan, uint64_t *read_bytes, struct sw_err *err);

/*
 * After sw_copy_image and before the commit: syncs the target, opens what the output's file holds with the target's
 * own driver and reads all of it. Fails with SW_INTEGRITY when the digest is not verity, copy's of what was
 * written. The output must be a file.
 */
SW_MUST_CHECK int sw_read_back(const struct sw_copy *copy, const uint8_t verity[SW_VERITY_BYTES],
                               struct sw_err *err);

#endif
