/* The components of a recipe, and those that the command line adds. */
#include "src/recipe/component.h"
#include "src/recipe/documents.h"
#include "src/recipe/recipe.h"
#include "src/recipe/sealed.h"
#include "src/recipe/ssm.h"

#include "src/base/buf.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A document and where it is: a file, or a resource of the template. */
struct found {
    const char *path; /* NULL: it is inline, or there is none */
    struct sw_resource resource;
    bool is_inline;
};

/* A component of the template itself, else one of the catalogues. */
static int find_arn(struct sw_recipe_reading *r, const struct sw_node *node, struct found *found)
{
    struct sw_arn arn;
    int own = sw_recipe_find_inline(r, node->text, &found->resource);

    if (own < 0)
        return -1;
    /* One with a Uri instead is looked up like everybody else's. */
    found->is_inline = own > 0 && sw_node_get(found->resource.properties, "Data") != NULL;
    if (found->is_inline)
        return 0;
    if (!sw_arn_parse(node->text, "component", &arn)) {
        sw_doc_fault(r->doc, node, "'%s' is no component ARN (arn:aws:imagebuilder:…:component/NAME/1.0.0)",
                     sw_show(node->text).text);
        return 0;
    }
    if (sw_catalogue_find(r, &arn, &found->path) < 0)
        return -1;
    if (found->path == NULL)
        (r->lenient ? sw_doc_warn : sw_doc_fault)(
            r->doc, node, "no document for this ARN: there is no '%s/components/%s/%s.yml'", r->recipe->dir,
            arn.name, arn.version);
    return 0;
}

/* "NAME/1.x.x" and "NAME": a folder of versions, or a name in the catalogues. */
static int find_versioned(struct sw_recipe_reading *r, const char *name, const char **path)
{
    const char *slash = strrchr(name, '/');
    const char *pattern = slash != NULL && sw_version_pattern(slash + 1) ? slash + 1 : "x.x.x";
    size_t len =
        pattern[0] != 'x' || (slash != NULL && pattern == slash + 1) ? (size_t)(slash - name) : strlen(name);
    struct sw_arn arn = {.name = ""};
    const char *folder = sw_arena_copy(r->doc->arena, name, len, r->err);

    if (folder == NULL || len == 0)
        return folder != NULL ? 0 : -1;
    if (len < sizeof(arn.name) && memchr(name, '/', len) == NULL) {
        memcpy(arn.name, name, len);
        snprintf(arn.version, sizeof(arn.version), "%s", pattern);
    }
    folder = sw_recipe_path(r, folder);
    if (folder == NULL || sw_catalogue_newest(r, folder, pattern, path) < 0)
        return -1;
    return *path == NULL && arn.name[0] != '\0' ? sw_catalogue_find(r, &arn, path) : 0;
}

static int find_document(struct sw_recipe_reading *r, const struct sw_node *node, bool is_arn,
                         struct found *found)
{
    const char *plain;
    struct stat st;

    *found = (struct found){.path = NULL};
    if (is_arn)
        return find_arn(r, node, found);
    plain = sw_recipe_path(r, node->text);
    if (plain == NULL)
        return -1;
    if ((stat(plain, &st) < 0 || S_ISDIR(st.st_mode)) && find_versioned(r, node->text, &found->path) < 0)
        return -1;
    if (found->path == NULL)
        found->path = plain;
    return 0;
}

/* The same file twice, by whatever name, or the same component in another version. */
static bool is_used(const struct sw_recipe *recipe, const char *path, const char *reference)
{
    struct stat one, other;
    struct sw_arn arn, used;
    bool is_arn = sw_arn_parse(reference, "component", &arn);
    bool there = path != NULL && stat(path, &one) == 0;

    for (size_t i = 0; i < recipe->nr_uses; i++) {
        const struct sw_use *use = &recipe->uses[i];

        if (is_arn && sw_arn_parse(use->reference, "component", &used) && strcmp(arn.name, used.name) == 0 &&
            strcmp(arn.owner, used.owner) == 0)
            return true;
        if (there && !use->is_inline && stat(use->component->file, &other) == 0 &&
            one.st_dev == other.st_dev && one.st_ino == other.st_ino)
            return true;
    }
    return false;
}

