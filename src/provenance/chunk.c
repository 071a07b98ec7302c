/* One chunk of a file against its digest. */
#include "src/provenance/chunk.h"

#include "slipway/progress.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <string.h>

int chunk_hasher_open(struct chunk_hasher *hasher, struct sw_err *err)
{
    if (hasher->digest == NULL)
        hasher->digest = sw_digest_new(err);
    if (hasher->piece == NULL)
        hasher->piece = sw_calloc(1, CHUNK_PIECE_BYTES, err);
    return hasher->digest != NULL && hasher->piece != NULL ? 0 : -1;
}

void chunk_hasher_close(struct chunk_hasher *hasher)
{
    sw_digest_free(hasher->digest);
    free(hasher->piece);
    *hasher = (struct chunk_hasher){.piece = NULL};
}

uint64_t chunk_len(const struct sw_digests *want, size_t i)
{
    return sw_min_u64(want->chunk_bytes, want->bytes - i * want->chunk_bytes);
}

static uint8_t *piece_at(const struct chunk_hasher *hasher, const struct chunk_room *room, uint64_t at)
{
    if (room->all != NULL)
        return room->all + at;
    return at == 0 && room->first != NULL ? room->first : hasher->piece;
}

int chunk_check(struct chunk_hasher *hasher, size_t i, const struct chunk_room *room, bool *right,
                struct sw_err *err)
{
    const struct sw_digests *want = hasher->want;
    uint64_t off = i * want->chunk_bytes, len = chunk_len(want, i);
    uint8_t got[SW_DIGEST_BYTES];

    for (uint64_t at = 0; at < len;) {
        size_t n = (size_t)sw_min_u64(CHUNK_PIECE_BYTES, len - at);
        uint8_t *piece = piece_at(hasher, room, at);

        if (sw_check_interrupt(err) < 0 || sw_in_read(hasher->in, piece, n, off + at, err) < 0 ||
            sw_digest_update(hasher->digest, piece, n, err) < 0)
            return -1;
        at += n;
    }
    if (sw_digest_final(hasher->digest, got, err) < 0)
        return -1;
    *right = memcmp(got, want->chunks[i], sizeof(got)) == 0;
    return 0;
}
