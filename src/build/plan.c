/* The plan: keys from inputs, and what the store already has. */
#include "src/build/plan.h"

#include "src/base/digest.h"
#include "src/base/json.h"
#include "src/build/moment.h"
#include "src/build/secrets.h"

#include <string.h>

/* Raised whenever the same document would leave something else in an image. */
enum { SEMANTICS_VERSION = 5 };

bool plan_use_has_phase(const struct sw_use *use, enum sw_phase_kind kind)
{
    for (size_t i = 0; i < use->component->nr_phases; i++)
        if (use->component->phases[i].kind == kind && use->component->phases[i].nr_steps > 0)
            return true;
    return false;
}

static bool has_phase(const struct sw_recipe *recipe, enum sw_phase_kind kind)
{
    for (size_t i = 0; i < recipe->nr_uses; i++)
        if (plan_use_has_phase(&recipe->uses[i], kind))
            return true;
    return false;
}

bool plan_is_volume(const struct plan *plan, size_t i)
{
    return i == 1 && plan->layers[i].use == NULL;
}

size_t plan_use_index(const struct plan *plan, size_t i)
{
    return (size_t)(plan->layers[i].use - plan->recipe->uses);
}

bool plan_layer_runs(const struct plan *plan, size_t i)
{
    if (plan_is_volume(plan, i))
        return plan->recipe->volume_bytes != plan->layers[0].layer.virtual_bytes;
    return plan_use_has_phase(plan->layers[i].use, SW_PHASE_BUILD);
}

uint64_t plan_disk_bytes(const struct plan *plan, size_t i)
{
    return plan_is_volume(plan, i) ? plan->recipe->volume_bytes : plan->layers[i - 1].layer.virtual_bytes;
}

/* The layers that there will be, by their names. */
static int make_frame(struct plan *plan, struct sw_err *err)
{
    const struct sw_recipe *recipe = plan->recipe;
    size_t before = recipe->volume_bytes > 0 ? 2 : 1;

    plan->layers = sw_calloc(recipe->nr_uses + before, sizeof(*plan->layers), err);
    if (plan->layers == NULL)
        return -1;
    plan->nr_layers = recipe->nr_uses + before;
    plan->layers[0].name = "base";
    if (before > 1)
        plan->layers[1].name = "volume";
    for (size_t i = 0; i < recipe->nr_uses; i++) {
        plan->layers[before + i].name = recipe->uses[i].component->name;
        plan->layers[before + i].use = &recipe->uses[i];
    }
    return 0;
}

/* What is known without the image; where the components leave it open, the image is asked before anything runs. */
static int check_platform(const struct sw_recipe *recipe, struct sw_err *err)
{
    bool on_linux = (recipe->platforms & SW_LINUX) != 0, on_windows = (recipe->platforms & SW_WINDOWS) != 0;

    if (on_linux == on_windows)
        return 0;
    return sw_uses_check_platform(recipe->uses, recipe->nr_uses, on_windows ? SW_WINDOWS : SW_LINUX, err);
}

int plan_load(const struct sw_build_opts *opts, struct sw_diags *diags, struct plan **out, struct sw_err *err)
{
    AUTO_PLAN struct plan *plan = sw_calloc(1, sizeof(*plan), err);
    struct fetch_opts fetch = {.bundles = opts->bundles,
                               .nr_bundles = opts->nr_bundles,
                               .test = !opts->no_test && !opts->again,
                               .refetch = opts->refetch,
                               .progress = opts->progress};

    if (plan == NULL)
        return -1;
    plan->recipe = sw_recipe_load(opts->recipe, &opts->overrides, diags, err);
    if (plan->recipe == NULL || check_platform(plan->recipe, err) < 0)
        return -1;
    fetch.network = plan->recipe->network;
    if (plan->recipe->base_path == NULL)
        return sw_fail(err, SW_OFFLINE,
                       "recipe '%s': parentImage '%s' is not a local image: name one with --base",
                       opts->recipe, plan->recipe->parent_image);
    if (plan->recipe->nr_repositories > 0 &&
        sw_media_open(plan->recipe->repositories, plan->recipe->nr_repositories, NULL, &plan->media, err) < 0)
        return sw_context(err, "recipe '%s'", opts->recipe);
    if (make_frame(plan, err) < 0)
        return -1;
    plan->needs_validate = has_phase(plan->recipe, SW_PHASE_VALIDATE);
    plan->needs_test = fetch.test && has_phase(plan->recipe, SW_PHASE_TEST);
    plan->unrecorded = opts->again;
    if (secrets_mask(plan, err) < 0)
        return -1;
    if (fetch_new(plan->recipe, &fetch, diags, &plan->fetch, err) < 0) {
        secrets_hide(plan, diags, err);
        return -1;
    }
    *out = SW_STEAL_PTR(plan);
    return 0;
}

