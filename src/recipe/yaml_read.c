/* A strict YAML reader over libyaml's events. */
#include "src/recipe/yaml_read.h"

#include "src/base/ckd.h"
#include "src/recipe/yaml_text.h"

#include <string.h>
#include <yaml.h>

const char *const sw_yaml_functions[] = {
    "!Ref",    "!Sub",         "!GetAtt", "!Join",      "!Select",       "!Split",     "!FindInMap",
    "!If",     "!Equals",      "!Not",    "!And",       "!Or",           "!Base64",    "!Cidr",
    "!GetAZs", "!ImportValue", "!Length", "!Condition", "!ToJsonString", "!Transform", NULL};

struct anchor {
    const char *name;
    const struct sw_node *node; /* NULL while the node is being read */
};

struct reader {
    yaml_parser_t parser;
    struct sw_doc *doc;
    struct sw_lines lines;
    struct anchor anchors[SW_YAML_MAX_ANCHORS];
    size_t nr_anchors;
    size_t nr_nodes;
    const struct sw_node **tagged; /* nodes that carry one of CloudFormation's functions */
    size_t nr_tagged;
    struct sw_err *err; /* set, and oom too, when memory is out */
    bool oom;
};

static void event_auto(yaml_event_t *event)
{
    yaml_event_delete(event);
}
#define AUTO_EVENT SW_CLEANUP(event_auto)

/* Where the document's line and column (from 1) are in the file. */
static size_t line_in_file(const struct reader *r, size_t line)
{
    return line + r->doc->lines_before;
}

static size_t column_in_file(const struct reader *r, size_t column)
{
    return column + r->doc->columns_before;
}

static void fault(struct reader *r, const yaml_mark_t *mark, const char *text)
{
    sw_doc_fault_at(r->doc, line_in_file(r, mark->line + 1), column_in_file(r, mark->column + 1), "%s", text);
}

static void *alloc(struct reader *r, size_t count, size_t size)
{
    void *out = sw_arena_alloc(r->doc->arena, count, size, r->err);

    r->oom = r->oom || out == NULL;
    return out;
}

/* What libyaml found wrong. Its reader (encoding, control characters) knows an offset only. */
static void report_problem(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    size_t line = p->problem_mark.line + 1, column = p->problem_mark.column + 1;

    if (p->error == YAML_MEMORY_ERROR) {
        sw_fail(r->err, SW_FAILED, "out of memory");
        r->oom = true;
        return;
    }
    if (p->error == YAML_READER_ERROR)
        sw_lines_place(&r->lines, p->problem_offset, &line, &column);
    line = line_in_file(r, line);
    column = column_in_file(r, column);
    if (p->context != NULL && p->error != YAML_READER_ERROR)
        sw_doc_fault_at(r->doc, line, column, "not valid YAML: %s (%s that begins at line %zu)", p->problem,
                        p->context, line_in_file(r, p->context_mark.line + 1));
    else
        sw_doc_fault_at(r->doc, line, column, "not valid YAML: %s",
                        p->problem != NULL ? p->problem : "unknown problem");
}

static int next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event))
        return 0;
    report_problem(r);
    return -1;
}

static struct sw_node *new_node(struct reader *r, enum sw_node_kind kind, const yaml_mark_t *mark)
{
    struct sw_node *node;

    if (++r->nr_nodes > SW_YAML_MAX_NODES) {
        fault(r, mark, "more than 100000 values in one document");
        return NULL;
    }
    node = alloc(r, 1, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->line = (uint32_t)line_in_file(r, mark->line + 1);
    node->column = (uint32_t)column_in_file(r, mark->column + 1);
    node->indent = UINT32_MAX;
    node->weight = 1;
    return node;
}

static enum sw_node_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return SW_STYLE_QUOTED;
    case YAML_LITERAL_SCALAR_STYLE:
        return SW_STYLE_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return SW_STYLE_FOLDED;
    default:
        return SW_STYLE_PLAIN;
    }
}

static void set_indent(const struct reader *r, const yaml_event_t *event, struct sw_node *node)
{
    const yaml_mark_t *begin = &event->start_mark, *end = &event->end_mark;
    size_t quotes = node->style == SW_STYLE_QUOTED ? 1 : 0;

    if (node->style == SW_STYLE_LITERAL)
        node->indent = sw_lines_indent(&r->lines, begin->line + 1, node->text);
    else if (begin->line == end->line &&
             end->index - begin->index == sw_utf8_chars(node->text, node->len) + 2 * quotes)
        node->indent = (uint32_t)quotes;
}

