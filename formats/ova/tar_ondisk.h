/* The tar header, as POSIX ustar and GNU tar lay it out. */
#ifndef SW_FORMATS_OVA_TAR_ONDISK_H
#define SW_FORMATS_OVA_TAR_ONDISK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_MAGIC "ustar" /* both dialects … */
#define TAR_MAGIC_POSIX \
    "ustar\0"           \
    "00"                        /* … and what follows in each */
#define TAR_MAGIC_GNU "ustar  " /* with its NUL */

enum { TAR_BLOCK_BYTES = 512, TAR_MAGIC_AT = 257, TAR_RECORD_BYTES = 10240 };

enum tar_type {
    TAR_REGULAR = '0',
    TAR_REGULAR_OLD = '\0',
    TAR_HARD_LINK = '1',
    TAR_SYMBOLIC_LINK = '2',
    TAR_CHARACTER_DEVICE = '3',
    TAR_BLOCK_DEVICE = '4',
    TAR_FOLDER = '5',
    TAR_FIFO = '6',
    TAR_CONTIGUOUS = '7', /* read as a regular file, says POSIX */
    TAR_PAX = 'x',
    TAR_PAX_GLOBAL = 'g',
    TAR_GNU_LONG_NAME = 'L',
    TAR_GNU_LONG_LINK = 'K',
    TAR_GNU_SPARSE = 'S',
};

/* Numbers are octal text, or big-endian binary where the first bit is set (GNU). */
struct tar_header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link_name[100];
    char magic[8]; /* with the version */
    char user[32];
    char group[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155]; /* POSIX: the name's front, before a slash; GNU keeps other things there */
    char pad[12];
};

static_assert(sizeof(struct tar_header) == TAR_BLOCK_BYTES, "a header is one block");
static_assert(offsetof(struct tar_header, size) == 124, "size");
static_assert(offsetof(struct tar_header, checksum) == 148, "checksum");
static_assert(offsetof(struct tar_header, magic) == TAR_MAGIC_AT, "magic");
static_assert(offsetof(struct tar_header, prefix) == 345, "prefix");

#endif
