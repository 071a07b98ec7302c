/* {{ aws:ssm:NAME }}, whose values a recipe brings. */
#ifndef SW_RECIPE_SSM_H
#define SW_RECIPE_SSM_H

#include "src/recipe/recipe.h"

#define SW_SSM_NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/"

/* ssmParameters: of a recipe. */
SW_MUST_CHECK int sw_recipe_ssm(struct sw_recipe_reading *r, const struct sw_node *root);
/* Faults (lint: warnings) for what the use's documents refer to and the table has not. */
void sw_ssm_check(struct sw_recipe_reading *r, const struct sw_use *use);

/* The value of a name, which is taken for a name again as often as lookups says. */
SW_MUST_CHECK int sw_ssm_find(const struct sw_use *use, const char *name, size_t lookups, const char **text,
                              struct sw_err *err);
/* Does what the use runs depend on the table? */
bool sw_ssm_matters(const struct sw_use *use);

#endif
