/* slipway shell: a shell or a command in the guest of a disk, or of a recipe's layer. */
#include "src/build/shell.h"

#include "slipway/store.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/log.h"
#include "src/cli/build_opts.h"
#include "src/cli/cmd.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/cli/prepare_out.h"
#include "src/cli/seal_args.h"
#include "src/cli/std_out.h"

#include <string.h>
#include <unistd.h>

struct shell_opts {
    struct build_opts build; /* out: of --commit */
    const char *at, *output_format, *allow_parent;
    bool commit;
};

static const struct opt shell_rows[] = {
    BUILD_OPT_ROWS,
    {0, "at", "LAYER", OPT_STRING, offsetof(struct shell_opts, at),
     "of RECIPE: a component's name, a position or a digest (default: the last that the store has)"},
    {0, "commit", NULL, OPT_FLAG, offsetof(struct shell_opts, commit),
     "write the changed disk to OUT; else changes are dropped"},
    {'o', "out", "OUT", OPT_STRING, offsetof(struct shell_opts, build.out), "the disk that --commit writes"},
    {'O', "output-format", "FORMAT[,KEY=VAL…]", OPT_STRING, offsetof(struct shell_opts, output_format),
     "format of OUT (default: by its name's ending), and what convert's -o takes"},
    {0, "seal-to", "RECIPIENT", OPT_LIST, offsetof(struct shell_opts, build.seal_to),
     "encrypt OUT for it as it is written (see seal); its sidecar OUT.keys appears beside it"},
    {0, "sign", "KEY", OPT_STRING, offsetof(struct shell_opts, build.sign),
     "pem:FILE or pkcs11:URI: write OUT.manifest.json with OUT's digests, and its signature"},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct shell_opts, allow_parent),
     "parents and extents that IMAGE names may be opened, beneath DIR only"},
    LAUNCH_ROWS(struct build_opts),
    {0, "scratch", "DIR", OPT_STRING, offsetof(struct shell_opts, build.scratch),
     "where the overlay lies (default: $TMPDIR or /var/tmp, and the store of a recipe)"},
    {0, "plain-scratch", NULL, OPT_FLAG, offsetof(struct shell_opts, build.plain_scratch),
     "what a sealed store, base or IMAGE holds may lie in clear"},
    OPT_END,
};

/* One call of the verb. */
struct call {
    const struct shell_opts *opts;
    const char *disk;                   /* the image, or the recipe */
    const char *argv[OPT_LIST_MAX + 1]; /* the command; none: a login shell */
    struct sw_guest_shell program;
    struct sw_shell shell;
    struct prepare_out out;
    struct image_arg image;
};

static void call_clear(struct call *call)
{
    image_arg_close(&call->image);
    prepare_out_close(&call->out);
}

static bool is_recipe(const char *path)
{
    static const char *const endings[] = {".yml", ".yaml", ".json"};
    size_t len = strlen(path);

    for (size_t i = 0; i < SW_ARRAY_LEN(endings); i++)
        if (len > strlen(endings[i]) && strcasecmp(path + len - strlen(endings[i]), endings[i]) == 0)
            return true;
    return strcmp(path, "-") == 0;
}

static int write_changed(void *arg, struct sw_image *changed, struct sw_err *err)
{
    struct call *call = arg;
    struct sw_copy_stats stats = {0};

    return prepare_out_write(&call->out, changed, &call->opts->build.common, &stats, err);
}

static int take_commit(struct call *call, struct sw_err *err)
{
    const struct build_opts *build = &call->opts->build;

    if (!call->opts->commit && (build->out != NULL || call->opts->output_format != NULL ||
                                build->seal_to.n > 0 || build->sign != NULL))
        return sw_fail(err, SW_USAGE, "-o, -O, --seal-to and --sign are for the disk that --commit writes");
    if (!call->opts->commit)
        return 0;
    if (build->out == NULL)
        return sw_fail(
            err, SW_USAGE,
            "--commit: name the disk that is written with -o OUT: a shell changes neither an image nor a "
            "layer (no document would have made it)");
    call->out.what = "shell";
    call->out.secret = build->keys.n > 0;
    call->shell.kept_at = build->out;
    call->shell.keep = write_changed;
    call->shell.arg = call;
    return prepare_out_open(build->out, call->opts->output_format, &build->seal_to, build->sign, &call->out,
                            err);
}

