/* Reading a step, in parts. */
#ifndef SW_RECIPE_STEP_H
#define SW_RECIPE_STEP_H

#include "src/recipe/component.h"

/* phase: with the steps before this one. */
SW_MUST_CHECK int sw_read_step(struct sw_reading *r, const struct sw_node *node, const struct sw_phase *phase,
                               struct sw_step *step);
/* `inputs` of a step whose action is known; step_inputs.c. */
SW_MUST_CHECK int sw_read_inputs(struct sw_reading *r, const struct sw_node *node, struct sw_step *step);

#endif
