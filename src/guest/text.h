/* Text that a guest said, made safe to keep: valid UTF-8, no control bytes. */
#ifndef SW_GUEST_TEXT_H
#define SW_GUEST_TEXT_H

#include "src/base/buf.h"

/* Appends bytes as UTF-8 without NUL bytes; what is not UTF-8 becomes U+FFFD. */
SW_MUST_CHECK int text_to_utf8(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err);

/* Appends bytes as one line for people: control bytes but the tab, and what is not UTF-8, as \xNN. */
SW_MUST_CHECK int text_to_line(struct sw_buf *out, const char *bytes, size_t len, struct sw_err *err);

#endif
