/* A CloudFormation template: which one is it, its resources, and the walk that resolves its functions. */
#include "src/recipe/template.h"

#include "src/base/buf.h"
#include "src/recipe/yaml_read.h"

#include <string.h>

enum { DEPTH_MAX = 32, CALLS_MAX = 500000 };

static const char unknown_tag[] = "(unknown)";

bool sw_node_is_unknown(const struct sw_node *node)
{
    return node != NULL && node->tag == unknown_tag;
}

int sw_template_mark_unknown(struct sw_node *node)
{
    node->tag = unknown_tag;
    return 0;
}

static bool has(const struct sw_node *root, const char *key)
{
    return sw_node_get(root, key) != NULL;
}

static bool is_builder_resource(const struct sw_node *node)
{
    const struct sw_node *type = sw_node_get(node, "Type");
    const struct sw_node *properties = sw_node_get(node, "Properties");

    return type != NULL && type->kind == SW_NODE_SCALAR && properties != NULL &&
           strncmp(type->text, "AWS::", 5) == 0;
}

bool sw_yaml_is_template(const struct sw_node *root)
{
    return has(root, "Resources") || has(root, "AWSTemplateFormatVersion") || is_builder_resource(root) ||
           has(root, "ParentImage");
}

static bool read_resource(const struct sw_node *node, const char *id, struct sw_resource *out)
{
    const struct sw_node *type = sw_node_get(node, "Type");
    static const struct sw_node empty = {.kind = SW_NODE_MAP};

    if (type == NULL || type->kind != SW_NODE_SCALAR)
        return false;
    *out = (struct sw_resource){
        .id = id, .type = type->text, .node = node, .properties = sw_node_get(node, "Properties")};
    if (out->properties == NULL)
        out->properties = &empty;
    return out->properties->kind == SW_NODE_MAP;
}

bool sw_template_resource(const struct sw_template *t, const char *type, size_t i, struct sw_resource *out)
{
    const struct sw_node *all = sw_node_get(t->root, "Resources");

    if (all == NULL && has(t->root, "ParentImage")) {
        *out = (struct sw_resource){.type = SW_TEMPLATE_RECIPE, .node = t->root, .properties = t->root};
        return i == 0 && strcmp(type, out->type) == 0;
    }
    if (all == NULL)
        return read_resource(t->root, NULL, out) && i == 0 && strcmp(type, out->type) == 0;
    for (size_t k = 0; all->kind == SW_NODE_MAP && k < all->n; k++)
        if (read_resource(all->items[k], all->keys[k]->text, out) && strcmp(type, out->type) == 0 && i-- == 0)
            return true;
    return false;
}

const struct sw_node *sw_template_find(const struct sw_template *t, const char *id)
{
    return sw_node_get(sw_node_get(t->root, "Resources"), id);
}

struct sw_node *sw_node_copy(struct sw_arena *arena, const struct sw_node *node, struct sw_err *err)
{
    struct sw_node *copy = sw_arena_alloc(arena, 1, sizeof(*copy), err);

    if (copy != NULL)
        *copy = *node;
    return copy;
}

/* A template that would go on for ever: a fault, and the end of reading it. */
static int give_up(struct sw_template *t, const struct sw_node *at, const char *why)
{
    sw_doc_fault(t->doc, at, "the template's functions %s", why);
    return sw_fail(t->err, SW_RECIPE, "%s:%u:%u: the template's functions %s", t->doc->file, at->line,
                   at->column, why);
}

struct sw_node *sw_template_text(struct sw_template *t, const struct sw_node *at, const char *text,
                                 size_t len)
{
    struct sw_node *node;

    t->bytes += len;
    if (t->bytes > 4 * SW_DOC_MAX_BYTES) {
        (void)give_up(t, at, "make too much text");
        return NULL;
    }
    node = sw_node_copy(t->doc->arena, at, t->err);
    if (node == NULL)
        return NULL;
    node->kind = SW_NODE_SCALAR;
    node->n = 0;
    node->items = NULL;
    node->keys = NULL;
    node->tag = NULL;
    node->style = SW_STYLE_QUOTED;
    node->indent = UINT32_MAX;
    node->text = sw_arena_copy(t->doc->arena, text, len, t->err);
    node->len = len;
    return node->text != NULL ? node : NULL;
}

