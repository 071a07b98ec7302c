/* What a pass over a disk notes beside its work: the digest, and what cannot be read. */
#include "src/copy/watch.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/copy/damage.h"
#include "src/copy/walk.h"

struct lost_block {
    struct lost_block *next;
    uint64_t seq;
    struct sw_damage list;
};

static void lost_free(struct lost_block *lost)
{
    sw_damage_free(&lost->list);
    free(lost);
}
SW_DEFINE_AUTO(lost, struct lost_block, lost_free)

int watch_open(struct watch *watch, uint64_t disk_bytes, uint32_t block_bytes, struct sw_err *err)
{
    watch->tree = NULL;
    watch->lost = NULL;
    watch->room = watch->verity != NULL ? verity_room(block_bytes) : 0;
    pthread_mutex_init(&watch->lock, NULL);
    verity_stage_init(&watch->hasher, disk_bytes, block_bytes);
    if (watch->verity != NULL)
        watch->tree = verity_new(disk_bytes, err);
    return watch->verity == NULL || watch->tree != NULL ? 0 : -1;
}

bool watch_wants(const struct watch *watch)
{
    return watch->verity != NULL || watch->damage != NULL;
}

static int read_around(struct watch *watch, struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    SW_CLEANUP(lost_auto) struct lost_block *lost = sw_calloc(1, sizeof(*lost), err);
    uint64_t there = sw_min_u64(block->len, img->size_bytes - block->off);

    /* What lies past the image's end is zero already. */
    if (lost == NULL || salvage_read(img, block->data, (size_t)there, block->off, &lost->list, err) < 0)
        return -1;
    lost->seq = block->seq;
    pthread_mutex_lock(&watch->lock);
    lost->next = watch->lost;
    watch->lost = SW_STEAL_PTR(lost);
    pthread_mutex_unlock(&watch->lock);
    return 0;
}

int watch_read(struct watch *watch, struct sw_image *img, struct sw_block *block, struct sw_err *err)
{
    if (read_padded(img, block->data, block->len, block->off, err) == 0)
        return 0;
    if (watch->damage == NULL || !damage_is_cause(err))
        return -1;
    return read_around(watch, img, block, err);
}

static struct lost_block *take_lost(struct watch *watch, uint64_t seq)
{
    SW_AUTO_UNLOCK pthread_mutex_t *lock = &watch->lock;
    struct lost_block **at, *found;

    pthread_mutex_lock(lock);
    for (at = &watch->lost; *at != NULL && (*at)->seq != seq;)
        at = &(*at)->next;
    found = *at;
    if (found != NULL)
        *at = found->next;
    return found;
}

int watch_put(struct watch *watch, const struct sw_block *block, struct sw_err *err)
{
    SW_CLEANUP(lost_auto)
    struct lost_block *lost = watch->damage != NULL ? take_lost(watch, block->seq) : NULL;

    if (lost != NULL && damage_append(watch->damage, &lost->list, err) < 0)
        return -1;
    return watch->tree != NULL ? verity_add(watch->tree, &watch->hasher, block, err) : 0;
}

int watch_finish(struct watch *watch, struct sw_err *err)
{
    return watch->tree != NULL ? verity_finish(watch->tree, watch->verity, err) : 0;
}

void watch_close(struct watch *watch)
{
    while (watch->lost != NULL) {
        struct lost_block *lost = watch->lost;

        watch->lost = lost->next;
        lost_free(lost);
    }
    verity_free(watch->tree);
    pthread_mutex_destroy(&watch->lock);
}
