/* Disk images in memory: an input over bytes, an output that grows. For one thread. */
#ifndef TESTS_LIB_MEM_IN_H
#define TESTS_LIB_MEM_IN_H

#include "slipway/io.h"

#include <stdlib.h>
#include <string.h>

struct mem_in {
    struct sw_in base;
    const uint8_t *bytes;
};

static inline int mem_in_pread(struct sw_in *in, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    (void)err;
    memcpy(buf, ((struct mem_in *)in)->bytes + off, len);
    return 0;
}

static inline void mem_in_close(struct sw_in *in)
{
    free(in);
}

/* The bytes stay the caller's and must outlive it. Ends the program when memory is gone. */
static inline struct sw_in *mem_in(const void *bytes, size_t len)
{
    static const struct sw_in_ops ops = {.pread = mem_in_pread, .close = mem_in_close};
    struct mem_in *in = calloc(1, sizeof(*in));

    if (in == NULL)
        abort();
    in->base = (struct sw_in){.ops = &ops, .size_bytes = len, .fd = -1, .name = "memory"};
    in->bytes = bytes;
    return &in->base;
}

/* What was written. Zero-initialise; free(file.bytes) at the end. */
struct mem_file {
    uint8_t *bytes;
    size_t len;
};

struct mem_out {
    struct sw_out base;
    struct mem_file *file;
};

static inline int mem_out_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    struct mem_file *file = ((struct mem_out *)out)->file;
    uint8_t *grown = realloc(file->bytes, (size_t)size_bytes + 1);

    (void)err;
    if (grown == NULL)
        abort();
    if (size_bytes > file->len)
        memset(grown + file->len, 0, (size_t)size_bytes - file->len);
    file->bytes = grown;
    file->len = (size_t)size_bytes;
    return 0;
}

static inline int mem_out_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off,
                                 struct sw_err *err)
{
    struct mem_file *file = ((struct mem_out *)out)->file;

    if (off + len > file->len && mem_out_truncate(out, off + len, err) < 0)
        return -1;
    memcpy(file->bytes + off, buf, len);
    return 0;
}

static inline int mem_out_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    return mem_out_pwrite(out, buf, len, out->pos, err);
}

static inline int mem_out_commit(struct sw_out *out, struct sw_err *err)
{
    (void)out;
    (void)err;
    return 0;
}

static inline void mem_out_close(struct sw_out *out)
{
    free(out);
}

static inline struct sw_out *mem_out(struct mem_file *file, bool seekable)
{
    static const struct sw_out_ops stream = {
        .write = mem_out_write, .commit = mem_out_commit, .close = mem_out_close};
    static const struct sw_out_ops seek = {.write = mem_out_write,
                                           .pwrite = mem_out_pwrite,
                                           .truncate = mem_out_truncate,
                                           .commit = mem_out_commit,
                                           .close = mem_out_close};
    struct mem_out *out = calloc(1, sizeof(*out));

    if (out == NULL)
        abort();
    out->base = (struct sw_out){.ops = seekable ? &seek : &stream, .fd = -1, .name = "memory"};
    out->file = file;
    return &out->base;
}

#endif
