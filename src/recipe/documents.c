/* ExecuteDocument: which documents on this machine are meant, and what they are given. */
#include "src/recipe/documents.h"
#include "src/recipe/catalogue.h"
#include "src/recipe/sealed.h"

#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/mask.h"

#include <string.h>
#include <unistd.h>

enum { NAMES_MAX = 1000, DOCUMENTS_MAX = 200 };

/* ---- What a document is given ------------------------------------------------------------------------------ */

static const json_t *find_pair(const json_t *pairs, const char *name)
{
    size_t n = json_array_size(pairs);

    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(pairs, i);
        const char *key = sw_json_text(pair, "name");

        if (key != NULL && strcmp(key, name) == 0)
            return pair;
    }
    return NULL;
}

/* *value is NULL when it is not known yet. */
static int choose(const struct sw_component *component, const struct sw_parameter *parameter,
                  const json_t *pairs, const char **value, struct sw_err *err)
{
    const json_t *pair = find_pair(pairs, parameter->name);

    *value = pair != NULL ? sw_json_text(pair, "value") : parameter->fallback;
    if (pair == NULL && *value == NULL)
        return sw_fail(err, SW_RECIPE, "document '%s': the parameter '%s' has no default: give it a value",
                       sw_show(component->name).text, parameter->name);
    if (*value != NULL && !sw_parameter_allows(parameter, *value))
        return sw_fail(err, SW_RECIPE, "document '%s': the parameter '%s' does not allow the value '%s'",
                       sw_show(component->name).text, parameter->name,
                       parameter->secret ? SW_MASK_TEXT : sw_show(*value).text);
    return 0;
}

int sw_document_values(const struct sw_component *component, const json_t *pairs, struct sw_value **values,
                       size_t *n, const char **unknown, struct sw_err *err)
{
    struct sw_value *out = sw_calloc(component->nr_parameters + 1, sizeof(*out), err);

    *n = 0;
    *unknown = NULL;
    if (out == NULL)
        return -1;
    for (size_t i = 0; i < component->nr_parameters; i++) {
        const struct sw_parameter *parameter = &component->parameters[i];
        const char *value;

        if (choose(component, parameter, pairs, &value, err) < 0) {
            free(out);
            return -1;
        }
        if (value != NULL)
            out[(*n)++] = (struct sw_value){parameter->name, value};
    }
    for (size_t i = json_array_size(pairs); i > 0; i--) {
        const char *name = sw_json_text(json_array_get(pairs, i - 1), "name");

        if (name != NULL && sw_component_parameter(component, name) == NULL)
            *unknown = name;
    }
    *values = out;
    return 0;
}

/* The next name of a comma-separated list, without the blanks around it; NULL at the end. */
static const char *next_name(const char **list, size_t *len)
{
    const char *at = *list + strspn(*list, ", \t\r\n");

    *len = strcspn(at, ",");
    *list = at + *len;
    while (*len > 0 && strchr(" \t\r\n", at[*len - 1]) != NULL)
        --*len;
    return *len > 0 ? at : NULL;
}

static bool is_name(const struct sw_phase *phase, const char *name, size_t len)
{
    return strlen(phase->name) == len && memcmp(phase->name, name, len) == 0;
}

bool sw_phases_have(const char *list, const struct sw_phase *phase)
{
    const char *name;
    bool any = false;
    size_t len;

    while (list != NULL && (name = next_name(&list, &len)) != NULL) {
        if (is_name(phase, name, len))
            return true;
        any = true;
    }
    return !any && phase->kind != SW_PHASE_OTHER;
}

int sw_phases_check(const char *list, const struct sw_component *component, struct sw_err *err)
{
    const char *name;
    size_t len;

    while (list != NULL && (name = next_name(&list, &len)) != NULL) {
        bool found = false;

        for (size_t i = 0; i < component->nr_phases && !found; i++)
            found = is_name(&component->phases[i], name, len);
        if (!found)
            return sw_fail(err, SW_RECIPE, "document '%s' has no phase '%.*s'", sw_show(component->name).text,
                           (int)(len < 60 ? len : 60), name);
    }
    return 0;
}

/* ---- Finding them ------------------------------------------------------------------------------------------ */

/* One search. */
struct search {
    struct sw_use *use; /* gets what is found */
    const struct sw_document_finder *finder;
    struct sw_diags *diags;
    const struct sw_component *chain[SW_DOCUMENT_MAX_DEPTH + 1];
    unsigned depth, names;
    struct sw_err *err;
};

SW_PRINTF(3, 4)
static void fault(struct search *s, const struct sw_step *step, const char *fmt, ...)
{
    struct sw_doc doc = {.file = s->chain[s->depth]->file, .diags = s->diags};
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (s->chain[s->depth]->sealed != NULL)
        snprintf(text, sizeof(text), "cannot use what it executes (it is sealed: its words are not shown)");
    sw_doc_fault_at(&doc, step->line, step->column, "%s", text);
}

