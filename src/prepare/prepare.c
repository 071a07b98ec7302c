/* The prepare flow: a recipe of the chosen components over the image, built into one layer. */
#include "src/prepare/prepare.h"

#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/build/build.h"
#include "src/prepare/changes.h"
#include "src/prepare/registry.h"
#include "src/prepare/shipped.h"

#include <string.h>

#define RECIPE_DIR  "recipe"
#define CHANGES_DIR "changes"

static const struct shipped *component_at(const json_t *chosen, size_t i)
{
    return shipped_find(sw_json_text(json_array_get(chosen, i), "component"));
}

/* What a hive calls a GUID may be anything: only one goes into a document. */
static bool is_guid(const char *text)
{
    enum { GUID_CHARS = 38 };

    return strlen(text) == GUID_CHARS && text[0] == '{' && text[GUID_CHARS - 1] == '}' &&
           strspn(text + 1, "0123456789abcdefABCDEF-") == GUID_CHARS - 2;
}

/* The interfaces with a fixed address, with commas between them. */
static int windows_interfaces(const json_t *evidence, struct sw_buf *out, struct sw_err *err)
{
    const json_t *guest = json_object_get(evidence, "guest"), *one;
    size_t i;

    json_array_foreach (json_object_get(json_object_get(guest, "network"), "interfaces"), i, one) {
        const char *guid = sw_json_text(one, "guid"), *method = sw_json_text(one, "method");

        if (guid != NULL && is_guid(guid) && method != NULL && strcmp(method, "static") == 0 &&
            sw_buf_printf(out, err, "%s%s", out->len > 0 ? "," : "", guid) < 0)
            return -1;
    }
    return 0;
}

static int put_step(struct sw_buf *out, const char *name, const char *phases, const char *parameters,
                    struct sw_err *err)
{
    return sw_buf_printf(out, err,
                         "      - name: %s\n"
                         "        action: ExecuteDocument\n"
                         "        inputs:\n"
                         "          document: %s.yml\n"
                         "          phases: %s\n"
                         "%s",
                         name, name, phases, parameters);
}

static int put_components(const json_t *chosen, const char *phases, bool early, const char *interfaces,
                          struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_FREE char *dhcp = sw_strf(err,
                                      "          parameters:\n"
                                      "            - name: Interfaces\n"
                                      "              value: '%s'\n",
                                      interfaces);

    if (dhcp == NULL)
        return -1;
    for (size_t i = 0; i < json_array_size(chosen); i++) {
        const struct shipped *one = component_at(chosen, i);
        bool is_dhcp = strcmp(one->name, "windows-dhcp") == 0 && interfaces[0] != '\0';

        if (one->early != early || (strcmp(phases, "validate") == 0 && !one->validates))
            continue;
        if (put_step(out, one->name, phases, is_dhcp ? dhcp : "", err) < 0)
            return -1;
    }
    return 0;
}

/* Files are looked at in a Linux guest alone. */
static bool is_linux(const json_t *chosen)
{
    return json_array_size(chosen) > 0 && component_at(chosen, 0)->platform == SW_LINUX;
}

static bool validates(const json_t *chosen)
{
    for (size_t i = 0; i < json_array_size(chosen); i++)
        if (component_at(chosen, i)->validates)
            return true;
    return false;
}

static int put_after(const struct sw_prepare_opts *opts, struct sw_buf *out, struct sw_err *err)
{
    SW_AUTO_FREE char *parameters = sw_strf(err,
                                            "          parameters:\n"
                                            "            - name: Keep\n"
                                            "              value: '%s'\n"
                                            "            - name: Contents\n"
                                            "              value: '%s'\n",
                                            sw_keep_names[opts->keep], opts->contents ? "true" : "false");

    if (parameters == NULL || put_step(out, "prepare-after", "build", parameters, err) < 0)
        return -1;
    return sw_buf_puts(out,
                       "      - name: Tell\n"
                       "        action: S3Upload\n"
                       "        inputs:\n"
                       "          - source: /run/slipway-prepare/changes\n"
                       "            destination: s3://prepared/changes\n",
                       err);
}

/* One document that executes the others: one layer, and what was looked at before is there behind it. */
static int write_document(const struct sw_prepare_opts *opts, const json_t *chosen, const char *interfaces,
                          const char *dir, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {.data = NULL};
    SW_AUTO_FREE char *path = sw_path_join(dir, "prepare.yml", err);
    bool files = is_linux(chosen);

    if (path == NULL ||
        sw_buf_puts(&text, "name: prepare\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n", err) <
            0 ||
        put_components(chosen, "build", true, interfaces, &text, err) < 0 ||
        (files && put_step(&text, "prepare-before", "build", "", err) < 0) ||
        put_components(chosen, "build", false, interfaces, &text, err) < 0 ||
        (files && put_after(opts, &text, err) < 0))
        return -1;
    if (validates(chosen) && (sw_buf_puts(&text, "  - name: validate\n    steps:\n", err) < 0 ||
                              put_components(chosen, "validate", false, interfaces, &text, err) < 0))
        return -1;
    return sw_write_file(path, text.data, text.len, 0644, err);
}

static int write_recipe(const struct sw_prepare_opts *opts, const char *dir, const char *path,
                        struct sw_err *err)
{
    SW_AUTO_FREE char *text = sw_strf(err,
                                      "name: %s\n"
                                      "semanticVersion: 1.0.0\n"
                                      "parentImage: the-image-that-is-prepared\n"
                                      "components:\n"
                                      "  - component: prepare.yml\n"
                                      "uploads:\n"
                                      "  s3://prepared/: ../" CHANGES_DIR "\n",
                                      opts->name);