static const char *platform_name(unsigned platforms)
{
    return sw_platform_name(platforms & SW_LINUX ? SW_LINUX : platforms & SW_WINDOWS ? SW_WINDOWS : SW_MACOS);
}

/* A recipe has one platform. */
static void check_platform(struct sw_recipe_reading *r, const struct sw_node *at, const struct sw_use *use,
                           unsigned platforms)
{
    SW_RULE(r->doc, "platform");

    if (platforms == 0)
        return;
    if (r->platforms != 0 && (r->platforms & platforms) == 0) {
        sw_doc_fault(r->doc, at, "the component '%s' is for %s, and %s for %s: a recipe has one platform",
                     sw_show(use->component->name).text, platform_name(platforms),
                     sw_show(r->narrowed_by).text, platform_name(r->platforms));
        return;
    }
    if (r->platforms == 0 || (r->platforms & platforms) != r->platforms)
        r->narrowed_by = use->component->name;
    r->platforms = r->platforms == 0 ? platforms : r->platforms & platforms;
}

/* *out is NULL after a fault; a sealed one that is not what it should be ends all. */
static int load(struct sw_recipe_reading *r, const struct sw_node *at, const struct found *found,
                const char *reference, struct sw_component **out)
{
    struct sw_opening opening = {.keys = r->overrides->keys, .opener = r->overrides->opener};
    struct sw_err reason = {.code = SW_OK};
    struct sw_arn arn;

    if (sw_arn_parse(reference, "component", &arn)) {
        opening.name = arn.name;
        opening.version = arn.version;
    }
    *out = sw_component_open(found->path, &opening, r->doc->diags, &reason);
    if (*out == NULL && reason.code == SW_INTEGRITY) {
        *r->err = reason;
        return sw_context(r->err, "component '%s'", sw_show(reference).text);
    }
    if (*out == NULL && reason.code != SW_RECIPE)
        sw_doc_fault(r->doc, at, "cannot use the component '%s': %s", sw_show(reference).text, reason.text);
    return 0;
}

/* The platform that the template says, else what the document's actions tell. */
static int declared_platform(struct sw_recipe_reading *r, const struct found *found,
                             const struct sw_component *component, unsigned *out)
{
    const struct sw_node *said = NULL;

    if (found->is_inline && sw_template_property(&r->template, &found->resource, "Platform", &said) < 0)
        return -1;
    *out = sw_recipe_platform(said);
    if (*out == 0)
        *out = sw_component_platforms(component);
    return 0;
}

/* Loads the document into the next use. A fault leaves *use NULL. */
static int add_use(struct sw_recipe_reading *r, const struct sw_node *at, const struct found *found,
                   const char *reference, struct sw_use **use)
{
    struct sw_recipe *recipe = r->recipe;
    struct sw_component *component = NULL;
    unsigned platforms;

    *use = NULL;
    if (is_used(recipe, found->path, reference)) {
        SW_RULE(r->doc, "duplicate-component");

        sw_doc_fault(r->doc, at, "the component '%s' is there twice: a recipe can use it once",
                     sw_show(reference).text);
        return 0;
    }
    if ((found->is_inline ? sw_recipe_inline(r, &found->resource, &component)
                          : load(r, at, found, reference, &component)) < 0)
        return -1;
    if (component == NULL)
        return 0;
    *use = &recipe->uses[recipe->nr_uses++];
    **use = (struct sw_use){.component = component, .reference = reference, .is_inline = found->is_inline};
    if (declared_platform(r, found, component, &platforms) < 0)
        return -1;
    check_platform(r, at, *use, platforms);
    return 0;
}

/* The one field that names the document; NULL with a fault when there are none or both. */
static const struct sw_node *take_reference(struct sw_recipe_reading *r, const struct sw_node *item,
                                            bool *is_arn)
{
    const struct sw_node *file = sw_doc_field(r->doc, item, "component", SW_NODE_SCALAR, false);
    const struct sw_node *arn = sw_doc_field(r->doc, item, "componentArn", SW_NODE_SCALAR, false);

    *is_arn = arn != NULL;
    /* Which one it is only a deployment knows; that was said. */
    if (sw_node_is_unknown(sw_node_get(item, "componentArn")))
        return NULL;
    if ((file == NULL) == (arn == NULL)) {
        sw_doc_fault(r->doc, item, "a component needs %s of 'component: FILE' and 'componentArn: ARN'",
                     file == NULL ? "one" : "one, not both,");
        return NULL;
    }
    file = file != NULL ? file : arn;
    if (file->len > 0)
        return file;
    sw_doc_fault(r->doc, file, "the component's name is empty");
    return NULL;
}

