/* Which blocks of a snapshot EBS has, with their digests: a sparse file with one fixed record a block. */
#ifndef SW_IMPORT_BLOCK_LOG_H
#define SW_IMPORT_BLOCK_LOG_H

#include "slipway/ebs.h"

#include <stdatomic.h>

/*
 * A record counts only for the snapshot that it was noted for: each has a check over the snapshot's id, the index and the
 * digest. What is torn, damaged or another snapshot's means that the block is not there, which costs sending it again.
 * Zero-initialise it with fd -1.
 */
struct block_log {
    int fd;
    char *path;
    char snapshot[SW_EBS_ID];
    atomic_uint noted; /* since it was opened */
};

/* Opens or makes the file. */
SW_MUST_CHECK int block_log_open(struct block_log *log, const char *path, const char *snapshot,
                                 struct sw_err *err);
void block_log_close(struct block_log *log);
#define BLOCK_LOG_AUTO SW_CLEANUP(block_log_close)

/* EBS has the block. Any thread; the file is synced now and then, for a lost note costs one block. */
SW_MUST_CHECK int block_log_note(struct block_log *log, uint32_t index, const uint8_t digest[SW_EBS_DIGEST],
                                 struct sw_err *err);
/* Any thread; digest may be NULL. */
SW_MUST_CHECK int block_log_find(const struct block_log *log, uint32_t index, bool *found, uint8_t *digest,
                                 struct sw_err *err);
/* Whether there is any. */
SW_MUST_CHECK int block_log_any(const struct block_log *log, bool *any, struct sw_err *err);
/* How many blocks there are, and the SHA-256 over their digests, ascending. */
SW_MUST_CHECK int block_log_sum(const struct block_log *log, uint64_t *blocks, uint8_t linear[SW_EBS_DIGEST],
                                struct sw_err *err);

#endif
