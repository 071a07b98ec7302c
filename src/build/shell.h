/* A shell in a disk: an image's, or a state of a recipe's. */
#ifndef SW_BUILD_SHELL_H
#define SW_BUILD_SHELL_H

#include "slipway/guest.h"
#include "slipway/image.h"
#include "src/build/build.h"

struct sw_shell {
    const struct sw_guest_shell
        *program; /* its cwd and env are those of a recipe's steps where there is one */
    enum sw_accel accel;
    bool stock_appliance;    /* as in struct sw_session_opts */
    const char *scratch_dir; /* for the overlay; NULL: $TMPDIR, else /var/tmp, and the store of a recipe */
    bool secret;             /* of an image: it is not to lie in clear … */
    bool plain_scratch;      /* … but there it may */
    const char *kept_at;     /* where changes go, for the line that greets; NULL: nowhere */
    /*
     * Called when the program ended well, with the disk as it is then: copy it. NULL: changes are dropped. A login shell
     * on a terminal has ended well whatever its exit status is.
     */
    int (*keep)(void *arg, struct sw_image *changed, struct sw_err *err);
    void *arg;
};

/*
 * Launches an appliance over an overlay of the image, mounts the guest's file systems, says one line in the log and runs the
 * program. The image is never written to; *image is NULL when it was closed. A program that ends badly is SW_GUEST.
 */
SW_MUST_CHECK int sw_shell_image(const struct sw_shell *shell, const char *name, struct sw_image **image,
                                 struct sw_err *err);

/*
 * The same over a layer of opts->recipe: the last that the store has, or the one that at names: a component's name, a
 * position, or the begin of a digest (4 digits or more), also of another layer of the store. A base that the store does not have is taken into it. SW_USAGE
 * when at names none, or several.
 */
SW_MUST_CHECK int sw_shell_recipe(const struct sw_shell *shell, const struct sw_build_opts *opts,
                                  const char *at, struct sw_diags *diags, struct sw_err *err);

/* How a program ended, as an error; 0 when it ended well. */
SW_MUST_CHECK int sw_shell_judge(const struct sw_guest_shell *program, const struct sw_guest_exit *end,
                                 struct sw_err *err);

#endif
