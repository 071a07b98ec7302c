/* Copying one image into another through the pipeline. */
#ifndef SLIPWAY_COPY_H
#define SLIPWAY_COPY_H

#include "slipway/image.h"
#include "slipway/pipeline.h"

struct sw_copy {
    struct sw_image *src;           /* read through its whole chain */
    const struct sw_format *format; /* of the target */
    struct sw_create_opts create;   /* size_bytes 0: the source's, rounded up to a sector */
    struct sw_out *out;             /* the target's bytes; the caller commits it */
    unsigned jobs;                  /* 1 or more */
    struct sw_progress *progress;   /* may be NULL; counts bytes of data, not of holes */

    /*
     * For layers. Units that read the same in base are left out of the target, units of zeros over other bytes
     * become explicit zeros. NULL: units of zeros are left out.
     */
    struct sw_image *base;
    /* With base: only what top's own file holds (DATA or ZERO of its next_extent) is looked at; NULL: everything. */
    struct sw_image *top;
};

struct sw_copy_stats {
    uint64_t virtual_bytes;
    uint64_t read_bytes;   /* of the source that had to be looked at */
    uint64_t data_bytes;   /* stored as data, before encoding */
    uint64_t zero_bytes;   /* stored as explicit zeros */
    uint64_t stored_bytes; /* length of the target */
};

/* Creates, fills and finishes the target. Same bytes for any number of jobs. stats may be NULL. */
SW_MUST_CHECK int sw_copy_image(const struct sw_copy *copy, struct sw_copy_stats *stats, struct sw_err *err);

/*
 * Reads both images and compares the virtual disks; zeros beyond the shorter one's end count as equal.
 * *differs_at is the first differing byte, or UINT64_MAX when they are the same.
 */
SW_MUST_CHECK int sw_compare_images(struct sw_image *a, struct sw_image *b, unsigned jobs,
                                    uint64_t *differs_at, struct sw_err *err);

/* True when all len bytes are zero; vectorised. */
bool sw_is_zero(const void *bytes, size_t len);

#endif
