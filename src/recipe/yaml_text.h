/* The source text of a document: where its lines are, and the one thing of JSON that YAML has not. */
#ifndef SW_RECIPE_YAML_TEXT_H
#define SW_RECIPE_YAML_TEXT_H

#include "src/base/buf.h"
#include "src/recipe/arena.h"

#include <stddef.h>
#include <stdint.h>

struct sw_lines {
    const char *text;
    size_t len;
    const size_t *begins; /* byte offsets */
    size_t n;
};

/* Breaks as YAML 1.1 has them: LF, CR, CR LF, NEL, LS, PS. */
SW_MUST_CHECK int sw_lines_find(struct sw_lines *lines, struct sw_arena *arena, const char *text, size_t len,
                                struct sw_err *err);
/* Line and column, from 1, of a byte offset. */
void sw_lines_place(const struct sw_lines *lines, size_t offset, size_t *line, size_t *column);
/* How far a literal scalar whose content begins in this line (from 0) is indented; UINT32_MAX: it is blank. */
uint32_t sw_lines_indent(const struct sw_lines *lines, size_t line, const char *content);

/*
 * JSON writes characters beyond U+FFFF as two \u escapes, which YAML refuses. If the text is JSON and has such
 * pairs, out gets it with the characters themselves; else out stays empty.
 */
SW_MUST_CHECK int sw_json_join_surrogates(const char *text, size_t len, struct sw_buf *out,
                                          struct sw_err *err);

#endif