static json_t *base_inputs(const struct sw_layer *base, struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = json_object();

    if (inputs == NULL || sw_json_set(inputs, "base", json_string(base->digest), err) < 0)
        return NULL;
    return SW_STEAL_PTR(inputs);
}

static json_t *volume_inputs(const struct sw_recipe *recipe, const char *parent_key, struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = json_object();

    if (inputs == NULL || sw_json_set(inputs, "engine", json_string("appliance"), err) < 0 ||
        sw_json_set(inputs, "parent", json_string(parent_key), err) < 0 ||
        sw_json_set(inputs, "semantics", json_integer(SEMANTICS_VERSION), err) < 0 ||
        sw_json_set(inputs, "volumeBytes", json_integer((json_int_t)recipe->volume_bytes), err) < 0 ||
        moment_describe(inputs, err) < 0)
        return NULL;
    return SW_STEAL_PTR(inputs);
}

/* What a component downloads, without secrets and words of what is sealed; where they alone tell sources apart, the digests have no names. */
static int describe_files(const struct plan *plan, size_t use, bool test, json_t **out, struct sw_err *err)
{
    SW_AUTO_JSON json_t *files = NULL;
    SW_AUTO_JSON json_t *digests = json_array();
    const char *source;
    json_t *digest;
    size_t n;

    *out = NULL;
    if (fetch_describe(plan->fetch, use, test, &files, err) < 0)
        return -1;
    if (files == NULL)
        return 0;
    n = json_object_size(files);
    json_object_foreach (files, source, digest) {
        if (sw_json_append(digests, json_incref(digest), err) < 0)
            return -1;
    }
    files = sw_mask_json(plan->mask, SW_STEAL_PTR(files), false, err);
    if (files == NULL)
        return -1;
    *out = json_object_size(files) == n && !sw_use_holds_sealed(&plan->recipe->uses[use])
               ? SW_STEAL_PTR(files)
               : SW_STEAL_PTR(digests);
    return 0;
}

static json_t *component_inputs(const struct plan *plan, size_t i, const char *parent_key, struct sw_err *err)
{
    const struct sw_recipe *recipe = plan->recipe;
    SW_AUTO_JSON json_t *inputs = json_object();
    json_t *files = NULL;

    if (inputs == NULL ||
        sw_json_set(inputs, "component", secrets_cover(plan, sw_use_canonical(plan->layers[i].use, err), err),
                    err) < 0 ||
        sw_json_set(inputs, "engine", json_string(plan->layers[i].use->booted ? "boot" : "appliance"), err) <
            0 ||
        sw_json_set(inputs, "network", json_boolean(recipe->network), err) < 0 ||
        sw_json_set(inputs, "parent", json_string(parent_key), err) < 0 ||
        sw_json_set(inputs, "semantics", json_integer(SEMANTICS_VERSION), err) < 0 ||
        sw_json_set(inputs, "workingDirectory", json_string(recipe->working_directory), err) < 0 ||
        moment_describe(inputs, err) < 0 ||
        describe_files(plan, plan_use_index(plan, i), false, &files, err) < 0)
        return NULL;
    /* A component that downloads nothing keeps the key that it always had; so does one whose starts are refused. */
    if (files != NULL && sw_json_set(inputs, "files", files, err) < 0)
        return NULL;
    if (recipe->skip_starts && sw_json_set(inputs, "serviceStarts", json_string("skip"), err) < 0)
        return NULL;
    if (plan->media != NULL &&
        sw_json_set(inputs, "repositories", sw_media_digests(plan->media, err), err) < 0)
        return NULL;
    return SW_STEAL_PTR(inputs);
}

