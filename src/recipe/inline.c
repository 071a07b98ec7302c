/* Component documents that lie within a template, as the Data of a resource. */
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"
#include "src/recipe/yaml_read.h"

#include "src/base/buf.h"

#include <string.h>

/* The fields of the resource itself. */
static void check_resource(struct sw_recipe_reading *r, const struct sw_resource *resource)
{
    static const char *const keys[] = {
        "Name", "Version",     "Platform",          "Data",     "Uri",
        "Tags", "Description", "ChangeDescription", "KmsKeyId", "SupportedOsVersions",
        NULL};
    const struct sw_node *map = resource->properties;
    const struct sw_node *platform = sw_node_get(map, "Platform");
    bool data = sw_node_get(map, "Data") != NULL, uri = sw_node_get(map, "Uri") != NULL;
    SW_RULE(r->doc, "component-resource");

    sw_doc_keys(r->doc, map, keys, "an " SW_TEMPLATE_COMPONENT);
    for (size_t i = 0; i < 3; i++)
        if (sw_node_get(map, keys[i]) == NULL)
            sw_doc_fault(r->doc, resource->node, "the component needs '%s'", keys[i]);
    if (data == uri)
        sw_doc_fault(r->doc, resource->node, "the component needs %s of 'Data' and 'Uri'",
                     data ? "one, not both," : "one");
    if (platform != NULL && platform->kind == SW_NODE_SCALAR && platform->tag == NULL &&
        sw_recipe_platform(platform) == 0)
        sw_doc_fault(r->doc, platform, "the platform '%s' is not known: Linux, Windows and macOS are",
                     sw_show(platform->text).text);
}

/* Reads the text as a document of its own, with the places of the file that holds it. */
static int parse_data(struct sw_recipe_reading *r, const struct sw_node *data, const char *file,
                      struct sw_diags *diags, struct sw_component **out)
{
    struct sw_doc doc = {.file = file, .diags = diags};
    const struct sw_node *root = NULL;
    struct sw_err reason = {.code = SW_OK};

    if (data->style == SW_STYLE_LITERAL && data->indent != UINT32_MAX) {
        doc.lines_before = data->line; /* the text begins in the line behind the '|' */
        doc.columns_before = data->indent;
    }
    if (sw_doc_parse(&doc, data->text, data->len, &root, &reason) == 0)
        *out = sw_component_check(&doc, root, &reason);
    sw_arena_free(doc.arena);
    *out = sw_component_keep_text(*out, data->text, data->len, &reason);
    if (*out == NULL && reason.code != SW_RECIPE && reason.code != SW_OK)
        return sw_fail(r->err, reason.code, "%s", reason.text);
    return 0;
}

/* A text without places of its own is told apart from the file by the resource's name. */
static const char *file_of(struct sw_recipe_reading *r, const struct sw_resource *resource,
                           const struct sw_node *data)
{
    SW_AUTO_FREE char *name = NULL;

    if (data->style == SW_STYLE_LITERAL && data->indent != UINT32_MAX)
        return r->doc->file;
    name = sw_strf(r->err, "%s#%s", r->doc->file, resource->id != NULL ? resource->id : "Data");
    return name != NULL ? sw_arena_copy(r->doc->arena, name, strlen(name), r->err) : NULL;
}

/* A document without a name of its own has the resource's. */
static int name_component(struct sw_recipe_reading *r, const struct sw_resource *resource,
                          struct sw_component *component)
{
    const struct sw_node *own = sw_node_get(component->root, "name"), *name;
    const char *text = resource->id;

    if (!sw_node_is_null(own) && own->len > 0)
        return 0;
    if (sw_template_property(&r->template, resource, "Name", &name) < 0)
        return -1;
    if (name != NULL && name->kind == SW_NODE_SCALAR && name->len > 0)
        text = name->text;
    if (text != NULL)
        component->name = sw_arena_copy(component->arena, text, strlen(text), r->err);
    return component->name != NULL ? 0 : -1;
}

int sw_recipe_inline(struct sw_recipe_reading *r, const struct sw_resource *resource,
                     struct sw_component **out)
{
    SW_CLEANUP(sw_diags_free) struct sw_diags again = {0};
    const struct sw_node *data;
    bool first = true;
    const char *file;

    *out = NULL;
    for (size_t i = 0; i < r->nr_seen; i++)
        first = first && r->seen[i] != resource->node;
    if (first) {
        check_resource(r, resource);
        if (r->nr_seen < SW_ARRAY_LEN(r->seen))
            r->seen[r->nr_seen++] = resource->node;
    }
    if (sw_template_property(&r->template, resource, "Data", &data) < 0)
        return -1;
    if (data == NULL || (sw_node_is_unknown(data) && data->len == 0))
        return 0;
    if (data->kind != SW_NODE_SCALAR) {
        if (first)
            sw_doc_fault(r->doc, data, "'Data' is %s here, and must be a text: the document",
                         sw_kind_name(data->kind));
        return 0;
    }
    file = file_of(r, resource, data);
    if (file == NULL || parse_data(r, data, file, first ? r->doc->diags : &again, out) < 0)
        return -1;
    return *out != NULL ? name_component(r, resource, *out) : 0;
}

int sw_recipe_find_inline(struct sw_recipe_reading *r, const char *arn, struct sw_resource *out)
{
    const char *own;

    if (r->template.root == NULL)
        return 0;
    for (size_t i = 0; sw_template_resource(&r->template, SW_TEMPLATE_COMPONENT, i, out); i++) {
        if (sw_template_arn(&r->template, out, &own) < 0)
            return -1;
        if (strcmp(own, arn) == 0)
            return 1;
    }
    return 0;
}
