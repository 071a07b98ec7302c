/* Reading a recipe, in parts. */
#ifndef SW_RECIPE_RECIPE_H
#define SW_RECIPE_RECIPE_H

#include "src/recipe/catalogue.h"
#include "src/recipe/doc.h"
#include "src/recipe/template.h"

enum {
    SW_RECIPE_MAX_COMPONENTS = 20,
    SW_RECIPE_MAX_OUTPUTS = 20,
    SW_RECIPE_MAX_INPUTS = 10000,
    SW_RECIPE_MAX_SEEN = 200,
    SW_RECIPE_MAX_REPOSITORIES = 16,
};

/* What every part works on. Functions return -1 with err for what is no fault of the file. */
struct sw_recipe_reading {
    struct sw_doc *doc;
    struct sw_recipe *recipe;
    const struct sw_overrides *overrides;
    struct sw_err *err;
    bool lenient;                /* lint: what only this machine lacks is a warning */
    const char *resource;        /* the recipe of a template that is meant; NULL: there is one only */
    struct sw_template template; /* its root is NULL when the file is none */
    const struct sw_catalogue *catalogues;
    size_t nr_catalogues;
    unsigned platforms; /* those that everything seen so far runs on; 0: nothing was said */
    const char *narrowed_by;
    const struct sw_node *seen[SW_RECIPE_MAX_SEEN]; /* resources whose documents were checked */
    size_t nr_seen;
    const char **secrets; /* what the files of overrides->secrets hold, in their order */
};

/*
 * The recipe's map in camelCase, whatever form the file has: the fields themselves, what get-image-recipe prints, a
 * CloudFormation template. NULL after a fault. shape.c.
 */
SW_MUST_CHECK int sw_recipe_shape(struct sw_recipe_reading *r, const struct sw_node *root,
                                  const struct sw_node **out);
/* "Linux", "Windows", "macOS" as enum sw_platform; 0 for anything else. */
unsigned sw_recipe_platform(const struct sw_node *node);

/* name, semanticVersion, parentImage, network, and the fields that are kept as data; fields.c. */
SW_MUST_CHECK int sw_recipe_fields(struct sw_recipe_reading *r, const struct sw_node *root);
/* Reads engine: of a recipe or of one of its components; without it *booted stays; fields.c. */
void sw_recipe_engine(struct sw_recipe_reading *r, const struct sw_node *holder, bool *booted);
/* The volume that the root disk becomes, and the checks of every other; volumes.c. */
void sw_recipe_volumes(struct sw_recipe_reading *r, const struct sw_node *list);
/* additionalInstanceConfiguration; volumes.c. */
void sw_recipe_instance(struct sw_recipe_reading *r, const struct sw_node *map);
/* outputs:, outputs.c. */
SW_MUST_CHECK int sw_recipe_outputs(struct sw_recipe_reading *r, const struct sw_node *root);
/* distribution: faults of the list of regions; distribution.c. */
void sw_distribution_check(struct sw_doc *doc, const struct sw_node *list);
/* The same of a whole distribution configuration; the list, or NULL after a fault. */
const struct sw_node *sw_distribution_lint(struct sw_doc *doc, const struct sw_node *root);
/* inputs: and uploads:, inputs.c. */
SW_MUST_CHECK int sw_recipe_inputs(struct sw_recipe_reading *r, const struct sw_node *root);
/* components: and those of the command line, uses.c. */
SW_MUST_CHECK int sw_recipe_uses(struct sw_recipe_reading *r, const struct sw_node *root);
/* A value for every parameter of a use; given: the recipe's list, may be NULL; parameters.c. */
SW_MUST_CHECK int sw_use_values(struct sw_recipe_reading *r, struct sw_use *use, const struct sw_node *at,
                                const struct sw_node *given);
/* Reads the files of the command line's secrets; parameters.c. */
SW_MUST_CHECK int sw_recipe_read_secrets(struct sw_recipe_reading *r);
/* What a secret's file holds, one line's end or more taken off; NULL and err when it is no text; parameters.c. */
SW_MUST_CHECK const char *sw_recipe_read_secret(struct sw_recipe_reading *r, const char *path);
/* Is there somebody for each NAME=VALUE? parameters.c. */
SW_MUST_CHECK int sw_recipe_check_overrides(const struct sw_recipe_reading *r);

/* 1: the template has the component that would get this ARN; 0: it has not. inline.c. */
SW_MUST_CHECK int sw_recipe_find_inline(struct sw_recipe_reading *r, const char *arn,
                                        struct sw_resource *out);
/* Its document; NULL after a fault, or when it lies elsewhere. inline.c. */
SW_MUST_CHECK int sw_recipe_inline(struct sw_recipe_reading *r, const struct sw_resource *resource,
                                   struct sw_component **out);
/* cleanup:, cleanup.c: the field, and the component that it stands for, behind all others. */
SW_MUST_CHECK int sw_recipe_cleanup(struct sw_recipe_reading *r, const struct sw_node *root);

/* "1.2.3" with numbers below 2^30; out may be NULL. */
bool sw_version_parse(const char *text, uint32_t out[3]);

/* True for the name of a disk format that recipes may name. */
bool sw_recipe_format(const char *name);
/* dir/name in the arena (an absolute name as it is); NULL and err when memory is out. */
SW_MUST_CHECK const char *sw_recipe_path(struct sw_recipe_reading *r, const char *name);

/* A recipe in a document that was read; overrides may be NULL. */
SW_MUST_CHECK struct sw_recipe *sw_recipe_check(struct sw_recipe_reading *r, const struct sw_node *root);

#endif
