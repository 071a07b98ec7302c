/* fs-verity's hash tree over a disk: hashed in workers, folded in order, holes from what is known. */
#ifndef SW_COPY_VERITY_H
#define SW_COPY_VERITY_H

#include "slipway/pipeline.h"
#include "slipway/verify.h"

#include <stddef.h>

enum {
    VERITY_BLOCK_BYTES = 4096,
    VERITY_FAN_OUT = VERITY_BLOCK_BYTES / SW_VERITY_BYTES,
    VERITY_NODE_BYTES =
        VERITY_BLOCK_BYTES * VERITY_FAN_OUT, /* of the disk that a full block of hashes covers */
};

/*
 * A stage that hashes DATA blocks. The hashes lie behind the block's data, at hashes_at: of each node where blocks
 * are whole nodes, else of each 4096 bytes. Blocks smaller than that are left to the tree.
 */
struct verity_stage {
    struct sw_transform base;
    size_t hashes_at;
    size_t piece_bytes; /* what a hash covers; 0: nothing is hashed here */
};

/* Blocks lie at multiples of block_bytes, a power of two; only the disk's last one is shorter. */
void verity_stage_init(struct verity_stage *stage, uint64_t disk_bytes, uint32_t block_bytes);
/* Room that blocks need behind block_bytes of data. */
size_t verity_room(uint32_t block_bytes);

/* The tree, of which one open block a level is kept. */
struct verity;
SW_MUST_CHECK struct verity *verity_new(uint64_t disk_bytes, struct sw_err *err);
void verity_free(struct verity *verity);

/* The next block that went through the stage, in order; what was left out before it are zeros. */
SW_MUST_CHECK int verity_add(struct verity *verity, const struct verity_stage *stage,
                             const struct sw_block *block, struct sw_err *err);
/* The digest; what was not added are zeros. */
SW_MUST_CHECK int verity_finish(struct verity *verity, uint8_t digest[SW_VERITY_BYTES], struct sw_err *err);

#endif
