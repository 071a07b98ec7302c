/* slipway test: boots a clone of a disk, and tells whether its services are up. */
#include "slipway/boot.h"
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/image_arg.h"
#include "src/cli/launch_args.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MAX_S = 24 * 3600 };

struct test_opts {
    struct common_opts common;
    const char *format, *allow_parent, *firmware, *console, *screen;
    struct opt_list keys;
    struct trust_opts trust;
    struct launch_args launch;
    uint64_t timeout_s, disk;
};

static const struct opt test_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct test_opts, format),
     "format of IMAGE (default: by its magic; raw must be named)"},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct test_opts, allow_parent),
     "parents and extents that IMAGE names may be opened, beneath DIR only"},
    SEAL_ARGS_KEY_ROW(struct test_opts),
    TRUST_ROWS(struct test_opts),
    {0, "disk", "N", OPT_UINT, offsetof(struct test_opts, disk),
     "boot this disk of an OVA that holds several"},
    {0, "firmware", "auto|bios|uefi", OPT_STRING, offsetof(struct test_opts, firmware),
     "what starts it (default: auto, as the disk is laid out)"},
    {0, "timeout", "SECONDS", OPT_UINT, offsetof(struct test_opts, timeout_s),
     "how long it may take to come up, and then its services (default: 120 under KVM, 600 under TCG)"},
    LAUNCH_ROWS(struct test_opts),
    {0, "console", "FILE", OPT_STRING, offsetof(struct test_opts, console),
     "write the lines of the serial console there"},
    {0, "screen", "FILE", OPT_STRING, offsetof(struct test_opts, screen),
     "when it does not boot, write a PNG of its screen there"},
    OPT_END,
};

/* ---- What is shown ----------------------------------------------------------------------------------------- */

static void show_text(const char *before, const json_t *object, const char *key)
{
    const char *value = sw_json_text(object, key);

    if (value == NULL || value[0] == '\0')
        return;
    fputs(before, stdout);
    out_safe(stdout, value);
}

static void show_unit(const json_t *unit)
{
    const json_t *line;
    size_t i;

    show_text("  failed: ", unit, "unit");
    show_text(" (", unit, "result");
    fputs(sw_json_text(unit, "result") != NULL ? ")" : "", stdout);
    show_text(": ", unit, "description");
    putchar('\n');
    json_array_foreach (json_object_get(unit, "lines"), i, line) {
        fputs("      ", stdout);
        out_safe(stdout, json_string_value(line));
        putchar('\n');
    }
}

static void show_verdict(const json_t *result)
{
    const json_t *ms = json_object_get(result, "bootMs");

    if (ms == NULL) {
        fputs("does not boot", stdout);
    } else {
        printf("boots in %.1f s", (double)json_integer_value(ms) / 1000.0);
        if (json_is_true(json_object_get(result, "passed")))
            show_text(", and is ", result, "state");
        else
            show_text(", but is ", result, "state");
    }
    show_text(": ", result, "why");
}

static void show(const json_t *result)
{
    const json_t *units = json_object_get(result, "failedUnits"), *unit;
    const char *init = sw_json_text(result, "init");
    size_t i;

    show_text("", result, "image");
    show_text(" (", result, "firmware");
    show_text(", ", result, "accel");
    fputs("): ", stdout);
    show_verdict(result);
    putchar('\n');
    if (init != NULL && strcmp(init, "other") == 0)
        printf("  no systemd and no inittab: only the login prompt was waited for\n");
    else if (init != NULL && strcmp(init, "inittab") == 0)
        printf("  no systemd: nothing is known of its services\n");
    json_array_foreach (units, i, unit)
        show_unit(unit);
    if (json_is_false(json_object_get(result, "poweredOff")))
        printf("  it did not power itself off\n");
}

/* ---- The verb ---------------------------------------------------------------------------------------------- */

static int check_outputs(const struct test_opts *opts, struct sw_err *err)
{
    if (opts->console != NULL && out_refuse_special(opts->console, err) < 0)
        return -1;
    return opts->screen != NULL ? out_refuse_special(opts->screen, err) : 0;
}

static int read_opts(const struct test_opts *opts, struct sw_boot_test *test, struct sw_err *err)
{
    if (opts->timeout_s > TIMEOUT_MAX_S)
        return sw_fail(err, SW_USAGE, "--timeout: at most %d", TIMEOUT_MAX_S);
    test->timeout_s = (unsigned)opts->timeout_s;
    test->console = opts->console;
    test->screen = opts->screen;
    if (opts->firmware != NULL && sw_firmware_parse(opts->firmware, &test->firmware, err) < 0)
        return sw_context(err, "--firmware");
    if (launch_args_take(&opts->launch, &test->accel, &test->stock_appliance, err) < 0)
        return -1;
    return check_outputs(opts, err);
}

static int run_test(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct test_opts *opts = raw_opts;
    AUTO_RING struct sw_keyring *ring = NULL;
    AUTO_IMAGE_ARG struct image_arg image = {.img = NULL};
    struct sw_boot_test test = {.name = args->items[0]};
    SW_AUTO_JSON json_t *result = NULL;
    int status;

    if (read_opts(opts, &test, err) < 0 ||
        (opts->keys.n > 0 && seal_args_open_ring(&opts->keys, &ring, err) < 0))
        return -1;
    const struct image_arg_opts how = {.format = opts->format,
                                       .keys = ring,
                                       .trust = &opts->trust,
                                       .allow_parent = opts->allow_parent,
                                       .disk = opts->disk};

    if (image_arg_open(args->items[0], &how, &image, err) < 0)
        return sw_context(err, "'%s'", args->items[0]);
    image_arg_warn(&image);
    test.image = image.img;
    result = sw_boot_test(&test, err);
    if (result == NULL)
        return sw_context(err, "'%s'", args->items[0]);
    status = json_is_true(json_object_get(result, "passed")) ? 0 : (int)SW_GUEST;
    if (!opts->common.json) {
        show(result);
        return status;
    }
    return out_json(json_incref(result), err) < 0 ? -1 : status;
}

const struct cmd cmd_test = {
    .name = "test",
    .args = "IMAGE",
    .summary = "boot a copy of a disk, and tell whether its services are up",
    .more =
        "A copy-on-write clone is booted by QEMU, its disk as NVMe, without a network, by SeaBIOS or OVMF; IMAGE is not\n"
        "written to. A small program of slipway's is put into the clone alone, as a systemd unit (or a line of inittab); it waits\n"
        "until all services are started, names those that failed with the last lines of their journal, and powers the\n"
        "system off. Without systemd it is enough that init comes up, or that the serial console asks for a login.\n\n"
        "A boot that cannot succeed is told early: nothing to start, a boot loader that hangs or gives up, a kernel's panic, an\n"
        "emergency shell.\n\n"
        "Exit status 0: it boots, and no unit failed. 8: it does not boot, or a unit failed.\n\n" TRUST_HELP,
    .opts = test_rows,
    .opts_size = sizeof(struct test_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_test,
};
