/* The forms in which recipes come, brought into one: camelCase fields, no functions, nothing that only informs. */
#include "src/recipe/recipe.h"
#include "src/recipe/yaml_read.h"

#include <ctype.h>
#include <string.h>

/* What `get-image-recipe` tells beside what `create-image-recipe` takes. */
static const char *const told[] = {"arn", "type", "platform", "owner", "dateCreated", NULL};

/* A key with another text, at its place. */
static const struct sw_node *rename_key(struct sw_recipe_reading *r, const struct sw_node *key,
                                        const char *text)
{
    struct sw_node *copy = sw_node_copy(r->doc->arena, key, r->err);

    if (copy != NULL) {
        copy->text = text;
        copy->len = strlen(text);
    }
    return copy;
}

/* Tags are names of the user's own. */
static bool keeps_keys(const char *key)
{
    return strcmp(key, "Tags") == 0 || strcmp(key, "AmiTags") == 0;
}

static int lower_keys(struct sw_recipe_reading *r, const struct sw_node *node, const struct sw_node **out);

static int lower_key(struct sw_recipe_reading *r, const struct sw_node *key, const struct sw_node **out)
{
    char *text = sw_arena_copy(r->doc->arena, key->text, key->len, r->err);

    if (text == NULL)
        return -1;
    text[0] = (char)tolower((unsigned char)text[0]);
    *out = rename_key(r, key, text);
    return *out != NULL ? 0 : -1;
}

/* CloudFormation's PascalCase becomes the API's camelCase, all the way down. */
static int lower_keys(struct sw_recipe_reading *r, const struct sw_node *node, const struct sw_node **out)
{
    struct sw_node *made;

    *out = node;
    if (node->kind == SW_NODE_SCALAR || node->n == 0)
        return 0;
    made = sw_node_copy(r->doc->arena, node, r->err);
    if (made == NULL)
        return -1;
    made->items = sw_arena_alloc(r->doc->arena, node->n, sizeof(*made->items), r->err);
    made->keys = node->kind == SW_NODE_MAP
                     ? sw_arena_alloc(r->doc->arena, node->n, sizeof(*made->keys), r->err)
                     : NULL;
    if (made->items == NULL || (node->kind == SW_NODE_MAP && made->keys == NULL))
        return -1;
    for (size_t i = 0; i < node->n; i++) {
        made->items[i] = node->items[i];
        if (node->kind == SW_NODE_MAP && lower_key(r, node->keys[i], &made->keys[i]) < 0)
            return -1;
        if ((node->kind != SW_NODE_MAP || !keeps_keys(node->keys[i]->text)) &&
            lower_keys(r, node->items[i], &made->items[i]) < 0)
            return -1;
    }
    *out = made;
    return 0;
}

/* The map without the keys that `drop` holds and, where empty says so, without what is empty; version renamed. */
static int filter(struct sw_recipe_reading *r, const struct sw_node *map, const char *const *drop, bool empty,
                  const struct sw_node **out)
{
    struct sw_node *made = sw_node_copy(r->doc->arena, map, r->err);

    if (made == NULL)
        return -1;
    made->items = sw_arena_alloc(r->doc->arena, map->n, sizeof(*made->items), r->err);
    made->keys = sw_arena_alloc(r->doc->arena, map->n, sizeof(*made->keys), r->err);
    made->n = 0;
    if (made->items == NULL || made->keys == NULL)
        return -1;
    for (size_t i = 0; i < map->n; i++) {
        const struct sw_node *key = map->keys[i], *item = map->items[i];

        if (sw_word_find(drop, key->text) >= 0 || (empty && item->n == 0 && item->len == 0))
            continue;
        if (strcmp(key->text, "version") == 0 && sw_node_get(map, "semanticVersion") == NULL)
            key = rename_key(r, key, "semanticVersion");
        if (key == NULL)
            return -1;
        made->keys[made->n] = key;
        made->items[made->n++] = item;
    }
    *out = made;
    return 0;
}

static unsigned platform_bit(const char *text)
{
    static const char *const words[] = {"Linux", "Windows", "macOS", NULL};
    int word = sw_word_find(words, text);

    return word >= 0 ? 1u << word : 0;
}

unsigned sw_recipe_platform(const struct sw_node *node)
{
    return node != NULL && node->kind == SW_NODE_SCALAR ? platform_bit(node->text) : 0;
}

/* What `aws imagebuilder get-image-recipe` printed. */
static int from_service(struct sw_recipe_reading *r, const struct sw_node *map, const struct sw_node **out)
{
    unsigned platform = sw_recipe_platform(sw_node_get(map, "platform"));

    if (platform != 0) {
        r->platforms = platform;
        r->narrowed_by = "the recipe";
    }
    return filter(r, map, told, true, out);
}

static int from_resource(struct sw_recipe_reading *r, const struct sw_resource *resource,
                         const struct sw_node **out)
{
    static const char *const none[] = {NULL};
    const struct sw_node *resolved;

    if (sw_template_resolve(&r->template, resource->properties, &resolved) < 0)
        return -1;
    if (resolved == NULL || resolved->kind != SW_NODE_MAP)
        return 0;
    return lower_keys(r, resolved, &resolved) < 0 ? -1 : filter(r, resolved, none, false, out);
}

/* The one recipe of the template, or the one that `file#Name` names. */
static int from_template(struct sw_recipe_reading *r, const struct sw_node *root, const struct sw_node **out)
{
    struct sw_resource resource, other;
    size_t i = 0;

    r->template.root = root;
    if (r->resource != NULL) {
        while (sw_template_resource(&r->template, SW_TEMPLATE_RECIPE, i, &resource)) {
            if (resource.id != NULL && strcmp(resource.id, r->resource) == 0)
                return from_resource(r, &resource, out);
            i++;
        }
        sw_doc_fault(r->doc, root, "the template has no " SW_TEMPLATE_RECIPE " named '%s'",
                     sw_show(r->resource).text);
        return 0;
    }
    if (!sw_template_resource(&r->template, SW_TEMPLATE_RECIPE, 0, &resource)) {
        sw_doc_fault(r->doc, root, "a CloudFormation template without an " SW_TEMPLATE_RECIPE);
        return 0;
    }
    if (sw_template_resource(&r->template, SW_TEMPLATE_RECIPE, 1, &other)) {
        sw_doc_fault(r->doc, other.node,
                     "the template has several recipes: '%s#%s' and '%s#%s' name one each",
                     sw_show(r->doc->file).text, sw_show(resource.id).text, sw_show(r->doc->file).text,
                     sw_show(other.id).text);
        return 0;
    }
    return from_resource(r, &resource, out);
}

int sw_recipe_shape(struct sw_recipe_reading *r, const struct sw_node *root, const struct sw_node **out)
{
    const struct sw_node *inner = sw_node_get(root, "imageRecipe");

    *out = NULL;
    if (root->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, root, "a recipe is a map, and this is %s", sw_kind_name(root->kind));
        return 0;
    }
    if (sw_yaml_is_template(root))
        return from_template(r, root, out);
    if (inner != NULL && inner->kind == SW_NODE_MAP)
        return from_service(r, inner, out);
    if (sw_node_get(root, "arn") != NULL && sw_node_get(root, "version") != NULL)
        return from_service(r, root, out);
    *out = root;
    return 0;
}
