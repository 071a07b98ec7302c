/* VHD files of any bytes, as they are and with their checksums made right, so that the fields behind them are met. */
#include "formats/vhd/vhd_ondisk.h"
#include "src/base/endian.h"
#include "tests/fuzz/fuzz_disk.h"

static void fix(uint8_t *bytes, size_t len, size_t field)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += i - field < 4 ? 0 : bytes[i];
    be32_put(bytes + field, ~sum);
}

/* Footer at the end, its copy with the fields that must agree, and the header that it points at. */
static void make_sums_right(uint8_t *bytes, size_t size)
{
    uint8_t *footer = bytes + size - VHD_FOOTER_BYTES;
    uint64_t at = be64_get(footer + offsetof(struct vhd_footer, data_offset));

    fix(footer, VHD_FOOTER_BYTES, offsetof(struct vhd_footer, checksum));
    if (size < 2 * VHD_FOOTER_BYTES)
        return;
    memcpy(bytes, footer, VHD_FOOTER_BYTES);
    if (at >= VHD_FOOTER_BYTES && at <= size && size - at >= VHD_HEADER_BYTES + VHD_FOOTER_BYTES)
        fix(bytes + at, VHD_HEADER_BYTES, offsetof(struct vhd_header, checksum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy;

    fuzz_open(data, size, "vhd");
    if (size < VHD_FOOTER_BYTES)
        return 0;
    copy = malloc(size);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    make_sums_right(copy, size);
    fuzz_open(copy, size, "vhd");
    free(copy);
    return 0;
}
