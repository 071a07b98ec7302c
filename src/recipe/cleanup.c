/* cleanup: of a recipe: how much to clean, and the component that does it. */
#include "src/base/buf.h"
#include "src/recipe/builtin.h"
#include "src/recipe/component.h"
#include "src/recipe/recipe.h"

#include <string.h>

/* As sections are called in the document, in the markers that keep them, and in `skip:`. */
static const char *const sections[] = {
    "cloudinit_files", "instance_files",  "ssh_files",      "instance_log_files", "toe_files",
    "ssm_log_files",   "shell_histories", "package_caches", "network_identity",   "tmp_files",
    "log_files",       "crash_data",      "mail_spools",    "password_backups",   NULL,
};

static const char *const levels[] = {"none", "service", "full", NULL};

static const char *read_level(struct sw_recipe_reading *r, const struct sw_node *node)
{
    int found = node != NULL ? sw_word_find(levels, node->text) : 0;

    if (found >= 0)
        return found > 0 ? levels[found] : NULL;
    sw_doc_fault(r->doc, node, "cleanup is '%s': it must be none, service or full", sw_show(node->text).text);
    return NULL;
}

static int read_skip(struct sw_recipe_reading *r, const struct sw_node *list, struct sw_buf *skip)
{
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        const struct sw_node *item = list->items[i];
        struct sw_guess guess = {.word = item->text};

        if (item->kind == SW_NODE_SCALAR && sw_word_find(sections, item->text) >= 0) {
            if (sw_buf_printf(skip, r->err, "%s%s", skip->len > 0 ? "," : "", item->text) < 0)
                return -1;
            continue;
        }
        for (size_t k = 0; item->kind == SW_NODE_SCALAR && sections[k] != NULL; k++)
            sw_guess_offer(&guess, sections[k]);
        sw_doc_fault(r->doc, item, "cleanup has no section '%s'%s",
                     item->kind == SW_NODE_SCALAR ? sw_show(item->text).text : sw_kind_name(item->kind),
                     item->kind == SW_NODE_SCALAR ? sw_guess_hint(&guess).text : "");
    }
    return 0;
}

/* The level, or NULL for none; skip gets the sections to keep. */
static int read_field(struct sw_recipe_reading *r, const struct sw_node *node, const char **level,
                      struct sw_buf *skip)
{
    static const char *const keys[] = {"level", "skip", NULL};

    *level = NULL;
    if (sw_node_is_null(node))
        return 0;
    if (node->kind == SW_NODE_SCALAR) {
        *level = read_level(r, node);
        return 0;
    }
    if (node->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, node, "'cleanup' is %s here, and must be a word or a map of level and skip",
                     sw_kind_name(node->kind));
        return 0;
    }
    sw_doc_keys(r->doc, node, keys, "cleanup");
    *level = read_level(r, sw_doc_field(r->doc, node, "level", SW_NODE_SCALAR, true));
    return read_skip(r, sw_doc_field(r->doc, node, "skip", SW_NODE_LIST, false), skip);
}

/* Its values come from the field alone: the command line's parameters are for the recipe's own components. */
static int set_values(struct sw_recipe_reading *r, struct sw_use *use, const char *level, const char *skip)
{
    struct sw_value *values = sw_arena_alloc(r->doc->arena, 2, sizeof(*values), r->err);

    if (values == NULL)
        return -1;
    values[0] = (struct sw_value){"Level", level};
    values[1] = (struct sw_value){"Skip", sw_arena_copy(r->doc->arena, skip, strlen(skip), r->err)};
    use->values = values;
    use->nr_values = 2;
    return values[1].value != NULL ? 0 : -1;
}

int sw_recipe_cleanup(struct sw_recipe_reading *r, const struct sw_node *root)
{
    const struct sw_node *node = sw_node_get(root, "cleanup");
    SW_AUTO_BUF struct sw_buf skip = {0};
    struct sw_use *use;
    const char *level, *text;
    size_t len;

    if (read_field(r, node, &level, &skip) < 0)
        return -1;
    if (level == NULL || r->recipe->uses == NULL)
        return 0;
    if (r->platforms != 0 && (r->platforms & SW_LINUX) == 0) {
        sw_doc_fault(r->doc, node, "cleanup is for Linux, and '%s' is not", sw_show(r->narrowed_by).text);
        return 0;
    }
    text = sw_builtin_cleanup(&len);
    use = &r->recipe->uses[r->recipe->nr_uses];
    *use = (struct sw_use){.component =
                               sw_component_parse(text, len, "cleanup.yml (slipway's own)", NULL, r->err),
                           .reference = "cleanup",
                           .cleaning = true};
    if (use->component == NULL)
        return -1;
    r->recipe->nr_uses++;
    return set_values(r, use, level, skip.len > 0 ? skip.data : "");
}
