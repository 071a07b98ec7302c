/* rpm's database in the form ndb: a table of slots, each of which names a run of blocks with one header. */
#include "src/base/endian.h"
#include "src/facts/rpm.h"

#include <string.h>

/* All numbers are little endian. A slot: magic, number, first block, blocks; the first two have the file's head. */
enum { PAGE_BYTES = 4096, SLOT_BYTES = 16, HEAD_BYTES = 32, BLOCK_BYTES = 16 };
/* Before the bytes of a blob: magic, number, time, length. Behind the last block: checksum, length, magic. */
enum { BLOB_HEAD_BYTES = 16, BLOB_TAIL_BYTES = 12 };

static bool has_magic(const uint8_t *at, const char magic[5])
{
    return memcmp(at, magic, 4) == 0;
}

bool rpm_is_ndb(const uint8_t *bytes, size_t len)
{
    return len >= HEAD_BYTES && has_magic(bytes, "RpmP");
}

static int read_blob(struct rpm_sink *sink, const uint8_t *blob, size_t room, uint32_t number,
                     struct sw_err *err)
{
    const uint8_t *tail = blob + room - BLOB_TAIL_BYTES;
    uint32_t len;

    if (room < BLOB_HEAD_BYTES + BLOB_TAIL_BYTES || !has_magic(blob, "BlbS") ||
        le32_get(blob + 4) != number || !has_magic(tail + 8, "BlbE"))
        return sw_fail(err, SW_INTEGRITY, "package %u is not where its slot says", number);
    len = le32_get(blob + 12);
    if (len > room - BLOB_HEAD_BYTES - BLOB_TAIL_BYTES || le32_get(tail + 4) != len)
        return sw_fail(err, SW_INTEGRITY, "package %u is to have %u bytes in %zu", number, len, room);
    if (rpm_header(sink, blob + BLOB_HEAD_BYTES, len, err) < 0)
        return sw_context(err, "package %u", number);
    return 0;
}

static int read_slot(struct rpm_sink *sink, const uint8_t *bytes, size_t len, const uint8_t *slot,
                     struct sw_err *err)
{
    uint32_t number = le32_get(slot + 4), block = le32_get(slot + 8), blocks = le32_get(slot + 12);

    if (!has_magic(slot, "Slot"))
        return sw_fail(err, SW_INTEGRITY, "the slot at %zu is damaged", (size_t)(slot - bytes));
    if (block == 0)
        return 0;
    if (number == 0 || blocks == 0 || (uint64_t)block + blocks > len / BLOCK_BYTES)
        return sw_fail(err, SW_INTEGRITY, "the slot at %zu names blocks %u to %llu, and there are %zu",
                       (size_t)(slot - bytes), block, (unsigned long long)block + blocks, len / BLOCK_BYTES);
    return read_blob(sink, bytes + (size_t)block * BLOCK_BYTES, (size_t)blocks * BLOCK_BYTES, number, err);
}

int rpm_ndb(struct rpm_sink *sink, const uint8_t *bytes, size_t len, struct sw_err *err)
{
    uint32_t version = le32_get(bytes + 4), pages = le32_get(bytes + 12);

    if (version != 0)
        return sw_fail(err, SW_INTEGRITY, "version %u of ndb is not known", version);
    if (pages == 0 || pages > len / PAGE_BYTES)
        return sw_fail(err, SW_INTEGRITY,
                       "it is cut short: it is to have %u pages of slots and has %zu bytes", pages, len);
    for (size_t at = HEAD_BYTES; at < (size_t)pages * PAGE_BYTES; at += SLOT_BYTES)
        if (read_slot(sink, bytes, len, bytes + at, err) < 0)
            return -1;
    return 0;
}
