/* ssmParameters: of a recipe: local values for {{ aws:ssm:NAME }}, and whether there is one for each that is referred to. */
#include "src/recipe/ssm.h"

#include "src/base/buf.h"
#include "src/base/mask.h"
#include "src/recipe/component.h"
#include "src/recipe/expr.h"

#include <string.h>

/* ---- The table ----------------------------------------------------------------------------------------------- */

/* A list is one text with commas, as the service has it. */
static const char *join_list(struct sw_recipe_reading *r, const struct sw_node *list)
{
    SW_AUTO_BUF struct sw_buf text = {0};

    if (sw_buf_puts(&text, "", r->err) < 0)
        return NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct sw_node *item = list->items[i];

        if (item->kind != SW_NODE_SCALAR)
            sw_doc_fault(r->doc, item, "an entry of a list is %s here, and must be a text",
                         sw_kind_name(item->kind));
        else if (sw_buf_printf(&text, r->err, "%s%s", i > 0 ? "," : "", item->text) < 0)
            return NULL;
    }
    return sw_arena_copy(r->doc->arena, text.data, text.len, r->err);
}

static int set_value(struct sw_recipe_reading *r, const struct sw_node *value,
                     struct sw_ssm_parameter *parameter)
{
    if (value->kind == SW_NODE_MAP) {
        sw_doc_fault(r->doc, value, "the value of '%s' is a map here, and must be a text or a list",
                     sw_show(parameter->name).text);
        return 0;
    }
    parameter->value = value->kind == SW_NODE_LIST ? join_list(r, value) : value->text;
    return parameter->value != NULL ? 0 : -1;
}

/* Who only checks the recipe need not have the file. */
static int read_file(struct sw_recipe_reading *r, const struct sw_node *file,
                     struct sw_ssm_parameter *parameter)
{
    const char *path = sw_recipe_path(r, file->text);

    if (path == NULL)
        return -1;
    parameter->value = r->lenient ? "a-secret" : sw_recipe_read_secret(r, path);
    return parameter->value != NULL ? 0 : sw_context(r->err, "ssmParameters '%s'", parameter->name);
}

/* {value: TEXT, type: …} or {file: FILE, type: …}: what is in a file is secret unless it says otherwise. */
static int read_map(struct sw_recipe_reading *r, const struct sw_node *map,
                    struct sw_ssm_parameter *parameter)
{
    static const char *const keys[] = {"value", "file", "type", NULL};
    static const char *const types[] = {"String", "StringList", "SecureString", NULL};
    const struct sw_node *value = sw_node_get(map, "value");
    const struct sw_node *file = sw_doc_field(r->doc, map, "file", SW_NODE_SCALAR, false);
    const struct sw_node *type = sw_doc_field(r->doc, map, "type", SW_NODE_SCALAR, false);
    int found = type != NULL ? sw_word_find(types, type->text) : -1;

    sw_doc_keys(r->doc, map, keys, "an SSM parameter");
    if (type != NULL && found < 0)
        sw_doc_fault(r->doc, type, "the type is '%s': it must be String, StringList or SecureString",
                     sw_show(type->text).text);
    if (sw_node_is_null(value) == (file == NULL || file->len == 0)) {
        sw_doc_fault(r->doc, map, "an SSM parameter needs %s of 'value' and 'file'",
                     file == NULL ? "one" : "one, not both,");
        return 0;
    }
    parameter->secret = type != NULL ? found == 2 : file != NULL;
    return file != NULL ? read_file(r, file, parameter) : set_value(r, value, parameter);
}

static bool is_name(const char *text)
{
    return text[0] != '\0' && text[strspn(text, SW_SSM_NAME_CHARS)] == '\0';
}

/* A value of several lines fails the step at the service, wherever it stands. */
static void check_value(struct sw_recipe_reading *r, const struct sw_node *at,
                        const struct sw_ssm_parameter *parameter)
{
    const char *name = sw_show(parameter->name).text;

    if (parameter->value[0] == '\0')
        sw_doc_fault(r->doc, at, "the SSM parameter '%s' is empty", name);
    else if (strpbrk(parameter->value, "\r\n") != NULL)
        sw_doc_fault(r->doc, at, "the SSM parameter '%s' has several lines: a step takes one only", name);
    else if (parameter->secret && strlen(parameter->value) < SW_MASK_MIN_BYTES)
        sw_doc_warn(r->doc, at, "the secret SSM parameter '%s' has fewer than %d bytes: logs will show it",
                    name, (int)SW_MASK_MIN_BYTES);
    else if (parameter->secret && strlen(parameter->value) > SW_MASK_MAX_BYTES)
        sw_doc_fault(r->doc, at, "the secret SSM parameter '%s' has more than %d bytes", name,
                     (int)SW_MASK_MAX_BYTES);
}

static int read_parameter(struct sw_recipe_reading *r, const struct sw_node *key, const struct sw_node *value)
{
    struct sw_ssm_parameter *parameter = &r->recipe->ssm[r->recipe->nr_ssm];
    int rc;

    *parameter = (struct sw_ssm_parameter){.name = key->text};
    if (!is_name(key->text))
        sw_doc_fault(r->doc, key, "'%s' is no name of an SSM parameter: letters, digits and _.-/ are allowed",
                     sw_show(key->text).text);
    rc = value->kind == SW_NODE_MAP ? read_map(r, value, parameter) : set_value(r, value, parameter);
    if (rc < 0 || parameter->value == NULL)
        return rc;
    check_value(r, value, parameter);
    r->recipe->nr_ssm++;
    return 0;
}