int sw_template_unknown(struct sw_template *t, const struct sw_node *at, const char *name, const char *why,
                        const struct sw_node **out)
{
    struct sw_node *node = sw_template_text(t, at, "", 0);

    *out = node;
    if (node == NULL)
        return -1;
    (void)sw_template_mark_unknown(node);
    for (size_t i = 0; i < t->nr_reported; i++)
        if (strcmp(t->reported[i], name) == 0)
            return 0;
    if (t->nr_reported < SW_TEMPLATE_MAX_REPORTED) {
        t->reported[t->nr_reported] = sw_arena_copy(t->doc->arena, name, strlen(name), t->err);
        if (t->reported[t->nr_reported++] == NULL)
            return -1;
    }
    (t->lenient ? sw_doc_warn : sw_doc_fault)(t->doc, at, "the value of '%s' is not known here: %s",
                                              sw_show(name).text, why);
    return 0;
}

static int resolve_all(struct sw_template *t, const struct sw_node *node, const struct sw_node **out)
{
    bool is_map = node->kind == SW_NODE_MAP;
    struct sw_node *made = sw_node_copy(t->doc->arena, node, t->err);

    if (made == NULL)
        return -1;
    made->items = sw_arena_alloc(t->doc->arena, node->n, sizeof(*made->items), t->err);
    made->keys = is_map ? sw_arena_alloc(t->doc->arena, node->n, sizeof(*made->keys), t->err) : NULL;
    if (made->items == NULL || (is_map && made->keys == NULL))
        return -1;
    made->n = 0;
    for (size_t i = 0; i < node->n; i++) {
        const struct sw_node *item;

        if (sw_template_resolve(t, node->items[i], &item) < 0)
            return -1;
        if (item == NULL)
            continue;
        if (is_map)
            made->keys[made->n] = node->keys[i];
        made->items[made->n++] = item;
    }
    *out = made;
    return 0;
}

static int call(struct sw_template *t, const struct sw_node *node, const struct sw_function *fn,
                const struct sw_node *arg, const struct sw_node **out)
{
    int rc;

    if (t->depth == DEPTH_MAX)
        return give_up(t, node, "are nested deeper than 32 levels, or in a circle");
    t->depth++;
    rc = fn->resolve(t, arg, out);
    t->depth--;
    return rc;
}

int sw_template_resolve(struct sw_template *t, const struct sw_node *node, const struct sw_node **out)
{
    const struct sw_function *fn;
    const struct sw_node *arg;

    if (++t->calls > CALLS_MAX)
        return give_up(t, node, "resolve to too many values");
    if (sw_node_is_unknown(node)) {
        *out = node;
        return 0;
    }
    if (sw_function_of(t, node, &fn, &arg) < 0)
        return -1;
    if (fn != NULL)
        return call(t, node, fn, arg, out);
    if (node->kind == SW_NODE_SCALAR) {
        *out = node;
        return 0;
    }
    return resolve_all(t, node, out);
}

int sw_template_property(struct sw_template *t, const struct sw_resource *resource, const char *name,
                         const struct sw_node **out)
{
    const struct sw_node *node = sw_node_get(resource->properties, name);

    *out = NULL;
    return node != NULL ? sw_template_resolve(t, node, out) : 0;
}

/* The service's own rule for names in ARNs: lower case, '-' for blanks and '_'. */
static void put_name(const char *name, char *out, size_t size)
{
    size_t n = 0;

    for (; *name != '\0' && n + 1 < size; name++) {
        char c = *name;

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        out[n++] = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
    }
    out[n] = '\0';
}

static const char *text_or(const struct sw_node *node, const char *otherwise)
{
    return node != NULL && node->kind == SW_NODE_SCALAR && node->len > 0 && !sw_node_is_unknown(node)
               ? node->text
               : otherwise;
}

static bool is_version(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
}

int sw_template_arn(struct sw_template *t, const struct sw_resource *resource, const char **out)
{
    const char *id = resource->id != NULL ? resource->id : "unnamed";
    const struct sw_node *name, *version;
    SW_AUTO_FREE char *arn = NULL;
    char slug[120];

    if (sw_template_property(t, resource, "Name", &name) < 0 ||
        sw_template_property(t, resource, "Version", &version) < 0)
        return -1;
    put_name(text_or(name, id), slug, sizeof(slug));
    arn = sw_strf(t->err, "arn:aws:imagebuilder:local:%s:%s/%s/%.40s/1", SW_TEMPLATE_ACCOUNT,
                  strcmp(resource->type, SW_TEMPLATE_RECIPE) == 0 ? "image-recipe" : "component", slug,
                  is_version(text_or(version, "")) ? version->text : "1.0.0");
    *out = arn != NULL ? sw_arena_copy(t->doc->arena, arn, strlen(arn), t->err) : NULL;
    return *out != NULL ? 0 : -1;
}
