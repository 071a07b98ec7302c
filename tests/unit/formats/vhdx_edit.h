/* Small VHDX files for the tests, as the driver writes them, then edited byte by byte and their checksums made right. */
#ifndef TESTS_UNIT_FORMATS_VHDX_EDIT_H
#define TESTS_UNIT_FORMATS_VHDX_EDIT_H

#include "formats/vhdx/vhdx_ondisk.h"
#include "src/base/endian.h"
#include "tests/unit/formats/disk.h"

enum {
    EDIT_MIB = 1 << 20,
    EDIT_SIZE = 4 * EDIT_MIB + 3 * 512,
    EDIT_LOG = 1 << 20,
    EDIT_METADATA = 2 << 20,
    EDIT_ITEMS = EDIT_METADATA + (64 << 10),
    EDIT_BAT = 3 << 20,
    EDIT_BLOCKS = 4 << 20,
};

static const struct piece edit_pieces[] = {{0, 5000}, {2 * EDIT_MIB + 4096, 70000}, {EDIT_SIZE - 512, 512}};

static inline uint8_t *edit_disk(void)
{
    return make_disk(EDIT_SIZE, edit_pieces, sizeof(edit_pieces) / sizeof(edit_pieces[0]));
}

/* Blocks of 1 MiB: 0, 2 and 4 are there, at 4, 5 and 6 MiB. */
static inline void edit_make(struct mem_file *file, uint8_t *disk)
{
    struct sw_create_opts opts = {.size_bytes = EDIT_SIZE, .unit_bytes = EDIT_MIB, .epoch = 1700000000};

    write_disk(file, "vhdx", &opts, disk, true);
}

/* Bit by bit, unlike the driver. */
static inline uint32_t edit_crc(const uint8_t *bytes, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static inline void edit_fix(uint8_t *bytes, size_t len)
{
    le32_put(bytes + 4, 0);
    le32_put(bytes + 4, edit_crc(bytes, len));
}

static inline void edit_fix_headers(struct mem_file *file)
{
    edit_fix(file->bytes + VHDX_HEADER_AT, VHDX_HEADER_BYTES);
    edit_fix(file->bytes + 2 * VHDX_HEADER_AT, VHDX_HEADER_BYTES);
}

static inline void edit_fix_regions(struct mem_file *file)
{
    edit_fix(file->bytes + VHDX_REGIONS_AT, VHDX_REGIONS_BYTES);
    edit_fix(file->bytes + VHDX_REGIONS_AT + VHDX_REGIONS_BYTES, VHDX_REGIONS_BYTES);
}

static inline void edit_grow(struct mem_file *file, size_t len)
{
    file->bytes = realloc(file->bytes, len);
    assert_non_null(file->bytes);
    if (len > file->len)
        memset(file->bytes + file->len, 0, len - file->len);
    file->len = len;
}

static inline void edit_entry(struct mem_file *file, size_t i, uint64_t entry)
{
    le64_put(file->bytes + EDIT_BAT + 8 * i, entry);
}

#endif
