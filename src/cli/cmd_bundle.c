/* slipway bundle: what a recipe's steps download, fetched into one file that travels to where no network is. */
#include "src/base/json.h"
#include "src/cli/build_opts.h"
#include "src/cli/cmd.h"
#include "src/cli/output.h"

#include <string.h>

struct bundle_opts {
    struct common_opts common;
    struct opt_list components, parameters, bundles, keys;
    struct trust_opts trust;
    const char *out;
    bool refetch;
};

static void print_file(const json_t *file)
{
    const char *name = sw_json_text(file, "name");

    printf("%s  ", sw_json_text(file, "sha256"));
    out_safe(stdout, sw_json_text(file, "source"));
    if (name != NULL) {
        fputs(" ", stdout);
        out_safe(stdout, name);
    }
    putchar('\n');
}

static int print_result(json_t *result, bool json, struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = result;
    json_t *file;
    size_t i;

    if (json)
        return out_json(SW_STEAL_PTR(owned), err);
    json_array_foreach (json_object_get(owned, "files"), i, file) {
        print_file(file);
    }
    return 0;
}

static int run_bundle(const void *opts_void, const struct args *args, struct sw_err *err)
{
    const struct bundle_opts *opts = opts_void;
    struct sw_diags diags = {.n = 0};
    struct out_progress progress;
    AUTO_TRUST_ARGS struct trust_args trust = {.trust = NULL};
    AUTO_RING struct sw_keyring *ring = NULL;
    struct sw_build_opts build = {
        .recipe = args->items[0],
        .overrides = {.components = opts->components.items,
                      .nr_components = opts->components.n,
                      .parameters = opts->parameters.items,
                      .nr_parameters = opts->parameters.n},
        .bundles = opts->bundles.items,
        .nr_bundles = opts->bundles.n,
        .refetch = opts->refetch,
        .progress = &progress.base,
    };
    json_t *result;

    if (opts->out == NULL)
        return sw_fail(err, SW_USAGE, "-o PATH is needed: where the bundle goes");
    if (strcmp(opts->out, "-") == 0)
        return out_refuse_special(opts->out, err);
    if (seal_args_open_ring(&opts->keys, &ring, err) < 0 ||
        trust_args_open_sealed(&opts->trust, &opts->keys, &trust, err) < 0)
        return -1;
    build.overrides.keys = ring;
    build.overrides.opener = trust_args_opener(&trust);
    out_progress_begin(&progress, "fetch", &opts->common);
    result = sw_build_bundle(&build, opts->out, &diags, err);
    out_progress_end(&progress);
    build_print_diags(&diags, build.recipe, err);
    return result != NULL ? print_result(result, opts->common.json, err) : -1;
}

static const struct opt rows[] = {
    {'o', "out", "PATH", OPT_STRING, offsetof(struct bundle_opts, out),
     "the bundle: a tar when the name ends in .tar, else a folder"},
    {0, "component", "FILE", OPT_LIST, offsetof(struct bundle_opts, components),
     "one more component, after the recipe's"},
    {'p', "parameter", "NAME=VALUE", OPT_LIST, offsetof(struct bundle_opts, parameters),
     "a parameter; COMPONENT.NAME=VALUE for one component only"},
    {0, "bundle", "PATH", OPT_LIST, offsetof(struct bundle_opts, bundles),
     "take files from an earlier bundle"},
    {0, "refetch", NULL, OPT_FLAG, offsetof(struct bundle_opts, refetch),
     "ask servers again for what was fetched before"},
    {'k', "key", "KEY", OPT_LIST, offsetof(struct bundle_opts, keys), "opens sealed components"},
    TRUST_PATH_ROW(struct bundle_opts),
    TRUST_UNSIGNED_ROW(struct bundle_opts),
    OPT_END,
};

const struct cmd cmd_bundle = {
    .name = "bundle",
    .args = "RECIPE",
    .summary = "fetch what a recipe's steps download, for a build without a network",
    .more =
        "WebDownload and S3Download of all phases are resolved: from the recipe's inputs, from\n"
        "earlier bundles, from what was fetched before, else from the net. `slipway build --bundle PATH` then needs\n"
        "no network. A bundle is an OCI image layout: skopeo, oras and registries carry it. Credentials, region and\n"
        "endpoint of S3 come from AWS_* and the shared files, as the AWS CLI finds them.",
    .opts = rows,
    .opts_size = sizeof(struct bundle_opts),
    .min_args = 1,
    .max_args = 1,
    .run = run_bundle,
};
