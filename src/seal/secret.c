/* Cleansing and constant-time comparison by libcrypto; memory for keys, and for plaintext. */
#include "src/seal/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

/* Copies of keys went through the vector registers, which a core holds even when it holds no memory. */
static void clear_registers(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::
                             : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                               "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    /* The compiler keeps nothing in these sixteen; memcpy does. */
    if (__builtin_cpu_supports("avx512f"))
        __asm__ volatile(".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
                         "vpxord %%zmm\\n, %%zmm\\n, %%zmm\\n\n\t"
                         ".endr" ::
                             : "memory");
#endif
}

void seal_cleanse(void *bytes, size_t len)
{
    if (bytes != NULL)
        OPENSSL_cleanse(bytes, len);
    clear_registers();
}

void seal_secret_cleanse(struct seal_secret *secret)
{
    seal_cleanse(secret, sizeof(*secret));
}

bool seal_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

void *seal_arena_new(size_t len)
{
    void *arena = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (arena == MAP_FAILED)
        return NULL;
    /* Best effort: the process is undumpable as well. */
    (void)madvise(arena, len, MADV_DONTDUMP);
    (void)madvise(arena, len, MADV_WIPEONFORK);
    return arena;
}

void seal_arena_free(void *arena, size_t len)
{
    if (arena == NULL)
        return;
    seal_cleanse(arena, len);
    munmap(arena, len);
}

/* Of LeakSanitizer, when the program is built with it: libcrypto's own objects are known from nowhere else but there. */
void __lsan_register_root_region(const void *from, size_t len) __attribute__((weak));

/* An allocation of all of it shows where it is: a child process that does not need the keys finds zeros. */
static void set_up_region(void)
{
    void *all = OPENSSL_secure_malloc(SEAL_KEY_MEMORY_BYTES);

    if (all == NULL)
        return;
    (void)madvise(all, SEAL_KEY_MEMORY_BYTES, MADV_WIPEONFORK);
    if (__lsan_register_root_region != NULL)
        __lsan_register_root_region(all, SEAL_KEY_MEMORY_BYTES);
    OPENSSL_secure_free(all);
}

bool seal_key_memory_lock(void)
{
    enum { SMALLEST = 32 };
    int opened;

    if (CRYPTO_secure_malloc_initialized())
        return true;
    opened = CRYPTO_secure_malloc_init(SEAL_KEY_MEMORY_BYTES, SMALLEST);
    if (opened != 0)
        set_up_region();
    return opened == 1;
}

void *seal_key_new(size_t len)
{
    void *memory = CRYPTO_secure_malloc_initialized() ? OPENSSL_secure_zalloc(len) : NULL;

    return memory != NULL ? memory : seal_arena_new(len);
}

void seal_key_free(void *memory, size_t len)
{
    if (!CRYPTO_secure_allocated(memory)) {
        seal_arena_free(memory, len);
        return;
    }
    OPENSSL_secure_clear_free(memory, len);
    clear_registers();
}
