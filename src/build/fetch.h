/* Downloads and uploads of a recipe's steps: what they need is found on this side, before anything is launched. */
#ifndef SW_BUILD_FETCH_H
#define SW_BUILD_FETCH_H

#include "slipway/bundle.h"
#include "slipway/guest.h"
#include "slipway/progress.h"
#include "slipway/recipe.h"

#include "src/base/cleanup.h"

#include <jansson.h>

/* AWS's limit for one S3Download of a prefix. */
enum { FETCH_OBJECTS_MAX = 1000 };

struct fetch_opts {
    const char *const *bundles; /* paths, looked into in this order */
    size_t nr_bundles;
    bool network;                 /* what is not here may be asked for */
    bool test;                    /* the test phases' are wanted too */
    bool refetch;                 /* what an earlier fetch left is not used where the network may be */
    struct sw_progress *progress; /* of downloads; may be NULL */
};

struct fetch;

/*
 * Collects the sources of all downloads of the build and validate phases, with opts.test of the test phases, and checks that
 * uploads have somewhere to go. Nothing is looked for yet. Faults are added to diags at the step's place, and are an error. Free it.
 */
SW_MUST_CHECK int fetch_new(const struct sw_recipe *recipe, const struct fetch_opts *opts,
                            struct sw_diags *diags, struct fetch **out, struct sw_err *err);
void fetch_free(struct fetch *fetch);
SW_DEFINE_AUTO(fetch, struct fetch, fetch_free)
#define AUTO_FETCH SW_CLEANUP(fetch_auto)

/*
 * Finds every source: in the recipe's inputs, the bundles, what was fetched before, and with opts.network on the net.
 * What is not found is listed in diags, all of it; SW_OFFLINE then. A wrong checksum is SW_INTEGRITY.
 */
SW_MUST_CHECK int fetch_find(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err);

/* The same without the net and without reading tars: what would have to be asked for stays unknown, which is no error. */
SW_MUST_CHECK int fetch_look(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err);

/* True when the digests of all that a component downloads are known: in its test phases, or in all others. */
bool fetch_known(const struct fetch *fetch, size_t use, bool test);

/* {source: digest, or {name: digest} for a prefix} of what a component downloads there; *out is NULL when that is nothing. */
SW_MUST_CHECK int fetch_describe(const struct fetch *fetch, size_t use, bool test, json_t **out,
                                 struct sw_err *err);

/* The sources that would be asked for on the net, each once; "(sealed)" for one that only sealed documents name. decref it. */
SW_MUST_CHECK json_t *fetch_unknown(const struct fetch *fetch, struct sw_err *err);

/* For the executor; belongs to fetch. */
struct sw_transfers *fetch_transfers(struct fetch *fetch);

/* Everything that was found, as a bundle's files; they live as long as fetch. Free the array only. */
SW_MUST_CHECK struct sw_bundle_file *fetch_bundled(const struct fetch *fetch, size_t *n, struct sw_err *err);

#endif
