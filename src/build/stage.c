/* The guest's part of a build: one launch for every layer that is missing. */
#include "src/build/stage.h"

#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/base/mask.h"
#include "src/build/beneath.h"
#include "src/build/booted.h"
#include "src/build/cleaning.h"
#include "src/build/failed.h"
#include "src/build/moment.h"

#include <string.h>

/* What a build's guest carries along. */
struct run {
    const struct stage *stage;
    struct rig *rig;
    struct sw_runlog *log;
    int64_t epoch;    /* the build's moment */
    size_t first, at; /* the first layer that is made in it, and the one that is under way */
};

/* A phase that runs, and the guest that whoever comes after it has. */
struct phase_run {
    struct sw_session *session;
    struct sw_guest **guest;
};

/* A boundary without a layer: what a reboot would leave. */
static int reboot(void *arg, struct sw_guest **guest, struct sw_err *err)
{
    const struct phase_run *phase = arg;

    if (sw_session_end(phase->session, err) < 0 || sw_session_begin(phase->session, guest, err) < 0)
        return -1;
    *phase->guest = *guest;
    return 0;
}

/* *guest is another one when the phase rebooted. */
static int exec_phase(const struct run *run, struct sw_guest **guest, size_t i, enum sw_phase_kind kind,
                      struct sw_err *err)
{
    struct phase_run phase = {.session = run->rig->session, .guest = guest};
    struct plan_layer *layer = &run->stage->plan->layers[i];
    struct sw_exec exec = {
        .guest = *guest,
        .log = run->log,
        .use = layer->use,
        .working_dir = run->stage->plan->recipe->working_directory,
        .skip_starts = run->stage->plan->recipe->skip_starts,
        .beside_queue = run->stage->opts->beside_queue,
        .reboot = reboot,
        .reboot_arg = &phase,
        .transfers = fetch_transfers(run->stage->plan->fetch),
    };

    if (layer->outputs == NULL)
        layer->outputs = json_object();
    if (layer->outputs == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    exec.outputs = layer->outputs;
    if (sw_exec_phase(&exec, kind, NULL, err) == 0)
        return 0;
    if (err->code == SW_GUEST)
        failed_shell(run->stage->opts, run->stage->plan->recipe, *guest);
    return -1;
}

/* Folders without which nothing of the guest can run. */
static const char *const landmarks[] = {"/etc", "/usr", "/bin"};

/* Whether each of them is there. */
static int look_at_landmarks(struct sw_guest *guest, bool there[SW_ARRAY_LEN(landmarks)], struct sw_err *err)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(landmarks); i++) {
        struct sw_guest_stat st;

        if (guest->ops->stat(guest, landmarks[i], false, &st, err) < 0)
            return -1;
        there[i] = st.kind != SW_FILE_NONE;
    }
    return 0;
}

/* None of those that were there is gone. */
static int check_landmarks(const struct run *run, struct sw_guest *guest, const bool *before, size_t i,
                           struct sw_err *err)
{
    bool after[SW_ARRAY_LEN(landmarks)];

    if (look_at_landmarks(guest, after, err) < 0)
        return -1;
    for (size_t k = 0; k < SW_ARRAY_LEN(landmarks); k++)
        if (before[k] && !after[k])
            return sw_fail(err, SW_GUEST,
                           "component '%s': it removed '%s', so the image is no system any more",
                           run->stage->plan->layers[i].name, landmarks[k]);
    return 0;
}

/* A component that removes the system says that it went well: there is nobody left to say otherwise. */
static int exec_build(const struct run *run, struct sw_guest **guest, size_t i, struct sw_err *err)
{
    bool before[SW_ARRAY_LEN(landmarks)];

    if (look_at_landmarks(*guest, before, err) < 0 || exec_phase(run, guest, i, SW_PHASE_BUILD, err) < 0)
        return -1;
    return check_landmarks(run, *guest, before, i, err);
}

static int run_component(const struct run *run, struct sw_guest *guest, size_t i, struct sw_err *err)
{
    const struct plan *plan = run->stage->plan;

    /* The marks are those of the service's cleaning of Linux. */
    if (guest->platform == SW_WINDOWS)
        return exec_phase(run, &guest, i, SW_PHASE_BUILD, err);
    if (plan->layers[i].use->cleaning)
        return cleaning_put_marks(guest, plan, i, err) < 0 ? -1
                                                           : exec_phase(run, &guest, i, SW_PHASE_BUILD, err);
    if (exec_build(run, &guest, i, err) < 0)
        return -1;
    return cleaning_take_marks(guest, plan, i, err);
}

