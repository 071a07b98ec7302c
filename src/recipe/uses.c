/* The components of a recipe, and those that the command line adds. */
#include "src/recipe/component.h"
#include "src/recipe/documents.h"
#include "src/recipe/recipe.h"

#include "src/base/buf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int find_document(struct sw_recipe_reading *r, const struct sw_node *node, bool is_arn,
                         const char **path)
{
    struct sw_arn arn;

    *path = NULL;
    if (!is_arn) {
        *path = sw_recipe_path(r, node->text);
        return *path != NULL ? 0 : -1;
    }
    if (!sw_arn_parse(node->text, &arn)) {
        sw_doc_fault(r->doc, node, "'%s' is no component ARN (arn:aws:imagebuilder:…:component/NAME/1.0.0)",
                     sw_show(node->text).text);
        return 0;
    }
    if (sw_catalogue_find(r, &arn, path) < 0)
        return -1;
    if (*path == NULL)
        sw_doc_fault(r->doc, node, "no document for this ARN: there is no '%s/components/%s/%s.yml'",
                     r->recipe->dir, arn.name, arn.version);
    return 0;
}

/* The same file twice, by whatever name. */
static bool is_used(const struct sw_recipe *recipe, const char *path)
{
    struct stat one, other;

    if (stat(path, &one) < 0)
        return false;
    for (size_t i = 0; i < recipe->nr_uses; i++)
        if (stat(recipe->uses[i].component->file, &other) == 0 && one.st_dev == other.st_dev &&
            one.st_ino == other.st_ino)
            return true;
    return false;
}

/* Loads the document into the next use. A fault leaves *use NULL. */
static int add_use(struct sw_recipe_reading *r, const struct sw_node *at, const char *path,
                   const char *reference, struct sw_use **use)
{
    struct sw_recipe *recipe = r->recipe;
    struct sw_err reason = {.code = SW_OK};
    struct sw_component *component;

    *use = NULL;
    if (is_used(recipe, path)) {
        sw_doc_fault(r->doc, at, "the component '%s' is there twice: a recipe can use it once",
                     sw_show(reference).text);
        return 0;
    }
    component = sw_component_load(path, r->doc->diags, &reason);
    if (component == NULL) {
        if (reason.code != SW_RECIPE)
            sw_doc_fault(r->doc, at, "cannot use the component '%s': %s", sw_show(reference).text,
                         reason.text);
        return 0;
    }
    *use = &recipe->uses[recipe->nr_uses++];
    **use = (struct sw_use){.component = component, .reference = reference};
    return 0;
}

/* The one field that names the document; NULL with a fault when there are none or both. */
static const struct sw_node *take_reference(struct sw_recipe_reading *r, const struct sw_node *item,
                                            bool *is_arn)
{
    const struct sw_node *file = sw_doc_field(r->doc, item, "component", SW_NODE_SCALAR, false);
    const struct sw_node *arn = sw_doc_field(r->doc, item, "componentArn", SW_NODE_SCALAR, false);

    *is_arn = arn != NULL;
    if ((file == NULL) == (arn == NULL)) {
        sw_doc_fault(r->doc, item, "a component needs %s of 'component: FILE' and 'componentArn: ARN'",
                     file == NULL ? "one" : "one, not both,");
        return NULL;
    }
    file = file != NULL ? file : arn;
    if (file->len > 0)
        return file;
    sw_doc_fault(r->doc, file, "the component's name is empty");
    return NULL;
}

/* An ARN lies in the catalogue; what is in a bucket is where the recipe's inputs say. */
static int find_named(void *arg, const char *name, char **path, struct sw_err *err)
{
    struct sw_recipe_reading *r = arg;
    const struct sw_recipe_input *input = sw_recipe_find_input(r->recipe, name);
    const char *found = NULL;
    struct sw_arn arn;

    *path = NULL;
    if (input != NULL && input->path != NULL) {
        *path = sw_strdup(input->path, err);
        return *path != NULL ? 0 : -1;
    }
    if (!sw_arn_parse(name, &arn))
        return 0;
    if (sw_catalogue_find(r, &arn, &found) < 0)
        return -1;
    if (found == NULL)
        return 0;
    *path = sw_strdup(found, err);
    return *path != NULL ? 0 : -1;
}

/* What a use needs beside its document: values, and the documents that it executes. */
static int complete_use(struct sw_recipe_reading *r, struct sw_use *use, const struct sw_node *at,
                        const struct sw_node *given)
{
    const struct sw_document_finder finder = {find_named, r};

    if (sw_use_values(r, use, at, given) < 0)
        return -1;
    return sw_use_find_documents(use, &finder, r->doc->diags, r->err);
}

static int read_use(struct sw_recipe_reading *r, const struct sw_node *item)
{
    static const char *const keys[] = {"component", "componentArn", "parameters", NULL};
    const struct sw_node *reference, *given;
    const char *path;
    struct sw_use *use;
    bool is_arn;

    if (item->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, item, "a component is %s here, and must be a map ('- component: FILE')",
                     sw_kind_name(item->kind));
        return 0;
    }
    sw_doc_keys(r->doc, item, keys, "a component");
    given = sw_doc_field(r->doc, item, "parameters", SW_NODE_LIST, false);
    reference = take_reference(r, item, &is_arn);
    if (reference == NULL)
        return 0;
    if (find_document(r, reference, is_arn, &path) < 0)
        return -1;
    if (path == NULL)
        return 0;
    if (add_use(r, reference, path, reference->text, &use) < 0)
        return -1;
    return use != NULL ? complete_use(r, use, reference, given) : 0;
}

static int add_from_command_line(struct sw_recipe_reading *r)
{
    for (size_t i = 0; i < r->overrides->nr_components; i++) {
        const char *path = r->overrides->components[i];
        const char *copy = sw_arena_copy(r->doc->arena, path, strlen(path), r->err);
        struct sw_use *use;

        if (copy == NULL || add_use(r, NULL, copy, copy, &use) < 0)
            return -1;
        if (use != NULL && complete_use(r, use, NULL, NULL) < 0)
            return -1;
    }
    return 0;
}

int sw_recipe_uses(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "components", SW_NODE_LIST, false);
    size_t n = (list != NULL ? list->n : 0) + r->overrides->nr_components;

    if (n > SW_RECIPE_MAX_COMPONENTS) {
        sw_doc_fault(r->doc, list, "%zu components: a recipe has at most %d", n,
                     (int)SW_RECIPE_MAX_COMPONENTS);
        return 0;
    }
    r->recipe->uses = sw_arena_alloc(r->doc->arena, n, sizeof(*r->recipe->uses), r->err);
    if (r->recipe->uses == NULL)
        return -1;
    for (size_t i = 0; list != NULL && i < list->n; i++)
        if (read_use(r, list->items[i]) < 0)
            return -1;
    return add_from_command_line(r);
}