static int read_scalar(struct reader *r, const yaml_event_t *event, struct sw_node **out)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    struct sw_node *node = new_node(r, SW_NODE_SCALAR, &event->start_mark);

    if (node == NULL)
        return -1;
    if (memchr(value, '\0', len) != NULL) {
        fault(r, &event->start_mark, "a text with a NUL character");
        return -1;
    }
    node->text = sw_arena_copy(r->doc->arena, value, len, r->err);
    if (node->text == NULL) {
        r->oom = true;
        return -1;
    }
    node->len = len;
    node->bytes = (uint32_t)len;
    node->style = style_of(event->data.scalar.style);
    set_indent(r, event, node);
    *out = node;
    return 0;
}

/* Appends to items (and keys for a map) and counts what it weighs. */
static int add_item(struct reader *r, struct sw_node *into, const struct sw_node *key,
                    const struct sw_node *item)
{
    uint64_t weight = (uint64_t)into->weight + item->weight + (key != NULL);
    uint64_t bytes = (uint64_t)into->bytes + item->bytes + (key != NULL ? key->len : 0);
    void *items, *keys = NULL;

    if (weight > SW_YAML_MAX_NODES || bytes > SW_YAML_MAX_TEXT) {
        sw_doc_fault(r->doc, item, "the aliases of this document grow it beyond %u values or %u bytes",
                     (unsigned)SW_YAML_MAX_NODES, (unsigned)SW_YAML_MAX_TEXT);
        return -1;
    }
    items = sw_arena_grow(r->doc->arena, into->items, into->n, sizeof(into->items[0]), r->err);
    if (items != NULL && key != NULL)
        keys = sw_arena_grow(r->doc->arena, into->keys, into->n, sizeof(into->keys[0]), r->err);
    if (items == NULL || (key != NULL && keys == NULL)) {
        r->oom = true;
        return -1;
    }
    into->items = items;
    into->items[into->n] = item;
    if (key != NULL) {
        into->keys = keys;
        into->keys[into->n] = key;
    }
    into->n++;
    into->weight = (uint32_t)weight;
    into->bytes = (uint32_t)bytes;
    return 0;
}

static const char *tag_of(const yaml_event_t *event)
{
    const yaml_char_t *tag = NULL;

    if (event->type == YAML_SCALAR_EVENT)
        tag = event->data.scalar.tag;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        tag = event->data.sequence_start.tag;
    else if (event->type == YAML_MAPPING_START_EVENT)
        tag = event->data.mapping_start.tag;
    return (const char *)tag;
}

static void refuse_tag(struct reader *r, const char *tag, size_t line, size_t column)
{
    sw_doc_fault_at(r->doc, line, column, "the tag '%s' is refused: tags have no meaning here",
                    sw_show(tag).text);
}

/* A function of CloudFormation stays with its node until it is known what kind of document this is. */
static int read_tag(struct reader *r, const yaml_event_t *event, struct sw_node *node)
{
    const char *tag = tag_of(event);
    int word = tag != NULL ? sw_word_find(sw_yaml_functions, tag) : -1;
    void *grown;

    if (tag == NULL)
        return 0;
    if (word < 0) {
        refuse_tag(r, tag, line_in_file(r, event->start_mark.line + 1),
                   column_in_file(r, event->start_mark.column + 1));
        return 0;
    }
    grown = sw_arena_grow(r->doc->arena, r->tagged, r->nr_tagged, sizeof(r->tagged[0]), r->err);
    if (grown == NULL) {
        r->oom = true;
        return -1;
    }
    node->tag = sw_yaml_functions[word];
    r->tagged = grown;
    r->tagged[r->nr_tagged++] = node;
    return 0;
}