/* An ARN lies in the catalogue; what is in a bucket is where the recipe's inputs say. */
static int find_named(void *arg, const char *name, char **path, struct sw_err *err)
{
    struct sw_recipe_reading *r = arg;
    const struct sw_recipe_input *input = sw_recipe_find_input(r->recipe, name);
    const char *found = NULL;
    struct sw_arn arn;

    *path = NULL;
    if (input != NULL && input->path != NULL) {
        *path = sw_strdup(input->path, err);
        return *path != NULL ? 0 : -1;
    }
    if (!sw_arn_parse(name, "component", &arn))
        return 0;
    if (sw_catalogue_find(r, &arn, &found) < 0)
        return -1;
    if (found == NULL)
        return 0;
    *path = sw_strdup(found, err);
    return *path != NULL ? 0 : -1;
}

/* What a use needs beside its document: values, and the documents that it executes. */
static int complete_use(struct sw_recipe_reading *r, struct sw_use *use, const struct sw_node *at,
                        const struct sw_node *given)
{
    const struct sw_document_finder finder = {find_named, r, r->overrides->keys, r->overrides->opener};

    use->ssm = r->recipe->ssm;
    use->nr_ssm = r->recipe->nr_ssm;
    if (sw_use_values(r, use, at, given) < 0 ||
        sw_use_find_documents(use, &finder, r->doc->diags, r->err) < 0)
        return -1;
    sw_ssm_check(r, use);
    return 0;
}

static int read_use(struct sw_recipe_reading *r, const struct sw_node *item)
{
    static const char *const keys[] = {"component", "componentArn", "parameters", "engine", NULL};
    const struct sw_node *reference, *given;
    struct found found;
    struct sw_use *use;
    bool is_arn;

    if (item->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, item, "a component is %s here, and must be a map ('- component: FILE')",
                     sw_kind_name(item->kind));
        return 0;
    }
    sw_doc_keys(r->doc, item, keys, "a component");
    given = sw_doc_field(r->doc, item, "parameters", SW_NODE_LIST, false);
    reference = take_reference(r, item, &is_arn);
    if (reference == NULL)
        return 0;
    if (find_document(r, reference, is_arn, &found) < 0)
        return -1;
    if (found.path == NULL && !found.is_inline)
        return 0;
    if (add_use(r, reference, &found, reference->text, &use) < 0)
        return -1;
    if (use == NULL)
        return 0;
    use->booted = r->recipe->booted;
    sw_recipe_engine(r, item, &use->booted);
    return complete_use(r, use, reference, given);
}

static int add_from_command_line(struct sw_recipe_reading *r)
{
    for (size_t i = 0; i < r->overrides->nr_components; i++) {
        const char *path = r->overrides->components[i];
        struct found found = {.path = sw_arena_copy(r->doc->arena, path, strlen(path), r->err)};
        struct sw_use *use;

        if (found.path == NULL || add_use(r, NULL, &found, found.path, &use) < 0)
            return -1;
        if (use == NULL)
            continue;
        use->booted = r->recipe->booted;
        if (complete_use(r, use, NULL, NULL) < 0)
            return -1;
    }
    return 0;
}

int sw_recipe_uses(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "components", SW_NODE_LIST, false);
    size_t n = (list != NULL ? list->n : 0) + r->overrides->nr_components;
    SW_RULE(r->doc, "component");

    if (n > SW_RECIPE_MAX_COMPONENTS) {
        sw_doc_fault(r->doc, list, "%zu components: a recipe has at most %d", n,
                     (int)SW_RECIPE_MAX_COMPONENTS);
        return 0;
    }
    r->recipe->uses =
        sw_arena_alloc(r->doc->arena, n + 1, sizeof(*r->recipe->uses), r->err); /* and the cleaning */
    if (r->recipe->uses == NULL)
        return -1;
    for (size_t i = 0; list != NULL && i < list->n; i++)
        if (read_use(r, list->items[i]) < 0)
            return -1;
    return add_from_command_line(r);
}
