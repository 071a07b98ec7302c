/* What a saved start ends with, and is checked by: qemu takes memory as it comes, and a bit that has changed would work on in it. */
#include "src/appliance/hv/hv.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LANES = 4, LANE_BYTES = 8, CHUNK_BYTES = 1 << 20 };

/* XXH64's, whose rounds these are: a hash for damage, and no signature. */
#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum += word * PRIME_2;
    return (sum << 31 | sum >> 33) * PRIME_1;
}

/* Up to a multiple of the lanes' bytes: what is behind the last is zero. */
static void add_chunk(uint64_t lanes[LANES], const unsigned char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += (size_t)LANES * LANE_BYTES)
        for (size_t i = 0; i < LANES; i++) {
            uint64_t word;

            memcpy(&word, bytes + at + i * LANE_BYTES, LANE_BYTES);
            lanes[i] = mix(lanes[i], le64toh(word));
        }
}

static bool read_chunk(int fd, unsigned char *chunk, size_t len, uint64_t at)
{
    for (size_t have = 0; have < len;) {
        ssize_t n = pread(fd, chunk + have, len - have, (off_t)(at + have));

        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

/* The file's first len bytes, and what they are the state of. */
static bool sum_of(int fd, uint64_t len, const char *name, uint64_t *out)
{
    unsigned char *chunk = malloc(CHUNK_BYTES);
    uint64_t lanes[LANES] = {0, 1, 2, 3}, sum = len;
    bool whole = chunk != NULL;

    for (uint64_t at = 0; whole && at < len; at += CHUNK_BYTES) {
        size_t n = len - at < CHUNK_BYTES ? (size_t)(len - at) : CHUNK_BYTES;

        whole = read_chunk(fd, chunk, n, at);
        memset(chunk + n, 0, CHUNK_BYTES - n);
        add_chunk(lanes, chunk, n);
    }
    free(chunk);
    for (size_t i = 0; i < LANES; i++)
        sum = mix(sum, lanes[i]);
    for (size_t i = 0; i < HV_NAME_HEX; i++)
        sum = mix(sum, (unsigned char)name[i]);
    *out = sum;
    return whole;
}

bool hv_seal(int fd, const char *name)
{
    struct stat st;
    uint64_t sum;

    if (fstat(fd, &st) < 0 || !sum_of(fd, (uint64_t)st.st_size, name, &sum))
        return false;
    sum = htole64(sum);
    return pwrite(fd, &sum, sizeof(sum), st.st_size) == (ssize_t)sizeof(sum);
}

bool hv_is_whole(int fd, const char *name)
{
    struct stat st;
    uint64_t said, sum;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(said))
        return false;
    st.st_size -= (off_t)sizeof(said);
    return pread(fd, &said, sizeof(said), st.st_size) == (ssize_t)sizeof(said) &&
           sum_of(fd, (uint64_t)st.st_size, name, &sum) && le64toh(said) == sum;
}
