/* Values for the parameters of a recipe's components: command line, recipe, default. */
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/mask.h"
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

/* The place of the last assignment to a parameter; -1: there is none. */
static ssize_t find_assignment(const char *const *list, size_t n, const struct sw_use *use, const char *name)
{
    struct assignment a;

    while (n-- > 0)
        if (split(list[n], &a) && equals(name, a.name, a.name_len) && is_meant(use, &a))
            return (ssize_t)n;
    return -1;
}

/* The command line's value for a parameter: a secret's file, else NAME=VALUE. NULL when there is none. */
static const char *overridden(const struct sw_recipe_reading *r, const struct sw_use *use, const char *name,
                              bool *secret)
{
    const struct sw_overrides *over = r->overrides;
    ssize_t at = find_assignment(over->secrets, over->nr_secrets, use, name);
    struct assignment a;

    *secret = at >= 0;
    if (at >= 0)
        return r->secrets[at];
    at = find_assignment(over->parameters, over->nr_parameters, use, name);
    return at >= 0 && split(over->parameters[at], &a) ? a.value : NULL;
}

static bool is_parameter(const struct sw_recipe *recipe, const struct assignment *a)
{
    for (size_t i = 0; i < recipe->nr_uses; i++) {
        const struct sw_use *use = &recipe->uses[i];

        for (size_t p = 0; p < use->nr_values && !use->cleaning; p++)
            if (is_meant(use, a) && equals(use->values[p].name, a->name, a->name_len))
                return true;
    }
    return false;
}

/* What stands behind '=' is not shown: the name may be wrong for a value that is a secret. */
static int check_assignments(const struct sw_recipe_reading *r, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct assignment a;

        if (r->template.root != NULL && sw_template_takes(&r->template, list[i], strcspn(list[i], "=")))
            continue;
        if (!split(list[i], &a))
            return sw_fail(r->err, SW_USAGE, "parameter '%.*s' is not NAME=VALUE or COMPONENT.NAME=VALUE",
                           (int)strcspn(list[i], "="), list[i]);
        if (!is_parameter(r->recipe, &a))
            return sw_fail(r->err, SW_USAGE, "no component of the recipe has the parameter of '%.*s'",
                           (int)strcspn(list[i], "="), list[i]);
    }
    return 0;
}

int sw_recipe_check_overrides(const struct sw_recipe_reading *r)
{
    const struct sw_overrides *over = r->overrides;

    if (check_assignments(r, over->secrets, over->nr_secrets) < 0)
        return -1;
    return check_assignments(r, over->parameters, over->nr_parameters);
}

/* As `$(cat FILE)` would have it: without the ends of lines at its end. */
const char *sw_recipe_read_secret(struct sw_recipe_reading *r, const char *path)
{
    SW_AUTO_BUF struct sw_buf text = {0};
    SW_AUTO_JSON json_t *json = NULL;
    const char *copy = NULL;

    if (sw_read_file(path, SW_MASK_MAX_BYTES, &text, r->err) < 0)
        return NULL;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.data[--text.len] = '\0';
    json = json_stringn(text.data != NULL ? text.data : "", text.len);
    if (text.len == 0)
        sw_fail(r->err, SW_USAGE, "the file '%s' is empty", path);
    else if (json == NULL || memchr(text.data, '\0', text.len) != NULL)
        sw_fail(r->err, SW_USAGE, "the file '%s' is not UTF-8 text", path);
    else
        copy = sw_arena_copy(r->doc->arena, text.data, text.len, r->err);
    if (text.data != NULL)
        explicit_bzero(text.data, text.cap);
    return copy;
}

int sw_recipe_read_secrets(struct sw_recipe_reading *r)
{
    const struct sw_overrides *over = r->overrides;
    struct assignment a;

    r->secrets = sw_arena_alloc(r->doc->arena, over->nr_secrets, sizeof(*r->secrets), r->err);
    if (r->secrets == NULL)
        return -1;
    for (size_t i = 0; i < over->nr_secrets; i++) {
        if (!split(over->secrets[i], &a))
            return sw_fail(r->err, SW_USAGE, "secret '%.*s' is not NAME=FILE or COMPONENT.NAME=FILE",
                           (int)strcspn(over->secrets[i], "="), over->secrets[i]);
        r->secrets[i] = sw_recipe_read_secret(r, a.value);
        if (r->secrets[i] == NULL)
            return sw_context(r->err, "secret '%.*s'", (int)strcspn(over->secrets[i], "="), over->secrets[i]);
    }
    return 0;
}

