/* A shell in a disk: an image's, or a state of a recipe's. */
#include "src/build/shell.h"

#include "slipway/store.h"
#include "src/base/ckd.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/medium.h"
#include "src/base/number.h"
#include "src/build/beneath.h"
#include "src/build/moment.h"
#include "src/build/plan.h"
#include "src/build/secrets.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* What a shell is opened in. */
struct place {
    const struct sw_shell *shell;
    struct sw_guest_shell program;
    char *name; /* for people */
    const char *scratch;
    uint64_t disk_bytes;
    char *overlay;
    struct sw_session_opts session;
    struct beneath beneath;
};

static void place_clear(struct place *place)
{
    beneath_close(&place->beneath);
    free(place->overlay);
    free(place->name);
}
#define AUTO_PLACE SW_CLEANUP(place_clear)

int sw_shell_judge(const struct sw_guest_shell *program, const struct sw_guest_exit *end, struct sw_err *err)
{
    char reason[128];

    switch (end->kind) {
    case SW_EXIT_STATUS:
        /* What a person typed last is not what they came for. */
        if (end->value == 0 || (program->terminal && program->argv == NULL))
            return 0;
        return sw_fail(err, SW_GUEST, "exit status %d", end->value);
    case SW_EXIT_SIGNAL:
        return sw_fail(err, SW_GUEST, "killed by signal %d (%s)", end->value,
                       sigdescr_np(end->value) != NULL ? sigdescr_np(end->value) : "unknown");
    case SW_EXIT_NOEXEC:
        return sw_fail(err, SW_GUEST, "cannot run: %s: %s", end->text,
                       strerror_r(end->value, reason, sizeof(reason)));
    default:
        return sw_fail(err, SW_GUEST, "it ended in time"); /* there is none */
    }
}

/* ---- In the guest ------------------------------------------------------------------------------------------ */

static void greet(const struct place *place)
{
    const char *kept_at = place->shell->kept_at;

    sw_log(SW_LOG_INFO, "%s in %s: changes %s%s%s%s", place->program.argv == NULL ? "a shell" : "a command",
           place->name, kept_at != NULL ? "go to '" : "are dropped at its end",
           kept_at != NULL ? kept_at : "", kept_at != NULL ? "' at its end" : "",
           place->program.terminal ? " (press ^] three times to leave it at once)" : "");
}

static int run(const struct place *place, struct sw_session *session, struct sw_err *err)
{
    struct sw_guest_exit end = {.value = -1};
    struct sw_guest *guest;

    if (sw_session_begin(session, &guest, err) < 0)
        return -1;
    greet(place);
    if (guest->ops->shell(guest, &place->program, &end, err) < 0)
        return -1;
    return sw_shell_judge(&place->program, &end, err);
}

/* Nothing more is asked of an appliance whose changes are dropped. */
static int launch_and_run(struct place *place, struct sw_err *err)
{
    SW_AUTO_SESSION struct sw_session *session = NULL;
    const struct sw_create_opts create = {.size_bytes = place->disk_bytes,
                                          .backing_name = place->beneath.name,
                                          .backing_format = place->beneath.format};

    place->overlay = sw_path_join(place->scratch, "overlay.qcow2", err);
    if (place->overlay == NULL || sw_overlay_create(place->overlay, &create, err) < 0)
        return -1;
    place->session.overlay = place->overlay;
    place->session.scratch_dir = place->scratch;
    place->session.accel = place->shell->accel;
    place->session.stock_appliance = place->shell->stock_appliance;
    if (sw_session_start(&place->session, &session, err) < 0 || run(place, session, err) < 0 ||
        (place->shell->keep != NULL && sw_session_close(session, err) < 0)) {
        if (err->code != SW_INTERRUPTED)
            beneath_blame(&place->beneath, err);
        return -1;
    }
    return beneath_check(&place->beneath, err);
}

/* ---- What was changed -------------------------------------------------------------------------------------- */

static int keep(const struct place *place, struct sw_image **image, struct sw_err *err)
{
    struct sw_image *changed;
    int rc;

    if (sw_overlay_open(place->overlay, image, &changed, err) < 0)
        return -1;
    rc = place->shell->keep(place->shell->arg, changed, err);
    sw_image_close(changed);
    return rc;
}

