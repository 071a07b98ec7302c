/* What a sealed file says of itself, for people. */
#ifndef SW_CLI_SEALED_SHOW_H
#define SW_CLI_SEALED_SHOW_H

#include <jansson.h>

/* Prints the answer of sw_seal_describe. */
void sealed_show(const json_t *described);

#endif
