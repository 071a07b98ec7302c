/* Values for the parameters of a recipe's components: command line, recipe, default. */
#include "src/base/fs.h"
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"

#include <string.h>

/* NAME=VALUE or COMPONENT.NAME=VALUE. */
struct assignment {
    const char *component; /* NULL: whoever has it */
    size_t component_len;
    const char *name;
    size_t name_len;
    const char *value;
};

static bool split(const char *text, struct assignment *out)
{
    const char *equals = strchr(text, '=');
    const char *dot;

    if (equals == NULL || equals == text || equals[1] == '\0')
        return false;
    dot = memrchr(text, '.', (size_t)(equals - text));
    *out = (struct assignment){.component = dot != NULL ? text : NULL,
                               .component_len = dot != NULL ? (size_t)(dot - text) : 0,
                               .name = dot != NULL ? dot + 1 : text,
                               .value = equals + 1};
    out->name_len = (size_t)(equals - out->name);
    return out->name_len > 0;
}

static bool equals(const char *text, const char *part, size_t len)
{
    return strlen(text) == len && memcmp(text, part, len) == 0;
}

/* A component answers to its name, to its file's name without the suffix, and to its name in the ARN. */
static bool is_meant(const struct sw_use *use, const struct assignment *a)
{
    const char *file = sw_path_base(use->component->file);
    const char *dot = strrchr(file, '.');
    size_t stem = dot != NULL ? (size_t)(dot - file) : strlen(file);
    struct sw_arn arn;

    if (a->component == NULL || equals(use->component->name, a->component, a->component_len))
        return true;
    if (stem == a->component_len && memcmp(file, a->component, stem) == 0)
        return true;
    return sw_arn_parse(use->reference, "component", &arn) &&
           equals(arn.name, a->component, a->component_len);
}

/* The command line's value for a parameter; the last one counts. NULL when there is none. */
static const char *overridden(const struct sw_recipe_reading *r, const struct sw_use *use, const char *name)
{
    const char *value = NULL;
    struct assignment a;

    for (size_t i = 0; i < r->overrides->nr_parameters; i++)
        if (split(r->overrides->parameters[i], &a) && equals(name, a.name, a.name_len) && is_meant(use, &a))
            value = a.value;
    return value;
}

int sw_recipe_check_overrides(const struct sw_recipe_reading *r)
{
    for (size_t i = 0; i < r->overrides->nr_parameters; i++) {
        const char *text = r->overrides->parameters[i];
        struct assignment a;
        bool found = false;

        if (r->template.root != NULL && sw_template_takes(&r->template, text, strcspn(text, "=")))
            continue;
        if (!split(text, &a))
            return sw_fail(r->err, SW_USAGE, "parameter '%s' is not NAME=VALUE or COMPONENT.NAME=VALUE",
                           sw_show(text).text);
        for (size_t k = 0; k < r->recipe->nr_uses && !found; k++) {
            const struct sw_use *use = &r->recipe->uses[k];

            for (size_t p = 0; p < use->nr_values && !found; p++)
                found = is_meant(use, &a) && equals(use->values[p].name, a.name, a.name_len);
        }
        if (!found)
            return sw_fail(r->err, SW_USAGE, "no component of the recipe has the parameter of '%s'",
                           sw_show(text).text);
    }
    return 0;
}

/* The one text of {name, value: [text]}; NULL with a fault when it is something else. */
static const struct sw_node *given_value(struct sw_recipe_reading *r, const struct sw_node *entry)
{
    const struct sw_node *list = sw_doc_field(r->doc, entry, "value", SW_NODE_LIST, true);

    if (list == NULL)
        return NULL;
    if (list->n == 1 && list->items[0]->kind == SW_NODE_SCALAR)
        return list->items[0];
    sw_doc_fault(r->doc, list, "'value' must be a list of one text");
    return NULL;
}

/* Finds a parameter's entry in the recipe's list. */
static const struct sw_node *find_given(const struct sw_node *given, const char *name)
{
    for (size_t i = 0; given != NULL && i < given->n; i++) {
        const struct sw_node *key = sw_node_get(given->items[i], "name");

        if (key != NULL && key->kind == SW_NODE_SCALAR && strcmp(key->text, name) == 0)
            return given->items[i];
    }
    return NULL;
}

static void check_given(struct sw_recipe_reading *r, const struct sw_use *use, const struct sw_node *given)
{
    static const char *const keys[] = {"name", "value", NULL};

    for (size_t i = 0; given != NULL && i < given->n; i++) {
        const struct sw_node *entry = given->items[i];
        const struct sw_node *name;

        if (entry->kind != SW_NODE_MAP) {
            sw_doc_fault(r->doc, entry, "a parameter is a map of 'name' and 'value', and this is %s",
                         sw_kind_name(entry->kind));
            continue;
        }
        sw_doc_keys(r->doc, entry, keys, "a parameter");
        name = sw_doc_field(r->doc, entry, "name", SW_NODE_SCALAR, true);
        if (name == NULL)
            continue;
        if (sw_component_parameter(use->component, name->text) == NULL)
            sw_doc_fault(r->doc, name,
                         "The following parameters are not defined in the provided component: %s "
                         "(component '%s')",
                         sw_show(name->text).text, sw_show(use->component->name).text);
        else if (find_given(given, name->text) != entry)
            sw_doc_fault(r->doc, name, "the parameter '%s' is there twice", sw_show(name->text).text);
    }
}

static const char *choose(struct sw_recipe_reading *r, const struct sw_use *use, const struct sw_node *at,
                          const struct sw_node *given, const struct sw_parameter *parameter)
{
    const char *value = overridden(r, use, parameter->name);
    const struct sw_node *entry = find_given(given, parameter->name);
    const struct sw_node *node = entry != NULL ? given_value(r, entry) : NULL;

    if (value == NULL && node != NULL)
        value = node->text;
    else
        node = at;
    if (value == NULL)
        value = parameter->fallback;
    if (value == NULL) {
        if (entry == NULL)
            sw_doc_fault(r->doc, at, "the parameter '%s' of component '%s' has no default: give it a value",
                         parameter->name, sw_show(use->component->name).text);
        return NULL;
    }
    if (!sw_node_is_unknown(node) && !sw_parameter_allows(parameter, value))
        sw_doc_fault(r->doc, node, "the parameter '%s' of component '%s' does not allow the value '%.60s'",
                     parameter->name, sw_show(use->component->name).text, sw_show(value).text);
    return value;
}

int sw_use_values(struct sw_recipe_reading *r, struct sw_use *use, const struct sw_node *at,
                  const struct sw_node *given)
{
    const struct sw_component *c = use->component;

    check_given(r, use, given);
    use->values = sw_arena_alloc(r->doc->arena, c->nr_parameters, sizeof(*use->values), r->err);
    if (use->values == NULL)
        return -1;
    for (size_t i = 0; i < c->nr_parameters; i++) {
        const char *value = choose(r, use, at, given, &c->parameters[i]);

        value = value != NULL ? sw_arena_copy(r->doc->arena, value, strlen(value), r->err) : "";
        if (value == NULL)
            return -1;
        use->values[use->nr_values++] = (struct sw_value){c->parameters[i].name, value};
    }
    return 0;
}