/* ---- An image ---------------------------------------------------------------------------------------------- */

static int check_scratch(const struct sw_shell *shell, const char *dir, struct sw_err *err)
{
    enum sw_medium medium;

    if (!shell->secret || shell->plain_scratch)
        return 0;
    if (sw_medium_of(dir, &medium, err) < 0)
        return sw_context(err, "scratch");
    if (medium != SW_MEDIUM_PLAIN)
        return 0;
    return sw_fail(
        err, SW_REFUSED,
        "the image is sealed, and '%s' is neither in memory nor on an encrypted device: what the guest "
        "writes would lie there in clear. Name a folder that is (--scratch /dev/shm), or say "
        "--plain-scratch",
        dir);
}

static const char *scratch_of(const struct sw_shell *shell)
{
    return shell->scratch_dir != NULL ? shell->scratch_dir : sw_scratch_place();
}

int sw_shell_image(const struct sw_shell *shell, const char *name, struct sw_image **image,
                   struct sw_err *err)
{
    SW_AUTO_SCRATCH struct sw_scratch *scratch = NULL;
    AUTO_PLACE struct place place = {.shell = shell, .program = *shell->program};

    if (check_scratch(shell, scratch_of(shell), err) < 0 ||
        sw_scratch_open_at(scratch_of(shell), &scratch, err) < 0 ||
        check_scratch(shell, sw_scratch_dir(scratch), err) < 0)
        return -1;
    place.scratch = sw_scratch_dir(scratch);
    place.disk_bytes = (*image)->size_bytes;
    place.name = sw_strf(err, "'%s'", name);
    if (place.name == NULL || beneath_open_image(*image, "disk", place.scratch, &place.beneath, err) < 0 ||
        launch_and_run(&place, err) < 0)
        return -1;
    beneath_close(&place.beneath);
    return shell->keep != NULL ? keep(&place, image, err) : 0;
}

/* ---- A recipe's state -------------------------------------------------------------------------------------- */

enum { DIGEST_MIN = 4, POSITION_MAX_DIGITS = 3 };

/* A layer that was chosen, and what it is called. */
struct choice {
    struct sw_layer layer;
    char name[256];
};

static int take_layer(const struct plan *plan, size_t i, struct choice *out, struct sw_err *err)
{
    if (i >= plan_first_missing(plan))
        return sw_fail(err, SW_FAILED, "layer %zu, '%s', is not in the store: build the recipe first", i,
                       plan->layers[i].name);
    out->layer = plan->layers[i].layer;
    snprintf(out->name, sizeof(out->name), "layer %zu '%.200s'", i, plan->layers[i].name);
    return 0;
}

/* 1: taken. */
static int take_by_name(const struct plan *plan, const char *at, struct choice *out, struct sw_err *err)
{
    size_t found = 0, n = 0;

    for (size_t i = 0; i < plan->nr_layers; i++)
        if (strcmp(plan->layers[i].name, at) == 0) {
            found = i;
            n++;
        }
    if (n > 1)
        return sw_fail(err, SW_USAGE, "--at: %zu layers are called '%s': name its position (slipway plan)", n,
                       at);
    return n == 0 ? 0 : take_layer(plan, found, out, err) < 0 ? -1 : 1;
}

static int take_by_position(const struct plan *plan, const char *at, struct choice *out, struct sw_err *err)
{
    uint64_t position;

    if (strlen(at) > POSITION_MAX_DIGITS || sw_parse_bytes(at, "", &position) < 0 ||
        position >= plan->nr_layers)
        return 0;
    return take_layer(plan, (size_t)position, out, err) < 0 ? -1 : 1;
}

static int take_by_digest(struct sw_store *store, const char *at, struct choice *out, struct sw_err *err)
{
    struct sw_store_listing listing;
    const struct sw_layer *found = NULL;
    int rc;

    if (sw_store_list(store, &listing, err) < 0)
        return -1;
    rc = sw_store_listing_find(&listing, at, DIGEST_MIN, &found, err);
    if (found != NULL)
        memcpy(out->layer.digest, found->digest, sizeof(out->layer.digest));
    sw_store_listing_clear(&listing);
    if (rc < 0)
        return sw_context(err, "--at");
    if (found == NULL)
        return 0;
    snprintf(out->name, sizeof(out->name), "a layer");
    return sw_store_layer(store, out->layer.digest, &out->layer, err) < 0 ? -1 : 1;
}

