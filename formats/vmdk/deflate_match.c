/* Greedy matches of at least MATCH_MIN bytes through a hash table that is empty at the start of each grain. */
#include "formats/vmdk/deflate_fast.h"
#include "src/base/endian.h"

enum {
    MATCH_MIN = 5,                     /* with 4 a grain is 0.7 % shorter, and takes 6 % longer */
    IGNORED_BITS = 64 - 8 * MATCH_MIN, /* of a word, above a match of the least length */
    MARGIN =
        DEFLATE_SLACK, /* the last bytes are literals: whole words may be read at any place before them */
    STEP = 3,          /* places that are looked up at once; the next step is one byte longer … */
    STEP_SHIFT = 4,    /* … after 2^STEP_SHIFT steps without a match */
};

static uint32_t hash_of(uint64_t word)
{
    return (uint32_t)((word << IGNORED_BITS) * 0x9e3779b185ebca87ull >> (64 - DEFLATE_HASH_BITS));
}

/* How many bytes are the same from a and b on, where b may go up to end and has a whole word before it. */
static inline size_t same_bytes(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *start = b;

    do {
        uint64_t differ = le64_get(a) ^ le64_get(b);

        if (differ != 0)
            return (size_t)(b - start) + ((unsigned)__builtin_ctzll(differ) >> 3);
        a += 8;
        b += 8;
    } while (end - b >= 8);
    while (b < end && *a == *b) {
        a++;
        b++;
    }
    return (size_t)(b - start);
}

/* dist: - 1 */
static unsigned dist_symbol(uint32_t dist)
{
    unsigned high;

    if (dist < 2)
        return dist;
    high = 31 ^ (unsigned)__builtin_clz(dist);
    return 2 * high + (dist >> (high - 1) & 1);
}

static inline struct deflate_seq *put_seq(struct deflate_parse *parse, struct deflate_seq *seq,
                                          uint32_t literals, size_t len, uint32_t dist)
{
    unsigned sym = dist_symbol(dist);

    *seq = (struct deflate_seq){(uint16_t)literals, (uint8_t)(len - DEFLATE_LEN_MIN), (uint8_t)sym,
                                (uint16_t)dist};
    parse->lens[len - DEFLATE_LEN_MIN]++;
    parse->dists[sym]++;
    return seq + 1;
}

/* A match that is longer than one may be becomes several, none of them too short. */
static __attribute__((noinline)) struct deflate_seq *put_long(struct deflate_parse *parse,
                                                              struct deflate_seq *seq, uint32_t literals,
                                                              size_t len, uint32_t dist)
{
    while (len > DEFLATE_LEN_MAX) {
        size_t part =
            len - DEFLATE_LEN_MAX < DEFLATE_LEN_MIN ? DEFLATE_LEN_MAX - DEFLATE_LEN_MIN : DEFLATE_LEN_MAX;

        seq = put_seq(parse, seq, literals, part, dist);
        literals = 0;
        len -= part;
    }
    return put_seq(parse, seq, literals, len, dist);
}

/* Whole words at a time: a loop over single bytes would end at another place each time. */
static inline uint8_t *copy_literals(uint8_t *to, const uint8_t *from, size_t n)
{
    memcpy(to, from, DEFLATE_SLACK);
    for (size_t k = DEFLATE_SLACK; k < n; k += DEFLATE_SLACK)
        memcpy(to + k, from + k, DEFLATE_SLACK);
    return to + n;
}

/* The place where these bytes' hash was seen last; from now on i. */
static inline uint32_t swap_in(uint16_t *table, uint64_t bytes, uint32_t i)
{
    uint32_t h = hash_of(bytes), at = table[h];

    table[h] = (uint16_t)i;
    return at;
}

static inline bool is_match(const uint8_t *in, uint32_t from, uint32_t i, uint64_t bytes)
{
    return (le64_get(in + from) ^ bytes) << IGNORED_BITS == 0 && i - from <= DEFLATE_WINDOW;
}

struct match {
    uint32_t at, from;
};

