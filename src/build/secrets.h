/* What a plan does about secrets: the mask, and what of a component's outputs is not kept. */
#ifndef SW_BUILD_SECRETS_H
#define SW_BUILD_SECRETS_H

#include "src/build/plan.h"

/* The values that a recipe calls secret. Free it. */
SW_MUST_CHECK struct sw_mask *secrets_mask_of(const struct sw_recipe *recipe, struct sw_err *err);
/* Makes plan->mask of the values that the recipe calls secret. */
SW_MUST_CHECK int secrets_mask(struct plan *plan, struct sw_err *err);

/* Hides them in an error, and in the faults that were found; diags may be NULL. */
void secrets_hide(const struct plan *plan, struct sw_diags *diags, struct sw_err *err);

/*
 * What a template's secrets have made part of a component's canonical form is taken out of it, and stands there as what is slow
 * to guess; takes and gives back the reference. NULL and err on failure, also for NULL.
 */
SW_MUST_CHECK json_t *secrets_cover(const struct plan *plan, json_t *component, struct sw_err *err);

/* A copy for the store: a text that holds a secret becomes null. decref it. */
SW_MUST_CHECK json_t *secrets_withhold(const struct sw_mask *mask, const json_t *outputs, struct sw_err *err);
/* True when something was withheld from what the store gave back. */
bool secrets_were_withheld(const json_t *outputs);

#endif
