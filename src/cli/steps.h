/* What the steps of a component need, as lines. */
#ifndef SW_CLI_STEPS_H
#define SW_CLI_STEPS_H

#include <jansson.h>

/* What sw_explain() tells, on stdout, each line behind indent; NULL prints nothing. */
void steps_print(const json_t *list, const char *indent);

#endif
