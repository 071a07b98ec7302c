/* Component documents that are part of the program. */
#ifndef SW_RECIPE_BUILTIN_H
#define SW_RECIPE_BUILTIN_H

#include <stddef.h>

/* recipes/components/cleanup.yml. */
const char *sw_builtin_cleanup(size_t *len);

#endif
