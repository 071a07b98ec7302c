/* CloudFormation templates: their resources, and what their functions come to without a deployment. */
#ifndef SW_RECIPE_TEMPLATE_H
#define SW_RECIPE_TEMPLATE_H

#include "src/recipe/doc.h"

#define SW_TEMPLATE_RECIPE    "AWS::ImageBuilder::ImageRecipe"
#define SW_TEMPLATE_COMPONENT "AWS::ImageBuilder::Component"
/* What stands in for AWS::AccountId, as AWS's own documents have it. */
#define SW_TEMPLATE_ACCOUNT "123456789012"

enum { SW_TEMPLATE_MAX_REPORTED = 50, SW_TEMPLATE_MAX_SECRETS = 100 };

/* Zero-initialise, then set the first six. Functions return -1 with err for what is no fault of the file. */
struct sw_template {
    struct sw_doc *doc;
    const struct sw_overrides *overrides;
    const struct sw_node *root; /* the template; its resource or the resource's properties do as well */
    struct sw_err *err;
    bool lenient;             /* what only a deployment knows is a warning, and a secret is its stand-in */
    const char *const *given; /* what the files of overrides->secrets hold, in their order; NULL: not read */

    const char *secrets[SW_TEMPLATE_MAX_SECRETS]; /* values that were put in, and are never shown */
    size_t nr_secrets;
    unsigned depth; /* of functions in functions */
    size_t calls, bytes;
    const char *reported[SW_TEMPLATE_MAX_REPORTED]; /* names that were said to be unknown */
    size_t nr_reported;
};

/* A resource of the template. */
struct sw_resource {
    const char *id; /* its logical id; NULL when the file is the resource itself */
    const char *type;
    const struct sw_node *node;
    const struct sw_node *properties; /* a map */
};

/*
 * The resource at place i among those of this type; false when there are fewer. What is no well-formed resource is
 * passed over.
 */
bool sw_template_resource(const struct sw_template *t, const char *type, size_t i, struct sw_resource *out);
/* NULL when no resource has that logical id. */
const struct sw_node *sw_template_find(const struct sw_template *t, const char *id);

/*
 * The tree with every function resolved. What only a deployment knows is a node for which sw_node_is_unknown() is true,
 * after a fault (lenient: a warning); what AWS::NoValue removes is NULL here and missing in lists and maps.
 */
SW_MUST_CHECK int sw_template_resolve(struct sw_template *t, const struct sw_node *node,
                                      const struct sw_node **out);
/* A property of a resource, resolved; *out is NULL when it is missing. */
SW_MUST_CHECK int sw_template_property(struct sw_template *t, const struct sw_resource *resource,
                                       const char *name, const struct sw_node **out);

/* The ARN that a component or a recipe of the template would get. In the arena. */
SW_MUST_CHECK int sw_template_arn(struct sw_template *t, const struct sw_resource *resource,
                                  const char **out);

/* Does a NAME=VALUE of the command line set a parameter of the template? */
bool sw_template_takes(const struct sw_template *t, const char *name, size_t len);

/* A scalar at another's place. NULL and err when memory is out or texts grew beyond all bounds (a fault then). */
SW_MUST_CHECK struct sw_node *sw_template_text(struct sw_template *t, const struct sw_node *at,
                                               const char *text, size_t len);
/* Marks it: sw_node_is_unknown() holds from now on, and its text is a stand-in. Always 0. */
int sw_template_mark_unknown(struct sw_node *node);
/* A copy of the node that may be changed. */
SW_MUST_CHECK struct sw_node *sw_node_copy(struct sw_arena *arena, const struct sw_node *node,
                                           struct sw_err *err);

/* template_functions.c: resolves one function with its argument (the node without its tag or its key). */
struct sw_function {
    const char *brief, *full; /* "!Sub", "Fn::Sub" */
    int (*resolve)(struct sw_template *t, const struct sw_node *arg, const struct sw_node **out);
};
/* NULL when the node is no function; *arg may then be anything. */
SW_MUST_CHECK int sw_function_of(struct sw_template *t, const struct sw_node *node,
                                 const struct sw_function **fn, const struct sw_node **arg);
/* The value of a Ref, and of a GetAtt with its name as "Resource.Attribute"; template_names.c. */
SW_MUST_CHECK int sw_template_ref(struct sw_template *t, const struct sw_node *at, const char *name,
                                  const struct sw_node **out);
SW_MUST_CHECK int sw_template_attribute(struct sw_template *t, const struct sw_node *at, const char *name,
                                        const struct sw_node **out);
/* 1, 0; -1 with a fault or err; 2: not known. */
SW_MUST_CHECK int sw_template_condition(struct sw_template *t, const struct sw_node *node);
/* Says once that a name's value is not known; *out is the unknown node. */
SW_MUST_CHECK int sw_template_unknown(struct sw_template *t, const struct sw_node *at, const char *name,
                                      const char *why, const struct sw_node **out);

#endif
