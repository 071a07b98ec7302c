/* Reading a component document, in parts. */
#ifndef SW_RECIPE_COMPONENT_H
#define SW_RECIPE_COMPONENT_H

#include "src/recipe/doc.h"

#include <string.h>

enum {
    SW_COMPONENT_MAX_PHASES = 100,
    SW_COMPONENT_MAX_STEPS = 1000, /* in one phase */
    SW_COMPONENT_MAX_NAMES = 200,  /* parameters, and constants */
};

/* What every part works on. Functions below return -1 only when memory is out; faults go to doc. */
struct sw_reading {
    struct sw_doc *doc;
    struct sw_component *component;
    struct sw_err *err;
    unsigned nr_patterns; /* that were tried on a text */
};

/* Opens a document: arena, YAML, *root (NULL: nothing to look at). The caller frees doc->arena, also after -1. */
SW_MUST_CHECK int sw_doc_parse(struct sw_doc *doc, const char *text, size_t len, const struct sw_node **root,
                               struct sw_err *err);
SW_MUST_CHECK int sw_doc_read(struct sw_doc *doc, const char *path, const struct sw_node **root,
                              struct sw_err *err);

/* Checks a tree; the component owns doc->arena then. NULL with err when there were faults. */
SW_MUST_CHECK struct sw_component *sw_component_check(struct sw_doc *doc, const struct sw_node *root,
                                                      struct sw_err *err);

/* The same, also for what `aws imagebuilder get-component` printed: the document is a text in there. */
SW_MUST_CHECK struct sw_component *sw_component_read(struct sw_doc *doc, const struct sw_node *root,
                                                     struct sw_err *err);
/* That text; NULL when the tree is something else. */
const struct sw_node *sw_component_data(const struct sw_node *root);

/* The document itself, unless it is known better already. Takes the component (may be NULL), and frees it on failure. */
SW_MUST_CHECK struct sw_component *sw_component_keep_text(struct sw_component *component, const char *text,
                                                          size_t len, struct sw_err *err);

/* parameters: and constants:, variables.c. */
SW_MUST_CHECK int sw_read_variables(struct sw_reading *r, const struct sw_node *root);
/* phases:, phases.c. */
SW_MUST_CHECK int sw_read_phases(struct sw_reading *r, const struct sw_node *root);
/* Every reference in every step, refs.c. */
void sw_check_refs(struct sw_reading *r);

/* Downloads whose source no plan can know, sources.c. */
void sw_check_sources(struct sw_reading *r);

/* May the text hold a reference? What is said of it then can only be found out when it runs. */
static inline bool sw_has_reference(const char *text)
{
    return strstr(text, "{{") != NULL;
}

/* The text with its references resolved, values.c. Free it. */
/* The value of a parameter or a constant. */
SW_MUST_CHECK int sw_use_name(const struct sw_use *use, const char *name, const char **text,
                              struct sw_err *err);
SW_MUST_CHECK char *sw_resolve(const struct sw_scope *scope, const char *text, struct sw_err *err);

/* What an action asks of its inputs beyond their kinds, and what has no meaning on Windows, platform.c. */
SW_MUST_CHECK int sw_check_platform(struct sw_reading *r);

/* Is it the name of a parameter or a constant? */
bool sw_component_names(const struct sw_component *component, const char *name);
const struct sw_parameter *sw_component_parameter(const struct sw_component *component, const char *name);
/* True when the parameter has no list of allowed values or the value is in it. */
bool sw_parameter_allows(const struct sw_parameter *parameter, const char *value);
/* NULL when there is none. */
struct sw_phase *sw_component_phase(const struct sw_component *component, const char *name);
struct sw_step *sw_phase_step(const struct sw_phase *phase, const char *name);

#endif
