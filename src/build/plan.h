/* The plan of one build: what each layer is made of, and which of them the store has. */
#ifndef SW_BUILD_PLAN_H
#define SW_BUILD_PLAN_H

#include "slipway/store.h"
#include "src/base/cleanup.h"
#include "src/base/mask.h"
#include "src/build/build.h"
#include "src/build/fetch.h"

struct plan_layer {
    const char *name;         /* the component's, "base" for position 0, "volume" for the disk that grew */
    const struct sw_use *use; /* NULL: the base, the volume */
    char key[SW_STORE_HEX];   /* "" while the base, or something that is downloaded up to here, is unknown */
    json_t *inputs;           /* what key is the digest of; NULL without a key */
    json_t *outputs;          /* what the component's steps left for later phases; NULL: nothing known */
    bool cached;
    struct sw_layer layer; /* when cached */
    char *
        changed; /* the first input that differs from the last build, NULL when it is the same or there was none */
};

struct plan {
    struct sw_recipe *recipe;
    struct fetch *fetch;    /* what its steps download */
    struct sw_media *media; /* the recipe's repositories; NULL: none */
    struct plan_layer
        *layers; /* base first, the volume where the recipe gives its size, then one a component */
    size_t nr_layers;
    struct sw_mask *mask; /* the recipe's secrets */
    /* Of the final state's validate phases, and its test phases; "" while the last layer has no key, or a download is unknown. */
    char validated_key[SW_STORE_HEX], tested_key[SW_STORE_HEX];
    /* The recipe has such steps and the store has not seen them pass; test: nor are they to be left out. */
    bool needs_validate, needs_test;
    bool unrecorded; /* nothing of it is remembered */
};

/* Reads the recipe and makes the frame of the plan. Free it. */
SW_MUST_CHECK int plan_load(const struct sw_build_opts *opts, struct sw_diags *diags, struct plan **out,
                            struct sw_err *err);

/* The recipe's base as layer 0: taken into the store where it is not known there. build.c. */
SW_MUST_CHECK int build_ingest(const struct sw_build_opts *opts, const struct plan *plan,
                               struct sw_store *store, struct sw_layer *base, struct sw_err *err);

/* Fills in keys and what the store knows, once layer 0 is known. */
SW_MUST_CHECK int plan_resolve(struct plan *plan, struct sw_store *store, const struct sw_layer *base,
                               bool no_cache, struct sw_err *err);

/* Remembers that layer i was made. */
SW_MUST_CHECK int plan_record(const struct plan *plan, struct sw_store *store, size_t i, struct sw_err *err);
/* Remembers that the validate or the test phases of the final state passed. */
SW_MUST_CHECK int plan_record_validated(const struct plan *plan, struct sw_store *store, struct sw_err *err);
SW_MUST_CHECK int plan_record_tested(const struct plan *plan, struct sw_store *store, struct sw_err *err);

/* The first layer that must be made: nr_layers when all are there. */
size_t plan_first_missing(const struct plan *plan);

/* True when a build has steps to run: components without build phases leave the disk as it is. */
bool plan_needs_launch(const struct plan *plan);

/* True when the first layer that runs, from first on, or else what comes behind all, is the appliance's and not a booted machine's. */
bool plan_begins_offline(const struct plan *plan, size_t first);

/* True when a component has steps in phases of this kind. */
bool plan_use_has_phase(const struct sw_use *use, enum sw_phase_kind kind);

/* True for the layer in which the disk grows to the recipe's size. */
bool plan_is_volume(const struct plan *plan, size_t i);
/* The place of layer i's component among the recipe's. */
size_t plan_use_index(const struct plan *plan, size_t i);
/* True when making layer i changes the disk; else it is the layer beneath. The one beneath must be known. */
bool plan_layer_runs(const struct plan *plan, size_t i);
/* The size of the disk in layer i, whose one beneath must be known. */
uint64_t plan_disk_bytes(const struct plan *plan, size_t i);

void plan_free(struct plan *plan);
SW_DEFINE_AUTO(plan, struct plan, plan_free)
#define AUTO_PLAN SW_CLEANUP(plan_auto)

/*
 * Where two JSON values first differ, as a path such as "component.parameters.greeting", or NULL when they are equal (err->code
 * stays SW_OK then). Objects are walked in the order of their sorted keys. Free it.
 */
char *plan_first_difference(const json_t *before, const json_t *now, struct sw_err *err);

#endif