/* Mounts the guest; nothing runs in it unless all of the recipe can. */
static int begin(struct run *run, struct sw_guest **guest, struct sw_err *err)
{
    const struct sw_recipe *recipe = run->stage->plan->recipe;

    if (rig_open(run->rig, err) < 0 || sw_session_begin(run->rig->session, guest, err) < 0)
        return -1;
    return sw_uses_check_platform(recipe->uses, recipe->nr_uses,
                                  (*guest)->platform != 0 ? (*guest)->platform : SW_LINUX, err);
}

/* The runner is put into the overlay, and it is the machine's. */
static int hand_over(struct run *run, struct booted *booted, bool *landmarks_there, struct sw_err *err)
{
    struct sw_guest *guest = NULL;

    if (begin(run, &guest, err) < 0)
        return -1;
    if (guest->platform == SW_WINDOWS)
        return sw_fail(err, SW_REFUSED,
                       "engine: boot: the image is a Windows, and only Linux is booted here");
    if (look_at_landmarks(guest, landmarks_there, err) < 0 || booted_plant(booted, guest, err) < 0)
        return -1;
    return rig_shut(run->rig, err);
}

static int run_booted(const struct run *run, struct booted *booted, const bool *before, size_t i,
                      struct sw_err *err)
{
    struct plan *plan = run->stage->plan;
    struct plan_layer *layer = &plan->layers[i];

    if (layer->outputs == NULL)
        layer->outputs = json_object();
    if (booted_start(booted, layer[-1].layer.digest, err) < 0 ||
        booted_phase(booted, i, SW_PHASE_BUILD, layer->outputs, err) < 0 ||
        check_landmarks(run, booted->guest, before, i, err) < 0)
        return -1;
    return cleaning_take_marks(booted->guest, plan, i, err);
}

/* The disk of one that failed, without the runner, in a session as that of any other. */
static void take_back(const struct run *run, struct booted *booted)
{
    struct sw_err why = {.code = SW_OK};
    struct sw_guest *guest = NULL;

    booted_give_up(booted);
    if (rig_open(run->rig, &why) == 0 && sw_session_begin(run->rig->session, &guest, &why) == 0 &&
        sw_seed_remove(guest, &booted->seed, &why) == 0)
        return;
    sw_log(SW_LOG_WARNING, "the disk of the booted copy cannot be kept: %s", why.text);
    rig_drop(run->rig);
}

/* Runs a component's build phases in the booted image: what it leaves is what a shutdown leaves. */
static int change_booted(struct run *run, size_t i, struct sw_err *err)
{
    bool before[SW_ARRAY_LEN(landmarks)];
    SW_AUTO_FREE char *console = sw_strf(err, "boot-console-%zu.log", i);
    SW_CLEANUP(booted_close)
    struct booted booted = {.stage = run->stage,
                            .overlay = run->rig->overlay,
                            .scratch = run->rig->how.scratch_dir,
                            .console = console,
                            .network = run->stage->plan->recipe->network};

    if (console == NULL || hand_over(run, &booted, before, err) < 0)
        return -1;
    if (run_booted(run, &booted, before, i, err) == 0 && booted_finish(&booted, err) == 0)
        return 0;
    if (err->code == SW_GUEST && run->stage->opts->on_error == SW_ON_ERROR_KEEP)
        take_back(run, &booted);
    return -1;
}

/* Runs a component's build phases between two mounts, or lets the disk grow. */
static int change_disk(struct run *run, size_t i, struct sw_err *err)
{
    const struct sw_use *use = run->stage->plan->layers[i].use;
    struct sw_guest *guest = NULL;

    if (use != NULL && use->booted)
        return change_booted(run, i, err);
    if (rig_open(run->rig, err) < 0)
        return -1;
    if (use == NULL) { /* the volume */
        sw_log(SW_LOG_INFO, "the disk grows to %llu GiB",
               (unsigned long long)(run->stage->plan->recipe->volume_bytes >> 30));
        return sw_session_grow(run->rig->session, err);
    }
    if (begin(run, &guest, err) < 0 || run_component(run, guest, i, err) < 0)
        return -1;
    return sw_session_end(run->rig->session, err);
}

/* What was changed becomes the layer. */
static int build_layer(struct run *run, size_t i, struct sw_err *err)
{
    struct plan_layer *layer = &run->stage->plan->layers[i];
    const struct plan_layer *below = layer - 1;
    struct moment_look look = {.epoch = run->epoch};
    struct sw_store_commit commit = {.parent = below->layer.digest,
                                     .overlay_path = run->rig->overlay,
                                     .beneath = run->rig->beneath.digest,
                                     .jobs = run->stage->opts->jobs,
                                     .look = moment_look,
                                     .look_arg = &look};
    struct sw_store_made made = {.known = false};
    int rc;

    /* A step may go on where a read has failed, and what it leaves then is no layer. */
    if (change_disk(run, i, err) < 0 || (layer->use != NULL && rig_trim(run->rig, err) < 0) ||
        beneath_check(&run->rig->beneath, err) < 0)
        return -1;
    rc = sw_store_commit_layer(run->stage->store, &commit, &made, err);
    moment_look_end(&look);
    if (rc < 0)
        return sw_context(err, "%s'%s': layer", layer->use != NULL ? "component " : "", layer->name);
    layer->layer = made.layer;
    return 0;
}

