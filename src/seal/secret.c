/* Cleansing and constant-time comparison by libcrypto; memory that core dumps leave out. */
#include "src/seal/secret.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

void seal_cleanse(void *bytes, size_t len)
{
    if (bytes != NULL)
        OPENSSL_cleanse(bytes, len);
}

void seal_secret_cleanse(struct seal_secret *secret)
{
    OPENSSL_cleanse(secret, sizeof(*secret));
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
    return arena;
}

void seal_arena_free(void *arena, size_t len)
{
    if (arena == NULL)
        return;
    OPENSSL_cleanse(arena, len);
    munmap(arena, len);
}
