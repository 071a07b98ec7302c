/* The strict YAML reader: any bytes give faults or a tree within its limits, with places inside of the text. */
#include "src/base/json.h"
#include "src/recipe/component.h"
#include "src/recipe/yaml_read.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct sw_node *node, size_t chars, unsigned depth)
{
    struct sw_place place = {0};

    if (depth > SW_YAML_MAX_DEPTH * (SW_YAML_MAX_ANCHORS + 1) || node->line == 0 || node->column == 0)
        abort();
    if (node->kind == SW_NODE_SCALAR) {
        if (strlen(node->text) != node->len || node->n != 0)
            abort();
        sw_place_move(&place, node, node->len);
        if (place.line > chars + 2 || place.column > chars + 2)
            abort();
    }
    for (size_t i = 0; i < node->n; i++) {
        if (node->kind == SW_NODE_MAP && sw_node_get(node, node->keys[i]->text) != node->items[i])
            abort();
        check(node->items[i], chars, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_diags diags = {0};
    struct sw_doc doc = {.file = "fuzz", .diags = &diags};
    const struct sw_node *root = NULL;
    struct sw_err err = {0};

    if (sw_doc_parse(&doc, (const char *)data, size, &root, &err) < 0)
        abort();
    if (root != NULL) {
        json_t *json = sw_node_json(root, &err);

        if (json == NULL || root->weight > SW_YAML_MAX_NODES || root->bytes > SW_YAML_MAX_TEXT)
            abort();
        check(root, doc.chars, 1);
        json_decref(json);
    } else if (diags.nr_errors == 0) {
        abort();
    }
    sw_arena_free(doc.arena);
    sw_diags_free(&diags);
    return 0;
}
