/* A guest of a build that is booted. */
#include "src/build/booted.h"

#include "slipway/preflight.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/build/failed.h"

#include <string.h>

/* ---- The start --------------------------------------------------------------------------------------------- */

int booted_plant(struct booted *booted, struct sw_guest *mounted, struct sw_err *err)
{
    if (sw_seed_plant(mounted, &booted->seed, err) < 0)
        return -1;
    if (booted->seed.init != SW_INIT_OTHER)
        return 0;
    return sw_fail(err, SW_REFUSED,
                   "nothing can run in the booted image: it has neither systemd nor an inittab");
}

static int choose_firmware(const struct stage *stage, const char *digest, enum sw_firmware *out,
                           struct sw_err *err)
{
    struct sw_preflight_disk disk = {.path = "the image"};
    SW_AUTO_IMAGE struct sw_image *image = NULL;
    SW_AUTO_JSON json_t *evidence = NULL;

    if (sw_store_open_chain(stage->store, digest, &image, err) < 0)
        return -1;
    disk.image = image;
    evidence = sw_preflight_evidence(&disk, 1, err);
    if (evidence == NULL)
        return -1;
    *out = sw_firmware_choose(json_array_get(json_object_get(evidence, "disks"), 0));
    return 0;
}

/* A service that takes its time, or has failed, is the business of the phases. */
static int settle(struct booted *booted, struct sw_err *err)
{
    SW_AUTO_FREE char *state = NULL;

    if (booted->seed.init != SW_INIT_SYSTEMD)
        return 0;
    state = sw_guest_settle(booted->guest, sw_machine_limit_ms(booted->machine), err);
    if (state == NULL)
        return -1;
    if (!sw_state_is_settled(state))
        sw_log(SW_LOG_WARNING, "the booted copy's services are not up yet: going on all the same");
    sw_runlog_line(booted->stage->log, "The system is up: %s", state);
    return 0;
}

/* After each start: what was shown is gone with the /run that it was in. */
static int make_usable(struct booted *booted, struct sw_err *err)
{
    const struct sw_media *media = booted->stage->plan->media;

    if (settle(booted, err) < 0)
        return -1;
    if (media == NULL || sw_media_show_booted(media, booted->guest, booted->network, err) == 0)
        return 0;
    /* What is tested may well do without. */
    if (err->code != SW_GUEST || !booted->dropped)
        return -1;
    sw_log(SW_LOG_WARNING, "the test phases have no package repositories: %s", err->text);
    *err = (struct sw_err){.code = SW_OK};
    return 0;
}

static int await(struct booted *booted, struct sw_err *err)
{
    if (sw_machine_await(booted->machine, &booted->guest, err) < 0)
        return sw_context(err, "the booted copy");
    sw_log(SW_LOG_INFO, "a copy is booted after %.1f s (%s)",
           (double)sw_machine_boot_ms(booted->machine) / 1000.0,
           sw_machine_is_tcg(booted->machine) ? "TCG" : "KVM");
    return make_usable(booted, err);
}

static void take_picture(const struct booted *booted)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_FREE char *path = sw_path_join(booted->stage->log_dir, "boot-screen.png", &err);

    if (path == NULL || sw_machine_screen(booted->machine, path, &err) < 0)
        sw_log(SW_LOG_WARNING, "no picture of the screen: %s", err.text);
}

/* What an earlier boot left is no part of this one. */
static int remove_picture(const struct booted *booted, struct sw_err *err)
{
    SW_AUTO_FREE char *path = sw_path_join(booted->stage->log_dir, "boot-screen.png", err);

    return path != NULL ? sw_remove_tree(path, err) : -1;
}

static int fail(const struct booted *booted, const struct sw_err *err)
{
    if (err->code != SW_INTERRUPTED)
        take_picture(booted);
    return -1;
}

int booted_start(struct booted *booted, const char *digest, struct sw_err *err)
{
    const struct stage *stage = booted->stage;
    SW_AUTO_FREE char *console = sw_path_join(stage->log_dir, booted->console, err);
    struct sw_machine_opts opts = {.overlay = booted->overlay,
                                   .scratch_dir = booted->scratch,
                                   .accel = stage->opts->accel,
                                   .console = console,
                                   .mask = stage->plan->mask,
                                   .network = booted->network,
                                   .media = stage->plan->media,
                                   .drop_overlay = booted->dropped,
                                   .seed = booted->seed};

    if (console == NULL || remove_picture(booted, err) < 0 ||
        (opts.media != NULL && sw_media_make_images(stage->plan->media, err) < 0) ||
        choose_firmware(stage, digest, &opts.firmware, err) < 0 ||
        sw_machine_start(&opts, &booted->machine, err) < 0)
        return -1;
    return await(booted, err) < 0 ? fail(booted, err) : 0;
}

/* ---- Phases ------------------------------------------------------------------------------------------------ */

static int reboot(void *arg, struct sw_guest **guest, struct sw_err *err)
{
    struct booted *booted = arg;

    if (sw_machine_reboot(booted->machine, &booted->guest, err) < 0 || make_usable(booted, err) < 0)
        return -1;
    *guest = booted->guest;
    return 0;
}

int booted_phase(struct booted *booted, size_t i, enum sw_phase_kind kind, json_t *outputs,
                 struct sw_err *err)
{
    const struct stage *stage = booted->stage;
    const struct sw_exec exec = {
        .guest = booted->guest,
        .log = stage->log,
        .use = stage->plan->layers[i].use,
        .working_dir = stage->plan->recipe->working_directory,
        .outputs = outputs,
        .reboot = reboot,
        .reboot_arg = booted,
        .transfers = fetch_transfers(stage->plan->fetch),
    };

    if (outputs == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (sw_exec_phase(&exec, kind, NULL, err) == 0)
        return 0;
    fail(booted, err);
    if (err->code == SW_GUEST && sw_machine_fault(booted->machine) == SW_BOOT_FINE)
        failed_shell(stage->opts, stage->plan->recipe, booted->guest);
    return -1;
}

/* ---- The end ----------------------------------------------------------------------------------------------- */

int booted_finish(struct booted *booted, struct sw_err *err)
{
    if (booted->stage->plan->media != NULL)
        sw_media_hide_booted(booted->guest);
    if (sw_seed_remove(booted->guest, &booted->seed, err) < 0)
        return -1;
    if (sw_machine_power_off(booted->machine, err) < 0)
        return sw_context(err, "the booted copy does not shut down");
    booted_close(booted);
    return 0;
}

void booted_give_up(struct booted *booted)
{
    struct sw_err why = {.code = SW_OK};

    /* One that hangs would be waited for as long as a boot may take. */
    if (booted->guest != NULL && sw_machine_fault(booted->machine) == SW_BOOT_FINE) {
        sw_log(SW_LOG_INFO, "the booted copy is shut down, for its disk to be kept");
        if (sw_machine_power_off(booted->machine, &why) < 0)
            sw_log(SW_LOG_INFO, "it does not shut down, and is stopped where it is: %s", why.text);
    }
    booted_close(booted);
}

void booted_close(struct booted *booted)
{
    sw_machine_free(SW_STEAL_PTR(booted->machine));
}
