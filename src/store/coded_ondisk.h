/* A file of encoded units: the units one after the other, their index, a foot. All little endian. */
#ifndef SW_STORE_CODED_ONDISK_H
#define SW_STORE_CODED_ONDISK_H

#include <assert.h>
#include <stdint.h>

#define CODED_MAGIC "slipway coded 1\n"

struct coded_disk_entry {
    uint8_t off[8]; /* of the unit on the virtual disk; ascending */
    uint8_t pos[8]; /* of its coded bytes in this file */
    uint8_t len[4]; /* of them; 0: the unit is zeros */
    uint8_t crc[4]; /* CRC-32 of them */
};
static_assert(sizeof(struct coded_disk_entry) == 24, "packed");

/* The last bytes of the file. */
struct coded_disk_foot {
    uint8_t magic[16];
    uint8_t index_at[8]; /* entries follow each other up to the foot */
    uint8_t nr_entries[8];
    uint8_t index_crc[4];
    uint8_t pad[4];
};
static_assert(sizeof(struct coded_disk_foot) == 40, "packed");

#endif
