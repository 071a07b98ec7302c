/* slipway store export: a state of the store as a disk image. */
#ifndef SW_CLI_STORE_EXPORT_H
#define SW_CLI_STORE_EXPORT_H

#include "slipway/store.h"
#include "src/cli/opt.h"

struct store_export {
    const struct common_opts *common;
    const char *what; /* a reference, or a layer's digest */
    const char *dst;
    const char *output_format;       /* NULL: by dst's ending */
    const struct opt_list *settings; /* -o */
    const struct opt_list *seal_to;  /* recipients of dst; empty: it is not sealed */
    const char *sign;                /* the key that vouches for dst; NULL: none */
    bool sync;
};

SW_MUST_CHECK int store_export(struct sw_store *store, const struct store_export *ask, struct sw_err *err);

#endif
