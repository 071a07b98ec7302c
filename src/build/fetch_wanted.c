/* What a recipe's steps download, as far as that can be known before they run. */
#include "src/build/fetch_private.h"

#include "src/base/buf.h"
#include "src/recipe/doc.h"

#include <string.h>

/* A step's item while it is looked at. */
struct looking {
    struct fetch *fetch;
    struct sw_diags *diags;
    size_t use;
    const struct sw_phase *phase;
    const struct sw_step *step;
    size_t item;
    struct sw_scope scope;
    bool late; /* the text that was read last needs an output of a step */
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
    struct sw_doc doc = {.file = look->fetch->recipe->uses[look->use].component->file, .diags = look->diags};

    sw_doc_fault(&doc, node != NULL ? node : item, "%s '%.300s' %s", look->step->action->name, text, why);
}

/* An input's text; NULL when it is left out or cannot be known yet. */
static int read_text(struct looking *look, const char *name, char **out, struct sw_err *err)
{
    struct sw_err own = {.code = SW_OK};

    look->late = false;
    if (sw_step_text(&look->scope, look->step, look->item, name, out, &own) == 0)
        return 0;
    *out = NULL;
    if (look->late)
        return 0;
    *err = own;
    return -1;
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
    struct fetch_want *grown = reallocarray(fetch->wants, fetch->nr_wants + 1, sizeof(*grown));

    if (grown == NULL) {
        free(checksum);
        free(algorithm);
        return sw_fail(err, SW_FAILED, "out of memory");
    }
    fetch->wants = grown;
    grown[fetch->nr_wants++] = (struct fetch_want){.use = look->use,
                                                   .set = set,
                                                   .checksum = checksum,
                                                   .algorithm = algorithm,
                                                   .file = fetch->recipe->uses[look->use].component->file,
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
            "depends on an output of a step: it cannot be fetched before the build, and the network is denied");
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

static int look_at_step(struct looking *look, struct sw_err *err)
{
    bool downloads = sw_action_downloads(look->step->action);

    if (!downloads && strcmp(look->step->action->name, "S3Upload") != 0)
        return 0;
    for (look->item = 0; look->item < look->step->nr_items; look->item++)
        if ((downloads ? look_at_download(look, err) : look_at_upload(look, err)) < 0)
            return sw_context(err, "step '%s'", look->step->name);
    return 0;
}

static int look_at_use(struct looking *look, struct sw_err *err)
{
    const struct sw_component *c = look->fetch->recipe->uses[look->use].component;

    for (size_t i = 0; i < c->nr_phases; i++) {
        look->phase = &c->phases[i];
        if (look->phase->kind != SW_PHASE_BUILD && look->phase->kind != SW_PHASE_VALIDATE)
            continue;
        for (size_t k = 0; k < look->phase->nr_steps; k++) {
            look->step = &look->phase->steps[k];
            if (look_at_step(look, err) < 0)
                return sw_context(err, "component '%s': phase '%s'", c->name, look->phase->name);
        }
    }
    return 0;
}

int fetch_collect(struct fetch *fetch, struct sw_diags *diags, struct sw_err *err)
{
    struct looking look = {.fetch = fetch, .diags = diags};
    size_t before = diags->nr_errors;

    look.scope = (struct sw_scope){.output = no_output, .arg = &look};
    for (look.use = 0; look.use < fetch->recipe->nr_uses; look.use++) {
        look.scope.use = &fetch->recipe->uses[look.use];
        if (look_at_use(&look, err) < 0)
            return -1;
    }
    if (diags->nr_errors == before)
        return 0;
    if (look.nr_uploads_nowhere == diags->nr_errors - before)
        return sw_fail(err, SW_REFUSED, "%zu upload%s nowhere to go: see the recipe's uploads",
                       look.nr_uploads_nowhere, look.nr_uploads_nowhere == 1 ? " has" : "s have");
    return sw_fail(err, SW_OFFLINE, "%zu transfer%s cannot be done", diags->nr_errors - before,
                   diags->nr_errors - before == 1 ? "" : "s");
}
