/* Two texts as a unified diff. */
#ifndef SW_PREPARE_TEXTDIFF_H
#define SW_PREPARE_TEXTDIFF_H

#include "src/base/buf.h"

struct text_span {
    const char *text;
    size_t len;
};

/*
 * Hunks with three lines around, as `diff -u` writes them, without its two first lines; nothing for equal texts. Where more
 * than a few thousand lines differ, all between the first and the last of them is shown as replaced.
 */
SW_MUST_CHECK int textdiff(struct text_span before, struct text_span after, struct sw_buf *out,
                           struct sw_err *err);

#endif
