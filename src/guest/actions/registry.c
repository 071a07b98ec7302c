/* SetRegistry: which hive holds a key, and the values that go there. */
#include "src/guest/actions/registry.h"

#include "src/base/json.h"
#include "src/guest/hive.h"
#include "src/guest/windows.h"

#include <string.h>
#include <strings.h>

#define CONFIG   "C:/Windows/System32/config/"
#define PROFILES "C:/Windows/ServiceProfiles/"

enum { HIVES_MAX = 16, PROFILE_TEXT_MAX = 1024 };

/* The hives that a step has open. */
struct hives {
    struct sw_guest *guest;
    struct {
        char *path;
        struct hive *hive;
    } open[HIVES_MAX];
    size_t n;
};

/* A key in one of them. key is fresh memory. */
struct place {
    struct hive *hive;
    char *key;
};

static struct hive *take_hive(struct hives *hives, const char *path, struct sw_err *err)
{
    struct hive *hive = NULL;

    for (size_t i = 0; i < hives->n; i++)
        if (strcasecmp(hives->open[i].path, path) == 0)
            return hives->open[i].hive;
    if (hives->n == HIVES_MAX) {
        sw_fail(err, SW_GUEST, "one step sets values in more than %d hives", (int)HIVES_MAX);
        return NULL;
    }
    hives->open[hives->n].path = sw_strdup(path, err);
    if (hives->open[hives->n].path == NULL || hive_open(hives->guest, path, &hive, err) < 0) {
        free(SW_STEAL_PTR(hives->open[hives->n].path));
        return NULL;
    }
    return hives->open[hives->n++].hive = hive;
}

/* In the order of opening; a failure is the first one's. */
static int write_hives(struct hives *hives, struct sw_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < hives->n; i++) {
        if (rc == 0)
            rc = hive_write_back(hives->open[i].hive, err);
        hive_free(hives->open[i].hive);
        free(hives->open[i].path);
    }
    hives->n = 0;
    return rc;
}

/* ---- Where a key lies -------------------------------------------------------------------------------------- */

/* What is below the first name of a key; NULL when that is not `name`. */
static const char *below(const char *key, const char *name)
{
    size_t len = strlen(name);

    if (strncasecmp(key, name, len) != 0 || (key[len] != '\0' && key[len] != '\\'))
        return NULL;
    return key[len] == '\\' ? key + len + 1 : key + len;
}

static int set_place(struct hives *hives, const char *path, const char *key, struct place *out,
                     struct sw_err *err)
{
    out->hive = take_hive(hives, path, err);
    out->key = out->hive != NULL ? sw_strdup(key, err) : NULL;
    return out->key != NULL ? 0 : -1;
}

static int in_system(struct hives *hives, const char *key, struct place *out, struct sw_err *err)
{
    out->hive = take_hive(hives, CONFIG "SYSTEM", err);
    out->key = out->hive != NULL ? hive_control_set(out->hive, key, err) : NULL;
    return out->key != NULL ? 0 : -1;
}

static int in_machine(struct hives *hives, const char *key, struct place *out, struct sw_err *err)
{
    static const char *const files[] = {"SOFTWARE", "SAM", "SECURITY"};
    const char *rest = below(key, "SYSTEM");

    if (rest != NULL)
        return in_system(hives, rest, out, err);
    for (size_t i = 0; i < SW_ARRAY_LEN(files); i++) {
        SW_AUTO_FREE char *path = NULL;

        rest = below(key, files[i]);
        if (rest == NULL)
            continue;
        path = sw_strf(err, CONFIG "%s", files[i]);
        return path != NULL ? set_place(hives, path, rest, out, err) : -1;
    }
    return sw_fail(
        err, SW_GUEST,
        "'HKEY_LOCAL_MACHINE\\%s' is in none of the hives SYSTEM, SOFTWARE, SAM and SECURITY, which "
        "the image has on its disk",
        key);
}

