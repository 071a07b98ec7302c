/* fs-verity's hash tree over a disk: hashed in workers, folded in order, holes from what is known. */
#include "src/copy/verity.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/digest.h"
#include "src/base/endian.h"

#include <string.h>

_Static_assert((int)SW_VERITY_BYTES == (int)SW_SHA256_BYTES, "the digest is a SHA-256");

/* Level 0 are the hashes of the disk's blocks; 128^5 of them are more than 64 TiB. */
enum { LEVELS = 6 };

/* What is hashed in the end, of the kernel's struct fsverity_descriptor. */
struct descriptor {
    uint8_t version;
    uint8_t hash_algorithm;
    uint8_t log_blocksize;
    uint8_t salt_size;
    uint8_t reserved1[4];
    uint8_t data_size[8];
    uint8_t root_hash[64];
    uint8_t salt[32];
    uint8_t reserved2[144];
};
_Static_assert(sizeof(struct descriptor) == 256, "see Documentation/filesystems/fsverity.rst");

enum { DESCRIPTOR_VERSION = 1, ALGORITHM_SHA256 = 1, LOG_BLOCK_BYTES = 12 };

/* Hashes that do not fill a block yet; what follows them in it is zero. */
struct level {
    uint8_t hashes[VERITY_BLOCK_BYTES];
    size_t n;
};

struct verity {
    struct sw_digest *digest;
    uint64_t disk_bytes;
    uint64_t pos;                           /* what lies before it is in the tree, or in part */
    uint8_t zeros[LEVELS][SW_VERITY_BYTES]; /* of zeros as long as what a hash of that level covers */
    struct level levels[LEVELS];
    uint8_t part[VERITY_BLOCK_BYTES]; /* the begun block of the disk, zeros behind it */
    size_t part_len;
};

static int hash_block(struct sw_digest *digest, const uint8_t block[VERITY_BLOCK_BYTES],
                      uint8_t out[SW_VERITY_BYTES], struct sw_err *err)
{
    if (sw_digest_update(digest, block, VERITY_BLOCK_BYTES, err) < 0)
        return -1;
    return sw_digest_final(digest, out, err);
}

static int fill_zeros(struct verity *verity, struct sw_err *err)
{
    uint8_t block[VERITY_BLOCK_BYTES] = {0};

    for (unsigned i = 0; i < LEVELS; i++) {
        if (hash_block(verity->digest, block, verity->zeros[i], err) < 0)
            return -1;
        for (unsigned k = 0; k < VERITY_FAN_OUT; k++)
            memcpy(block + (size_t)k * SW_VERITY_BYTES, verity->zeros[i], SW_VERITY_BYTES);
    }
    return 0;
}

struct verity *verity_new(uint64_t disk_bytes, struct sw_err *err)
{
    struct verity *verity;

    if (disk_bytes > SW_VIRTUAL_MAX_BYTES) {
        sw_fail(err, SW_REFUSED, "a disk of %llu bytes is larger than 64 TiB",
                (unsigned long long)disk_bytes);
        return NULL;
    }
    verity = sw_calloc(1, sizeof(*verity), err);
    if (verity == NULL)
        return NULL;
    verity->disk_bytes = disk_bytes;
    verity->digest = sw_digest_new(err);
    if (verity->digest == NULL || fill_zeros(verity, err) < 0) {
        verity_free(verity);
        return NULL;
    }
    return verity;
}

void verity_free(struct verity *verity)
{
    if (verity == NULL)
        return;
    sw_digest_free(verity->digest);
    free(verity);
}

/* Adds a hash to a level; a block that it fills is hashed into the level above. */
static int push(struct verity *verity, unsigned at, const uint8_t hash[SW_VERITY_BYTES], struct sw_err *err)
{
    uint8_t carry[SW_VERITY_BYTES];

    memcpy(carry, hash, sizeof(carry));
    for (struct level *level = &verity->levels[at]; at < LEVELS; at++, level++) {
        memcpy(level->hashes + level->n++ * SW_VERITY_BYTES, carry, SW_VERITY_BYTES);
        if (level->n < VERITY_FAN_OUT)
            return 0;
        if (hash_block(verity->digest, level->hashes, carry, err) < 0)
            return -1;
        *level = (struct level){.n = 0};
    }
    return sw_fail(err, SW_FAILED, "a hash tree of more than %d levels", LEVELS);
}

