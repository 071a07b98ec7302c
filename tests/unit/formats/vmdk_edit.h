/* VMDKs made by hand in tests: the layouts that slipway reads and does not write. */
#ifndef TESTS_UNIT_FORMATS_VMDK_EDIT_H
#define TESTS_UNIT_FORMATS_VMDK_EDIT_H

#include "formats/vmdk/vmdk_ondisk.h"
#include "src/base/endian.h"
#include "tests/unit/formats/disk.h"

enum { GRAIN_BYTES = 64 << 10, HAND_OVERHEAD = 32, HAND_GD_AT = 21, HAND_GT_AT = 22 };

static inline void hand_header(uint8_t *file, uint32_t version, uint32_t flags, uint64_t sectors)
{
    struct vmdk_header *h = (struct vmdk_header *)file;

    memcpy(h->magic, VMDK_MAGIC, 4);
    le32_put(h->version, version);
    le32_put(h->flags, flags);
    le64_put(h->capacity, sectors);
    le64_put(h->grain_size, GRAIN_BYTES / 512);
    le64_put(h->descriptor_offset, 1);
    le64_put(h->descriptor_size, 20);
    le32_put(h->gtes_per_gt, 512);
    le64_put(h->gd_offset, HAND_GD_AT);
    le64_put(h->overhead, HAND_OVERHEAD);
    memcpy(h->newlines, VMDK_NEWLINES, 4);
    le16_put(h->compress_algorithm, (flags & VMDK_FLAG_COMPRESSED) != 0);
}

static inline void hand_descriptor(uint8_t *file, const char *type, uint64_t sectors, const char *more)
{
    memset(file + 512, 0, 20 * 512);
    snprintf((char *)file + 512, 20 * 512,
             "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"%s\" \r\n"
             "RW %llu SPARSE \"x.vmdk\"\n%s",
             type, (unsigned long long)sectors, more);
}

static inline uint8_t *hand_gte(const struct mem_file *file, uint64_t grain)
{
    return file->bytes + HAND_GT_AT * 512 + grain * 4;
}

/* One grain table, plain grains in reverse order, so that nothing is contiguous by luck. */
static inline void hand_sparse(struct mem_file *file, uint32_t version, uint32_t flags, const uint8_t *disk,
                               uint64_t size)
{
    uint64_t grains = (size + GRAIN_BYTES - 1) / GRAIN_BYTES, at = HAND_OVERHEAD * 512;

    file->len = (size_t)(at + grains * GRAIN_BYTES);
    file->bytes = calloc(1, file->len);
    hand_header(file->bytes, version, flags, size / 512);
    hand_descriptor(file->bytes, "monolithicSparse", size / 512, "");
    le32_put(file->bytes + HAND_GD_AT * 512, HAND_GT_AT);
    for (uint64_t g = grains; g-- > 0;) {
        uint64_t n = size - g * GRAIN_BYTES < GRAIN_BYTES ? size - g * GRAIN_BYTES : GRAIN_BYTES;

        if (all_zero(disk + g * GRAIN_BYTES, (size_t)n))
            continue;
        memcpy(file->bytes + at, disk + g * GRAIN_BYTES, (size_t)n);
        le32_put(hand_gte(file, g), (uint32_t)(at / 512));
        at += GRAIN_BYTES;
    }
    file->len = (size_t)at;
}

/* A stream that slipway wrote (its header at 0, its footer before the last sector) and its parts. */
static inline struct vmdk_header *stream_header(const struct mem_file *file)
{
    return (struct vmdk_header *)file->bytes;
}

static inline struct vmdk_header *stream_footer(const struct mem_file *file)
{
    return (struct vmdk_header *)(file->bytes + file->len - 1024);
}

/* The table entry of a grain of the first 32 MiB. */
static inline uint8_t *stream_gte(const struct mem_file *file, uint64_t grain)
{
    uint64_t gd = le64_get(stream_footer(file)->gd_offset);
    uint64_t gt = le32_get(file->bytes + gd * 512);

    return file->bytes + gt * 512 + grain * 4;
}

static inline uint8_t *stream_grain(const struct mem_file *file, uint64_t grain)
{
    return file->bytes + (uint64_t)le32_get(stream_gte(file, grain)) * 512;
}

#endif
