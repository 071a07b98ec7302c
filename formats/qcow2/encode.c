/* zstd compression of qcow2 clusters. */
#include "formats/qcow2/qcow2.h"
#include "src/base/buf.h"

#include <zstd.h>
#include <zstd_errors.h>

struct encoder {
    ZSTD_CCtx *zstd;
};

/* The frame's own checksum: whoever decompresses the cluster also checks it, QEMU included. */
static bool set_up(ZSTD_CCtx *zstd, int level)
{
    return zstd != NULL && !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1));
}

int qcow2_encoder_new(int level, void **encoder, struct sw_err *err)
{
    struct encoder *made = sw_calloc(1, sizeof(*made), err);

    if (made == NULL)
        return -1;
    made->zstd = ZSTD_createCCtx();
    if (!set_up(made->zstd, level)) {
        qcow2_encoder_free(made);
        return sw_fail(err, SW_FAILED, "out of memory (a compression context)");
    }
    *encoder = made;
    return 0;
}

void qcow2_encoder_free(void *encoder)
{
    struct encoder *made = encoder;

    if (made != NULL)
        ZSTD_freeCCtx(made->zstd);
    free(made);
}

int qcow2_encode(void *encoder, struct sw_block *block, size_t len, size_t most, struct sw_err *err)
{
    struct encoder *made = encoder;
    size_t cap = most < block->coded_cap ? most : block->coded_cap;
    size_t n = ZSTD_compress2(made->zstd, block->coded, cap, block->data, len);

    if (!ZSTD_isError(n)) {
        block->coded_len = n;
        return 0;
    }
    if (ZSTD_getErrorCode(n) == ZSTD_error_dstSize_tooSmall)
        return 0;
    return sw_fail(err, SW_FAILED, "zstd: %s", ZSTD_getErrorName(n));
}