/* A layer counts only on the very one beneath it: that may be gone, or may have been made anew since. */
static bool lies_on(const struct sw_layer *layer, const struct plan_layer *below)
{
    return below->cached && (strcmp(layer->parent, below->layer.digest) == 0 ||
                             strcmp(layer->digest, below->layer.digest) == 0);
}

/* Marks the layer as cached when the store has it. */
static int look_up(struct plan_layer *layer, const struct plan_layer *below, struct sw_store *store,
                   struct sw_err *err)
{
    struct sw_plan_record record = {.recipe = NULL};
    int found = sw_store_find_key(store, layer->key, &record, err);

    if (found <= 0)
        return found;
    layer->cached = lies_on(&record.layer, below);
    layer->layer = record.layer;
    if (layer->cached && record.outputs != NULL)
        layer->outputs = sw_json_parse(record.outputs, strlen(record.outputs), "plan record", err);
    sw_plan_record_clear(&record);
    return 0;
}

/* Compares with the last build of this recipe: what is told to the user, nothing depends on it. */
static int find_change(const struct plan *plan, size_t position, struct sw_store *store, struct sw_err *err)
{
    struct plan_layer *layer = &plan->layers[position];
    struct sw_plan_record last = {.recipe = NULL};
    SW_AUTO_JSON json_t *before = NULL;
    SW_AUTO_JSON json_t *now = NULL;
    struct sw_err why = {.code = SW_OK}; /* err may still carry what somebody got over */
    int found = sw_store_last_record(store, plan->recipe->name, (unsigned)position, &last, err);

    if (found <= 0)
        return found;
    before = sw_json_parse(last.inputs, strlen(last.inputs), "plan record", err);
    sw_plan_record_clear(&last);
    now = sw_mask_json(plan->mask, json_incref(layer->inputs), false, err);
    if (before == NULL || now == NULL)
        return -1;
    layer->changed = plan_first_difference(before, now, &why);
    if (layer->changed != NULL || why.code == SW_OK)
        return 0;
    *err = why;
    return -1;
}

static int resolve_layer(struct plan *plan, size_t i, struct sw_store *store, bool no_cache,
                         struct sw_err *err)
{
    struct plan_layer *layer = &plan->layers[i];

    if (layer[-1].key[0] == '\0' ||
        (layer->use != NULL && !fetch_known(plan->fetch, plan_use_index(plan, i), false)))
        return 0;
    layer->inputs = plan_is_volume(plan, i) ? volume_inputs(plan->recipe, layer[-1].key, err)
                                            : component_inputs(plan, i, layer[-1].key, err);
    if (layer->inputs == NULL || sw_json_digest(layer->inputs, layer->key, err) < 0)
        return -1;
    if (!no_cache && look_up(layer, layer - 1, store, err) < 0)
        return -1;
    return find_change(plan, i, store, err);
}

static bool knows_test_files(const struct plan *plan)
{
    for (size_t use = 0; use < plan->recipe->nr_uses; use++)
        if (!fetch_known(plan->fetch, use, true))
            return false;
    return true;
}

/* What test phases download is theirs alone: another file there makes no other layer. */
static int describe_test_files(const struct plan *plan, json_t *inputs, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t use = 0; use < plan->recipe->nr_uses; use++) {
        json_t *files = NULL;

        if (describe_files(plan, use, true, &files, err) < 0 ||
            (files != NULL && sw_json_append(list, files, err) < 0))
            return -1;
    }
    return json_array_size(list) == 0 ? 0 : sw_json_set(inputs, "files", SW_STEAL_PTR(list), err);
}

