/* The names of a FAT's folder: short ones, and the long ones that lie in the slots before them. */
#ifndef SW_PREFLIGHT_FAT_NAME_H
#define SW_PREFLIGHT_FAT_NAME_H

#include <stddef.h>
#include <stdint.h>

enum { FAT_LONG_UNITS = 20 * 13, FAT_NAME = FAT_LONG_UNITS * 3 + 1 };

/* What the slots so far say of the next file's long name. Zero-initialise it. */
struct fat_long_name {
    uint16_t units[FAT_LONG_UNITS];
    unsigned expected; /* the number that the next slot must have; 0: none is pending */
    unsigned parts;    /* of the whole name */
    uint8_t checksum;
};

/* Takes one slot: 1 and the file's name in UTF-8 when it is a file's own; 0 for what is deleted or a part of a name. */
int fat_name_take(struct fat_long_name *pending, const uint8_t *slot, char name[FAT_NAME]);

#endif
