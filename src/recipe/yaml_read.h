/* A strict YAML reader: one document, no tags, no merge keys, no duplicate keys, bounded in every direction. */
#ifndef SW_RECIPE_YAML_READ_H
#define SW_RECIPE_YAML_READ_H

#include "src/recipe/doc.h"

enum {
    SW_YAML_MAX_DEPTH = 64,
    SW_YAML_MAX_NODES = 100000, /* with aliases written out */
    SW_YAML_MAX_TEXT = 4 << 20, /* bytes of scalars, with aliases written out */
    SW_YAML_MAX_KEYS = 1000,    /* in one map */
    SW_YAML_MAX_ANCHORS = 100,
};

/* The short forms of CloudFormation's functions: the only tags that are read, and in its templates only. */
extern const char *const sw_yaml_functions[];

/* Is it a CloudFormation template, a resource of one, or the properties of such a resource? template.c. */
bool sw_yaml_is_template(const struct sw_node *root);

/*
 * Faults are added to doc. *root is NULL when there is no tree to look at; it may be there although there were
 * faults. The tree lives in doc->arena. -1 and err only when memory is out.
 */
SW_MUST_CHECK int sw_yaml_read(struct sw_doc *doc, const char *text, size_t len, const struct sw_node **root,
                               struct sw_err *err);

#endif
