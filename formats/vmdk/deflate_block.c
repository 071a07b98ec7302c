/* Deflate blocks: one dynamic Huffman block a grain, or stored bytes where that is shorter. */
#include "formats/vmdk/deflate_fast.h"
#include "src/base/endian.h"

enum {
    PRECODES = 19,
    PRECODE_BITS = 7,
    STORED_MAX = 65535,
    STORED_HEAD = 5,
    LENS_MAX = DEFLATE_LITLENS + DEFLATE_DISTS,
};

/* The order in which the lengths of the precode stand in a block's head. */
static const uint8_t precode_order[PRECODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};
static const uint8_t repeat_bits[PRECODES] = {[16] = 2, [17] = 3, [18] = 7};

/* What is not written yet: the first bits of the stream lowest, count of them, in the top of held; below is dirt. */
struct bits {
    uint64_t held;
    uint32_t count;
    uint8_t *out;
};

/* A symbol's bits, with extra bits at most 24, in the top; how many in the low byte. 0 is the empty string. */
typedef uint64_t bit_string;

static inline bit_string string_of(uint64_t bits, unsigned count)
{
    return count == 0 ? 0 : bits << (64 - count) | count;
}

/* At most 56 bits may be held. Room for 8 bytes is always there: see deflate_put_blocks. At most 7 bits stay. */
static inline struct bits flush(struct bits bits)
{
    le64_put(bits.out, bits.held >> (-bits.count & 63));
    return (struct bits){bits.held, bits.count & 7, bits.out + (bits.count >> 3)};
}

static inline struct bits add_string(struct bits bits, bit_string string)
{
    return (struct bits){bits.held >> (string & 63) | string, bits.count + (uint32_t)string, bits.out};
}

static inline struct bits add(struct bits bits, uint64_t value, unsigned count)
{
    return add_string(bits, string_of(value, count));
}

