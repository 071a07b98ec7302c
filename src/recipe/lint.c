/* Checks a file of any kind, told apart by its fields. */
#include "src/recipe/component.h"
#include "src/recipe/documents.h"
#include "src/recipe/recipe.h"
#include "src/recipe/sealed.h"
#include "src/recipe/yaml_read.h"

#include <string.h>

enum kind { KIND_UNKNOWN, KIND_COMPONENT, KIND_RECIPE, KIND_TEMPLATE, KIND_DISTRIBUTION };

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
    static const char *const distribution[] = {"distributions", "distributionConfiguration", NULL};
    static const char *const recipe[] = {"parentImage", "components", "semanticVersion", "imageRecipe", NULL};

    if (has_any(root, component) || sw_component_data(root) != NULL)
        return KIND_COMPONENT;
    if (sw_yaml_is_template(root))
        return KIND_TEMPLATE;
    if (has_any(root, recipe))
        return KIND_RECIPE;
    return has_any(root, distribution) ? KIND_DISTRIBUTION : KIND_UNKNOWN;
}

/* What a file held: handed to the caller, or freed. */
static int hand_over(const struct sw_lint *lint, const struct sw_component *component,
                     const struct sw_recipe *recipe, struct sw_err *err)
{
    int rc = 0;

    if (lint->seen == NULL)
        return 0;
    if (component != NULL)
        rc = lint->seen(lint->ctx, component, NULL, err);
    for (size_t i = 0; rc == 0 && recipe != NULL && i < recipe->nr_uses; i++)
        rc = lint->seen(lint->ctx, recipe->uses[i].component, &recipe->uses[i], err);
    return rc;
}

/* A document that was read, and those that it executes. Takes the component; NULL: verdict says why. */
static int finish_component(const struct sw_lint *lint, struct sw_component *component,
                            const struct sw_err *verdict, struct sw_diags *diags, struct sw_err *err)
{
    int rc = 0;

    if (component == NULL && verdict->code != SW_RECIPE) {
        *err = *verdict;
        return -1;
    }
    if (component != NULL)
        rc = sw_component_check_documents(component, diags, err);
    if (component != NULL && rc == 0)
        rc = hand_over(lint, component, NULL, err);
    sw_component_free(component);
    return rc;
}

static int lint_component(const struct sw_lint *lint, struct sw_doc *doc, const struct sw_node *root,
                          struct sw_err *err)
{
    struct sw_err verdict = {.code = SW_OK};
    struct sw_component *component = sw_component_read(doc, root, &verdict);

    return finish_component(lint, component, &verdict, doc->diags, err);
}

static int lint_sealed(const struct sw_lint *lint, const char *path, struct sw_diags *diags,
                       struct sw_err *err)
{
    const struct sw_opening opening = {.keys = lint->overrides != NULL ? lint->overrides->keys : NULL,
                                       .opener = lint->overrides != NULL ? lint->overrides->opener : NULL,
                                       .any = true};
    struct sw_err verdict = {.code = SW_OK};
    struct sw_component *component = sw_component_open(path, &opening, diags, &verdict);

    return finish_component(lint, component, &verdict, diags, err);
}

static int lint_recipe(const struct sw_lint *lint, struct sw_recipe_reading *r, const struct sw_node *root,
                       struct sw_err *err)
{
    struct sw_err verdict = {.code = SW_OK};
    struct sw_recipe *recipe;
    int rc = 0;

    r->err = &verdict; /* cppcheck-suppress autoVariables */
    r->overrides = lint->overrides;
    r->lenient = true;
    r->platforms = 0;
    recipe = sw_recipe_check(r, root);
    r->err = err;
    if (recipe == NULL && verdict.code != SW_RECIPE) {
        *err = verdict;
        return -1;
    }
    if (recipe != NULL)
        rc = hand_over(lint, NULL, recipe, err);
    sw_recipe_free(recipe);
    return rc;
}

