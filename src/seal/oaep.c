/* OAEP unpadding in a time that does not depend on what is in the message. */
#include "src/seal/oaep.h"

#include <openssl/evp.h>
#include <string.h>

enum { EM_MAX = 2048 };

/* ---- masks: all bits for true, none for false, without a branch ---- */

static uint32_t mask_of_zero(uint32_t x)
{
    return (uint32_t)0 - (((x | ((uint32_t)0 - x)) >> 31) ^ 1);
}

static uint32_t mask_equal(uint32_t a, uint32_t b)
{
    return mask_of_zero(a ^ b);
}

/* For a and b below 2^31. */
static uint32_t mask_less(uint32_t a, uint32_t b)
{
    return (uint32_t)0 - ((a - b) >> 31);
}

/* ---- MGF1 ---- */

/* target ^= MGF1(seed), which may be any part of the encoded message but target. */
static int xor_mask(const EVP_MD *md, const uint8_t *seed, size_t seed_len, uint8_t *target, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t block[EVP_MAX_MD_SIZE], counter[4];
    size_t hash_len = (size_t)EVP_MD_get_size(md);
    int rc = ctx != NULL ? 0 : -1;

    for (size_t at = 0, i = 0; rc == 0 && at < len; at += hash_len, i++) {
        for (unsigned k = 0; k < sizeof(counter); k++)
            counter[k] = (uint8_t)(i >> (24 - 8 * k));
        if (EVP_DigestInit_ex(ctx, md, NULL) != 1 || EVP_DigestUpdate(ctx, seed, seed_len) != 1 ||
            EVP_DigestUpdate(ctx, counter, sizeof(counter)) != 1 || EVP_DigestFinal_ex(ctx, block, NULL) != 1)
            rc = -1;
        for (size_t k = 0; rc == 0 && k < hash_len && at + k < len; k++)
            target[at + k] ^= block[k];
    }
    EVP_MD_CTX_free(ctx);
    seal_cleanse(block, sizeof(block));
    return rc;
}

/* ---- the data block: lHash, zeros, 01, the message ---- */

struct block {
    const uint8_t *bytes;
    uint32_t len;
    uint32_t hash_len;
};

/* A mask of all faults before the message; *index gets where its 01 is. */
static uint32_t find_message(const struct block *db, const uint8_t *label_hash, uint32_t *index)
{
    uint32_t bad = 0, looking = ~(uint32_t)0;

    *index = 0;
    for (uint32_t i = 0; i < db->hash_len; i++)
        bad |= ~mask_equal(db->bytes[i], label_hash[i]);
    for (uint32_t i = db->hash_len; i < db->len; i++) {
        uint32_t one = mask_equal(db->bytes[i], 1), zero = mask_of_zero(db->bytes[i]);

        *index |= looking & one & i;
        bad |= looking & ~one & ~zero;
        looking &= ~one;
    }
    return bad | looking;
}

/* The last message_len bytes of the block to the front of out, whatever length that is. */
static void copy_message(const struct block *db, uint32_t message_len, struct seal_secret *out)
{
    uint32_t room = db->len - db->hash_len - 1;
    uint32_t most = room < SEAL_SECRET_MAX ? room : SEAL_SECRET_MAX;

    memset(out->bytes, 0, sizeof(out->bytes));
    for (uint32_t len = 1; len <= most; len++) {
        uint8_t mask = (uint8_t)mask_equal(len, message_len);

        for (uint32_t i = 0; i < len; i++)
            out->bytes[i] |= mask & db->bytes[db->len - len + i];
    }
}

static int take_message(const struct block *db, const uint8_t *label_hash, uint32_t bad,
                        struct seal_secret *out)
{
    uint32_t index, message_len;

    bad |= find_message(db, label_hash, &index);
    message_len = db->len - 1 - index;
    bad |= mask_of_zero(message_len) | mask_less(SEAL_SECRET_MAX, message_len);
    copy_message(db, message_len, out);
    out->len = message_len & ~bad;
    if (bad == 0)
        return 0;
    seal_secret_cleanse(out);
    return -1;
}

int seal_oaep_unpad(const char *hash, uint8_t *em, size_t len, struct seal_secret *out)
{
    const EVP_MD *md = EVP_get_digestbyname(hash);
    size_t hash_len = md != NULL ? (size_t)EVP_MD_get_size(md) : 0;
    uint8_t label_hash[EVP_MAX_MD_SIZE], *seed = em + 1, *db = em + 1 + hash_len;
    size_t db_len = len - 1 - hash_len;

    *out = (struct seal_secret){.len = 0};
    if (md == NULL || len > EM_MAX || len < 2 * hash_len + 2 ||
        EVP_Digest("", 0, label_hash, NULL, md, NULL) != 1 || xor_mask(md, db, db_len, seed, hash_len) < 0 ||
        xor_mask(md, seed, hash_len, db, db_len) < 0)
        return -1;
    return take_message(&(struct block){db, (uint32_t)db_len, (uint32_t)hash_len}, label_hash,
                        ~mask_of_zero(em[0]), out);
}
