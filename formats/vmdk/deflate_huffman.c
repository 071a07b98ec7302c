/* Length-limited Huffman codes. */
#include "formats/vmdk/deflate_fast.h"

#include <string.h>

enum { MAX_BITS = 15, RADIX = 256, FEW = 32 };

static uint32_t key_of(const uint32_t *freqs, unsigned s)
{
    return (freqs[s] < UINT16_MAX ? freqs[s] : UINT16_MAX) << 9 | s;
}

static unsigned sort_few(const uint32_t *freqs, unsigned count, uint32_t *keys)
{
    unsigned used = 0;

    for (unsigned s = 0; s < count; s++) {
        uint32_t key = key_of(freqs, s);
        unsigned at = used;

        if (freqs[s] == 0)
            continue;
        for (; at > 0 && keys[at - 1] > key; at--)
            keys[at] = keys[at - 1];
        keys[at] = key;
        used++;
    }
    return used;
}

/* Used symbols by rising frequency, equal ones by number, as frequency << 9 | symbol. Returns how many. */
static unsigned sort_symbols(const uint32_t *freqs, unsigned count, uint32_t keys[DEFLATE_LITLENS])
{
    uint32_t other[DEFLATE_LITLENS];
    unsigned low[RADIX] = {0}, high[RADIX] = {0}, used = 0, at_low = 0, at_high = 0;

    for (unsigned s = 0; s < count; s++) {
        uint32_t key = key_of(freqs, s);

        if (freqs[s] == 0)
            continue;
        keys[used++] = key;
        low[(key >> 9) % RADIX]++;
        high[key >> 17]++;
    }
    for (unsigned r = 0; r < RADIX; r++) {
        unsigned n_low = low[r], n_high = high[r];

        low[r] = at_low;
        high[r] = at_high;
        at_low += n_low;
        at_high += n_high;
    }
    for (unsigned i = 0; i < used; i++)
        other[low[(keys[i] >> 9) % RADIX]++] = keys[i];
    for (unsigned i = 0; i < used; i++)
        keys[high[other[i] >> 17]++] = other[i];
    return used;
}

/*
 * Turns n >= 2 rising weights into the depths of a Huffman tree's inner nodes, in place (Moffat and Katajainen): at the
 * end nodes[i] of 0 to n - 2 is the depth of the i'th inner node made, the root being the last.
 */
static void inner_depths(uint32_t *nodes, unsigned n)
{
    unsigned leaf = 0, root = 0;

    for (unsigned next = 0; next < n - 1; next++) {
        uint32_t sum = 0;

        for (unsigned k = 0; k < 2; k++) {
            if (leaf >= n || (root < next && nodes[root] < nodes[leaf])) {
                sum += nodes[root];
                nodes[root++] = next;
            } else {
                sum += nodes[leaf++];
            }
        }
        nodes[next] = sum;
    }
    nodes[n - 2] = 0;
    for (unsigned i = n - 2; i-- > 0;)
        nodes[i] = nodes[nodes[i]] + 1;
}

/* How many leaves have each depth; what would lie below max_bits is lifted, and the sum stays that of a full tree. */
static void count_depths(const uint32_t *inner, unsigned n, unsigned max_bits, unsigned counts[MAX_BITS + 1])
{
    memset(counts, 0, (MAX_BITS + 1) * sizeof(*counts));
    counts[1] = 2;
    for (unsigned i = n - 2; i-- > 0;) {
        unsigned depth = inner[i];

        if (depth >= max_bits)
            for (depth = max_bits - 1; counts[depth] == 0;)
                depth--;
        counts[depth]--;
        counts[depth + 1] += 2;
    }
}

void deflate_code_lengths(const uint32_t *freqs, unsigned count, unsigned max_bits, uint8_t *lens)
{
    uint32_t keys[DEFLATE_LITLENS] = {0}, nodes[DEFLATE_LITLENS];
    unsigned counts[MAX_BITS + 1], at = 0;
    unsigned n = count <= FEW ? sort_few(freqs, count, keys) : sort_symbols(freqs, count, keys);

    memset(lens, 0, count);
    if (n < 2) {
        unsigned only = n == 1 ? keys[0] & 511 : 0;

        lens[only] = lens[only == 0 ? 1 : 0] = 1;
        return;
    }
    for (unsigned i = 0; i < n; i++)
        nodes[i] = keys[i] >> 9;
    inner_depths(nodes, n);
    count_depths(nodes, n, max_bits, counts);
    for (unsigned bits = max_bits; bits > 0; bits--)
        for (unsigned k = counts[bits]; k > 0; k--)
            lens[keys[at++] & 511] = (uint8_t)bits;
}

static uint16_t reversed(uint32_t code, unsigned bits)
{
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
    code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
    return (uint16_t)(code >> (16 - bits));
}

void deflate_codes(const uint8_t *lens, unsigned count, uint16_t *codes)
{
    unsigned counts[MAX_BITS + 1] = {0};
    uint32_t next[MAX_BITS + 1] = {0};

    for (unsigned s = 0; s < count; s++)
        counts[lens[s]]++;
    for (unsigned bits = 2; bits <= MAX_BITS; bits++)
        next[bits] = (next[bits - 1] + counts[bits - 1]) << 1;
    for (unsigned s = 0; s < count; s++)
        codes[s] = lens[s] != 0 ? reversed(next[lens[s]]++, lens[s]) : 0;
}