/* Of what passed, "validated" or "tested". */
static json_t *passed_inputs(const struct plan *plan, bool tested, struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = json_object();

    if (inputs == NULL ||
        sw_json_set(inputs, tested ? "tested" : "validated",
                    json_string(plan->layers[plan->nr_layers - 1].key), err) < 0 ||
        (tested && describe_test_files(plan, inputs, err) < 0))
        return NULL;
    return SW_STEAL_PTR(inputs);
}

/* Phases speak of the very layer that they ran on: one that was made anew since has to pass them itself. */
static int look_up_passed(const struct plan *plan, struct sw_store *store, const char *key, bool *needed,
                          struct sw_err *err)
{
    const struct plan_layer *top = &plan->layers[plan->nr_layers - 1];
    struct sw_plan_record record = {.recipe = NULL};
    int found = *needed ? sw_store_find_key(store, key, &record, err) : 0;

    if (found <= 0)
        return found;
    *needed =
        plan_first_missing(plan) < plan->nr_layers || strcmp(record.layer.digest, top->layer.digest) != 0;
    sw_plan_record_clear(&record);
    return 0;
}

static int make_passed_key(const struct plan *plan, bool tested, char key[SW_STORE_HEX], struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = passed_inputs(plan, tested, err);

    return inputs == NULL ? -1 : sw_json_digest(inputs, key, err);
}

static int resolve_passed(struct plan *plan, struct sw_store *store, bool no_cache, struct sw_err *err)
{
    if (plan->layers[plan->nr_layers - 1].key[0] == '\0')
        return 0;
    if (make_passed_key(plan, false, plan->validated_key, err) < 0 ||
        (knows_test_files(plan) && make_passed_key(plan, true, plan->tested_key, err) < 0))
        return -1;
    if (no_cache)
        return 0;
    if (look_up_passed(plan, store, plan->validated_key, &plan->needs_validate, err) < 0)
        return -1;
    return plan->tested_key[0] == '\0'
               ? 0
               : look_up_passed(plan, store, plan->tested_key, &plan->needs_test, err);
}

/* A disk grows and never shrinks. */
static int check_volume(const struct sw_recipe *recipe, const struct sw_layer *base, struct sw_err *err)
{
    if (recipe->volume_bytes == 0 || recipe->volume_bytes >= base->virtual_bytes)
        return 0;
    return sw_fail(
        err, SW_RECIPE,
        "%s:%zu:%zu: volumeSize is %llu GiB, and the base image has %llu bytes: a volume cannot be "
        "smaller than its image",
        recipe->file, recipe->volume_line, recipe->volume_column,
        (unsigned long long)(recipe->volume_bytes >> 30), (unsigned long long)base->virtual_bytes);
}

/* A validate phase may need what the store was not given: its component runs again. */
static void forget_withheld(struct plan *plan)
{
    for (size_t i = 1; plan->needs_validate && i < plan->nr_layers; i++)
        if (plan->layers[i].use != NULL && plan_use_has_phase(plan->layers[i].use, SW_PHASE_VALIDATE) &&
            secrets_were_withheld(plan->layers[i].outputs))
            plan->layers[i].cached = false;
}

int plan_resolve(struct plan *plan, struct sw_store *store, const struct sw_layer *base, bool no_cache,
                 struct sw_err *err)
{
    if (check_volume(plan->recipe, base, err) < 0)
        return -1;
    plan->layers[0].cached = true;
    plan->layers[0].layer = *base;
    plan->layers[0].inputs = base_inputs(base, err);
    if (plan->layers[0].inputs == NULL ||
        sw_json_digest(plan->layers[0].inputs, plan->layers[0].key, err) < 0)
        return -1;
    if (find_change(plan, 0, store, err) < 0)
        return -1;
    for (size_t i = 1; i < plan->nr_layers; i++)
        if (resolve_layer(plan, i, store, no_cache, err) < 0)
            return sw_context(err, "component '%s'", plan->layers[i].name);
    if (resolve_passed(plan, store, no_cache, err) < 0)
        return -1;
    forget_withheld(plan);
    return 0;
}

