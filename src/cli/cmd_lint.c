/* slipway lint FILE…: every fault of recipes and component documents at once. */
#include "slipway/recipe.h"
#include "src/base/json.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"

#include <stdio.h>

struct lint_opts {
    struct common_opts common;
};

static json_t *diag_json(const struct sw_diag *diag)
{
    return json_pack("{s:s?, s:I, s:I, s:s, s:s}", "file", diag->file, "line", (json_int_t)diag->line,
                     "column", (json_int_t)diag->column, "severity", diag->warning ? "warning" : "error",
                     "message", diag->message);
}

static int print_json(const struct sw_diags *diags, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < diags->n; i++)
        if (sw_json_append(list, diag_json(&diags->items[i]), err) < 0)
            return -1;
    return out_json(SW_STEAL_PTR(list), err);
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

static int run_lint(const void *opts_in, const struct args *args, struct sw_err *err)
{
    const struct lint_opts *opts = opts_in;
    SW_CLEANUP(sw_diags_free) struct sw_diags diags = {0};
    int rc = 0;

    for (size_t i = 0; i < args->n; i++) {
        struct sw_err reason = {.code = SW_OK};

        if (sw_lint_file(args->items[i], &diags, &reason) == 0)
            continue;
        if (rc == 0)
            *err = reason;
        rc = -1;
    }
    sw_diags_sort(&diags);
    if (opts->common.json) {
        struct sw_err printing = {.code = SW_OK};

        if (print_json(&diags, &printing) < 0 && rc == 0) {
            *err = printing;
            rc = -1;
        }
    } else {
        print_text(&diags);
    }
    if (!opts->common.quiet)
        print_summary(&diags, args->n);
    if (rc < 0)
        return -1;
    return diags.nr_errors > 0 ? (int)SW_RECIPE : 0;
}

static const struct opt lint_rows[] = {
    OPT_END,
};

const struct cmd cmd_lint = {
    .name = "lint",
    .args = "FILE…",
    .summary = "check recipes and component documents, and show every fault at once",
    .more =
        "Prints file:line:column: message for each fault, on stdout. Exit status 3 when there is an error,\n"
        "0 when there are only warnings or nothing at all. A recipe is checked with all its components.",
    .opts = lint_rows,
    .opts_size = sizeof(struct lint_opts),
    .min_args = 1,
    .max_args = OPT_LIST_MAX,
    .run = run_lint,
};
