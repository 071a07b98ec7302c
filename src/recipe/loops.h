/* Loops: reading them. */
#ifndef SW_RECIPE_LOOPS_H
#define SW_RECIPE_LOOPS_H

#include "src/recipe/component.h"

/* `loop`; phase: the steps before this one, whose loops' names are taken. */
SW_MUST_CHECK int sw_read_loop(struct sw_reading *r, const struct sw_node *node, const struct sw_phase *phase,
                               struct sw_step *step);

#endif
