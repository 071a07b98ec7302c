/* Text for XML, HTML and URIs: what came from an image is made harmless. */
#ifndef SW_PREFLIGHT_MARKUP_H
#define SW_PREFLIGHT_MARKUP_H

#include "src/base/buf.h"

#include <jansson.h>

/*
 * Appends text with < > & " ' as references. What XML has no place for, and what turns text around on a terminal or a page,
 * becomes \xNN. text: UTF-8; NULL is "".
 */
SW_MUST_CHECK int markup_text(struct sw_buf *out, const char *text, struct sw_err *err);

#define MARKUP_END ((const char *)NULL)
/* Literal pieces and texts to be escaped by turns: markup(out, err, "<b>", text, "</b>", MARKUP_END). */
SW_MUST_CHECK int markup(struct sw_buf *out, struct sw_err *err, const char *literal, ...)
    __attribute__((sentinel));

/* The path as a relative or file: URI, percent-encoded. Free it. */
SW_MUST_CHECK char *markup_uri(const char *path, struct sw_err *err);

#endif
