/* The build flow: a recipe over a base image becomes layers in the store and output files. */
#ifndef SW_BUILD_BUILD_H
#define SW_BUILD_BUILD_H

#include "slipway/guest.h"
#include "slipway/progress.h"
#include "slipway/recipe.h"
#include "slipway/store.h"

#include <jansson.h>
#include <stdbool.h>

enum { SW_BUILD_OUTPUTS_MAX = 16, SW_BUILD_RECIPIENTS_MAX = 32 };

/* What comes before the end of a build whose step failed. */
enum sw_on_error {
    SW_ON_ERROR_FAIL,
    SW_ON_ERROR_SHELL, /* a shell in the guest as the step left it */
    SW_ON_ERROR_KEEP,  /* its disk is kept, as failed.qcow2 beside the log, over the last whole layer */
};

struct sw_build_opts {
    const char *recipe; /* path */
    struct sw_overrides overrides;
    const char *out_dir;     /* the result goes to out_dir/<name>-<version>/ */
    const char *store_dir;   /* NULL: the default store */
    const char *scratch_dir; /* for overlays and their kin; NULL: in the store */
    bool plain_scratch;      /* also where a sealed store's or base's data would lie in clear */
    /* "FORMAT[,subformat=…]" each; none: the recipe's outputs, and without those one VMDK. */
    const char *const *outputs;
    size_t nr_outputs;
    const char *const *seal_to; /* recipients for every output, beside those of the recipe */
    size_t nr_seal_to;
    const char *sign;           /* the key that signs the manifest, or NULL */
    const char *const *bundles; /* of fetched files: paths */
    size_t nr_bundles;
    bool refetch;     /* ask servers again for what was fetched before, where the recipe allows the network */
    bool layers_only; /* no outputs: the caller takes the last layer out of the store */
    bool no_cache;    /* run every component, whatever the store knows */
    bool no_test;     /* leave the test phases out */
    bool
        again; /* to be held against an earlier build: nothing is recorded, no name is given, layers stay till a gc */
    bool beside_queue; /* as in struct sw_exec: built over its own result it does nothing */
    enum sw_accel accel;
    bool stock_appliance; /* as in struct sw_session_opts */
    enum sw_on_error on_error;
    const struct sw_guest_shell
        *failed_shell; /* SHELL: a login shell on the user's terminal; NULL: there is none */
    unsigned jobs;
    struct sw_progress *progress; /* of ingest and outputs; may be NULL */
};

/*
 * The moment that a build's layers are of, in seconds since 1970: SOURCE_DATE_EPOCH when set; else the newest date at which an
 * ext file system of the base was written to, which is a part of the base; else, where it has none, 2026-01-01. base: the
 * digest of its layer.
 */
SW_MUST_CHECK int sw_build_moment(struct sw_store *store, const char *base, int64_t *epoch,
                                  struct sw_err *err);

/*
 * Says what a build would do, without doing it: {"recipe", "version", "ref", "launch": bool, "test": bool (phases that a booted copy is for), "layers": [{"position", "name",
 * "state": "cached" | "run" | "ingest", "sealed" (NAME/VERSION), "key", "digest", "changed", "steps" (sw_explain_use)}],
 * "fetch": [URI, or "(sealed)"]}. key is missing while the base was never
 * read, or something that is downloaded was never fetched; those are in fetch. changed names the first input that differs from
 * the last build of the same recipe. Faults of the recipe are added to diags, as are downloads that cannot be done (SW_OFFLINE).
 * NULL and err on failure; decref it.
 */
SW_MUST_CHECK json_t *sw_build_plan(const struct sw_build_opts *opts, struct sw_diags *diags,
                                    struct sw_err *err);

/*
 * Fetches all that the recipe's phases download, from wherever a build would take it and from the net,
 * into a bundle at path. Returns {"bundle", "files": [{"source", "name", "sha256", "size"}]}. NULL and err on failure; decref it.
 */
SW_MUST_CHECK json_t *sw_build_bundle(const struct sw_build_opts *opts, const char *path,
                                      struct sw_diags *diags, struct sw_err *err);

/*
 * Builds. Returns what manifest.json says, with "dir" (the result's folder) and "launched" besides. Killed at any moment, the
 * same call goes on from the last whole layer. NULL and err on failure; decref it.
 */
SW_MUST_CHECK json_t *sw_build_run(const struct sw_build_opts *opts, struct sw_diags *diags,
                                   struct sw_err *err);

#endif
