/* A reply document as a small tree, through expat; bounded, and without DTDs. */
#include "src/cloud/xml.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <expat.h>
#include <stdalign.h>
#include <string.h>

/* ---- expat's own memory holds the document, which may have keys in it: it becomes zeros before it is freed ---- */

struct piece {
    size_t size;
    alignas(max_align_t) char bytes[];
};

static struct piece *piece_of(void *bytes)
{
    return (struct piece *)(void *)((char *)bytes - offsetof(struct piece, bytes));
}

static void *piece_alloc(size_t size)
{
    struct piece *piece = NULL;
    size_t whole;

    if (!sw_add_ovf(size, sizeof(*piece), &whole))
        piece = malloc(whole);
    if (piece == NULL)
        return NULL;
    piece->size = size;
    return piece->bytes;
}

static void piece_free(void *bytes)
{
    if (bytes == NULL)
        return;
    explicit_bzero(bytes, piece_of(bytes)->size);
    free(piece_of(bytes));
}

static void *piece_realloc(void *bytes, size_t size)
{
    void *moved = piece_alloc(size);

    if (moved == NULL || bytes == NULL)
        return moved;
    memcpy(moved, bytes, piece_of(bytes)->size < size ? piece_of(bytes)->size : size);
    piece_free(bytes);
    return moved;
}

static const XML_Memory_Handling_Suite wiped_memory = {piece_alloc, piece_realloc, piece_free};

/* ---- the tree ---- */

struct reader {
    XML_Parser parser;
    struct xml_node *root, *at;
    struct sw_buf text; /* of the elements that are open, one after the other */
    size_t marks[XML_MAX_DEPTH];
    size_t depth, nodes;
    struct sw_err *err;
    bool failed;
};

static void refuse(struct reader *reader, const char *why)
{
    if (!reader->failed)
        sw_fail(reader->err, SW_REMOTE, "the reply's XML %s (byte %ld)", why,
                (long)XML_GetCurrentByteIndex(reader->parser));
    reader->failed = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void out_of_memory(struct reader *reader)
{
    reader->failed = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void link_node(struct reader *reader, struct xml_node *node)
{
    struct xml_node *parent = reader->at;

    node->parent = parent;
    if (parent == NULL)
        reader->root = node;
    else if (parent->last == NULL)
        parent->first = parent->last = node;
    else
        parent->last = parent->last->next = node;
    reader->at = node;
}

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = arg;
    struct xml_node *node;

    (void)attributes;
    if (reader->failed)
        return;
    if (reader->depth == XML_MAX_DEPTH) {
        refuse(reader, "is nested too deep");
        return;
    }
    if (reader->nodes++ == XML_MAX_NODES) {
        refuse(reader, "has too many elements");
        return;
    }
    node = sw_calloc(1, sizeof(*node), reader->err);
    if (node == NULL) {
        out_of_memory(reader);
        return;
    }
    link_node(reader, node);
    node->name = sw_strdup(name, reader->err);
    reader->marks[reader->depth++] = reader->text.len;
    if (node->name == NULL)
        out_of_memory(reader);
}

static void on_end(void *arg, const XML_Char *name)
{
    struct reader *reader = arg;
    size_t mark;

    (void)name;
    if (reader->failed)
        return;
    mark = reader->marks[--reader->depth];
    reader->at->text = sw_strf(reader->err, "%s", reader->text.len > mark ? reader->text.data + mark : "");
    reader->text.len = mark;
    if (reader->text.data != NULL)
        reader->text.data[mark] = '\0';
    if (reader->at->text == NULL)
        out_of_memory(reader);
    reader->at = reader->at->parent;
}

static void on_text(void *arg, const XML_Char *text, int len)
{
    struct reader *reader = arg;

    if (!reader->failed && sw_buf_append(&reader->text, text, (size_t)len, reader->err) < 0)
        out_of_memory(reader);
}

static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                       int sub)
{
    (void)name;
    (void)system;
    (void)public;
    (void)sub;
    refuse(arg, "has a DTD");
}

struct xml_node *xml_parse(const char *text, size_t len, struct sw_err *err)
{
    struct reader reader = {.err = err};
    enum XML_Status status;

    if (len > XML_MAX_BYTES) {
        sw_fail(err, SW_REMOTE, "the reply's XML is larger than %d bytes", XML_MAX_BYTES);
        return NULL;
    }
    /* It may be a key: it does not move about in memory. */
    if (sw_buf_reserve(&reader.text, len, err) < 0)
        return NULL;
    reader.parser = XML_ParserCreate_MM(NULL, &wiped_memory, NULL);
    if (reader.parser == NULL) {
        sw_buf_free(&reader.text);
        sw_fail(err, SW_FAILED, "out of memory for an XML reader");
        return NULL;
    }
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader.parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
    status = XML_Parse(reader.parser, text, (int)len, 1);
    if (status != XML_STATUS_OK && !reader.failed)
        refuse(&reader, XML_ErrorString(XML_GetErrorCode(reader.parser)));
    XML_ParserFree(reader.parser);
    sw_buf_wipe(&reader.text);
    if (reader.failed) {
        xml_free(reader.root);
        return NULL;
    }
    return reader.root;
}

/* By the parent links, so that no depth of a document is a depth of the stack. */
void xml_free(struct xml_node *root)
{
    struct xml_node *node = root;

    while (node != NULL) {
        struct xml_node *child = node->first, *parent = node->parent;

        if (child != NULL) {
            node->first = child->next;
            node = child;
            continue;
        }
        free(node->name);
        free(node->text);
        free(node);
        node = parent;
    }
}

void xml_wipe(struct xml_node *root)
{
    if (root == NULL)
        return;
    explicit_bzero(root->text, strlen(root->text));
    for (struct xml_node *child = root->first; child != NULL; child = child->next)
        xml_wipe(child);
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
    const struct xml_node *child = node != NULL ? node->first : NULL;

    while (child != NULL && strcmp(child->name, name) != 0)
        child = child->next;
    return child;
}

const char *xml_text(const struct xml_node *node, const char *name)
{
    const struct xml_node *child = xml_child(node, name);

    return child != NULL && child->text != NULL ? child->text : "";
}
