/* Walking over what of an image has to be looked at, in whole units. */
#ifndef SW_COPY_WALK_H
#define SW_COPY_WALK_H

#include "slipway/image.h"

/* Zero-initialise what is not given. */
struct walk {
    struct sw_image *src;
    struct sw_image *other; /* runs without data in both are left out; NULL: those without data in src */
    struct sw_image *top;   /* only what this file itself holds; NULL: everything */
    struct sw_image
        *under; /* what lies beneath top: its zeros over none of that's data are left out; NULL: none is */
    uint64_t size_bytes; /* where it ends; what lies past an image's own end has no data */
    uint64_t unit_bytes;
    bool past_damage; /* what cannot be told is to be looked at, instead of an error */
    uint64_t pos;
    uint64_t run_end; /* the run that holds pos ends here … */
    bool run_look;    /* … and is to be looked at */
};

/* The next unit (or the disk's short last one). Returns 1, 0 at the end, -1 on error. */
SW_MUST_CHECK int walk_next(struct walk *walk, uint64_t *off, uint64_t *len, struct sw_err *err);

/* Bytes of all units that walk_next would give from the start. */
SW_MUST_CHECK int walk_total(const struct walk *walk, uint64_t *total, struct sw_err *err);

/* The largest unit that an image and its parents may have to open as a whole; 0 when there is none, or no image. */
uint64_t walk_unit(const struct sw_image *img);

/* Reads len bytes at off; zeros past the image's end. */
SW_MUST_CHECK int read_padded(struct sw_image *img, uint8_t *to, uint64_t len, uint64_t off,
                              struct sw_err *err);

#endif
