/* Which image of a chain alone holds a unit. */
#ifndef SW_COPY_OWNER_H
#define SW_COPY_OWNER_H

#include "slipway/copy.h"

/* For units in ascending order: each image's extent that was looked at last is kept. */
struct owner {
    unsigned nr_levels; /* 0 is the top */
    struct {
        struct sw_image *img;
        struct sw_extent seen;
    } levels[SW_CODED_LEVELS_MAX];
};

/* The chain from top down, at most SW_CODED_LEVELS_MAX of it. */
void owner_begin(struct owner *owner, struct sw_image *top);

/*
 * 1 and the level when every byte of [off, off + len) is that image's own, explicit zeros included; 0 when several
 * images have a part in it, or it goes beyond an image's end.
 */
SW_MUST_CHECK int owner_find(struct owner *owner, uint64_t off, uint64_t len, unsigned *level,
                             struct sw_err *err);

#endif