/* Reserves a place for the node's anchor; *slot is SIZE_MAX when it has none. */
static int open_anchor(struct reader *r, const yaml_event_t *event, size_t *slot)
{
    const yaml_char_t *name = NULL;
    char *copy;

    *slot = SIZE_MAX;
    if (event->type == YAML_SCALAR_EVENT)
        name = event->data.scalar.anchor;
    else if (event->type == YAML_SEQUENCE_START_EVENT)
        name = event->data.sequence_start.anchor;
    else if (event->type == YAML_MAPPING_START_EVENT)
        name = event->data.mapping_start.anchor;
    if (name == NULL)
        return 0;
    if (r->nr_anchors == SW_YAML_MAX_ANCHORS) {
        fault(r, &event->start_mark, "more than 100 anchors in one document");
        return -1;
    }
    copy = sw_arena_copy(r->doc->arena, (const char *)name, strlen((const char *)name), r->err);
    if (copy == NULL) {
        r->oom = true;
        return -1;
    }
    *slot = r->nr_anchors++;
    r->anchors[*slot] = (struct anchor){.name = copy};
    return 0;
}

static int read_alias(struct reader *r, const yaml_event_t *event, const struct sw_node **out)
{
    const char *name = (const char *)event->data.alias.anchor;

    for (size_t i = r->nr_anchors; i-- > 0;) {
        if (strcmp(r->anchors[i].name, name) != 0)
            continue;
        if (r->anchors[i].node == NULL) {
            fault(r, &event->start_mark, "an alias inside of what it stands for");
            return -1;
        }
        *out = r->anchors[i].node;
        return 0;
    }
    sw_doc_fault_at(r->doc, line_in_file(r, event->start_mark.line + 1),
                    column_in_file(r, event->start_mark.column + 1), "no anchor is named '%s'",
                    sw_show(name).text);
    return -1;
}

static int read_value(struct reader *r, const yaml_event_t *event, unsigned depth,
                      const struct sw_node **out);

static int read_list(struct reader *r, unsigned depth, struct sw_node *list)
{
    for (;;) {
        AUTO_EVENT yaml_event_t event = {0};
        const struct sw_node *item;

        if (next_event(r, &event) < 0)
            return -1;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return 0;
        if (read_value(r, &event, depth + 1, &item) < 0 || add_item(r, list, NULL, item) < 0)
            return -1;
    }
}

/* False for a key that must not be there (a fault was added); the pair is then read and dropped. */
static bool check_key(struct reader *r, const struct sw_node *map, const struct sw_node *key)
{
    if (key->style == SW_STYLE_PLAIN && strcmp(key->text, "<<") == 0) {
        sw_doc_fault(r->doc, key, "merge keys ('<<') are refused: write the fields out");
        return false;
    }
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i]->text, key->text) == 0) {
            sw_doc_fault(r->doc, key, "the key '%s' is there twice (first at line %u)",
                         sw_show(key->text).text, map->keys[i]->line);
            return false;
        }
    }
    return true;
}

static int read_key(struct reader *r, const yaml_event_t *event, const struct sw_node *map,
                    struct sw_node **key)
{
    size_t slot;

    if (event->type != YAML_SCALAR_EVENT) {
        fault(r, &event->start_mark, "a key must be a text");
        return -1;
    }
    if (map->n == SW_YAML_MAX_KEYS) {
        fault(r, &event->start_mark, "more than 1000 keys in one map");
        return -1;
    }
    if (tag_of(event) != NULL)
        refuse_tag(r, tag_of(event), line_in_file(r, event->start_mark.line + 1),
                   column_in_file(r, event->start_mark.column + 1));
    if (open_anchor(r, event, &slot) < 0 || read_scalar(r, event, key) < 0)
        return -1;
    if (slot != SIZE_MAX)
        r->anchors[slot].node = *key;
    return 0;
}

static int read_map(struct reader *r, unsigned depth, struct sw_node *map)
{
    for (;;) {
        AUTO_EVENT yaml_event_t key_event = {0};
        AUTO_EVENT yaml_event_t event = {0};
        const struct sw_node *item;
        struct sw_node *key;
        bool keep;

        if (next_event(r, &key_event) < 0)
            return -1;
        if (key_event.type == YAML_MAPPING_END_EVENT)
            return 0;
        if (read_key(r, &key_event, map, &key) < 0)
            return -1;
        keep = check_key(r, map, key);
        if (next_event(r, &event) < 0 || read_value(r, &event, depth + 1, &item) < 0)
            return -1;
        if (keep && add_item(r, map, key, item) < 0)
            return -1;
    }
}

