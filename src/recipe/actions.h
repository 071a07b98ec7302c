/* The table of action modules, for the checks. */
#ifndef SW_RECIPE_ACTIONS_H
#define SW_RECIPE_ACTIONS_H

#include "slipway/recipe.h"
#include "src/base/cleanup.h"

#include <strings.h>

/* Row by row; NULL behind the end. */
const struct sw_action *sw_action_at(size_t index);
/* NULL when the action has no such input. */
const struct sw_input *sw_action_input(const struct sw_action *action, const char *name);

/* "644", "0644", "0o644" as octal, up to 07777; -1 otherwise. */
SW_MUST_CHECK int sw_text_octal(const char *text, unsigned *out);
/* Decimal digits alone, up to INT32_MAX; -1 otherwise. */
SW_MUST_CHECK int sw_text_number(const char *text, unsigned *out);
/* utf8, utf-8, utf16, utf-16-LE, utf16-BE, utf-32, …, in any case. */
bool sw_text_encoding(const char *text);

#endif