/* A component without build steps leaves the disk as it is: mounting it would already change the superblock. */
static int carry_over(const struct stage *stage, size_t i, struct sw_err *err)
{
    if (sw_check_interrupt(err) < 0)
        return -1;
    stage->plan->layers[i].layer = stage->plan->layers[i - 1].layer;
    return plan_record(stage->plan, stage->store, i, err);
}

int stage_carry_over(const struct stage *stage, size_t first, struct sw_err *err)
{
    for (size_t i = first; i < stage->plan->nr_layers; i++)
        if (carry_over(stage, i, err) < 0)
            return -1;
    return 0;
}

static int make_layer(struct run *run, size_t i, struct sw_err *err)
{
    const struct stage *stage = run->stage;

    if (!plan_layer_runs(stage->plan, i))
        return carry_over(stage, i, err);
    if (sw_check_interrupt(err) < 0 || build_layer(run, i, err) < 0)
        return -1;
    return plan_record(stage->plan, stage->store, i, err);
}

static int validate(struct run *run, struct sw_err *err)
{
    struct plan *plan = run->stage->plan;
    struct sw_guest *guest = NULL;

    if (!plan->needs_validate)
        return 0;
    sw_log(SW_LOG_INFO, "validating");
    if (begin(run, &guest, err) < 0)
        return -1;
    for (size_t i = 1; i < plan->nr_layers; i++)
        if (plan->layers[i].use != NULL && exec_phase(run, &guest, i, SW_PHASE_VALIDATE, err) < 0)
            return -1;
    if (sw_session_end(run->rig->session, err) < 0 || beneath_check(&run->rig->beneath, err) < 0)
        return -1;
    return plan_record_validated(plan, run->stage->store, err);
}

static int make_and_validate(struct run *run, struct sw_err *err)
{
    for (run->at = run->first; run->at < run->stage->plan->nr_layers; run->at++)
        if (make_layer(run, run->at, err) < 0)
            return -1;
    cleaning_check(run->stage->plan);
    return validate(run, err);
}

static void keep_failed(const struct run *run)
{
    const struct stage *stage = run->stage;
    const struct failed_disk disk = {.overlay = run->rig->overlay,
                                     .beneath = stage->plan->layers[run->first - 1].layer.digest,
                                     .parent = stage->plan->layers[run->at - 1].layer.digest,
                                     .log_dir = stage->log_dir,
                                     .jobs = stage->opts->jobs};

    if (stage->opts->on_error != SW_ON_ERROR_KEEP)
        return;
    if (run->rig->session != NULL)
        failed_keep(&disk, stage->store, run->rig->session);
}

/* All layers, and what is said of the last. */
static int run_all(struct run *run, struct sw_err *err)
{
    if (make_and_validate(run, err) == 0)
        return rig_shut(run->rig, err);
    if (err->code == SW_GUEST)
        keep_failed(run);
    return -1;
}

static int run_in(const struct stage *stage, struct rig *rig, size_t first, struct sw_err *err)
{
    struct run run = {.stage = stage, .rig = rig, .log = stage->log, .first = first};
    int rc;

    if ((plan_begins_offline(stage->plan, first) && rig_open(rig, err) < 0) ||
        failed_forget(stage->log_dir, err) < 0 ||
        sw_build_moment(stage->store, stage->plan->layers[0].layer.digest, &run.epoch, err) < 0)
        return -1;
    /* What the network brings is of today: certificates, lists. */
    rig_set_clock(rig, stage->plan->recipe->network ? 0 : run.epoch);
    rc = run_all(&run, err);
    rig_drop(rig);
    if (rc == 0)
        return beneath_check(&rig->beneath, err);
    beneath_blame(&rig->beneath, err);
    return -1;
}

int stage_run(const struct stage *stage, size_t first, struct rig *ahead, struct sw_err *err)
{
    AUTO_RIG struct rig rig = {.scratch = NULL};

    if (rig_holds(ahead, stage->plan, stage->store, first))
        return run_in(stage, ahead, first, err);
    rig_close(ahead);
    if (rig_prepare(stage->opts, stage->plan, stage->store, first, &rig, err) < 0)
        return -1;
    return run_in(stage, &rig, first, err);
}
