/* A grain's zlib stream is a function of the grain and the level alone: which worker made it must not show. */
#include "tests/unit/testing.h"

#include "formats/vmdk/vmdk.h"

enum { GRAIN = 65536, GRAINS = 800 };

/* Long runs that repeat after 255 bytes: what a fast matcher finds in them depends on what it remembers. */
static void fill(uint8_t *grain, unsigned g)
{
    for (size_t i = 0; i < GRAIN; i++) {
        uint64_t at = (uint64_t)g * GRAIN + i;

        grain[i] = (uint8_t)(1 + (at * 37 + at / 4096 * 11 + (at >> 16)) % 255);
    }
}

static void a_used_deflater_gives_the_bytes_of_a_new_one(void **state)
{
    static const int levels[] = {1, 6};
    size_t cap = vmdk_deflate_bound();
    uint8_t *grain = malloc(GRAIN), *first = malloc(cap), *second = malloc(cap);
    struct sw_err err = {0};

    (void)state;
    for (size_t l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
        struct vmdk_deflater *used = vmdk_deflater_new(levels[l], &err);

        assert_non_null(used);
        for (unsigned g = 0; g < GRAINS; g++) {
            struct vmdk_deflater *fresh = vmdk_deflater_new(levels[l], &err);
            size_t n, m;

            assert_non_null(fresh);
            fill(grain, g);
            n = vmdk_deflate(fresh, grain, GRAIN, first, cap);
            m = vmdk_deflate(used, grain, GRAIN, second, cap);
            vmdk_deflater_free(fresh);
            assert_true(n > 0);
            assert_int_equal(n, m);
            assert_memory_equal(first, second, n);
        }
        vmdk_deflater_free(used);
    }
    free(grain);
    free(first);
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_used_deflater_gives_the_bytes_of_a_new_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
