/* Loops: for, forEach over a list, forEach over a text with a delimiter; read, and turned into values. */
#include "src/recipe/loops.h"

#include "src/base/buf.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- Reading ----------------------------------------------------------------------------------------------- */

static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

static void read_name(struct sw_reading *r, const struct sw_node *node, const struct sw_phase *phase,
                      struct sw_loop *loop)
{
    const struct sw_node *name = sw_doc_field(r->doc, node, "name", SW_NODE_SCALAR, false);

    if (name == NULL || name->len == 0)
        return;
    loop->name = name->text;
    if (name->text[strspn(name->text, name_chars)] != '\0')
        sw_doc_fault(r->doc, name, "the loop's name '%s' must be of letters, digits, '_' and '-'",
                     sw_show(name->text).text);
    for (size_t i = 0; i < phase->nr_steps; i++) {
        const struct sw_loop *other = phase->steps[i].loop;

        if (other != NULL && other->name != NULL && strcmp(other->name, loop->name) == 0)
            sw_doc_fault(r->doc, name, "the loop name '%s' is there twice in this phase",
                         sw_show(loop->name).text);
    }
}

/* Digits with a sign; false after a fault. */
static bool read_integer(struct sw_reading *r, const struct sw_node *node, const char *key, int64_t *out)
{
    const struct sw_node *text = sw_doc_field(r->doc, node, key, SW_NODE_SCALAR, true);
    char *end;

    if (text == NULL)
        return false;
    errno = 0;
    *out = strtoll(text->text, &end, 10);
    if (text->len > 0 && text->text[strspn(text->text, "-+0123456789")] == '\0' && *end == '\0' &&
        errno == 0 && *out >= INT32_MIN && *out <= INT32_MAX)
        return true;
    sw_doc_fault(r->doc, text, "'%s' is '%s': it must be an integer%s", key, sw_show(text->text).text,
                 sw_has_reference(text->text) ? ", and no reference" : "");
    return false;
}

static void read_for(struct sw_reading *r, const struct sw_node *node, struct sw_loop *loop)
{
    static const char *const keys[] = {"start", "end", "updateBy", NULL};
    const struct sw_node *by = sw_node_get(node, "updateBy");
    bool start, end, update;

    sw_doc_keys(r->doc, node, keys, "'for'");
    start = read_integer(r, node, "start", &loop->start);
    end = read_integer(r, node, "end", &loop->end);
    update = read_integer(r, node, "updateBy", &loop->update_by);
    if (update && loop->update_by == 0)
        sw_doc_fault(r->doc, by, "'updateBy' is 0: the loop has no end");
    else if (start && end && update && loop->start != loop->end &&
             (loop->end > loop->start) != (loop->update_by > 0))
        sw_doc_fault(r->doc, by, "'updateBy' leads away from 'end': the loop has no end");
    else if (start && end && update && (loop->end - loop->start) / loop->update_by >= SW_LOOP_MAX_TURNS)
        sw_doc_fault(r->doc, node, "the loop has more than %d turns", (int)SW_LOOP_MAX_TURNS);
}

static void read_list(struct sw_reading *r, const struct sw_node *list, struct sw_loop *loop)
{
    loop->kind = SW_LOOP_LIST;
    loop->list = list;
    if (list->n == 0)
        sw_doc_fault(r->doc, list, "'forEach' is empty");
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i]->kind != SW_NODE_SCALAR)
            sw_doc_fault(r->doc, list->items[i], "an entry of 'forEach' is %s here, and must be a text",
                         sw_kind_name(list->items[i]->kind));
}

static void read_delimited(struct sw_reading *r, const struct sw_node *map, struct sw_loop *loop)
{
    static const char *const keys[] = {"list", "delimiter", NULL};
    const struct sw_node *delimiter = sw_doc_field(r->doc, map, "delimiter", SW_NODE_SCALAR, false);

    sw_doc_keys(r->doc, map, keys, "'forEach'");
    loop->kind = SW_LOOP_DELIMITED;
    loop->list = sw_doc_field(r->doc, map, "list", SW_NODE_SCALAR, true);
    loop->delimiter = ',';
    if (delimiter == NULL)
        return;
    loop->delimiter = delimiter->text[0];
    if (delimiter->len != 1 || strchr(".,;:\n\t -_", delimiter->text[0]) == NULL)
        sw_doc_fault(r->doc, delimiter,
                     "the delimiter is '%s': it must be one of . , ; : - _ blank, \"\\t\", \"\\n\"",
                     sw_show(delimiter->text).text);
}

