/* The spellings in which a secret may be met. */
#ifndef SW_BASE_MASK_FORMS_H
#define SW_BASE_MASK_FORMS_H

#include "slipway/error.h"

#include <stddef.h>

typedef int mask_form_fn(void *arg, const char *form, size_t len, struct sw_err *err);

/* Calls fn for each; some may be too short to be of use. -1 as soon as fn fails. */
SW_MUST_CHECK int mask_forms(const char *secret, size_t len, mask_form_fn *fn, void *arg, struct sw_err *err);

#endif
