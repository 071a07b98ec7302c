/* An image that the command line names, opened the same way by every verb. */
#ifndef SW_CLI_IMAGE_ARG_H
#define SW_CLI_IMAGE_ARG_H

#include "slipway/envelope.h"
#include "slipway/image.h"
#include "slipway/parents.h"
#include "src/cli/trust_args.h"

#include <jansson.h>

struct image_arg {
    struct sw_image *img;
    struct sw_parents *parents;
    struct sw_in *sealed; /* the opened message beneath img; NULL for a plain file */
    bool opened;          /* the file could be opened as it is demanded, also where what is in it could not */
};

struct image_arg_opts {
    const char *format;            /* NULL: probed; of a sealed file, what its context says */
    const struct sw_keyring *keys; /* the file must be sealed, and one of them opens it; NULL: it is plain */
    const struct trust_opts
        *trust;         /* whose signature is demanded: of a sealed file, and of a plain one where it … */
                        /* … says whose or where it is; NULL: nobody's */
    bool plain_vouched; /* trust is for a plain file in any case */
    const char
        *allow_parent; /* the folder beneath which a parent may be opened; NULL refuses an image that … */
    bool top_only;     /* … names one, or with top_only opens it without */
    uint64_t disk;     /* --disk: of a file that holds several, from 1; 0: the only one */
    bool package;      /* without --disk, such a file is opened alone (SW_DISK_NONE) */
    bool salvage; /* what is cut off or leads past the file's end is a warning where the driver can go on */
};

SW_MUST_CHECK int image_arg_open(const char *path, const struct image_arg_opts *opts, struct image_arg *out,
                                 struct sw_err *err);
void image_arg_close(struct image_arg *arg);
/* What image_arg_open demands of the file, found out before: the same errors. Zero-initialise trust. */
SW_MUST_CHECK int image_arg_trust(const struct image_arg_opts *opts, struct trust_args *trust,
                                  struct sw_err *err);

#define AUTO_IMAGE_ARG __attribute__((cleanup(image_arg_close)))

/* The image's warnings and its parents', through the log. */
void image_arg_warn(const struct image_arg *arg);
/* The same as an array of texts. NULL when memory is gone. */
json_t *image_arg_warnings(const struct image_arg *arg);

/* A JSON string of untrusted text: bytes that are not UTF-8 become \xNN. */
json_t *json_untrusted(const char *text);

#endif
