/* SHA-256 of several pieces at once, by instructions that not each processor has. */
#ifndef SW_BASE_SHA256_MANY_H
#define SW_BASE_SHA256_MANY_H

#include <stddef.h>
#include <stdint.h>

/*
 * The SHA-256 of the first pieces of n that lie one after the other, 32 bytes each, into out. Returns how many that
 * were: those that are left, or all of them where pieces are no multiple of 64 bytes, are the caller's.
 */
size_t sha256_many(const uint8_t *bytes, size_t piece_bytes, size_t n, uint8_t *out);

#endif
