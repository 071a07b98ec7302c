/* Regular expressions in RE2's syntax, matched without backtracking. */
#ifndef SW_RECIPE_PATTERN_H
#define SW_RECIPE_PATTERN_H

#include "slipway/error.h"
#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

enum { SW_PATTERN_MAX_BYTES = 4096 };
/* The longest text that is looked at. */
#define SW_PATTERN_MAX_TEXT ((size_t)1 << 20)

struct sw_pattern;

/*
 * NULL with SW_RECIPE for what RE2 does not have or cannot read; *offset then is the byte where it is. Free it.
 */
SW_MUST_CHECK struct sw_pattern *sw_pattern_new(const char *text, bool ignore_case, size_t *offset,
                                                struct sw_err *err);
void sw_pattern_free(struct sw_pattern *pattern);
SW_DEFINE_AUTO(sw_pattern, struct sw_pattern, sw_pattern_free)
#define SW_AUTO_PATTERN SW_CLEANUP(sw_pattern_auto)

/*
 * Does it match anywhere in the text? One pass over the text, with bounded work and memory: a text that is too long or
 * takes too much is an error.
 */
SW_MUST_CHECK int sw_pattern_matches(const struct sw_pattern *pattern, const char *text, bool *matches,
                                     struct sw_err *err);

#endif
