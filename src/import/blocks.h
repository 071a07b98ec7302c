/* Sends a disk's blocks into a snapshot: many at once, without those that read as zeros anyway. */
#ifndef SW_IMPORT_BLOCKS_H
#define SW_IMPORT_BLOCKS_H

#include "slipway/image.h"
#include "src/base/bitset.h"
#include "src/import/block_log.h"

enum { BLOCKS_CONNECTIONS = 32, BLOCKS_CONNECTIONS_MAX = 128 };

struct block_transfer {
    struct sw_cloud *cloud;
    struct sw_image *image;
    struct block_log *log;
    const struct sw_bitset
        *parent; /* what the parent snapshot holds: zeros are written there; NULL: no parent */
    const struct block_log
        *parent_log;   /* digests of the parent's blocks: the same are not sent; NULL: unknown */
    int64_t started_s; /* of the snapshot: for two minutes from then it may be unknown */
    unsigned connections;
    struct sw_progress *progress;
    uint64_t sent_bytes; /* counted up */
    bool gone;           /* set: there is no such snapshot any more, or it takes no blocks; no failure */
};

/* Sends what the log does not have, the last block padded with zeros. Memory: connections and 32 blocks. */
SW_MUST_CHECK int block_transfer_run(struct block_transfer *transfer, struct sw_err *err);

#endif
