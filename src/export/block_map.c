/* Which blocks of a snapshot are to be fetched, and the tokens to get them with. */
#include "src/export/block_map.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>

/* Pages begin that much before the block that is looked for: several threads want blocks in no strict order. */
enum { PAGE_MARGIN = 256 };

static int list(const struct block_map *map, struct sw_ebs_page *page, struct sw_err *err)
{
    return map->parent != NULL ? sw_ebs_list_changed(map->cloud, map->parent, map->id, page, err)
                               : sw_ebs_list_blocks(map->cloud, map->id, page, err);
}

static int init_sets(struct block_map *map, uint64_t volume_gib, struct sw_err *err)
{
    uint64_t blocks = volume_gib * SW_EBS_BLOCKS_PER_GIB;

    map->volume_gib = volume_gib;
    if (sw_bitset_init(&map->held, blocks, err) < 0)
        return -1;
    return map->parent != NULL ? sw_bitset_init(&map->changed, blocks, err) : 0;
}

static int take_page(struct block_map *map, const struct sw_ebs_page *page, struct sw_err *err)
{
    for (size_t i = 0; i < page->n; i++) {
        const struct sw_ebs_listed *listed = &page->items[i];

        if (listed->token[0] != '\0') {
            sw_bitset_add(&map->held, listed->index);
            map->nr_held++;
        } else if (map->parent == NULL) {
            return sw_fail(err, SW_REMOTE, "EBS lists block %u of snapshot '%s' without a token",
                           listed->index, map->id);
        }
        sw_bitset_add(&map->changed, listed->index);
    }
    return 0;
}

int block_map_load(struct block_map *map, struct sw_err *err)
{
    struct sw_ebs_page *page = &map->pages[0];

    pthread_mutex_init(&map->lock, NULL);
    do {
        if (sw_check_interrupt(err) < 0 || list(map, page, err) < 0 ||
            (map->held.bits == NULL && init_sets(map, page->volume_gib, err) < 0) ||
            take_page(map, page, err) < 0)
            return -1;
    } while (page->more);
    map->oldest = 1;
    return 0;
}

static const struct sw_ebs_listed *find_on(const struct sw_ebs_page *page, uint64_t index)
{
    size_t low = 0, high = page->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (page->items[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < page->n && page->items[low].index == index ? &page->items[low] : NULL;
}

static const struct sw_ebs_listed *find(const struct block_map *map, uint64_t index)
{
    const struct sw_ebs_listed *found = NULL;

    for (size_t i = 0; i < BLOCK_MAP_PAGES && found == NULL; i++)
        found = find_on(&map->pages[i], index);
    return found;
}

/* The page that has the block takes the place of the older one. */
static int turn_page(struct block_map *map, uint64_t index, struct sw_err *err)
{
    struct sw_ebs_page *page = &map->pages[map->oldest];

    map->oldest = (map->oldest + 1) % BLOCK_MAP_PAGES;
    page->start = (uint32_t)(index - sw_min_u64(index, PAGE_MARGIN));
    page->more = false;
    /* Pages may come short, and begin with the margin. */
    do {
        if (list(map, page, err) < 0)
            return -1;
        if (page->volume_gib != map->volume_gib)
            return sw_fail(err, SW_REMOTE, "snapshot '%s' is of %llu GiB now, and was of %llu", map->id,
                           (unsigned long long)page->volume_gib, (unsigned long long)map->volume_gib);
    } while (page->more && page->after <= index);
    return 0;
}

static int find_token(struct block_map *map, uint64_t index, char token[SW_EBS_TOKEN], struct sw_err *err)
{
    const struct sw_ebs_listed *listed = find(map, index);

    if (listed == NULL && turn_page(map, index, err) < 0)
        return -1;
    if (listed == NULL)
        listed = find(map, index);
    if (listed == NULL || listed->token[0] == '\0')
        return sw_fail(err, SW_REMOTE, "EBS does not list block %llu of snapshot '%s' any more",
                       (unsigned long long)index, map->id);
    memcpy(token, listed->token, sizeof(listed->token));
    return 0;
}

int block_map_token(struct block_map *map, uint64_t index, char token[SW_EBS_TOKEN], struct sw_err *err)
{
    int rc;

    pthread_mutex_lock(&map->lock);
    rc = find_token(map, index, token, err);
    pthread_mutex_unlock(&map->lock);
    return rc;
}

void block_map_free(struct block_map *map)
{
    for (size_t i = 0; i < BLOCK_MAP_PAGES; i++)
        sw_ebs_page_free(&map->pages[i]);
    sw_bitset_free(&map->held);
    sw_bitset_free(&map->changed);
    pthread_mutex_destroy(&map->lock);
}
