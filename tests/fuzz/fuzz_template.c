/* Recipes in every form, with the functions of templates: any text gives faults or a recipe, and comes to an end. */
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"P=a,b", "AWS::Region=here"};
    struct sw_overrides overrides = {.parameters = words, .nr_parameters = size % 3};
    struct sw_diags diags = {0};
    struct sw_doc doc = {.file = "fuzz/recipe.yml", .diags = &diags};
    struct sw_err err = {0};
    struct sw_recipe_reading r = {
        .doc = &doc, .overrides = &overrides, .err = &err, .lenient = size % 2 == 0};
    const struct sw_node *root = NULL;
    struct sw_recipe *recipe;

    if (sw_doc_parse(&doc, (const char *)data, size, &root, &err) < 0)
        abort();
    recipe = sw_recipe_check(&r, root);
    if (recipe == NULL && err.code != SW_RECIPE && err.code != SW_USAGE)
        abort();
    if (recipe != NULL && diags.nr_errors > 0)
        abort();
    sw_recipe_free(recipe);
    sw_arena_free(doc.arena);
    sw_diags_free(&diags);
    return 0;
}
