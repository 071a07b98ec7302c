/* The fastest level's own deflate encoder: one grain, one zlib stream. */
#ifndef SW_FORMATS_DEFLATE_FAST_H
#define SW_FORMATS_DEFLATE_FAST_H

#include "formats/vmdk/vmdk.h"

enum {
    /* Two stored blocks between zlib's head and sum, and a word that may be written over the end. */
    DEFLATE_FAST_BOUND = VMDK_UNIT_BYTES + 2 * 5 + 2 + 4 + 8,
    DEFLATE_LITLENS = 286,
    DEFLATE_DISTS = 30,
    DEFLATE_END = 256, /* the symbol that ends a block */
    DEFLATE_LEN_MIN = 3,
    DEFLATE_LEN_MAX = 258,
    DEFLATE_LENS = DEFLATE_LEN_MAX - DEFLATE_LEN_MIN + 1,
    DEFLATE_WINDOW = 32768,
    DEFLATE_SLACK = 16, /* bytes that may be read or written after the last literal */
    DEFLATE_HASH_BITS = 14,
    DEFLATE_LITLEN_BITS = 12, /* four literals and what a flush leaves fit into 64 bits */
    DEFLATE_DIST_BITS = 15,
};

/* literals literals, then a match; both are there in full. */
struct deflate_seq {
    uint16_t literals;
    uint8_t len;      /* - DEFLATE_LEN_MIN */
    uint8_t dist_sym; /* of dist */
    uint16_t dist;    /* - 1 */
};

/* A grain as literals and matches, and how often each symbol stands in it. */
struct deflate_parse {
    const uint8_t *in; /* at most VMDK_UNIT_BYTES */
    size_t in_len;
    uint32_t nr_seqs;
    uint32_t nr_literals; /* of all; those after the last match included */
    uint32_t litlens[DEFLATE_LITLENS];
    uint32_t dists[DEFLATE_DISTS];
    uint32_t lens[DEFLATE_LENS];            /* likewise each length */
    uint16_t table[1 << DEFLATE_HASH_BITS]; /* where bytes of a hash stood last */
    struct deflate_seq seqs[VMDK_UNIT_BYTES / DEFLATE_LEN_MIN + 1];
    uint8_t literals[VMDK_UNIT_BYTES + DEFLATE_SLACK]; /* one run after another */
};

/* The symbol of the longest match; those before it stand for 2^extra lengths each, in order. */
enum { DEFLATE_LONGEST = 285 };

static inline unsigned deflate_length_extra_bits(unsigned symbol)
{
    return symbol < 265 || symbol == DEFLATE_LONGEST ? 0 : (symbol - 261) / 4;
}

/* deflate_match.c */
/* Fills parse from its in and in_len; what it held before does not matter. */
void deflate_find_matches(struct deflate_parse *parse);

/* deflate_huffman.c */
/*
 * Code lengths of count symbols (2 to DEFLATE_LITLENS) by how often each is used, none above max_bits, and 0 for those
 * that are not. Always a complete code: where fewer than two are used, the first ones take a part.
 */
void deflate_code_lengths(const uint32_t *freqs, unsigned count, unsigned max_bits, uint8_t *lens);
/* The canonical code of these lengths, first bit lowest. */
void deflate_codes(const uint8_t *lens, unsigned count, uint16_t *codes);

/* deflate_block.c */
/* Writes the shorter of one dynamic block and stored blocks; returns the end. out holds DEFLATE_FAST_BOUND bytes. */
uint8_t *deflate_put_blocks(const struct deflate_parse *parse, uint8_t *out);

#endif
