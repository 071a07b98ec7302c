/* Which blocks of a snapshot are to be fetched, and the tokens to get them with. */
#ifndef SW_EXPORT_BLOCK_MAP_H
#define SW_EXPORT_BLOCK_MAP_H

#include "slipway/ebs.h"
#include "src/base/bitset.h"

#include <pthread.h>

enum { BLOCK_MAP_PAGES = 2 };

/*
 * Blocks are bits, for a volume may have more than a hundred million of them; tokens are listed anew, a page at a time, where
 * somebody wants one.
 */
struct block_map {
    struct sw_cloud *cloud;
    const char *id;
    const char *parent; /* NULL: none */
    uint64_t volume_gib;
    uint64_t nr_held;
    struct sw_bitset held;    /* the snapshot has bytes there, with a parent: other ones */
    struct sw_bitset changed; /* with a parent: also what became zeros */
    pthread_mutex_t lock;     /* of what follows */
    struct sw_ebs_page pages[BLOCK_MAP_PAGES];
    unsigned oldest;
};

/* cloud, id and parent are set, and outlive it. block_map_free in any case. */
SW_MUST_CHECK int block_map_load(struct block_map *map, struct sw_err *err);
/* Of a block that is held. Any thread. */
SW_MUST_CHECK int block_map_token(struct block_map *map, uint64_t index, char token[SW_EBS_TOKEN],
                                  struct sw_err *err);
void block_map_free(struct block_map *map);

#endif
