/* A build's outputs: the final chain, flattened into each format that was asked for. */
#ifndef SW_BUILD_OUTPUTS_H
#define SW_BUILD_OUTPUTS_H

#include "slipway/envelope.h"
#include "slipway/store.h"
#include "src/build/build.h"
#include "src/build/plan.h"

/* One output file. Strings belong to the arena-like owner below. */
struct output {
    const struct sw_format *format;
    char *subformat; /* NULL: the format's default */
    char *file;      /* its name in the result's folder, ".sealed" included */
    const char *seal[SW_BUILD_RECIPIENTS_MAX];
    size_t nr_seal;          /* 0: written in clear */
    struct sw_keyring *ring; /* of those; NULL when it is written in clear */
    bool shares_ring;        /* with an output before it, whose it is */
};

struct outputs {
    struct output items[SW_BUILD_OUTPUTS_MAX];
    size_t n;
};

/*
 * Resolves what the options or else the recipe ask for, before anything runs: unknown formats, outputs of one name, formats
 * that cannot be sealed as they are written are errors here.
 */
SW_MUST_CHECK int outputs_resolve(const struct sw_build_opts *opts, const struct sw_recipe *recipe,
                                  struct outputs *outputs, struct sw_err *err);

/* Writes them into dir. Returns an array of outputs as slipway/manifest.h has them, with "format", "subformat", "virtualBytes". */
SW_MUST_CHECK json_t *outputs_write(const struct outputs *outputs, struct sw_store *store, const char *layer,
                                    const char *dir, const struct sw_build_opts *opts, struct sw_err *err);

void outputs_clear(struct outputs *outputs);

#endif
