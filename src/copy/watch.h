/* What a pass over a disk notes beside its work: the digest, and what cannot be read. */
#ifndef SW_COPY_WATCH_H
#define SW_COPY_WATCH_H

#include "src/copy/verity.h"

#include <pthread.h>

/* What was lost of one block, until its turn comes. */
struct lost_block;

struct watch {
    uint8_t *verity;          /* gets the digest; may be NULL */
    struct sw_damage *damage; /* gets what cannot be read; NULL: it is an error */
    struct verity *tree;
    struct verity_stage hasher; /* a stage of the pipeline, where there is verity: after the reader */
    size_t room;                /* what each block needs behind its data */
    pthread_mutex_t lock;
    struct lost_block *lost;
};

/*
 * Blocks lie at multiples of block_bytes, a power of two, and are put in order by watch_put; what is left out between
 * them is taken for zeros. Always followed by watch_close.
 */
SW_MUST_CHECK int watch_open(struct watch *watch, uint64_t disk_bytes, uint32_t block_bytes,
                             struct sw_err *err);
/* Does it want the blocks in order? */
bool watch_wants(const struct watch *watch);
/* Reads block->data, zeros past the image's end. Any worker. */
SW_MUST_CHECK int watch_read(struct watch *watch, struct sw_image *img, struct sw_block *block,
                             struct sw_err *err);
SW_MUST_CHECK int watch_put(struct watch *watch, const struct sw_block *block, struct sw_err *err);
/* After the last block: the results. */
SW_MUST_CHECK int watch_finish(struct watch *watch, struct sw_err *err);
void watch_close(struct watch *watch);

#endif
