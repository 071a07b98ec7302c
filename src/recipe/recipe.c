/* Recipes: from a file to a checked struct sw_recipe with all its components. */
#include "src/recipe/recipe.h"

#include "src/base/digest.h"
#include "src/base/fs.h"
#include "src/base/json.h"
#include "src/base/mask.h"
#include "src/recipe/component.h"
#include "src/recipe/documents.h"
#include "src/recipe/ssm.h"

#include <string.h>

const char *sw_recipe_path(struct sw_recipe_reading *r, const char *name)
{
    SW_AUTO_FREE char *joined = NULL;

    if (strcmp(r->recipe->dir, ".") == 0)
        return sw_arena_copy(r->doc->arena, name, strlen(name), r->err);
    joined = sw_path_join(r->recipe->dir, name, r->err);
    return joined != NULL ? sw_arena_copy(r->doc->arena, joined, strlen(joined), r->err) : NULL;
}

static int set_folder(struct sw_recipe_reading *r)
{
    SW_AUTO_FREE char *dir = sw_path_dir(r->doc->file, r->err);

    if (dir == NULL)
        return -1;
    r->recipe->file = r->doc->file;
    r->recipe->dir = sw_arena_copy(r->doc->arena, dir, strlen(dir), r->err);
    return r->recipe->dir != NULL ? 0 : -1;
}

/* Windows has a working directory of its own. */
static void set_platforms(struct sw_recipe_reading *r)
{
    struct sw_recipe *recipe = r->recipe;

    recipe->platforms = r->platforms != 0 ? r->platforms : SW_LINUX | SW_WINDOWS | SW_MACOS;
    if (recipe->platforms == SW_WINDOWS && strcmp(recipe->working_directory, "/tmp") == 0)
        recipe->working_directory = "C:/";
}

static void check_distribution(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *list = sw_doc_field(r->doc, root, "distribution", SW_NODE_LIST, false);

    if (list != NULL)
        sw_distribution_check(r->doc, list);
}

static int read_parts(struct sw_recipe_reading *r, const struct sw_node *root)
{
    SW_RULE(r->doc, "recipe");

    if (sw_recipe_read_secrets(r) < 0)
        return -1;
    r->template.given = r->secrets;
    if (set_folder(r) < 0 || sw_catalogues_load(r) < 0 || sw_recipe_shape(r, root, &root) < 0)
        return -1;
    if (root == NULL)
        return 0;
    r->recipe->root = root;
    if (sw_recipe_ssm(r, root) < 0 || sw_recipe_fields(r, root) < 0 || sw_recipe_outputs(r, root) < 0 ||
        sw_recipe_inputs(r, root) < 0)
        return -1;
    check_distribution(r, root);
    if (sw_recipe_uses(r, root) < 0 || sw_recipe_cleanup(r, root) < 0)
        return -1;
    set_platforms(r);
    return 0;
}

static void free_uses(struct sw_recipe *recipe)
{
    for (size_t i = 0; i < recipe->nr_uses; i++)
        sw_use_clear(&recipe->uses[i]);
    recipe->nr_uses = 0;
}

static int keep_secrets(struct sw_recipe_reading *r)
{
    const struct sw_template *t = &r->template;
    struct sw_recipe *recipe = r->recipe;

    recipe->secrets =
        sw_arena_alloc(r->doc->arena, t->nr_secrets + recipe->nr_ssm, sizeof(*recipe->secrets), r->err);
    if (recipe->secrets == NULL)
        return -1;
    for (size_t i = 0; i < t->nr_secrets; i++)
        recipe->secrets[recipe->nr_secrets++] = t->secrets[i];
    for (size_t i = 0; i < recipe->nr_ssm; i++)
        if (recipe->ssm[i].secret)
            recipe->secrets[recipe->nr_secrets++] = recipe->ssm[i].value;
    return 0;
}

static void hide_secrets(struct sw_recipe_reading *r)
{
    struct sw_err ignored = {.code = SW_OK};
    SW_AUTO_MASK struct sw_mask *mask = r->template.nr_secrets > 0 ? sw_mask_new(&ignored) : NULL;
    bool whole = mask != NULL;

    for (size_t i = 0; mask != NULL && i < r->template.nr_secrets; i++)
        whole = sw_mask_add(mask, r->template.secrets[i], &ignored) == 0 && whole;
    if (r->template.nr_secrets > 0 && !whole) {
        sw_diags_free(r->doc->diags);
        sw_fail(r->err, SW_FAILED, "out of memory");
        return;
    }
    sw_diags_mask(r->doc->diags, mask);
    sw_mask_err(mask, r->err);
}

static struct sw_recipe *check(struct sw_recipe_reading *r, const struct sw_node *root)
{
    static const struct sw_overrides none = {0};
    struct sw_doc *doc = r->doc;
    struct sw_err *err = r->err;
    size_t before = doc->diags->nr_errors - doc->nr_errors;

    if (r->overrides == NULL)
        r->overrides = &none;
    r->template =
        (struct sw_template){.doc = doc, .overrides = r->overrides, .err = err, .lenient = r->lenient};
    r->recipe = sw_arena_alloc(doc->arena, 1, sizeof(*r->recipe), err);
    if (r->recipe == NULL)
        return NULL;
    if ((root != NULL && read_parts(r, root) < 0) || keep_secrets(r) < 0) {
        free_uses(r->recipe);
        return NULL;
    }
    /* Faults of the components count as the recipe's own. */
    doc->nr_errors = doc->diags->nr_errors - before;
    if (sw_doc_verdict(doc, err) < 0 || sw_recipe_check_overrides(r) < 0) {
        free_uses(r->recipe);
        return NULL;
    }
    r->recipe->arena = SW_STEAL_PTR(doc->arena);
    return r->recipe;
}

