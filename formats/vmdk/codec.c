/* The zlib streams of compressed grains: ISA-L for the fast levels, libdeflate for the others and to inflate. */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

/*
 * Measured on a Debian disk: ISA-L's level 1 takes a third of the time of libdeflate's, at 4 % more bytes. Its
 * bytes are the same on every x86 processor with SSE 4.2 (tried from Nehalem to AVX-512); those of its level 3 are
 * not, so that level is left out: above 1, a level means libdeflate's.
 */
enum { FAST_LEVEL = 1 };

struct vmdk_deflater {
    struct libdeflate_compressor *slow; /* one of the two */
    struct isal_zstream *fast;
    uint8_t *buf; /* of fast */
};

struct vmdk_inflater *vmdk_inflater_new(struct sw_err *err)
{
    struct libdeflate_decompressor *made = libdeflate_alloc_decompressor();

    if (made == NULL)
        sw_fail(err, SW_FAILED, "no memory to inflate");
    return (struct vmdk_inflater *)made;
}

void vmdk_inflater_free(struct vmdk_inflater *inflater)
{
    libdeflate_free_decompressor((struct libdeflate_decompressor *)inflater);
}

int vmdk_inflate(struct vmdk_inflater *inflater, const void *in, size_t in_len, void *out, size_t cap,
                 size_t *len)
{
    return libdeflate_zlib_decompress((struct libdeflate_decompressor *)inflater, in, in_len, out, cap,
                                      len) == LIBDEFLATE_SUCCESS
               ? 0
               : -1;
}

static int deflater_init(struct vmdk_deflater *deflater, int level, struct sw_err *err)
{
    if (level > FAST_LEVEL) {
        deflater->slow = libdeflate_alloc_compressor(level);
        return deflater->slow != NULL ? 0 : sw_fail(err, SW_FAILED, "no memory to deflate");
    }
    deflater->fast = sw_calloc(1, sizeof(*deflater->fast), err);
    if (deflater->fast == NULL)
        return -1;
    deflater->buf = sw_calloc(1, ISAL_DEF_LVL1_DEFAULT, err);
    return deflater->buf != NULL ? 0 : -1;
}

struct vmdk_deflater *vmdk_deflater_new(int level, struct sw_err *err)
{
    struct vmdk_deflater *deflater = sw_calloc(1, sizeof(*deflater), err);

    if (deflater != NULL && deflater_init(deflater, level, err) < 0) {
        vmdk_deflater_free(deflater);
        return NULL;
    }
    return deflater;
}

void vmdk_deflater_free(struct vmdk_deflater *deflater)
{
    if (deflater == NULL)
        return;
    libdeflate_free_compressor(deflater->slow);
    free(deflater->fast);
    free(deflater->buf);
    free(deflater);
}

static size_t deflate_fast(struct vmdk_deflater *deflater, uint8_t *in, size_t in_len, uint8_t *out,
                           size_t cap)
{
    struct isal_zstream *stream = deflater->fast;

    isal_deflate_stateless_init(stream);
    stream->level = FAST_LEVEL;
    stream->level_buf = deflater->buf;
    stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream->gzip_flag = IGZIP_ZLIB;
    stream->end_of_stream = 1;
    stream->flush = NO_FLUSH;
    stream->next_in = in;
    stream->avail_in = (uint32_t)in_len;
    stream->next_out = out;
    stream->avail_out = (uint32_t)cap;
    return isal_deflate_stateless(stream) == COMP_OK ? stream->total_out : 0;
}

size_t vmdk_deflate(struct vmdk_deflater *deflater, uint8_t *in, size_t in_len, uint8_t *out, size_t cap)
{
    if (deflater->slow != NULL)
        return libdeflate_zlib_compress(deflater->slow, in, in_len, out, cap);
    return deflate_fast(deflater, in, in_len, out, cap);
}

size_t vmdk_deflate_bound(void)
{
    /* ISA-L stores what does not shrink: 5 bytes for each 65535, and zlib's 6. */
    size_t stored = VMDK_UNIT_BYTES + 5 * ((VMDK_UNIT_BYTES + 65534) / 65535) + 6;

    return (size_t)sw_max_u64(stored + 64, libdeflate_zlib_compress_bound(NULL, VMDK_UNIT_BYTES));
}
