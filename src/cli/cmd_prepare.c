/* slipway prepare: repair what AWS would refuse of an image, in a new one. */
#include "src/prepare/prepare.h"

#include "slipway/preflight.h"
#include "slipway/store.h"
#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/log.h"
#include "src/cli/build_opts.h"
#include "src/cli/cmd.h"
#include "src/cli/launch_args.h"
#include "src/cli/output.h"
#include "src/cli/preflight_input.h"
#include "src/cli/preflight_show.h"
#include "src/cli/prepare_out.h"
#include "src/cli/prepare_show.h"
#include "src/cli/seal_args.h"

#include <ctype.h>
#include <string.h>

struct prepare_opts {
    struct common_opts common;
    const char *format, *out, *output_format, *keep, *policy, *store, *scratch, *sign;
    struct launch_args launch;
    struct opt_list lanes, only, skip, seal_to, keys;
    struct trust_opts trust;
    bool all, dry_run, no_launch, plain_scratch;
};

static const struct opt prepare_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct prepare_opts, format),
     "format of IMAGE (default: by its magic; raw must be named)"},
    {'o', "out", "OUT", OPT_STRING, offsetof(struct prepare_opts, out), "the repaired image"},
    {'O', "output-format", "FORMAT[,KEY=VAL…]", OPT_STRING, offsetof(struct prepare_opts, output_format),
     "format of OUT (default: by its name's ending), and what convert's -o takes"},
    {0, "all", NULL, OPT_FLAG, offsetof(struct prepare_opts, all),
     "run every component, not only those that mend what was found"},
    {0, "only", "COMPONENT", OPT_LIST, offsetof(struct prepare_opts, only),
     "run this one, whatever was found"},
    {0, "skip", "COMPONENT", OPT_LIST, offsetof(struct prepare_opts, skip), "leave this one out"},
    {0, "keep-originals", "guest|report|none", OPT_STRING, offsetof(struct prepare_opts, keep),
     "where what a changed file held is kept: beside it as .NAME.slipway-orig (default), in the report, nowhere"},
    {0, "lane", "LANE", OPT_LIST, offsetof(struct prepare_opts, lanes),
     "import-image, import-snapshot or ebs-direct (default: all three)"},
    {0, "policy", "FILE", OPT_STRING, offsetof(struct prepare_opts, policy),
     "severities, systems and kernels in place of those that are built in (see preflight)"},
    SEAL_ARGS_KEY_ROW(struct prepare_opts),
    TRUST_PATH_ROW(struct prepare_opts),
    TRUST_UNSIGNED_ROW(struct prepare_opts),
    {0, "seal-to", "RECIPIENT", OPT_LIST, offsetof(struct prepare_opts, seal_to),
     "encrypt OUT for it as it is written (see seal); its sidecar OUT.keys appears beside it"},
    SIGN_ROW(struct prepare_opts),
    {0, "store", "DIR", OPT_STRING, offsetof(struct prepare_opts, store), "the layer store"},
    {0, "scratch", "DIR", OPT_STRING, offsetof(struct prepare_opts, scratch),
     "where the overlay lies while it runs (default: in the store)"},
    {0, "plain-scratch", NULL, OPT_FLAG, offsetof(struct prepare_opts, plain_scratch),
     "what a sealed store or IMAGE holds may lie in clear"},
    LAUNCH_ROWS(struct prepare_opts),
    {0, "no-launch", NULL, OPT_FLAG, offsetof(struct prepare_opts, no_launch),
     "look into no guest's files before and after: for --all and --only"},
    {'n', "dry-run", NULL, OPT_FLAG, offsetof(struct prepare_opts, dry_run),
     "say what would be run, and stop"},
    OPT_END,
};

/* One call of the verb. */
struct prepare {
    const struct prepare_opts *opts;
    const char *image;
    struct sw_prepare_opts flow;
    struct sw_preflight_policy *policy;
    unsigned lanes;
    struct sw_keyring *ring;
    struct trust_args trust; /* of what is built over */
    struct prepare_out out;
    char *dir, *name; /* OUT.prepare; the recipe's name */
    struct preflight_machine *machine;
};

