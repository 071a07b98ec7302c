/* The test phases: the result, booted as a clone. */
#include "src/build/trial.h"

#include "slipway/boot.h"
#include "slipway/preflight.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/build/beneath.h"

#include <string.h>
#include <unistd.h>

SW_DEFINE_AUTO(session, struct sw_session, sw_session_free)
SW_DEFINE_AUTO(scratch, struct sw_scratch, sw_scratch_close)
SW_DEFINE_AUTO(machine, struct sw_machine, sw_machine_free)
SW_DEFINE_AUTO(image, struct sw_image, sw_image_close)
#define AUTO_SESSION SW_CLEANUP(session_auto)
#define AUTO_SCRATCH SW_CLEANUP(scratch_auto)
#define AUTO_MACHINE SW_CLEANUP(machine_auto)
#define AUTO_IMAGE   SW_CLEANUP(image_auto)

/* One clone on its way. */
struct trial {
    const struct stage *stage;
    struct sw_machine *machine;
    struct sw_guest *guest;
};

static const struct sw_layer *result_of(const struct stage *stage)
{
    return &stage->plan->layers[stage->plan->nr_layers - 1].layer;
}

/* ---- The clone --------------------------------------------------------------------------------------------- */

static int choose_firmware(const struct stage *stage, enum sw_firmware *out, struct sw_err *err)
{
    struct sw_preflight_disk disk = {.path = "the result"};
    AUTO_IMAGE struct sw_image *image = NULL;
    SW_AUTO_JSON json_t *evidence = NULL;

    if (sw_store_open_chain(stage->store, result_of(stage)->digest, &image, err) < 0)
        return -1;
    disk.image = image;
    evidence = sw_preflight_evidence(&disk, 1, err);
    if (evidence == NULL)
        return -1;
    *out = sw_firmware_choose(json_array_get(json_object_get(evidence, "disks"), 0));
    return 0;
}

/* 1 for a guest that is not booted here. */
static int plant(const struct stage *stage, const char *overlay, const char *scratch, struct sw_seed *seed,
                 struct sw_err *err)
{
    const struct sw_session_opts opts = {.overlay = overlay,
                                         .scratch_dir = scratch,
                                         .accel = stage->opts->accel,
                                         .stock_appliance = stage->opts->stock_appliance};
    AUTO_SESSION struct sw_session *session = NULL;
    struct sw_guest *guest = NULL;

    if (sw_session_start(&opts, &session, err) < 0 || sw_session_begin(session, &guest, err) < 0)
        return sw_context(err, "the copy for the test phases (--no-test leaves them out)");
    if (guest->platform == SW_WINDOWS)
        return 1;
    if (sw_seed_plant(guest, seed, err) < 0)
        return -1;
    if (seed->init == SW_INIT_OTHER)
        return sw_fail(
            err, SW_REFUSED,
            "nothing can run the test phases: the image has neither systemd nor an inittab (--no-test "
            "leaves them out)");
    return sw_session_close(session, err);
}

/* ---- The phases -------------------------------------------------------------------------------------------- */

static int reboot(void *arg, struct sw_guest **guest, struct sw_err *err)
{
    struct trial *trial = arg;

    if (sw_machine_reboot(trial->machine, &trial->guest, err) < 0)
        return -1;
    *guest = trial->guest;
    return 0;
}

static int run_phase(struct trial *trial, size_t i, struct sw_err *err)
{
    const struct stage *stage = trial->stage;
    SW_AUTO_JSON json_t *outputs = json_object();
    const struct sw_exec exec = {
        .guest = trial->guest,
        .log = stage->log,
        .use = stage->plan->layers[i].use,
        .working_dir = stage->plan->recipe->working_directory,
        .outputs = outputs,
        .reboot = reboot,
        .reboot_arg = trial,
        .transfers = fetch_transfers(stage->plan->fetch),
    };

    if (outputs == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    return sw_exec_phase(&exec, SW_PHASE_TEST, NULL, err);
}

static int run_phases(struct trial *trial, struct sw_err *err)
{
    const struct plan *plan = trial->stage->plan;

    if (sw_machine_await(trial->machine, &trial->guest, err) < 0)
        return sw_context(err, "the booted copy");
    sw_log(SW_LOG_INFO, "a copy of the result is up after %.1f s (%s)",
           (double)sw_machine_boot_ms(trial->machine) / 1000.0,
           sw_machine_is_tcg(trial->machine) ? "TCG" : "KVM");
    for (size_t i = 1; i < plan->nr_layers; i++)
        if (plan->layers[i].use != NULL && plan_use_has_phase(plan->layers[i].use, SW_PHASE_TEST) &&
            run_phase(trial, i, err) < 0)
            return -1;
    return 0;
}

static void take_picture(const struct trial *trial)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(trial->stage->log_dir, "boot-screen.png", &err);

    if (path == NULL || sw_machine_screen(trial->machine, path, &err) < 0)
        sw_log(SW_LOG_WARNING, "no picture of the screen: %s", err.text);
}

static int try(const struct stage *stage, const struct sw_machine_opts *opts, struct sw_err *err)
{
    struct trial trial = {.stage = stage};
    AUTO_MACHINE struct sw_machine *machine = NULL;

    if (sw_machine_start(opts, &machine, err) < 0)
        return -1;
    trial.machine = machine;
    if (run_phases(&trial, err) == 0)
        return 0;
    if (err->code != SW_INTERRUPTED)
        take_picture(&trial);
    return -1;
}

/* ---- All of it --------------------------------------------------------------------------------------------- */

/* 1 for a guest that is not booted here. */
static int try_over(const struct stage *stage, const struct beneath *beneath, const char *scratch,
                    struct sw_err *err)
{
    SW_AUTO_FREE char *overlay = sw_path_join(scratch, "clone.qcow2", err);
    SW_AUTO_FREE char *console = sw_path_join(stage->log_dir, "boot-console.log", err);
    const struct sw_create_opts create = {.size_bytes = result_of(stage)->virtual_bytes,
                                          .backing_name = beneath->name,
                                          .backing_format = beneath->format};
    struct sw_machine_opts opts = {.overlay = overlay,
                                   .scratch_dir = scratch,
                                   .accel = stage->opts->accel,
                                   .console = console,
                                   .mask = stage->plan->mask,
                                   .drop_overlay = true};
    int rc;

    if (overlay == NULL || console == NULL || choose_firmware(stage, &opts.firmware, err) < 0 ||
        sw_overlay_create(overlay, &create, err) < 0)
        return -1;
    rc = plant(stage, overlay, scratch, &opts.seed, err);
    return rc != 0 ? rc : try(stage, &opts, err);
}

/* What an earlier trial left is no part of this one. */
static int remove_picture(const struct stage *stage, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(stage->log_dir, "boot-screen.png", err);

    return path != NULL ? sw_remove_tree(path, err) : -1;
}

int trial_run(const struct stage *stage, struct sw_err *err)
{
    AUTO_SCRATCH struct sw_scratch *scratch = NULL;
    AUTO_BENEATH struct beneath beneath = {.name = NULL};
    int rc;

    sw_log(SW_LOG_INFO, "testing");
    if (scratch_open(stage->opts, stage->store, result_of(stage)->virtual_bytes, &scratch, err) < 0 ||
        remove_picture(stage, err) < 0 ||
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
