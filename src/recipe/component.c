/* Component documents: from a file to a checked struct sw_component. */
#include "src/recipe/component.h"

#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/recipe/yaml_read.h"

#include <string.h>

int sw_doc_parse(struct sw_doc *doc, const char *text, size_t len, const struct sw_node **root,
                 struct sw_err *err)
{
    doc->first = doc->diags->n;
    doc->chars = sw_utf8_chars(text, len);
    doc->arena = sw_arena_new(err);
    if (doc->arena == NULL)
        return -1;
    doc->file = sw_arena_copy(doc->arena, doc->file, strlen(doc->file), err);
    if (doc->file == NULL)
        return -1;
    return sw_yaml_read(doc, text, len, root, err);
}

int sw_doc_read(struct sw_doc *doc, const char *path, const struct sw_node **root, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    doc->file = path;
    if (sw_read_file(path, SW_DOC_MAX_BYTES, &text, err) < 0)
        return -1;
    return sw_doc_parse(doc, text.data != NULL ? text.data : "", text.len, root, err);
}

/* The file's name without its folder and suffix. */
static const char *stem(struct sw_reading *r)
{
    const char *base = sw_path_base(r->doc->file);
    const char *dot = strrchr(base, '.');
    size_t len = dot != NULL && dot > base ? (size_t)(dot - base) : strlen(base);

    return sw_arena_copy(r->doc->arena, base, len, r->err);
}

static void check_schema_version(struct sw_reading *r, const struct sw_node *root)
{
    const struct sw_node *node = sw_doc_field(r->doc, root, "schemaVersion", SW_NODE_SCALAR, true);

    if (node != NULL && strcmp(node->text, "1.0") != 0 && strcmp(node->text, "1") != 0)
        sw_doc_fault(r->doc, node, "schemaVersion '%s' is not known: 1.0 is", sw_show(node->text).text);
}

static int read_head(struct sw_reading *r, const struct sw_node *root)
{
    static const char *const keys[] = {"name",   "description", "schemaVersion", "parameters", "constants",
                                       "phases", NULL};
    struct sw_component *c = r->component;

    sw_doc_keys(r->doc, root, keys, "a component document");
    check_schema_version(r, root);
    c->file = r->doc->file;
    c->root = root;
    c->name = sw_doc_text(r->doc, root, "name", false);
    if (c->name == NULL || c->name[0] == '\0')
        c->name = stem(r);
    c->description = sw_doc_text(r->doc, root, "description", false);
    if (c->description == NULL)
        c->description = "";
    return c->name != NULL ? 0 : -1;
}

static int set_digest(struct sw_reading *r, const struct sw_node *root)
{
    SW_AUTO_JSON json_t *json = sw_node_json(root, r->err);
    SW_AUTO_FREE char *text = json != NULL ? sw_json_canonical(json, r->err) : NULL;
    uint8_t digest[SW_SHA256_BYTES];

    if (text == NULL || sw_sha256(text, strlen(text), digest, r->err) < 0)
        return -1;
    sw_hex(digest, sizeof(digest), r->component->digest);
    return 0;
}

static int read_parts(struct sw_reading *r, const struct sw_node *root)
{
    SW_RULE(r->doc, "document");

    if (root->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, root, "a component document is a map, and this is %s", sw_kind_name(root->kind));
        return 0;
    }
    if (r->doc->chars > SW_INLINE_MAX_CHARS) {
        r->doc->rule = "inline-size";
        sw_doc_warn(r->doc, NULL, "%zu characters: EC2 Image Builder takes inline documents of at most %d",
                    r->doc->chars, (int)SW_INLINE_MAX_CHARS);
        r->doc->rule = "document";
    }
    if (read_head(r, root) < 0)
        return -1;
    r->doc->rule = "variables";
    if (sw_read_variables(r, root) < 0)
        return -1;
    r->doc->rule = "phases";
    if (sw_read_phases(r, root) < 0)
        return -1;
    r->doc->rule = "reference";
    sw_check_refs(r);
    sw_check_sources(r);
    if (sw_check_platform(r) < 0)
        return -1;
    return set_digest(r, root);
}

