/* slipway plan: what a build would run, what is cached, which input changed. */
#include "src/base/json.h"
#include "src/cli/build_opts.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"
#include "src/cli/steps.h"

#include <string.h>

void build_with_close(struct build_with *with)
{
    sw_keyring_free(with->ring);
    trust_args_close(&with->trust);
}

int build_opts_convert(const struct build_opts *opts, const struct args *args, struct build_with *with,
                       struct sw_build_opts *out, struct sw_err *err)
{
    if (seal_args_open_ring(&opts->keys, &with->ring, err) < 0 ||
        trust_args_open_sealed(&opts->trust, &opts->keys, &with->trust, err) < 0)
        return -1;
    *out = (struct sw_build_opts){
        .recipe = args->items[0],
        .overrides = {.components = opts->components.items,
                      .nr_components = opts->components.n,
                      .parameters = opts->parameters.items,
                      .nr_parameters = opts->parameters.n,
                      .secrets = opts->secrets.items,
                      .nr_secrets = opts->secrets.n,
                      .service_starts = opts->service_starts,
                      .base = opts->base,
                      .base_format = opts->base_format,
                      .catalogues = opts->catalogues.items,
                      .nr_catalogues = opts->catalogues.n,
                      .keys = with->ring,
                      .opener = trust_args_opener(&with->trust)},
        .out_dir = opts->out != NULL ? opts->out : "out",
        .store_dir = opts->store,
        .scratch_dir = opts->scratch,
        .plain_scratch = opts->plain_scratch,
        .outputs = opts->outputs.items,
        .nr_outputs = opts->outputs.n,
        .seal_to = opts->seal_to.items,
        .nr_seal_to = opts->seal_to.n,
        .sign = opts->sign,
        .bundles = opts->bundles.items,
        .nr_bundles = opts->bundles.n,
        .refetch = opts->refetch,
        .no_cache = opts->no_cache,
        .layers_only = opts->no_output,
        .no_test = opts->no_test,
        .accel = SW_ACCEL_AUTO,
        .jobs = opt_jobs(&opts->common),
    };
    if (opts->no_output && opts->outputs.n > 0)
        return sw_fail(err, SW_USAGE, "--no-output and --output-format exclude each other");
    return launch_args_take(&opts->launch, &out->accel, &out->stock_appliance, err);
}

void build_print_diags(struct sw_diags *diags, const char *recipe, struct sw_err *err)
{
    size_t n = diags->nr_errors;

    sw_diags_sort(diags);
    for (size_t i = 0; i < diags->n; i++) {
        const struct sw_diag *diag = &diags->items[i];

        out_safe(stderr, diag->file);
        if (diag->line > 0)
            fprintf(stderr, ":%zu:%zu", diag->line, diag->column);
        fprintf(stderr, ": %s", diag->warning ? "warning: " : "");
        out_safe(stderr, diag->message);
        fputc('\n', stderr);
    }
    sw_diags_free(diags);
    /* The error is the first of them: once is enough. */
    if (err->code == SW_RECIPE && n > 0)
        sw_fail(err, SW_RECIPE, "'%s' has %zu fault%s", recipe, n, n == 1 ? "" : "s");
}

static void print_reason(const json_t *layer)
{
    const char *changed = sw_json_text(layer, "changed");

    if (changed == NULL)
        return;
    fputs("  (", stdout);
    if (strcmp(changed, "parent") == 0) {
        fputs("the layer beneath it changed", stdout);
    } else {
        fputs("changed: ", stdout);
        out_safe(stdout, changed);
    }
    fputc(')', stdout);
}

static void print_layer(const json_t *layer)
{
    const char *digest = sw_json_text(layer, "digest");

    printf("%-6s  %2lld  ", sw_json_text(layer, "state"),
           (long long)json_integer_value(json_object_get(layer, "position")));
    out_safe(stdout, sw_json_text(layer, "name"));
    if (sw_json_text(layer, "sealed") != NULL) {
        fputs("  sealed as ", stdout);
        out_safe(stdout, sw_json_text(layer, "sealed"));
    }
    if (digest != NULL)
        printf("  sha256:%.12s", digest);
    print_reason(layer);
    fputc('\n', stdout);
}

int build_print_plan(json_t *plan, bool json, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = plan;
    size_t i;
    json_t *layer;

    if (json)
        return out_json(SW_STEAL_PTR(owned), err);
    json_array_foreach (json_object_get(owned, "layers"), i, layer) {
        print_layer(layer);
        steps_print(json_object_get(layer, "steps"), "            ");
    }
    json_array_foreach (json_object_get(owned, "fetch"), i, layer) {
        fputs("fetch       ", stdout);
        out_safe(stdout, json_string_value(layer));
        putchar('\n');
    }
    if (json_is_true(json_object_get(owned, "test")))
        puts("test phases in a booted copy");
    puts(json_is_true(json_object_get(owned, "launch")) ? "one launch of the appliance"
                                                        : "no launch of the appliance");
    return 0;
}

static int run_plan(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct build_opts *opts = opts_void;
    struct sw_build_opts build;
    struct sw_diags diags = {.n = 0};
    AUTO_BUILD_WITH struct build_with with = {.ring = NULL};
    json_t *plan;

    if (build_opts_convert(opts, args, &with, &build, err) < 0)
        return -1;
    plan = sw_build_plan(&build, &diags, err);
    build_print_diags(&diags, build.recipe, err);
    return plan != NULL ? build_print_plan(plan, opts->common.json, err) : -1;
}

static const struct opt rows[] = {
    BUILD_OPT_ROWS,
    OPT_END,
};

const struct cmd cmd_plan = {
    .name = "plan",
    .args = "RECIPE",
    .summary = "show what a build would run, what is cached, and which input changed",
    .more = BUILD_TRUST_HELP,
    .opts = rows,
    .opts_size = sizeof(struct build_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_plan,
};
