/* File systems of any bytes, over a disk of zeros and over one that has the same superblock: the pass ends, and what it shows can be read. */
#include "slipway/ext.h"
#include "src/base/endian.h"
#include "tests/fuzz/fuzz_disk.h"

enum { DISK_BYTES = 1 << 18, SUPER_AT = 1024, SUPER_BYTES = 1024 };

static uint32_t crc32c_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
    }
    return crc;
}

static struct sw_image *open_bytes(const uint8_t *bytes)
{
    struct sw_err err = {0};
    struct sw_image *img = NULL;

    if (sw_image_open(mem_in(bytes, DISK_BYTES), "raw", NULL, &img, &err) < 0)
        abort();
    return img;
}

static void look(const uint8_t *now, const uint8_t *before)
{
    static uint8_t buf[FUZZ_READ_BYTES];
    struct sw_image *disk = open_bytes(now), *parent = open_bytes(before);
    struct sw_ext_ask ask = {.now = disk, .top = disk, .parent = parent, .epoch = 1700000000};
    struct sw_err err = {0};
    struct sw_ext *ext = NULL;

    if (sw_ext_open(&ask, &ext, &err) == 0) {
        for (size_t i = 0; i < sw_ext_count(ext); i++)
            if (!sw_ext_at(ext, i)->done && sw_ext_at(ext, i)->why[0] == '\0')
                abort();
        fuzz_walk(sw_ext_now(ext), buf);
        fuzz_walk(sw_ext_top(ext), buf);
        sw_ext_close(ext);
    } else if (err.text[0] == '\0') {
        abort();
    }
    sw_image_close(disk);
    sw_image_close(parent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t now[DISK_BYTES], before[DISK_BYTES];

    memset(now, 0, sizeof(now));
    memset(before, 0, sizeof(before));
    memcpy(now, data, size < sizeof(now) ? size : sizeof(now));
    look(now, before);
    /* With the sum of its superblock made right more of it is met. */
    le32_put(now + SUPER_AT + SUPER_BYTES - 4, crc32c_of(now + SUPER_AT, SUPER_BYTES - 4));
    memcpy(before + SUPER_AT, now + SUPER_AT, SUPER_BYTES);
    look(now, before);
    return 0;
}
