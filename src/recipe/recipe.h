/* Reading a recipe, in parts. */
#ifndef SW_RECIPE_RECIPE_H
#define SW_RECIPE_RECIPE_H

#include "src/recipe/doc.h"

enum { SW_RECIPE_MAX_COMPONENTS = 20, SW_RECIPE_MAX_OUTPUTS = 20, SW_RECIPE_MAX_INPUTS = 10000 };

/* What every part works on. Functions return -1 with err for what is no fault of the file. */
struct sw_recipe_reading {
    struct sw_doc *doc;
    struct sw_recipe *recipe;
    const struct sw_overrides *overrides;
    struct sw_err *err;
};

/* name, semanticVersion, parentImage, network, and the fields that are kept as data; fields.c. */
SW_MUST_CHECK int sw_recipe_fields(struct sw_recipe_reading *r, const struct sw_node *root);
/* outputs:, outputs.c. */
SW_MUST_CHECK int sw_recipe_outputs(struct sw_recipe_reading *r, const struct sw_node *root);
/* inputs: and uploads:, inputs.c. */
SW_MUST_CHECK int sw_recipe_inputs(struct sw_recipe_reading *r, const struct sw_node *root);
/* components: and those of the command line, uses.c. */
SW_MUST_CHECK int sw_recipe_uses(struct sw_recipe_reading *r, const struct sw_node *root);
/* A value for every parameter of a use; given: the recipe's list, may be NULL; parameters.c. */
SW_MUST_CHECK int sw_use_values(struct sw_recipe_reading *r, struct sw_use *use, const struct sw_node *at,
                                const struct sw_node *given);
/* Is there somebody for each NAME=VALUE? parameters.c. */
SW_MUST_CHECK int sw_recipe_check_overrides(const struct sw_recipe_reading *r);

/* A component ARN, in parts. */
struct sw_arn {
    char name[128], version[48];
};
/* False when the text is none. */
bool sw_arn_parse(const char *text, struct sw_arn *arn);
/* The document in DIR/components for it, allocated in the arena; *path is NULL when there is none. catalogue.c. */
SW_MUST_CHECK int sw_catalogue_find(struct sw_recipe_reading *r, const struct sw_arn *arn, const char **path);

/* "1.2.3" with numbers below 2^30; out may be NULL. */
bool sw_version_parse(const char *text, uint32_t out[3]);

/* True for the name of a disk format that recipes may name. */
bool sw_recipe_format(const char *name);
/* dir/name in the arena (an absolute name as it is); NULL and err when memory is out. */
SW_MUST_CHECK const char *sw_recipe_path(struct sw_recipe_reading *r, const char *name);

SW_MUST_CHECK struct sw_recipe *sw_recipe_check(struct sw_doc *doc, const struct sw_node *root,
                                                const struct sw_overrides *overrides, struct sw_err *err);

#endif
