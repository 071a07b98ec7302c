/* inputs: and uploads: of a recipe: local files for what lies elsewhere, and folders for what goes elsewhere. */
#include "src/recipe/recipe.h"

#include <ctype.h>
#include <string.h>

static const char *lower_hex(struct sw_recipe_reading *r, const char *text)
{
    size_t len = strlen(text);
    char *copy = sw_arena_alloc(r->doc->arena, len + 1, 1, r->err);

    for (size_t i = 0; copy != NULL && i < len; i++)
        copy[i] = (char)tolower((unsigned char)text[i]);
    return copy;
}

static bool is_sha256(const char *text)
{
    return strlen(text) == 64 && text[strspn(text, "0123456789abcdefABCDEF")] == '\0';
}

static int read_digest(struct sw_recipe_reading *r, const struct sw_node *map, struct sw_recipe_input *input)
{
    const struct sw_node *digest = sw_doc_field(r->doc, map, "sha256", SW_NODE_SCALAR, false);

    if (digest == NULL)
        return 0;
    if (!is_sha256(digest->text)) {
        sw_doc_fault(r->doc, digest, "sha256 is '%s': it must be 64 hex digits", sw_show(digest->text).text);
        return 0;
    }
    input->sha256 = lower_hex(r, digest->text);
    return input->sha256 != NULL ? 0 : -1;
}

/* FILE, or {path: FILE, sha256: HEX} of which one may be missing. */
static int read_stand_in(struct sw_recipe_reading *r, const struct sw_node *value,
                         struct sw_recipe_input *input)
{
    static const char *const keys[] = {"path", "sha256", NULL};
    const struct sw_node *path = value;

    if (value->kind == SW_NODE_MAP) {
        sw_doc_keys(r->doc, value, keys, "an input");
        path = sw_doc_field(r->doc, value, "path", SW_NODE_SCALAR, false);
        if (read_digest(r, value, input) < 0)
            return -1;
        if (path == NULL && sw_node_get(value, "sha256") == NULL)
            sw_doc_fault(r->doc, value, "an input needs 'path', 'sha256' or both");
    } else if (value->kind == SW_NODE_LIST) {
        sw_doc_fault(r->doc, value, "an input is a list here, and must be a path or a map");
        return 0;
    }
    if (path == NULL)
        return 0;
    if (path->len == 0) {
        sw_doc_fault(r->doc, path, "the input's path is empty");
        return 0;
    }
    input->path = sw_recipe_path(r, path->text);
    return input->path != NULL ? 0 : -1;
}

/* The source as it is compared: one that ends with a slash and a star means what the slash alone means. */
static const char *read_source(struct sw_recipe_reading *r, const struct sw_node *key)
{
    bool star = key->len > 2 && strcmp(key->text + key->len - 2, "/*") == 0;

    if (!sw_is_web_uri(key->text) && !sw_is_s3_uri(key->text))
        sw_doc_fault(r->doc, key, "the input '%s' must begin with http://, https:// or s3://",
                     sw_show(key->text).text);
    return sw_arena_copy(r->doc->arena, key->text, key->len - (star ? 1 : 0), r->err);
}

static int read_input(struct sw_recipe_reading *r, const struct sw_node *key, const struct sw_node *value)
{
    struct sw_recipe_input *input = &r->recipe->inputs[r->recipe->nr_inputs++];

    *input = (struct sw_recipe_input){.line = key->line, .column = key->column};
    input->source = read_source(r, key);
    if (input->source == NULL || read_stand_in(r, value, input) < 0)
        return -1;
    if (input->sha256 != NULL && input->source[strlen(input->source) - 1] == '/')
        sw_doc_fault(r->doc, key, "the input '%s' stands for many files: it cannot have one sha256",
                     sw_show(key->text).text);
    return 0;
}

