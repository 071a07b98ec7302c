/* A bounded window of a disk. */
#include "src/disk/span.h"

#include "src/base/ckd.h"

#include <string.h>

struct span span_disk(struct sw_image *img)
{
    return (struct span){.img = img, .len = img->size_bytes};
}

struct span span_part(const struct span *span, uint64_t off, uint64_t len)
{
    off = sw_min_u64(off, span->len);
    return (struct span){.img = span->img, .off = span->off + off, .len = sw_min_u64(len, span->len - off)};
}

int span_read(const struct span *span, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    if (off > span->len || len > span->len - off)
        return sw_fail(err, SW_INTEGRITY, "%zu bytes at %llu lie past the end", len,
                       (unsigned long long)(span->off + off));
    return sw_image_pread(span->img, buf, len, span->off + off, err);
}

int span_peek(const struct span *span, void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    size_t there = off < span->len ? (size_t)sw_min_u64(len, span->len - off) : 0;

    memset((char *)buf + there, 0, len - there);
    return there > 0 ? span_read(span, buf, there, off, err) : 0;
}
