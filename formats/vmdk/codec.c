/* The zlib streams of compressed grains, by libdeflate. */
#include "formats/vmdk/vmdk.h"
#include "src/base/buf.h"

#include <libdeflate.h>

/*
 * ISA-L's fastest level takes half of the time or less, but the same grain was seen to give other bytes in another call (3
 * grains of 800 in one run, none in the next), and a processor without SSE 4.2 gives others. Output that does not
 * depend on the grain alone is worth no speed.
 */

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

struct vmdk_deflater *vmdk_deflater_new(int level, struct sw_err *err)
{
    struct libdeflate_compressor *made = libdeflate_alloc_compressor(level);

    if (made == NULL)
        sw_fail(err, SW_FAILED, "no memory to deflate");
    return (struct vmdk_deflater *)made;
}

void vmdk_deflater_free(struct vmdk_deflater *deflater)
{
    libdeflate_free_compressor((struct libdeflate_compressor *)deflater);
}

size_t vmdk_deflate(struct vmdk_deflater *deflater, const uint8_t *in, size_t in_len, uint8_t *out,
                    size_t cap)
{
    return libdeflate_zlib_compress((struct libdeflate_compressor *)deflater, in, in_len, out, cap);
}

size_t vmdk_deflate_bound(void)
{
    return libdeflate_zlib_compress_bound(NULL, VMDK_UNIT_BYTES);
}
