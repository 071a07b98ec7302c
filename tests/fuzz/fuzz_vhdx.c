/*
 * VHDX files of any bytes. A VHDX has its parts on whole MiB; so the input is a sparse file: its length in MiB (less one), then
 * pieces of place (4 bytes), length (2) and bytes. The checksums are made right, so that the fields behind are met.
 */
#include "formats/vhdx/vhdx.h"
#include "src/base/endian.h"
#include "tests/fuzz/fuzz_disk.h"

enum { FILE_MIB_MAX = 16, PIECE_HEAD = 6, PIECES_MAX = 64 };

static uint8_t file[FILE_MIB_MAX << 20];

/* The input's pieces laid into the file; where clear is set, their places become zeros again. */
static void lay_pieces(const uint8_t *data, size_t size, size_t file_len, bool clear)
{
    for (unsigned i = 0; i < PIECES_MAX && size > PIECE_HEAD; i++) {
        size_t at = le32_get(data), len = le16_get(data + 4);

        data += PIECE_HEAD;
        size -= PIECE_HEAD;
        len = len < size ? len : size;
        if (at < file_len && len <= file_len - at) {
            if (clear)
                memset(file + at, 0, len);
            else
                memcpy(file + at, data, len);
        }
        data += len;
        size -= len;
    }
}

static void fix(size_t at, size_t len)
{
    le32_put(file + at + 4, vhdx_checksum(file + at, len, 4));
}

static void fix_log(size_t file_len)
{
    for (size_t at = 1 << 20; at < 2 << 20 && at + VHDX_LOG_SECTOR <= file_len; at += VHDX_LOG_SECTOR) {
        uint32_t len = le32_get(file + at + 8);

        if (memcmp(file + at, VHDX_ENTRY_SIGNATURE, 4) == 0 && len >= VHDX_LOG_SECTOR && len <= file_len - at)
            fix(at, len);
    }
}

static void clear_sum(size_t at)
{
    memset(file + at + 4, 0, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t file_len;

    fuzz_open(data, size, "vhdx");
    if (size < 1)
        return 0;
    file_len = (size_t)(data[0] % FILE_MIB_MAX + 1) << 20;
    lay_pieces(data + 1, size - 1, file_len, false);
    fix(VHDX_HEADER_AT, VHDX_HEADER_BYTES);
    fix(VHDX_REGIONS_AT, VHDX_REGIONS_BYTES);
    fix_log(file_len);
    fuzz_open(file, file_len, "vhdx");
    for (size_t at = 1 << 20; at < 2 << 20 && at < file_len; at += VHDX_LOG_SECTOR)
        clear_sum(at);
    clear_sum(VHDX_HEADER_AT);
    clear_sum(VHDX_REGIONS_AT);
    lay_pieces(data + 1, size - 1, file_len, true);
    return 0;
}
