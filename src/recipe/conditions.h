/* Conditions: reading them, and the comparisons of texts and numbers. */
#ifndef SW_RECIPE_CONDITIONS_H
#define SW_RECIPE_CONDITIONS_H

#include "src/recipe/component.h"

enum { SW_CONDITION_MAX_DEPTH = 4, SW_CONDITION_MAX_PARTS = 100 };

enum sw_operator_group {
    SW_GROUP_LOGICAL,
    SW_GROUP_TEXT, /* of one text */
    SW_GROUP_TEXTS,
    SW_GROUP_PATTERN,
    SW_GROUP_NUMBERS,
    SW_GROUP_EXISTS,
    SW_GROUP_HASH,
};
enum sw_operator_group sw_operator_group(enum sw_operator op);
/* Length in bytes of the hash that a SW_GROUP_HASH operator compares. */
size_t sw_operator_hash_bytes(enum sw_operator op);

/* `if`: the condition, then and else; step->condition stays NULL after a fault. conditions.c. */
SW_MUST_CHECK int sw_read_if(struct sw_reading *r, const struct sw_node *node, struct sw_step *step);
/* Assert's inputs. */
SW_MUST_CHECK int sw_read_assertion(struct sw_reading *r, const struct sw_node *node, struct sw_step *step);

/* What a comparison comes to. */
struct sw_outcome {
    bool holds;
    bool in_doubt; /* AWS's text can be read so that it comes to the opposite: letters' case decides */
};
/*
 * Compares text and numbers: every group but LOGICAL, EXISTS and HASH. second is NULL for SW_GROUP_TEXT. plain: a text
 * that no quotes make a string, so that a number may have an exponent. compare.c.
 */
struct sw_operand {
    const char *text;
    bool plain;
};
SW_MUST_CHECK int sw_compare(enum sw_operator op, struct sw_operand operand, struct sw_operand second,
                             struct sw_outcome *out, struct sw_err *err);
bool sw_is_number(struct sw_operand operand);

#endif
