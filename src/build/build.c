/* The build flow: plan, ingest, guest, layers, outputs. */
#include "src/build/build.h"

#include "slipway/manifest.h"

#include "src/base/ckd.h"
#include "src/base/clock.h"
#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/base/mask.h"
#include "src/build/beneath.h"
#include "src/build/deferred.h"
#include "src/build/failed.h"
#include "src/build/outputs.h"
#include "src/build/plan.h"
#include "src/build/secrets.h"
#include "src/build/stage.h"
#include "src/build/trial.h"
#include "src/recipe/sealed.h"

#include <errno.h>
#include <string.h>

static const char *state_of(const struct plan *plan, size_t i, size_t first)
{
    if (plan->layers[i].key[0] == '\0')
        return i == 0 ? "ingest" : "run";
    return i < first ? "cached" : "run";
}

static json_t *describe_layer(const struct plan *plan, size_t i, size_t first, struct sw_err *err)
{
    const struct plan_layer *layer = &plan->layers[i];
    bool known = layer->key[0] != '\0';
    bool there = known && i < first;
    SW_AUTO_JSON json_t *json = json_object();

    if (json == NULL || sw_json_set(json, "position", json_integer((json_int_t)i), err) < 0 ||
        sw_json_set(json, "name", json_string(layer->name), err) < 0 ||
        sw_json_set(json, "state", json_string(state_of(plan, i, first)), err) < 0 ||
        (layer->use != NULL && layer->use->component->sealed != NULL &&
         sw_json_set(json, "sealed", json_string(layer->use->component->sealed), err) < 0) ||
        (known && sw_json_set(json, "key", json_string(layer->key), err) < 0) ||
        (there && layer->cached && sw_json_set(json, "digest", json_string(layer->layer.digest), err) < 0) ||
        (layer->changed != NULL && sw_json_set(json, "changed", json_string(layer->changed), err) < 0))
        return NULL;
    return SW_STEAL_PTR(json);
}

/* What the steps of the layer's component need; takes and gives back the layer. */
static json_t *explain_layer(const struct plan *plan, size_t i, json_t *layer, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = layer;
    json_t *steps;

    if (owned == NULL || plan->layers[i].use == NULL)
        return SW_STEAL_PTR(owned);
    steps = json_array();
    if (sw_json_set(owned, "steps", steps, err) < 0 || sw_explain_use(plan->layers[i].use, steps, err) < 0)
        return NULL;
    return SW_STEAL_PTR(owned);
}

