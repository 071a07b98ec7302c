/* Taking encoded units from where an earlier copy left them, and leaving those that had to be made. */
#ifndef SW_COPY_CACHED_H
#define SW_COPY_CACHED_H

#include "slipway/copy.h"
#include "src/copy/owner.h"

#include <stdatomic.h>

/* Zero-initialise it. Without a cache, every call but cached_begin does nothing. */
struct cached {
    struct sw_transform base; /* a stage for any worker, before the reader */
    struct sw_coded_cache *cache;
    struct owner owner;
    struct sw_coded *items[SW_CODED_LEVELS_MAX];
    atomic_ullong bytes; /* of units that were taken */
};

/* In block->user, besides what the copy notes there. */
enum {
    CACHED_TAKEN = 1u << 1,
    CACHED_LEVEL_SHIFT = 8, /* 1 and more: the level that alone holds the unit */
};

void cached_begin(struct cached *cached, const struct sw_copy *copy, const struct sw_image *target);
static inline bool cached_on(const struct cached *cached)
{
    return cached->cache != NULL;
}
/* The source planned this block: notes who holds it. In order. */
SW_MUST_CHECK int cached_planned(struct cached *cached, struct sw_block *block, struct sw_err *err);
/* The sink has this block: offers it where it was not taken. In order. */
void cached_put(struct cached *cached, const struct sw_block *block);
/* whole: the copy came to its end. */
void cached_end(struct cached *cached, bool whole);

#endif
