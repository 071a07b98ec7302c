/* slipway preflight: what AWS would refuse of disk images, before they are sent. */
#include "slipway/preflight.h"

#include "src/base/cleanup.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/image_arg.h"
#include "src/cli/output.h"
#include "src/cli/preflight_input.h"
#include "src/cli/preflight_show.h"
#include "src/cli/seal_args.h"

#include <string.h>
#include <sys/stat.h>

struct preflight_opts {
    struct common_opts common;
    const char *format, *allow_parent, *policy, *junit, *sarif, *html;
    struct opt_list add, lanes, keys;
    struct trust_opts trust;
    uint64_t bandwidth;
    bool no_launch;
};

static const struct opt preflight_rows[] = {
    {'f', "format", "FORMAT", OPT_STRING, offsetof(struct preflight_opts, format),
     "format of each IMAGE (default: by its magic; raw must be named); in a folder, of files that carry no magic"},
    {'a', "add", "DISK", OPT_LIST, offsetof(struct preflight_opts, add),
     "a further disk of the machine whose first disk IMAGE is"},
    {0, "lane", "LANE", OPT_LIST, offsetof(struct preflight_opts, lanes),
     "import-image, import-snapshot or ebs-direct (default: all three)"},
    {0, "policy", "FILE", OPT_STRING, offsetof(struct preflight_opts, policy),
     "severities, systems and kernels in place of those that are built in"},
    {0, "allow-parent", "DIR", OPT_STRING, offsetof(struct preflight_opts, allow_parent),
     "parents and extents that an IMAGE names may be opened, beneath DIR only"},
    SEAL_ARGS_KEY_ROW(struct preflight_opts),
    TRUST_ROWS(struct preflight_opts),
    {0, "junit", "FILE", OPT_STRING, offsetof(struct preflight_opts, junit),
     "write the verdicts as JUnit XML"},
    {0, "sarif", "FILE", OPT_STRING, offsetof(struct preflight_opts, sarif),
     "write the verdicts as SARIF 2.1.0"},
    {0, "html", "FILE", OPT_STRING, offsetof(struct preflight_opts, html), "write the verdicts as a page"},
    {0, "bandwidth", "BYTES", OPT_SIZE, offsetof(struct preflight_opts, bandwidth),
     "bytes a second: how long the upload of several images takes"},
    {0, "no-launch", NULL, OPT_FLAG, offsetof(struct preflight_opts, no_launch),
     "look at nothing that needs a launch of the appliance"},
    OPT_END,
};

struct preflight_run {
    const struct preflight_opts *opts;
    const struct sw_preflight_policy *policy;
    struct preflight_input_opts input;
    unsigned lanes;
    bool fleet;
    json_t *verdicts, *unreadable;
    int unreadable_code; /* of the first that could not be opened */
};

static int choose_lanes(const struct preflight_opts *opts, unsigned *lanes, struct sw_err *err)
{
    *lanes = opts->lanes.n == 0 ? (1U << SW_PREFLIGHT_LANES) - 1 : 0;
    for (size_t i = 0; i < opts->lanes.n; i++) {
        int lane = sw_preflight_lane(opts->lanes.items[i], err);

        if (lane < 0)
            return -1;
        *lanes |= 1U << lane;
    }
    return 0;
}

/* How many machines are open at a time, to share an appliance. */
enum { BATCH_MAX = 16 };

struct open_machine {
    struct preflight_machine machine;
    const char *path;
    json_t *evidence; /* NULL: it could not be opened, and cause says why */
    json_t *verdict;
    struct sw_err cause;
};

static int open_disks(const struct preflight_run *run, const char *path, struct preflight_machine *machine,
                      struct sw_err *err)
{
    if (preflight_machine_add(machine, path, &run->input, err) < 0)
        return -1;
    for (size_t i = 0; i < run->opts->add.n; i++)
        if (preflight_machine_add(machine, run->opts->add.items[i], &run->input, err) < 0)
            return -1;
    return 0;
}

static int judge(const struct preflight_run *run, struct open_machine *one, struct sw_err *err)
{
    json_t *verdict = sw_preflight_judge(run->policy, one->evidence, one->path, run->lanes, err);

    if (verdict == NULL || sw_json_set(verdict, "evidence", json_incref(one->evidence), err) < 0) {
        json_decref(verdict);
        return -1;
    }
    json_decref(one->verdict);
    one->verdict = verdict;
    return 0;
}

static int open_one(const struct preflight_run *run, struct open_machine *one, struct sw_err *err)
{
    if (open_disks(run, one->path, &one->machine, err) < 0)
        return -1;
    one->evidence = sw_preflight_evidence(one->machine.disks, one->machine.n, err);
    return one->evidence == NULL ? -1 : judge(run, one, err);
}

