/*
 * SHA-256 (FIPS 180-4) of several streams at once: sixteen in the lanes of AVX-512, or two by the SHA extensions (Intel SDM,
 * SHA256RNDS2 and its two helpers), where one stream alone waits for its own last round.
 */
#include "src/base/sha256_many.h"

#include "src/base/endian.h"

#ifdef __x86_64__

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#define PAIR_TARGET __attribute__((target("sha,sse4.1")))
#define PAIR_INLINE PAIR_TARGET __attribute__((always_inline)) static inline
#define WIDE_TARGET __attribute__((target("avx512f,avx512bw")))
#define WIDE_INLINE WIDE_TARGET __attribute__((always_inline)) static inline

#ifdef __clang__
#define UNROLL_16 _Pragma("clang loop unroll(full)")
#else
#define UNROLL_16 _Pragma("GCC unroll 16")
#endif

enum {
    BLOCK_BYTES = 64,
    HASH_BYTES = 32,
    ROUNDS = 64,
    QUADS = ROUNDS / 4,
    WORDS = 16,
    STATE = 8,
    LANES = 16,
};

/* FIPS 180-4, 4.2.2. */
static const uint32_t constants[ROUNDS] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* FIPS 180-4, 5.3.3. */
static const uint32_t beginning[STATE] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* One stream: the state in the order that the instruction wants it in, and the last 16 words of the schedule. */
struct lane {
    __m128i abef, cdgh;
    __m128i words[4];
};

PAIR_INLINE void lane_begin(struct lane *lane)
{
    const int *h = (const int *)beginning;

    lane->abef = _mm_set_epi32(h[0], h[1], h[4], h[5]);
    lane->cdgh = _mm_set_epi32(h[2], h[3], h[6], h[7]);
}

PAIR_INLINE void lane_load(struct lane *lane, const uint8_t *block)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

    for (unsigned i = 0; i < 4; i++)
        lane->words[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(block + (size_t)16 * i)), swap);
}

/* Four rounds, and the four words that are wanted 16 rounds later. */
PAIR_INLINE void lane_rounds(struct lane *lane, unsigned quad)
{
    __m128i *word = lane->words;
    __m128i sum =
        _mm_add_epi32(word[quad % 4], _mm_load_si128((const __m128i *)&constants[(size_t)4 * quad]));

    lane->cdgh = _mm_sha256rnds2_epu32(lane->cdgh, lane->abef, sum);
    lane->abef = _mm_sha256rnds2_epu32(lane->abef, lane->cdgh, _mm_shuffle_epi32(sum, 0x0e));
    if (quad < QUADS - 4) {
        const __m128i last = word[(quad + 3) % 4];
        __m128i next = _mm_sha256msg1_epu32(word[quad % 4], word[(quad + 1) % 4]);

        next = _mm_add_epi32(next, _mm_alignr_epi8(last, word[(quad + 2) % 4], 4));
        word[quad % 4] = _mm_sha256msg2_epu32(next, last);
    }
}

PAIR_INLINE void both_block(struct lane *a, struct lane *b, const uint8_t *at_a, const uint8_t *at_b)
{
    const struct lane before_a = *a, before_b = *b;

    lane_load(a, at_a);
    lane_load(b, at_b);
    UNROLL_16
    for (unsigned quad = 0; quad < QUADS; quad++) {
        lane_rounds(a, quad);
        lane_rounds(b, quad);
    }
    a->abef = _mm_add_epi32(a->abef, before_a.abef);
    a->cdgh = _mm_add_epi32(a->cdgh, before_a.cdgh);
    b->abef = _mm_add_epi32(b->abef, before_b.abef);
    b->cdgh = _mm_add_epi32(b->cdgh, before_b.cdgh);
}

PAIR_INLINE void lane_end(const struct lane *lane, uint8_t out[HASH_BYTES])
{
    static const uint8_t abef[] = {0, 1, 4, 5}, cdgh[] = {2, 3, 6, 7}; /* the place of each of h0 to h7 */
    uint32_t words[4];

    _mm_storeu_si128((__m128i *)words, lane->abef);
    for (size_t i = 0; i < 4; i++)
        be32_put(out + (size_t)4 * abef[i], words[3 - i]);
    _mm_storeu_si128((__m128i *)words, lane->cdgh);
    for (size_t i = 0; i < 4; i++)
        be32_put(out + (size_t)4 * cdgh[i], words[3 - i]);
}

