/*
 * OVA files of any bytes. Header checksums are made right first, as nearly no change would get past them; a second
 * opening takes the bytes as they are.
 */
#include "formats/ova/tar_header.h"
#include "tests/fuzz/fuzz_disk.h"

#include <stdio.h>

static const struct sw_open_opts openings[] = {
    {.max_virtual_bytes = UINT64_C(1) << 40},
    {.disk = 2, .max_virtual_bytes = UINT64_C(1) << 40},
    {.disk = SW_DISK_NONE},
};

static void open_and_read(const uint8_t *data, size_t size)
{
    static uint8_t buf[FUZZ_READ_BYTES];

    for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
        struct sw_image *img = NULL;
        struct sw_err err = {0};

        if (sw_image_open(mem_in(data, size), "ova", &openings[i], &img, &err) < 0) {
            if (err.code == SW_OK || err.text[0] == '\0')
                abort();
            continue;
        }
        if (img->size_bytes > 0)
            fuzz_walk(img, buf);
        (void)!sw_image_verify(img, NULL, NULL, &err);
        sw_image_close(img);
    }
}

static void mend(uint8_t *data, size_t size)
{
    for (size_t at = 0; at + TAR_BLOCK_BYTES <= size; at += TAR_BLOCK_BYTES) {
        struct tar_header header;

        if (!tar_is_header(data + at, size - at))
            continue;
        memcpy(&header, data + at, sizeof(header));
        snprintf(header.checksum, sizeof(header.checksum), "%06o", tar_sum(&header));
        memcpy(data + at, &header, sizeof(header));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    if (copy == NULL)
        return 0;
    memcpy(copy, data, size);
    open_and_read(copy, size);
    mend(copy, size);
    open_and_read(copy, size);
    free(copy);
    return 0;
}
