/* A document while it is checked: where its faults go, and the checks that every map shares. */
#ifndef SW_RECIPE_DOC_H
#define SW_RECIPE_DOC_H

#include "slipway/recipe.h"
#include "src/recipe/arena.h"

/* AWS's limit for a component's inline data, in characters. */
enum { SW_INLINE_MAX_CHARS = 16000 };
/* The largest document that is read. */
#define SW_DOC_MAX_BYTES ((size_t)1 << 20)

struct sw_doc {
    const char *file;
    struct sw_diags *diags;
    struct sw_arena *arena;
    size_t chars;     /* the length of its text */
    size_t first;     /* diags->n when this document began */
    size_t nr_errors; /* of this document */
    bool oom;         /* a fault could not be kept: memory is out */
    const char *rule; /* of the faults that are added now; NULL: "document" */
    /* Lines and columns before its text, when that lies within another file. */
    uint32_t lines_before, columns_before;
};

/* Until the end of the scope, faults belong to this rule. */
struct sw_rule_scope {
    struct sw_doc *doc;
    const char *before;
};
static inline struct sw_rule_scope sw_rule_begin(struct sw_doc *doc, const char *rule)
{
    struct sw_rule_scope scope = {doc, doc->rule};

    doc->rule = rule;
    return scope;
}
static inline void sw_rule_end(const struct sw_rule_scope *scope)
{
    scope->doc->rule = scope->before;
}
#define SW_RULE(doc, name)  \
    SW_CLEANUP(sw_rule_end) \
    struct sw_rule_scope sw_rule_scope_ __attribute__((unused)) = sw_rule_begin(doc, name)

/* A fault at a node (NULL: the file as a whole), or at a place. */
void sw_doc_fault(struct sw_doc *doc, const struct sw_node *at, const char *fmt, ...) SW_PRINTF(3, 4);
void sw_doc_fault_at(struct sw_doc *doc, size_t line, size_t column, const char *fmt, ...) SW_PRINTF(4, 5);
void sw_doc_warn(struct sw_doc *doc, const struct sw_node *at, const char *fmt, ...) SW_PRINTF(3, 4);
void sw_doc_warn_at(struct sw_doc *doc, size_t line, size_t column, const char *fmt, ...) SW_PRINTF(4, 5);

/* 0 when the document has no error; else -1 and err: SW_RECIPE with the first of them. */
SW_MUST_CHECK int sw_doc_verdict(const struct sw_doc *doc, struct sw_err *err);

/* Text from a document as a message shows it: cut, control characters and direction marks as \u{…}. */
struct sw_shown {
    char text[96];
};
struct sw_shown sw_show(const char *text);

/* "did you mean": offer every candidate, then append sw_guess_hint() to the message. */
struct sw_guess {
    const char *word, *best;
    unsigned distance;
};
void sw_guess_offer(struct sw_guess *guess, const char *candidate);
/* " (did you mean 'x'?)", or nothing when no candidate is near. */
struct sw_shown sw_guess_hint(const struct sw_guess *guess);

/* True until so many faults were found that looking for what was meant costs more than it helps. */
bool sw_doc_guesses(const struct sw_doc *doc);

/* Faults for keys of the map that are not in the NULL-terminated list. what: "a step". */
void sw_doc_keys(struct sw_doc *doc, const struct sw_node *map, const char *const *known, const char *what);

/*
 * The field, when it is there with this kind; else NULL, with a fault for another kind, and for a missing one when
 * it is required. A null counts as left out.
 */
const struct sw_node *sw_doc_field(struct sw_doc *doc, const struct sw_node *map, const char *key,
                                   enum sw_node_kind kind, bool required);
/* The same for a text; required ones are not empty. */
const char *sw_doc_text(struct sw_doc *doc, const struct sw_node *map, const char *key, bool required);

/* A value that only a deployment at AWS knows: it is there, and nothing can be said about it. */
bool sw_node_is_unknown(const struct sw_node *node);
/* A scalar that says true or false; a fault for anything else. NULL is false. */
bool sw_doc_flag(struct sw_doc *doc, const struct sw_node *node, const char *key);

/* "a text", "a list", "a map". */
const char *sw_kind_name(enum sw_node_kind kind);

/* A place within a scalar's text. Begin with {0} and move forward only: a long text is then walked once. */
struct sw_place {
    size_t offset; /* bytes of the text before it */
    size_t line, column;
};
/* Moves to text + offset, as near as the source tells. */
void sw_place_move(struct sw_place *place, const struct sw_node *node, size_t offset);

/* The place in the list, or -1: a word of a closed set. */
int sw_word_find(const char *const *words, const char *word);

/* Characters of UTF-8 text. */
size_t sw_utf8_chars(const char *text, size_t len);

#endif
