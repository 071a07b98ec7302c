/* What the fastest level writes of any grain must inflate to it, and fit. */
#include "formats/vmdk/vmdk.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = vmdk_deflate_bound(), in_len = size < VMDK_UNIT_BYTES ? size : VMDK_UNIT_BYTES, len,
           got = 0;
    struct sw_err err = {0};
    struct vmdk_deflater *deflater = vmdk_deflater_new(VMDK_LEVEL_FAST, &err);
    struct vmdk_inflater *inflater = vmdk_inflater_new(&err);
    uint8_t *in = malloc(in_len + 1), *out = malloc(room), *back = malloc(VMDK_UNIT_BYTES);

    if (deflater == NULL || inflater == NULL || in == NULL || out == NULL || back == NULL)
        abort();
    memcpy(in + 1, data, in_len); /* ends where its memory ends, and is not aligned */
    len = vmdk_deflate(deflater, in + 1, in_len, out);
    if (len == 0 || len > room || len > in_len + 16 ||
        vmdk_inflate(inflater, out, len, back, VMDK_UNIT_BYTES, &got) < 0 || got != in_len ||
        memcmp(back, in + 1, in_len) != 0)
        abort();
    vmdk_deflater_free(deflater);
    vmdk_inflater_free(inflater);
    free(in);
    free(out);
    free(back);
    return 0;
}
