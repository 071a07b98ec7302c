/* -B FILE: the image that a new one shall lie on. */
#ifndef SW_CLI_BACKING_H
#define SW_CLI_BACKING_H

#include "slipway/copy.h"
#include "src/cli/image_arg.h"

struct backing_args {
    const char *file;   /* as the new image will name it: relative to dst's folder; NULL: none */
    const char *format; /* NULL: probed */
    const char *allow_parent;
    const char *dst;
};

/*
 * Opens FILE and lets copy write only what differs from it; copy.src and copy.create are set. Where src lies on that
 * very file, only what src's own file holds is looked at. base must outlive the copy.
 */
SW_MUST_CHECK int backing_open(const struct backing_args *args, struct image_arg *base, struct sw_copy *copy,
                               struct sw_err *err);

#endif
