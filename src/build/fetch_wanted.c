/* What a recipe's steps download, as far as that can be known before they run. */
#include "src/build/fetch_private.h"

#include "src/base/buf.h"
#include "src/base/json.h"
#include "src/recipe/doc.h"

#include <string.h>

/* The most sources that loops and documents may add up to. */
enum { WANTS_MAX = 5000 };

/* A step's item while it is looked at. */
struct looking {
    struct fetch *fetch;
    struct sw_diags *diags;
    size_t use;                    /* of the recipe */
    const struct sw_use *document; /* that one's, or one that it executes */
    const struct sw_step *step;
    size_t item;
    struct sw_scope scope;
    unsigned depth; /* of documents within documents */
    bool test;      /* in a test phase of the recipe's component */
    bool sealed;    /* document is, or one that executes it: nothing of it is quoted */
    bool late;      /* the text that was read last needs what nobody knows yet */
    size_t nr_uploads_nowhere;
};

static const char *no_output(void *arg, const char *phase, const char *step, const char *name, size_t index)
{
    struct looking *look = arg;

    (void)phase;
    (void)step;
    (void)name;
    (void)index;
    look->late = true;
    return NULL;
}

static void fault(const struct looking *look, const char *input, const char *text, const char *why)
{
    const struct sw_node *item = look->step->items[look->item], *node = sw_node_get(item, input);
    struct sw_doc doc = {.file = look->document->component->file, .diags = look->diags};

    if (look->sealed)
        text = "(sealed)";
    sw_doc_fault(&doc, node != NULL ? node : item, "%s '%.300s' %s", look->step->action->name, text, why);
}

/*
 * An input's text; NULL when it is left out or cannot be known yet. What cannot be resolved although it passed the check of
 * its document waits for something: an output, or a value that an executed document is given.
 */
static int read_text(struct looking *look, const char *name, char **out, struct sw_err *err)
{
    struct sw_err own = {.code = SW_OK};

    look->late = false;
    if (sw_step_text(&look->scope, look->step, look->item, name, out, &own) == 0) {
        /* Without its loop's values a text still has the reference in it. */
        if (*out == NULL || look->step->loop == NULL || look->scope.turn != NULL ||
            strstr(*out, "{{") == NULL)
            return 0;
        free(*out);
        look->late = true;
    }
    *out = NULL;
    if (own.code != SW_OK && own.code != SW_RECIPE) {
        *err = own;
        return -1;
    }
    if (!look->late && look->depth == 0) {
        *err = own;
        return -1;
    }
    look->late = true;
    return 0;
}

static const char *place_of(const struct looking *look, const char *name)
{
    const struct sw_node *node = sw_node_get(look->step->items[look->item], name);

    return node != NULL && node->text != NULL ? node->text : "";
}

static int add_want(struct looking *look, struct fetch_set *set, char *checksum, char *algorithm,
                    struct sw_err *err)
{
    struct fetch *fetch = look->fetch;
    const struct sw_node *node = sw_node_get(look->step->items[look->item], "source");
    struct fetch_want *grown = NULL;

    if (fetch->nr_wants < WANTS_MAX)
        grown = reallocarray(fetch->wants, fetch->nr_wants + 1, sizeof(*grown));
    if (grown == NULL) {
        free(checksum);
        free(algorithm);
        if (fetch->nr_wants == WANTS_MAX)
            return sw_fail(err, SW_RECIPE, "the steps download more than %d times", (int)WANTS_MAX);
        return sw_fail(err, SW_FAILED, "out of memory");
    }
    fetch->wants = grown;
    grown[fetch->nr_wants++] = (struct fetch_want){.use = look->use,
                                                   .test = look->test,
                                                   .set = set,
                                                   .sealed = look->sealed,
                                                   .checksum = checksum,
                                                   .algorithm = algorithm,
                                                   .file = look->document->component->file,
                                                   .line = node != NULL ? node->line : 0,
                                                   .column = node != NULL ? node->column : 0};
    return 0;
}

/* The texts that only one of the two actions has. */
static int read_details(struct looking *look, struct sw_remote *source, char **owner, char **checksum,
                        char **algorithm, struct sw_err *err)
{
    SW_AUTO_FREE char *insecure = NULL;

    if (strcmp(look->step->action->name, "WebDownload") != 0) {
        if (read_text(look, "expectedBucketOwner", owner, err) < 0)
            return -1;
        source->owner = *owner;
        return 0;
    }
    if (read_text(look, "checksum", checksum, err) < 0 || read_text(look, "algorithm", algorithm, err) < 0 ||
        read_text(look, "ignoreCertificateErrors", &insecure, err) < 0)
        return -1;
    if (insecure != NULL && sw_text_bool(insecure, &source->insecure) < 0)
        return sw_fail(err, SW_RECIPE, "ignoreCertificateErrors is '%.60s': it must be true or false",
                       insecure);
    return 0;
}