static int take_options(struct call *call, const struct args *args, struct sw_err *err)
{
    const struct build_opts *build = &call->opts->build;

    call->disk = args->items[0];
    for (size_t i = 1; i < args->n; i++)
        call->argv[i - 1] = args->items[i];
    call->program = (struct sw_guest_shell){.argv = args->n > 1 ? call->argv : NULL,
                                            .in = STDIN_FILENO,
                                            .out = STDOUT_FILENO,
                                            .err = STDERR_FILENO,
                                            .terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
    call->shell = (struct sw_shell){.program = &call->program,
                                    .scratch_dir = build->scratch,
                                    .secret = build->keys.n > 0,
                                    .plain_scratch = build->plain_scratch};
    if (build->common.json)
        return sw_fail(err, SW_USAGE, "--json: a shell has no result but what the guest says");
    if (launch_args_take(&build->launch, &call->shell.accel, &call->shell.stock_appliance, err) < 0)
        return -1;
    return take_commit(call, err);
}

/* ---- A recipe ---------------------------------------------------------------------------------------------- */

static int shell_in_recipe(struct call *call, const struct args *args, struct sw_err *err)
{
    AUTO_BUILD_WITH struct build_with with = {.ring = NULL};
    struct sw_diags diags = {.n = 0};
    struct sw_build_opts build;
    struct out_progress progress;
    int rc;

    if (call->opts->allow_parent != NULL)
        return sw_fail(err, SW_USAGE, "--allow-parent is for an image");
    if (strcmp(call->disk, "-") == 0 && call->program.argv == NULL)
        return sw_fail(err, SW_USAGE, "a recipe on standard input leaves none for the shell");
    if (build_opts_convert(&call->opts->build, args, &with, &build, err) < 0)
        return -1;
    out_progress_begin(&progress, "shell", &call->opts->build.common);
    build.progress = &progress.base;
    rc = sw_shell_recipe(&call->shell, &build, call->opts->at, &diags, err);
    out_progress_end(&progress);
    build_print_diags(&diags, build.recipe, err);
    return rc;
}

/* ---- An image ---------------------------------------------------------------------------------------------- */

static int refuse_for_image(const struct shell_opts *opts, struct sw_err *err)
{
    const struct build_opts *build = &opts->build;

    if (opts->at != NULL || build->base != NULL || build->components.n > 0 || build->parameters.n > 0 ||
        build->secrets.n > 0 || build->bundles.n > 0 || build->catalogues.n > 0 || build->store != NULL ||
        build->service_starts != NULL || build->refetch || build->no_cache)
        return sw_fail(
            err, SW_USAGE,
            "options of a recipe, and the disk is no .yml, .yaml or .json (an image takes -f, --key, "
            "--trust, --allow-parent)");
    return 0;
}

static int shell_in_image(struct call *call, struct sw_err *err)
{
    const struct build_opts *build = &call->opts->build;
    AUTO_RING struct sw_keyring *ring = NULL;
    struct image_arg_opts how = {
        .format = build->base_format, .trust = &build->trust, .allow_parent = call->opts->allow_parent};

    if (refuse_for_image(call->opts, err) < 0 || seal_args_open_ring(&build->keys, &ring, err) < 0)
        return -1;
    how.keys = ring;
    if (image_arg_open(call->disk, &how, &call->image, err) < 0)
        return -1;
    image_arg_warn(&call->image);
    if (call->opts->commit && sw_refuse_same_file(call->image.img->in, build->out, err) < 0)
        return -1;
    return sw_shell_image(&call->shell, call->disk, &call->image.img, err);
}

static int run_shell(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    SW_CLEANUP(call_clear) struct call call = {.opts = raw_opts};
    int rc;

    if (take_options(&call, args, err) < 0)
        return -1;
    rc = is_recipe(call.disk) ? shell_in_recipe(&call, args, err) : shell_in_image(&call, err);
    if (rc < 0 && call.opts->commit && std_out_unread(err))
        sw_log(SW_LOG_WARNING, "'%s' is not written: nobody reads standard output any more",
               call.opts->build.out);
    if (rc < 0 && err->code == SW_GUEST && call.opts->commit)
        return sw_context(err, "'%s' is not written", call.opts->build.out);
    return rc;
}

const struct cmd cmd_shell = {
    .name = "shell",
    .args = "IMAGE|RECIPE [-- COMMAND ARG…]",
    .summary = "open a shell, or run a command, in the guest of a disk or of a recipe's layer",
    .more =
        "IMAGE is a disk of any format, and never written to; RECIPE (.yml, .yaml, .json) is opened after the last of\n"
        "its layers that the store has, or after --at LAYER. Nothing is booted: the guest's file systems are mounted in\n"
        "an appliance, without a network unless the recipe allows it, and what runs there has fresh /tmp, /run and /dev,\n"
        "no services, and ends with the shell. Changes are dropped; --commit -o OUT writes the changed disk to a new file.\n\n"
        "On a terminal the guest has that terminal: whatever it writes reaches it, as with ssh, and no secret of a recipe\n"
        "is masked. Three times ^] within a second ends it at once. Else commands are read from standard input:\n"
        "    echo 'cat /etc/os-release' | slipway shell disk.vmdk\n\n"
        "Exit status 8: the command, or the shell that read standard input, ended with another status than 0, and\n"
        "nothing was written. What a person typed last in a shell on a terminal does not count.\n\n" BUILD_TRUST_HELP,
    .opts = shell_rows,
    .opts_size = sizeof(struct shell_opts),
    .min_args = 1,
    .max_args = OPT_LIST_MAX,
    .run = run_shell,
};