static void prepare_free(struct prepare *run)
{
    if (run->machine != NULL)
        preflight_machine_close(run->machine);
    free(run->machine);
    sw_preflight_policy_free(run->policy);
    prepare_out_close(&run->out);
    trust_args_close(&run->trust);
    sw_keyring_free(run->ring);
    free(run->dir);
    free(run->name);
}

/* ---- What is asked for ---- */

static int choose_lanes(const struct opt_list *names, unsigned *out, struct sw_err *err)
{
    *out = names->n == 0 ? (1u << SW_PREFLIGHT_LANES) - 1 : 0;
    for (size_t i = 0; i < names->n; i++) {
        int lane = sw_preflight_lane(names->items[i], err);

        if (lane < 0)
            return -1;
        *out |= 1u << lane;
    }
    return 0;
}

/* A name of recipes: 3 to 128 letters, digits, '-', '_'. */
static char *recipe_name(const char *image, struct sw_err *err)
{
    enum { NAME_MAX_CHARS = 100 };
    char *name = sw_strf(err, "prepared-%.*s", (int)NAME_MAX_CHARS, sw_path_base(image));

    for (char *at = name; at != NULL && *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
            *at = '-';
    return name;
}

static int take_keep(const struct prepare_opts *opts, struct sw_prepare_opts *flow, struct sw_err *err)
{
    flow->keep = SW_KEEP_GUEST;
    /* The report lies beside OUT in clear. */
    flow->contents = opts->seal_to.n == 0 && opts->keys.n == 0;
    if (opts->keep != NULL && sw_keep_parse(opts->keep, &flow->keep, err) < 0)
        return -1;
    if (flow->keep == SW_KEEP_REPORT && !flow->contents)
        return sw_fail(err, SW_USAGE,
                       "--keep-originals report: the report of a sealed image holds no file's content");
    return 0;
}

static int take_flow(struct prepare *run, struct sw_err *err)
{
    const struct prepare_opts *opts = run->opts;
    struct sw_prepare_opts *flow = &run->flow;

    run->dir = sw_strf(err, "%s.prepare", opts->out != NULL ? opts->out : "");
    run->name = recipe_name(run->image, err);
    if (run->dir == NULL || run->name == NULL || take_keep(opts, flow, err) < 0 ||
        trust_args_open_sealed(&opts->trust, &opts->keys, &run->trust, err) < 0)
        return -1;
    flow->dir = run->dir;
    flow->name = run->name;
    flow->overrides = (struct sw_overrides){.base = run->image,
                                            .base_format = opts->format,
                                            .keys = run->ring,
                                            .opener = trust_args_opener(&run->trust)};
    flow->store_dir = opts->store;
    flow->scratch_dir = opts->scratch;
    flow->plain_scratch = opts->plain_scratch;
    flow->jobs = opt_jobs(&opts->common);
    return launch_args_take(&opts->launch, &flow->accel, &flow->stock_appliance, err);
}

static struct sw_prepare_choice choice_of(const struct prepare_opts *opts)
{
    return (struct sw_prepare_choice){.all = opts->all,
                                      .only = opts->only.items,
                                      .nr_only = opts->only.n,
                                      .skip = opts->skip.items,
                                      .nr_skip = opts->skip.n};
}

/* Names that are none are refused before anything is launched. */
static int check_choice(const struct prepare_opts *opts, struct sw_err *err)
{
    const struct sw_prepare_choice choice = choice_of(opts);
    SW_AUTO_JSON json_t *nothing = json_object();
    SW_AUTO_JSON json_t *chosen = sw_prepare_choose(nothing, nothing, &choice, err);

    return chosen != NULL ? 0 : -1;
}

static int take_options(struct prepare *run, struct sw_err *err)
{
    const struct prepare_opts *opts = run->opts;

    if (opts->out == NULL && !opts->dry_run)
        return sw_fail(err, SW_USAGE, "name the image that is written with -o OUT");
    if (opts->all && opts->only.n > 0)
        return sw_fail(err, SW_USAGE, "--all and --only: one or the other");
    if (check_choice(opts, err) < 0 || choose_lanes(&opts->lanes, &run->lanes, err) < 0 ||
        seal_args_open_ring(&opts->keys, &run->ring, err) < 0 || take_flow(run, err) < 0)
        return -1;
    run->out.what = "prepare";
    run->out.secret = opts->keys.n > 0;
    if (opts->out != NULL &&
        prepare_out_open(opts->out, opts->output_format, &opts->seal_to, opts->sign, &run->out, err) < 0)
        return -1;
    run->policy = sw_preflight_policy_open(opts->policy, err);
    return run->policy != NULL ? 0 : -1;
}

/* ---- What there is ---- */

/* Whole, and one disk: what cannot be built over cannot be repaired. */
static int open_machine(struct prepare *run, struct sw_err *err)
{
    const struct preflight_input_opts input = {
        .format = run->opts->format, .keys = run->ring, .trust = &run->opts->trust};
    const struct sw_preflight_disk *disk;

    run->machine = sw_calloc(1, sizeof(*run->machine), err);
    if (run->machine == NULL || preflight_machine_add(run->machine, run->image, &input, err) < 0)
        return -1;
    disk = &run->machine->disks[0];
    if (run->machine->n != 1)
        return sw_fail(err, SW_USAGE, "'%s' holds %zu disks: take them out with convert --disk N", run->image,
                       run->machine->n);
    if (disk->cause != NULL) {
        *err = *disk->cause;
        return sw_context(err, "'%s'", run->image);
    }
    if (run->opts->out == NULL)
        return 0;
    return sw_refuse_same_file(disk->image->in, run->opts->out, err);
}

static json_t *judge(const struct prepare *run, const json_t *evidence, const char *name, struct sw_err *err)
{
    return evidence != NULL ? sw_preflight_judge(run->policy, evidence, name, run->lanes, err) : NULL;
}

/* What the disks' tables say, and unless nobody wants a launch, what the guest's files say. A new reference. */
static json_t *look(const struct prepare *run, const struct sw_preflight_disk *disks, size_t n,
                    struct sw_err *err)
{
    SW_AUTO_JSON json_t *evidence = sw_preflight_evidence(disks, n, err);
    struct sw_preflight_machine machine = {.disks = disks, .nr_disks = n, .evidence = evidence};

    if (evidence == NULL)
        return NULL;
    if (!run->opts->no_launch && sw_preflight_may_look(&machine) && sw_preflight_look(&machine, 1, err) < 0)
        return NULL;
    return json_incref(evidence);
}

/* The same of a disk that is the one of which these are told: its files are not looked at again. */
static json_t *look_again(const struct sw_preflight_disk *disks, size_t n, const json_t *known,
                          struct sw_err *err)
{
    SW_AUTO_JSON json_t *evidence = sw_preflight_evidence(disks, n, err);
    json_t *guest = json_object_get(known, "guest");

    if (evidence == NULL || (guest != NULL && sw_json_set(evidence, "guest", json_incref(guest), err) < 0))
        return NULL;
    return json_incref(evidence);
}

/* ---- What comes out ---- */

static void image_auto(struct sw_image **image)
{
    sw_image_close(*image);
}

static void store_auto(struct sw_store **store)
{
    sw_store_close(*store);
}

/* The container of a sealed file that this process cannot read again is what was written. */
static int say_container(const struct prepare *run, json_t *evidence, struct sw_err *err)
{
    json_t *disk = json_array_get(json_object_get(evidence, "disks"), 0);
    json_t *container = json_object_get(disk, "container");
    const char *subformat = run->out.create.create.subformat;

    if (subformat == NULL && run->out.format->subformats != NULL)
        subformat = run->out.format->subformats[0];
    if (sw_json_set(container, "format", json_string(run->out.format->name), err) < 0 ||
        sw_json_set(container, "subformat", subformat != NULL ? json_string(subformat) : json_null(), err) <
            0 ||
        sw_json_set(container, "parent", json_null(), err) < 0 ||
        sw_json_set(container, "not_as_it_is", json_object(), err) < 0)
        return -1;
    return sw_json_set(container, "sealed", json_true(), err);
}

/*
 * The verdict over what was written. disk: what it holds, where it cannot be opened again; known: evidence of the same disk, or
 * NULL.
 */
static json_t *judge_out(const struct prepare *run, struct sw_image *disk, const json_t *known,
                         struct sw_err *err)
{
    const struct preflight_input_opts input = {.format = run->out.format->name};
    SW_AUTO_FREE struct preflight_machine *machine = sw_calloc(1, sizeof(*machine), err);
    const struct sw_preflight_disk sealed = {.path = run->out.path, .image = disk, .sealed = true};
    SW_AUTO_JSON json_t *evidence = NULL;

    if (machine == NULL)
        return NULL;
    if (run->out.recipients != NULL) {
        evidence = known != NULL ? look_again(&sealed, 1, known, err) : look(run, &sealed, 1, err);
        if (evidence == NULL || say_container(run, evidence, err) < 0)
            return NULL;
    } else {
        if (preflight_machine_add(machine, run->out.path, &input, err) == 0)
            evidence = known != NULL ? look_again(machine->disks, machine->n, known, err)
                                     : look(run, machine->disks, machine->n, err);
        preflight_machine_close(machine);
    }
    return judge(run, evidence, run->out.path, err);
}

static json_t *write_and_judge(struct prepare *run, struct sw_image *disk, const json_t *known,
                               struct sw_err *err)
{
    struct sw_copy_stats stats = {0};

    if (prepare_out_write(&run->out, disk, &run->opts->common, &stats, err) < 0)
        return NULL;
    return judge_out(run, disk, known, err);
}

static json_t *write_layer(struct prepare *run, const json_t *done, const json_t *evidence,
                           struct sw_err *err)
{
    const char *layer = sw_json_text(done, "layer"), *base = sw_json_text(done, "base");
    SW_CLEANUP(store_auto) struct sw_store *store = NULL;
    SW_CLEANUP(image_auto) struct sw_image *chain = NULL;

    if (sw_store_open(run->opts->store, false, &store, err) < 0 ||
        sw_store_unlock(store, run->ring, trust_args_opener(&run->trust), err) < 0 ||
        sw_store_open_chain(store, layer, &chain, err) < 0)
        return NULL;
    run->out.secret = run->out.secret || sw_store_is_sealed(store);
    return write_and_judge(run, chain, strcmp(layer, base) == 0 ? evidence : NULL, err);
}

/* ---- The verb ---- */

static json_t *run_components(const struct prepare *run, const json_t *chosen, const json_t *evidence,
                              struct sw_err *err)
{
    struct sw_diags diags = {.n = 0};
    struct out_progress progress;
    struct sw_prepare_opts flow = run->flow;
    json_t *done;

    out_progress_begin(&progress, "prepare", &run->opts->common);
    flow.progress = &progress.base;
    done = sw_prepare_run(&flow, chosen, evidence, &diags, err);
    out_progress_end(&progress);
    build_print_diags(&diags, run->image, err);
    return done;
}

static json_t *describe(const struct prepare *run, const json_t *chosen, const json_t *done,
                        const json_t *before, const json_t *after)
{
    SW_AUTO_JSON json_t *none = json_array();
    const json_t *changes = json_object_get(done, "changes");

    return json_pack("{s:o, s:o*, s:O, s:b, s:s, s:O, s:O*, s:O, s:O*}", "image", json_untrusted(run->image),
                     "target", run->opts->out != NULL ? json_untrusted(run->opts->out) : NULL, "components",
                     chosen, "launched", (int)(done != NULL), "keepOriginals", sw_keep_names[run->flow.keep],
                     "changes", changes != NULL ? changes : none, "log", json_object_get(done, "log"),
                     "before", before, "after", after);
}

static int finish(const struct prepare *run, json_t *report, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = report;
    SW_AUTO_FREE char *path = sw_path_join(run->dir, "report.json", err);
    const json_t *after = json_object_get(report, "after");
    int outcome = sw_preflight_refused(after) ? (int)SW_REFUSED : 0;

    if (owned == NULL)
        return sw_fail(err, SW_FAILED, "cannot describe what was done");
    if (path == NULL || sw_mkdir_p(run->dir, 0777, err) < 0 || sw_json_write(path, owned, err) < 0)
        return -1;
    if (run->opts->common.json)
        return out_json(SW_STEAL_PTR(owned), err) < 0 ? -1 : outcome;
    prepare_show_chosen(json_object_get(owned, "components"));
    prepare_show_changes(json_object_get(owned, "changes"));
    preflight_show_verdict(after, run->opts->common.verbose);
    sw_log(SW_LOG_INFO, "'%s' is written; '%s' says what was changed", run->out.path, path);
    return outcome;
}

static int show_plan(const struct prepare *run, const json_t *chosen, const json_t *before,
                     struct sw_err *err)
{
    if (run->opts->common.json)
        return out_json(describe(run, chosen, NULL, before, NULL), err);
    prepare_show_chosen(chosen);
    return 0;
}

/* Rules that need more than the tables were not asked; what they would find is not mended unless it is named. */
static void say_unknown(const struct prepare *run, const json_t *before)
{
    const json_t *rule;
    size_t i, n = 0;

    json_array_foreach (json_object_get(before, "rules"), i, rule) {
        const char *state = sw_json_text(rule, "state");

        n += state != NULL && strcmp(state, "unknown") == 0 && json_is_object(json_object_get(rule, "fix"));
    }
    if (n > 0 && run->opts->no_launch && !run->opts->all && run->opts->only.n == 0)
        sw_log(SW_LOG_WARNING,
               "%zu rules that prepare has a fix for were not looked at: --all runs every component", n);
}

static int prepare(struct prepare *run, struct sw_err *err)
{
    const struct sw_prepare_choice choice = choice_of(run->opts);
    SW_AUTO_JSON json_t *evidence = look(run, run->machine->disks, run->machine->n, err);
    SW_AUTO_JSON json_t *before = judge(run, evidence, run->image, err);
    SW_AUTO_JSON json_t *chosen = NULL, *done = NULL, *after = NULL;

    if (before == NULL || (chosen = sw_prepare_choose(evidence, before, &choice, err)) == NULL)
        return -1;
    say_unknown(run, before);
    if (run->opts->dry_run)
        return show_plan(run, chosen, before, err);
    if (json_array_size(chosen) == 0) {
        after = write_and_judge(run, run->machine->disks[0].image, evidence, err);
    } else {
        done = run_components(run, chosen, evidence, err);
        after = done != NULL ? write_layer(run, done, evidence, err) : NULL;
    }
    return after != NULL ? finish(run, describe(run, chosen, done, before, after), err) : -1;
}

static int run_prepare(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    SW_CLEANUP(prepare_free) struct prepare run = {.opts = raw_opts, .image = args->items[0]};

    if (take_options(&run, err) < 0 || open_machine(&run, err) < 0)
        return -1;
    return prepare(&run, err);
}

const struct cmd cmd_prepare = {
    .name = "prepare",
    .args = "IMAGE -o OUT",
    .summary = "repair what AWS would refuse of an image, in a new one",
    .more =
        "What preflight finds says which components of recipes/ec2-ready run: in one launch of the appliance without\n"
        "a network, over IMAGE, which is never written to. Preflight looks into the guest in a launch of its own, before\n"
        "and after; --no-launch leaves that out. OUT appears under its name only when it is whole. Where nothing was\n"
        "found, nothing more is launched, and OUT holds the same disk.\n\n"
        "OUT.prepare/report.json has every change with what a file was and is, and the diff of a text; the verdict\n"
        "before and after is in it. What speaks of keys or passwords is named and not shown, and of a sealed image no\n"
        "content is. The recipe that was run, and its log, lie beside it.\n\n"
        "Windows: registry values are set offline. What only Windows itself can do waits for its first boot.\n\n"
        "Exit status 0: nothing is left that a chosen lane refuses. 4: OUT is written, and something is left.",
    .opts = prepare_rows,
    .opts_size = sizeof(struct prepare_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_prepare,
};
