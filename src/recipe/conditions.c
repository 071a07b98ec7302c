/* Conditions as documents write them: one operator in a map, with `value`, `path`, `then` and `else` beside it. */
#include "src/recipe/conditions.h"

#include "src/base/digest.h"
#include "src/recipe/pattern.h"

#include <string.h>

static const struct {
    const char *name;
    enum sw_operator_group group;
    const char *second; /* the key that must be there too */
    size_t hash_bytes;
} operators[] = {
    [SW_OP_AND] = {"and", SW_GROUP_LOGICAL, NULL, 0},
    [SW_OP_OR] = {"or", SW_GROUP_LOGICAL, NULL, 0},
    [SW_OP_NOT] = {"not", SW_GROUP_LOGICAL, NULL, 0},
    [SW_OP_STRING_IS_EMPTY] = {"stringIsEmpty", SW_GROUP_TEXT, NULL, 0},
    [SW_OP_STRING_IS_WHITESPACE] = {"stringIsWhitespace", SW_GROUP_TEXT, NULL, 0},
    [SW_OP_STRING_EQUALS] = {"stringEquals", SW_GROUP_TEXTS, "value", 0},
    [SW_OP_STRING_LESS_THAN] = {"stringLessThan", SW_GROUP_TEXTS, "value", 0},
    [SW_OP_STRING_LESS_THAN_EQUALS] = {"stringLessThanEquals", SW_GROUP_TEXTS, "value", 0},
    [SW_OP_STRING_GREATER_THAN] = {"stringGreaterThan", SW_GROUP_TEXTS, "value", 0},
    [SW_OP_STRING_GREATER_THAN_EQUALS] = {"stringGreaterThanEquals", SW_GROUP_TEXTS, "value", 0},
    [SW_OP_PATTERN_MATCHES] = {"patternMatches", SW_GROUP_PATTERN, "value", 0},
    [SW_OP_NUMBER_EQUALS] = {"numberEquals", SW_GROUP_NUMBERS, "value", 0},
    [SW_OP_NUMBER_LESS_THAN] = {"numberLessThan", SW_GROUP_NUMBERS, "value", 0},
    [SW_OP_NUMBER_LESS_THAN_EQUALS] = {"numberLessThanEquals", SW_GROUP_NUMBERS, "value", 0},
    [SW_OP_NUMBER_GREATER_THAN] = {"numberGreaterThan", SW_GROUP_NUMBERS, "value", 0},
    [SW_OP_NUMBER_GREATER_THAN_EQUALS] = {"numberGreaterThanEquals", SW_GROUP_NUMBERS, "value", 0},
    [SW_OP_BINARY_EXISTS] = {"binaryExists", SW_GROUP_EXISTS, NULL, 0},
    [SW_OP_FILE_EXISTS] = {"fileExists", SW_GROUP_EXISTS, NULL, 0},
    [SW_OP_FOLDER_EXISTS] = {"folderExists", SW_GROUP_EXISTS, NULL, 0},
    [SW_OP_FILE_MD5_EQUALS] = {"fileMD5Equals", SW_GROUP_HASH, "path", 16},
    [SW_OP_FILE_SHA1_EQUALS] = {"fileSHA1Equals", SW_GROUP_HASH, "path", 20},
    [SW_OP_FILE_SHA256_EQUALS] = {"fileSHA256Equals", SW_GROUP_HASH, "path", 32},
    [SW_OP_FILE_SHA512_EQUALS] = {"fileSHA512Equals", SW_GROUP_HASH, "path", 64},
};

const char *sw_operator_name(enum sw_operator op)
{
    return operators[op].name;
}

enum sw_operator_group sw_operator_group(enum sw_operator op)
{
    return operators[op].group;
}

size_t sw_operator_hash_bytes(enum sw_operator op)
{
    return operators[op].hash_bytes;
}

/* `then` and `else`, wherever they stood. */
struct branches {
    const struct sw_node *then, *otherwise;
};

/* ---- What can be said of the texts already ----------------------------------------------------------------- */