const struct sw_component *sw_use_document(const struct sw_use *use, const char *from, const char *name)
{
    for (size_t i = 0; i < use->nr_documents; i++)
        if (strcmp(use->documents[i].from, from) == 0 && strcmp(use->documents[i].name, name) == 0)
            return use->documents[i].component;
    return NULL;
}

static bool is_uri(const char *name)
{
    return strncmp(name, "s3://", 5) == 0 || strncmp(name, "arn:", 4) == 0;
}

/* A name that leads to a file in the folder or beneath it. */
static bool stays_beneath(const char *name)
{
    if (name[0] == '/' || name[0] == '\0')
        return false;
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return false;
    }
    return true;
}

/* *path is NULL when there is no such file here. */
static int find_file(struct search *s, const char *name, char **path)
{
    const char *from = s->chain[s->depth]->file, *base = sw_path_base(from);

    *path = NULL;
    if (is_uri(name))
        return s->finder != NULL ? s->finder->find(s->finder->arg, name, path, s->err) : 0;
    if (!stays_beneath(name))
        return 0;
    *path = sw_strf(s->err, "%.*s%s", (int)(base - from), from, name);
    if (*path == NULL)
        return -1;
    if (access(*path, F_OK) < 0)
        free(SW_STEAL_PTR(*path));
    return 0;
}

static int keep(struct search *s, const char *name, struct sw_component *component)
{
    struct sw_use *use = s->use;
    struct sw_document *grown = reallocarray(use->documents, use->nr_documents + 1, sizeof(*grown));

    if (grown == NULL)
        return sw_fail(s->err, SW_FAILED, "out of memory");
    use->documents = grown;
    grown[use->nr_documents] = (struct sw_document){
        .from = s->chain[s->depth]->file, .name = sw_strdup(name, s->err), .component = component};
    if (grown[use->nr_documents].name == NULL)
        return -1;
    use->nr_documents++;
    return 0;
}

/* *component is NULL when it is not here, or cannot be used. */
static int load(struct search *s, const struct sw_step *step, const char *name,
                const struct sw_component **component)
{
    SW_AUTO_FREE char *path = NULL;
    struct sw_opening opening = {.keys = s->finder != NULL ? s->finder->keys : NULL,
                                 .opener = s->finder != NULL ? s->finder->opener : NULL};
    struct sw_err reason = {.code = SW_OK};
    struct sw_component *loaded;
    struct sw_arn arn;

    *component = sw_use_document(s->use, s->chain[s->depth]->file, name);
    if (*component != NULL)
        return 0;
    if (find_file(s, name, &path) < 0)
        return -1;
    if (path == NULL) {
        if (is_uri(name) && s->finder != NULL)
            fault(s, step, "no document for '%s': it is not on this machine", sw_show(name).text);
        return 0;
    }
    if (s->use->nr_documents == DOCUMENTS_MAX) {
        fault(s, step, "it executes more than %d documents", (int)DOCUMENTS_MAX);
        return 0;
    }
    if (sw_arn_parse(name, "component", &arn)) {
        opening.name = arn.name;
        opening.version = arn.version;
    }
    loaded = sw_component_open(path, &opening, s->diags, &reason);
    if (loaded == NULL && reason.code == SW_INTEGRITY) {
        *s->err = reason;
        return -1;
    }
    if (loaded == NULL) {
        if (reason.code != SW_RECIPE)
            fault(s, step, "cannot use the document '%s': %s", sw_show(name).text, reason.text);
        return 0;
    }
    if (keep(s, name, loaded) < 0) {
        sw_component_free(loaded);
        return -1;
    }
    *component = loaded;
    return 0;
}