struct sw_recipe *sw_recipe_check(struct sw_recipe_reading *r, const struct sw_node *root)
{
    struct sw_recipe *recipe = check(r, root);

    if (r->template.nr_secrets > 0)
        hide_secrets(r);
    return recipe;
}

/* `file#Name` is a recipe of a template, unless a file has that very name. Free *file. */
static const char *split_path(const char *path, char **file, struct sw_err *err)
{
    const char *hash = strrchr(path, '#');

    *file = sw_strdup(path, err);
    if (*file == NULL || hash == NULL || sw_path_exists(path))
        return NULL;
    (*file)[hash - path] = '\0';
    return hash + 1;
}

struct sw_recipe *sw_recipe_load(const char *path, const struct sw_overrides *overrides,
                                 struct sw_diags *diags, struct sw_err *err)
{
    SW_CLEANUP(sw_diags_free) struct sw_diags own = {0};
    struct sw_doc doc = {.diags = diags != NULL ? diags : &own};
    struct sw_recipe_reading r = {.doc = &doc, .overrides = overrides, .err = err};
    SW_AUTO_FREE char *file = NULL;
    const struct sw_node *root = NULL;
    struct sw_recipe *recipe = NULL;

    r.resource = split_path(path, &file, err);
    if (file != NULL && sw_doc_read(&doc, file, &root, err) == 0)
        recipe = sw_recipe_check(&r, root);
    sw_arena_free(doc.arena);
    sw_diags_sort(doc.diags);
    return recipe;
}

void sw_recipe_free(struct sw_recipe *recipe)
{
    if (recipe == NULL)
        return;
    free_uses(recipe);
    sw_arena_free(recipe->arena);
}

/* The record of a plan is kept in the store, where it may be read: a secret is not there itself. */
static json_t *secret_digest(const char *owner, const struct sw_value *value, struct sw_err *err)
{
    SW_AUTO_FREE char *salt = sw_strf(err, "slipway plan key\n%s\n%s", owner, value->name);
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (salt == NULL || sw_slow_digest(value->value, salt, digest, err) < 0)
        return NULL;
    sw_hex(digest, sizeof(digest), hex);
    return json_pack("{s:s}", "secret", hex);
}

static json_t *canonical_value(const struct sw_use *use, size_t i, struct sw_err *err)
{
    const struct sw_value *value = &use->values[i];

    if (use->secret != NULL && use->secret[i])
        return secret_digest(use->component->name, value, err);
    return json_string(value->value);
}

/* The whole table: which of its names a document takes may depend on what a step leaves. */
static json_t *canonical_ssm(const struct sw_use *use, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();

    for (size_t i = 0; i < use->nr_ssm; i++) {
        const struct sw_value value = {use->ssm[i].name, use->ssm[i].value};

        if (sw_json_set(out, value.name,
                        use->ssm[i].secret ? secret_digest("ssm", &value, err) : json_string(value.value),
                        err) < 0)
            return NULL;
    }
    return SW_STEAL_PTR(out);
}

static json_t *canonical_plain(const struct sw_use *use, struct sw_err *err)
{
    SW_AUTO_JSON json_t *out = json_object();
    json_t *values = json_object();

    for (size_t i = 0; i < use->nr_values; i++) {
        if (sw_json_set(values, use->values[i].name, canonical_value(use, i, err), err) < 0) {
            json_decref(values);
            return NULL;
        }
    }
    if (sw_json_set(out, "parameters", values, err) < 0 ||
        sw_json_set(out, "digest", json_string(use->component->digest), err) < 0 ||
        sw_json_set(out, "document", sw_node_json(use->component->root, err), err) < 0 ||
        (use->nr_documents > 0 && sw_json_set(out, "documents", sw_documents_json(use, err), err) < 0) ||
        (sw_ssm_matters(use) && sw_json_set(out, "ssm", canonical_ssm(use, err), err) < 0))
        return NULL;
    return SW_STEAL_PTR(out);
}

bool sw_use_holds_sealed(const struct sw_use *use)
{
    bool sealed = use->component->sealed != NULL;

    for (size_t i = 0; i < use->nr_documents; i++)
        sealed |= use->documents[i].component->sealed != NULL;
    return sealed;
}

/* Neither the document nor its defaults stand in the store's records, nor a digest that a guess is quickly held against. */
json_t *sw_use_canonical(const struct sw_use *use, struct sw_err *err)
{
    SW_AUTO_JSON json_t *plain = canonical_plain(use, err);
    SW_AUTO_FREE char *text = NULL;
    SW_AUTO_FREE char *salt = NULL;
    uint8_t digest[SW_SHA256_BYTES];
    char hex[SW_SHA256_HEX];

    if (plain == NULL || !sw_use_holds_sealed(use))
        return SW_STEAL_PTR(plain);
    text = sw_json_canonical(plain, err);
    salt = sw_strf(err, "slipway sealed component\n%s", use->component->name);
    if (text == NULL || salt == NULL || sw_slow_digest(text, salt, digest, err) < 0)
        return NULL;
    explicit_bzero(text, strlen(text));
    sw_hex(digest, sizeof(digest), hex);
    return json_pack("{s:s}", "sealed", hex);
}
