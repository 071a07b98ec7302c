/* Bytes that must not outlive their use. */
#ifndef SW_SEAL_SECRET_H
#define SW_SEAL_SECRET_H

#include "src/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEAL_SECRET_MAX = 72, SEAL_KEY_BYTES = 32 };

/* A key, or what one is made of (66 bytes for P-521); never printed, cleansed when its scope ends. */
struct seal_secret {
    uint8_t bytes[SEAL_SECRET_MAX];
    size_t len;
};

/* Overwrites memory in a way that the compiler keeps; NULL with len 0 is allowed. */
void seal_cleanse(void *bytes, size_t len);
void seal_secret_cleanse(struct seal_secret *secret);
#define SW_AUTO_SECRET SW_CLEANUP(seal_secret_cleanse)

/* Compares in a time that does not depend on the bytes. */
bool seal_equal(const void *a, const void *b, size_t len);

/* Zeroed memory for plaintext: kept out of core dumps and of child processes, cleansed when freed. NULL without any. */
void *seal_arena_new(size_t len);
void seal_arena_free(void *arena, size_t len);

/*
 * Memory for keys: one region between guard pages, locked into memory, left out of core dumps, zeros in a child process. It
 * is libcrypto's secure heap, so that the numbers of private keys lie there as well. Opened once; false when it could
 * not be locked, and holds keys all the same.
 */
enum { SEAL_KEY_MEMORY_BYTES = 2 << 20 };
bool seal_key_memory_lock(void);

/* Zeroed memory for keys: there, else (it is not there yet, or full) an arena. NULL without any. Cleansed when freed. */
void *seal_key_new(size_t len);
void seal_key_free(void *memory, size_t len);

#endif