/* The hardware profile that Windows starts with; there has been one only for long. */
static int in_hardware(struct hives *hives, const char *key, struct place *out, struct sw_err *err)
{
    SW_AUTO_FREE char *config = NULL, *full = NULL;
    struct hive *hive = take_hive(hives, CONFIG "SYSTEM", err);
    uint32_t number = 1;
    int found;

    config = hive != NULL ? hive_control_set(hive, "CurrentControlSet\\Control\\IDConfigDB", err) : NULL;
    if (config == NULL)
        return -1;
    found = hive_number(hive, config, "CurrentConfig", &number, err);
    if (found < 0)
        return -1;
    if (found == 0 || number > 9999)
        number = 1;
    full = sw_strf(err, "CurrentControlSet\\Hardware Profiles\\%04u\\%s", number, key);
    return full != NULL ? in_system(hives, full, out, err) : -1;
}

/* %SystemDrive%\Users\x, as the hive has it, as the path of its NTUSER.DAT. Free it. */
static char *user_hive(const char *profile, struct sw_err *err)
{
    static const char *const variables[][2] = {{"%SystemDrive%", "C:"}, {"%SystemRoot%", "C:\\Windows"}};
    SW_AUTO_FREE char *text = NULL;

    if (strlen(profile) > PROFILE_TEXT_MAX) {
        sw_fail(err, SW_GUEST, "the image's list of profiles has a path that is too long");
        return NULL;
    }
    for (size_t i = 0; i < SW_ARRAY_LEN(variables) && text == NULL; i++) {
        size_t len = strlen(variables[i][0]);

        if (strncasecmp(profile, variables[i][0], len) == 0)
            text = sw_strf(err, "%s%s\\NTUSER.DAT", variables[i][1], profile + len);
    }
    if (text == NULL)
        text = sw_strf(err, "%s\\NTUSER.DAT", profile);
    return text != NULL ? windows_path(text, "C:/", err) : NULL;
}

static int in_profile(struct hives *hives, const char *sid, size_t sid_len, const char *key,
                      struct place *out, struct sw_err *err)
{
    SW_AUTO_FREE char *entry = NULL, *profile = NULL, *path = NULL;
    struct hive *software = take_hive(hives, CONFIG "SOFTWARE", err);
    int found;

    if (software == NULL)
        return -1;
    entry = sw_strf(err, "Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\%.*s", (int)sid_len, sid);
    if (entry == NULL)
        return -1;
    found = hive_text(software, entry, "ProfileImagePath", &profile, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return sw_fail(err, SW_GUEST, "the image has no profile of the user '%.*s'", (int)sid_len, sid);
    path = user_hive(profile, err);
    return path != NULL ? set_place(hives, path, key, out, err) : -1;
}

static int in_users(struct hives *hives, const char *key, struct place *out, struct sw_err *err)
{
    static const char *const known[][2] = {{".DEFAULT", CONFIG "DEFAULT"},
                                           {"S-1-5-18", CONFIG "DEFAULT"},
                                           {"S-1-5-19", PROFILES "LocalService/NTUSER.DAT"},
                                           {"S-1-5-20", PROFILES "NetworkService/NTUSER.DAT"}};
    size_t len = strcspn(key, "\\");

    for (size_t i = 0; i < SW_ARRAY_LEN(known); i++) {
        const char *rest = below(key, known[i][0]);

        if (rest != NULL)
            return set_place(hives, known[i][1], rest, out, err);
    }
    if (strncasecmp(key, "S-1-", 4) != 0 || len > 184 || memchr(key, '_', len) != NULL)
        return sw_fail(err, SW_GUEST,
                       "'%.*s' is no user whose hive the image has: .DEFAULT and SIDs (S-1-5-…) are",
                       (int)(len < 200 ? len : 200), key);
    return in_profile(hives, key, len, key + len + (key[len] == '\\'), out, err);
}

static int find_place(struct hives *hives, enum sw_registry_root root, const char *key, struct place *out,
                      struct sw_err *err)
{
    SW_AUTO_FREE char *classes = NULL;

