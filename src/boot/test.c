/* A test of a disk: a clone of it is booted, its services are looked at, and it is dropped. */
#include "slipway/boot.h"
#include "slipway/image.h"
#include "slipway/nbd.h"
#include "slipway/preflight.h"
#include "slipway/store.h"
#include "src/base/clock.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/boot/services.h"

#include <stdlib.h>
#include <string.h>

SW_DEFINE_AUTO(machine, struct sw_machine, sw_machine_free)
#define AUTO_MACHINE SW_CLEANUP(machine_auto)

/* ---- The clone --------------------------------------------------------------------------------------------- */

/* What the disk's layout tells: its firmware, and whether there is anything that an appliance could mount. */
static int read_layout(const struct sw_boot_test *test, enum sw_firmware *firmware, bool *holds,
                       struct sw_err *err)
{
    const struct sw_preflight_disk disk = {.path = test->name, .image = test->image};
    SW_AUTO_JSON json_t *evidence = sw_preflight_evidence(&disk, 1, err);
    const struct sw_preflight_machine machine = {.disks = &disk, .nr_disks = 1, .evidence = evidence};

    if (evidence == NULL)
        return -1;
    *holds = sw_preflight_may_look(&machine);
    *firmware = test->firmware != SW_FIRMWARE_AUTO
                    ? test->firmware
                    : sw_firmware_choose(json_array_get(json_object_get(evidence, "disks"), 0));
    return 0;
}

/* A disk without a system that can be mounted is booted all the same: it says by itself what is wrong. */
static int plant(const struct sw_boot_test *test, const struct sw_served *served, struct sw_seed *seed,
                 struct sw_err *err)
{
    const struct sw_session_opts opts = {.overlay = served->overlay,
                                         .scratch_dir = served->dir,
                                         .accel = test->accel,
                                         .stock_appliance = test->stock_appliance};
    SW_AUTO_SESSION struct sw_session *session = NULL;
    struct sw_guest *guest = NULL;
    struct sw_err cause = {.code = SW_OK};

    if (sw_session_start(&opts, &session, err) < 0 || sw_session_wait(session, err) < 0)
        return -1;
    if (sw_session_begin(session, &guest, &cause) < 0) {
        if (cause.code == SW_INTERRUPTED) {
            *err = cause;
            return -1;
        }
        sw_log(SW_LOG_WARNING, "no runner is put into the clone: %s", cause.text);
        return 0;
    }
    if (sw_seed_plant(guest, seed, err) < 0)
        return -1;
    return sw_session_close(session, err);
}

/* ---- What the boot came to --------------------------------------------------------------------------------- */

/* A clone, booted. */
struct trial {
    const struct sw_boot_test *test;
    struct sw_machine *machine;
    struct sw_seed seed;
    json_t *result;
    bool passed;
};

static int tell_fault(struct trial *trial, const struct sw_err *cause, struct sw_err *err)
{
    const char *name = sw_boot_fault_name(sw_machine_fault(trial->machine));
    struct sw_err ignored = {.code = SW_OK};

    trial->passed = false;
    if (trial->test->screen != NULL && sw_machine_screen(trial->machine, trial->test->screen, &ignored) < 0)
        sw_log(SW_LOG_WARNING, "no picture of the screen: %s", ignored.text);
    if (sw_json_set(trial->result, "fault", json_string(name), err) < 0)
        return -1;
    return sw_json_set(trial->result, "why", sw_json_bytes(cause->text, strlen(cause->text)), err);
}

static int look_inside(struct trial *trial, struct sw_guest *guest, struct sw_err *err)
{
    static const char *const uname[] = {"uname", "-r", NULL};
    SW_AUTO_FREE char *kernel = services_say(guest, uname, err);

    if (kernel == NULL ||
        sw_json_set(trial->result, "kernel", sw_json_bytes(kernel, strlen(kernel)), err) < 0)
        return -1;
    trial->passed = true;
    if (trial->seed.init != SW_INIT_SYSTEMD)
        return 0;
    return services_look(guest, sw_machine_limit_ms(trial->machine), trial->result, &trial->passed, err);
}