static const char *uri_problem(const struct sw_step *step, const char *uri)
{
    const char *star = strchr(uri, '*');

    if (strcmp(step->action->name, "WebDownload") == 0)
        return sw_is_web_uri(uri) ? NULL : "must begin with http:// or https://";
    if (!sw_is_s3_uri(uri))
        return "must begin with s3:// and a bucket";
    if (star != NULL && (star[1] != '\0' || star[-1] != '/'))
        return "has a star that does not stand alone at the end";
    return strchr(uri + strlen("s3://"), '/') == NULL || uri[strlen(uri) - 1] == '/' ? "names no object"
                                                                                     : NULL;
}

/* What a step's output decides is asked for when the step runs, if that may be. */
static void look_late(const struct looking *look)
{
    if (!look->fetch->opts.network)
        fault(
            look, "source", place_of(look, "source"),
            "depends on what a step leaves: it cannot be fetched before the build, and the network is denied");
}

static int look_at_download(struct looking *look, struct sw_err *err)
{
    SW_AUTO_FREE char *uri = NULL;
    SW_AUTO_FREE char *owner = NULL;
    SW_AUTO_FREE char *checksum = NULL;
    SW_AUTO_FREE char *algorithm = NULL;
    struct sw_remote source = {.uri = NULL};
    struct fetch_set *set;

    if (read_text(look, "source", &uri, err) < 0)
        return -1;
    if (uri == NULL) {
        look_late(look);
        return 0;
    }
    if (uri_problem(look->step, uri) != NULL) {
        fault(look, "source", uri, uri_problem(look->step, uri));
        return 0;
    }
    source.uri = uri;
    source.sealed = look->sealed;
    if (read_details(look, &source, &owner, &checksum, &algorithm, err) < 0)
        return -1;
    set = fetch_set_of(look->fetch, &source, err);
    return set != NULL ? add_want(look, set, SW_STEAL_PTR(checksum), SW_STEAL_PTR(algorithm), err) : -1;
}

static int look_at_upload(struct looking *look, struct sw_err *err)
{
    const struct sw_recipe *recipe = look->fetch->recipe;
    SW_AUTO_FREE char *uri = NULL;

    if (read_text(look, "destination", &uri, err) < 0)
        return -1;
    if (uri == NULL)
        return 0;
    if (!sw_is_s3_uri(uri)) {
        fault(look, "destination", uri, "must begin with s3:// and a bucket");
        return 0;
    }
    for (size_t i = 0; i < recipe->nr_uploads; i++) {
        size_t len = strlen(recipe->uploads[i].destination);

        /* A destination may be the very prefix, without its slash. */
        if (strncmp(uri, recipe->uploads[i].destination, len - 1) == 0 &&
            (uri[len - 1] == '/' || uri[len - 1] == '\0'))
            return 0;
    }
    fault(look, "destination", uri, "has nowhere to go: name a folder for it in the recipe's uploads");
    look->nr_uploads_nowhere++;
    return 0;
}

static int look_at_document(struct looking *look, const struct sw_use *document, const char *phases,
                            struct sw_err *err);

/* A document that the step executes: what it downloads is fetched as well. One that is not here yet is not looked into. */
static int look_into(struct looking *look, struct sw_err *err)
{
    SW_AUTO_FREE char *name = NULL;
    SW_AUTO_FREE char *phases = NULL;
    SW_AUTO_FREE struct sw_value *values = NULL;
    SW_AUTO_JSON json_t *pairs = NULL;
    const struct sw_component *component = NULL;
    struct sw_use use = {.documents = look->document->documents,
                         .nr_documents = look->document->nr_documents,
                         .ssm = look->document->ssm,
                         .nr_ssm = look->document->nr_ssm};
    struct looking inner = *look;
    const char *unknown;
    int rc;

    if (read_text(look, "document", &name, err) < 0 || read_text(look, "phases", &phases, err) < 0)
        return -1;
    if (name != NULL)
        component = sw_use_document(look->document, look->document->component->file, name);
    if (component == NULL || look->depth == SW_DOCUMENT_MAX_DEPTH)
        return 0;
    pairs = sw_step_known_pairs(&look->scope, look->step, err);
    if (pairs == NULL || sw_document_values(component, pairs, &values, &use.nr_values, &unknown, err) < 0)
        return -1;
    memcpy(&use.component, &component, sizeof(component));
    use.values = values;
    inner.depth++;
    rc = look_at_document(&inner, &use, phases != NULL ? phases : "", err);
    look->nr_uploads_nowhere = inner.nr_uploads_nowhere;
    return rc;
}

