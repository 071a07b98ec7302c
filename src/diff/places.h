/* Where a guest mounts its file systems, by its own fstab. */
#ifndef SW_DIFF_PLACES_H
#define SW_DIFF_PLACES_H

#include "src/diff/side.h"

/* Gives every file system of the side, which are surveyed, its place and its prefix. */
SW_MUST_CHECK int diff_find_places(struct diff_side *side, struct sw_err *err);

#endif
