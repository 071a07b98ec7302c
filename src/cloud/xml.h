/* A reply document as a small tree, through expat; bounded, and without DTDs. */
#ifndef SW_CLOUD_XML_H
#define SW_CLOUD_XML_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

enum { XML_MAX_BYTES = 8 << 20, XML_MAX_DEPTH = 32, XML_MAX_NODES = 100000 };

struct xml_node {
    char *name; /* as written; AWS uses default namespaces, never prefixes */
    char *text; /* all character data directly inside, "" when there is none */
    struct xml_node *parent;
    struct xml_node *first, *last; /* children in their order */
    struct xml_node *next;
};

/* NULL and SW_REMOTE for what is not well-formed, too large, too deep, or has a DTD. */
SW_MUST_CHECK struct xml_node *xml_parse(const char *text, size_t len, struct sw_err *err);
void xml_free(struct xml_node *root);
/* Every text in it becomes empty, and its bytes zeros: it held a key. */
void xml_wipe(struct xml_node *root);
SW_DEFINE_AUTO(xml, struct xml_node, xml_free)
#define XML_AUTO SW_CLEANUP(xml_auto)

/* The first child of that name (NULL for none, or when node is NULL), and its text ("" for none). */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);
const char *xml_text(const struct xml_node *node, const char *name);

#endif
