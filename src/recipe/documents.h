/* Documents that documents execute: those that lie on this machine. */
#ifndef SW_RECIPE_DOCUMENTS_H
#define SW_RECIPE_DOCUMENTS_H

#include "src/recipe/component.h"

/* Finds a document that is named by an ARN or an s3:// URI. */
struct sw_document_finder {
    /* *path: allocated (free it); NULL: it is not here. */
    int (*find)(void *arg, const char *name, char **path, struct sw_err *err);
    void *arg;
    const struct sw_keyring *keys;  /* for documents that are sealed; NULL: none */
    const struct sw_opener *opener; /* of those; NULL: nothing is demanded of them */
};

/*
 * Fills use->documents: of each ExecuteDocument step whose `document` can be known from parameters, constants and loops,
 * the file beside the document that names it, or what the finder finds (NULL: nobody). A name that is not found is no
 * fault: the image may have it. What is wrong with the documents, cycles and too many levels are faults in diags. -1 only
 * for what is no fault.
 */
SW_MUST_CHECK int sw_use_find_documents(struct sw_use *use, const struct sw_document_finder *finder,
                                        struct sw_diags *diags, struct sw_err *err);
/* The same for a document that no recipe uses: its parameters have their defaults, and nothing is kept. */
SW_MUST_CHECK int sw_component_check_documents(struct sw_component *component, struct sw_diags *diags,
                                               struct sw_err *err);

/* Frees what the use owns. */
void sw_use_clear(struct sw_use *use);
/* [{"name", "digest", "document"}], in the order of being found. decref it. */
SW_MUST_CHECK json_t *sw_documents_json(const struct sw_use *use, struct sw_err *err);

#endif