/* Whether a rule of the chosen lanes waits for what the guest's files say. */
static bool waits_for_launch(const json_t *verdict)
{
    const json_t *rule;
    size_t i;

    json_array_foreach (json_object_get(verdict, "rules"), i, rule) {
        const char *why = sw_json_text(rule, "why");

        if (why != NULL && strcmp(why, SW_PREFLIGHT_NEEDS_LAUNCH) == 0)
            return true;
    }
    return false;
}

static int look_at_guests(const struct preflight_run *run, struct open_machine *all, size_t n,
                          struct sw_err *err)
{
    struct sw_preflight_machine machines[BATCH_MAX];
    size_t asked = 0;

    for (size_t i = 0; i < n && !run->opts->no_launch; i++)
        if (all[i].verdict != NULL && waits_for_launch(all[i].verdict))
            machines[asked++] = (struct sw_preflight_machine){
                .disks = all[i].machine.disks, .nr_disks = all[i].machine.n, .evidence = all[i].evidence};
    if (asked == 0)
        return 0;
    if (sw_preflight_look(machines, asked, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (all[i].verdict != NULL && judge(run, &all[i], err) < 0)
            return -1;
    return 0;
}

/* Of several images one that cannot be opened does not keep the others from being looked at. */
static int note(struct preflight_run *run, struct open_machine *one, struct sw_err *err)
{
    if (one->verdict != NULL)
        return sw_json_append(run->verdicts, json_incref(one->verdict), err);
    if (run->unreadable_code == 0)
        run->unreadable_code = one->cause.code != SW_OK ? (int)one->cause.code : (int)SW_FAILED;
    return sw_json_append(
        run->unreadable,
        json_pack("{s:o, s:o}", "name", json_untrusted(one->path), "error", json_untrusted(one->cause.text)),
        err);
}

static int look(struct preflight_run *run, struct open_machine *all, size_t n, struct sw_err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (open_one(run, &all[i], &all[i].cause) == 0)
            continue;
        if (!run->fleet || all[i].cause.code == SW_INTERRUPTED) {
            *err = all[i].cause;
            return -1;
        }
    }
    if (look_at_guests(run, all, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (note(run, &all[i], err) < 0)
            return -1;
    return 0;
}

/* The format of what carries no magic is for files in folders alone. */
static int look_at(struct preflight_run *run, char *const *names, size_t n, bool folder, struct sw_err *err)
{
    const char *format = run->input.format;
    int rc = 0;

    if (folder) {
        run->input.format = NULL;
        run->input.spare_format = format;
    }
    for (size_t from = 0; from < n && rc == 0; from += BATCH_MAX) {
        size_t len = n - from < BATCH_MAX ? n - from : BATCH_MAX;
        SW_AUTO_FREE struct open_machine *all = sw_calloc(len, sizeof(*all), err);

        rc = all != NULL ? 0 : -1;
        for (size_t i = 0; i < len && rc == 0; i++)
            all[i].path = names[from + i];
        if (rc == 0)
            rc = look(run, all, len, err);
        for (size_t i = 0; i < len && all != NULL; i++) {
            json_decref(all[i].verdict);
            json_decref(all[i].evidence);
            preflight_machine_close(&all[i].machine);
        }
    }
    run->input.format = format;
    run->input.spare_format = NULL;
    return rc;
}

static int look_into(struct preflight_run *run, const char *folder, struct sw_err *err)
{
    char **names = NULL;
    size_t n = 0;
    int rc;

    if (preflight_folder(folder, &names, &n, err) < 0)
        return -1;
    rc = look_at(run, names, n, true, err);
    preflight_names_free(names, n);
    return rc;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int look_at_all(struct preflight_run *run, const struct args *args, struct sw_err *err)
{
    run->fleet = args->n > 1;
    for (size_t i = 0; i < args->n; i++)
        run->fleet = run->fleet || is_folder(args->items[i]);
    if (run->fleet && run->opts->add.n > 0)
        return sw_fail(err, SW_USAGE, "-a is a further disk of one machine: name one IMAGE, its first disk");
    /* Images that are named one after the other share a launch. */
    for (size_t i = 0, n; i < args->n; i += n) {
        n = 1;
        if (is_folder(args->items[i])) {
            if (look_into(run, args->items[i], err) < 0)
                return -1;
            continue;
        }
        while (i + n < args->n && !is_folder(args->items[i + n]))
            n++;
        if (look_at(run, (char *const *)(uintptr_t)&args->items[i], n, false, err) < 0)
            return -1;
    }
    return 0;
}

/* Takes text. */
static int write_report(const char *path, char *text, struct sw_err *err)
{
    SW_AUTO_FREE char *owned = text;

    if (owned == NULL)
        return -1;
    return sw_write_file(path, owned, strlen(owned), 0644, err);
}

static int write_reports(const struct preflight_run *run, const json_t *fleet, struct sw_err *err)
{
    const struct preflight_opts *opts = run->opts;

    if (opts->junit != NULL &&
        write_report(opts->junit, sw_preflight_junit(run->verdicts, run->unreadable, err), err) < 0)
        return -1;
    if (opts->sarif != NULL &&
        write_report(opts->sarif, sw_preflight_sarif(run->verdicts, run->unreadable, SLIPWAY_VERSION, err),
                     err) < 0)
        return -1;
    if (opts->html != NULL &&
        write_report(opts->html,
                     sw_preflight_html(run->verdicts, run->fleet ? fleet : NULL, SLIPWAY_VERSION, err),
                     err) < 0)
        return -1;
    return 0;
}

static int show(const struct preflight_run *run, json_t *fleet, struct sw_err *err)
{
    if (run->opts->common.json)
        return out_json(json_pack("{s:O, s:O*}", "images", run->verdicts, "fleet", run->fleet ? fleet : NULL),
                        err);
    if (run->fleet)
        preflight_show_fleet(run->verdicts, fleet);
    else
        preflight_show_verdict(json_array_get(run->verdicts, 0), run->opts->common.verbose);
    return 0;
}

static int outcome(const struct preflight_run *run)
{
    const json_t *verdict;
    size_t i;

    json_array_foreach (run->verdicts, i, verdict) {
        if (sw_preflight_refused(verdict))
            return SW_REFUSED;
    }
    return run->unreadable_code;
}

static int refuse_reports(const struct preflight_opts *opts, struct sw_err *err)
{
    const char *const paths[] = {opts->junit, opts->sarif, opts->html};

    for (size_t i = 0; i < SW_ARRAY_LEN(paths); i++)
        if (paths[i] != NULL && out_refuse_special(paths[i], err) < 0)
            return -1;
    return 0;
}

static void policy_auto(struct sw_preflight_policy **policy)
{
    sw_preflight_policy_free(*policy);
}

static int run_with(struct preflight_run *run, const struct args *args, struct sw_err *err)
{
    SW_AUTO_JSON json_t *fleet = NULL;

    if (run->verdicts == NULL || run->unreadable == NULL)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (look_at_all(run, args, err) < 0)
        return -1;
    fleet = sw_preflight_fleet(run->verdicts, run->unreadable, run->opts->bandwidth, err);
    if (fleet == NULL || write_reports(run, fleet, err) < 0 || show(run, fleet, err) < 0)
        return -1;
    return outcome(run);
}

static int run_preflight(const void *raw_opts, const struct args *args, struct sw_err *err)
{
    const struct preflight_opts *opts = raw_opts;
    AUTO_RING struct sw_keyring *ring = NULL;
    SW_CLEANUP(policy_auto) struct sw_preflight_policy *policy = NULL;
    SW_AUTO_JSON json_t *verdicts = json_array();
    SW_AUTO_JSON json_t *unreadable = json_array();
    struct preflight_run run = {.opts = opts, .verdicts = verdicts, .unreadable = unreadable};

    if (choose_lanes(opts, &run.lanes, err) < 0 || refuse_reports(opts, err) < 0 ||
        seal_args_open_ring(&opts->keys, &ring, err) < 0)
        return -1;
    policy = sw_preflight_policy_open(opts->policy, err);
    if (policy == NULL)
        return -1;
    run.policy = policy;
    run.input = (struct preflight_input_opts){
        .format = opts->format, .keys = ring, .trust = &opts->trust, .allow_parent = opts->allow_parent};
    return run_with(&run, args, err);
}

const struct cmd cmd_preflight = {
    .name = "preflight",
    .args = "IMAGE|FOLDER…",
    .summary = "say what AWS would refuse of disk images, before they are sent",
    .more =
        "Each rule is held against what the files, their partition tables, boot code and EFI loaders are, in any\n"
        "format and sealed as well (--key). For each lane it is refused, a warning or a note; the report says what\n"
        "was found where, what AWS answers to it, and the remedy. What lies in the guest's file systems is looked\n"
        "at in an appliance, which starts once and mounts read-only: files of a Linux, registry and drive of a\n"
        "Windows. With --no-launch those rules are named, and count as unknown, never as passed.\n\n"
        "Several IMAGEs, or a FOLDER, give a summary: each cause with its images, what slipway mends, and how long\n"
        "the upload takes at --bandwidth. -a DISK is one more disk of the same machine instead.\n\n"
        "--policy FILE is JSON: {\"date\": …, \"systems\": […], \"windows\": […], \"rules\": {ID: {LANE: \"refused\",\n"
        "\"warning\", \"note\" or \"off\"}}}; the lists have the form of those built in.\n\n"
        "Exit status 0: no lane that was chosen refuses an image. 4: one does. An IMAGE that cannot be opened at all\n"
        "gives the status of that error.",
    .opts = preflight_rows,
    .opts_size = sizeof(struct preflight_opts),
    .min_args = 1,
    .max_args = OPT_LIST_MAX,
    .run = run_preflight,
};