json_t *sw_step_known_pairs(const struct sw_scope *scope, const struct sw_step *step, struct sw_err *err)
{
    const struct sw_node *list = sw_node_get(step->items[0], "parameters");
    SW_AUTO_JSON json_t *pairs = json_array();

    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const struct sw_node *name = sw_node_get(list->items[i], "name");
        const struct sw_node *value = sw_node_get(list->items[i], "value");
        struct sw_err ignored = {.code = SW_OK};
        SW_AUTO_FREE char *key = sw_resolve(scope, name->text, &ignored);
        SW_AUTO_FREE char *text = sw_resolve(scope, value->text, &ignored);

        if (key != NULL &&
            sw_json_append(pairs, json_pack("{s:s, s:s?}", "name", key, "value", text), err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(pairs);
}

static int look(struct search *s, const struct sw_use *use);

static bool is_cycle(const struct search *s, const struct sw_component *component)
{
    for (unsigned i = 0; i <= s->depth; i++)
        if (strcmp(s->chain[i]->digest, component->digest) == 0)
            return true;
    return false;
}

/* A document that is here: what it executes is looked at as well. */
static int look_into(struct search *s, const struct sw_scope *scope, const struct sw_step *step,
                     const struct sw_component *component)
{
    SW_AUTO_JSON json_t *pairs = sw_step_known_pairs(scope, step, s->err);
    SW_AUTO_FREE struct sw_value *values = NULL;
    struct sw_err reason = {.code = SW_OK};
    struct sw_use use = {.reference = component->file};
    const char *unknown;
    int rc;

    if (pairs == NULL)
        return -1;
    if (is_cycle(s, component) || s->depth == SW_DOCUMENT_MAX_DEPTH) {
        fault(s, step, "the document '%s' %s", sw_show(component->file).text,
              is_cycle(s, component) ? "is the one that runs here, or one of those that execute it"
                                     : "lies more than 3 levels beneath the first");
        return 0;
    }
    if (sw_document_values(component, pairs, &values, &use.nr_values, &unknown, &reason) < 0) {
        fault(s, step, "%s", reason.text);
        return 0;
    }
    memcpy(&use.component, &component, sizeof(component));
    use.values = values;
    s->chain[++s->depth] = component;
    rc = look(s, &use);
    s->depth--;
    return rc;
}

/* One turn of the step, or the step itself. What cannot be known yet is found when it runs. */
static int look_at_turn(struct search *s, const struct sw_scope *scope, const struct sw_step *step)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_FREE char *name = NULL;
    SW_AUTO_FREE char *phases = NULL;
    const struct sw_component *component;

    if (sw_step_text(scope, step, 0, "document", &name, &ignored) < 0 || sw_has_reference(name))
        return 0;
    if (s->names++ == NAMES_MAX) {
        fault(s, step, "more than %d documents are named", (int)NAMES_MAX);
        return 0;
    }
    if (s->names > NAMES_MAX || load(s, step, name, &component) < 0)
        return s->names > NAMES_MAX ? 0 : -1;
    if (component == NULL)
        return 0;
    if (sw_step_text(scope, step, 0, "phases", &phases, &ignored) == 0 &&
        sw_phases_check(phases, component, &ignored) < 0)
        fault(s, step, "%s", ignored.text);
    return look_into(s, scope, step, component);
}

static int look_at_step(struct search *s, const struct sw_use *use, const struct sw_step *step)
{
    struct sw_scope scope = {.use = use};
    struct sw_err ignored = {.code = SW_OK};
    char **values;
    size_t n = 0;
    int rc = 0;

    if (step->loop == NULL)
        return look_at_turn(s, &scope, step);
    if (sw_loop_values(&scope, step->loop, &values, &n, &ignored) < 0)
        return 0;
    for (size_t i = 0; i < n && i <= NAMES_MAX && rc == 0; i++) {
        struct sw_turn turn = {step->loop->name, i, values[i]};

        scope.turn = &turn;
        rc = look_at_turn(s, &scope, step);
    }
    sw_texts_free(values);
    return rc;
}

static int look(struct search *s, const struct sw_use *use)
{
    const struct sw_component *c = use->component;

    for (size_t i = 0; i < c->nr_phases; i++) {
        for (size_t k = 0; k < c->phases[i].nr_steps; k++) {
            const struct sw_step *step = &c->phases[i].steps[k];

            if (strcmp(step->action->name, "ExecuteDocument") == 0 && look_at_step(s, use, step) < 0)
                return -1;
        }
    }
    return 0;
}

int sw_use_find_documents(struct sw_use *use, const struct sw_document_finder *finder, struct sw_diags *diags,
                          struct sw_err *err)
{
    struct search search = {
        .use = use, .finder = finder, .diags = diags, .chain = {use->component}, .err = err};

    return look(&search, use);
}

int sw_component_check_documents(struct sw_component *component, struct sw_diags *diags, struct sw_err *err)
{
    SW_AUTO_FREE struct sw_value *values = sw_calloc(component->nr_parameters + 1, sizeof(*values), err);
    struct sw_use use = {.component = component, .values = values};
    int rc = -1;

    for (size_t i = 0; values != NULL && i < component->nr_parameters; i++)
        if (component->parameters[i].fallback != NULL)
            values[use.nr_values++] =
                (struct sw_value){component->parameters[i].name, component->parameters[i].fallback};
    if (values != NULL)
        rc = sw_use_find_documents(&use, NULL, diags, err);
    use.component = NULL;
    sw_use_clear(&use);
    return rc;
}

void sw_use_clear(struct sw_use *use)
{
    for (size_t i = 0; i < use->nr_documents; i++) {
        free(use->documents[i].name);
        sw_component_free(use->documents[i].component);
    }
    free(use->documents);
    use->documents = NULL;
    use->nr_documents = 0;
    sw_component_free(use->component);
}

json_t *sw_documents_json(const struct sw_use *use, struct sw_err *err)
{
    SW_AUTO_JSON json_t *list = json_array();

    for (size_t i = 0; i < use->nr_documents; i++) {
        const struct sw_document *document = &use->documents[i];
        json_t *item =
            json_pack("{s:s, s:s, s:o}", "name", document->name, "digest", document->component->digest,
                      "document", sw_node_json(document->component->root, err));

        if (sw_json_append(list, item, err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(list);
}
