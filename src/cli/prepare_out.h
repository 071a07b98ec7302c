/* The disk that prepare writes, out of the store, or the image itself where there was nothing to do; and that of a shell. */
#ifndef SW_CLI_PREPARE_OUT_H
#define SW_CLI_PREPARE_OUT_H

#include "slipway/copy.h"
#include "src/cli/create_arg.h"
#include "src/cli/opt.h"
#include "src/cli/sign_args.h"

struct prepare_out {
    const char *what; /* the verb, for its progress */
    const char *path;
    const struct sw_format *format;
    struct create_arg create;
    struct sw_keyring *recipients; /* NULL: not sealed */
    struct sign_args sign;
    bool secret; /* what was sealed is not for others to read */
};

/* What is wrong with names, keys and formats is found before anything runs. output: "FORMAT[,KEY=VAL…]" or NULL. */
SW_MUST_CHECK int prepare_out_open(const char *path, const char *output, const struct opt_list *seal_to,
                                   const char *sign, struct prepare_out *out, struct sw_err *err);
SW_MUST_CHECK int prepare_out_write(struct prepare_out *out, struct sw_image *disk,
                                    const struct common_opts *common, struct sw_copy_stats *stats,
                                    struct sw_err *err);
void prepare_out_close(struct prepare_out *out);
#define AUTO_PREPARE_OUT SW_CLEANUP(prepare_out_close)

#endif