    switch (root) {
    case SW_HKLM:
        return in_machine(hives, key, out, err);
    case SW_HKU:
        return in_users(hives, key, out, err);
    case SW_HKCC:
        return in_hardware(hives, key, out, err);
    case SW_HKCU:
        /* Steps run as SYSTEM, at the service and at first boot, and this is SYSTEM's own. */
        return set_place(hives, CONFIG "DEFAULT", key, out, err);
    default:
        classes = sw_strf(err, "Classes\\%s", key);
        return classes != NULL ? set_place(hives, CONFIG "SOFTWARE", classes, out, err) : -1;
    }
}

/* ---- The action -------------------------------------------------------------------------------------------- */

int registry_read(const struct step_ctx *ctx, size_t item, struct registry_item *out, struct sw_err *err)
{
    const struct sw_node *node = sw_node_get(ctx->step->items[item], "value");
    bool list = node != NULL && node->kind == SW_NODE_LIST;
    SW_AUTO_FREE char *type = NULL;
    char **texts = NULL, *one[2] = {NULL, NULL};
    const char *problem;
    int rc = -1;

    if (sw_step_text(&ctx->scope, ctx->step, item, "path", &out->path, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "name", &out->name, err) < 0 ||
        sw_step_text(&ctx->scope, ctx->step, item, "type", &type, err) < 0)
        return -1;
    problem = sw_registry_path(out->path, &out->root, &out->key);
    if (problem != NULL)
        return sw_fail(err, SW_RECIPE, "the path '%.200s' %s", out->path, problem);
    if (list)
        rc = sw_step_texts(&ctx->scope, ctx->step, item, "value", &texts, err);
    else
        rc = sw_step_text(&ctx->scope, ctx->step, item, "value", &one[0], err);
    if (rc == 0)
        rc = sw_registry_encode(type, list ? texts : one, list, &out->value, err);
    sw_texts_free(texts);
    free(one[0]);
    return rc;
}

void registry_item_free(struct registry_item *item)
{
    free(item->path);
    free(item->name);
    sw_buf_free(&item->value.data);
}

/* What a value was, and is, in the step's outputs. */
static int set_value(struct step_ctx *ctx, const struct place *place, const struct registry_item *item,
                     struct sw_err *err)
{
    const char *name = sw_registry_value_name(item->name);
    SW_AUTO_FREE char *before = NULL, *after = NULL;

    if (hive_show(place->hive, place->key, name, &before, err) < 0 ||
        hive_set(place->hive, place->key, name, &item->value, err) < 0 ||
        hive_show(place->hive, place->key, name, &after, err) < 0)
        return -1;
    if (ctx->outputs == NULL)
        ctx->outputs = json_array();
    return sw_json_append(ctx->outputs,
                          json_pack("{s:o, s:o}", "before",
                                    before != NULL ? sw_json_bytes(before, strlen(before)) : json_string(""),
                                    "after",
                                    after != NULL ? sw_json_bytes(after, strlen(after)) : json_string("")),
                          err);
}

static int set_one(struct step_ctx *ctx, struct hives *hives, size_t i, struct sw_err *err)
{
    SW_CLEANUP(registry_item_free) struct registry_item item = {.path = NULL};
    struct place place = {.hive = NULL};
    int rc = -1;

    if (registry_read(ctx, i, &item, err) < 0)
        return -1;
    if (find_place(hives, item.root, item.key, &place, err) == 0)
        rc = set_value(ctx, &place, &item, err);
    free(place.key);
    return rc;
}

int action_set_registry(struct step_ctx *ctx, struct sw_err *err)
{
    struct hives hives = {.guest = ctx->guest};
    struct sw_err late = {.code = SW_OK};
    int rc = 0;

    for (size_t i = 0; i < ctx->step->nr_items && rc == 0; i++) {
        rc = set_one(ctx, &hives, i, err);
        if (rc < 0 && ctx->step->nr_items > 1)
            sw_context(err, "inputs[%zu]", i);
    }
    /* As with the service, what stands before the value that failed is set. */
    if (write_hives(&hives, &late) == 0 || rc < 0)
        return rc;
    *err = late;
    return -1;
}
