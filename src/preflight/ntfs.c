/* The fourth record of an NTFS' master file table, which is its file $Volume. */
#include "src/preflight/ntfs.h"

#include "src/base/buf.h"
#include "src/base/ckd.h"
#include "src/base/cleanup.h"
#include "src/base/endian.h"
#include "src/disk/utf16.h"

#include <string.h>

enum {
    VOLUME_RECORD = 3,
    RECORD_MIN = 1024,
    RECORD_MAX = 4096,
    ATTR_NAME = 0x60,
    ATTR_INFORMATION = 0x70,
    ATTR_END = -1,
    HEADER_BYTES = 24, /* of an attribute that lies in its record */
    FLAGS_AT = 10,
    DIRTY = 1,
    LABEL_UNITS = 20, /* what fits at three bytes each */
};

/* Sizes above a sector's are given as such, smaller ones as powers of two. */
static uint32_t scaled(uint8_t value, uint32_t unit)
{
    if (value < 0x80)
        return value * unit;
    return 0x100U - value < 24 ? 1U << (0x100U - value) : 0;
}

/* Where the record lies; false when the boot sector makes no sense. */
static bool place(const uint8_t *boot, uint64_t *at, uint32_t *bytes)
{
    uint32_t sector = le16_get(boot + 11), cluster;
    uint64_t mft;

    if (!sw_is_pow2(sector) || sector < SW_SECTOR_BYTES || sector > RECORD_MAX)
        return false;
    cluster = boot[13] < 0x80          ? boot[13] * sector
              : 0x100U - boot[13] < 13 ? sector << (0x100U - boot[13])
                                       : 0;
    *bytes = scaled(boot[64], cluster);
    return cluster != 0 && *bytes >= RECORD_MIN && *bytes <= RECORD_MAX && sw_is_pow2(*bytes) &&
           !sw_mul_ovf(le64_get(boot + 48), (uint64_t)cluster, &mft) &&
           !sw_add_ovf(mft, (uint64_t)VOLUME_RECORD * *bytes, at);
}

/* Each sector's last two bytes are kept aside, and a number stands there that shows a torn write. */
static bool put_back(uint8_t *record, uint32_t bytes)
{
    uint32_t at = le16_get(record + 4), n = le16_get(record + 6);

    if (n != bytes / SW_SECTOR_BYTES + 1 || at + 2 * n > bytes)
        return false;
    for (uint32_t i = 1; i < n; i++) {
        uint8_t *end = record + (size_t)i * SW_SECTOR_BYTES - 2;

        if (memcmp(end, record + at, 2) != 0)
            return false;
        memcpy(end, record + at + 2 * (size_t)i, 2);
    }
    return true;
}

static void take_attribute(uint32_t type, const uint8_t *value, uint32_t len, struct content *out)
{
    char *end = out->label;

    if (type == ATTR_INFORMATION && len >= FLAGS_AT + 2)
        out->state = (le16_get(value + FLAGS_AT) & DIRTY) != 0 ? CONTENT_DIRTY : CONTENT_CLEAN;
    if (type != ATTR_NAME)
        return;
    for (uint32_t i = 0; i + 2 <= len && i < 2 * LABEL_UNITS; i += 2)
        end = utf16_put(end, le16_get(value + i));
    *end = '\0';
}

static void take_record(const uint8_t *record, uint32_t bytes, struct content *out)
{
    uint32_t at = le16_get(record + 20);

    while (at + HEADER_BYTES <= bytes && le32_get(record + at) != (uint32_t)ATTR_END) {
        const uint8_t *attr = record + at;
        uint32_t len = le32_get(attr + 4), value_len = le32_get(attr + 16), value_at = le16_get(attr + 20);

        if (len < HEADER_BYTES || len > bytes - at)
            return;
        if (attr[8] == 0 && value_at <= len && value_len <= len - value_at)
            take_attribute(le32_get(attr), attr + value_at, value_len, out);
        at += len;
    }
}

int ntfs_tell(const struct span *span, const uint8_t *boot, struct content *out, struct sw_err *err)
{
    uint8_t record[RECORD_MAX];
    uint32_t bytes;
    uint64_t at;

    if (!place(boot, &at, &bytes) || at > span->len || span->len - at < bytes)
        return 0;
    if (span_read(span, record, bytes, at, err) < 0)
        return -1;
    if (memcmp(record, "FILE", 4) == 0 && put_back(record, bytes))
        take_record(record, bytes, out);
    return 0;
}