static void check_number(struct sw_reading *r, enum sw_operator op, const struct sw_node *node, bool given)
{
    struct sw_operand operand = {node->text, node->style == SW_STYLE_PLAIN};

    if (sw_has_reference(node->text) || sw_is_number(operand))
        return;
    if (given)
        sw_doc_warn(r->doc, node, "'%s' is no number: %s never holds", sw_show(node->text).text,
                    sw_operator_name(op));
    else
        sw_doc_fault(r->doc, node, "%s is '%s': it must be a number", sw_operator_name(op),
                     sw_show(node->text).text);
}

static void check_pattern(struct sw_reading *r, const struct sw_node *node)
{
    struct sw_err reason = {.code = SW_OK};
    struct sw_place place = {0};
    size_t offset;
    SW_AUTO_PATTERN struct sw_pattern *pattern = NULL;

    if (sw_has_reference(node->text))
        return;
    pattern = sw_pattern_new(node->text, true, &offset, &reason);
    if (pattern != NULL)
        return;
    sw_place_move(&place, node, offset);
    sw_doc_fault_at(r->doc, place.line, place.column, "the pattern cannot be read: %s", reason.text);
}

static void check_hash(struct sw_reading *r, enum sw_operator op, const struct sw_node *node)
{
    uint8_t bytes[SW_HASH_BYTES_MAX];
    size_t want = sw_operator_hash_bytes(op);

    if (!sw_has_reference(node->text) && sw_unhex(node->text, node->len, bytes, want) < 0)
        sw_doc_fault(r->doc, node, "%s needs %zu digits in hex", sw_operator_name(op), 2 * want);
}

enum { DOUBT_MAX_BYTES = 256, DOUBT_MAX_PATTERNS = 100 };

/* Two texts that are known: does AWS's text leave open what comes of them? Patterns take time, so there is an end to it. */
static void check_doubt(struct sw_reading *r, const struct sw_condition *c)
{
    struct sw_operand operand = {c->operand->text, false}, second = {c->second->text, false};
    struct sw_err ignored = {.code = SW_OK};
    struct sw_outcome outcome;

    if (sw_has_reference(operand.text) || sw_has_reference(second.text))
        return;
    if (c->op == SW_OP_PATTERN_MATCHES &&
        (c->operand->len > DOUBT_MAX_BYTES || c->second->len > DOUBT_MAX_BYTES ||
         r->nr_patterns++ >= DOUBT_MAX_PATTERNS))
        return;
    if (sw_compare(c->op, operand, second, &outcome, &ignored) == 0 && outcome.in_doubt)
        sw_doc_warn(r->doc, c->operand, "%s: letters' case decides here, and it %s", sw_operator_name(c->op),
                    c->op == SW_OP_STRING_EQUALS ? "counts" : "does not count");
}

static void check_texts(struct sw_reading *r, const struct sw_condition *c)
{
    switch (sw_operator_group(c->op)) {
    case SW_GROUP_NUMBERS:
        check_number(r, c->op, c->operand, false);
        check_number(r, c->op, c->second, true);
        return;
    case SW_GROUP_PATTERN:
        check_pattern(r, c->operand);
        check_doubt(r, c);
        return;
    case SW_GROUP_TEXTS:
        check_doubt(r, c);
        return;
    case SW_GROUP_HASH:
        check_hash(r, c->op, c->operand);
        if (c->second->len == 0)
            sw_doc_fault(r->doc, c->second, "'path' is empty");
        return;
    case SW_GROUP_EXISTS:
        if (c->operand->len == 0)
            sw_doc_fault(r->doc, c->operand, "'%s' is empty", sw_operator_name(c->op));
        return;
    default:
        return;
    }
}

/* ---- Reading ----------------------------------------------------------------------------------------------- */