    if (text == NULL || shipped_write(dir, err) < 0)
        return -1;
    return sw_write_file(path, text, strlen(text), 0644, err);
}

/* Takes the log out of the folder that builds name by recipe and version, and removes that. */
static int move_log(const char *built, const char *log, struct sw_err *err)
{
    SW_AUTO_FREE char *from = sw_path_join(built, "log", err);

    if (from == NULL)
        return -1;
    if (rename(from, log) < 0)
        return sw_fail_errno(err, "cannot rename '%s'", from);
    return sw_remove_tree(built, err);
}

static json_t *read_changes(const struct sw_prepare_opts *opts, const json_t *chosen, const char *log,
                            struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_join(opts->dir, CHANGES_DIR, err);
    SW_AUTO_FREE char *path = dir != NULL ? sw_path_join(dir, "changes", err) : NULL;
    SW_AUTO_BUF struct sw_buf text = {.data = NULL};
    json_t *out;

    if (path == NULL)
        return NULL;
    if (!is_linux(chosen))
        return registry_changes(log, err);
    if (sw_read_file(path, CHANGES_BYTES_MAX, &text, err) < 0)
        return NULL;
    out = changes_parse(text.data != NULL ? text.data : "", text.len, opts->keep == SW_KEEP_REPORT, err);
    if (out != NULL && sw_remove_tree(dir, err) < 0) {
        json_decref(out);
        return NULL;
    }
    return out;
}

/* Labels, and what a check of the file system mends, are no files. */
static bool changes_no_file(const json_t *chosen)
{
    for (size_t i = 0; i < json_array_size(chosen); i++) {
        const struct shipped *one = component_at(chosen, i);

        if ((one->early || one->follows) &&
            json_array_size(json_object_get(json_array_get(chosen, i), "findings")) > 0)
            return true;
    }
    return false;
}

/* The layer of a disk on which nothing was changed differs by what a mount leaves: the base's is the one. */
static json_t *tell(const json_t *built, const json_t *chosen, json_t *changes, const char *log,
                    struct sw_err *err)
{
    SW_AUTO_JSON json_t *owned = changes;
    const json_t *layers = json_object_get(built, "layers");
    const char *base = sw_json_text(built, "baseLayer");
    const char *top = sw_json_text(json_array_get(layers, json_array_size(layers) - 1), "digest");
    bool other = changes_no_file(chosen) || json_array_size(json_object_get(built, "deferred")) > 0;
    json_t *out;

    if (owned == NULL || base == NULL || top == NULL)
        return NULL;
    out = json_pack("{s:s, s:s, s:s, s:O}", "base", base, "layer",
                    other || json_array_size(owned) > 0 ? top : base, "log", log, "changes", owned);
    if (out == NULL)
        sw_fail(err, SW_FAILED, "out of memory");
    return out;
}

static json_t *build(const struct sw_prepare_opts *opts, const char *recipe, struct sw_diags *diags,
                     struct sw_err *err)
{
    const struct sw_build_opts build = {.recipe = recipe,
                                        .overrides = opts->overrides,
                                        .out_dir = opts->dir,
                                        .store_dir = opts->store_dir,
                                        .scratch_dir = opts->scratch_dir,
                                        .plain_scratch = opts->plain_scratch,
                                        .layers_only = true,
                                        .no_test = true,
                                        .no_cache = true, /* what is changed is told by those that run */
                                        .beside_queue = true,
                                        .accel = opts->accel,
                                        .stock_appliance = opts->stock_appliance,
                                        .jobs = opts->jobs,
                                        .progress = opts->progress};

    return sw_build_run(&build, diags, err);
}

/* What an earlier run has left; the folder may hold what is somebody else's. */
static int clear(const char *dir, struct sw_err *err)
{
    static const char *const ours[] = {RECIPE_DIR, CHANGES_DIR, "log", "report.json"};

    for (size_t i = 0; i < SW_ARRAY_LEN(ours); i++) {
        SW_AUTO_FREE char *path = sw_path_join(dir, ours[i], err);

        if (path == NULL || sw_remove_tree(path, err) < 0)
            return -1;
    }
    return 0;
}

json_t *sw_prepare_run(const struct sw_prepare_opts *opts, const json_t *chosen, const json_t *evidence,
                       struct sw_diags *diags, struct sw_err *err)
{
    SW_AUTO_FREE char *dir = sw_path_join(opts->dir, RECIPE_DIR, err);
    SW_AUTO_FREE char *recipe = dir != NULL ? sw_path_join(dir, "recipe.yml", err) : NULL;
    SW_AUTO_FREE char *log = recipe != NULL ? sw_path_join(opts->dir, "log", err) : NULL;
    SW_AUTO_BUF struct sw_buf interfaces = {.data = NULL};
    SW_AUTO_JSON json_t *built = NULL;

    if (log == NULL || windows_interfaces(evidence, &interfaces, err) < 0 || clear(opts->dir, err) < 0 ||
        sw_mkdir_p(dir, 0777, err) < 0 || write_recipe(opts, dir, recipe, err) < 0 ||
        write_document(opts, chosen, interfaces.data != NULL ? interfaces.data : "", dir, err) < 0)
        return NULL;
    built = build(opts, recipe, diags, err);
    if (built == NULL || move_log(sw_json_text(built, "dir"), log, err) < 0)
        return NULL;
    return tell(built, chosen, read_changes(opts, chosen, log, err), log, err);
}
