/* Vector registers hold nothing of what was copied, once they are wiped. */
#include "src/base/registers.h"
#include "tests/unit/testing.h"

#include <string.h>

enum { WIDEST = 64, SOME = 4 };

#ifdef __x86_64__

/* The lowest and the highest of each kind: what was in them after the wipe. */
__attribute__((target("avx512f"))) static void round_avx512(const uint8_t *mark, uint8_t *found)
{
    __asm__ volatile("vmovdqu64 (%0), %%zmm0\n\tvmovdqu64 (%0), %%zmm15\n\t"
                     "vmovdqu64 (%0), %%zmm16\n\tvmovdqu64 (%0), %%zmm31"
                     :
                     : "r"(mark)
                     : "memory", "xmm0", "xmm15", "xmm16", "xmm31");
    sw_registers_wipe();
    __asm__ volatile("vmovdqu64 %%zmm0, (%0)\n\tvmovdqu64 %%zmm15, 64(%0)\n\t"
                     "vmovdqu64 %%zmm16, 128(%0)\n\tvmovdqu64 %%zmm31, 192(%0)"
                     :
                     : "r"(found)
                     : "memory");
}

__attribute__((target("avx"))) static void round_avx(const uint8_t *mark, uint8_t *found)
{
    __asm__ volatile("vmovdqu (%0), %%ymm0\n\tvmovdqu (%0), %%ymm15"
                     :
                     : "r"(mark)
                     : "memory", "xmm0", "xmm15");
    sw_registers_wipe();
    __asm__ volatile("vmovdqu %%ymm0, (%0)\n\tvmovdqu %%ymm15, 64(%0)" : : "r"(found) : "memory");
}

static void round_sse(const uint8_t *mark, uint8_t *found)
{
    __asm__ volatile("movdqu (%0), %%xmm0\n\tmovdqu (%0), %%xmm15" : : "r"(mark) : "memory", "xmm0", "xmm15");
    sw_registers_wipe();
    __asm__ volatile("movdqu %%xmm0, (%0)\n\tmovdqu %%xmm15, 64(%0)" : : "r"(found) : "memory");
}

#endif

static void what_was_in_a_register_is_gone(void **state)
{
    uint8_t mark[WIDEST], found[SOME * WIDEST] = {0};
    const uint8_t nothing[SOME * WIDEST] = {0};

    (void)state;
    memset(mark, 0x5a, sizeof(mark));
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        round_avx512(mark, found);
    else if (__builtin_cpu_supports("avx"))
        round_avx(mark, found);
    else
        round_sse(mark, found);
    assert_memory_equal(found, nothing, sizeof(nothing));
    round_sse(mark, found);
    assert_memory_equal(found, nothing, sizeof(nothing));
#else
    sw_registers_wipe();
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_in_a_register_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
