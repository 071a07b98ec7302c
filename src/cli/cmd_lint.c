/* slipway lint FILE…: every fault of recipes, templates and component documents at once, and what their steps need. */
#include "slipway/recipe.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"
#include "src/cli/seal_args.h"
#include "src/cli/steps.h"
#include "src/cli/trust_args.h"

#include <stdio.h>
#include <string.h>

struct lint_opts {
    struct common_opts common;
    const char *format;
    struct opt_list catalogues, parameters, keys;
    struct trust_opts trust;
    bool explain;
};

static json_t *diag_json(const struct sw_diag *diag)
{
    return json_pack("{s:s?, s:I, s:I, s:s, s:s, s:s}", "file", diag->file, "line", (json_int_t)diag->line,
                     "column", (json_int_t)diag->column, "severity", diag->warning ? "warning" : "error",
                     "message", diag->message, "rule", diag->rule);
}

static json_t *diags_json(const struct sw_diags *diags, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < diags->n; i++)
        if (sw_json_append(list, diag_json(&diags->items[i]), err) < 0)
            return NULL;
    return SW_STEAL_PTR(list);
}

/* The list of faults; with the steps, both in one object. Takes the reference of steps. */
static int print_json(const struct sw_diags *diags, json_t *steps, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = steps;
    SW_AUTO_JSON json_t *list = diags_json(diags, err);
    SW_AUTO_JSON json_t *both = NULL;

    if (list == NULL)
        return -1;
    if (owned == NULL)
        return out_json(SW_STEAL_PTR(list), err);
    both = json_object();
    if (both == NULL || sw_json_set(both, "faults", SW_STEAL_PTR(list), err) < 0 ||
        sw_json_set(both, "steps", SW_STEAL_PTR(owned), err) < 0)
        return -1;
    return out_json(SW_STEAL_PTR(both), err);
}

static void print_text(const struct sw_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        const struct sw_diag *diag = &diags->items[i];

        out_safe(stdout, diag->file);
        if (diag->line > 0)
            printf(":%zu:%zu", diag->line, diag->column);
        printf(": %s", diag->warning ? "warning: " : "");
        out_safe(stdout, diag->message);
        putchar('\n');
    }
}

static void print_summary(const struct sw_diags *diags, size_t nr_files)
{
    size_t warnings = 0;

    for (size_t i = 0; i < diags->n; i++)
        warnings += diags->items[i].warning;
    fprintf(stderr, "%zu %s checked: %zu %s, %zu %s%s\n", nr_files, nr_files == 1 ? "file" : "files",
            diags->nr_errors, diags->nr_errors == 1 ? "error" : "errors", warnings,
            warnings == 1 ? "warning" : "warnings", diags->full ? " (only the first 1000 are shown)" : "");
}

/* Collects what the steps of every good document need. */
static int on_component(void *ctx, const struct sw_component *component, const struct sw_use *use,
                        struct sw_err *err)
{
    return use != NULL ? sw_explain_use(use, ctx, err) : sw_explain(component, ctx, err);
}

static int lint_all(const struct lint_opts *opts, const struct args *args, struct sw_diags *diags,
                    json_t *steps, struct sw_err *err)
{
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    AUTO_RING struct sw_keyring *ring = NULL;
    struct sw_overrides overrides = {.parameters = opts->parameters.items,
                                     .nr_parameters = opts->parameters.n,
                                     .catalogues = opts->catalogues.items,
                                     .nr_catalogues = opts->catalogues.n};
    const struct sw_lint lint = {
        .overrides = &overrides, .seen = steps != NULL ? on_component : NULL, .ctx = steps};
    int rc = 0;

    if (seal_args_open_ring(&opts->keys, &ring, err) < 0 ||
        trust_args_open_sealed(&opts->trust, &opts->keys, &trust, err) < 0)
        return -1;
    overrides.keys = ring;
    overrides.opener = trust_args_opener(&trust);
    for (size_t i = 0; i < args->n; i++) {
        struct sw_err reason = {.code = SW_OK};

        if (sw_lint_file(&lint, args->items[i], diags, &reason) == 0)
            continue;
        if (rc == 0)
            *err = reason;
        rc = -1;
    }
    sw_diags_sort(diags);
    return rc;
}

/* --format text|json, or --json. */
static int choose_format(const struct lint_opts *opts, bool *json, struct sw_err *err)
{
    *json = opts->common.json;
    if (opts->format == NULL || strcmp(opts->format, "text") == 0)
        return 0;
    *json = true;
    return strcmp(opts->format, "json") == 0
               ? 0
               : sw_fail(err, SW_USAGE, "the format '%s' is not known: text and json are", opts->format);
}

static int run_lint(const void *opts_in, const struct args *args, struct sw_err *err)
{
    const struct lint_opts *opts = opts_in;
    SW_CLEANUP(sw_diags_free) struct sw_diags diags = {0};
    SW_AUTO_JSON json_t *steps = opts->explain ? json_array() : NULL;
    struct sw_err printing = {.code = SW_OK};
    bool json;
    int rc;

    if (choose_format(opts, &json, err) < 0)
        return -1;
    rc = lint_all(opts, args, &diags, steps, err);
    if (!json) {
        print_text(&diags);
        steps_print(steps, "");
    } else if (print_json(&diags, SW_STEAL_PTR(steps), &printing) < 0 && rc == 0) {
        *err = printing;
        rc = -1;
    }
    if (rc < 0)
        return -1;
    if (!opts->common.quiet)
        print_summary(&diags, args->n);
    return diags.nr_errors > 0 ? (int)SW_RECIPE : 0;
}

static const struct opt lint_rows[] = {
    {0, "explain", NULL, OPT_FLAG, offsetof(struct lint_opts, explain),
     "say for each step what it needs, and which line says so"},
    {0, "format", "text|json", OPT_STRING, offsetof(struct lint_opts, format),
     "how the faults are printed (default: text)"},
    {0, "catalogue", "FILE|DIR", OPT_LIST, offsetof(struct lint_opts, catalogues),
     "local files for ARNs and names at AWS"},
    {'p', "parameter", "NAME=VALUE", OPT_LIST, offsetof(struct lint_opts, parameters),
     "a parameter of a recipe's components or of a template"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct lint_opts, keys),
     "opens sealed components; what is wrong in them is told by place and rule"},
    TRUST_PATH_ROW(struct lint_opts),
    TRUST_UNSIGNED_ROW(struct lint_opts),
    OPT_END,
};

const struct cmd cmd_lint = {
    .name = "lint",
    .args = "FILE…",
    .summary = "check recipes and component documents, and show every fault at once",
    .more =
        "Prints file:line:column: message for each fault, on stdout. Exit status 3 when there is an error,\n"
        "0 when there are only warnings or nothing at all. A recipe is checked with all its components, a\n"
        "CloudFormation template with every recipe and component in it. --explain classifies the steps of the\n"
        "documents that have no error.",
    .opts = lint_rows,
    .opts_size = sizeof(struct lint_opts),
    .min_args = 1,
    .max_args = OPT_LIST_MAX,
    .run = run_lint,
};