/* A component of a template that no recipe of it was seen to use. */
static int lint_inline(const struct sw_lint *lint, struct sw_recipe_reading *r,
                       const struct sw_resource *resource, struct sw_err *err)
{
    struct sw_component *component;
    int rc = 0;

    for (size_t i = 0; i < r->nr_seen; i++)
        if (r->seen[i] == resource->node)
            return 0;
    if (sw_recipe_inline(r, resource, &component) < 0)
        return r->err->code == SW_RECIPE ? 0 : -1;
    if (component != NULL)
        rc = sw_component_check_documents(component, r->doc->diags, err);
    if (component != NULL && rc == 0)
        rc = hand_over(lint, component, NULL, err);
    sw_component_free(component);
    return rc;
}

static int lint_components(const struct sw_lint *lint, struct sw_recipe_reading *r,
                           const struct sw_node *root, struct sw_err *err)
{
    struct sw_resource resource;

    static const struct sw_overrides none = {0};

    r->err = err;
    r->overrides = lint->overrides != NULL ? lint->overrides : &none;
    if (sw_recipe_read_secrets(r) < 0)
        return -1;
    r->template = (struct sw_template){.doc = r->doc,
                                       .overrides = r->overrides,
                                       .root = root,
                                       .err = err,
                                       .lenient = true,
                                       .given = r->secrets};
    for (size_t i = 0; sw_template_resource(&r->template, SW_TEMPLATE_COMPONENT, i, &resource); i++)
        if (lint_inline(lint, r, &resource, err) < 0)
            return -1;
    return 0;
}

/* Every recipe of the template with its components, then the components that are left. */
static int lint_template(const struct sw_lint *lint, struct sw_doc *doc, const struct sw_node *root,
                         struct sw_err *err)
{
    struct sw_recipe_reading r = {.doc = doc};
    struct sw_template look = {.doc = doc, .root = root};
    struct sw_arena *arena = doc->arena;
    struct sw_resource resource;
    size_t n = 0;
    int rc = 0;

    while (rc == 0 && sw_template_resource(&look, SW_TEMPLATE_RECIPE, n, &resource)) {
        r.resource = resource.id;
        /* The tree outlives each recipe that is made of it. */
        doc->arena = sw_arena_new(err);
        rc = doc->arena != NULL ? lint_recipe(lint, &r, root, err) : -1;
        if (doc->arena != NULL)
            sw_arena_free(doc->arena);
        doc->arena = arena;
        n++;
    }
    if (rc < 0)
        return -1;
    if (n == 0 && !sw_template_resource(&look, SW_TEMPLATE_COMPONENT, 0, &resource))
        sw_doc_fault(doc, root,
                     "a CloudFormation template without an " SW_TEMPLATE_RECIPE
                     " or an " SW_TEMPLATE_COMPONENT);
    return lint_components(lint, &r, root, err);
}

static int lint_tree(const struct sw_lint *lint, struct sw_doc *doc, const struct sw_node *root,
                     struct sw_err *err)
{
    struct sw_recipe_reading r = {.doc = doc};

    switch (kind_of(root)) {
    case KIND_COMPONENT:
        return lint_component(lint, doc, root, err);
    case KIND_RECIPE:
        return lint_recipe(lint, &r, root, err);
    case KIND_TEMPLATE:
        return lint_template(lint, doc, root, err);
    case KIND_DISTRIBUTION:
        sw_distribution_lint(doc, root);
        return 0;
    case KIND_UNKNOWN:
        break;
    }
    sw_doc_fault(doc, root, "neither a component document ('phases') nor a recipe ('parentImage')");
    return 0;
}

int sw_lint_file(const struct sw_lint *lint, const char *path, struct sw_diags *diags, struct sw_err *err)
{
    struct sw_doc doc = {.diags = diags};
    const struct sw_node *root = NULL;
    struct sw_err reason = {.code = SW_OK};
    int rc;

    if (sw_is_sealed(path))
        return lint_sealed(lint, path, diags, err);
    rc = sw_doc_read(&doc, path, &root, err);
    if (rc == 0 && root != NULL && lint_tree(lint, &doc, root, &reason) < 0)
        rc = sw_fail(err, reason.code, "%s: %s", path, reason.text);
    if (doc.arena != NULL)
        sw_arena_free(doc.arena);
    return rc == 0 && doc.oom ? sw_fail(err, SW_FAILED, "%s: out of memory", path) : rc;
}