/* Row n keeps the first n of four strings. */
static const bit_string keep[5][4] = {{0},
                                      {UINT64_MAX},
                                      {UINT64_MAX, UINT64_MAX},
                                      {UINT64_MAX, UINT64_MAX, UINT64_MAX},
                                      {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

/* The head of a dynamic block: both codes' lengths, run-length coded, in a code of their own. */
struct head {
    unsigned nr_litlens, nr_dists, nr_precodes, nr_runs;
    uint8_t lens[LENS_MAX];
    uint16_t runs[LENS_MAX]; /* symbol | repeat << 5 */
    uint32_t freqs[PRECODES];
    uint8_t precode_lens[PRECODES];
};

static void add_run(struct head *head, unsigned symbol, unsigned repeat)
{
    head->runs[head->nr_runs++] = (uint16_t)(symbol | repeat << 5);
    head->freqs[symbol]++;
}

static void run_zeros(struct head *head, unsigned n)
{
    for (; n >= 11; n -= n < 138 ? n : 138)
        add_run(head, 18, (n < 138 ? n : 138) - 11);
    if (n >= 3)
        add_run(head, 17, n - 3);
    else
        for (; n > 0; n--)
            add_run(head, 0, 0);
}

static void run_lengths(struct head *head, uint8_t len, unsigned n)
{
    add_run(head, len, 0);
    for (n--; n >= 3; n -= n < 6 ? n : 6)
        add_run(head, 16, (n < 6 ? n : 6) - 3);
    for (; n > 0; n--)
        add_run(head, len, 0);
}

static void make_runs(struct head *head)
{
    unsigned total = head->nr_litlens + head->nr_dists, n;

    for (unsigned i = 0; i < total; i += n) {
        for (n = 1; i + n < total && head->lens[i + n] == head->lens[i];)
            n++;
        if (head->lens[i] == 0)
            run_zeros(head, n);
        else
            run_lengths(head, head->lens[i], n);
    }
}

static unsigned used(const uint8_t *lens, unsigned count, unsigned least)
{
    while (count > least && lens[count - 1] == 0)
        count--;
    return count;
}

static void make_head(struct head *head, const uint8_t *litlen_lens, const uint8_t *dist_lens)
{
    *head = (struct head){.nr_litlens = used(litlen_lens, DEFLATE_LITLENS, 257),
                          .nr_dists = used(dist_lens, DEFLATE_DISTS, 1)};
    memcpy(head->lens, litlen_lens, head->nr_litlens);
    memcpy(head->lens + head->nr_litlens, dist_lens, head->nr_dists);
    make_runs(head);
    deflate_code_lengths(head->freqs, PRECODES, PRECODE_BITS, head->precode_lens);
    head->nr_precodes = PRECODES;
    while (head->nr_precodes > 4 && head->precode_lens[precode_order[head->nr_precodes - 1]] == 0)
        head->nr_precodes--;
}

static size_t head_bits(const struct head *head)
{
    size_t bits = 3 + 5 + 5 + 4 + 3 * (size_t)head->nr_precodes;

    for (unsigned s = 0; s < PRECODES; s++)
        bits += (size_t)head->freqs[s] * (head->precode_lens[s] + repeat_bits[s]);
    return bits;
}

static struct bits put_head(struct bits bits, const struct head *head)
{
    uint16_t codes[PRECODES];

    deflate_codes(head->precode_lens, PRECODES, codes);
    bits = add(bits, 1 | 2 << 1, 3); /* the last block, dynamic */
    bits = add(bits, head->nr_litlens - 257, 5);
    bits = add(bits, head->nr_dists - 1, 5);
    bits = flush(add(bits, head->nr_precodes - 4, 4));
    for (unsigned i = 0; i < head->nr_precodes; i++)
        bits = flush(add(bits, head->precode_lens[precode_order[i]], 3));
    for (unsigned i = 0; i < head->nr_runs; i++) {
        unsigned s = head->runs[i] & 31;

        bits = add(bits, codes[s], head->precode_lens[s]);
        bits = flush(add(bits, head->runs[i] >> 5, repeat_bits[s]));
    }
    return bits;
}

static unsigned dist_extra_bits(unsigned symbol)
{
    return symbol < 2 ? 0 : symbol / 2 - 1;
}

static size_t body_bits(const struct deflate_parse *parse, const uint8_t *litlen_lens,
                        const uint8_t *dist_lens)
{
    size_t bits = 0;

    for (unsigned s = 0; s < DEFLATE_LITLENS; s++)
        bits += (size_t)parse->litlens[s] * (litlen_lens[s] + deflate_length_extra_bits(s));
    for (unsigned s = 0; s < DEFLATE_DISTS; s++)
        bits += (size_t)parse->dists[s] * (dist_lens[s] + dist_extra_bits(s));
    return bits;
}

/* (distance << shift) + add is a distance's code with its extra bits above. */
struct dist_string {
    uint32_t add;
    uint8_t shift, count, unused; /* 64 - count */
};

/* What each literal, length and distance is written as. */
struct strings {
    bit_string literals[256], lens[DEFLATE_LENS], end;
    struct dist_string dists[DEFLATE_DISTS];
};

static void length_strings(bit_string *strings, const uint8_t *lens, const uint16_t *codes)
{
    unsigned len = 0;

    for (unsigned s = DEFLATE_END + 1; s < DEFLATE_LONGEST; s++) {
        unsigned extra = deflate_length_extra_bits(s);

        for (uint32_t value = 0; value < 1u << extra && len < DEFLATE_LENS - 1; value++)
            strings[len++] = string_of(codes[s] | value << lens[s], lens[s] + extra);
    }
    strings[len] = string_of(codes[DEFLATE_LONGEST], lens[DEFLATE_LONGEST]);
}

static void dist_strings(struct strings *strings, const uint8_t *lens, const uint16_t *codes)
{
    for (unsigned s = 0; s < DEFLATE_DISTS; s++) {
        unsigned extra = dist_extra_bits(s);
        uint32_t least = s < 2 ? s : (2 | (s & 1)) << extra;

        strings->dists[s] = (struct dist_string){codes[s] - (least << lens[s]), lens[s],
                                                 (uint8_t)(lens[s] + extra), (uint8_t)(64 - lens[s] - extra)};
    }
}

static void make_strings(struct strings *strings, const uint8_t *litlen_lens, const uint8_t *dist_lens)
{
    uint16_t litlens[DEFLATE_LITLENS], dists[DEFLATE_DISTS];

    deflate_codes(litlen_lens, DEFLATE_LITLENS, litlens);
    deflate_codes(dist_lens, DEFLATE_DISTS, dists);
    for (unsigned s = 0; s < 256; s++)
        strings->literals[s] = string_of(litlens[s], litlen_lens[s]);
    strings->end = string_of(litlens[DEFLATE_END], litlen_lens[DEFLATE_END]);
    length_strings(strings->lens, litlen_lens, litlens);
    dist_strings(strings, dist_lens, dists);
}

/* The first n of four literals; always four are looked up, for a branch on n would be taken at random. */
static inline struct bits put_few(struct bits bits, const bit_string *literals, const uint8_t *in, unsigned n)
{
    bits = add_string(bits, literals[in[0]] & keep[n][0]);
    bits = add_string(bits, literals[in[1]] & keep[n][1]);
    bits = add_string(bits, literals[in[2]] & keep[n][2]);
    return flush(add_string(bits, literals[in[3]] & keep[n][3]));
}

static inline struct bits put_four(struct bits bits, const bit_string *literals, const uint8_t *in)
{
    bits = add_string(add_string(bits, literals[in[0]]), literals[in[1]]);
    return flush(add_string(add_string(bits, literals[in[2]]), literals[in[3]]));
}

static inline __attribute__((always_inline)) struct bits put_literals(struct bits bits,
                                                                      const bit_string *literals,
                                                                      const uint8_t *in, unsigned n)
{
    for (; n > 4; n -= 4, in += 4)
        bits = put_four(bits, literals, in);
    return put_few(bits, literals, in, n);
}

static inline struct bits add_dist(struct bits bits, const struct dist_string *string, uint32_t dist)
{
    uint64_t value = (dist << string->shift) + string->add;

    return (struct bits){bits.held >> (string->count & 63) | value << (string->unused & 63),
                         bits.count + string->count, bits.out};
}

/* Shifts by a count are most of the work, and BMI2's take a third of the others' time. The bytes are the same.
 * ThreadSanitizer is not there yet when the loader chooses a clone. */
#if defined(__x86_64__) && !defined(SLIPWAY_TSAN)
#define WITH_CHEAP_SHIFTS __attribute__((target_clones("bmi2", "default")))
#else
#define WITH_CHEAP_SHIFTS
#endif

WITH_CHEAP_SHIFTS static uint8_t *put_body(struct bits bits, const struct deflate_parse *parse,
                                           const struct strings *strings)
{
    const struct deflate_seq *seq = parse->seqs, *end = seq + parse->nr_seqs;
    const uint8_t *literals = parse->literals;

    for (; seq < end; seq++) {
        bits = put_literals(bits, strings->literals, literals, seq->literals);
        literals += seq->literals;
        bits = add_string(bits, strings->lens[seq->len]);
        bits = flush(add_dist(bits, &strings->dists[seq->dist_sym], seq->dist));
    }
    bits = put_literals(bits, strings->literals, literals,
                        parse->nr_literals - (uint32_t)(literals - parse->literals));
    bits = flush(add_string(bits, strings->end));
    if (bits.count > 0)
        *bits.out++ = (uint8_t)(bits.held >> (64 - bits.count));
    return bits.out;
}

static uint8_t *put_stored(const uint8_t *in, size_t len, uint8_t *out)
{
    do {
        size_t n = len < STORED_MAX ? len : STORED_MAX;

        *out++ = n == len; /* the last block */
        le16_put(out, (uint16_t)n);
        le16_put(out + 2, (uint16_t)~n);
        memcpy(out + 4, in, n);
        out += 4 + n;
        in += n;
        len -= n;
    } while (len > 0);
    return out;
}

uint8_t *deflate_put_blocks(const struct deflate_parse *parse, uint8_t *out)
{
    uint8_t litlen_lens[DEFLATE_LITLENS], dist_lens[DEFLATE_DISTS];
    struct bits bits = {.out = out};
    struct strings strings;
    struct head head;

    deflate_code_lengths(parse->litlens, DEFLATE_LITLENS, DEFLATE_LITLEN_BITS, litlen_lens);
    deflate_code_lengths(parse->dists, DEFLATE_DISTS, DEFLATE_DIST_BITS, dist_lens);
    make_head(&head, litlen_lens, dist_lens);
    if (head_bits(&head) + body_bits(parse, litlen_lens, dist_lens) >= 8 * (parse->in_len + STORED_HEAD))
        return put_stored(parse->in, parse->in_len, out);
    make_strings(&strings, litlen_lens, dist_lens);
    return put_body(put_head(bits, &head), parse, &strings);
}
