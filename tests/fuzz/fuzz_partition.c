/* Disks of any bytes, as they are and with a GPT's checksums made right, so that the entries behind them are met. */
#include "src/base/endian.h"
#include "src/disk/partition.h"
#include "tests/fuzz/fuzz_disk.h"

static uint32_t crc32_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
    }
    return ~crc;
}

/* The header that lies in the second sector, and the entries that it points at. */
static void make_sums_right(uint8_t *bytes, size_t size)
{
    uint8_t *header = bytes + SW_SECTOR_BYTES;
    uint32_t len = le32_get(header + 12);
    uint64_t at = le64_get(header + 72), n = (uint64_t)le32_get(header + 80) * le32_get(header + 84);

    if (at < size / SW_SECTOR_BYTES && n <= size - at * SW_SECTOR_BYTES)
        le32_put(header + 88, crc32_of(bytes + at * SW_SECTOR_BYTES, (size_t)n));
    if (len < 92 || len > SW_SECTOR_BYTES)
        return;
    le32_put(header + 16, 0);
    le32_put(header + 16, crc32_of(header, len));
}

static void look(const uint8_t *data, size_t size)
{
    static struct part_table table;
    struct sw_image *img = NULL;
    struct sw_err err = {0};
    struct span disk;

    if (sw_image_open(mem_in(data, size), "raw", NULL, &img, &err) < 0)
        return;
    disk = span_disk(img);
    if (part_read(&disk, &table, &err) < 0 && err.text[0] == '\0')
        abort();
    if (table.nr_parts > PART_MAX || table.nr_faults > PART_FAULTS)
        abort();
    for (size_t i = 0; i < table.nr_parts; i++) {
        struct span part = span_part(&disk, table.parts[i].start_bytes, table.parts[i].size_bytes);

        /* A last sector that is cut counts as whole. */
        if (disk.len - size >= SW_SECTOR_BYTES || part.off > disk.len || part.len > disk.len - part.off)
            abort();
    }
    sw_image_close(img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy;

    look(data, size);
    if (size < 2 * (size_t)SW_SECTOR_BYTES)
        return 0;
    copy = malloc(size);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    make_sums_right(copy, size);
    look(copy, size);
    free(copy);
    return 0;
}
