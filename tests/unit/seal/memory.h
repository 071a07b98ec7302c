/* An output in memory that can be full and that threads may share; key files in the test's folder. */
#ifndef TEST_SEAL_MEMORY_H
#define TEST_SEAL_MEMORY_H

#include "tests/lib/mem_in.h"
#include "tests/unit/testing.h"

#include "slipway/envelope.h"
#include "src/base/buf.h"
#include "src/base/fs.h"
#include "src/seal/keyring.h"

#include <sys/stat.h>

/* What was written to an output, also after it is closed. */
struct kept {
    uint8_t *bytes;
    size_t cap;
    uint64_t len;
    uint64_t full_at; /* writes beyond fail, when not 0 */
    bool committed;
};

struct kept_out {
    struct sw_out base;
    struct kept *file;
};

static int kept_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct kept *file = ((struct kept_out *)out)->file;
    uint64_t end = off + len, seen = __atomic_load_n(&file->len, __ATOMIC_RELAXED);

    if ((file->full_at != 0 && end > file->full_at) || end > file->cap)
        return sw_fail(err, SW_FAILED, "no space at %llu", (unsigned long long)off);
    memcpy(file->bytes + off, buf, len);
    while (seen < end &&
           !__atomic_compare_exchange_n(&file->len, &seen, end, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return 0;
}

static int kept_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return kept_out_pwrite(out, buf, len, out->pos, err);
}

static int kept_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    (void)err;
    ((struct kept_out *)out)->file->len = size_bytes;
    return 0;
}

static int kept_out_commit(struct sw_out *out, struct sw_err *err)
{
    (void)err;
    ((struct kept_out *)out)->file->committed = true;
    return 0;
}

static void kept_out_close(struct sw_out *out)
{
    free(out);
}

static const struct sw_out_ops kept_stream_ops = {
    .write = kept_out_write, .commit = kept_out_commit, .close = kept_out_close};
static const struct sw_out_ops kept_seekable_ops = {.write = kept_out_write,
                                                    .pwrite = kept_out_pwrite,
                                                    .truncate = kept_out_truncate,
                                                    .commit = kept_out_commit,
                                                    .close = kept_out_close};

static inline void kept_init(struct kept *file, size_t cap)
{
    *file = (struct kept){.bytes = calloc(1, cap + 1), .cap = cap};
    assert_non_null(file->bytes);
}

static inline void kept_free(struct kept *file)
{
    free(file->bytes);
    *file = (struct kept){.len = 0};
}

static inline struct sw_out *kept_out(struct kept *file, bool seekable)
{
    struct kept_out *out = calloc(1, sizeof(*out));

    assert_non_null(out);
    out->base =
        (struct sw_out){.ops = seekable ? &kept_seekable_ops : &kept_stream_ops, .fd = -1, .name = "memory"};
    out->file = file;
    return &out->base;
}

/* Makes a key file in the working directory; gives its name back. */
static inline const char *key_file(const char *name, const void *bytes, size_t len, unsigned mode)
{
    struct sw_err err = {.code = SW_OK};

    assert_ok(sw_write_file(name, bytes, len, mode, &err), err);
    assert_int_equal(chmod(name, mode), 0);
    return name;
}

/* A ring with one key of a text; fails the test when it cannot be made. */
static inline struct sw_keyring *ring_of(enum sw_key_use use, const char *text)
{
    struct sw_err err = {.code = SW_OK};
    struct sw_keyring *ring = sw_keyring_new(use, &err);

    assert_non_null(ring);
    assert_ok(sw_keyring_add(ring, text, &err), err);
    return ring;
}

/* A ring with an AES key of 32 such bytes. */
static inline struct sw_keyring *aes_ring(enum sw_key_use use, uint8_t byte)
{
    uint8_t key[32];

    memset(key, byte, sizeof(key));
    (void)key_file("aes.key", key, sizeof(key), 0600);
    return ring_of(use, "aes:aes.key");
}

/* A key text that a keyring refuses, with this code and these words. */
static inline void refuse_key(enum sw_key_use use, const char *text, enum sw_code code, const char *why)
{
    struct sw_err err = {.code = SW_OK};
    SW_AUTO_KEYRING struct sw_keyring *ring = sw_keyring_new(use, &err);

    assert_non_null(ring);
    if (sw_keyring_add(ring, text, &err) == 0)
        fail_msg("'%s' was accepted", text);
    if (err.code != code || strstr(err.text, why) == NULL)
        fail_msg("'%s': code %d, '%s'", text, err.code, err.text);
    assert_int_equal(sw_keyring_count(ring), 0);
}

#endif