static int find_operator(const char *name)
{
    for (size_t i = 0; i < SW_ARRAY_LEN(operators); i++)
        if (strcmp(operators[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void refuse_key(struct sw_reading *r, const struct sw_node *key)
{
    struct sw_guess guess = {.word = key->text};

    for (size_t i = 0; i < SW_ARRAY_LEN(operators) && sw_doc_guesses(r->doc); i++)
        sw_guess_offer(&guess, operators[i].name);
    sw_doc_fault(r->doc, key, "there is no operator '%s'%s", sw_show(key->text).text,
                 sw_guess_hint(&guess).text);
}

static void take_branch(struct sw_reading *r, const struct sw_node *map, size_t i, struct branches *branches)
{
    bool is_then = strcmp(map->keys[i]->text, "then") == 0;
    const struct sw_node **slot;

    if (branches == NULL) {
        sw_doc_fault(r->doc, map->keys[i], "'%s' has no place here: it stands beside the operator of 'if'",
                     map->keys[i]->text);
        return;
    }
    slot = is_then ? &branches->then : &branches->otherwise;
    if (*slot != NULL)
        sw_doc_fault(r->doc, map->keys[i], "'%s' is there twice", map->keys[i]->text);
    *slot = map->items[i];
}

/* The place of the map's one operator; -1 after a fault. */
static long take_operator(struct sw_reading *r, const struct sw_node *map, struct branches *branches)
{
    static const char *const beside[] = {"value", "path", NULL};
    static const char *const branch[] = {"then", "else", NULL};
    size_t before = r->doc->nr_errors;
    long found = -1;

    for (size_t i = 0; i < map->n; i++) {
        const struct sw_node *key = map->keys[i];

        if (sw_word_find(branch, key->text) >= 0)
            take_branch(r, map, i, branches);
        else if (sw_word_find(beside, key->text) >= 0)
            continue;
        else if (find_operator(key->text) < 0)
            refuse_key(r, key);
        else if (found >= 0)
            sw_doc_fault(r->doc, key, "a condition has one operator, and '%s' is there already",
                         map->keys[found]->text);
        else
            found = (long)i;
    }
    if (found < 0 && r->doc->nr_errors == before)
        sw_doc_fault(r->doc, map, "there is no operator here, such as stringEquals or and");
    return found;
}

/* The text of a comparison; NULL after a fault. */
static const struct sw_node *take_text(struct sw_reading *r, const char *name, const struct sw_node *node)
{
    if (sw_node_is_null(node)) {
        sw_doc_fault(r->doc, node, "'%s' is empty: write '' for an empty text", name);
        return NULL;
    }
    if (node->kind == SW_NODE_SCALAR)
        return node;
    sw_doc_fault(r->doc, node, "'%s' is %s here, and must be a text", name, sw_kind_name(node->kind));
    return NULL;
}

static void read_comparison(struct sw_reading *r, const struct sw_node *map, size_t at,
                            struct sw_condition *out)
{
    static const char *const keys[] = {"value", "path", NULL};
    const char *needed = operators[out->op].second, *name = operators[out->op].name;

    out->operand = take_text(r, name, map->items[at]);
    for (size_t i = 0; keys[i] != NULL; i++) {
        const struct sw_node *node = sw_node_get(map, keys[i]);
        bool wanted = needed != NULL && strcmp(needed, keys[i]) == 0;

        if (node == NULL && wanted)
            sw_doc_fault(r->doc, map, "%s needs '%s' beside it", name, needed);
        else if (node != NULL && !wanted)
            sw_doc_fault(r->doc, node, "%s has no '%s'", name, keys[i]);
        else if (node != NULL)
            out->second = take_text(r, keys[i], node);
    }
    if (out->operand != NULL && (needed == NULL || out->second != NULL))
        check_texts(r, out);
}

static int read_condition(struct sw_reading *r, const struct sw_node *node, unsigned depth,
                          struct branches *branches, struct sw_condition *out);

/* What and, or and not hold. AWS's own examples write a list of one behind not. */
static int read_parts(struct sw_reading *r, const struct sw_node *held, unsigned depth,
                      struct branches *branches, struct sw_condition *out)
{
    bool list = held->kind == SW_NODE_LIST;
    struct sw_condition *parts;
    size_t n = list ? held->n : 1;

    if (out->op == SW_OP_NOT ? (list && n != 1) : (!list || n < 2 || n > SW_CONDITION_MAX_PARTS)) {
        sw_doc_fault(r->doc, held, "'%s' needs %s", operators[out->op].name,
                     out->op == SW_OP_NOT ? "one condition" : "a list of 2 to 100 conditions");
        return 0;
    }
    parts = sw_arena_alloc(r->doc->arena, n, sizeof(*parts), r->err);
    if (parts == NULL)
        return -1;
    out->parts = parts;
    out->nr_parts = n;
    for (size_t i = 0; i < n; i++)
        if (read_condition(r, list ? held->items[i] : held, depth + 1, out->op == SW_OP_NOT ? branches : NULL,
                           &parts[i]) < 0)
            return -1;
    return 0;
}

/* depth: logical operators around it. branches: where then and else may still stand; NULL: nowhere. */
static int read_condition(struct sw_reading *r, const struct sw_node *node, unsigned depth,
                          struct branches *branches, struct sw_condition *out)
{
    long at;

    if (node->kind != SW_NODE_MAP) {
        sw_doc_fault(r->doc, node, "a condition is a map of an operator, and this is %s",
                     sw_kind_name(node->kind));
        return 0;
    }
    at = take_operator(r, node, branches);
    if (at < 0)
        return 0;
    out->op = (enum sw_operator)find_operator(node->keys[at]->text);
    if (operators[out->op].group != SW_GROUP_LOGICAL) {
        read_comparison(r, node, (size_t)at, out);
        return 0;
    }
    if (depth == SW_CONDITION_MAX_DEPTH) {
        sw_doc_fault(r->doc, node->keys[at], "more than %d logical operators within each other",
                     (int)SW_CONDITION_MAX_DEPTH);
        return 0;
    }
    for (size_t i = 0; i < node->n; i++)
        if (strcmp(node->keys[i]->text, "value") == 0 || strcmp(node->keys[i]->text, "path") == 0)
            sw_doc_fault(r->doc, node->keys[i], "'%s' has no '%s'", operators[out->op].name,
                         node->keys[i]->text);
    return read_parts(r, node->items[at], depth, branches, out);
}

/* *out stays NULL after a fault. */
static int read_whole(struct sw_reading *r, const struct sw_node *node, struct branches *branches,
                      const struct sw_condition **out)
{
    struct sw_condition *condition = sw_arena_alloc(r->doc->arena, 1, sizeof(*condition), r->err);
    size_t before = r->doc->nr_errors;

    if (condition == NULL || read_condition(r, node, 0, branches, condition) < 0)
        return -1;
    if (r->doc->nr_errors == before)
        *out = condition;
    return 0;
}

static void take_word(struct sw_reading *r, const char *key, const struct sw_node *node,
                      enum sw_branch *branch)
{
    static const char *const words[] = {"Execute", "Skip", "Abort", NULL};
    int found;

    if (node == NULL)
        return;
    found = node->kind == SW_NODE_SCALAR ? sw_word_find(words, node->text) : -1;
    if (found < 0)
        sw_doc_fault(r->doc, node, "'%s' must be Execute, Skip or Abort", key);
    else
        *branch = (enum sw_branch)found;
}

int sw_read_if(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    SW_RULE(r->doc, "condition");
    struct branches branches = {.then = NULL};

    step->then = SW_BRANCH_EXECUTE;
    step->otherwise = SW_BRANCH_SKIP;
    if (node == NULL)
        return 0;
    if (read_whole(r, node, &branches, &step->condition) < 0)
        return -1;
    take_word(r, "then", branches.then, &step->then);
    take_word(r, "else", branches.otherwise, &step->otherwise);
    return 0;
}

int sw_read_assertion(struct sw_reading *r, const struct sw_node *node, struct sw_step *step)
{
    SW_RULE(r->doc, "condition");
    return read_whole(r, node, NULL, &step->assertion);
}