/* Both are of len bytes. */
PAIR_TARGET static void hash_pair(const uint8_t *a, const uint8_t *b, size_t len, uint8_t *out_a,
                                  uint8_t *out_b)
{
    uint8_t end[BLOCK_BYTES] = {0x80};
    struct lane lane_a, lane_b;

    lane_begin(&lane_a);
    lane_begin(&lane_b);
    for (size_t at = 0; at < len; at += BLOCK_BYTES)
        both_block(&lane_a, &lane_b, a + at, b + at);
    be64_put(end + BLOCK_BYTES - 8, (uint64_t)len * 8);
    both_block(&lane_a, &lane_b, end, end);
    lane_end(&lane_a, out_a);
    lane_end(&lane_b, out_b);
}

/* Sixteen streams: a vector a word, a lane a stream. */

/* The next block of each, its words one vector each. */
WIDE_INLINE void wide_load(__m512i words[WORDS], const uint8_t *bytes, size_t stride)
{
    const __m512i swap = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    __m512i rows[LANES], twos[LANES], fours[LANES];

    UNROLL_16
    for (size_t i = 0; i < LANES; i++)
        rows[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(bytes + i * stride), swap);
    UNROLL_16
    for (size_t i = 0; i < LANES; i += 2) {
        twos[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        twos[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    UNROLL_16
    for (size_t i = 0; i < LANES; i += 4) {
        fours[i] = _mm512_unpacklo_epi64(twos[i], twos[i + 2]);
        fours[i + 1] = _mm512_unpackhi_epi64(twos[i], twos[i + 2]);
        fours[i + 2] = _mm512_unpacklo_epi64(twos[i + 1], twos[i + 3]);
        fours[i + 3] = _mm512_unpackhi_epi64(twos[i + 1], twos[i + 3]);
    }
    /* Each quarter k of fours[4 * g + c] holds word 4 * k + c of streams 4 * g to 4 * g + 3. */
    UNROLL_16
    for (size_t c = 0; c < 4; c++) {
        __m512i even = _mm512_shuffle_i32x4(fours[c], fours[c + 4], 0x88);
        __m512i odd = _mm512_shuffle_i32x4(fours[c], fours[c + 4], 0xdd);
        __m512i even_high = _mm512_shuffle_i32x4(fours[c + 8], fours[c + 12], 0x88);
        __m512i odd_high = _mm512_shuffle_i32x4(fours[c + 8], fours[c + 12], 0xdd);

        words[c] = _mm512_shuffle_i32x4(even, even_high, 0x88);
        words[c + 4] = _mm512_shuffle_i32x4(odd, odd_high, 0x88);
        words[c + 8] = _mm512_shuffle_i32x4(even, even_high, 0xdd);
        words[c + 12] = _mm512_shuffle_i32x4(odd, odd_high, 0xdd);
    }
}

/* The truth tables of what FIPS 180-4 (4.1.2) calls Ch and Maj, and of three terms' XOR. */
enum { CHOICE = 0xca, MAJORITY = 0xe8, XOR3 = 0x96 };

WIDE_INLINE __m512i wide_xor3(__m512i a, __m512i b, __m512i c)
{
    return _mm512_ternarylogic_epi32(a, b, c, XOR3);
}

/* The word that takes the place of words[i], for 16 rounds later. */
WIDE_INLINE __m512i wide_next_word(const __m512i words[WORDS], size_t i)
{
    __m512i w15 = words[(i + 1) % WORDS], w2 = words[(i + 14) % WORDS];
    __m512i sigma0 =
        wide_xor3(_mm512_ror_epi32(w15, 7), _mm512_ror_epi32(w15, 18), _mm512_srli_epi32(w15, 3));
    __m512i sigma1 = wide_xor3(_mm512_ror_epi32(w2, 17), _mm512_ror_epi32(w2, 19), _mm512_srli_epi32(w2, 10));

    return _mm512_add_epi32(_mm512_add_epi32(words[i], sigma0),
                            _mm512_add_epi32(words[(i + 9) % WORDS], sigma1));
}

/* Round i of 16: the state stands still, its letters go round. */
WIDE_INLINE void wide_round(__m512i state[STATE], size_t i, __m512i word_and_constant)
{
    const size_t shift = STATE - i % STATE;
    __m512i *at_d = &state[(3 + shift) % STATE], *at_h = &state[(7 + shift) % STATE];
    __m512i a = state[shift % STATE], b = state[(1 + shift) % STATE], c = state[(2 + shift) % STATE];
    __m512i e = state[(4 + shift) % STATE], f = state[(5 + shift) % STATE], g = state[(6 + shift) % STATE];
    __m512i sum1 = wide_xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25));
    __m512i sum0 = wide_xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22));
    __m512i choice = _mm512_ternarylogic_epi32(e, f, g, CHOICE);
    __m512i majority = _mm512_ternarylogic_epi32(a, b, c, MAJORITY);
    __m512i first =
        _mm512_add_epi32(_mm512_add_epi32(*at_h, word_and_constant), _mm512_add_epi32(sum1, choice));

    *at_d = _mm512_add_epi32(*at_d, first);
    *at_h = _mm512_add_epi32(first, _mm512_add_epi32(sum0, majority));
}