int sw_recipe_ssm(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *map = sw_doc_field(r->doc, root, "ssmParameters", SW_NODE_MAP, false);
    SW_RULE(r->doc, "ssm-parameters");

    if (map == NULL)
        return 0;
    if (map->n > SW_RECIPE_MAX_INPUTS) {
        sw_doc_fault(r->doc, map, "more than %d entries in 'ssmParameters'", (int)SW_RECIPE_MAX_INPUTS);
        return 0;
    }
    r->recipe->ssm = sw_arena_alloc(r->doc->arena, map->n, sizeof(*r->recipe->ssm), r->err);
    if (r->recipe->ssm == NULL)
        return -1;
    for (size_t i = 0; i < map->n; i++)
        if (read_parameter(r, map->keys[i], map->items[i]) < 0)
            return -1;
    return 0;
}

/* ---- Looking up ---------------------------------------------------------------------------------------------- */

static const char *find(const struct sw_use *use, const char *name)
{
    for (size_t i = 0; i < use->nr_ssm; i++)
        if (strcmp(use->ssm[i].name, name) == 0)
            return use->ssm[i].value;
    return NULL;
}

int sw_ssm_find(const struct sw_use *use, const char *name, size_t lookups, const char **text,
                struct sw_err *err)
{
    *text = name;
    for (; lookups > 0; lookups--) {
        const char *value = find(use, *text);

        if (value == NULL)
            return sw_fail(err, SW_RECIPE, "the recipe's ssmParameters have no '%s'", sw_show(*text).text);
        *text = value;
    }
    return 0;
}

/* What looks for references that the table does not know. */
struct search {
    const struct sw_use *use;
    struct sw_doc doc; /* of the document's own file */
    bool own;          /* the use's own document: its values are known */
    bool lenient;
    bool sealed; /* the document may not be quoted */
};

static void check_span(struct search *search, const struct sw_node *node, const struct sw_span *span)
{
    struct sw_err why = {.code = SW_OK};
    const struct sw_ref *ref = &span->ref;
    const char *name = ref->name, *text;
    struct sw_place place = {0};

    if (span->kind != SW_SPAN_REF || (ref->kind != SW_REF_SSM && ref->kind != SW_REF_SSM_OF))
        return;
    if (ref->kind == SW_REF_SSM_OF && !search->own)
        return;
    if (ref->kind == SW_REF_SSM_OF && sw_use_name(search->use, ref->name, &name, &why) < 0)
        return;
    if (sw_ssm_find(search->use, name, ref->index, &text, &why) == 0)
        return;
    sw_place_move(&place, node, span->begin);
    (search->lenient ? sw_doc_warn_at : sw_doc_fault_at)(&search->doc, place.line, place.column, "%s",
                                                         search->sealed
                                                             ? "no SSM parameter of the recipe's has "
                                                               "this name (it is sealed: its words "
                                                               "are not shown)"
                                                             : why.text);
}

static void check_node(struct search *search, const struct sw_node *node)
{
    struct sw_span span;

    if (node == NULL)
        return;
    for (size_t i = 0; i < node->n; i++)
        check_node(search, node->items[i]);
    if (node->kind != SW_NODE_SCALAR)
        return;
    for (size_t at = 0; sw_span_next(node->text, at, &span); at = span.end)
        check_span(search, node, &span);
}

static void check_condition(struct search *search, const struct sw_condition *condition)
{
    if (condition == NULL)
        return;
    for (size_t i = 0; i < condition->nr_parts; i++)
        check_condition(search, &condition->parts[i]);
    check_node(search, condition->operand);
    check_node(search, condition->second);
}

static void check_document(struct search *search, const struct sw_component *component)
{
    search->doc.file = component->file;
    search->sealed = component->sealed != NULL;
    for (size_t i = 0; i < component->nr_phases; i++) {
        for (size_t k = 0; k < component->phases[i].nr_steps; k++) {
            const struct sw_step *step = &component->phases[i].steps[k];

            check_node(search, step->inputs);
            check_node(search, step->loop != NULL ? step->loop->list : NULL);
            check_condition(search, step->condition);
        }
    }
}

void sw_ssm_check(struct sw_recipe_reading *r, const struct sw_use *use)
{
    struct search search = {.use = use, .doc = {.diags = r->doc->diags}, .own = true, .lenient = r->lenient};
    SW_RULE(&search.doc, "ssm-parameters");

    check_document(&search, use->component);
    search.own = false;
    for (size_t i = 0; i < use->nr_documents; i++)
        check_document(&search, use->documents[i].component);
}

static bool mentions(const struct sw_component *component)
{
    return memmem(component->text, component->text_len, "aws:ssm:", strlen("aws:ssm:")) != NULL;
}

bool sw_ssm_matters(const struct sw_use *use)
{
    bool any = mentions(use->component);

    for (size_t i = 0; i < use->nr_documents; i++)
        any = any || mentions(use->documents[i].component);
    return any && use->nr_ssm > 0;
}