/* The first match from i on; when there is none before limit, its place is limit or more. */
static inline struct match next_match(const uint8_t *in, uint16_t *table, uint32_t i, uint32_t limit)
{
    for (uint32_t step = STEP << STEP_SHIFT; i < limit; i += step++ >> STEP_SHIFT) {
        uint64_t word = le64_get(in + i);
        uint32_t a = swap_in(table, word, i), b = swap_in(table, word >> 8, i + 1),
                 c = swap_in(table, word >> 16, i + 2);

        if (is_match(in, a, i, word))
            return (struct match){i, a};
        if (is_match(in, b, i + 1, word >> 8))
            return (struct match){i + 1, b};
        if (is_match(in, c, i + 2, word >> 16))
            return (struct match){i + 2, c};
    }
    return (struct match){i, 0};
}

static void count_literals(struct deflate_parse *parse)
{
    uint32_t freqs[4][256] = {{0}};
    size_t n = parse->nr_literals, i = 0;

    for (; i + 4 <= n; i += 4) {
        freqs[0][parse->literals[i]]++;
        freqs[1][parse->literals[i + 1]]++;
        freqs[2][parse->literals[i + 2]]++;
        freqs[3][parse->literals[i + 3]]++;
    }
    for (; i < n; i++)
        freqs[0][parse->literals[i]]++;
    for (unsigned s = 0; s < 256; s++)
        parse->litlens[s] = freqs[0][s] + freqs[1][s] + freqs[2][s] + freqs[3][s];
}

static void count_symbols(struct deflate_parse *parse)
{
    unsigned len = 0;

    count_literals(parse);
    parse->litlens[DEFLATE_END] = 1;
    for (unsigned s = DEFLATE_END + 1; s < DEFLATE_LONGEST; s++) {
        uint32_t sum = 0;

        for (unsigned n = 1u << deflate_length_extra_bits(s); n > 0 && len < DEFLATE_LENS - 1; n--)
            sum += parse->lens[len++];
        parse->litlens[s] = sum;
    }
    parse->litlens[DEFLATE_LONGEST] = parse->lens[len];
}

static void reset(struct deflate_parse *parse)
{
    memset(parse->dists, 0, sizeof(parse->dists));
    memset(parse->lens, 0, sizeof(parse->lens));
    memset(parse->table, 0, sizeof(parse->table));
}

/* From anchor on no match follows. */
static void finish(struct deflate_parse *parse, const struct deflate_seq *seq, uint8_t *literals,
                   uint32_t anchor)
{
    size_t left = parse->in_len - anchor;

    if (left > 0) /* in may be NULL when it is empty */
        memcpy(literals, parse->in + anchor, left);
    parse->nr_literals = (uint32_t)(literals + left - parse->literals);
    parse->nr_seqs = (uint32_t)(seq - parse->seqs);
    count_symbols(parse);
}

/* The last places of a match that ends before i; the others are not worth their time. */
static inline void enter_end(const uint8_t *in, uint16_t *table, uint32_t i)
{
    uint64_t word = le64_get(in + i - 3);

    (void)swap_in(table, word, i - 3);
    (void)swap_in(table, word >> 8, i - 2);
    (void)swap_in(table, word >> 16, i - 1);
}

void deflate_find_matches(struct deflate_parse *parse)
{
    const uint8_t *in = parse->in, *end = in + parse->in_len;
    const uint32_t limit = parse->in_len > MARGIN ? (uint32_t)parse->in_len - MARGIN : 0;
    struct deflate_seq *seq = parse->seqs;
    uint8_t *literals = parse->literals;
    uint32_t anchor = 0; /* where the last match ended */

    reset(parse);
    for (uint32_t i = 1; i < limit; i = anchor) { /* place 0 is what an empty table says */
        struct match match = next_match(in, parse->table, i, limit);
        uint32_t run = match.at - anchor, dist = match.at - match.from - 1;
        size_t len;

        if (match.at >= limit)
            break;
        len = MATCH_MIN + same_bytes(in + match.from + MATCH_MIN, in + match.at + MATCH_MIN, end);
        literals = copy_literals(literals, in + anchor, run);
        if (len <= DEFLATE_LEN_MAX)
            seq = put_seq(parse, seq, run, len, dist);
        else
            seq = put_long(parse, seq, run, len, dist);
        anchor = match.at + (uint32_t)len;
        if (anchor < limit)
            enter_end(in, parse->table, anchor);
    }
    finish(parse, seq, literals, anchor);
}
