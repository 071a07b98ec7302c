/* Parameters and constants of a component document. */
#include "src/recipe/component.h"

#include <string.h>

enum { VARIABLE_MIN = 3, VARIABLE_MAX = 128 };

static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

const struct sw_parameter *sw_component_parameter(const struct sw_component *component, const char *name)
{
    for (size_t i = 0; i < component->nr_parameters; i++)
        if (strcmp(component->parameters[i].name, name) == 0)
            return &component->parameters[i];
    return NULL;
}

bool sw_component_names(const struct sw_component *component, const char *name)
{
    if (sw_component_parameter(component, name) != NULL)
        return true;
    for (size_t i = 0; i < component->nr_constants; i++)
        if (strcmp(component->constants[i].name, name) == 0)
            return true;
    return false;
}

bool sw_parameter_allows(const struct sw_parameter *parameter, const char *value)
{
    if (parameter->allowed == NULL)
        return true;
    for (size_t i = 0; i < parameter->allowed->n; i++) {
        const struct sw_node *item = parameter->allowed->items[i];

        if (item->kind == SW_NODE_SCALAR && strcmp(item->text, value) == 0)
            return true;
    }
    return false;
}

static void check_name(struct sw_reading *r, const struct sw_node *key, const char *what)
{
    if (key->len < VARIABLE_MIN || key->len > VARIABLE_MAX ||
        key->text[strspn(key->text, name_chars)] != '\0')
        sw_doc_fault(r->doc, key, "the name '%s' of a %s must be 3 to 128 letters, digits, '_' or '-'",
                     sw_show(key->text).text, what);
    if (sw_component_names(r->component, key->text))
        sw_doc_fault(r->doc, key, "the name '%s' is there twice: parameters and constants share one set",
                     sw_show(key->text).text);
}

static void check_type(struct sw_reading *r, const struct sw_node *body)
{
    const struct sw_node *type = sw_doc_field(r->doc, body, "type", SW_NODE_SCALAR, true);

    if (type != NULL && strcmp(type->text, "string") != 0)
        sw_doc_fault(r->doc, type, "the type '%s' is not known: string is", sw_show(type->text).text);
}

/* The one pair of "- name: {…}"; false with a fault for anything else. */
static bool take_pair(struct sw_reading *r, const struct sw_node *item, const char *what,
                      const struct sw_node **key, const struct sw_node **body)
{
    if (item->kind != SW_NODE_MAP || item->n != 1) {
        sw_doc_fault(r->doc, item, "a %s is a map with one key, its name ('- NAME: {type: string, …}')",
                     what);
        return false;
    }
    *key = item->keys[0];
    *body = item->items[0];
    check_name(r, *key, what);
    if ((*body)->kind == SW_NODE_MAP)
        return true;
    sw_doc_fault(r->doc, *body, "the %s '%s' is %s here, and must be a map", what, sw_show((*key)->text).text,
                 sw_kind_name((*body)->kind));
    return false;
}

static void check_allowed(struct sw_reading *r, const struct sw_node *body, struct sw_parameter *parameter)
{
    const struct sw_node *list = sw_doc_field(r->doc, body, "allowedValues", SW_NODE_LIST, false);

    if (list == NULL)
        return;
    if (list->n == 0)
        sw_doc_fault(r->doc, list, "'allowedValues' is empty");
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i]->kind != SW_NODE_SCALAR)
            sw_doc_fault(r->doc, list->items[i], "an allowed value is %s here, and must be a text",
                         sw_kind_name(list->items[i]->kind));
    parameter->allowed = list;
    if (parameter->fallback != NULL && !sw_parameter_allows(parameter, parameter->fallback))
        sw_doc_fault(r->doc, sw_node_get(body, "default"), "the default '%s' is not in 'allowedValues'",
                     sw_show(parameter->fallback).text);
}

/* CloudFormation's word for a parameter whose value is not shown, also as it is spelled there. */
static void check_secret(struct sw_reading *r, const struct sw_node *body, struct sw_parameter *parameter)
{
    const struct sw_node *camel = sw_doc_field(r->doc, body, "noEcho", SW_NODE_SCALAR, false);
    const struct sw_node *pascal = sw_doc_field(r->doc, body, "NoEcho", SW_NODE_SCALAR, false);

    if (camel != NULL && pascal != NULL)
        sw_doc_fault(r->doc, pascal, "'noEcho' and 'NoEcho' are one field: it is there twice");
    parameter->secret = sw_doc_flag(r->doc, camel != NULL ? camel : pascal, "noEcho");
    if (parameter->secret && parameter->fallback != NULL && parameter->fallback[0] != '\0')
        sw_doc_warn(r->doc, sw_node_get(body, "default"),
                    "the default of the secret parameter '%s' can be read in this document",
                    sw_show(parameter->name).text);
}

static void read_parameter(struct sw_reading *r, const struct sw_node *item)
{
    static const char *const keys[] = {"type",   "default", "description", "allowedValues",
                                       "noEcho", "NoEcho",  NULL};
    struct sw_parameter *parameter = &r->component->parameters[r->component->nr_parameters];
    const struct sw_node *key, *body;

    if (!take_pair(r, item, "parameter", &key, &body))
        return;
    *parameter = (struct sw_parameter){.name = key->text, .line = key->line, .column = key->column};
    sw_doc_keys(r->doc, body, keys, "a parameter");
    check_type(r, body);
    parameter->fallback = sw_doc_text(r->doc, body, "default", false);
    parameter->description = sw_doc_text(r->doc, body, "description", false);
    check_allowed(r, body, parameter);
    check_secret(r, body, parameter);
    r->component->nr_parameters++;
}

static void read_constant(struct sw_reading *r, const struct sw_node *item)
{
    static const char *const keys[] = {"type", "value", "description", NULL};
    struct sw_constant *constant = &r->component->constants[r->component->nr_constants];
    const struct sw_node *key, *body, *value;

    if (!take_pair(r, item, "constant", &key, &body))
        return;
    sw_doc_keys(r->doc, body, keys, "a constant");
    check_type(r, body);
    value = sw_doc_field(r->doc, body, "value", SW_NODE_SCALAR, true);
    *constant = (struct sw_constant){key->text, value != NULL ? value->text : "", key->line, key->column};
    r->component->nr_constants++;
}

/* The list, when it is there and not too long. */
static const struct sw_node *find_list(struct sw_reading *r, const struct sw_node *root, const char *key)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, key, SW_NODE_LIST, false);

    if (list == NULL || list->n <= SW_COMPONENT_MAX_NAMES)
        return list;
    sw_doc_fault(r->doc, list, "more than %d %s", (int)SW_COMPONENT_MAX_NAMES, key);
    return NULL;
}

int sw_read_variables(struct sw_reading *r, const struct sw_node *root)
{
    const struct sw_node *parameters = find_list(r, root, "parameters");
    const struct sw_node *constants = find_list(r, root, "constants");
    struct sw_component *c = r->component;

    if (parameters != NULL) {
        c->parameters = sw_arena_alloc(r->doc->arena, parameters->n, sizeof(*c->parameters), r->err);
        if (c->parameters == NULL)
            return -1;
        for (size_t i = 0; i < parameters->n; i++)
            read_parameter(r, parameters->items[i]);
    }
    if (constants != NULL) {
        c->constants = sw_arena_alloc(r->doc->arena, constants->n, sizeof(*c->constants), r->err);
        if (c->constants == NULL)
            return -1;
        for (size_t i = 0; i < constants->n; i++)
            read_constant(r, constants->items[i]);
    }
    return 0;
}
