/* Appending fields. */
#include "src/seal/wire.h"

int seal_put_u16(struct sw_buf *out, uint16_t value, struct sw_err *err)
{
    uint8_t bytes[2];

    be16_put(bytes, value);
    return sw_buf_append(out, bytes, sizeof(bytes), err);
}

int seal_put_field(struct sw_buf *out, const void *bytes, size_t len, struct sw_err *err)
{
    if (len > UINT16_MAX)
        return sw_fail(err, SW_USAGE, "a field has %zu bytes (at most %d)", len, UINT16_MAX);
    if (seal_put_u16(out, (uint16_t)len, err) < 0)
        return -1;
    return len > 0 ? sw_buf_append(out, bytes, len, err) : 0;
}