/* Puts the begun block of the disk into the tree. */
static int end_part(struct verity *verity, struct sw_err *err)
{
    uint8_t hash[SW_VERITY_BYTES];

    if (hash_block(verity->digest, verity->part, hash, err) < 0 || push(verity, 0, hash, err) < 0)
        return -1;
    memset(verity->part, 0, sizeof(verity->part));
    verity->part_len = 0;
    return 0;
}

/* bytes NULL: zeros. */
static int add_to_part(struct verity *verity, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    while (len > 0) {
        size_t n = (size_t)sw_min_u64(len, VERITY_BLOCK_BYTES - verity->part_len);

        if (bytes != NULL) {
            memcpy(verity->part + verity->part_len, bytes, n);
            bytes += n;
        }
        verity->part_len += n;
        verity->pos += n;
        len -= n;
        if (verity->part_len == VERITY_BLOCK_BYTES && end_part(verity, err) < 0)
            return -1;
    }
    return 0;
}

/* The largest run of zeros that begins at pos, is one hash, and ends by end. */
static unsigned zero_level(const struct verity *verity, uint64_t end, uint64_t *covers)
{
    unsigned level = 0;

    *covers = VERITY_BLOCK_BYTES;
    while (level + 1 < LEVELS && verity->pos % (*covers * VERITY_FAN_OUT) == 0 &&
           end - verity->pos >= *covers * VERITY_FAN_OUT) {
        *covers *= VERITY_FAN_OUT;
        level++;
    }
    return level;
}

static int zeros_to(struct verity *verity, uint64_t end, struct sw_err *err)
{
    uint64_t open = verity->part_len > 0 ? VERITY_BLOCK_BYTES - verity->part_len : 0;

    if (add_to_part(verity, NULL, (size_t)sw_min_u64(end - verity->pos, open), err) < 0)
        return -1;
    while (end - verity->pos >= VERITY_BLOCK_BYTES) {
        uint64_t covers;
        unsigned level = zero_level(verity, end, &covers);

        if (push(verity, level, verity->zeros[level], err) < 0)
            return -1;
        verity->pos += covers;
    }
    return add_to_part(verity, NULL, (size_t)(end - verity->pos), err);
}

int verity_add(struct verity *verity, const struct verity_stage *stage, const struct sw_block *block,
               struct sw_err *err)
{
    const uint8_t *hash = block->data + stage->hashes_at;

    if (zeros_to(verity, block->off, err) < 0)
        return -1;
    if (block->kind == SW_BLOCK_ZERO)
        return zeros_to(verity, block->off + block->len, err);
    if (stage->piece_bytes == 0)
        return add_to_part(verity, block->data, (size_t)block->len, err);
    for (uint64_t n = sw_div_up(block->len, stage->piece_bytes); n > 0; n--, hash += SW_VERITY_BYTES)
        if (push(verity, stage->piece_bytes == VERITY_NODE_BYTES, hash, err) < 0)
            return -1;
    verity->pos = block->off + block->len;
    return 0;
}

static bool is_root(const struct verity *verity, unsigned at)
{
    for (unsigned above = at + 1; above < LEVELS; above++)
        if (verity->levels[above].n > 0)
            return false;
    return verity->levels[at].n == 1;
}

/* Fills up each level's last block with zeros until one hash is left; that of an empty disk is zero. */
static int fold(struct verity *verity, uint8_t root[SW_VERITY_BYTES], struct sw_err *err)
{
    memset(root, 0, SW_VERITY_BYTES);
    for (unsigned at = 0; at < LEVELS; at++) {
        struct level *level = &verity->levels[at];

        if (is_root(verity, at)) {
            memcpy(root, level->hashes, SW_VERITY_BYTES);
            return 0;
        }
        if (level->n > 0 &&
            (hash_block(verity->digest, level->hashes, root, err) < 0 || push(verity, at + 1, root, err) < 0))
            return -1;
    }
    return 0;
}