static int read_upload(struct sw_recipe_reading *r, const struct sw_node *key, const struct sw_node *value)
{
    struct sw_recipe_upload *upload = &r->recipe->uploads[r->recipe->nr_uploads++];
    size_t len = key->len;
    char *destination = sw_arena_alloc(r->doc->arena, len + 2, 1, r->err);

    *upload = (struct sw_recipe_upload){.destination = destination};
    if (destination == NULL)
        return -1;
    if (!sw_is_s3_uri(key->text))
        sw_doc_fault(r->doc, key, "the upload '%s' must begin with s3:// and a bucket",
                     sw_show(key->text).text);
    if (len > 0 && key->text[len - 1] == '*')
        len--;
    memcpy(destination, key->text, len);
    if (len == 0 || destination[len - 1] != '/')
        destination[len] = '/';
    if (value->kind != SW_NODE_SCALAR || value->len == 0) {
        sw_doc_fault(r->doc, value, "an upload needs the path of a folder");
        return 0;
    }
    upload->folder = sw_recipe_path(r, value->text);
    return upload->folder != NULL ? 0 : -1;
}

/* What is longer says more: it is looked at first. Equal lengths keep the order of their bytes. */
static int by_length(const char *a, const char *b)
{
    size_t x = strlen(a), y = strlen(b);

    return x != y ? (x > y ? -1 : 1) : strcmp(a, b);
}

static int compare_inputs(const void *a, const void *b)
{
    return by_length(((const struct sw_recipe_input *)a)->source,
                     ((const struct sw_recipe_input *)b)->source);
}

static int compare_uploads(const void *a, const void *b)
{
    return by_length(((const struct sw_recipe_upload *)a)->destination,
                     ((const struct sw_recipe_upload *)b)->destination);
}

/* The map of that name with at most so many entries; NULL when there is nothing to read. */
static const struct sw_node *find_table(struct sw_recipe_reading *r, const struct sw_node *root,
                                        const char *name)
{
    const struct sw_node *map = sw_doc_field(r->doc, root, name, SW_NODE_MAP, false);

    if (map == NULL || map->n <= SW_RECIPE_MAX_INPUTS)
        return map;
    sw_doc_fault(r->doc, map, "more than %d entries in '%s'", (int)SW_RECIPE_MAX_INPUTS, name);
    return NULL;
}

static int read_uploads(struct sw_recipe_reading *r, const struct sw_node *map)
{
    r->recipe->uploads = sw_arena_alloc(r->doc->arena, map->n, sizeof(*r->recipe->uploads), r->err);
    if (r->recipe->uploads == NULL)
        return -1;
    for (size_t i = 0; i < map->n; i++)
        if (read_upload(r, map->keys[i], map->items[i]) < 0)
            return -1;
    if (r->recipe->nr_uploads > 1)
        qsort(r->recipe->uploads, r->recipe->nr_uploads, sizeof(*r->recipe->uploads), compare_uploads);
    return 0;
}

int sw_recipe_inputs(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *inputs = find_table(r, root, "inputs");
    const struct sw_node *uploads = find_table(r, root, "uploads");

    if (uploads != NULL && read_uploads(r, uploads) < 0)
        return -1;
    if (inputs == NULL)
        return 0;
    r->recipe->inputs = sw_arena_alloc(r->doc->arena, inputs->n, sizeof(*r->recipe->inputs), r->err);
    if (r->recipe->inputs == NULL)
        return -1;
    for (size_t i = 0; i < inputs->n; i++)
        if (read_input(r, inputs->keys[i], inputs->items[i]) < 0)
            return -1;
    if (r->recipe->nr_inputs > 1)
        qsort(r->recipe->inputs, r->recipe->nr_inputs, sizeof(*r->recipe->inputs), compare_inputs);
    return 0;
}

const struct sw_recipe_input *sw_recipe_find_input(const struct sw_recipe *recipe, const char *source)
{
    for (size_t i = 0; i < recipe->nr_inputs; i++)
        if (strcmp(recipe->inputs[i].source, source) == 0)
            return &recipe->inputs[i];
    return NULL;
}
