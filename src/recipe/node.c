/* Values of a parsed document. */
#include "src/base/json.h"
#include "src/recipe/doc.h"

#include <string.h>
#include <strings.h>

const struct sw_node *sw_node_get(const struct sw_node *node, const char *key)
{
    if (node == NULL || node->kind != SW_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < node->n; i++)
        if (strcmp(node->keys[i]->text, key) == 0)
            return node->items[i];
    return NULL;
}

bool sw_node_is_null(const struct sw_node *node)
{
    if (node == NULL)
        return true;
    if (node->kind != SW_NODE_SCALAR || node->style != SW_STYLE_PLAIN)
        return false;
    return node->len == 0 || strcmp(node->text, "~") == 0 || strcasecmp(node->text, "null") == 0;
}

int sw_text_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"true", "yes", "on", "y", NULL};
    static const char *const no[] = {"false", "no", "off", "n", NULL};

    for (size_t i = 0; yes[i] != NULL; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *out = strcasecmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return -1;
}

const char *sw_kind_name(enum sw_node_kind kind)
{
    static const char *const names[] = {
        [SW_NODE_SCALAR] = "a text", [SW_NODE_LIST] = "a list", [SW_NODE_MAP] = "a map"};

    return names[kind];
}

static void place_begin(struct sw_place *place, const struct sw_node *node)
{
    *place = (struct sw_place){.line = node->line, .column = node->column};
    if (node->indent == UINT32_MAX)
        return;
    place->column += node->indent;
    if (node->style == SW_STYLE_LITERAL) {
        place->line++;
        place->column = node->indent + 1;
    }
}

void sw_place_move(struct sw_place *place, const struct sw_node *node, size_t offset)
{
    if (place->line == 0)
        place_begin(place, node);
    if (node->indent == UINT32_MAX || offset > node->len)
        return;
    for (; place->offset < offset; place->offset++) {
        unsigned char c = (unsigned char)node->text[place->offset];

        if (c == '\n') {
            place->line++;
            place->column = node->indent + 1;
        } else if ((c & 0xc0) != 0x80) {
            place->column++;
        }
    }
}

static json_t *map_json(const struct sw_node *node, struct sw_err *err)
{
    SW_AUTO_JSON json_t *map = json_object();

    if (map == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < node->n; i++) {
        json_t *value = sw_node_json(node->items[i], err);

        if (value == NULL || sw_json_set(map, node->keys[i]->text, value, err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(map);
}

static json_t *list_json(const struct sw_node *node, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    if (list == NULL) {
        sw_fail(err, SW_FAILED, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < node->n; i++) {
        json_t *value = sw_node_json(node->items[i], err);

        if (value == NULL || sw_json_append(list, value, err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(list);
}

json_t *sw_node_json(const struct sw_node *node, struct sw_err *err)
{
    json_t *text;

    if (node->kind == SW_NODE_MAP)
        return map_json(node, err);
    if (node->kind == SW_NODE_LIST)
        return list_json(node, err);
    text = json_stringn(node->text, node->len);
    if (text == NULL)
        sw_fail(err, SW_FAILED, "cannot write a text as JSON");
    return text;
}