static void read_each(struct sw_reading *r, const struct sw_node *node, struct sw_loop *loop)
{
    if (node->kind == SW_NODE_LIST)
        read_list(r, node, loop);
    else if (node->kind == SW_NODE_MAP)
        read_delimited(r, node, loop);
    else
        sw_doc_fault(r->doc, node, "'forEach' is %s here, and must be a list, or a map of list and delimiter",
                     sw_kind_name(node->kind));
}

int sw_read_loop(struct sw_reading *r, const struct sw_node *node, const struct sw_phase *phase,
                 struct sw_step *step)
{
    SW_RULE(r->doc, "loop");
    static const char *const keys[] = {"name", "for", "forEach", NULL};
    size_t before = r->doc->nr_errors;
    const struct sw_node *range, *each;
    struct sw_loop *loop;

    if (node == NULL)
        return 0;
    loop = sw_arena_alloc(r->doc->arena, 1, sizeof(*loop), r->err);
    if (loop == NULL)
        return -1;
    step->loop = loop;
    sw_doc_keys(r->doc, node, keys, "a loop");
    read_name(r, node, phase, loop);
    range = sw_doc_field(r->doc, node, "for", SW_NODE_MAP, false);
    each = sw_node_get(node, "forEach");
    if ((range == NULL) == sw_node_is_null(each)) {
        if (r->doc->nr_errors == before)
            sw_doc_fault(r->doc, node, "a loop needs %s of 'for' and 'forEach'",
                         range == NULL ? "one" : "one, not both,");
    } else if (range != NULL) {
        read_for(r, range, loop);
    } else {
        read_each(r, each, loop);
    }
    return 0;
}

/* ---- Values ------------------------------------------------------------------------------------------------ */

/* text: DELIMITED: the list. */
static int count_values(const struct sw_loop *loop, const char *text, size_t *n, struct sw_err *err)
{
    switch (loop->kind) {
    case SW_LOOP_FOR:
        *n = (size_t)((loop->end - loop->start) / loop->update_by) + 1;
        break;
    case SW_LOOP_LIST:
        *n = loop->list->n;
        break;
    case SW_LOOP_DELIMITED:
        *n = text[0] != '\0';
        for (; *text != '\0'; text++)
            *n += *text == loop->delimiter;
        break;
    }
    if (*n > SW_LOOP_MAX_TURNS)
        return sw_fail(err, SW_RECIPE, "the loop has more than %d turns", (int)SW_LOOP_MAX_TURNS);
    return 0;
}

/* *text: DELIMITED: what is left of the list. */
static char *next_value(const struct sw_scope *scope, const struct sw_loop *loop, size_t i, const char **text,
                        struct sw_err *err)
{
    const char *begin = *text, *end;

    if (loop->kind == SW_LOOP_FOR)
        return sw_strf(err, "%" PRId64, loop->start + (int64_t)i * loop->update_by);
    if (loop->kind == SW_LOOP_LIST)
        return sw_resolve(scope, loop->list->items[i]->text, err);
    end = strchrnul(begin, loop->delimiter);
    *text = *end != '\0' ? end + 1 : end;
    return sw_strf(err, "%.*s", (int)(end - begin), begin);
}

int sw_loop_values(const struct sw_scope *scope, const struct sw_loop *loop, char ***values, size_t *n,
                   struct sw_err *err)
{
    SW_AUTO_FREE char *list =
        loop->kind == SW_LOOP_DELIMITED ? sw_resolve(scope, loop->list->text, err) : sw_strdup("", err);
    size_t count = 0, total = 0;
    const char *text = list;
    char **out;

    if (list == NULL || count_values(loop, text, &count, err) < 0)
        return sw_context(err, "loop");
    out = sw_calloc(count + 1, sizeof(*out), err);
    for (size_t i = 0; out != NULL && i < count; i++) {
        out[i] = next_value(scope, loop, i, &text, err);
        if (out[i] != NULL)
            total += strlen(out[i]);
        if (total > SW_EXPAND_MAX_BYTES)
            sw_fail(err, SW_RECIPE, "the loop's list grows beyond %zu bytes with its references",
                    SW_EXPAND_MAX_BYTES);
        if (out[i] == NULL || total > SW_EXPAND_MAX_BYTES) {
            sw_texts_free(out);
            return sw_context(err, "loop");
        }
    }
    if (out == NULL)
        return -1;
    *values = out;
    *n = count;
    return 0;
}
