/* What components ask of the cleaning that comes after them. */
#ifndef SW_BUILD_CLEANING_H
#define SW_BUILD_CLEANING_H

#include "src/build/plan.h"

/* Looks for perform_cleanup and skip_cleanup_SECTION in the working directory, and keeps their names with the outputs. */
SW_MUST_CHECK int cleaning_take_marks(struct sw_guest *guest, const struct plan *plan, size_t i,
                                      struct sw_err *err);

/* Puts them there again before the cleaning at position i: a step's /tmp does not outlive its component. */
SW_MUST_CHECK int cleaning_put_marks(struct sw_guest *guest, const struct plan *plan, size_t i,
                                     struct sw_err *err);

/* Says so when a component asks for a cleaning and the recipe does not. */
void cleaning_check(const struct plan *plan);

#endif
