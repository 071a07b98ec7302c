/* References inside of texts: finding and reading them. */
#ifndef SW_RECIPE_EXPR_H
#define SW_RECIPE_EXPR_H

#include "slipway/recipe.h"

enum { SW_REF_MAX_LEN = 512 };

enum sw_span_kind {
    SW_SPAN_REF,     /* ref is set */
    SW_SPAN_LOOP,    /* {{ loop.index }} and its kin; ref is set */
    SW_SPAN_FOREIGN, /* somebody else's template; stays as it is */
    SW_SPAN_BAD,     /* looks like a reference and is none */
};

struct sw_span {
    enum sw_span_kind kind;
    size_t begin, end; /* of "{{…}}" in the text */
    struct sw_ref ref; /* its texts lie in words */
    char words[SW_REF_MAX_LEN + 1];
};

/* The next "{{…}}" at or behind from. */
bool sw_span_next(const char *text, size_t from, struct sw_span *span);

#endif
