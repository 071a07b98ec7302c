/* slipway build: a recipe over a base image becomes layers and output files. */
#include "src/base/cleanup.h"
#include "src/base/json.h"
#include "src/cli/build_opts.h"
#include "src/cli/build_twice.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"

#include <string.h>
#include <unistd.h>

enum { DIFFERENT = 10 };

static void print_output(const json_t *output)
{
    char size[32];

    out_size((uint64_t)json_integer_value(json_object_get(output, "bytes")), size, sizeof(size));
    fputs("  ", stdout);
    out_safe(stdout, sw_json_text(output, "file"));
    printf("  (%s%s)\n", size, json_is_true(json_object_get(output, "sealed")) ? ", sealed" : "");
}

/* 0, or DIFFERENT when it was built twice and came out otherwise. */
static int print_result(json_t *result, bool json, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = result;
    const json_t *twice = json_object_get(owned, "twice");
    int status = twice == NULL || json_is_true(json_object_get(twice, "same")) ? 0 : DIFFERENT;
    size_t i;
    json_t *output;

    if (json)
        return out_json(SW_STEAL_PTR(owned), err) < 0 ? -1 : status;
    out_safe(stdout, sw_json_text(owned, "dir"));
    fputc('\n', stdout);
    json_array_foreach (json_object_get(owned, "outputs"), i, output) {
        print_output(output);
    }
    if (twice != NULL)
        build_twice_show(twice);
    return status;
}

/* Adds what a second build has to say. */
static int build_second(const struct build_opts *opts, const struct sw_build_opts *build, json_t *result,
                        struct sw_err *err)
{
    if (result == NULL)
        return -1;
    return opts->twice ? sw_json_set(result, "twice", build_twice(opts, build, result, err), err) : 0;
}

/* A shell needs somebody at a terminal. */
static int take_on_error(const char *text, const struct sw_guest_shell *shell, struct sw_build_opts *build,
                         struct sw_err *err)
{
    static const char *const names[] = {"fail", "shell", "keep"};

    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        build->failed_shell = shell;
    for (size_t i = 0; i < SW_ARRAY_LEN(names); i++) {
        if (text == NULL || strcmp(text, names[i]) == 0) {
            build->on_error = (enum sw_on_error)i;
            return 0;
        }
    }
    return sw_fail(err, SW_USAGE, "--on-error: '%s' is none of fail, shell and keep", text);
}

static int run_build(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct build_opts *opts = opts_void;
    const struct sw_guest_shell shell = {
        .in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO, .terminal = true};
    struct sw_build_opts build;
    struct sw_diags diags = {.n = 0};
    struct out_progress progress;
    AUTO_BUILD_WITH struct build_with with = {.ring = NULL};
    SW_AUTO_JSON json_t *result = NULL;

    if (opts->twice && (opts->dry_run || strcmp(args->items[0], "-") == 0))
        return sw_fail(err, SW_USAGE,
                       "--twice builds, and reads the recipe twice: it goes with neither --dry-run nor -");
    if (build_opts_convert(opts, args, &with, &build, err) < 0 ||
        take_on_error(opts->on_error, &shell, &build, err) < 0)
        return -1;
    if (opts->dry_run) {
        result = sw_build_plan(&build, &diags, err);
        build_print_diags(&diags, build.recipe, err);
        return result != NULL ? build_print_plan(SW_STEAL_PTR(result), opts->common.json, err) : -1;
    }
    out_progress_begin(&progress, "build", &opts->common);
    build.progress = &progress.base;
    result = sw_build_run(&build, &diags, err);
    out_progress_end(&progress);
    build_print_diags(&diags, build.recipe, err);
    build.progress = NULL;
    if (build_second(opts, &build, result, err) < 0)
        return -1;
    return print_result(SW_STEAL_PTR(result), opts->common.json, err);
}

static const struct opt rows[] = {
    BUILD_OPT_ROWS,
    {'o', "out", "DIR", OPT_STRING, offsetof(struct build_opts, out),
     "results go to DIR/<name>-<version>/ (default: out)"},
    {'O', "output-format", "FORMAT[,subformat=…]", OPT_LIST, offsetof(struct build_opts, outputs),
     "an output, instead of the recipe's"},
    {0, "no-output", NULL, OPT_FLAG, offsetof(struct build_opts, no_output),
     "make the layers alone: slipway store export takes an image out of the store"},
    {0, "seal-to", "RECIPIENT", OPT_LIST, offsetof(struct build_opts, seal_to),
     "seal every output to this key"},
    {0, "sign", "KEY", OPT_STRING, offsetof(struct build_opts, sign),
     "pem:FILE or pkcs11:URI: sign manifest.json, as manifest.sig"},
    LAUNCH_ROWS(struct build_opts),
    {0, "on-error", "fail|shell|keep", OPT_STRING, offsetof(struct build_opts, on_error),
     "after a failed step: shell opens one in the guest, keep leaves its disk beside the log (default: fail)"},
    {0, "scratch", "DIR", OPT_STRING, offsetof(struct build_opts, scratch),
     "where the overlay lies while it runs (default: in the store)"},
    {0, "plain-scratch", NULL, OPT_FLAG, offsetof(struct build_opts, plain_scratch),
     "what a sealed store or base holds may lie in clear"},
    {0, "twice", NULL, OPT_FLAG, offsetof(struct build_opts, twice),
     "build again, without the cache, and tell which layers differ, and in what"},
    {'n', "dry-run", NULL, OPT_FLAG, offsetof(struct build_opts, dry_run), "print the plan and stop"},
    OPT_END,
};

const struct cmd cmd_build = {
    .name = "build",
    .args = "RECIPE",
    .summary = "apply a recipe's components to a disk image and write the outputs",
    .more =
        "Layers that the store has are not made again. Killed at any moment, the same command goes on from the last\n"
        "whole layer.\n\n"
        "--on-error shell opens a shell in the guest as the failed step left it: the same mounts, /tmp, folder and\n"
        "variables. On that terminal no secret is masked. keep writes the disk to log/failed.qcow2, over the last\n"
        "whole layer; secrets that the step left in a file are in it. Either way the build fails, with status 8.\n\n"
        "Test phases run in a copy-on-write clone of the result that is booted without a network, and dropped. A phase that\n"
        "fails, and a result that does not boot, are exit status 8; log/boot-console.log has the serial console, and\n"
        "log/boot-screen.png the screen then. A result that passed them is not booted again.\n\n"
        "A component may be sealed (component: FILE.yml.sealed, as slipway seal makes it): --key opens it, in memory\n"
        "only, and it has to be the one that the recipe names. No word of it reaches a log, a message or the store.\n\n"
        "Layers are as of one moment: SOURCE_DATE_EPOCH, else the last date in the base's file systems. The guest's clock\n"
        "begins there unless the recipe allows the network, and no later time is left in ext file systems. --twice shows\n"
        "what is left to differ; its exit status is 10 then. Of other file systems the content counts, times included.\n\n"
        "A sealed store (slipway store init --seal-to) is opened with --key. The appliance reads its layers through\n"
        "this process, and --scratch has to be in memory (/dev/shm) or on an encrypted device.\n\n" BUILD_TRUST_HELP,
    .opts = rows,
    .opts_size = sizeof(struct build_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_build,
};