static int power_off(struct trial *trial, struct sw_err *err)
{
    struct sw_err cause = {.code = SW_OK};
    int rc = sw_machine_power_off(trial->machine, &cause);

    if (rc < 0 && cause.code == SW_INTERRUPTED) {
        *err = cause;
        return -1;
    }
    if (rc < 0)
        sw_log(SW_LOG_WARNING, "it did not power itself off: %s", cause.text);
    return sw_json_set(trial->result, "poweredOff", json_boolean(rc == 0), err);
}

static int boot(struct trial *trial, struct sw_err *err)
{
    bool has_runner = trial->seed.init != SW_INIT_OTHER;
    struct sw_guest *guest = NULL;

    if ((has_runner ? sw_machine_await(trial->machine, &guest, err)
                    : sw_machine_await_login(trial->machine, err)) < 0)
        return -1;
    if (sw_json_set(trial->result, "bootMs", json_integer(sw_machine_boot_ms(trial->machine)), err) < 0)
        return -1;
    trial->passed = true;
    if (!has_runner)
        return 0;
    return look_inside(trial, guest, err) < 0 ? -1 : power_off(trial, err);
}

/* What the guest is to blame for is the test's result. */
static int try(struct trial *trial, struct sw_err *err)
{
    static const char *const inits[] = {"other", "systemd", "inittab"};
    struct sw_err cause = {.code = SW_OK};

    if (sw_json_set(trial->result, "accel", json_string(sw_machine_is_tcg(trial->machine) ? "tcg" : "kvm"),
                    err) < 0 ||
        sw_json_set(trial->result, "init", json_string(inits[trial->seed.init]), err) < 0)
        return -1;
    if (boot(trial, &cause) < 0) {
        if (sw_machine_fault(trial->machine) == SW_BOOT_FINE || cause.code == SW_INTERRUPTED) {
            *err = cause;
            return -1;
        }
        if (tell_fault(trial, &cause, err) < 0)
            return -1;
    }
    return sw_json_set(trial->result, "passed", json_boolean(trial->passed), err);
}

static int run(const struct sw_boot_test *test, const struct sw_served *served, json_t *result,
               struct sw_err *err)
{
    struct sw_machine_opts opts = {.overlay = served->overlay,
                                   .scratch_dir = served->dir,
                                   .accel = test->accel,
                                   .timeout_s = test->timeout_s,
                                   .console = test->console,
                                   .drop_overlay = true};
    AUTO_MACHINE struct sw_machine *machine = NULL;
    struct trial trial = {.test = test, .result = result};
    bool holds = false;

    if (read_layout(test, &opts.firmware, &holds, err) < 0 ||
        (holds && plant(test, served, &opts.seed, err) < 0) ||
        sw_json_set(result, "firmware", json_string(sw_firmware_name(opts.firmware)), err) < 0 ||
        sw_machine_start(&opts, &machine, err) < 0)
        return -1;
    trial.machine = machine;
    trial.seed = opts.seed;
    return try(&trial, err);
}

json_t *sw_boot_test(const struct sw_boot_test *test, struct sw_err *err)
{
    SW_AUTO_SCRATCH struct sw_scratch *scratch = NULL;
    SW_CLEANUP(sw_served_close) struct sw_served served = {.dir = NULL};
    SW_AUTO_JSON json_t *result = json_pack("{s:o}", "image", sw_json_bytes(test->name, strlen(test->name)));

    if (result == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    if (sw_scratch_open_at(sw_scratch_place(), &scratch, err) < 0 ||
        sw_served_open(test->image, sw_scratch_dir(scratch), &served, err) < 0)
        return NULL;
    if (run(test, &served, result, err) < 0) {
        if (err->code != SW_INTERRUPTED)
            sw_served_blame(&served, err);
        return NULL;
    }
    /* What could not be read of the image is not the guest's fault. */
    if (!json_is_true(json_object_get(result, "passed")) && sw_nbd_check(served.server, err) < 0)
        return NULL;
    return SW_STEAL_PTR(result);
}