size_t plan_first_missing(const struct plan *plan)
{
    size_t i = 0;

    while (i < plan->nr_layers && plan->layers[i].cached)
        i++;
    return i;
}

bool plan_needs_launch(const struct plan *plan)
{
    size_t first = plan_first_missing(plan);

    for (size_t i = first > 0 ? first : 1; i < plan->nr_layers; i++)
        if (plan_layer_runs(plan, i))
            return true;
    return plan->needs_validate;
}

bool plan_begins_offline(const struct plan *plan, size_t first)
{
    while (first < plan->nr_layers && !plan_layer_runs(plan, first))
        first++;
    return first == plan->nr_layers || plan->layers[first].use == NULL || !plan->layers[first].use->booted;
}

/* What steps of a sealed component left may hold its words: a later phase that needs them runs it again. */
static json_t *withheld_outputs(const struct plan *plan, size_t i)
{
    const struct plan_layer *layer = &plan->layers[i];

    if (layer->use != NULL && sw_use_holds_sealed(layer->use) && json_object_size(layer->outputs) > 0)
        return json_pack("{s:n}", "sealed");
    return json_incref(layer->outputs);
}

static int record(const struct plan *plan, struct sw_store *store, struct sw_plan_record *what,
                  json_t *inputs, const json_t *outputs, struct sw_err *err)
{
    SW_AUTO_JSON json_t *shown = sw_mask_json(plan->mask, json_incref(inputs), false, err);
    SW_AUTO_JSON json_t *kept = outputs != NULL ? secrets_withhold(plan->mask, outputs, err) : NULL;
    SW_AUTO_FREE char *inputs_text = shown != NULL ? sw_json_canonical(shown, err) : NULL;
    SW_AUTO_FREE char *outputs_text = kept != NULL ? sw_json_canonical(kept, err) : NULL;

    if (inputs_text == NULL || (outputs != NULL && outputs_text == NULL))
        return -1;
    if (plan->unrecorded)
        return 0;
    /* The record only lends these; it is never cleared. */
    what->recipe = (char *)(uintptr_t)plan->recipe->name;
    what->inputs = inputs_text;
    what->outputs = outputs_text;
    return sw_store_record_key(store, what, err);
}

int plan_record(const struct plan *plan, struct sw_store *store, size_t i, struct sw_err *err)
{
    const struct plan_layer *layer = &plan->layers[i];
    struct sw_plan_record what = {.layer = layer->layer, .position = (unsigned)i};
    SW_AUTO_JSON json_t *outputs = withheld_outputs(plan, i);

    memcpy(what.key, layer->key, sizeof(what.key));
    return record(plan, store, &what, layer->inputs, outputs, err);
}

static int record_passed(const struct plan *plan, struct sw_store *store, bool tested, struct sw_err *err)
{
    SW_AUTO_JSON json_t *inputs = passed_inputs(plan, tested, err);
    struct sw_plan_record what = {.layer = plan->layers[plan->nr_layers - 1].layer,
                                  .position = (unsigned)plan->nr_layers};

    if (inputs == NULL)
        return -1;
    memcpy(what.key, tested ? plan->tested_key : plan->validated_key, sizeof(what.key));
    return record(plan, store, &what, inputs, NULL, err);
}

int plan_record_validated(const struct plan *plan, struct sw_store *store, struct sw_err *err)
{
    return record_passed(plan, store, false, err);
}

int plan_record_tested(const struct plan *plan, struct sw_store *store, struct sw_err *err)
{
    return record_passed(plan, store, true, err);
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->nr_layers; i++) {
        json_decref(plan->layers[i].inputs);
        json_decref(plan->layers[i].outputs);
        free(plan->layers[i].changed);
    }
    free(plan->layers);
    if (plan->fetch != NULL)
        fetch_free(plan->fetch);
    sw_mask_free(plan->mask);
    sw_media_free(plan->media);
    sw_recipe_free(plan->recipe);
    free(plan);
}