/* Does the recipe's own entry say that the value is not to be shown? */
static bool given_secret(struct sw_recipe_reading *r, const struct sw_node *entry)
{
    return sw_doc_flag(r->doc, sw_doc_field(r->doc, entry, "secret", SW_NODE_SCALAR, false), "secret");
}

/*
 * The one text of {name, value: [text]}; NULL when there is none, with a fault unless it is a secret's: that may be left to
 * the command line.
 */
static const struct sw_node *given_value(struct sw_recipe_reading *r, const struct sw_node *entry,
                                         bool secret)
{
    const struct sw_node *list = sw_doc_field(r->doc, entry, "value", SW_NODE_LIST, !secret);

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
    static const char *const keys[] = {"name", "value", "secret", NULL};

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

/* A parameter that is given a value. */
struct choice {
    const struct sw_use *use;
    const struct sw_parameter *parameter;
    const struct sw_node *at; /* where the recipe speaks of it, or of its component */
    bool secret;
};

static void check_choice(struct sw_recipe_reading *r, const struct choice *choice, const char *value)
{
    const char *component = choice->use->component->name, *name = choice->parameter->name;

    if (!sw_node_is_unknown(choice->at) && !sw_parameter_allows(choice->parameter, value))
        sw_doc_fault(r->doc, choice->at,
                     "the parameter '%s' of component '%s' does not allow the value '%.60s'", name,
                     sw_show(component).text, choice->secret ? SW_MASK_TEXT : sw_show(value).text);
    if (!choice->secret || value[0] == '\0')
        return;
    if (strlen(value) < SW_MASK_MIN_BYTES)
        sw_doc_warn(r->doc, choice->at,
                    "the secret '%s' of component '%s' has fewer than %d bytes: logs will show it", name,
                    sw_show(component).text, (int)SW_MASK_MIN_BYTES);
    if (strlen(value) > SW_MASK_MAX_BYTES)
        sw_doc_fault(r->doc, choice->at, "the secret '%s' of component '%s' is longer than %d bytes", name,
                     sw_show(component).text, (int)SW_MASK_MAX_BYTES);
}

/* A secret of a recipe that is only checked may come later, from the command line. */
static void miss_value(struct sw_recipe_reading *r, const struct choice *choice, const struct sw_node *entry)
{
    const char *component = choice->use->component->name, *name = choice->parameter->name;

    if (choice->secret && r->lenient)
        sw_doc_warn(r->doc, entry != NULL ? entry : choice->at,
                    "the secret '%s' of component '%s' has no value here: --secret %s=FILE has to give it",
                    name, sw_show(component).text, name);
    else
        sw_doc_fault(r->doc, entry != NULL ? entry : choice->at,
                     "the parameter '%s' of component '%s' has no default: give it a value%s", name,
                     sw_show(component).text, choice->secret ? " (--secret NAME=FILE)" : "");
}

/* Command line, recipe, default; NULL with a fault when there is none. */
static const char *choose(struct sw_recipe_reading *r, struct choice *choice, const struct sw_node *given)
{
    bool from_file;
    const char *value = overridden(r, choice->use, choice->parameter->name, &from_file);
    const struct sw_node *entry = find_given(given, choice->parameter->name);
    const struct sw_node *node;

    choice->secret = choice->parameter->secret || from_file || (entry != NULL && given_secret(r, entry));
    node = entry != NULL ? given_value(r, entry, choice->secret) : NULL;
    if (value == NULL && node != NULL) {
        value = node->text;
        choice->at = node;
    }
    if (value == NULL)
        value = choice->parameter->fallback;
    if (value != NULL)
        check_choice(r, choice, value);
    else if (entry == NULL || choice->secret)
        miss_value(r, choice, entry);
    return value;
}

int sw_use_values(struct sw_recipe_reading *r, struct sw_use *use, const struct sw_node *at,
                  const struct sw_node *given)
{
    const struct sw_component *c = use->component;
    bool *secret;

    check_given(r, use, given);
    use->values = sw_arena_alloc(r->doc->arena, c->nr_parameters, sizeof(*use->values), r->err);
    use->secret = secret = sw_arena_alloc(r->doc->arena, c->nr_parameters, sizeof(*secret), r->err);
    if (use->values == NULL || secret == NULL)
        return -1;
    for (size_t i = 0; i < c->nr_parameters; i++) {
        struct choice choice = {.use = use, .parameter = &c->parameters[i], .at = at};
        const char *value = choose(r, &choice, given);

        value = value != NULL ? sw_arena_copy(r->doc->arena, value, strlen(value), r->err) : "";
        if (value == NULL)
            return -1;
        secret[use->nr_values] = choice.secret;
        use->values[use->nr_values++] = (struct sw_value){c->parameters[i].name, value};
    }
    return 0;
}
