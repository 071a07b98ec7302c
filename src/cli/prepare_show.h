/* What prepare would do, and what it did, as tables. */
#ifndef SW_CLI_PREPARE_SHOW_H
#define SW_CLI_PREPARE_SHOW_H

#include <jansson.h>

/* Each component with the findings that call for it. */
void prepare_show_chosen(const json_t *chosen);
/* Each change, with the diff of a text, and what others were and are. */
void prepare_show_changes(const json_t *changes);

#endif