WIDE_INLINE void wide_block(__m512i state[STATE], __m512i words[WORDS])
{
    __m512i before[STATE];

    for (size_t i = 0; i < STATE; i++)
        before[i] = state[i];
    for (size_t begin = 0; begin < ROUNDS; begin += WORDS) {
        UNROLL_16
        for (size_t i = 0; i < WORDS; i++) {
            wide_round(state, i, _mm512_add_epi32(words[i], _mm512_set1_epi32((int)constants[begin + i])));
            words[i] = wide_next_word(words, i);
        }
    }
    for (size_t i = 0; i < STATE; i++)
        state[i] = _mm512_add_epi32(state[i], before[i]);
}

/* Sixteen pieces that lie one after the other. */
WIDE_TARGET static void hash_wide(const uint8_t *bytes, size_t piece_bytes, uint8_t *out)
{
    __m512i state[STATE], words[WORDS];
    uint32_t lanes[LANES];

    for (size_t i = 0; i < STATE; i++)
        state[i] = _mm512_set1_epi32((int)beginning[i]);
    for (size_t at = 0; at < piece_bytes; at += BLOCK_BYTES) {
        wide_load(words, bytes + at, piece_bytes);
        wide_block(state, words);
    }
    words[0] = _mm512_set1_epi32((int)0x80000000);
    for (size_t i = 1; i < WORDS - 2; i++)
        words[i] = _mm512_setzero_si512();
    words[WORDS - 2] = _mm512_set1_epi32((int)((uint64_t)piece_bytes * 8 >> 32));
    words[WORDS - 1] = _mm512_set1_epi32((int)(uint32_t)(piece_bytes * 8));
    wide_block(state, words);
    for (size_t i = 0; i < STATE; i++) {
        _mm512_storeu_si512(lanes, state[i]);
        for (size_t lane = 0; lane < LANES; lane++)
            be32_put(out + lane * HASH_BYTES + 4 * i, lanes[lane]);
    }
}

enum can { CAN_NOTHING = 1, CAN_PAIR = 2, CAN_WIDE = 4 };

static int ask_processor(void)
{
    unsigned a, b, c, d;
    int can = CAN_NOTHING;

    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        can |= CAN_WIDE;
    if (__builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 &&
        (b & bit_SHA) != 0)
        can |= CAN_PAIR;
    return can;
}

/* Asked once: a hypervisor traps the question, which takes as long as a block. */
static int processor_can(void)
{
    static atomic_int answer;
    int can = atomic_load_explicit(&answer, memory_order_relaxed);

    if (can == 0) {
        can = ask_processor();
        atomic_store_explicit(&answer, can, memory_order_relaxed);
    }
    return can;
}

size_t sha256_many(const uint8_t *bytes, size_t piece_bytes, size_t n, uint8_t *out)
{
    int can = piece_bytes % BLOCK_BYTES == 0 ? processor_can() : CAN_NOTHING;
    size_t done = 0;

    for (; (can & CAN_WIDE) != 0 && n - done >= LANES; done += LANES)
        hash_wide(bytes + done * piece_bytes, piece_bytes, out + done * HASH_BYTES);
    for (; (can & CAN_PAIR) != 0 && n - done >= 2; done += 2)
        hash_pair(bytes + done * piece_bytes, bytes + (done + 1) * piece_bytes, piece_bytes,
                  out + done * HASH_BYTES, out + (done + 1) * HASH_BYTES);
    return done;
}

#else

size_t sha256_many(const uint8_t *bytes, size_t piece_bytes, size_t n, uint8_t *out)
{
    (void)bytes;
    (void)piece_bytes;
    (void)n;
    (void)out;
    return 0;
}

#endif
