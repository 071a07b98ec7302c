/* What a new image is made with, as the command line says it: -o KEY=VAL,… and its format. */
#ifndef SW_CLI_CREATE_ARG_H
#define SW_CLI_CREATE_ARG_H

#include "slipway/image.h"
#include "src/cli/opt.h"

/* create points into the texts, so it must not move. */
struct create_arg {
    struct sw_create_opts create;
    char subformat[64], manifest[16];
};

/* The help of the row -o. */
#define CREATE_ARG_HELP "subformat=, level=, cluster_size=; ova: manifest=, cpus=, memory="

SW_MUST_CHECK int create_arg_parse(const struct opt_list *list, struct create_arg *arg, struct sw_err *err);

/* The format called named, or where that is NULL the one that path's ending tells. */
SW_MUST_CHECK int create_arg_format(const char *named, const char *path, const struct sw_format **out,
                                    struct sw_err *err);

#endif
