/* The flow of the connected side: everything that a recipe's steps download goes into one bundle. */
#include "src/build/fetch.h"

#include "src/base/json.h"
#include "src/build/build.h"
#include "src/build/secrets.h"

#include <string.h>

SW_DEFINE_AUTO(recipe, struct sw_recipe, sw_recipe_free)
#define AUTO_RECIPE SW_CLEANUP(recipe_auto)

static json_t *describe_file(const struct sw_bundle_file *file, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();

    if (sw_json_set(json, "source", json_string(file->source), err) < 0 ||
        (file->name != NULL && sw_json_set(json, "name", json_string(file->name), err) < 0) ||
        sw_json_set(json, "sha256", json_string(file->sha256), err) < 0 ||
        sw_json_set(json, "size", json_integer((json_int_t)file->size_bytes), err) < 0)
        return NULL;
    return SW_STEAL_PTR(json);
}

static json_t *describe(const char *path, const struct sw_bundle_file *files, size_t n, struct sw_err *err)
{
    SW_AUTO_JSON json_t *json = json_object();
    json_t *list = json_array();

    if (sw_json_set(json, "files", list, err) < 0 || sw_json_set(json, "bundle", json_string(path), err) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (sw_json_append(list, describe_file(&files[i], err), err) < 0)
            return NULL;
    return SW_STEAL_PTR(json);
}

/* A bundle travels, and names its sources. */
static int refuse_secrets(const struct sw_recipe *recipe, const struct sw_bundle_file *files, size_t n,
                          struct sw_err *err)
{
    SW_AUTO_MASK struct sw_mask *mask = secrets_mask_of(recipe, err);

    for (size_t i = 0; mask != NULL && i < n; i++) {
        SW_AUTO_BUF struct sw_buf shown = {0};

        if (sw_mask_text(mask, files[i].source, strlen(files[i].source), &shown, err) < 0)
            return -1;
        if (strcmp(shown.data != NULL ? shown.data : "", files[i].source) != 0)
            return sw_fail(err, SW_REFUSED, "'%.300s' holds a secret, and a bundle would tell it",
                           shown.data);
    }
    return mask != NULL ? 0 : -1;
}

static json_t *fetch_and_write(const struct sw_recipe *recipe, struct fetch *fetch, const char *path,
                               struct sw_diags *diags, struct sw_err *err)
{
    SW_AUTO_FREE struct sw_bundle_file *files = NULL;
    size_t n;

    if (fetch_find(fetch, diags, err) < 0)
        return NULL;
    files = fetch_bundled(fetch, &n, err);
    if (files == NULL || refuse_secrets(recipe, files, n, err) < 0 ||
        sw_bundle_write(path, files, n, err) < 0)
        return NULL;
    return describe(path, files, n, err);
}

json_t *sw_build_bundle(const struct sw_build_opts *opts, const char *path, struct sw_diags *diags,
                        struct sw_err *err)
{
    AUTO_RECIPE struct sw_recipe *recipe = sw_recipe_load(opts->recipe, &opts->overrides, diags, err);
    AUTO_FETCH struct fetch *fetch = NULL;
    const struct fetch_opts how = {.bundles = opts->bundles,
                                   .nr_bundles = opts->nr_bundles,
                                   .network = true,
                                   .test = true,
                                   .refetch = opts->refetch,
                                   .progress = opts->progress};
    json_t *result = NULL;

    if (recipe == NULL)
        return NULL;
    if (fetch_new(recipe, &how, diags, &fetch, err) == 0)
        result = fetch_and_write(recipe, fetch, path, diags, err);
    if (result == NULL)
        sw_context(err, "recipe '%s'", opts->recipe);
    return result;
}