struct sw_component *sw_component_check(struct sw_doc *doc, const struct sw_node *root, struct sw_err *err)
{
    struct sw_reading r = {.doc = doc, .err = err};

    r.component = sw_arena_alloc(doc->arena, 1, sizeof(*r.component), err);
    if (r.component == NULL)
        return NULL;
    if (root != NULL && read_parts(&r, root) < 0)
        return NULL;
    if (sw_doc_verdict(doc, err) < 0)
        return NULL;
    r.component->arena = SW_STEAL_PTR(doc->arena);
    return r.component;
}

const struct sw_node *sw_component_data(const struct sw_node *root)
{
    const struct sw_node *data = sw_node_get(sw_node_get(root, "component"), "data");

    return data != NULL && data->kind == SW_NODE_SCALAR ? data : NULL;
}

struct sw_component *sw_component_keep_text(struct sw_component *component, const char *text, size_t len,
                                            struct sw_err *err)
{
    if (component == NULL || component->text != NULL)
        return component;
    component->text = sw_arena_copy(component->arena, text, len, err);
    component->text_len = len;
    if (component->text != NULL)
        return component;
    sw_component_free(component);
    return NULL;
}

/* The document within what get-component printed; its places are its own, so it has a name of its own. */
static struct sw_component *parse_data(const struct sw_doc *outer, const struct sw_node *data,
                                       struct sw_err *err)
{
    SW_AUTO_FREE char *name = sw_strf(err, "%s#data", outer->file);
    struct sw_doc doc = {.file = name, .diags = outer->diags};
    const struct sw_node *root = NULL;
    struct sw_component *component = NULL;

    if (name != NULL && sw_doc_parse(&doc, data->text, data->len, &root, err) == 0)
        component = sw_component_check(&doc, root, err);
    sw_arena_free(doc.arena);
    return sw_component_keep_text(component, data->text, data->len, err);
}

struct sw_component *sw_component_read(struct sw_doc *doc, const struct sw_node *root, struct sw_err *err)
{
    const struct sw_node *data = root != NULL ? sw_component_data(root) : NULL;

    return data != NULL ? parse_data(doc, data, err) : sw_component_check(doc, root, err);
}

struct sw_component *sw_component_parse(const char *text, size_t len, const char *file,
                                        struct sw_diags *diags, struct sw_err *err)
{
    SW_CLEANUP(sw_diags_free) struct sw_diags own = {0};
    struct sw_doc doc = {.file = file, .diags = diags != NULL ? diags : &own};
    const struct sw_node *root = NULL;
    struct sw_component *component = NULL;

    if (sw_doc_parse(&doc, text, len, &root, err) == 0)
        component = sw_component_read(&doc, root, err);
    sw_arena_free(doc.arena);
    return sw_component_keep_text(component, text, len, err);
}

struct sw_component *sw_component_load(const char *path, struct sw_diags *diags, struct sw_err *err)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (sw_read_file(path, SW_DOC_MAX_BYTES, &text, err) < 0)
        return NULL;
    return sw_component_parse(text.data != NULL ? text.data : "", text.len, path, diags, err);
}

void sw_component_free(struct sw_component *component)
{
    if (component != NULL)
        sw_arena_free(component->arena);
}

struct sw_phase *sw_component_phase(const struct sw_component *component, const char *name)
{
    for (size_t i = 0; i < component->nr_phases; i++)
        if (component->phases[i].name != NULL && strcmp(component->phases[i].name, name) == 0)
            return &component->phases[i];
    return NULL;
}

struct sw_step *sw_phase_step(const struct sw_phase *phase, const char *name)
{
    for (size_t i = 0; i < phase->nr_steps; i++)
        if (phase->steps[i].name != NULL && strcmp(phase->steps[i].name, name) == 0)
            return &phase->steps[i];
    return NULL;
}
