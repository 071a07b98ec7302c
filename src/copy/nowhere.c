/* An output that keeps nothing. */
#include "src/copy/nowhere.h"

static int drop_write(struct sw_out *out, const void *buf, size_t len, struct sw_err *err)
{
    (void)out;
    (void)buf;
    (void)len;
    (void)err;
    return 0;
}

static int drop_pwrite(struct sw_out *out, const void *buf, size_t len, uint64_t off, struct sw_err *err)
{
    (void)off;
    return drop_write(out, buf, len, err);
}

static int drop_truncate(struct sw_out *out, uint64_t size_bytes, struct sw_err *err)
{
    return drop_pwrite(out, NULL, 0, size_bytes, err);
}

const struct sw_out_ops nowhere_ops = {.write = drop_write, .pwrite = drop_pwrite, .truncate = drop_truncate};
