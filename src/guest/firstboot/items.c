/* A step's inputs as the queue of the first boot takes them. */
#include "src/guest/firstboot/firstboot.h"

#include "src/base/json.h"
#include "src/guest/actions/registry.h"
#include "src/guest/windows.h"
#include "src/recipe/actions.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

struct item {
    const struct step_ctx *ctx;
    const char *number;
    json_t *json;  /* the inputs, texts resolved */
    json_t *files; /* name: text */
    size_t index;
};

static const char *text_of(const struct item *item, const char *name)
{
    return json_string_value(json_object_get(item->json, name));
}

/* value may be NULL, with its err. */
static int set(const struct item *item, const char *name, json_t *value, struct sw_err *err)
{
    return value != NULL ? sw_json_set(item->json, name, value, err) : -1;
}

/* ---- Kinds of inputs --------------------------------------------------------------------------------------- */

static json_t *make_text(const char *text, struct sw_err *err)
{
    json_t *json = json_string(text);

    if (json == NULL)
        sw_fail(err, SW_RECIPE, "a text is not UTF-8");
    return json;
}

static json_t *native_path(const struct item *item, const char *text, struct sw_err *err)
{
    SW_AUTO_FREE char *path = windows_path(text, step_working_dir(item->ctx), err);
    SW_AUTO_FREE char *native = path != NULL ? windows_native(path, err) : NULL;

    return native != NULL ? make_text(native, err) : NULL;
}

static json_t *convert(const struct item *item, const struct sw_input *input, const char *text,
                       struct sw_err *err)
{
    unsigned number = 0;
    bool flag = false;

    switch (input->kind) {
    case SW_INPUT_PATH:
        return native_path(item, text, err);
    case SW_INPUT_BOOL:
        if (sw_text_bool(text, &flag) == 0)
            return json_boolean(flag);
        sw_fail(err, SW_RECIPE, "input '%s' is '%.100s': it must be true or false", input->name, text);
        return NULL;
    case SW_INPUT_NUMBER:
        if (sw_text_number(text, &number) == 0)
            return json_integer((json_int_t)number);
        sw_fail(err, SW_RECIPE, "input '%s' is '%.100s': it must be a number", input->name, text);
        return NULL;
    case SW_INPUT_ENCODING:
        if (sw_text_encoding(text))
            return make_text(text, err);
        sw_fail(err, SW_RECIPE, "input '%s' is '%.100s', which is no encoding", input->name, text);
        return NULL;
    default:
        return make_text(text, err);
    }
}

/* Texts as their kinds say; lists and maps stay. skip: an input that the action looks after itself. */
static int convert_all(const struct item *item, const char *skip, struct sw_err *err)
{
    const struct sw_input *input = item->ctx->step->action->inputs;

    for (; input != NULL && input->name != NULL; input++) {
        const json_t *given = json_object_get(item->json, input->name);
        const char *text = given != NULL ? json_string_value(given) : input->fallback;

        if (text == NULL || strcmp(input->name, skip) == 0 || input->platforms != 0)
            continue;
        if (set(item, input->name, convert(item, input, text, err), err) < 0)
            return -1;
    }
    return 0;
}

/* Moves a text into a file of its own, which the item names instead. */
static int set_aside(const struct item *item, const char *name, const char *as, const char *text,
                     const char *suffix, struct sw_err *err)
{
    SW_AUTO_FREE char *file = sw_strf(err, "%s-%zu.%s", item->number, item->index, suffix);

    if (file == NULL || sw_json_set(item->files, file, json_string(text), err) < 0)
        return -1;
    json_object_del(item->json, name);
    return sw_json_set(item->json, as, json_string(file), err);
}

/* ---- Actions ----------------------------------------------------------------------------------------------- */

static int plain(const struct item *item, struct sw_err *err)
{
    return convert_all(item, "", err);
}

static int with_content(const struct item *item, struct sw_err *err)
{
    SW_AUTO_FREE char *content = NULL;

    if (convert_all(item, "content", err) < 0)
        return -1;
    content = sw_strdup(text_of(item, "content") != NULL ? text_of(item, "content") : "", err);
    return content != NULL ? set_aside(item, "content", "content", content, "txt", err) : -1;
}

static int powershell(const struct item *item, struct sw_err *err)
{
    const json_t *commands = json_object_get(item->json, "commands");
    SW_AUTO_BUF struct sw_buf script = {0};
    const char *file = text_of(item, "file");
    json_t *command;
    size_t i;

    if (file != NULL) {
        if (strlen(file) < 4 || strcasecmp(file + strlen(file) - 4, ".ps1") != 0)
            return sw_fail(err, SW_RECIPE, "'%.100s' must be a .ps1", file);
        return set(item, "file", native_path(item, file, err), err);
    }
    json_array_foreach (commands, i, command) {
        if (sw_buf_printf(&script, err, "%s\r\n", json_string_value(command)) < 0)
            return -1;
    }
    return set_aside(item, "commands", "script", script.data != NULL ? script.data : "", "ps1", err);
}

/* A name alone is looked for by Windows, as the service does it. */
static int binary(const struct item *item, struct sw_err *err)
{
    const char *path = text_of(item, "path");

    if (path != NULL && strpbrk(path, "/\\:") != NULL)
        return set(item, "path", native_path(item, path, err), err);
    return 0;
}

