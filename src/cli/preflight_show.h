/* Preflight's verdicts as tables. */
#ifndef SW_CLI_PREFLIGHT_SHOW_H
#define SW_CLI_PREFLIGHT_SHOW_H

#include <jansson.h>
#include <stdbool.h>

/* all: rules that passed or do not apply as well. */
void preflight_show_verdict(const json_t *verdict, bool all);
/* A line an image, and what they come to. */
void preflight_show_fleet(const json_t *verdicts, const json_t *fleet);

#endif
