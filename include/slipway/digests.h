/* The SHA-256 of a file, as a whole and chunk by chunk, taken in the pass that writes or reads it. */
#ifndef SLIPWAY_DIGESTS_H
#define SLIPWAY_DIGESTS_H

#include "slipway/io.h"
#include "slipway/progress.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SW_DIGEST_BYTES = 32,
    SW_CHUNK_BYTES = 64 << 20,    /* what a chunk is, but for files of more than SW_CHUNKS_MAX of them */
    SW_CHUNK_BYTES_MIN = 1 << 20, /* when reading what others wrote; chunks are powers of two */
    SW_CHUNKS_MAX = 1 << 16,
};

/* Zero-initialise it; sw_digests_free at the end. */
struct sw_digests {
    uint64_t bytes;
    uint8_t sha256[SW_DIGEST_BYTES]; /* of all of it */
    uint64_t chunk_bytes;
    uint8_t (*chunks)
        [SW_DIGEST_BYTES]; /* of each chunk_bytes, the last one being shorter; none of an empty file */
    size_t nr_chunks;
};
void sw_digests_free(struct sw_digests *digests);

/* Chunks of a file of about that length: SW_CHUNK_BYTES, doubled until there are no more than SW_CHUNKS_MAX. */
uint64_t sw_chunk_bytes_for(uint64_t file_bytes);

/*
 * A stream output (no pwrite) that passes on to out what is written to it and fills *digests at commit, before out's own
 * commit. expected_bytes: about how long it will be, or 0. Takes out over, also on failure; digests must outlive it. More
 * than one job: two threads hash beside the caller. NULL and err on failure.
 */
SW_MUST_CHECK struct sw_out *sw_digest_out(struct sw_out *out, uint64_t expected_bytes, unsigned jobs,
                                           struct sw_digests *digests, struct sw_err *err);

/* The same of all of an input, for what was not written from front to back. progress may be NULL. */
SW_MUST_CHECK int sw_digest_in(struct sw_in *in, unsigned jobs, struct sw_progress *progress,
                               struct sw_digests *digests, struct sw_err *err);

#endif
