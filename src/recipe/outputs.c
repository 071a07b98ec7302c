/* outputs: of a recipe. */
#include "src/recipe/recipe.h"

#include "src/base/buf.h"

#include <string.h>

struct disk_format {
    const char *name;
    const char *subformats[4]; /* NULL-terminated */
};

static const struct disk_format disk_formats[] = {
    {"raw", {NULL}},
    {"vmdk", {"streamOptimized", "monolithicSparse", NULL}},
    {"vhd", {"dynamic", "fixed", NULL}},
    {"qcow2", {"zstd", "zlib", "plain", NULL}},
    {"ova", {NULL}},
};

static const struct disk_format *find_format(const char *name)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(disk_formats); i++)
        if (strcmp(disk_formats[i].name, name) == 0)
            return &disk_formats[i];
    return NULL;
}

bool sw_recipe_format(const char *name)
{
    return find_format(name) != NULL;
}

/* KIND:FILE[,…] with FILE made relative to the recipe's folder; other recipients as they are. */
static const char *recipient(struct sw_recipe_reading *r, const char *text)
{
    static const char *const kinds[] = {"aes:", "pem:", "pass:file:"};

    for (size_t i = 0; i < SW_ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i]);
        SW_AUTO_FREE char *joined = NULL;
        const char *path;

        if (strncmp(text, kinds[i], len) != 0 || text[len] == '/')
            continue;
        path = sw_recipe_path(r, text + len);
        joined = path != NULL ? sw_strf(r->err, "%s%s", kinds[i], path) : NULL;
        return joined != NULL ? sw_arena_copy(r->doc->arena, joined, strlen(joined), r->err) : NULL;
    }
    return text;
}

static int read_seal(struct sw_recipe_reading *r, const struct sw_node *map, struct sw_output_spec *out)
{
    const struct sw_node *list = sw_doc_field(r->doc, map, "seal", SW_NODE_LIST, false);

    if (list == NULL)
        return 0;
    if (list->n == 0)
        sw_doc_fault(r->doc, list, "'seal' is empty: name a recipient, or leave it out");
    out->seal = sw_arena_alloc(r->doc->arena, list->n, sizeof(*out->seal), r->err);
    if (out->seal == NULL)
        return -1;
    for (size_t i = 0; i < list->n; i++) {
        const struct sw_node *item = list->items[i];

        if (item->kind != SW_NODE_SCALAR || strchr(item->text, ':') == NULL) {
            sw_doc_fault(r->doc, item, "a recipient is a text such as pem:FILE or aes:FILE");
            continue;
        }
        out->seal[out->nr_seal] = recipient(r, item->text);
        if (out->seal[out->nr_seal++] == NULL)
            return -1;
    }
    return 0;
}

static void check_subformat(struct sw_recipe_reading *r, const struct sw_node *node,
                            const struct disk_format *format)
{
    struct sw_guess guess = {.word = node->text};

    if (sw_word_find(format->subformats, node->text) >= 0)
        return;
    for (size_t i = 0; format->subformats[i] != NULL; i++)
        sw_guess_offer(&guess, format->subformats[i]);
    sw_doc_fault(r->doc, node, "the format %s has no subformat '%s'%s", format->name,
                 sw_show(node->text).text, sw_guess_hint(&guess).text);
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void check_unique(struct sw_recipe_reading *r, const struct sw_node *at,
                         const struct sw_output_spec *out)
{
    const struct sw_recipe *recipe = r->recipe;

    for (size_t i = 0; i < recipe->nr_outputs; i++)
        if (same(recipe->outputs[i].format, out->format) &&
            same(recipe->outputs[i].subformat, out->subformat))
            sw_doc_fault(r->doc, at, "the output '%s' is there twice", sw_show(out->format).text);
}

static int read_output(struct sw_recipe_reading *r, const struct sw_node *map)
{
    static const char *const keys[] = {"format", "subformat", "seal", NULL};
    struct sw_output_spec out = {.line = map->line, .column = map->column};
    const struct disk_format *format;
    const struct sw_node *subformat;

    if (map->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, map, "an output is %s here, and must be a map ('- format: vmdk')",
                     sw_kind_name(map->kind));
        return 0;
    }
    sw_doc_keys(r->doc, map, keys, "an output");
    out.format = sw_doc_text(r->doc, map, "format", true);
    subformat = sw_doc_field(r->doc, map, "subformat", SW_NODE_SCALAR, false);
    out.subformat = subformat != NULL ? subformat->text : NULL;
    if (out.format != NULL) {
        format = find_format(out.format);
        if (format == NULL)
            sw_doc_fault(r->doc, sw_node_get(map, "format"),
                         "the format '%s' is not known: raw, vmdk, vhd, qcow2 and ova are",
                         sw_show(out.format).text);
        else if (subformat != NULL)
            check_subformat(r, subformat, format);
        check_unique(r, map, &out);
    }
    if (read_seal(r, map, &out) < 0)
        return -1;
    r->recipe->outputs[r->recipe->nr_outputs++] = out;
    return 0;
}

int sw_recipe_outputs(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "outputs", SW_NODE_LIST, false);

    if (list == NULL)
        return 0;
    if (list->n > SW_RECIPE_MAX_OUTPUTS) {
        sw_doc_fault(r->doc, list, "more than %d outputs", (int)SW_RECIPE_MAX_OUTPUTS);
        return 0;
    }
    r->recipe->outputs = sw_arena_alloc(r->doc->arena, list->n, sizeof(*r->recipe->outputs), r->err);
    if (r->recipe->outputs == NULL)
        return -1;
    for (size_t i = 0; i < list->n; i++)
        if (read_output(r, list->items[i]) < 0)
            return -1;
    return 0;
}
