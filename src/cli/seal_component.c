/* What the encryption context says of a component document that is sealed. */
#include "src/cli/seal_component.h"

#include "slipway/recipe.h"
#include "src/base/buf.h"
#include "src/base/log.h"

#include <string.h>

static bool may_be_document(const char *path)
{
    static const char *const suffixes[] = {".yml", ".yaml", ".json"};
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot != NULL && i < SW_ARRAY_LEN(suffixes); i++)
        if (strcmp(dot, suffixes[i]) == 0)
            return true;
    return false;
}

static bool is_given(const struct pair_args *context)
{
    for (size_t i = 0; i < context->n; i++)
        if (strcmp(context->pairs[i].key, SW_COMPONENT_KEY) == 0 ||
            strcmp(context->pairs[i].key, SW_COMPONENT_FILE_KEY) == 0)
            return true;
    return false;
}

static int add_pair(struct pair_args *context, const char *key, const char *value, struct sw_err *err)
{
    char *text;

    if (context->n == OPT_LIST_MAX)
        return sw_fail(err, SW_USAGE, "--context: more than %d pairs", OPT_LIST_MAX - 2);
    text = sw_strf(err, "%s=%s", key, value);
    if (text == NULL || sw_pair_parse(text, &context->pairs[context->n], err) < 0) {
        free(text);
        return -1;
    }
    context->texts[context->n++] = text;
    return 0;
}

/* The path says it, or the document and the user do; the two may not differ. */
static int choose(const struct sw_component *component, const char *version, struct sw_component_id *id,
                  struct sw_err *err)
{
    if (id->version[0] == '\0') {
        if (strlen(component->name) >= sizeof(id->name))
            return sw_fail(err, SW_RECIPE, "the component's name has more than %zu bytes",
                           sizeof(id->name) - 1);
        snprintf(id->name, sizeof(id->name), "%s", component->name);
        snprintf(id->version, sizeof(id->version), "%.47s", version != NULL ? version : "1.0.0");
    }
    if (version != NULL && strcmp(version, id->version) != 0)
        return sw_fail(err, SW_USAGE, "--component-version %s: the file's name says %s", version,
                       id->version);
    return 0;
}

static int add_pairs(const struct sw_component *component, const char *input, const char *output,
                     const char *version, struct pair_args *context, struct sw_err *err)
{
    struct sw_component_id id, named;
    SW_AUTO_FREE char *value = NULL;

    sw_component_id_of(input, &id);
    sw_component_id_of(output, &named);
    if (choose(component, version, &id, err) < 0)
        return -1;
    value = sw_strf(err, "%s/%s", id.name, id.version);
    if (value == NULL || add_pair(context, SW_COMPONENT_KEY, value, err) < 0)
        return -1;
    return add_pair(context, SW_COMPONENT_FILE_KEY, named.file, err);
}

int seal_component_pairs(const char *input, const char *output, const char *version,
                         struct pair_args *context, struct sw_err *err)
{
    struct sw_component *component;
    struct sw_err why = {.code = SW_OK};
    int rc;

    if (version != NULL && !sw_is_version(version))
        return sw_fail(err, SW_USAGE, "--component-version: '%.40s' is not three numbers, as in 1.2.3",
                       version);
    if (version == NULL && (!may_be_document(input) || is_given(context)))
        return 0;
    component = sw_component_load(input, NULL, &why);
    if (component == NULL && version != NULL) {
        *err = why;
        return -1;
    }
    if (component == NULL) {
        sw_log(SW_LOG_INFO, "'%s' is no component document, and is sealed as any other file", input);
        return 0;
    }
    rc = add_pairs(component, input, output, version, context, err);
    sw_component_free(component);
    return rc;
}