/* One turn of the step, or the step itself. */
static int look_at_turn(struct looking *look, struct sw_err *err)
{
    const char *action = look->step->action->name;
    bool downloads = sw_action_downloads(look->step->action);
    int rc = 0;

    look->item = 0;
    if (strcmp(action, "ExecuteDocument") == 0)
        return look_into(look, err);
    if (!downloads && strcmp(action, "S3Upload") != 0)
        return 0;
    for (; rc == 0 && look->item < look->step->nr_items; look->item++)
        rc = downloads ? look_at_download(look, err) : look_at_upload(look, err);
    return rc;
}

/* The machine is not there yet. */
static int ask_nobody(void *arg, enum sw_operator op, const char *text, const char *path, bool *holds,
                      struct sw_err *err)
{
    (void)arg;
    (void)op;
    (void)text;
    (void)path;
    (void)holds;
    return sw_fail(err, SW_RECIPE, "not known yet");
}

/* False when it is known by now that the step will not run. */
static bool may_run(struct looking *look)
{
    static const struct sw_condition_host nobody = {.ask = ask_nobody};
    const struct sw_step *step = look->step;
    struct sw_err unknown = {.code = SW_OK};
    bool holds;

    if (step->condition == NULL)
        return true;
    if (sw_condition_holds(&look->scope, step->condition, &nobody, &holds, &unknown) < 0)
        return step->then == SW_BRANCH_EXECUTE || step->otherwise == SW_BRANCH_EXECUTE;
    return (holds ? step->then : step->otherwise) == SW_BRANCH_EXECUTE;
}

static int look_at_turns(struct looking *look, char **values, size_t n, struct sw_err *err)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++) {
        struct sw_turn turn = {look->step->loop->name, i, values[i]};

        look->scope.turn = &turn;
        rc = look_at_turn(look, err);
        look->scope.turn = NULL;
    }
    return rc;
}

static int look_at_step(struct looking *look, struct sw_err *err)
{
    struct sw_err unknown = {.code = SW_OK};
    char **values = NULL;
    size_t n = 0;
    int rc;

    if (!may_run(look))
        return 0;
    /* What a loop that is not known yet asks for is looked at once: as far as it does not depend on the turn. */
    if (look->step->loop == NULL || sw_loop_values(&look->scope, look->step->loop, &values, &n, &unknown) < 0)
        return look_at_turn(look, err);
    rc = look_at_turns(look, values, n, err);
    sw_texts_free(values);
    return rc;
}

/* phases: of an executed document, as its step lists them; NULL: the recipe's own, by their kinds. */
static bool is_wanted(const struct fetch_opts *opts, const struct sw_phase *phase, const char *phases)
{
    if (phases != NULL)
        return sw_phases_have(phases, phase);
    return phase->kind == SW_PHASE_BUILD || phase->kind == SW_PHASE_VALIDATE ||
           (opts->test && phase->kind == SW_PHASE_TEST);
}

static int look_at_document(struct looking *look, const struct sw_use *document, const char *phases,
                            struct sw_err *err)
{
    const struct sw_component *c = document->component;

    look->document = document;
    look->sealed = (look->depth > 0 && look->sealed) || c->sealed != NULL;
    look->scope = (struct sw_scope){.use = document, .output = no_output, .arg = look};
    for (size_t i = 0; i < c->nr_phases; i++) {
        if (!is_wanted(&look->fetch->opts, &c->phases[i], phases))
            continue;
        if (phases == NULL)
            look->test = c->phases[i].kind == SW_PHASE_TEST;
        for (size_t k = 0; k < c->phases[i].nr_steps; k++) {
            look->step = &c->phases[i].steps[k];
            if (look_at_step(look, err) == 0)
                continue;
            if (look->sealed && err->code == SW_RECIPE)
                sw_fail(err, SW_RECIPE, "(the document is sealed: its words are not shown)");
            return sw_context(err, "component '%s': phase '%s': step '%s'", c->name, c->phases[i].name,
                              look->step->name);
        }
    }
    return 0;
}

int fetch_collect(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err)
{
    struct looking look = {.fetch = fetch, .diags = diags};
    size_t before = diags->nr_errors;

    for (look.use = 0; look.use < fetch->recipe->nr_uses; look.use++)
        if (look_at_document(&look, &fetch->recipe->uses[look.use], NULL, err) < 0)
            return -1;
    if (diags->nr_errors == before)
        return 0;
    if (look.nr_uploads_nowhere == diags->nr_errors - before)
        return sw_fail(err, SW_REFUSED, "%zu upload%s nowhere to go: see the recipe's uploads",
                       look.nr_uploads_nowhere, look.nr_uploads_nowhere == 1 ? " has" : "s have");
    return sw_fail(err, SW_OFFLINE, "%zu transfer%s cannot be done", diags->nr_errors - before,
                   diags->nr_errors - before == 1 ? "" : "s");
}