static json_t *describe_layers(const struct plan *plan, size_t first, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < plan->nr_layers; i++)
        if (sw_json_append(list, explain_layer(plan, i, describe_layer(plan, i, first, err), err), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

static json_t *describe_recipe(const struct sw_recipe *recipe, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();
    SW_AUTO_FREE char *ref = sw_store_ref(recipe->name, recipe->version, err);

    if (json == NULL || ref == NULL || sw_json_set(json, "recipe", json_string(recipe->name), err) < 0 ||
        sw_json_set(json, "version", json_string(recipe->version), err) < 0 ||
        sw_json_set(json, "ref", json_string(ref), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

/* What its name says is sealed is nothing else. */
static int probe_base(const char *path, bool *sealed, struct sw_err *err)
{
    if (sw_seal_probe_file(path, sealed, err) < 0)
        return -1;
    return *sealed || !sw_is_sealed(path)
               ? 0
               : sw_fail(err, SW_INTEGRITY, "it is no sealed message, and by its name it should be one");
}

/* A base that a build would refuse is refused before; nothing but a manifest is read. */
static int check_base(const struct sw_overrides *with, const char *path, struct sw_err *err)
{
    struct sw_in *in = NULL;
    bool sealed = false;
    int rc = sw_path_exists(path) ? probe_base(path, &sealed, err)
                                  : sw_fail_errno(err, "there is none of that name");

    if (rc == 0 && sealed && with->opener != NULL)
        rc = sw_in_open_by(with->opener, path, &in, err);
    sw_in_close(in);
    return rc < 0 ? sw_context(err, "base image '%s'", path) : 0;
}

/* What a sealed base holds is another layer than its own bytes. */
static int known_base(const struct sw_build_opts *opts, const struct sw_recipe *recipe,
                      struct sw_store *store, struct sw_layer *base, struct sw_err *err)
{
    bool sealed = false;

    if (opts->overrides.keys != NULL && sw_seal_probe_file(recipe->base_path, &sealed, err) < 0)
        return -1;
    return sw_store_known_base(store, recipe->base_path, recipe->base_format, sealed, base, err);
}

/* Whether anything of the guest runs, in an appliance or booted. */
static bool runs_guest(const struct plan *plan)
{
    return plan_needs_launch(plan) || plan->needs_test;
}

static json_t *describe_plan(const struct sw_build_opts *opts, struct plan *plan, struct sw_err *err)
{
    SW_AUTO_STORE struct sw_store *store = NULL;
    SW_AUTO_JSON json_t *json = NULL;
    struct sw_layer base = {.digest = ""};
    struct sw_err missing = {.code = SW_OK};
    int known = 0;
    size_t first;

    if (check_base(&opts->overrides, plan->recipe->base_path, err) < 0)
        return NULL;
    /* No store yet means that nothing is known, which is no error here. */
    if (sw_store_open(opts->store_dir, false, &store, &missing) == 0)
        known = sw_store_unlock(store, opts->overrides.keys, opts->overrides.opener, err) < 0
                    ? -1
                    : known_base(opts, plan->recipe, store, &base, err);
    else if (missing.sys != ENOENT) {
        *err = missing;
        return NULL;
    }
    if (known < 0 || (known > 0 && plan_resolve(plan, store, &base, opts->no_cache, err) < 0))
        return NULL;
    first = known > 0 ? plan_first_missing(plan) : 0;
    json = describe_recipe(plan->recipe, err);
    if (json == NULL || sw_json_set(json, "launch", json_boolean(runs_guest(plan)), err) < 0 ||
        sw_json_set(json, "test", json_boolean(plan->needs_test), err) < 0 ||
        sw_json_set(json, "layers", describe_layers(plan, first, err), err) < 0 ||
        sw_json_set(json, "fetch", fetch_unknown(plan->fetch, err), err) < 0)
        return NULL;
    /* The lines of a template's documents may hold its secrets. */
    return sw_mask_json(plan->mask, SW_STEAL_PTR(json), false, err);
}

json_t *sw_build_plan(const struct sw_build_opts *opts, struct sw_diags *diags, struct sw_err *err)
{
    AUTO_PLAN struct plan *plan = NULL;
    json_t *json;

    if (plan_load(opts, diags, &plan, err) < 0)
        return NULL;
    json = fetch_look(plan->fetch, diags, err) == 0 ? describe_plan(opts, plan, err) : NULL;
    secrets_hide(plan, diags, err);
    return json;
}

static int open_sealed(const void *overrides, const char *path, struct sw_in **in, const char **format,
                       struct sw_err *err)
{
    const struct sw_overrides *with = overrides;

    return sw_seal_open_image(path, &(struct sw_unseal_opts){.keys = with->keys, .opener = with->opener}, in,
                              format, err);
}

/* Its layer is there, made when perhaps nobody asked who had signed it: all of it is compared. */
static int vouch_for_known(const struct sw_overrides *with, const char *path, struct sw_err *err)
{
    enum { PIECE_BYTES = 1 << 20 };
    SW_AUTO_FREE uint8_t *piece = NULL;
    struct sw_in *in = NULL;
    int rc = 0;

    if (with->opener == NULL)
        return 0;
    piece = sw_calloc(1, PIECE_BYTES, err);
    if (piece == NULL || sw_in_open_by(with->opener, path, &in, err) < 0)
        return -1;
    for (uint64_t at = 0; rc == 0 && at < in->size_bytes; at += PIECE_BYTES) {
        rc = sw_check_interrupt(err);
        if (rc == 0)
            rc = sw_in_read(in, piece, (size_t)sw_min_u64(PIECE_BYTES, in->size_bytes - at), at, err);
    }
    sw_in_close(in);
    return rc;
}

/* A sealed base is read in place; what is read of it must not lie in clear unless somebody says so. */
static int allow_sealed(const struct sw_build_opts *opts, const struct sw_store *store,
                        struct sw_store_ingest *ask, struct sw_err *err)
{
    const struct sw_keyring *keys = opts->overrides.keys;
    bool sealed = false;

    if (probe_base(ask->path, &sealed, err) < 0)
        return -1;
    if (!sealed || (ask->format != NULL && keys == NULL))
        return 0;
    if (keys == NULL)
        return sw_fail(err, SW_USAGE, "it looks sealed: name the key that opens it with --key");
    if (!sw_store_is_sealed(store) && !opts->plain_scratch)
        return sw_fail(
            err, SW_REFUSED,
            "it is sealed, and the store would keep its layer in clear: take a sealed store (slipway "
            "store init --seal-to), or say --plain-scratch");
    ask->open = open_sealed;
    ask->opener = &opts->overrides;
    return 0;
}

int build_ingest(const struct sw_build_opts *opts, const struct plan *plan, struct sw_store *store,
                 struct sw_layer *base, struct sw_err *err)
{
    struct sw_store_ingest ask = {.path = plan->recipe->base_path,
                                  .format = plan->recipe->base_format,
                                  .jobs = opts->jobs,
                                  .progress = opts->progress};
    struct sw_store_made made = {.known = false};

    if (allow_sealed(opts, store, &ask, err) < 0 || sw_store_ingest(store, &ask, &made, err) < 0 ||
        (made.known && ask.open != NULL && vouch_for_known(&opts->overrides, ask.path, err) < 0))
        return sw_context(err, "base image '%s'", ask.path);
    sw_log(SW_LOG_INFO, made.known ? "base image '%s': known" : "base image '%s': taken into the store",
           ask.path);
    *base = made.layer;
    return 0;
}

/* What was taken from the store is the latest of this recipe too: the next plan compares with it. */
static int record_cached(const struct plan *plan, struct sw_store *store, size_t first, struct sw_err *err)
{
    for (size_t i = 0; i < first; i++)
        if (plan_record(plan, store, i, err) < 0)
            return -1;
    return 0;
}

static int tag(const struct plan *plan, struct sw_store *store, struct sw_err *err)
{
    SW_AUTO_FREE char *ref = sw_store_ref(plan->recipe->name, plan->recipe->version, err);
    SW_AUTO_FREE const char **keys = sw_calloc(plan->nr_layers, sizeof(*keys), err);
    char manifest[SW_STORE_HEX];
    struct sw_store_state state = {
        .ref = ref,
        .name = plan->recipe->name,
        .version = plan->recipe->version,
        .layer = plan->layers[plan->nr_layers - 1].layer.digest,
        .keys = keys,
        .nr_keys = plan->nr_layers,
    };

    if (plan->unrecorded)
        return 0;
    if (ref == NULL || keys == NULL || sw_source_date(0, &state.epoch, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->nr_layers; i++)
        keys[i] = plan->layers[i].key;
    return sw_store_tag(store, &state, manifest, err);
}

/* One build on its way. */
struct build {
    const struct sw_build_opts *opts;
    struct plan *plan;
    const struct outputs *outputs;
    const struct sw_signer *signer; /* NULL: the manifest is not signed */
    struct sw_store *store;
    const char *dir; /* of the result */
    struct rig *ahead;
    size_t first; /* the position from which on layers are made */
};

/* The layers that are missing, and then what the phases say of the last one. */
static int make_and_try(const struct build *build, const struct stage *stage, struct sw_err *err)
{
    if (plan_needs_launch(build->plan)) {
        if (stage_run(stage, build->first, build->ahead, err) < 0)
            return -1;
    } else if (stage_carry_over(stage, build->first, err) < 0) {
        return -1;
    }
    return build->plan->needs_test ? trial_run(stage, err) : 0;
}

static int make_layers(const struct build *build, struct sw_err *err)
{
    SW_AUTO_FREE char *log_dir = sw_path_join(build->dir, "log", err);
    struct stage stage = {
        .plan = build->plan, .store = build->store, .log_dir = log_dir, .opts = build->opts};
    struct sw_err log_err = {.code = SW_OK};
    int rc;

    if (log_dir == NULL)
        return -1;
    if (!runs_guest(build->plan)) {
        sw_log(SW_LOG_INFO, "every layer is in the store: nothing to launch");
        return stage_carry_over(&stage, build->first, err);
    }
    if (sw_runlog_open(log_dir, &stage.log, err) < 0)
        return -1;
    sw_runlog_set_mask(stage.log, build->plan->mask);
    rc = make_and_try(build, &stage, err);
    if (sw_runlog_close(stage.log, rc < 0 ? err->text : NULL, &log_err) < 0 && rc == 0) {
        *err = log_err;
        return -1;
    }
    return rc;
}

/* What the import does with the image, and a build does not: as the recipe says it. */
static int describe_import(const struct plan *plan, json_t *json, struct sw_err *err)
{
    static const char *const fields[] = {"blockDeviceMappings", "additionalInstanceConfiguration", "tags",
                                         "amiTags", "amiWatermarks"};

    for (size_t i = 0; i < SW_ARRAY_LEN(fields); i++) {
        const struct sw_node *node = sw_node_get(plan->recipe->root, fields[i]);

        if (node != NULL &&
            sw_json_set(json, fields[i], sw_mask_json(plan->mask, sw_node_json(node, err), false, err), err) <
                0)
            return -1;
    }
    return 0;
}

/* What was built of what: the recipe's file, its base, its layers. */
static int describe_sources(const struct build *build, json_t *json, struct sw_err *err)
{
    const struct plan *plan = build->plan;
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (strcmp(build->opts->recipe, "-") != 0) {
        if (sw_sha256_file(build->opts->recipe, digest, err) < 0)
            return -1;
        sw_hex(digest, sizeof(digest), hex);
        if (sw_json_set(json, "recipeSha256", json_string(hex), err) < 0)
            return -1;
    }
    if (sw_json_set(json, "parentImage", json_string(plan->recipe->parent_image), err) < 0 ||
        sw_json_set(json, "baseLayer", json_string(plan->layers[0].layer.digest), err) < 0 ||
        describe_import(plan, json, err) < 0 || sw_json_set(json, "layers", json_array(), err) < 0)
        return -1;
    for (size_t i = 0; i < plan->nr_layers; i++) {
        json_t *layer = describe_layer(plan, i, plan->nr_layers, err);

        if (sw_json_append(json_object_get(json, "layers"), layer, err) < 0 ||
            sw_json_set(layer, "digest", json_string(plan->layers[i].layer.digest), err) < 0)
            return -1;
        json_object_del(layer, "changed");
        json_object_del(layer, "state"); /* what this run did is no part of what there is */
    }
    return 0;
}

static json_t *make_manifest(const struct build *build, json_t *outputs, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = outputs;
    SW_AUTO_JSON json_t *json = NULL;

    if (owned == NULL)
        return NULL;
    json = describe_recipe(build->plan->recipe, err);
    if (json == NULL || describe_sources(build, json, err) < 0 ||
        sw_json_set(json, "outputs", SW_STEAL_PTR(owned), err) < 0 ||
        sw_json_set(json, "deferred", deferred_steps(build->plan, err), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

/* The result is the manifest, and what this run did. */
static int add_states(const struct build *build, json_t *result, struct sw_err *err)
{
    json_t *layer;
    size_t i;

    json_array_foreach (json_object_get(result, "layers"), i, layer) {
        if (sw_json_set(layer, "state", json_string(i < build->first ? "cached" : "made"), err) < 0)
            return -1;
    }
    return sw_json_set(result, "dir", json_string(build->dir), err);
}

static json_t *finish(const struct build *build, struct sw_err *err)
{
    const struct plan *plan = build->plan;
    const char *top = plan->layers[plan->nr_layers - 1].layer.digest;
    SW_AUTO_FREE char *path = sw_path_join(build->dir, "manifest.json", err);
    SW_AUTO_JSON json_t *manifest = NULL;

    if (path == NULL || record_cached(plan, build->store, build->first, err) < 0 ||
        tag(plan, build->store, err) < 0 || sw_manifest_remove(path, err) < 0)
        return NULL;
    manifest = make_manifest(
        build, outputs_write(build->outputs, build->store, top, build->dir, build->opts, err), err);
    if (manifest == NULL || sw_manifest_write(manifest, path, build->signer, err) < 0 ||
        add_states(build, manifest, err) < 0)
        return NULL;
    return SW_STEAL_PTR(manifest);
}

/* A base whose layer is still to be made, of bytes that may be read before anything vouches for them. */
static bool base_is_new(const struct build *build)
{
    const struct sw_recipe *recipe = build->plan->recipe;
    struct sw_err ignored = {.code = SW_OK}; /* it is told when the base is taken in */
    struct sw_layer base;
    bool sealed = true;

    return sw_seal_probe_file(recipe->base_path, &sealed, &ignored) == 0 && !sealed &&
           known_base(build->opts, recipe, build->store, &base, &ignored) == 0;
}

static json_t *run(struct build *build, struct sw_err *err)
{
    struct sw_layer base = {.digest = ""};
    SW_AUTO_JSON json_t *result = NULL;
    bool launch;

    if (base_is_new(build))
        rig_ahead(build->opts, build->plan, build->store, build->ahead);
    if (build_ingest(build->opts, build->plan, build->store, &base, err) < 0 ||
        plan_resolve(build->plan, build->store, &base, build->opts->no_cache, err) < 0)
        return NULL;
    build->first = plan_first_missing(build->plan);
    launch = runs_guest(build->plan);
    if (launch && scratch_check(build->opts, build->store, NULL, base.virtual_bytes, err) < 0)
        return NULL;
    if (sw_mkdir_p(build->dir, 0777, err) < 0 || make_layers(build, err) < 0)
        return NULL;
    result = finish(build, err);
    if (result == NULL || sw_json_set(result, "launched", json_boolean(launch), err) < 0)
        return NULL;
    return SW_STEAL_PTR(result);
}

/* What a build tells is JSON: a folder whose name that cannot hold is refused before anything runs. */
static int check_dir(const char *dir, struct sw_err *err)
{
    SW_AUTO_JSON json_t *text = json_string(dir);

    return text != NULL ? 0 : sw_fail(err, SW_USAGE, "the name of the folder '%s' is not UTF-8", dir);
}

static json_t *open_and_run(const struct sw_build_opts *opts, struct plan *plan,
                            const struct outputs *outputs, struct sw_err *err)
{
    SW_AUTO_SIGNER struct sw_signer *signer = NULL;
    SW_AUTO_FREE char *dir =
        sw_strf(err, "%s/%s-%s", opts->out_dir, plan->recipe->name, plan->recipe->version);
    SW_AUTO_STORE struct sw_store *store = NULL;
    AUTO_RIG struct rig ahead = {.scratch = NULL};
    struct build build = {.opts = opts, .plan = plan, .outputs = outputs, .dir = dir, .ahead = &ahead};

    if (dir == NULL || check_dir(dir, err) < 0)
        return NULL;
    if (opts->sign != NULL && (sw_seal_harden(err) < 0 || (signer = sw_signer_open(opts->sign, err)) == NULL))
        return NULL;
    if (sw_store_open(opts->store_dir, true, &store, err) < 0 ||
        sw_store_unlock(store, opts->overrides.keys, opts->overrides.opener, err) < 0 ||
        failed_check(opts, store, err) < 0)
        return NULL;
    build.store = store;
    build.signer = signer;
    return run(&build, err);
}

json_t *sw_build_run(const struct sw_build_opts *opts, struct sw_diags *diags, struct sw_err *err)
{
    AUTO_PLAN struct plan *plan = NULL;
    struct outputs outputs = {.n = 0};
    json_t *result = NULL;

    if (plan_load(opts, diags, &plan, err) < 0)
        return NULL;
    if (outputs_resolve(opts, plan->recipe, &outputs, err) == 0 && fetch_find(plan->fetch, diags, err) == 0)
        result = open_and_run(opts, plan, &outputs, err);
    secrets_hide(plan, diags, err);
    if (result == NULL)
        sw_context(err, "recipe '%s'", opts->recipe);
    outputs_clear(&outputs);
    return result;
}