static int choose(const struct plan *plan, struct sw_store *store, const char *at, struct choice *out,
                  struct sw_err *err)
{
    int rc;

    if (at == NULL)
        return take_layer(plan, plan_first_missing(plan) - 1, out, err);
    rc = take_by_name(plan, at, out, err);
    if (rc == 0)
        rc = take_by_position(plan, at, out, err);
    if (rc == 0)
        rc = take_by_digest(store, at, out, err);
    if (rc == 0)
        return sw_fail(
            err, SW_USAGE,
            "--at: '%s' is neither a component's name nor a position (0 to %zu), nor the begin of a "
            "layer's digest (slipway plan, slipway store ls)",
            at, plan->nr_layers - 1);
    return rc < 0 ? -1 : 0;
}

/* As the recipe's steps have it. */
static int run_over_layer(struct place *place, const struct plan *plan, struct sw_store *store,
                          const struct choice *choice, struct sw_err *err)
{
    const char *dir = plan->recipe->working_directory != NULL ? plan->recipe->working_directory : "/tmp";
    SW_AUTO_FREE char *variable = sw_strf(err, "WORKING_DIRECTORY=%s", dir);
    const char *const env[] = {variable, NULL};
    struct sw_image *chain = NULL;
    int rc;

    if (variable == NULL ||
        sw_build_moment(store, plan->layers[0].layer.digest, &place->session.clock_s, err) < 0 ||
        (plan->media != NULL && sw_media_make_images(plan->media, err) < 0) ||
        beneath_open(store, choice->layer.digest, place->scratch, &place->beneath, err) < 0)
        return -1;
    place->disk_bytes = choice->layer.virtual_bytes;
    place->program.cwd = dir;
    place->program.env = env;
    place->program.skip_starts = plan->recipe->skip_starts;
    place->session.network = plan->recipe->network;
    if (plan->recipe->network)
        place->session.clock_s = 0;
    place->session.media = plan->media;
    rc = launch_and_run(place, err);
    place->program.env = NULL;
    if (rc < 0 || place->shell->keep == NULL)
        return rc;
    if (sw_store_open_chain(store, choice->layer.digest, &chain, err) < 0)
        return -1;
    rc = keep(place, &chain, err);
    sw_image_close(chain);
    return rc;
}

static int over_plan(const struct sw_shell *shell, const struct sw_build_opts *opts, struct plan *plan,
                     const char *at, struct sw_err *err)
{
    SW_AUTO_STORE struct sw_store *store = NULL;
    SW_AUTO_SCRATCH struct sw_scratch *scratch = NULL;
    AUTO_PLACE struct place place = {.shell = shell, .program = *shell->program};
    struct sw_layer base = {.digest = ""};
    struct choice choice = {.name = ""};

    if (sw_store_open(opts->store_dir, true, &store, err) < 0 ||
        sw_store_unlock(store, opts->overrides.keys, opts->overrides.opener, err) < 0 ||
        build_ingest(opts, plan, store, &base, err) < 0 || plan_resolve(plan, store, &base, false, err) < 0 ||
        choose(plan, store, at, &choice, err) < 0 ||
        scratch_open(opts, store, choice.layer.virtual_bytes, &scratch, err) < 0)
        return -1;
    place.scratch = sw_scratch_dir(scratch);
    place.name =
        sw_strf(err, "recipe '%s', %s (sha256:%.12s)", opts->recipe, choice.name, choice.layer.digest);
    return place.name != NULL ? run_over_layer(&place, plan, store, &choice, err) : -1;
}

int sw_shell_recipe(const struct sw_shell *shell, const struct sw_build_opts *opts, const char *at,
                    struct sw_diags *diags, struct sw_err *err)
{
    AUTO_PLAN struct plan *plan = NULL;
    int rc;

    if (plan_load(opts, diags, &plan, err) < 0)
        return -1;
    rc = fetch_look(plan->fetch, diags, err);
    if (rc == 0)
        rc = over_plan(shell, opts, plan, at, err);
    secrets_hide(plan, diags, err);
    return rc < 0 ? sw_context(err, "recipe '%s'", opts->recipe) : 0;
}
