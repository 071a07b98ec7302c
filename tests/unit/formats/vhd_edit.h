/* Editing VHDs in tests: the checksum, by the specification's words. */
#ifndef TESTS_UNIT_FORMATS_VHD_EDIT_H
#define TESTS_UNIT_FORMATS_VHD_EDIT_H

#include "src/base/endian.h"
#include "tests/unit/formats/disk.h"

static inline uint32_t vhd_sum(const uint8_t *bytes, size_t len, size_t field)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += i - field < 4 ? 0 : bytes[i];
    return ~sum;
}

static inline void vhd_fix(uint8_t *bytes, size_t len, size_t field)
{
    be32_put(bytes + field, vhd_sum(bytes, len, field));
}

#endif
