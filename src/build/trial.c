/* The test phases: the result, booted as a clone. */
#include "src/build/trial.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/build/beneath.h"
#include "src/build/booted.h"

#define AUTO_BOOTED SW_CLEANUP(booted_close)

static const struct sw_layer *result_of(const struct stage *stage)
{
    return &stage->plan->layers[stage->plan->nr_layers - 1].layer;
}

/* 1 for a guest that is not booted here. */
static int plant(struct booted *booted, struct sw_err *err)
{
    const struct sw_build_opts *build = booted->stage->opts;
    const struct sw_session_opts opts = {.overlay = booted->overlay,
                                         .scratch_dir = booted->scratch,
                                         .accel = build->accel,
                                         .stock_appliance = build->stock_appliance};
    SW_AUTO_SESSION struct sw_session *session = NULL;
    struct sw_guest *guest = NULL;

    if (sw_session_start(&opts, &session, err) < 0 || sw_session_begin(session, &guest, err) < 0)
        return -1;
    if (guest->platform == SW_WINDOWS)
        return 1;
    return booted_plant(booted, guest, err) < 0 ? -1 : sw_session_close(session, err);
}

/* Each component's outputs are its own, and nothing comes from its other phases. */
static int run_phases(struct booted *booted, struct sw_err *err)
{
    const struct plan *plan = booted->stage->plan;

    for (size_t i = 1; i < plan->nr_layers; i++) {
        SW_AUTO_JSON json_t *outputs = json_object();

        if (plan->layers[i].use != NULL && plan_use_has_phase(plan->layers[i].use, SW_PHASE_TEST) &&
            booted_phase(booted, i, SW_PHASE_TEST, outputs, err) < 0)
            return -1;
    }
    return 0;
}

/* 1 for a guest that is not booted here. */
static int try_over(const struct stage *stage, const struct beneath *beneath, const char *scratch,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *overlay = sw_path_join(scratch, "clone.qcow2", err);
    const struct sw_create_opts create = {.size_bytes = result_of(stage)->virtual_bytes,
                                          .backing_name = beneath->name,
                                          .backing_format = beneath->format};
    AUTO_BOOTED struct booted booted = {.stage = stage,
                                        .overlay = overlay,
                                        .scratch = scratch,
                                        .console = "boot-console.log",
                                        .dropped = true};
    int rc;

    if (overlay == NULL || sw_overlay_create(overlay, &create, err) < 0)
        return -1;
    rc = plant(&booted, err);
    if (rc < 0)
        return sw_context(err, "the copy for the test phases (--no-test leaves them out)");
    if (rc > 0)
        return rc;
    return booted_start(&booted, result_of(stage)->digest, err) < 0 ? -1 : run_phases(&booted, err);
}

int trial_run(const struct stage *stage, struct sw_err *err)
{
    SW_AUTO_SCRATCH struct sw_scratch *scratch = NULL;
    AUTO_BENEATH struct beneath beneath = {.name = NULL};
    int rc;

    sw_log(SW_LOG_INFO, "testing");
    if (scratch_open(stage->opts, stage->store, result_of(stage)->virtual_bytes, &scratch, err) < 0 ||
        beneath_open(stage->store, result_of(stage)->digest, sw_scratch_dir(scratch), &beneath, err) < 0)
        return -1;
    rc = try_over(stage, &beneath, sw_scratch_dir(scratch), err);
    if (rc > 0) {
        sw_log(SW_LOG_WARNING, "it is a Windows: its test phases are left out, as it is not booted here");
        return 0;
    }
    if (rc < 0) {
        beneath_blame(&beneath, err);
        return -1;
    }
    return beneath_check(&beneath, err) < 0 ? -1 : plan_record_tested(stage->plan, stage->store, err);
}
