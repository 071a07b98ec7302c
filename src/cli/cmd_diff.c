/* slipway diff: what differs between two disks, or a layer and what it lies on. */
#include "slipway/diff.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/diff_show.h"
#include "src/cli/image_arg.h"
#include "src/cli/launch_args.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/store_arg.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

enum { DIFFERENT = 10 };

struct diff_opts {
    struct common_opts common;
    const char *format, *other_format, *allow_parent, *store;
    struct launch_args launch;
    struct opt_list keys, globs;
    struct trust_opts trust;
    bool times, ignore_times, stat, name_only, unified;
};

static const struct opt diff_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct diff_opts, format),
     "format of A, and of B (default: by their magic; raw must be named)"},
    {'F', "other-format", "FORMAT", OPT_STRING, offsetof(struct diff_opts, other_format),
     "format of B where it is not that of A"},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct diff_opts, allow_parent),
     "parents and extents that an image names may be opened, beneath DIR only"},
    {0, "store", "DIR", OPT_STRING, offsetof(struct diff_opts, store),
     "the store that layers are in; else $XDG_DATA_HOME/slipway/store"},
    {0, "path", "GLOB", OPT_LIST, offsetof(struct diff_opts, globs),
     "compare only files like this (* is any text), or beneath it, and nothing but files"},
    {0, "times", NULL, OPT_FLAG, offsetof(struct diff_opts, times), "times of files count"},
    {0, "ignore-times", NULL, OPT_FLAG, offsetof(struct diff_opts, ignore_times),
     "times of files do not count (the default)"},
    {0, "stat", NULL, OPT_FLAG, offsetof(struct diff_opts, stat), "tell how much differs, not what"},
    {0, "name-only", NULL, OPT_FLAG, offsetof(struct diff_opts, name_only), "tell the paths of files alone"},
    {'u', "unified", NULL, OPT_FLAG, offsetof(struct diff_opts, unified),
     "show the differing lines of small texts that anybody in the guest may read"},
    SEAL_ARGS_KEY_ROW(struct diff_opts),
    TRUST_ROWS(struct diff_opts),
    LAUNCH_ROWS(struct diff_opts),
    OPT_END,
};

/* One of the two, from a file or a store. */
struct side {
    struct image_arg arg;
    struct sw_image *chain; /* of the store */
    char digest[SW_STORE_HEX];
};

struct sides {
    struct side a, b;
    struct sw_store *store; /* opened for the first layer */
    char *parent_name;
};

static void sides_close(struct sides *sides)
{
    image_arg_close(&sides->a.arg);
    image_arg_close(&sides->b.arg);
    sw_image_close(sides->a.chain);
    sw_image_close(sides->b.chain);
    if (sides->store != NULL)
        sw_store_close(sides->store);
    free(sides->parent_name);
}

static int open_layer(const struct diff_opts *opts, const char *name, struct sides *sides, struct side *out,
                      struct sw_err *err)
{
    if (sides->store == NULL &&
        store_arg_open(opts->store, &opts->keys, &opts->trust, &sides->store, err) < 0)
        return -1;
    if (store_arg_layer(sides->store, name, out->digest, err) < 0)
        return -1;
    return sw_store_open_chain(sides->store, out->digest, &out->chain, err);
}

static int open_file(const struct diff_opts *opts, const char *path, const char *format, struct side *out,
                     struct sw_err *err)
{
    AUTO_RING struct sw_keyring *keys = NULL;
    struct image_arg_opts how = {.format = format, .trust = &opts->trust, .allow_parent = opts->allow_parent};
    bool sealed = false;

    /* A key is for what is sealed; the other one may be plain. */
    if (opts->keys.n > 0 && sw_seal_probe_file(path, &sealed, err) < 0)
        return -1;
    if (sealed && seal_args_open_ring(&opts->keys, &keys, err) < 0)
        return -1;
    how.keys = keys;
    if (image_arg_open(path, &how, &out->arg, err) < 0)
        return -1;
    image_arg_warn(&out->arg);
    return 0;
}

/* A file where there is one of that name; else a layer. */
static int open_side(const struct diff_opts *opts, const char *name, const char *format, struct sides *sides,
                     struct side *out, struct sw_err *err)
{
    struct sw_err missing = {.code = SW_OK};

    if (sw_path_exists(name) || strchr(name, '/') != NULL)
        return open_file(opts, name, format, out, err);
    if (open_layer(opts, name, sides, out, &missing) == 0)
        return 0;
    if ((missing.code != SW_USAGE && missing.sys != ENOENT) || missing.sys == ENOTUNIQ) {
        *err = missing;
        return -1;
    }
    return sw_fail(err, SW_USAGE, "there is no file '%s', and no layer or name in a store either (store ls)",
                   name);
}

static int open_parent(const struct diff_opts *opts, const char *name, struct sides *sides,
                       struct sw_err *err)
{
    struct sw_layer layer;

