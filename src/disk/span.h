/* A bounded window of a disk, which every reader of a disk's structures reads through. */
#ifndef SW_DISK_SPAN_H
#define SW_DISK_SPAN_H

#include "slipway/image.h"

#include <stdbool.h>

struct span {
    struct sw_image *img;
    uint64_t off; /* within the disk; off + len never exceeds it */
    uint64_t len;
};

/* The whole disk. */
struct span span_disk(struct sw_image *img);
/* The part of it that there is: what leads past the end is cut off, down to nothing. */
struct span span_part(const struct span *span, uint64_t off, uint64_t len);
/* Exactly len bytes at off of the window. One that leads past its end is SW_INTEGRITY. */
SW_MUST_CHECK int span_read(const struct span *span, void *buf, size_t len, uint64_t off, struct sw_err *err);
/* The same with zeros for what lies past the end. */
SW_MUST_CHECK int span_peek(const struct span *span, void *buf, size_t len, uint64_t off, struct sw_err *err);

#endif