static int check_properties(const json_t *properties, struct sw_err *err)
{
    static const char *const own[] = {"REBOOT", "REINSTALLMODE", "REINSTALL"};
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)properties, name, value) {
        for (size_t i = 0; i < SW_ARRAY_LEN(own); i++)
            if (strcasecmp(name, own[i]) == 0)
                return sw_fail(err, SW_RECIPE, "the property %s cannot be set", own[i]);
        for (const char *at = name; *at != '\0'; at++)
            if (!isalnum((unsigned char)*at) && *at != '_' && *at != '.')
                return sw_fail(err, SW_RECIPE, "'%.100s' is no name of a property", name);
        if (strpbrk(json_string_value(value), "\r\n") != NULL)
            return sw_fail(err, SW_RECIPE, "the property %s has more than one line", name);
    }
    return 0;
}

static int installer(const struct item *item, struct sw_err *err)
{
    const char *path = text_of(item, "path"), *options, *log = text_of(item, "logFile");
    bool product = path != NULL && path[0] == '{';
    SW_AUTO_FREE char *own = NULL;

    if (path != NULL && strstr(path, "://") != NULL)
        return sw_fail(err, SW_RECIPE, "'%.100s' must lie in the image: let WebDownload or S3Download get it",
                       path);
    if (product && (path[strspn(path, "{}-0123456789abcdefABCDEF")] != '\0'))
        return sw_fail(err, SW_RECIPE, "'%.100s' is no product code", path);
    if (convert_all(item, product ? "path" : "", err) < 0)
        return -1;
    options = text_of(item, "logOptions");
    if (options[strspn(options, "iIwWeEaArRuUcCmMoOpPvVxX+!*")] != '\0')
        return sw_fail(err, SW_RECIPE, "'%.100s' are no logOptions of msiexec", options);
    own = log != NULL ? NULL : sw_strf(err, "C:\\Windows\\Temp\\slipway-%s.log", item->number);
    if (log == NULL && own == NULL)
        return -1;
    if (set(item, "logFile", log != NULL ? native_path(item, log, err) : json_string(own), err) < 0)
        return -1;
    return check_properties(json_object_get(item->json, "properties"), err);
}

/* Numbers and bytes as the registry keeps them, texts as texts: a step's output may stand in those. */
static int registry(const struct item *item, struct sw_err *err)
{
    SW_CLEANUP(registry_item_free) struct registry_item value = {.path = NULL};
    SW_AUTO_JSON json_t *given = json_incref(json_object_get(item->json, "value"));
    SW_AUTO_FREE char *key = NULL;
    SW_AUTO_BUF struct sw_buf hex = {0};

    if (registry_read(item->ctx, item->index, &value, err) < 0)
        return -1;
    key = sw_strf(err, "%s\\%s", sw_registry_root_name(value.root), value.key);
    if (key == NULL)
        return -1;
    for (size_t i = 0; i < value.value.data.len; i++)
        if (sw_buf_printf(&hex, err, "%02x", (unsigned char)value.value.data.data[i]) < 0)
            return -1;
    json_object_clear(item->json);
    if (sw_json_set(item->json, "key", json_string(key), err) < 0 ||
        sw_json_set(item->json, "name", json_string(sw_registry_value_name(value.name)), err) < 0 ||
        sw_json_set(item->json, "type", json_integer((json_int_t)value.value.type), err) < 0)
        return -1;
    if (value.value.type == 3 || value.value.type == 4 || value.value.type == 11)
        return sw_json_set(item->json, "data", json_string(hex.data != NULL ? hex.data : ""), err);
    return sw_json_set(item->json, "texts",
                       json_is_array(given) ? json_incref(given) : json_pack("[O]", given), err);
}

static int convert_item(const struct item *item, struct sw_err *err)
{
    static const struct {
        const char *action;
        int (*convert)(const struct item *item, struct sw_err *err);
    } rows[] = {
        {"AppendFile", with_content}, {"CreateFile", with_content}, {"ExecutePowerShell", powershell},
        {"ExecuteBinary", binary},    {"InstallMSI", installer},    {"UninstallMSI", installer},
        {"SetRegistry", registry},
    };

    for (size_t i = 0; i < SW_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].action, item->ctx->step->action->name) == 0)
            return rows[i].convert(item, err);
    return plain(item, err);
}

json_t *firstboot_items(const struct step_ctx *ctx, const char *number, json_t *files, struct sw_err *err)
{
    SW_AUTO_JSON json_t *items = sw_step_inputs_json(&ctx->scope, ctx->step, err);
    struct item item = {.ctx = ctx, .number = number, .files = files};

    if (items == NULL)
        return NULL;
    /* What may be left out altogether has its inputs' defaults. */
    if (json_array_size(items) == 0 && sw_json_append(items, json_object(), err) < 0)
        return NULL;
    for (; item.index < json_array_size(items); item.index++) {
        item.json = json_array_get(items, item.index);
        if (convert_item(&item, err) == 0)
            continue;
        if (json_array_size(items) > 1)
            sw_context(err, "inputs[%zu]", item.index);
        return NULL;
    }
    return SW_STEAL_PTR(items);
}
