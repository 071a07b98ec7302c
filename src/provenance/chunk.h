/* One chunk of a file against its digest. */
#ifndef SW_PROVENANCE_CHUNK_H
#define SW_PROVENANCE_CHUNK_H

#include "slipway/digests.h"
#include "src/base/cleanup.h"
#include "src/base/digest.h"

enum { CHUNK_PIECE_BYTES = 1 << 20 };

/* What one thread hashes, and with what; in has the length that want says. */
struct chunk_hasher {
    struct sw_in *in;
    const struct sw_digests *want;
    struct sw_digest *digest;
    uint8_t *piece;
};
SW_MUST_CHECK int chunk_hasher_open(struct chunk_hasher *hasher, struct sw_err *err);
void chunk_hasher_close(struct chunk_hasher *hasher);
#define AUTO_HASHER SW_CLEANUP(chunk_hasher_close)

/* Where the bytes go as they are hashed; both may be NULL. */
struct chunk_room {
    uint8_t *all;   /* room for the whole chunk */
    uint8_t *first; /* CHUNK_PIECE_BYTES */
};

/* How long chunk i is. */
uint64_t chunk_len(const struct sw_digests *want, size_t i);

/* Reads chunk i and tells whether it is right. */
SW_MUST_CHECK int chunk_check(struct chunk_hasher *hasher, size_t i, const struct chunk_room *room,
                              bool *right, struct sw_err *err);

#endif
