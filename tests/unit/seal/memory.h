/* Inputs and outputs in memory; key files in the test's folder. */
#ifndef TEST_SEAL_MEMORY_H
#define TEST_SEAL_MEMORY_H

#include "tests/unit/testing.h"

#include "slipway/envelope.h"
#include "src/base/buf.h"
#include "src/base/fs.h"

#include <sys/stat.h>

struct mem_in {
    struct sw_in base;
    const uint8_t *bytes;
};

static int mem_in_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    (void)err;
    memcpy(buf, ((struct mem_in *)in)->bytes + off, len);
    return 0;
}

static void mem_in_close(struct sw_in *in)
{
    free(in);
}

static const struct sw_in_ops mem_in_ops = {.pread = mem_in_pread, .close = mem_in_close};

/* bytes must outlive it. */
static inline struct sw_in *mem_in(const void *bytes, size_t len)
{
    struct mem_in *in = calloc(1, sizeof(*in));

    assert_non_null(in);
    in->base = (struct sw_in){.ops = &mem_in_ops, .size_bytes = len, .fd = -1, .name = "memory"};
    in->bytes = bytes;
    return &in->base;
}

/* What was written to an output, also after it is closed. */
struct mem_file {
    uint8_t *bytes;
    size_t cap;
    uint64_t len;
    uint64_t full_at; /* writes beyond fail, when not 0 */
    bool committed;
};

struct mem_out {
    struct sw_out base;
    struct mem_file *file;
};

static int mem_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    struct mem_file *file = ((struct mem_out *)out)->file;
    uint64_t end = off + len, seen = __atomic_load_n(&file->len, __ATOMIC_RELAXED);

    if ((file->full_at != 0 && end > file->full_at) || end > file->cap)
        return sw_fail(err, SW_FAILED, "no space at %llu", (unsigned long long)off);
    memcpy(file->bytes + off, buf, len);
    while (seen < end &&
           !__atomic_compare_exchange_n(&file->len, &seen, end, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return 0;
}

static int mem_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return mem_out_pwrite(out, buf, len, out->pos, err);
}

static int mem_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    (void)err;
    ((struct mem_out *)out)->file->len = size_bytes;
    return 0;
}

static int mem_out_commit(struct sw_out *out, struct sw_err *err)
{
    (void)err;
    ((struct mem_out *)out)->file->committed = true;
    return 0;
}

static void mem_out_close(struct sw_out *out)
{
    free(out);
}

static const struct sw_out_ops mem_stream_ops = {
    .write = mem_out_write, .commit = mem_out_commit, .close = mem_out_close};
static const struct sw_out_ops mem_seekable_ops = {.write = mem_out_write,
                                                   .pwrite = mem_out_pwrite,
                                                   .truncate = mem_out_truncate,
                                                   .commit = mem_out_commit,
                                                   .close = mem_out_close};

static inline void mem_file_init(struct mem_file *file, size_t cap)
{
    *file = (struct mem_file){.bytes = calloc(1, cap + 1), .cap = cap};
    assert_non_null(file->bytes);
}

static inline void mem_file_free(struct mem_file *file)
{
    free(file->bytes);
    *file = (struct mem_file){.len = 0};
}

static inline struct sw_out *mem_out(struct mem_file *file, bool seekable)
{
    struct mem_out *out = calloc(1, sizeof(*out));

    assert_non_null(out);
    out->base =
        (struct sw_out){.ops = seekable ? &mem_seekable_ops : &mem_stream_ops, .fd = -1, .name = "memory"};
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

#endif
