/* Taking encoded units from where an earlier copy left them, and leaving those that had to be made. */
#include "src/copy/cached.h"

static struct sw_coded *item_of(const struct cached *cached, const struct sw_block *block)
{
    uint64_t level = block->user >> CACHED_LEVEL_SHIFT;

    return level > 0 ? cached->items[level - 1] : NULL;
}

static int cached_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                        struct sw_err *err)
{
    struct cached *cached = (struct cached *)(uintptr_t)self;
    struct sw_coded *item = item_of(cached, block);

    (void)worker;
    (void)err;
    if (item == NULL || !item->get(item, block))
        return 0;
    block->user |= CACHED_TAKEN;
    atomic_fetch_add_explicit(&cached->bytes, block->len, memory_order_relaxed);
    return 0;
}

void cached_begin(struct cached *cached, const struct sw_copy *copy, const struct sw_image *target)
{
    const char *coding = copy->format->coding != NULL ? copy->format->coding(target) : NULL;

    /* A digest, and zeros for what cannot be read, need the bytes themselves; a journal knows nothing of a cache. */
    if (copy->coded == NULL || coding == NULL || copy->base != NULL || copy->verity != NULL ||
        copy->damage != NULL || copy->resume != NULL)
        return;
    cached->base.apply = cached_apply;
    cached->cache = copy->coded;
    owner_begin(&cached->owner, copy->src);
    cached->cache->open(cached->cache, coding, target->unit_bytes, cached->items, cached->owner.nr_levels);
}

int cached_planned(struct cached *cached, struct sw_block *block, struct sw_err *err)
{
    unsigned level;
    int rc;

    if (!cached_on(cached))
        return 0;
    rc = owner_find(&cached->owner, block->off, block->len, &level, err);
    if (rc > 0)
        block->user |= (uint64_t)(level + 1) << CACHED_LEVEL_SHIFT;
    return rc < 0 ? -1 : 0;
}

void cached_put(struct cached *cached, const struct sw_block *block)
{
    struct sw_coded *item = item_of(cached, block);

    if (item != NULL && (block->user & CACHED_TAKEN) == 0)
        item->put(item, block);
}

void cached_end(struct cached *cached, bool whole)
{
    if (cached_on(cached))
        cached->cache->close(cached->cache, whole);
    cached->cache = NULL;
}