static int read_collection(struct reader *r, const yaml_event_t *event, unsigned depth, struct sw_node **out)
{
    bool is_map = event->type == YAML_MAPPING_START_EVENT;

    if (depth > SW_YAML_MAX_DEPTH) {
        fault(r, &event->start_mark, "nested deeper than 64 levels");
        return -1;
    }
    *out = new_node(r, is_map ? SW_NODE_MAP : SW_NODE_LIST, &event->start_mark);
    if (*out == NULL)
        return -1;
    return is_map ? read_map(r, depth, *out) : read_list(r, depth, *out);
}

static int read_value(struct reader *r, const yaml_event_t *event, unsigned depth, const struct sw_node **out)
{
    struct sw_node *node = NULL;
    size_t slot;

    if (event->type == YAML_ALIAS_EVENT)
        return read_alias(r, event, out);
    if (open_anchor(r, event, &slot) < 0)
        return -1;
    if (event->type == YAML_SCALAR_EVENT ? read_scalar(r, event, &node) < 0
                                         : read_collection(r, event, depth, &node) < 0)
        return -1;
    if (read_tag(r, event, node) < 0)
        return -1;
    if (slot != SIZE_MAX)
        r->anchors[slot].node = node;
    *out = node;
    return 0;
}

/* Everything after the first value: one document, and nothing behind it. */
static int read_end(struct reader *r)
{
    for (;;) {
        AUTO_EVENT yaml_event_t event = {0};

        if (next_event(r, &event) < 0)
            return -1;
        if (event.type == YAML_STREAM_END_EVENT)
            return 0;
        if (event.type == YAML_DOCUMENT_START_EVENT) {
            fault(r, &event.start_mark, "a second document ('---') in the same file");
            return -1;
        }
    }
}

static int read_stream(struct reader *r, const struct sw_node **root)
{
    for (;;) {
        AUTO_EVENT yaml_event_t event = {0};

        if (next_event(r, &event) < 0)
            return -1;
        if (event.type == YAML_STREAM_END_EVENT) {
            sw_doc_fault(r->doc, NULL, "the file is empty");
            return -1;
        }
        if (event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT)
            continue;
        if (read_value(r, &event, 1, root) < 0)
            return -1;
        return read_end(r);
    }
}

static int parse(struct reader *r, const char *text, size_t len, const struct sw_node **root)
{
    static const char bom[] = "\xef\xbb\xbf";
    int rc;

    if (!yaml_parser_initialize(&r->parser))
        return sw_fail(r->err, SW_FAILED, "out of memory");
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    /* Windows' editors begin a file with it; told the encoding, libyaml takes it for text. */
    if (len >= sizeof(bom) - 1 && memcmp(text, bom, sizeof(bom) - 1) == 0) {
        text += sizeof(bom) - 1;
        len -= sizeof(bom) - 1;
    }
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
    rc = read_stream(r, root);
    yaml_parser_delete(&r->parser);
    if (r->oom)
        return -1;
    if (rc < 0)
        *root = NULL;
    /* What could not be read to its end may be anything: the fault that ended it is enough. */
    if (rc == 0 && !sw_yaml_is_template(*root))
        for (size_t i = 0; i < r->nr_tagged; i++)
            refuse_tag(r, r->tagged[i]->tag, r->tagged[i]->line, r->tagged[i]->column);
    return 0;
}

int sw_yaml_read(struct sw_doc *doc, const char *text, size_t len, const struct sw_node **root,
                 struct sw_err *err)
{
    SW_AUTO_FREE struct reader *r = sw_calloc(1, sizeof(*r), err);
    SW_AUTO_BUF struct sw_buf joined = {0};

    *root = NULL;
    if (r == NULL)
        return -1;
    if (len > SW_DOC_MAX_BYTES) {
        sw_doc_fault(doc, NULL, "larger than %zu bytes", SW_DOC_MAX_BYTES);
        return 0;
    }
    if (sw_json_join_surrogates(text, len, &joined, err) < 0)
        return -1;
    if (joined.data != NULL) {
        text = joined.data;
        len = joined.len;
    }
    SW_RULE(doc, "yaml");
    r->doc = doc;
    r->err = err;
    if (sw_lines_find(&r->lines, doc->arena, text, len, err) < 0)
        return -1;
    return parse(r, text, len, root);
}
