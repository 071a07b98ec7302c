/* The mask: however a text is cut, the same comes out, and nothing of it is the secret. */
#include "src/base/mask.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed(struct sw_mask_stream *stream, const uint8_t *text, size_t len, size_t piece,
                 struct sw_buf *out)
{
    struct sw_err err = {0};

    for (size_t at = 0; at < len; at += piece)
        if (sw_mask_feed(stream, text + at, len - at < piece ? len - at : piece, out, &err) < 0)
            abort();
    if (sw_mask_end(stream, false, out, &err) < 0)
        abort();
}

/* The first byte: how long the secret behind it is; then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = {0};
    SW_AUTO_MASK struct sw_mask *mask = sw_mask_new(&err);
    SW_AUTO_MASK_STREAM struct sw_mask_stream whole = {.mask = mask}, pieces = {.mask = mask};
    SW_AUTO_BUF struct sw_buf a = {0}, b = {0};
    size_t len = size > 0 ? data[0] % 64 : 0;
    char secret[64];

    if (mask == NULL || size < len + 1)
        return 0;
    memcpy(secret, data + 1, len);
    secret[len] = '\0';
    if (sw_mask_add(mask, secret, &err) < 0)
        abort();
    feed(&whole, data + 1 + len, size - 1 - len, SIZE_MAX / 2, &a);
    feed(&pieces, data + 1 + len, size - 1 - len, 1 + len % 7, &b);
    if (a.len != b.len || (a.len > 0 && memcmp(a.data, b.data, a.len) != 0))
        abort();
    len = strlen(secret);
    if (len >= SW_MASK_MIN_BYTES && strstr(secret, "***") == NULL && strpbrk(secret, "\r\n*") == NULL &&
        a.len > 0 && memmem(a.data, a.len, secret, len) != NULL)
        abort();
    return 0;
}
