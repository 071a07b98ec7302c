/* A grain's zlib stream: it inflates to the grain, fits, and is a function of the grain and the level alone. */
#include "tests/unit/testing.h"

#include "formats/vmdk/deflate_fast.h"
#include "src/base/digest.h"
#include "src/base/endian.h"

#include <zlib.h>

enum { GRAIN = 65536, GRAINS = 200 };

struct codec {
    struct vmdk_deflater *deflater;
    struct vmdk_inflater *inflater;
    uint8_t *out;
    uint8_t back[GRAIN];
};

static int make_codec(void **state)
{
    struct codec *codec = calloc(1, sizeof(*codec));
    struct sw_err err = {0};

    codec->deflater = vmdk_deflater_new(VMDK_LEVEL_FAST, &err);
    codec->inflater = vmdk_inflater_new(&err);
    codec->out = malloc(vmdk_deflate_bound());
    *state = codec;
    return codec->deflater != NULL && codec->inflater != NULL && codec->out != NULL ? 0 : -1;
}

static int free_codec(void **state)
{
    struct codec *codec = *state;

    vmdk_deflater_free(codec->deflater);
    vmdk_inflater_free(codec->inflater);
    free(codec->out);
    free(codec);
    return 0;
}

/* The copy ends where its memory ends, so that a sanitizer sees a read behind it. Returns the stream's length. */
static size_t assert_round_trip(struct codec *codec, const uint8_t *in, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    size_t n, got = 0;

    memcpy(copy + 1, in, len);
    n = vmdk_deflate(codec->deflater, copy + 1, len, codec->out);
    assert_in_range(n, 1, len + 2 + 4 + 10);
    assert_int_equal(vmdk_inflate(codec->inflater, codec->out, n, codec->back, GRAIN, &got), 0);
    assert_int_equal(got, len);
    assert_memory_equal(codec->back, in, len);
    free(copy);
    return n;
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

static void fill_random(uint8_t *grain, size_t len, uint32_t symbols, uint64_t seed)
{
    for (size_t i = 0; i < len; i++)
        grain[i] = (uint8_t)(next_random(&seed) % symbols);
}

/* Pieces from before and fresh bytes by turns, as files have them. */
static void fill_mixed(uint8_t *grain, uint64_t seed)
{
    size_t i = 0;

    while (i < GRAIN) {
        size_t n = 1 + next_random(&seed) % 40, from = i > 0 ? next_random(&seed) % i : 0;
        bool fresh = i == 0 || next_random(&seed) % 3 == 0;

        for (; n > 0 && i < GRAIN; n--, i++)
            grain[i] = fresh ? (uint8_t)(next_random(&seed) % 90 + 32) : grain[from++];
    }
}

static void every_short_grain_of_few_symbols_reads_back(void **state)
{
    uint8_t grain[10] = {0};

    for (size_t len = 0; len <= 10; len++)
        for (unsigned pattern = 0; pattern < 1u << len; pattern++) {
            for (size_t i = 0; i < len; i++)
                grain[i] = (uint8_t)(pattern >> i & 1 ? 'a' : 0xff);
            assert_round_trip(*state, grain, len);
        }
}

static void grains_of_every_period_and_length_read_back(void **state)
{
    uint8_t *grain = malloc(GRAIN);
    uint64_t seed = 3;

    for (size_t period = 1; period <= 300; period++) {
        size_t len = period % 3 == 0 ? GRAIN : 512 * period / 4 + period;

        fill_random(grain, period, 256, period);
        for (size_t i = period; i < len; i++)
            grain[i] = grain[i - period];
        assert_round_trip(*state, grain, len);
    }
    fill_mixed(grain, seed);
    for (size_t len = 0; len < 700; len++)
        assert_round_trip(*state, grain, len);
    for (size_t len = GRAIN; len > GRAIN - 30; len--)
        assert_round_trip(*state, grain, len);
    free(grain);
}

/* What is over the longest match is cut so that no part is shorter than the shortest. */
static void runs_around_the_longest_match_read_back(void **state)
{
    uint8_t grain[1200];

    for (size_t n = 1; n < 1100; n++) {
        memset(grain, 'r', sizeof(grain));
        grain[n] = 's';
        assert_round_trip(*state, grain, n + 40);
    }
}

static void random_grains_read_back_for_every_number_of_symbols(void **state)
{
    uint8_t *grain = malloc(GRAIN);

    for (uint32_t symbols = 1; symbols <= 256; symbols++) {
        fill_random(grain, GRAIN, symbols, symbols);
        assert_round_trip(*state, grain, symbols % 2 == 0 ? GRAIN : GRAIN - symbols);
    }
    for (uint64_t seed = 0; seed < 100; seed++) {
        fill_mixed(grain, seed);
        assert_round_trip(*state, grain, GRAIN);
    }
    free(grain);
}

static void incompressible_grains_are_stored(void **state)
{
    uint8_t *grain = malloc(GRAIN);

    fill_random(grain, GRAIN, 256, 1);
    assert_int_equal(assert_round_trip(*state, grain, GRAIN), GRAIN + 2 + 2 * 5 + 4);
    assert_int_equal(assert_round_trip(*state, grain, 65535), 65535 + 2 + 5 + 4);
    assert_int_equal(assert_round_trip(*state, grain, 512), 512 + 2 + 5 + 4);
    free(grain);
}

/* A match may go back 32768 bytes and not one more. */
static void matches_stay_within_the_window(void **state)
{
    uint8_t *grain = malloc(GRAIN);
    size_t within, beyond;

    fill_random(grain, GRAIN, 256, 5);
    memcpy(grain + 32768 + 100, grain + 100, 1000);
    within = assert_round_trip(*state, grain, 34000);
    fill_random(grain, GRAIN, 256, 5);
    memcpy(grain + 32769 + 100, grain + 100, 1000);
    beyond = assert_round_trip(*state, grain, 34000);
    assert_true(within < 33500);
    assert_true(beyond > 34000);
    free(grain);
}

/* Frequencies that grow as Fibonacci's numbers make the deepest trees. */
static void deep_codes_are_cut_to_the_limit_and_stay_complete(void **state)
{
    static const unsigned limits[] = {7, 12, 15};
    uint32_t freqs[DEFLATE_LITLENS];
    uint8_t lens[DEFLATE_LITLENS];

    (void)state;
    for (size_t l = 0; l < 3; l++)
        for (unsigned count = 2; count <= (limits[l] == 7 ? 19u : DEFLATE_LITLENS); count++) {
            uint32_t a = 1, b = 1, kraft = 0;

            for (unsigned s = 0; s < count; s++) {
                freqs[s] = a;
                b = a + b < 40000 ? a + b : 1;
                a = b - a < 40000 ? b - a : 1;
            }
            deflate_code_lengths(freqs, count, limits[l], lens);
            for (unsigned s = 0; s < count; s++) {
                assert_in_range(lens[s], 1, limits[l]);
                kraft += 1u << (15 - lens[s]);
            }
            assert_int_equal(kraft, 1u << 15);
        }
}

static void a_code_of_no_or_one_used_symbol_is_complete(void **state)
{
    uint32_t freqs[30] = {0};
    uint8_t lens[30];

    (void)state;
    deflate_code_lengths(freqs, 30, 15, lens);
    assert_true(lens[0] == 1 && lens[1] == 1 && lens[2] == 0);
    freqs[17] = 5;
    deflate_code_lengths(freqs, 30, 15, lens);
    assert_true(lens[0] == 1 && lens[17] == 1 && lens[1] == 0);
}

static void more_than_a_grain_is_refused(void **state)
{
    struct codec *codec = *state;
    uint8_t *grain = calloc(1, GRAIN + 1);

    assert_int_equal(vmdk_deflate(codec->deflater, grain, GRAIN + 1, codec->out), 0);
    free(grain);
}

static void a_used_deflater_gives_the_bytes_of_a_new_one(void **state)
{
    static const int levels[] = {1, 6};
    size_t cap = vmdk_deflate_bound();
    uint8_t *grain = malloc(GRAIN + 64), *first = malloc(cap), *second = malloc(cap + 64);
    struct sw_err err = {0};

    (void)state;
    for (size_t l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
        struct vmdk_deflater *used = vmdk_deflater_new(levels[l], &err);

        assert_non_null(used);
        for (unsigned g = 0; g < GRAINS; g++) {
            struct vmdk_deflater *fresh = vmdk_deflater_new(levels[l], &err);
            size_t n, m, shift = g % 64;

            assert_non_null(fresh);
            fill_mixed(grain, g);
            n = vmdk_deflate(fresh, grain, GRAIN, first);
            memmove(grain + shift, grain, GRAIN); /* at another address, too */
            m = vmdk_deflate(used, grain + shift, GRAIN, second + shift);
            vmdk_deflater_free(fresh);
            assert_true(n > 0);
            assert_int_equal(n, m);
            assert_memory_equal(first, second + shift, n);
        }
        vmdk_deflater_free(used);
    }
    free(grain);
    free(first);
    free(second);
}

/* This program is data as disks have it. A hundredth more is left to other compilers' programs. */
static void a_level_makes_no_more_than_zlib_at_that_number(void **state)
{
    FILE *self = fopen("/proc/self/exe", "rb");
    size_t ours[10] = {0}, theirs[10] = {0}, cap = vmdk_deflate_bound(), n;
    uint8_t *grain = malloc(GRAIN), *out = malloc(cap);
    struct sw_err err = {0};

    (void)state;
    assert_non_null(self);
    while ((n = fread(grain, 1, GRAIN, self)) > 0)
        for (int level = 2; level < 10; level++) {
            struct vmdk_deflater *deflater = vmdk_deflater_new(level, &err);
            uLongf len = cap;

            assert_non_null(deflater);
            ours[level] += vmdk_deflate(deflater, grain, n, out);
            assert_int_equal(compress2(out, &len, grain, n, level), Z_OK);
            theirs[level] += len;
            vmdk_deflater_free(deflater);
        }
    for (int level = 2; level < 10; level++)
        assert_true(ours[level] <= theirs[level] + theirs[level] / 100);
    fclose(self);
    free(grain);
    free(out);
}

/* Whoever compiled it and whatever processor runs it. Changing the encoder changes this, and every VMDK that it makes. */
static void the_bytes_are_the_same_on_every_machine(void **state)
{
    struct codec *codec = *state;
    uint8_t *grain = malloc(GRAIN), digest[SW_SHA256_BYTES], sums[32 * SW_SHA256_BYTES];
    struct sw_err err = {0};
    char hex[2 * SW_SHA256_BYTES + 1];

    for (unsigned g = 0; g < 32; g++) {
        size_t n;

        fill_mixed(grain, g);
        n = vmdk_deflate(codec->deflater, grain, GRAIN, codec->out);
        assert_ok(sw_sha256(codec->out, n, sums + g * SW_SHA256_BYTES, &err), err);
    }
    assert_ok(sw_sha256(sums, sizeof(sums), digest, &err), err);
    sw_hex(digest, SW_SHA256_BYTES, hex);
    assert_string_equal(hex, "e8aa225638c577fb10d5deb5f81582f5f9894122b8983fbe686dacaa3746ca45");
    free(grain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_grain_of_few_symbols_reads_back),
        cmocka_unit_test(grains_of_every_period_and_length_read_back),
        cmocka_unit_test(runs_around_the_longest_match_read_back),
        cmocka_unit_test(random_grains_read_back_for_every_number_of_symbols),
        cmocka_unit_test(incompressible_grains_are_stored),
        cmocka_unit_test(a_level_makes_no_more_than_zlib_at_that_number),
        cmocka_unit_test(matches_stay_within_the_window),
        cmocka_unit_test(deep_codes_are_cut_to_the_limit_and_stay_complete),
        cmocka_unit_test(a_code_of_no_or_one_used_symbol_is_complete),
        cmocka_unit_test(more_than_a_grain_is_refused),
        cmocka_unit_test(a_used_deflater_gives_the_bytes_of_a_new_one),
        cmocka_unit_test(the_bytes_are_the_same_on_every_machine),
    };

    return cmocka_run_group_tests(tests, make_codec, free_codec);
}
