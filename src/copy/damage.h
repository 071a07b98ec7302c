/* What cannot be read: lists of it, and reading around it. */
#ifndef SW_COPY_DAMAGE_H
#define SW_COPY_DAMAGE_H

#include "slipway/verify.h"

#include <stdbool.h>

/* True for errors that say something of the bytes (damage, a read that failed), not of memory or a signal. */
bool damage_is_cause(const struct sw_err *err);

/* Adds a range that lies after all that are in the list. */
SW_MUST_CHECK int damage_add(struct sw_damage *list, uint64_t off, uint64_t len, const char *cause,
                             struct sw_err *err);
/* Adds what more holds, which lies after all that is in the list. */
SW_MUST_CHECK int damage_append(struct sw_damage *list, const struct sw_damage *more, struct sw_err *err);

/*
 * Reads len bytes at off as far as they can be read: down to sectors where they lie plainly, else in the driver's
 * units. The rest become zeros and is added to list. Fails for what is no damage only.
 */
SW_MUST_CHECK int salvage_read(struct sw_image *img, uint8_t *to, size_t len, uint64_t off,
                               struct sw_damage *list, struct sw_err *err);

#endif
