/* zlib compression of qcow2 clusters: raw deflate that looks back 4 KiB at most, as every reader expects. */
#include "formats/qcow2/qcow2.h"
#include "src/base/buf.h"
#include "src/base/cleanup.h"

#include <zlib.h>

/* The format's own window: a reader that remembers no more takes what looks back further for damaged. */
enum { WINDOW_BITS = 12 };

int qcow2_deflater_new(int level, void **deflater, struct sw_err *err)
{
    SW_AUTO_FREE z_stream *z = sw_calloc(1, sizeof(*z), err);

    if (z == NULL)
        return -1;
    if (deflateInit2(z, level, Z_DEFLATED, -WINDOW_BITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return sw_fail(err, SW_FAILED, "zlib: no compression context of level %d", level);
    *deflater = SW_STEAL_PTR(z);
    return 0;
}

void qcow2_deflater_free(void *deflater)
{
    if (deflater != NULL)
        deflateEnd(deflater);
    free(deflater);
}

int qcow2_deflate(void *deflater, struct sw_block *block, size_t len, size_t most, struct sw_err *err)
{
    z_stream *z = deflater;
    size_t cap = most < block->coded_cap ? most : block->coded_cap;
    int rc;

    if (deflateReset(z) != Z_OK)
        return sw_fail(err, SW_FAILED, "zlib: the compression context is damaged");
    z->next_in = block->data;
    z->avail_in = (uInt)len;
    z->next_out = block->coded;
    z->avail_out = (uInt)cap;
    rc = deflate(z, Z_FINISH);
    if (rc == Z_STREAM_END)
        block->coded_len = cap - z->avail_out;
    else if (rc != Z_OK && rc != Z_BUF_ERROR)
        return sw_fail(err, SW_FAILED, "zlib: error %d", rc);
    return 0;
}