    if (open_layer(opts, name, sides, &sides->b, err) < 0 ||
        sw_store_layer(sides->store, sides->b.digest, &layer, err) < 0)
        return -1;
    if (layer.parent[0] == '\0')
        return sw_fail(err, SW_USAGE,
                       "'%s' is a base, and lies on no other layer: name what to compare it with", name);
    sides->parent_name = sw_strdup(layer.parent, err);
    if (sides->parent_name == NULL)
        return -1;
    memcpy(sides->a.digest, layer.parent, SW_STORE_HEX);
    return sw_store_open_chain(sides->store, layer.parent, &sides->a.chain, err);
}

static struct sw_image *image_of(const struct side *side)
{
    return side->chain != NULL ? side->chain : side->arg.img;
}

/* Whether b's file lies right over a. */
static bool is_over(struct sides *sides)
{
    struct sw_err ignored = {.code = SW_OK};
    struct sw_layer layer;

    return sides->a.chain != NULL && sides->b.chain != NULL &&
           sw_store_layer(sides->store, sides->b.digest, &layer, &ignored) == 0 &&
           strcmp(layer.parent, sides->a.digest) == 0;
}

static unsigned terminal_width(void)
{
    struct winsize size = {.ws_col = 0};

    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int show(const struct diff_opts *opts, json_t *result, struct sw_err *err)
{
    enum diff_shape shape = opts->stat ? DIFF_STAT : opts->name_only ? DIFF_NAMES : DIFF_TABLE;
    int differs = json_is_true(json_object_get(result, "same")) ? 0 : DIFFERENT;

    if (!opts->common.json) {
        diff_show(result, shape, terminal_width());
        return differs;
    }
    return out_json(json_incref(result), err) < 0 ? -1 : differs;
}

static int compare(const struct diff_opts *opts, const struct args *args, struct sides *sides,
                   struct sw_err *err)
{
    struct out_progress progress;
    struct sw_diff diff = {
        .a = {.name = args->n > 1 ? args->items[0] : sides->parent_name, .image = image_of(&sides->a)},
        .b = {.name = args->items[args->n - 1], .image = image_of(&sides->b)},
        .over = is_over(sides),
        .times = opts->times,
        .unified = opts->unified,
        .globs = opts->globs.items,
        .nr_globs = opts->globs.n,
        .jobs = opt_jobs(&opts->common),
        .progress = &progress.base};
    SW_AUTO_JSON json_t *result = NULL;

    if (launch_args_take(&opts->launch, &diff.accel, &diff.stock_appliance, err) < 0)
        return -1;
    out_progress_begin(&progress, "comparing", &opts->common);
    result = sw_diff_disks(&diff, err);
    out_progress_end(&progress);
    return result != NULL ? show(opts, result, err) : -1;
}

static int run_diff(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct diff_opts *opts = raw_opts;
    SW_CLEANUP(sides_close) struct sides sides = {.store = NULL};
    const char *other = opts->other_format != NULL ? opts->other_format : opts->format;

    if (opts->times && opts->ignore_times)
        return sw_fail(err, SW_USAGE, "--times and --ignore-times: say one of them");
    if (opts->stat && opts->name_only)
        return sw_fail(err, SW_USAGE, "--stat and --name-only: say one of them");
    if (args->n == 1 && open_parent(opts, args->items[0], &sides, err) < 0)
        return -1;
    if (args->n == 2 && (open_side(opts, args->items[0], opts->format, &sides, &sides.a, err) < 0 ||
                         open_side(opts, args->items[1], other, &sides, &sides.b, err) < 0))
        return -1;
    return compare(opts, args, &sides, err);
}

const struct cmd cmd_diff = {
    .name = "diff",
    .args = "A B | LAYER",
    .summary = "tell what differs between two disks, or between a layer and the one that it lies on",
    .more =
        "A and B are image files of any format, sealed or not, or layers of a store: a name or a digest as store ls shows\n"
        "them. Partitions, files (type, mode, owner, size, content, links, attributes), packages, systemd's units,\n"
        "users, groups and registry keys are told of: + added, - removed, ~ changed, > renamed.\n\n"
        "Disks of the same sectors are the same, and nothing is launched. Else an appliance reads the files, without\n"
        "replaying any log and without writing to either; a file whose sectors do not differ is not read. What lies in swap\n"
        "does not count, nor do times without --times. What could not be compared is named, and counts as a difference.\n"
        "Passwords, and values of the hives SAM and SECURITY, are never shown.\n\n"
        "Exit status 0: nothing differs. 10: something does, or could not be compared.\n\n" TRUST_HELP,
    .opts = diff_rows,
    .opts_size = sizeof(struct diff_opts),
    .min_args = 1,
    .max_args = 2,
    .run = run_diff,
};
