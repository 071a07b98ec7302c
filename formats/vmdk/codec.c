/* The zlib streams of compressed grains: the fastest level by deflate_*.c, everything else by libdeflate. */
#include "formats/vmdk/deflate_fast.h"
#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/endian.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * ISA-L's fastest level is a third faster at the same ratio, but what it writes is not a function of the grain: version 2.30
 * hashes bits of the stream's address for a grain's third place (igzip_icf_body_h1_gr_bt.asm, write_first_byte), and its
 * portable code hashes by a product where the others use the CRC instruction.
 */
struct vmdk_deflater {
    struct deflate_parse *fast; /* at VMDK_LEVEL_FAST, else NULL */
    struct libdeflate_compressor *lib;
};

/* The fastest of libdeflate's levels whose grains are no larger than those of zlib's level of our number, on a Debian disk. */
#define LEVELS(X) \
    X(2, 2) X(3, 3) X(4, 4) X(5, 5) X(6, 5) X(7, 6) X(8, 7) X(9, 8) X(10, 10) X(11, 11) X(12, 12)

static int lib_level(int level)
{
#define LIB_LEVEL(ours, theirs) [ours] = theirs,
    static const uint8_t levels[VMDK_LEVEL_MAX + 1] = {LEVELS(LIB_LEVEL)};
#undef LIB_LEVEL

    return levels[level];
}

struct vmdk_deflater *vmdk_deflater_new(int level, struct sw_err *err)
{
    struct vmdk_deflater *made = sw_calloc(1, sizeof(*made), err);

    if (made == NULL)
        return NULL;
    if (level == VMDK_LEVEL_FAST)
        made->fast = malloc(sizeof(*made->fast));
    else
        made->lib = libdeflate_alloc_compressor(lib_level(level));
    if (made->fast == NULL && made->lib == NULL) {
        sw_fail(err, SW_FAILED, "no memory to deflate");
        vmdk_deflater_free(made);
        return NULL;
    }
    return made;
}

void vmdk_deflater_free(struct vmdk_deflater *deflater)
{
    if (deflater == NULL)
        return;
    libdeflate_free_compressor(deflater->lib);
    free(deflater->fast);
    free(deflater);
}

static size_t deflate_fast(struct deflate_parse *parse, const uint8_t *in, size_t in_len, uint8_t *out)
{
    static const uint8_t head[] = {0x78, 0x01}; /* a window of 32 KiB, the fastest level */
    uint8_t *end;

    memcpy(out, head, sizeof(head));
    parse->in = in;
    parse->in_len = in_len;
    deflate_find_matches(parse);
    end = deflate_put_blocks(parse, out + sizeof(head));
    be32_put(end, libdeflate_adler32(1, in, in_len));
    return (size_t)(end - out) + sizeof(uint32_t);
}

size_t vmdk_deflate(struct vmdk_deflater *deflater, const uint8_t *in, size_t in_len, uint8_t *out)
{
    if (in_len > VMDK_UNIT_BYTES)
        return 0;
    if (deflater->fast != NULL)
        return deflate_fast(deflater->fast, in, in_len, out);
    return libdeflate_zlib_compress(deflater->lib, in, in_len, out, vmdk_deflate_bound());
}

size_t vmdk_deflate_bound(void)
{
    return sw_max_u64(libdeflate_zlib_compress_bound(NULL, VMDK_UNIT_BYTES), DEFLATE_FAST_BOUND);
}

const char *vmdk_deflate_name(int level)
{
#define BY_LIBDEFLATE(ours, theirs) [ours] = "vmdk-" #theirs "-libdeflate" LIBDEFLATE_VERSION_STRING,
    /* The letter changes whenever deflate_*.c gives a grain other bytes. */
    static const char *const names[] = {[VMDK_LEVEL_FAST] = "vmdk-1-c", LEVELS(BY_LIBDEFLATE)};
#undef BY_LIBDEFLATE

    return names[level];
}
