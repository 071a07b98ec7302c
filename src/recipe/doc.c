/* Faults of a document, and the checks that every map shares. */
#include "src/recipe/doc.h"

#include "src/base/buf.h"
#include "src/base/mask.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sw_diag *add(struct sw_diags *diags)
{
    struct sw_diag *grown;
    size_t cap;

    if (diags->n == diags->cap) {
        cap = diags->cap > 0 ? 2 * diags->cap : 16;
        grown = reallocarray(diags->items, cap, sizeof(*grown));
        if (grown == NULL)
            return NULL;
        diags->items = grown;
        diags->cap = cap;
    }
    return &diags->items[diags->n];
}

static void note(struct sw_doc *doc, bool warning, size_t line, size_t column, char *message)
{
    struct sw_diags *diags = doc->diags;
    struct sw_diag *diag;
    char *file;

    doc->nr_errors += !warning;
    diags->nr_errors += !warning;
    if (diags->n >= SW_DIAGS_MAX) {
        diags->full = true;
        free(message);
        return;
    }
    diag = message != NULL ? add(diags) : NULL;
    file = diag != NULL ? strdup(doc->file) : NULL;
    if (file == NULL) {
        doc->oom = true;
        free(message);
        return;
    }
    *diag =
        (struct sw_diag){file, line, column, warning, doc->rule != NULL ? doc->rule : "document", message};
    diags->n++;
}

SW_PRINTF(1, 0)
static char *format(const char *fmt, va_list args)
{
    char *text;

    return vasprintf(&text, fmt, args) < 0 ? NULL : text;
}

#define NOTE(warning, line, column)                          \
    do {                                                     \
        va_list args;                                        \
        va_start(args, fmt);                                 \
        note(doc, warning, line, column, format(fmt, args)); \
        va_end(args);                                        \
    } while (0)

void sw_doc_fault(struct sw_doc *doc, const struct sw_node *at, const char *fmt, ...)
{
    NOTE(false, at != NULL ? at->line : 0, at != NULL ? at->column : 0);
}

void sw_doc_fault_at(struct sw_doc *doc, size_t line, size_t column, const char *fmt, ...)
{
    NOTE(false, line, column);
}

void sw_doc_warn(struct sw_doc *doc, const struct sw_node *at, const char *fmt, ...)
{
    NOTE(true, at != NULL ? at->line : 0, at != NULL ? at->column : 0);
}

void sw_doc_warn_at(struct sw_doc *doc, size_t line, size_t column, const char *fmt, ...)
{
    NOTE(true, line, column);
}

static int by_place(const void *a, const void *b)
{
    const struct sw_diag *x = a, *y = b;
    int files = strcmp(x->file, y->file);

    if (files != 0)
        return files;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return strcmp(x->message, y->message);
}

void sw_diags_sort(struct sw_diags *diags)
{
    if (diags->n > 1)
        qsort(diags->items, diags->n, sizeof(diags->items[0]), by_place);
}

void sw_diags_free(struct sw_diags *diags)
{
    for (size_t i = 0; i < diags->n; i++) {
        free(diags->items[i].file);
        free(diags->items[i].message);
    }
    free(diags->items);
    *diags = (struct sw_diags){0};
}

void sw_diags_mask(struct sw_diags *diags, const struct sw_mask *mask)
{
    for (size_t i = 0; !sw_mask_is_empty(mask) && i < diags->n; i++) {
        char **message = &diags->items[i].message;
        SW_AUTO_BUF struct sw_buf masked = {0};
        struct sw_err ignored = {.code = SW_OK};

        if (sw_mask_text(mask, *message, strlen(*message), &masked, &ignored) < 0)
            continue;
        free(*message);
        *message = sw_buf_steal(&masked);
    }
}

int sw_doc_verdict(const struct sw_doc *doc, struct sw_err *err)
{
    const struct sw_diags *diags = doc->diags;
    const struct sw_diag *first = NULL;

    if (doc->oom)
        return sw_fail(err, SW_FAILED, "out of memory");
    if (doc->nr_errors == 0)
        return 0;
    for (size_t i = doc->first; i < diags->n; i++) {
        const struct sw_diag *diag = &diags->items[i];

        if (!diag->warning && (first == NULL || by_place(diag, first) < 0))
            first = diag;
    }
    if (first == NULL)
        return sw_fail(err, SW_RECIPE, "%s: %zu faults", doc->file, doc->nr_errors);
    if (first->line == 0)
        sw_fail(err, SW_RECIPE, "%s: %s", first->file, first->message);
    else
        sw_fail(err, SW_RECIPE, "%s:%zu:%zu: %s", first->file, first->line, first->column, first->message);
    if (doc->nr_errors > 1) {
        size_t len = strlen(err->text);

        snprintf(err->text + len, sizeof(err->text) - len, " (and %zu more: see slipway lint)",
                 doc->nr_errors - 1);
    }
    return -1;
}

bool sw_doc_guesses(const struct sw_doc *doc)
{
    return doc->nr_errors < 100;
}

void sw_doc_keys(struct sw_doc *doc, const struct sw_node *map, const char *const *known, const char *what)
{
    SW_RULE(doc, "unknown-field");

    for (size_t i = 0; i < map->n; i++) {
        const struct sw_node *key = map->keys[i];
        struct sw_guess guess = {.word = key->text};

        if (sw_word_find(known, key->text) >= 0)
            continue;
        for (size_t k = 0; known[k] != NULL && sw_doc_guesses(doc); k++)
            sw_guess_offer(&guess, known[k]);
        sw_doc_fault(doc, key, "%s has no field '%s'%s", what, sw_show(key->text).text,
                     sw_guess_hint(&guess).text);
    }
}

const struct sw_node *sw_doc_field(struct sw_doc *doc, const struct sw_node *map, const char *key,
                                   enum sw_node_kind kind, bool required)
{
    const struct sw_node *node = sw_node_get(map, key);
    SW_RULE(doc, "missing-field");

    if (sw_node_is_unknown(node))
        return NULL;
    if (sw_node_is_null(node)) {
        if (required)
            sw_doc_fault(doc, node != NULL ? node : map, "'%s' is %s", key,
                         node != NULL ? "empty" : "missing");
        return NULL;
    }
    if (node->kind != kind) {
        doc->rule = "wrong-kind";
        sw_doc_fault(doc, node, "'%s' is %s here, and must be %s", key, sw_kind_name(node->kind),
                     sw_kind_name(kind));
        return NULL;
    }
    return node;
}

const char *sw_doc_text(struct sw_doc *doc, const struct sw_node *map, const char *key, bool required)
{
    const struct sw_node *node = sw_doc_field(doc, map, key, SW_NODE_SCALAR, required);

    if (node == NULL)
        return NULL;
    if (required && node->len == 0) {
        SW_RULE(doc, "missing-field");

        sw_doc_fault(doc, node, "'%s' is empty", key);
        return NULL;
    }
    return node->text;
}

bool sw_doc_flag(struct sw_doc *doc, const struct sw_node *node, const char *key)
{
    bool value = false;

    if (node != NULL && sw_text_bool(node->text, &value) < 0)
        sw_doc_fault(doc, node, "'%s' is '%s': it must be true or false", key, sw_show(node->text).text);
    return value;
}