int verity_finish(struct verity *verity, uint8_t digest[SW_VERITY_BYTES], struct sw_err *err)
{
    struct descriptor descriptor = {
        .version = DESCRIPTOR_VERSION,
        .hash_algorithm = ALGORITHM_SHA256,
        .log_blocksize = LOG_BLOCK_BYTES,
    };

    if (zeros_to(verity, verity->disk_bytes, err) < 0 ||
        (verity->part_len > 0 && end_part(verity, err) < 0) || fold(verity, descriptor.root_hash, err) < 0)
        return -1;
    le64_put(descriptor.data_size, verity->disk_bytes);
    return sw_sha256(&descriptor, sizeof(descriptor), digest, err);
}

/* The stage. */

/* A worker's digest, and a block for what is short. */
struct hasher {
    struct sw_digest *digest;
    uint8_t block[VERITY_BLOCK_BYTES];
};

static void hasher_free(const struct sw_transform *self, void *worker)
{
    struct hasher *hasher = worker;

    (void)self;
    if (hasher != NULL)
        sw_digest_free(hasher->digest);
    free(hasher);
}

static int hasher_new(const struct sw_transform *self, void **worker, struct sw_err *err)
{
    struct hasher *hasher = sw_calloc(1, sizeof(*hasher), err);

    (void)self;
    if (hasher == NULL)
        return -1;
    hasher->digest = sw_digest_new(err);
    if (hasher->digest == NULL) {
        free(hasher);
        return -1;
    }
    *worker = hasher;
    return 0;
}

/* The hash of each block; the last one may be short. */
static int hash_blocks(struct hasher *hasher, const uint8_t *bytes, size_t len, uint8_t *out,
                       struct sw_err *err)
{
    size_t whole = len / VERITY_BLOCK_BYTES, rest = len % VERITY_BLOCK_BYTES;

    if (sw_sha256_each(bytes, VERITY_BLOCK_BYTES, whole, out, err) < 0)
        return -1;
    if (rest == 0)
        return 0;
    memset(hasher->block, 0, sizeof(hasher->block));
    memcpy(hasher->block, bytes + whole * VERITY_BLOCK_BYTES, rest);
    return hash_block(hasher->digest, hasher->block, out + whole * SW_VERITY_BYTES, err);
}

static int hash_node(struct hasher *hasher, const uint8_t *bytes, size_t len, uint8_t *out,
                     struct sw_err *err)
{
    uint8_t hashes[VERITY_BLOCK_BYTES] = {0};

    if (hash_blocks(hasher, bytes, len, hashes, err) < 0)
        return -1;
    return hash_block(hasher->digest, hashes, out, err);
}

static int hasher_apply(const struct sw_transform *self, void *worker, struct sw_block *block,
                        struct sw_err *err)
{
    const struct verity_stage *stage = (const struct verity_stage *)self;
    size_t len = (size_t)block->len;
    uint8_t *out = block->data + stage->hashes_at;

    if (stage->piece_bytes == 0 || block->kind != SW_BLOCK_DATA)
        return 0;
    if (stage->piece_bytes == VERITY_BLOCK_BYTES)
        return hash_blocks(worker, block->data, len, out, err);
    for (size_t at = 0; at < len; at += VERITY_NODE_BYTES, out += SW_VERITY_BYTES)
        if (hash_node(worker, block->data + at, (size_t)sw_min_u64(len - at, VERITY_NODE_BYTES), out, err) <
            0)
            return -1;
    return 0;
}

void verity_stage_init(struct verity_stage *stage, uint64_t disk_bytes, uint32_t block_bytes)
{
    *stage = (struct verity_stage){
        .base = {hasher_new, hasher_free, hasher_apply},
        .hashes_at = block_bytes,
    };
    /* A disk of one block has no node: its hash is the root. */
    if (block_bytes % VERITY_NODE_BYTES == 0 && disk_bytes > VERITY_BLOCK_BYTES)
        stage->piece_bytes = VERITY_NODE_BYTES;
    else if (block_bytes % VERITY_BLOCK_BYTES == 0)
        stage->piece_bytes = VERITY_BLOCK_BYTES;
}

size_t verity_room(uint32_t block_bytes)
{
    return (size_t)sw_div_up(block_bytes, VERITY_BLOCK_BYTES) * SW_VERITY_BYTES;
}
