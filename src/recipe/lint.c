/* Checks a file of either kind, told apart by its fields. */
#include "src/recipe/component.h"
#include "src/recipe/documents.h"
#include "src/recipe/recipe.h"

#include <string.h>

enum kind { KIND_UNKNOWN, KIND_COMPONENT, KIND_RECIPE, KIND_TEMPLATE };

static bool has_any(const struct sw_node *root, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (sw_node_get(root, *keys) != NULL)
            return true;
    return false;
}

static enum kind kind_of(const struct sw_node *root)
{
    static const char *const component[] = {"phases", "schemaVersion", NULL};
    static const char *const recipe[] = {"parentImage", "components", "semanticVersion", NULL};
    static const char *const template[] = {"Resources", "AWSTemplateFormatVersion", NULL};

    if (has_any(root, component))
        return KIND_COMPONENT;
    if (has_any(root, recipe))
        return KIND_RECIPE;
    return has_any(root, template) ? KIND_TEMPLATE : KIND_UNKNOWN;
}

/* The document, and those that it executes. */
static void lint_component(struct sw_doc *doc, const struct sw_node *root, struct sw_err *verdict)
{
    struct sw_component *component = sw_component_check(doc, root, verdict);

    if (component != NULL && sw_component_check_documents(component, doc->diags, verdict) < 0)
        verdict->code = SW_FAILED;
    sw_component_free(component);
}

int sw_lint_file(const char *path, struct sw_diags *diags, struct sw_err *err)
{
    struct sw_doc doc = {.diags = diags};
    const struct sw_node *root = NULL;
    struct sw_err verdict = {.code = SW_OK};
    int rc = sw_doc_read(&doc, path, &root, err);

    if (rc == 0 && root != NULL) {
        switch (kind_of(root)) {
        case KIND_COMPONENT:
            lint_component(&doc, root, &verdict);
            break;
        case KIND_RECIPE:
            sw_recipe_free(sw_recipe_check(&doc, root, NULL, &verdict));
            break;
        case KIND_TEMPLATE:
            sw_doc_fault(&doc, root,
                         "a CloudFormation template: take the recipe or the component's Data out of it");
            break;
        case KIND_UNKNOWN:
            sw_doc_fault(&doc, root, "neither a component document ('phases') nor a recipe ('parentImage')");
            break;
        }
    }
    sw_arena_free(doc.arena);
    if (rc == 0 && (doc.oom || (verdict.code != SW_OK && verdict.code != SW_RECIPE)))
        return sw_fail(err, SW_FAILED, "%s: %s", path, doc.oom ? "out of memory" : verdict.text);
    return rc;
}
