/* Parents and extents that a file names: opened beneath one folder only, never through links. */
#ifndef SLIPWAY_PARENTS_H
#define SLIPWAY_PARENTS_H

#include "slipway/image.h"

enum { SW_PARENTS_DEPTH_MAX = 32 };

/*
 * A resolver over one folder. Names are taken relative to it; absolute names, "..", links, devices, protocol
 * prefixes ("nbd:", "json:"), a parent without a stated format, a chain of more than 32 images and one that comes
 * back to a file it went through are refused (SW_REFUSED). An extent is a regular file right in the folder.
 * One chain at a time.
 */
struct sw_parents;
/* name: of the folder, for messages and opening. first: the image at the top of the chain, or NULL. */
SW_MUST_CHECK struct sw_parents *sw_parents_new(const char *folder, const struct sw_in *first,
                                                struct sw_err *err);
/* What goes into struct sw_open_opts. Valid as long as parents is. */
struct sw_parent_resolver *sw_parents_resolver(struct sw_parents *parents);
void sw_parents_free(struct sw_parents *parents);

#endif
